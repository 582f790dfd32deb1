//! Who plays which role: organizations and accounts that an administrator makes over REST, each account with one role and
//! in one organization.

use guichet_tests::{client::Client, home::Home, server::Server};
use reqwest::Method;
use serde_json::{Value, json};

use super::expected::Role;

/// What every account of the cast signs in with.
pub(super) const PASSWORD: &str = "quatre mots sans lien";
/// What the server's own doors show.
pub(super) const SERVICE_KEY: &str = "entre-portes-de-la-maison";
/// The account that prepares everything: the demo's administrator, who plays nothing.
pub(super) const PREPARER: &str = "admin";
/// The organization that those of all callers are part of.
pub(super) const WHOLE: &str = "pays";
/// A part of the local administrator's organization.
pub(super) const PART: &str = "annexe";
/// The organization of the strangers on [`Desk::Sup`].
pub(super) const STRANGERS: &str = "voisins";
/// The SIREN of the operator's organization, under which it reports.
pub(super) const SIREN: &str = "444555668";
/// A picture of one pixel (GIF89a).
pub(super) const PICTURE: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\
    \x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// Organizations: id, SIREN, what it is part of.
const ORGANIZATIONS: [(&str, Option<&str>, Option<&str>); 11] = [
    (WHOLE, None, None),
    ("mairie", None, Some(WHOLE)),
    ("assistance", None, Some(WHOLE)),
    ("college", None, Some(WHOLE)),
    (PART, None, Some("college")),
    ("operateur", Some(SIREN), Some(WHOLE)),
    ("infrastructure", Some("222333445"), Some(WHOLE)),
    ("inspection", None, Some(WHOLE)),
    ("cabinet", None, Some(WHOLE)),
    (STRANGERS, None, None),
    ("concurrent", Some("333444552"), None),
];

/// A server for this test: many sign in, and passwords are not what it looks at.
pub(super) fn server() -> Server {
    Home::new()
        .with("GUICHET_ARGON2_MEMORY_KIB", "8")
        .with("GUICHET_ARGON2_ITERATIONS", "1")
        .with("GUICHET_STRANGER_BURST", "100000")
        .with("GUICHET_WRITES_PER_MINUTE", "100000")
        .with("GUICHET_COURIER_KEY", SERVICE_KEY)
        .start()
}

/// A desk that tickets of this test stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Desk {
    /// The service desk.
    Sup,
    /// Trouble tickets between operators.
    Sav,
}

impl Desk {
    pub(super) fn key(self) -> &'static str {
        match self {
            Desk::Sup => "SUP",
            Desk::Sav => "SAV",
        }
    }

    /// A request type of it.
    pub(super) fn request_type(self) -> &'static str {
        match self {
            Desk::Sup => "question",
            Desk::Sav => "signalisation",
        }
    }

    /// The role of those who ask for something there.
    fn asking(self) -> &'static str {
        match self {
            Desk::Sup => "requester",
            Desk::Sav => "operator",
        }
    }

    /// Somebody who asks there and is nobody's colleague, and their organization.
    pub(super) fn stranger(self) -> (&'static str, &'static str) {
        match self {
            Desk::Sup => ("stranger-on-sup", STRANGERS),
            Desk::Sav => ("stranger-on-sav", "concurrent"),
        }
    }

    /// The role of somebody who only asks there, for one organization.
    pub(super) fn asking_for(self, organization: &str) -> Value {
        json!({"role": self.asking(), "desk": self.key(), "organization": organization})
    }
}

/// An account that plays a role, and those around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) username: &'static str,
    role: &'static str,
    /// The role is limited to the desk of its own tickets.
    of_desk: bool,
    /// The role is limited to its organization.
    of_organization: bool,
    /// The one organization it is a member of.
    pub(super) organization: &'static str,
    /// The desk of its own tickets.
    pub(super) home: Desk,
    /// Another desk: for roles that are limited to one, one that they have nothing to do with.
    pub(super) elsewhere: Desk,
    /// Somebody of the same organization who asks on the same desk.
    pub(super) colleague: &'static str,
}

impl Caller {
    /// Its roles, as an account is made with them.
    pub(super) fn roles(&self) -> Value {
        json!([{
            "role": self.role,
            "desk": self.of_desk.then(|| self.home.key()),
            "organization": self.of_organization.then_some(self.organization),
        }])
    }

    /// A program, where the role is one of programs.
    pub(super) fn kind(&self) -> &'static str {
        match self.home {
            Desk::Sup => "person",
            Desk::Sav => "operator",
        }
    }
}

/// On what somebody acts: a role may be played by another account there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Acts {
    /// Tickets and desks: roles that have limits have that of a desk.
    Tickets,
    /// Accounts and organizations, which no role that is limited to a desk administers.
    People,
    /// The same, by those who administer one desk.
    OneDesk,
}

/// Who plays a role; somebody who is not signed in looks at what is the requester's.
pub(super) fn caller(role: Role, acts: Acts) -> Caller {
    let requester = Caller {
        username: "plays-requester",
        role: "requester",
        of_desk: true,
        of_organization: false,
        organization: "mairie",
        home: Desk::Sup,
        elsewhere: Desk::Sav,
        colleague: "beside-requester",
    };
    let of_sup = |username, role, organization, colleague| Caller {
        username,
        role,
        organization,
        colleague,
        ..requester
    };
    let of_sav = |username, role, organization, colleague| Caller {
        home: Desk::Sav,
        elsewhere: Desk::Sup,
        ..of_sup(username, role, organization, colleague)
    };
    let referent = Caller {
        of_organization: true,
        ..of_sup(
            "plays-local-admin",
            "local_admin",
            "college",
            "beside-local-admin",
        )
    };
    let admin = |username, of_desk| Caller {
        of_desk,
        ..of_sup(username, "admin", "cabinet", "beside-admin")
    };
    match (role, acts) {
        (Role::Anonymous | Role::Requester, _) => requester,
        (Role::Agent, _) => of_sup("plays-agent", "agent", "assistance", "beside-agent"),
        (Role::LocalAdmin, Acts::Tickets | Acts::OneDesk) => referent,
        (Role::LocalAdmin, Acts::People) => Caller {
            username: "plays-local-admin-of-people",
            of_desk: false,
            ..referent
        },
        (Role::Operator, _) => of_sav("plays-operator", "operator", "operateur", "beside-operator"),
        (Role::Supplier, _) => of_sav("plays-supplier", "supplier", "infrastructure", "beside-supplier"),
        (Role::Auditor, _) => Caller {
            of_desk: false,
            ..of_sup("plays-auditor", "auditor", "inspection", "beside-auditor")
        },
        (Role::Admin, Acts::Tickets | Acts::People) => admin("plays-admin", false),
        (Role::Admin, Acts::OneDesk) => admin("plays-admin-of-a-desk", true),
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub(super) struct Person<'a> {
    pub(super) username: &'a str,
    pub(super) kind: &'a str,
    pub(super) roles: Value,
    pub(super) organization: &'a str,
}

impl Person<'_> {
    /// Makes the account; it signs in with [`PASSWORD`] if it is to sign in at all.
    pub(super) fn make(&self, admin: &Client, signs_in: bool) {
        let account = json!({
            "kind": self.kind, "username": self.username, "name": "Une personne comme une autre",
            "address": address(self.username), "password": signs_in.then_some(PASSWORD),
            "roles": self.roles, "organizations": [self.organization],
        });
        let _ = admin.post("/v1/accounts", &account).expect(201);
    }
}

/// Where an account of this test is mailed to.
pub(super) fn address(username: &str) -> String {
    format!("{username}@guichet.example")
}

/// Signs an account of the cast in.
pub(super) fn sign_in(nobody: &Client, username: &str) -> Client {
    let credentials = json!({"username": username, "password": PASSWORD});
    let tokens = nobody.post("/v1/auth/token", &credentials).expect(200);
    nobody.with_token(tokens["access_token"].as_str().unwrap())
}

/// Makes the organizations, and all accounts with their pictures.
pub(super) fn make(admin: &Client, nobody: &Client, callers: &[Caller]) {
    for (id, siren, parent) in ORGANIZATIONS {
        let organization = json!({"id": id, "name": id, "siren": siren, "parent": parent});
        let _ = admin.post("/v1/organizations", &organization).expect(201);
    }
    let asking = |username, desk: Desk, organization| Person {
        username,
        kind: "person",
        roles: json!([desk.asking_for(organization)]),
        organization,
    };
    let mut cast = Vec::new();
    for caller in callers {
        cast.push(Person {
            username: caller.username,
            kind: caller.kind(),
            roles: caller.roles(),
            organization: caller.organization,
        });
        cast.push(asking(caller.colleague, caller.home, caller.organization));
    }
    cast.extend([Desk::Sup, Desk::Sav].map(|desk| asking(desk.stranger().0, desk, desk.stranger().1)));
    cast.sort_by_key(|person| person.username);
    cast.dedup_by_key(|person| person.username);
    for person in &cast {
        person.make(admin, true);
        let picture = sign_in(nobody, person.username).request(Method::PUT, "/v1/me/avatar");
        assert_eq!(picture.body(PICTURE).send().unwrap().status(), 204);
    }
}
