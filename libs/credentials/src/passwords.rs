//! Passwords: hashed with Argon2id (RFC 9106), and what makes one good enough to be chosen.
//!
//! A password is taken in Unicode's form NFC, so that two keyboards agree on what `é` is (RFC 8265 §4.2 asks for the
//! same). What is kept is the hash's PHC string (`$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`), salt of 16 random
//! bytes, hash of 32, so that it says itself how it was made. A cost that was raised since is told by
//! [`Checked::outdated`], and the caller, who has the password at hand just then, hashes it anew: nobody has to reset
//! anything.
//!
//! One hash takes its memory for its time: the caller bounds how many are computed at once.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

mod cost;
mod policy;

pub use cost::{
    CostFault, HashingCost, HashingCostError, ITERATIONS_MAX, MEMORY_KIB_MAX, MEMORY_KIB_PER_LANE_MIN,
    PARALLELISM_MAX,
};
pub use policy::{
    ESTIMATED_CHARACTERS_MAX, HELD_NAME_CHARACTERS_MIN, LENGTH_MAX_CEILING, LENGTH_MAX_FLOOR,
    LENGTH_MIN_FLOOR, PasswordFault, PasswordPolicy, PolicyError, STRENGTH_MAX,
};

/// How long a password may be to be hashed at all, in bytes as it was typed. A policy's limit is far lower; this one
/// keeps a whole request body from being normalized and hashed.
pub const PASSWORD_BYTES_MAX: usize = 4_096;

/// The bytes of a hash.
const HASH_BYTES: usize = Params::DEFAULT_OUTPUT_LEN;

/// Why passwords cannot be hashed with a cost.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    /// The cost is outside of its limits.
    #[error("the cost of hashing cannot be used")]
    Cost(#[source] HashingCostError),
    /// The first hash could not be made.
    #[error("no password can be hashed")]
    Hash(#[source] HashError),
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// It is longer than [`PASSWORD_BYTES_MAX`].
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// There was no memory for it, or no random bytes for the salt.
    #[error("the password could not be hashed")]
    Refused(#[source] password_hash::Error),
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Whether this is the password.
    pub fits: bool,
    /// Whether the kept hash was made with another algorithm or cost than today's. When it fits as well, the caller
    /// hashes the password anew. Never without a hash that can be read.
    pub outdated: bool,
}

/// Hashes and checks passwords at one cost.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// The hash of a random password that nobody was told.
    nobodys_hash: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// Takes a cost, and hashes a first password with it: that of nobody.
    ///
    /// # Errors
    /// [`PasswordsError::Cost`] with every limit that the cost exceeds; [`PasswordsError::Hash`] when the machine cannot
    /// hash with it.
    pub fn new(cost: HashingCost) -> Result<Passwords, PasswordsError> {
        cost.check().map_err(PasswordsError::Cost)?;
        let params = Params::new(
            cost.memory_kib,
            cost.iterations,
            cost.parallelism,
            Some(HASH_BYTES),
        );
        let params = params.map_err(|error| PasswordsError::Hash(HashError::Refused(error.into())))?;
        let mut passwords = Passwords {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            nobodys_hash: String::new(),
        };
        let random = Zeroizing::new(rand::random::<[u8; 32]>());
        let nobodys = Zeroizing::new(STANDARD_NO_PAD.encode(random.as_ref()));
        passwords.nobodys_hash = passwords.hash(&nobodys).map_err(PasswordsError::Hash)?;
        Ok(passwords)
    }

    /// Hashes a password, with a salt of its own: the PHC string that is kept.
    ///
    /// # Errors
    /// [`HashError`].
    pub fn hash(&self, password: &str) -> Result<String, HashError> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(HashError::TooLong);
        }
        self.argon2
            .hash_password(normal(password).as_bytes())
            .map(|hash| hash.to_string())
            .map_err(HashError::Refused)
    }

    /// Checks a password against the hash kept of it; `None` when there is no such account, or none with a password.
    ///
    /// Without a hash, or with one that cannot be read, the password is checked against nobody's and does not fit: a
    /// wrong name takes as long as a wrong password. (Only a hash of another cost takes another time, until its owner has
    /// signed in once.)
    #[must_use]
    pub fn check(&self, password: &str, hash: Option<&str>) -> Checked {
        // What is too long was never hashed. It is checked as nobody's all the same, to take its time.
        let too_long = password.len() > PASSWORD_BYTES_MAX;
        let password = if too_long { "" } else { password };
        let readable = hash.and_then(|hash| PasswordHash::new(hash).ok());
        let Some(kept) = readable.filter(|kept| Algorithm::try_from(kept.algorithm.as_str()).is_ok()) else {
            self.fits(password, &self.nobodys_hash);
            return Checked {
                fits: false,
                outdated: false,
            };
        };
        let fits = self
            .argon2
            .verify_password(normal(password).as_bytes(), &kept)
            .is_ok();
        Checked {
            fits: fits && !too_long,
            outdated: !self.is_todays(&kept),
        }
    }

    fn fits(&self, password: &str, hash: &str) -> bool {
        self.argon2
            .verify_password(normal(password).as_bytes(), hash)
            .is_ok()
    }

    fn is_todays(&self, hash: &PasswordHash) -> bool {
        let todays = self.argon2.params();
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && hash
                .hash
                .as_ref()
                .is_some_and(|output| output.len() == HASH_BYTES)
            && Params::try_from(hash).is_ok_and(|params| cost(&params) == cost(todays))
    }
}

/// The password in NFC, wiped when dropped.
fn normal(password: &str) -> Zeroizing<String> {
    // Composing never makes more than three times as many bytes (UAX #15), so the buffer never moves and leaves no copy.
    let mut normal = Zeroizing::new(String::with_capacity(3 * password.len()));
    normal.extend(password.nfc());
    normal
}

#[cfg(test)]
mod tests;
