//! Files of secrets.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

/// A secret in a file that only its owner reads, there as a whole or not at all, on disk.
pub(crate) fn copy_secret(from: &Path, to: &Path) -> std::io::Result<()> {
    write_secret(&fs::read(from)?, to)
}

/// The same of what is at hand.
pub(crate) fn write_secret(bytes: &[u8], to: &Path) -> std::io::Result<()> {
    let part = to.with_added_extension("part");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, to)
}
