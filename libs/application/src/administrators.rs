//! The last account that administers everything stays one, whatever is done to it and by whom: otherwise nobody could ever
//! give a role again.
//!
//! It is asked where events are written (`command`) and not where they are decided: a command that comes
//! later, a claim of an identity provider or the administrator's own wish are all held to it. Two who take each other's role
//! at the same time are decided one after the other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Event, Language,
    account::{Account, AccountEvent, AccountKind, change::NewAccount},
    person::PersonEvent,
    policy::{Grant, Role, administration::is_administrator},
};
use event_log::Channel;
use uuid::Uuid;

use crate::{accounts::Made, command::Write, error::ExecuteError, start::Application};

/// Why no administrator is made for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Somebody administers.
    #[error("an account that can sign in administers already; sign in with it instead")]
    Administered,
    /// The user name is somebody's, or was.
    #[error("the user name is taken, or was: choose another")]
    Taken,
    /// It could not be carried out.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

impl Application {
    /// Makes an administrator of everything for whoever runs the server: the first, or one after the last was lost with a
    /// restored directory. There may be other accounts.
    ///
    /// # Errors
    /// See [`InitError`].
    pub async fn make_administrator(
        &self,
        username: &str,
        password: String,
        at: DateTime<Utc>,
    ) -> Result<(), InitError> {
        if self.is_administered() {
            return Err(InitError::Administered);
        }
        let grant = Grant {
            role: Role::Admin,
            desk: None,
            organization: None,
        };
        let hash = self.hash(password).await.map_err(ExecuteError::from)?;
        let new = NewAccount {
            id: AccountId(Uuid::now_v7()),
            kind: AccountKind::Person,
            username: username.to_owned(),
            name: username.to_owned(),
            language: Language::Fr,
            address: None,
            address_confirmed: false,
            password_hash: Some(hash),
            grants: BTreeSet::from([grant]),
            organizations: BTreeSet::new(),
        };
        let call = self.system_call(at, Channel::Admin);
        match self.make_account(&call, new, None).await? {
            Made::Now => Ok(()),
            Made::Before => Err(InitError::Taken),
        }
    }

    /// Somebody who can sign in administers everything.
    #[must_use]
    pub fn is_administered(&self) -> bool {
        self.directory().any_account(is_administrator)
    }

    /// Refuses writes after which nobody administers, when somebody does before them.
    ///
    /// # Errors
    /// [`ExecuteError::LastAdministrator`].
    pub(crate) fn keeps_an_administrator(
        &self,
        writes: &[Write],
        at: DateTime<Utc>,
    ) -> Result<(), ExecuteError> {
        let mut after = BTreeMap::new();
        for write in writes {
            let id = write
                .stream()
                .and_then(|name| name.split_once('-')?.1.parse().ok());
            let Some(account) = id.and_then(|id| self.directory().account(AccountId(id))) else {
                continue;
            };
            let mut account = Account::clone(&account);
            for event in &write.events {
                if let Event::Account(event) = event {
                    account.apply(at, event.clone());
                }
                if let Event::Person(PersonEvent::Erased { .. }) = event {
                    account = account.erased();
                }
            }
            after.insert(account.id, account);
        }
        self.stays_administered(&after)
    }

    /// What is left of events that would leave nobody who administers: all but the loss of that role. For who has no say in
    /// them, and is to sign in all the same.
    pub(crate) fn without_losing_the_last(
        &self,
        account: &Account,
        mut events: Vec<AccountEvent>,
        at: DateTime<Utc>,
    ) -> Vec<AccountEvent> {
        let mut after = account.clone();
        events.iter().for_each(|event| after.apply(at, event.clone()));
        if self
            .stays_administered(&BTreeMap::from([(account.id, after)]))
            .is_err()
        {
            tracing::warn!(account = %account.id, "an identity provider takes the role from the last administrator: it is kept");
            events.retain(
                |event| !matches!(event, AccountEvent::RoleRevoked { grant } if grant.administers_all()),
            );
        }
        events
    }

    /// The accounts that change, as they are to be, against all that there are.
    fn stays_administered(&self, after: &BTreeMap<AccountId, Account>) -> Result<(), ExecuteError> {
        let before = |id: &AccountId| {
            let account = self.directory().account(*id);
            account.is_some_and(|account| is_administrator(&account))
        };
        let loses = after
            .iter()
            .any(|(id, after)| before(id) && !is_administrator(after));
        let remains = |account: &Account| is_administrator(after.get(&account.id).unwrap_or(account));
        if loses && !self.directory().any_account(remains) {
            return Err(ExecuteError::LastAdministrator);
        }
        Ok(())
    }
}
