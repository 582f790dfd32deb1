//! Recovering an account without being signed in: a new password, a forgotten user name (seed 002, F66-F75; seed 004, F181-F183).
//! The answer does not depend on whether the account exists, and comes before it is looked up.

use chrono::{DateTime, Utc};
use domain::{AccountId, TicketKey, account::AccountKind};

use crate::{
    identity::{
        Identity,
        letters::{PASSWORD_RESET, USERNAME_REMINDER},
        links::{does_not_hold, of_link},
        passwords::{Cause, NewPassword},
    },
    kernel::{
        error::{ExecuteError, ReadError, chain},
        task::own_task,
    },
};

/// How many tickets somebody may name who has forgotten their user name.
pub const REFERENCES_MAX: usize = 10;

impl Identity {
    /// Mails a link to choose a new password, if there is such an account with an address.
    pub fn request_password_reset(&self, username: String, at: DateTime<Utc>) {
        let this = self.clone();
        tokio::spawn(async move {
            let account = this.kernel.directory.account_by_username(&username);
            let account = account.filter(|account| {
                let has_password_here = !account.signs_in_elsewhere();
                !account.disabled && account.kind == AccountKind::Person && has_password_here
            });
            if let Some(account) = account.filter(|account| account.address.is_some()) {
                this.post(account.id, PASSWORD_RESET, None, at).await;
            }
        });
    }

    /// Mails the user name to the accounts with this address, and to the requesters of these tickets (seed 004, F182). The mail always
    /// goes to the account's own address.
    pub fn request_username_reminder(
        &self,
        address: Option<String>,
        references: Vec<TicketKey>,
        at: DateTime<Utc>,
    ) {
        let this = self.clone();
        tokio::spawn(async move {
            let wanted = address.map(|address| address.trim().to_lowercase());
            let requesters: Vec<AccountId> = references
                .iter()
                .take(REFERENCES_MAX)
                .filter_map(|key| this.requester_of(key))
                .collect();
            let found = this.kernel.directory.accounts(|account| {
                let own = account.address.as_ref().map(|own| own.address.to_lowercase());
                let is_meant = own.is_some() && (own == wanted || requesters.contains(&account.id));
                is_meant && !account.disabled && account.kind == AccountKind::Person
            });
            for account in found {
                this.post(account.id, USERNAME_REMINDER, None, at).await;
            }
        });
    }

    /// The requester of a ticket that there may not be.
    fn requester_of(&self, key: &TicketKey) -> Option<AccountId> {
        match self.kernel.folds.load(key) {
            Ok(loaded) => Some(loaded.state.requester),
            Err(ReadError::NotFound) => None,
            Err(error @ (ReadError::Invalid(_) | ReadError::Behind | ReadError::Internal(_))) => {
                // Nobody waits for an answer.
                tracing::error!(error = %chain(&error), "a ticket cannot be read, and nobody is reminded because of it");
                None
            }
        }
    }

    /// Chooses a new password through a one-time link. Every sign-in ends.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] with every fault; the link then still holds, and so it does when the log takes no commands.
    pub async fn reset_password(
        &self,
        token: String,
        new: NewPassword,
        at: DateTime<Utc>,
    ) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            let link = this.link(PASSWORD_RESET, &token, at).await?;
            let account = link.account.and_then(|id| this.kernel.directory.account(id));
            let account = account
                .filter(|account| !account.disabled && !account.signs_in_elsewhere())
                .ok_or_else(does_not_hold)?;
            let faults = this.new_password_faults(&account, &new);
            if !faults.is_empty() {
                return Err(ExecuteError::invalid(faults));
            }
            let call = this.call_by(
                &link,
                this.kernel.viewer_of_holder(account.id)?,
                &new.password,
                at,
            );
            // With every other link of the account this one is withdrawn.
            let basis = link.read()?;
            this.store_password(&call, &account, new.password, Cause::Reset, basis)
                .await
                .map_err(of_link)
        })
        .await
    }
}
