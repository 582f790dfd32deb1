//! The end of sign-ins: one, or all of an account.

use chrono::{DateTime, Utc};
use domain::{AccountId, account::AccountEvent};
use sessions::SignIn;
use uuid::Uuid;

use crate::{
    identity::{Identity, error::SignInError, links, provider::AtProvider},
    kernel::{call::Call, error::ExecuteError, task::own_task},
};

impl Identity {
    /// Ends a sign-in: its tokens are refused from now on. Answers what signs out at the provider that it was made through.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn sign_out(&self, sign_in: Uuid) -> Result<Option<AtProvider>, SignInError> {
        // Asked first: nothing of it is kept once the sign-in has ended.
        let there = self.at_provider(sign_in).await?;
        self.with_sessions(move |sessions| sessions.revoke(sign_in))
            .await?;
        Ok(there)
    }

    /// The sign-ins of an account that hold, the newest first.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn sign_ins(&self, account: AccountId, at: DateTime<Utc>) -> Result<Vec<SignIn>, SignInError> {
        self.with_sessions(move |sessions| sessions.sign_ins(account.0, at))
            .await
    }

    /// Ends one of an account's sign-ins; answers whether it was one that held.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn end_sign_in(&self, account: AccountId, sign_in: Uuid) -> Result<bool, SignInError> {
        self.with_sessions(move |sessions| sessions.revoke_own(account.0, sign_in))
            .await
    }

    /// Signs out everywhere: an event of the account, and the end of all its sign-ins and links.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn sign_out_everywhere(&self, call: Call, account: AccountId) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            // The sign-ins end first: who asks for this fears one of them, and the log may take no commands.
            this.end_sign_ins(account).await?;
            this.kernel
                .append_own(&call, account, |_| Ok(vec![AccountEvent::SignedOutEverywhere {}]))
                .await?;
            // Those too that began meanwhile: from here on none begins that rests on what was before.
            this.end_sign_ins(account).await
        })
        .await
    }

    /// Ends every sign-in of an account, and every link.
    pub(crate) async fn end_sign_ins(&self, account: AccountId) -> Result<(), ExecuteError> {
        let ended = self.with_sessions(move |sessions| {
            sessions.revoke_account(account.0)?;
            sessions.withdraw(account.0, &links::ALL).map(drop)
        });
        Ok(ended.await?)
    }

    /// Removes what is over from the sessions. To be run now and then.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn purge_sessions(&self, now: DateTime<Utc>) -> Result<sessions::Purged, SignInError> {
        self.with_sessions(move |sessions| sessions.purge(now)).await
    }
}
