//! Why nobody was signed in.

use chrono::{DateTime, Utc};
use credentials::challenge::Challenge;

use crate::kernel::error::ExecuteError;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name or wrong password, and nobody says which (seed 002, F70).
    #[error("the user name or the password is wrong")]
    Refused,
    /// So many tries failed that a challenge must be solved with the next (seed 002, F72).
    #[error("a challenge must be solved first")]
    ChallengeRequired(Challenge),
    /// So many tries failed that none is taken for a while.
    #[error("no try is taken until {until}")]
    Locked {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Name and password are right, and a code of the second factor must come with them.
    #[error("a code of the second factor is missing")]
    SecondFactorRequired,
    /// Something of ours failed.
    #[error("the sign-in could not be made")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub(crate) fn internal(source: impl std::error::Error + Send + Sync + 'static) -> SignInError {
    SignInError::Internal(Box::new(source))
}

/// A sign-in that panicked, or was cut off by the end of the process.
impl From<tokio::task::JoinError> for SignInError {
    fn from(error: tokio::task::JoinError) -> Self {
        internal(error)
    }
}

impl From<ExecuteError> for SignInError {
    fn from(error: ExecuteError) -> Self {
        internal(error)
    }
}

/// Sessions or passwords failed.
impl From<SignInError> for ExecuteError {
    fn from(error: SignInError) -> Self {
        ExecuteError::internal(error)
    }
}
