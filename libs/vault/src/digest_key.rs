//! Keyed digests of what must be compared but not read.

use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret_file::{self, Created, SecretFileError};

/// A secret of the server for digests of what must be compared but not read back: the body of a command (design §3,
/// `command_digest`), the value behind a `unique-<HMAC>` stream. 32 bytes, wiped from memory when the last clone drops.
///
/// It must outlive the log that holds its digests: with another key, no repeated command is recognised.
#[derive(Clone)]
pub struct DigestKey(Arc<Zeroizing<[u8; 32]>>);

impl DigestKey {
    /// Reads the file at `path`, or makes one, exactly as [`crate::MasterKey::load_or_create`] does.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load_or_create(path: &Path) -> Result<(DigestKey, Created), SecretFileError> {
        let (secret, created) = secret_file::load_or_create(path)?;
        Ok((DigestKey(Arc::new(secret)), created))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load(path: &Path) -> Result<DigestKey, SecretFileError> {
        Ok(DigestKey(Arc::new(secret_file::load(path)?)))
    }

    /// Takes a key that is kept elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> DigestKey {
        DigestKey(Arc::new(Zeroizing::new(bytes)))
    }

    /// HMAC-SHA256 (RFC 2104) over every part, each after its length in bytes as a big-endian `u64`, so that no two
    /// lists of parts make the same message: `["ab", "c"]` and `["a", "bc"]` differ. The first part should name the
    /// purpose.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            unreachable!("HMAC takes a key of any length");
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey(…)")
    }
}
