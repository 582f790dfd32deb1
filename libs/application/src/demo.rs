//! The demo world (design §8): desks, organizations and accounts, made once on an empty log and on every start
//! completed with what it lacks.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Language, OrganizationId,
    account::{AccountKind, change::NewAccount},
    organization::OrganizationCreated,
    policy::{Grant, Role},
};
use event_log::Channel;
use uuid::Uuid;

use crate::{
    kernel::{error::ExecuteError, writes::Made},
    start::Application,
};

/// The password of every demo account.
pub const DEMO_PASSWORD: &str = "Guichet-demo-1";

/// SIREN of the supplier whose tickets the operators of the demo world open.
pub const SUPPLIER_SIREN: &str = "987654324";

/// Organizations: id, name, SIREN.
const ORGANIZATIONS: [(&str, &str, Option<&str>); 6] = [
    ("commune-a", "Commune A", None),
    ("commune-b", "Commune B", None),
    ("lycee-a", "Lycée A", None),
    ("oc-alpha", "Opérateur Alpha", Some("123456782")),
    ("oc-beta", "Opérateur Beta", Some("111222337")),
    ("oi", "Opérateur d'infrastructure", Some(SUPPLIER_SIREN)),
];

/// One account of the demo world.
struct DemoAccount {
    username: &'static str,
    name: &'static str,
    kind: AccountKind,
    role: Role,
    /// The role holds on this desk only.
    desk: Option<&'static str>,
    /// A member of this organization.
    organization: Option<&'static str>,
    /// The role holds in that organization only.
    limited: bool,
}

const fn person(
    username: &'static str,
    name: &'static str,
    role: Role,
    organization: Option<&'static str>,
) -> DemoAccount {
    DemoAccount {
        username,
        name,
        kind: AccountKind::Person,
        role,
        desk: None,
        organization,
        limited: false,
    }
}

const fn program(
    username: &'static str,
    name: &'static str,
    role: Role,
    organization: &'static str,
) -> DemoAccount {
    DemoAccount {
        username,
        name,
        kind: AccountKind::Operator,
        role,
        desk: Some("SAV"),
        organization: Some(organization),
        limited: false,
    }
}

const ACCOUNTS: [DemoAccount; 11] = [
    person("admin", "Administration", Role::Admin, None),
    person("auditor", "Audit", Role::Auditor, None),
    person("agent", "Agent de support", Role::Agent, None),
    person("requester-1", "Requérante 1", Role::Requester, Some("commune-a")),
    person("requester-2", "Requérant 2", Role::Requester, Some("commune-a")),
    person("requester-3", "Requérant 3", Role::Requester, Some("commune-b")),
    DemoAccount {
        limited: true,
        ..person(
            "referent",
            "Référent du lycée A",
            Role::LocalAdmin,
            Some("lycee-a"),
        )
    },
    person("teacher", "Enseignante", Role::Requester, Some("lycee-a")),
    program(
        "oc-alpha",
        "Programme de l'opérateur Alpha",
        Role::Operator,
        "oc-alpha",
    ),
    program(
        "oc-beta",
        "Programme de l'opérateur Beta",
        Role::Operator,
        "oc-beta",
    ),
    program(
        "oi",
        "Programme de l'opérateur d'infrastructure",
        Role::Supplier,
        "oi",
    ),
];

/// Who can be tried out: each user name and what it may do, in a few words.
pub fn roles() -> impl Iterator<Item = (&'static str, String)> {
    ACCOUNTS.iter().map(|account| {
        let role = serde_json::to_value(account.role).ok();
        let role = role
            .as_ref()
            .and_then(|role| role.as_str())
            .unwrap_or_default()
            .to_owned();
        let place = account
            .organization
            .map(|organization| format!(" in {organization}"));
        let desk = account.desk.map(|desk| format!(" at desk {desk}"));
        (
            account.username,
            role + &desk.unwrap_or_default() + &place.unwrap_or_default(),
        )
    })
}

impl Application {
    /// Whether the demo world was loaded into this log, ever: its organizations, which no one takes away, are all there.
    #[must_use]
    pub fn holds_demo(&self) -> bool {
        ORGANIZATIONS
            .iter()
            .filter_map(|(id, _, _)| id.parse().ok())
            .all(|id: OrganizationId| self.directory().organization(&id).is_some())
    }

    /// Completes the demo world; answers how many accounts were made.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn load_demo(&self, at: DateTime<Utc>) -> Result<usize, ExecuteError> {
        for (id, name, siren) in ORGANIZATIONS {
            let id: OrganizationId = id.parse().map_err(ExecuteError::internal)?;
            if self.directory().organization(&id).is_none() {
                let siren = siren.map(str::to_owned);
                let new = OrganizationCreated {
                    id,
                    name: name.to_owned(),
                    siren,
                    parent: None,
                };
                self.people
                    .make_organization(&self.system_call(at, Channel::Admin), new)
                    .await?;
            }
        }
        let missing: Vec<_> = ACCOUNTS
            .iter()
            .filter(|account| self.directory().account_by_username(account.username).is_none())
            .collect();
        if missing.is_empty() {
            return Ok(0);
        }
        // Their one password is public, so one hash serves them all.
        let hash = self.identity.hash(DEMO_PASSWORD.to_owned()).await?;
        let mut made = 0;
        for account in missing {
            let new = account.new_account(hash.clone())?;
            let call = self.system_call(at, Channel::Admin);
            made += usize::from(self.people.make_account(&call, new, None).await? == Made::Now);
        }
        Ok(made)
    }
}

impl DemoAccount {
    fn new_account(&self, password_hash: String) -> Result<NewAccount, ExecuteError> {
        let organization = self.organization.map(str::parse::<OrganizationId>);
        let organization = organization.transpose().map_err(ExecuteError::internal)?;
        let desk = self
            .desk
            .map(str::parse)
            .transpose()
            .map_err(ExecuteError::internal)?;
        let grant = |role, organization| Grant {
            role,
            desk: desk.clone(),
            organization,
        };
        let mut grants = BTreeSet::from([grant(self.role, organization.clone().filter(|_| self.limited))]);
        if self.role == Role::LocalAdmin {
            // Whoever administers an establishment also asks for things there.
            grants.insert(grant(Role::Requester, None));
        }
        Ok(NewAccount {
            id: AccountId(Uuid::now_v7()),
            kind: self.kind,
            username: self.username.to_owned(),
            name: self.name.to_owned(),
            language: Language::Fr,
            address: Some(format!("{}@demo.example", self.username)),
            address_confirmed: true,
            password_hash: Some(password_hash),
            grants,
            organizations: organization.into_iter().collect(),
        })
    }
}
