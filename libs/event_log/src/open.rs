//! How a log is opened.

use std::path::PathBuf;

use crate::place::Position;

/// What somebody else has seen of the log: a signed checkpoint, a view, the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The position seen.
    pub position: Position,
    /// SHA-256 of the stored bytes of the event there.
    pub digest: [u8; 32],
    /// Who has seen it, for the operator: `the last signed checkpoint`.
    pub source: String,
}

/// How to open a log.
#[derive(Debug, Clone)]
pub struct Options {
    /// What others have seen; the log's own `HEAD` file is always asked as well.
    pub floors: Vec<Floor>,
    /// How long to wait, in milliseconds, while another process or a log just closed still holds the lock.
    pub lock_wait_ms: u64,
    /// Cache of the database in bytes.
    pub cache_bytes: u64,
    /// Entries of the index held in memory before they are written as a run.
    pub index_memory_entries: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { floors: Vec::new(), lock_wait_ms: 5000, cache_bytes: 64 * 1024 * 1024, index_memory_entries: 64 * 1024 }
    }
}

/// What was found and mended while opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Partial snapshots that were deleted before opening (design §4.4).
    pub partial_snapshots_removed: Vec<PathBuf>,
    /// Where the database was set aside because it could not be opened with its snapshot (design §4.4).
    pub set_aside: Option<PathBuf>,
    /// Events of an unfinished group at the end, which nobody was told of and which were left out.
    pub torn_group_events: u64,
    /// Whether the index had to be rebuilt from the first event.
    pub index_rebuilt: bool,
    /// Events read to complete the index.
    pub index_events_replayed: u64,
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or directory could not be read or written.
    #[error("{what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Another process holds the log.
    #[error("{path} is in use by another process")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The database keeps values outside its log, which are never synced (design §4.2).
    #[error("{path} is not empty: the database holds values that no sync covers; restore the log from its archive")]
    Blobs {
        /// The directory of blobs.
        path: PathBuf,
    },
    /// The database refuses to open, its snapshots deleted too.
    #[error("the database in {path} cannot be opened; restore the log from its archive")]
    Database {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: sled::Error,
    },
}
