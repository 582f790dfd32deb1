//! Keeping a log for years: where things lie, backups and restores, erasures, the clock, and whether all is as it should be.

pub mod apart;
pub mod archive;
pub mod clock;
pub mod erasure;
pub mod erasures;
pub(crate) mod places;
pub mod readiness;
pub mod reason;
pub mod restore;
pub(crate) mod scan;
pub(crate) mod secret_check;
pub mod settings;
pub(crate) mod survey;
pub mod upkeep;

use std::sync::Arc;

use supervision::Supervisor;
use views::Views;

use self::erasures::Erasures;
use crate::{
    identity::Identity,
    kernel::{Files, Kernel, lag::Lags, places::Places},
    proofs::Proofs,
    reactions::follower::Reactions,
};

/// What whoever runs the server asks for. A cheap handle.
#[derive(Clone)]
pub struct Keeping {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) identity: Identity,
    pub(crate) proofs: Proofs,
    pub(crate) views: Views,
    pub(crate) files: Files,
    pub(crate) places: Arc<Places>,
    pub(crate) reactions: Arc<Reactions>,
    pub(crate) erasures: Arc<Erasures>,
    pub(crate) workers: Supervisor,
    pub(crate) lags: Arc<Lags>,
    /// At the start no checkpoint was found, though this log is old enough to have one.
    pub(crate) lacks_checkpoints: bool,
}
