//! What guards signing in, opened with the data directory.

use std::{path::Path, sync::Arc};

use chrono::Utc;
use credentials::{challenge::Challenges, passwords::Passwords, tokens::Tokens};
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use vault::DigestKey;

use crate::identity::rules::SignInRules;

/// How many passwords are checked at once; each takes 19 MiB for its time (Argon2id, RFC 9106 §4).
pub const PASSWORD_CHECKS_MAX: usize = 4;
/// How many names may be tried at once. Names that share a turn wait for each other.
const TURNS: usize = 64;

/// Keys, costs and rules.
pub(crate) struct Guard {
    pub(crate) rules: SignInRules,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) password_checks: Arc<Semaphore>,
    pub(crate) challenges: Challenges,
    turns: [Mutex<()>; TURNS],
}

/// Why sign-ins cannot be guarded.
#[derive(Debug)]
pub(crate) enum GuardError {
    /// The keys that sign access tokens.
    Tokens(credentials::tokens::KeyFileError),
    /// The cost of password hashes.
    Passwords(credentials::passwords::PasswordsError),
}

impl Guard {
    /// Reads the keys of access tokens, or makes them, and hashes a nobody's password at the configured cost.
    pub(crate) fn open(keys: &Path, secret: &DigestKey, rules: &SignInRules) -> Result<Guard, GuardError> {
        let tokens = Tokens::load_or_create(&keys.join("tokens.keys"), Utc::now());
        let passwords = Passwords::new(rules.hashing).map_err(GuardError::Passwords)?;
        Ok(Guard {
            rules: rules.clone(),
            tokens: tokens.map_err(GuardError::Tokens)?,
            passwords: Arc::new(passwords),
            password_checks: Arc::new(Semaphore::new(PASSWORD_CHECKS_MAX)),
            challenges: Challenges::new(secret.digest(&[b"challenges"])),
            turns: std::array::from_fn(|_| Mutex::new(())),
        })
    }

    /// One's turn at a name, by what its tries are counted under. Tries of one name come one after the other: each is judged
    /// by all before it, and whoever signs in at many places at once is not taken for somebody who guesses.
    pub(crate) async fn turn_at(&self, key: &str) -> MutexGuard<'_, ()> {
        let place = key
            .bytes()
            .fold(0_usize, |place, byte| (place * 31 + usize::from(byte)) % TURNS);
        self.turns[place].lock().await
    }
}
