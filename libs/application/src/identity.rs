//! Who somebody is, and how they show it: passwords, second factors, identity providers, one-time links and the mail that brings them.

pub mod actor;
pub mod addresses;
pub mod deliveries;
pub mod ending;
pub mod error;
pub mod guard;
pub mod letters;
pub mod links;
pub mod passwords;
pub mod provider;
pub mod recovery;
pub mod rules;
pub mod second_factor;
pub mod sign_in;
pub mod signed_links;
pub mod tries;

use std::sync::Arc;

pub use credentials::{SecretText, challenge::Challenge, passwords::HashingCost, tokens::ROTATION_GRACE};
pub use sessions::Settled;

use credentials::tokens::Tokens;
use sessions::Sessions;
use tokio::sync::Notify;

use self::{
    error::{SignInError, internal},
    guard::Guard,
    rules::SignInRules,
};
use crate::kernel::Kernel;

/// Sign-ins, and what guards them. A cheap handle.
#[derive(Clone)]
pub struct Identity {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) sessions: Sessions,
    pub(crate) guard: Arc<Guard>,
    /// Something was put into the queue of mails.
    pub(crate) posted: Arc<Notify>,
    /// Where links in mails lead, without a slash at its end.
    pub(crate) public_url: Arc<str>,
}

impl Identity {
    /// How signing in is guarded.
    #[must_use]
    pub fn sign_in_rules(&self) -> &SignInRules {
        &self.guard.rules
    }

    /// The keys that sign access tokens.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.guard.tokens
    }

    /// A digest of these parts that only this server can make.
    #[must_use]
    pub fn keyed_digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.kernel.secret.digest(parts)
    }

    /// Runs a query on the sessions database where blocking is allowed.
    pub(crate) async fn ask_sessions<R: Send + 'static>(
        &self,
        ask: impl FnOnce(&Sessions) -> R + Send + 'static,
    ) -> Result<R, tokio::task::JoinError> {
        let sessions = self.sessions.clone();
        tokio::task::spawn_blocking(move || ask(&sessions)).await
    }

    /// The same, with any error taken as a failure of ours.
    pub(crate) async fn with_sessions<T: Send + 'static, E: std::error::Error + Send + Sync + 'static>(
        &self,
        ask: impl FnOnce(&Sessions) -> Result<T, E> + Send + 'static,
    ) -> Result<T, SignInError> {
        self.ask_sessions(ask).await?.map_err(internal)
    }
}
