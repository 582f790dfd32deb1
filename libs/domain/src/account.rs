//! Accounts: who can sign in, with which roles and memberships (design §6).

pub mod change;
mod create;
pub mod event;
pub mod profile;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use event::{
    AccountCreated, AccountEvent, ApiKeyIssued, AvatarSet, Identity, ProfileChanged, ProfileField,
    SecondFactor,
};

use crate::{
    ids::{AccountId, ApiKeyId, OrganizationId},
    label::Language,
    named::named,
    organization::Tree,
    personal::Personal,
    policy::{Grant, KeyScope, Reach, Viewer},
};

/// The time zone of who has chosen none.
pub const TIME_ZONE: &str = "Europe/Paris";

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

named!(AccountKind {
    Person = "person",
    Operator = "operator",
    Service = "service",
});

/// Where notifications go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The mail address.
    pub address: String,
    /// Its holder has shown that mail arrives.
    pub confirmed: bool,
    /// A mail server refused it for good since (seed 002, F76).
    pub refused: bool,
    /// Since when it is the account's.
    pub since: DateTime<Utc>,
}

/// An API key, without what it is checked by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What it is for, `None` once erased.
    pub label: Option<String>,
    /// SHA-256 of the key, hexadecimal; `None` once erased.
    pub hash: Option<String>,
    /// What it opens.
    pub scopes: BTreeSet<KeyScope>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// From when it no longer holds.
    pub expires_at: DateTime<Utc>,
}

/// An account as rules and directories read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Person, operator or service.
    pub kind: AccountKind,
    /// How many events it has.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The name used to sign in, `None` once erased.
    pub username: Option<String>,
    /// The name that others see, `None` once erased.
    pub name: Option<String>,
    /// The language of messages.
    pub language: Language,
    /// The time zone, when one was chosen.
    pub time_zone: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// The screen shown first, when one was chosen.
    pub default_view: Option<String>,
    /// What frontends remember.
    pub preferences: BTreeMap<String, Value>,
    /// Fields that only an administrator changes.
    pub locked_fields: BTreeSet<ProfileField>,
    /// Where notifications go.
    pub address: Option<Address>,
    /// The version of the event that holds the picture: it is read from there.
    pub avatar: Option<u64>,
    /// Nobody signs in with it.
    pub disabled: bool,
    /// Its person is erased: it is disabled for ever, and nobody changes it.
    pub erased: bool,
    /// The version by which every sign-in had to end that had begun before: the password is another, or the account was
    /// disabled, or its holder signed out everywhere.
    pub sign_ins_ended: u64,
    /// No try to sign in is taken until then from where so many have failed.
    pub locked_until: Option<DateTime<Utc>>,
    /// The Argon2id hash in PHC form; `None` when there is no local password.
    pub password_hash: Option<String>,
    /// The secret of the second factor, base32.
    pub second_factor: Option<String>,
    /// SHA-256 of each recovery code; `None` for one that was used.
    pub recovery: Vec<Option<String>>,
    /// Who this is at identity providers: issuer and subject.
    pub identities: BTreeMap<String, String>,
    /// Keys that were issued and not revoked.
    pub api_keys: BTreeMap<ApiKeyId, ApiKey>,
    /// Its roles.
    pub grants: BTreeSet<Grant>,
    /// Its organizations.
    pub organizations: BTreeSet<OrganizationId>,
}

impl Account {
    /// Folds one event that was recorded at `at`. What came before `account-created.v1` is passed over, and so is a second
    /// one.
    #[must_use]
    pub fn evolve(
        account: Option<Account>,
        id: AccountId,
        at: DateTime<Utc>,
        event: AccountEvent,
    ) -> Option<Account> {
        let Some(mut account) = account else {
            return Account::created(id, at, event);
        };
        account.apply(at, event);
        Some(account)
    }

    /// Folds one event of an account that is made.
    pub fn apply(&mut self, at: DateTime<Utc>, event: AccountEvent) {
        self.version += 1;
        // A command that was decided just before may come after: of who is erased nothing changes any more.
        if !self.erased {
            self.change(at, event);
        }
    }

    fn created(id: AccountId, at: DateTime<Utc>, event: AccountEvent) -> Option<Account> {
        let AccountEvent::Created(created) = event else {
            return None;
        };
        Some(Account {
            id,
            kind: created.kind,
            version: 1,
            created_at: at,
            username: created.username.value,
            name: created.name.value,
            language: created.language,
            time_zone: None,
            phone: None,
            default_view: None,
            preferences: BTreeMap::new(),
            locked_fields: BTreeSet::new(),
            address: None,
            avatar: None,
            disabled: false,
            erased: false,
            sign_ins_ended: 0,
            locked_until: None,
            password_hash: None,
            second_factor: None,
            recovery: Vec::new(),
            identities: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            grants: BTreeSet::new(),
            organizations: BTreeSet::new(),
        })
    }

    fn change(&mut self, at: DateTime<Utc>, event: AccountEvent) {
        if event.ends_sign_ins() {
            self.sign_ins_ended = self.version;
        }
        match event {
            AccountEvent::Created(_) | AccountEvent::SignedOutEverywhere {} => {}
            AccountEvent::PasswordSet { hash }
            | AccountEvent::PasswordChanged { hash }
            | AccountEvent::PasswordRehashed { hash } => self.password_hash = hash.value,
            AccountEvent::PasswordReset { hash } => {
                self.password_hash = hash.value;
                self.locked_until = None;
            }
            AccountEvent::RoleGranted { grant } => drop(self.grants.insert(grant)),
            AccountEvent::RoleRevoked { grant } => drop(self.grants.remove(&grant)),
            AccountEvent::Joined { organization } => drop(self.organizations.insert(organization)),
            AccountEvent::Left { organization } => drop(self.organizations.remove(&organization)),
            AccountEvent::ProfileChanged(changed) => self.change_profile(changed),
            AccountEvent::FieldsLocked { fields } => self.locked_fields = fields,
            AccountEvent::AddressSet { address, confirmed } => {
                self.address = address.value.map(|address| Address {
                    address,
                    confirmed,
                    refused: false,
                    since: at,
                });
            }
            AccountEvent::AddressRemoved {} => self.address = None,
            AccountEvent::AddressRefused {} => {
                if let Some(address) = &mut self.address {
                    address.refused = true;
                }
            }
            AccountEvent::AvatarSet(_) => self.avatar = Some(self.version),
            AccountEvent::AvatarRemoved {} => self.avatar = None,
            AccountEvent::Disabled { .. } => self.disabled = true,
            AccountEvent::Enabled {} => self.disabled = false,
            // One place may be held for longer than the next.
            AccountEvent::Locked { until, .. } => self.locked_until = self.locked_until.max(Some(until)),
            AccountEvent::Unlocked {} => self.locked_until = None,
            AccountEvent::SecondFactorEnrolled(factor) => self.enroll(factor),
            AccountEvent::SecondFactorRemoved {} => {
                self.second_factor = None;
                self.recovery.clear();
            }
            AccountEvent::RecoveryCodeUsed { index } => {
                if let Some(code) = self.recovery.get_mut(index as usize) {
                    *code = None;
                }
            }
            AccountEvent::IdentityLinked(identity) => {
                if let Some(subject) = identity.subject.value {
                    self.identities.insert(identity.issuer, subject);
                }
            }
            AccountEvent::IdentityUnlinked { issuer } => drop(self.identities.remove(&issuer)),
            AccountEvent::ApiKeyIssued(issued) => {
                let key = ApiKey {
                    label: issued.label.value,
                    hash: issued.hash.value,
                    scopes: issued.scopes,
                    issued_at: at,
                    expires_at: issued.expires_at,
                };
                self.api_keys.insert(issued.key, key);
            }
            AccountEvent::ApiKeyRevoked { key } => drop(self.api_keys.remove(&key)),
        }
    }

    fn enroll(&mut self, factor: SecondFactor) {
        let codes = factor.recovery.value.unwrap_or_default();
        self.second_factor = factor.secret.value;
        self.recovery = codes.into_iter().map(Some).collect();
    }

    fn change_profile(&mut self, changed: ProfileChanged) {
        fn take<T>(field: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *field = value;
            }
        }
        fn opened<T>(value: Option<Personal<T>>) -> Option<T> {
            value.and_then(|value| value.value)
        }
        take(&mut self.name, opened(changed.name));
        self.language = changed.language.unwrap_or(self.language);
        take(&mut self.time_zone, changed.time_zone);
        take(&mut self.phone, opened(changed.phone));
        take(&mut self.default_view, changed.default_view);
        if let Some(preferences) = opened(changed.preferences) {
            self.preferences = preferences;
        }
        for field in changed.cleared {
            match field {
                ProfileField::TimeZone => self.time_zone = None,
                ProfileField::Phone => self.phone = None,
                ProfileField::DefaultView => self.default_view = None,
                ProfileField::Preferences => self.preferences.clear(),
                // A person always has a name and a language; address and picture have events of their own.
                ProfileField::Name
                | ProfileField::Language
                | ProfileField::Address
                | ProfileField::Avatar => {}
            }
        }
    }

    /// Its holder has no password here: an identity provider says who they are, and whether they still may sign in.
    #[must_use]
    pub fn signs_in_elsewhere(&self) -> bool {
        self.password_hash.is_none() && !self.identities.is_empty()
    }

    /// Its holder can sign in: with a password, or through an identity provider. A lock-out passes; a key opens only what it was
    /// issued for, until it expires.
    #[must_use]
    pub fn can_sign_in(&self) -> bool {
        let proves = self.password_hash.is_some() || !self.identities.is_empty();
        !self.disabled && !self.erased && proves
    }

    /// What is kept of an account whose person is erased: its id and its times. Nobody signs in with it, and it holds nothing.
    #[must_use]
    pub fn erased(&self) -> Account {
        Account {
            disabled: true,
            erased: true,
            grants: BTreeSet::new(),
            organizations: BTreeSet::new(),
            username: None,
            name: None,
            phone: None,
            preferences: BTreeMap::new(),
            address: None,
            avatar: None,
            password_hash: None,
            second_factor: None,
            recovery: Vec::new(),
            identities: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The account as the policy sees it.
    #[must_use]
    pub fn viewer(&self, tree: &Tree) -> Viewer {
        let within = self
            .grants
            .iter()
            .filter_map(|grant| grant.organization.as_ref())
            .map(|organization| (organization.clone(), tree.within(organization)));
        Viewer {
            account: self.id,
            grants: self.grants.clone(),
            organizations: self.organizations.clone(),
            within: Arc::new(Reach::new(within.collect())),
        }
    }
}
