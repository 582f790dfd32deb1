//! Accounts: who can sign in, with which roles and memberships (design §6).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, OrganizationId},
    label::Language,
    personal::Personal,
    policy::{Grant, Viewer},
};

/// The three kinds of account (design §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// One person.
    Person,
    /// An operator's program, bound to the SIREN of its organization.
    Operator,
    /// A program of ours or of an integrator.
    Service,
}

/// What happened to an account. One stream per account, named `account-<uuid>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum AccountEvent {
    /// `account-created.v1`
    Created(AccountCreated),
    /// `account-password-set.v1`: the Argon2id hash in PHC form, sealed.
    PasswordSet {
        /// The hash.
        hash: Personal<String>,
    },
    /// `account-role-granted.v1`
    RoleGranted {
        /// What was granted.
        grant: Grant,
    },
    /// `account-joined.v1`: became a member of an organization.
    Joined {
        /// Which one.
        organization: OrganizationId,
    },
}

/// The data of `account-created.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountCreated {
    /// Person, operator or service.
    pub kind: AccountKind,
    /// The name used to sign in.
    pub username: Personal<String>,
    /// The name that others see.
    pub name: Personal<String>,
    /// The language of messages.
    pub language: Language,
}

/// An account as rules and directories read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Person, operator or service.
    pub kind: AccountKind,
    /// The name used to sign in, `None` once erased.
    pub username: Option<String>,
    /// The name that others see, `None` once erased.
    pub name: Option<String>,
    /// The language of messages.
    pub language: Language,
    /// The Argon2id hash in PHC form; `None` when there is no local password.
    pub password_hash: Option<String>,
    /// Its roles.
    pub grants: BTreeSet<Grant>,
    /// Its organizations.
    pub organizations: BTreeSet<OrganizationId>,
}

impl Account {
    /// Folds one event. What came before `account-created.v1` is passed over, and so is a second one.
    #[must_use]
    pub fn evolve(account: Option<Account>, id: AccountId, event: AccountEvent) -> Option<Account> {
        let Some(mut account) = account else {
            return Account::created(id, event);
        };
        match event {
            AccountEvent::Created(_) => {}
            AccountEvent::PasswordSet { hash } => account.password_hash = hash.value,
            AccountEvent::RoleGranted { grant } => {
                account.grants.insert(grant);
            }
            AccountEvent::Joined { organization } => {
                account.organizations.insert(organization);
            }
        }
        Some(account)
    }

    fn created(id: AccountId, event: AccountEvent) -> Option<Account> {
        let AccountEvent::Created(created) = event else {
            return None;
        };
        Some(Account {
            id,
            kind: created.kind,
            username: created.username.value,
            name: created.name.value,
            language: created.language,
            password_hash: None,
            grants: BTreeSet::new(),
            organizations: BTreeSet::new(),
        })
    }

    /// The account as the policy sees it.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer {
            account: self.id,
            grants: self.grants.clone(),
            organizations: self.organizations.clone(),
        }
    }
}

/// An account to be made, with all that it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its id, chosen by the caller.
    pub id: AccountId,
    /// Person, operator or service.
    pub kind: AccountKind,
    /// The name used to sign in.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The language of messages.
    pub language: Language,
    /// The Argon2id hash in PHC form.
    pub password_hash: String,
    /// Its roles.
    pub grants: BTreeSet<Grant>,
    /// Its organizations.
    pub organizations: BTreeSet<OrganizationId>,
}

/// The events that make an account. Uniqueness of the user name is a stream of its own, held by the caller.
#[must_use]
pub fn create(new: NewAccount) -> Vec<AccountEvent> {
    let person = new.id.person();
    let mut events = vec![
        AccountEvent::Created(AccountCreated {
            kind: new.kind,
            username: Personal::new(person, new.username),
            name: Personal::new(person, new.name),
            language: new.language,
        }),
        AccountEvent::PasswordSet {
            hash: Personal::new(person, new.password_hash),
        },
    ];
    events.extend(
        new.grants
            .into_iter()
            .map(|grant| AccountEvent::RoleGranted { grant }),
    );
    events.extend(
        new.organizations
            .into_iter()
            .map(|organization| AccountEvent::Joined { organization }),
    );
    events
}
