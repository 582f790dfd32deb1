//! Whether `keys/server.secret` is the secret that a data directory lives with: another one recognises no repeated command and
//! finds no taken user name, and nobody would notice.
//!
//! `server.secret.check` in the data directory is a keyed digest (HMAC-SHA256) of a constant under the secret, in hexadecimal,
//! with a line end. It tells nothing of the secret, whose 256 bits are random. It lies beside `keys/` and not in it, so that it
//! outlives keys that are restored; a data backup has it too. Whoever accepts a loss takes the secret that is there, and it is
//! written anew. An older directory has none until its next start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use vault::DigestKey;

use crate::kernel::secret_files::write_secret;

/// The file, in the data directory and in a backup of data.
pub(crate) const CHECK: &str = "server.secret.check";

/// Where it lies.
pub(crate) fn file(data: &Path) -> PathBuf {
    data.join(CHECK)
}

/// Whether this is the secret; `None` when nothing is known of it.
pub(crate) fn fits(data: &Path, secret: &DigestKey) -> io::Result<Option<bool>> {
    match fs::read(file(data)) {
        Ok(found) => Ok(Some(found.trim_ascii() == value(secret).as_bytes())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// From now on this is the secret; on disk when this returns.
pub(crate) fn note(data: &Path, secret: &DigestKey) -> io::Result<()> {
    let line = format!("{}\n", value(secret));
    write_secret(line.as_bytes(), &file(data))?;
    fs::File::open(data)?.sync_all()
}

/// Nothing is known any more.
pub(crate) fn forget(data: &Path) -> io::Result<()> {
    match fs::remove_file(file(data)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn value(secret: &DigestKey) -> String {
    hex::encode(secret.digest(&[b"guichet/server-secret-check/1"]))
}
