//! Accounts and organizations that stand to a caller as a cell wants them.

use guichet_tests::client::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cast::{Caller, Desk, Person, WHOLE},
    expected::Relation,
};

/// What a row asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// A ticket, or a desk.
    Tickets,
    /// An account whose only role is to ask for something on a desk for its organization: a person.
    Person,
    /// The same: a program, with a key.
    Program,
    /// An administrator of everything.
    Administrator,
    /// An organization.
    Organization,
    /// The caller, or nothing.
    Nothing,
}

/// An account or an organization.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The user name, or the organization's id.
    pub(super) name: String,
    /// The organization, or the one that the account is a member of.
    pub(super) organization: &'static str,
    /// The desk that the account asks on.
    pub(super) desk: Desk,
    /// The id of a program's key; any id where it has none.
    pub(super) key: String,
    /// Where it is read.
    path: String,
}

impl Target {
    /// Its version, for who wants to know whether something has changed it.
    pub(super) fn version(&self, admin: &Client) -> u64 {
        admin.get(&self.path).expect(200)["version"].as_u64().unwrap()
    }
}

/// The organization that stands so; one that the caller's is part of is that of a colleague.
fn organization(caller: &Caller, relation: Relation) -> &'static str {
    match relation {
        Relation::SameOrganization => WHOLE,
        Relation::OtherOrganization => caller.home.stranger().1,
        Relation::OtherDesk => caller.elsewhere.stranger().1,
        Relation::Own | Relation::InternalNote | Relation::Private | Relation::Shared => caller.organization,
    }
}

/// What stands so to a caller. With a `number`, an account is a new one that nobody else touches, unless it is the caller.
pub(super) fn find(
    admin: &Client,
    caller: &Caller,
    about: About,
    relation: Relation,
    number: Option<u32>,
) -> Option<Target> {
    let account = |name: String, desk, organization| Target {
        path: format!("/v1/accounts/{name}"),
        name,
        organization,
        desk,
        key: Uuid::new_v4().to_string(),
    };
    let kind = match about {
        About::Tickets | About::Nothing => return None,
        About::Organization => {
            let id = organization(caller, relation);
            return Some(Target {
                path: format!("/v1/organizations/{id}"),
                name: id.to_owned(),
                organization: id,
                desk: caller.home,
                key: Uuid::new_v4().to_string(),
            });
        }
        About::Person | About::Administrator => "person",
        About::Program => "service",
    };
    let stranger = |desk: Desk| {
        let (stranger, organization) = desk.stranger();
        (stranger, desk, organization)
    };
    let (known, desk, organization) = match relation {
        Relation::SameOrganization => (caller.colleague, caller.home, caller.organization),
        Relation::OtherOrganization => stranger(caller.home),
        Relation::OtherDesk => stranger(caller.elsewhere),
        Relation::Own | Relation::InternalNote | Relation::Private | Relation::Shared => {
            return Some(account(
                caller.username.to_owned(),
                caller.home,
                caller.organization,
            ));
        }
    };
    let Some(number) = number else {
        return Some(account(known.to_owned(), desk, organization));
    };
    let username = format!("subject-{number:06}");
    let role = match about {
        About::Administrator => json!({"role": "admin"}),
        About::Tickets | About::Person | About::Program | About::Organization | About::Nothing => {
            desk.asking_for(organization)
        }
    };
    let person = Person {
        username: &username,
        kind,
        roles: json!([role]),
        organization,
    };
    person.make(admin, false);
    let mut account = account(username, desk, organization);
    if about == About::Program {
        let key = admin.post(&format!("{}/keys", account.path), &key(admin));
        account.key = key.expect(201)["id"].as_str().unwrap().to_owned();
    }
    Some(account)
}

/// A key that holds until the new year.
pub(super) fn key(admin: &Client) -> Value {
    let now = admin.get("/v1/me/sign-ins").expect(200)["items"][0]["last_used_at"].clone();
    let year: u32 = now.as_str().unwrap()[..4].parse().unwrap();
    let expires_at = format!("{}-01-01T00:00:00Z", year + 1);
    json!({"label": "Export de nuit", "scopes": ["read"], "expires_at": expires_at})
}
