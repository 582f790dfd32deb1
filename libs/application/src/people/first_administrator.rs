//! The first administrator.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Language,
    account::{AccountKind, change::NewAccount},
    policy::{Grant, Role, administration::is_administrator},
};
use event_log::Channel;
use uuid::Uuid;

use crate::{
    kernel::{error::ExecuteError, writes::Made},
    people::People,
};

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

impl People {
    /// Somebody who can sign in administers everything.
    #[must_use]
    pub fn is_administered(&self) -> bool {
        self.kernel.directory.any_account(is_administrator)
    }

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
        let hash = self.identity.hash(password).await.map_err(ExecuteError::from)?;
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
        let call = self.kernel.system_call(at, Channel::Admin);
        match self.make_account(&call, new, None).await? {
            Made::Now => Ok(()),
            Made::Before => Err(InitError::Taken),
        }
    }
}
