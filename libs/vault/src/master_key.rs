//! The key that wraps every person's key.

use std::path::Path;

use zeroize::Zeroizing;

use crate::secret_file::{self, Created, SecretFileError};

/// The key that wraps every person's key: 32 bytes, wiped from memory when dropped.
///
/// In production its file lies outside the data directory and is saved apart from the backups of the data: together
/// they open everything, either one alone opens nothing (design §6.1).
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Reads the file at `path`, or makes 32 random bytes and writes them there (mode 0600, in base64 with a line
    /// end; file and directory are on disk before this returns). A directory that is not there is made, mode 0700.
    ///
    /// # Errors
    /// See [`SecretFileError`]; a file that others may read is refused, because its secret is no longer one.
    pub fn load_or_create(path: &Path) -> Result<(MasterKey, Created), SecretFileError> {
        let (secret, created) = secret_file::load_or_create(path)?;
        Ok((MasterKey(secret), created))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load(path: &Path) -> Result<MasterKey, SecretFileError> {
        Ok(MasterKey(secret_file::load(path)?))
    }

    /// Puts the file of the next master key in the place of the current one, on disk when this returns: the last step
    /// of a rotation, after [`crate::rotate_master`]. Both lie in one file system.
    ///
    /// # Errors
    /// See [`SecretFileError`]; a `next` that holds no secret, or one that others may read, changes nothing.
    pub fn promote(next: &Path, current: &Path) -> Result<(), SecretFileError> {
        secret_file::promote(next, current)
    }

    /// Takes a key that is kept elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> MasterKey {
        MasterKey(Zeroizing::new(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}
