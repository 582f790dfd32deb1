//! What guards signing in, opened with the data directory.

use std::{path::Path, sync::Arc};

use chrono::Utc;
use credentials::{challenge::Challenges, passwords::Passwords, tokens::Tokens};
use tokio::sync::Semaphore;
use vault::DigestKey;

use super::{PASSWORD_CHECKS_MAX, SignInRules};
use crate::start::StartError;

/// Keys, costs and rules.
pub(crate) struct Guard {
    pub(crate) rules: SignInRules,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) password_checks: Arc<Semaphore>,
    pub(crate) challenges: Challenges,
}

impl Guard {
    /// Reads the keys of access tokens, or makes them, and hashes a nobody's password at the configured cost.
    pub(crate) fn open(keys: &Path, secret: &DigestKey, rules: &SignInRules) -> Result<Guard, StartError> {
        let tokens = Tokens::load_or_create(&keys.join("tokens.keys"), Utc::now());
        let passwords = Passwords::new(rules.hashing).map_err(StartError::Passwords)?;
        Ok(Guard {
            rules: rules.clone(),
            tokens: tokens.map_err(StartError::Tokens)?,
            passwords: Arc::new(passwords),
            password_checks: Arc::new(Semaphore::new(PASSWORD_CHECKS_MAX)),
            challenges: Challenges::new(secret.digest(&[b"challenges"])),
        })
    }
}
