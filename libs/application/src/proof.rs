//! The memory, proven: the Merkle tree over the log, and the checkpoints that are signed over it (peers N2).
//!
//! The tree is a projection like any other: a thread of its own follows the log, so no append waits for it, and its files
//! may be deleted. What may not be lost is what was signed: the checkpoints, which say what the log has promised to be.

mod checkpoints;
mod levels;
mod signer;
mod tree;

pub use checkpoints::CheckpointsError;
pub use signer::{SignError, Signed};
pub use tree::{Promise, Tree, TreeState};

pub(crate) use checkpoints::{Checkpoints, last_of_epoch};
pub(crate) use signer::Signer;
