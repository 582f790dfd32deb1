//! Where things lie in a data directory, and elsewhere.

use std::path::PathBuf;

use crate::kernel::Files;

/// Where things lie.
pub(crate) struct Places {
    pub(crate) data: PathBuf,
    pub(crate) keys: PathBuf,
    pub(crate) views: PathBuf,
    pub(crate) checkpoints: PathBuf,
    pub(crate) checkpoints_elsewhere: Option<Files>,
    pub(crate) archive: Option<Files>,
    /// What the names of new logs begin with.
    pub(crate) audit_name: String,
}
