//! Why something could not be read.

use crate::place::Position;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A block is not what was written. Restore it from the archive.
    #[error("the block with key {key}, asked for position {position}, is damaged: {fault}")]
    Damaged {
        /// The key of the block: its first position.
        key: u64,
        /// The position asked for.
        position: Position,
        /// What is wrong with it.
        fault: String,
    },
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] sled::Error),
    /// The index failed. It is rebuilt when the log is opened again.
    #[error("the index failed")]
    Index(#[source] std::io::Error),
}
