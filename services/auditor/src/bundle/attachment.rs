//! Files held against the hashes that a bundle discloses.

use std::path::PathBuf;

use serde::Serialize;

/// A file that was held against the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentChecked {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Where the ticket says that this file was attached, if it does.
    pub position: Option<u64>,
}
