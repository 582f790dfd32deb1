//! The memory, proven: the Merkle tree over the log, and the checkpoints that are signed over it (peers N2).
//!
//! The tree is a projection like any other: a thread of its own follows the log, so no append waits for it, and its files
//! may be deleted. What may not be lost is what was signed: the checkpoints, which say what the log has promised to be.

pub mod audit;
pub mod checkpoints;
pub mod epoch;
pub mod evidence;
pub mod feed;
mod levels;
pub(crate) mod of_log;
pub mod signer;
pub mod tree;

use std::sync::Arc;

pub use transparency::{Hash, TileKind, TilePath, TilePathError};

use domain::AccountId;
use moka::sync::Cache;
use parking_lot::RwLock;
use views::Views;

use self::{
    signer::Signer,
    tree::{Tree, TreeState},
};
use crate::kernel::{Kernel, places::Places};

/// For how many readers of the feed it is remembered that this hour's reading is on record.
const FEED_TRACES_MAX: u64 = 10_000;

/// What auditors read. A cheap handle.
#[derive(Clone)]
pub struct Proofs {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) tree: Arc<Tree>,
    views: Views,
    places: Arc<Places>,
    signer: Arc<RwLock<Option<Signer>>>,
    /// By account, the last hour of which it left a trace of reading the feed.
    feed_traces: Cache<AccountId, i64>,
}

impl Proofs {
    pub(crate) fn new(kernel: Arc<Kernel>, tree: Arc<Tree>, views: Views, places: Arc<Places>) -> Proofs {
        Proofs {
            kernel,
            tree,
            views,
            places,
            signer: Arc::default(),
            feed_traces: Cache::new(FEED_TRACES_MAX),
        }
    }

    /// How the tree over the log stands, and how many events are in it.
    #[must_use]
    pub fn tree_state(&self) -> (TreeState, u64) {
        (self.tree.state(), self.tree.size())
    }

    /// How many events the last signed checkpoint covers.
    #[must_use]
    pub fn signed_size(&self) -> u64 {
        let last = self.signer().and_then(|signer| signer.last());
        last.map_or(0, |last| last.size)
    }

    pub(crate) fn signer(&self) -> Option<Signer> {
        self.signer.read().clone()
    }
}
