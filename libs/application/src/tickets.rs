//! Tickets: opening them, acting on them, and asking for them, one or many, as they are or as they were.

pub mod act;
pub mod as_of;
pub mod attachments;
pub mod open;
pub mod reading;
pub mod rescue;
pub mod threads;

use std::sync::Arc;

use event_log::Position;
use views::Views;

pub use views::{
    history::{Entry, Happened},
    queue::{AssigneeFilter, LIMIT_DEFAULT, LIMIT_MAX, QueuePage, QueueQuery, Row, SORT_COLUMNS, Sort},
};

pub use crate::kernel::folds::Loaded;
use crate::kernel::{Files, Kernel, lag::Lags};

/// Tickets, their files and the lists of them. A cheap handle.
#[derive(Clone)]
pub struct Tickets {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) views: Views,
    pub(crate) lags: Arc<Lags>,
    pub(crate) files: Files,
    /// Largest attachment, bytes.
    pub(crate) file_bytes_max: u64,
    /// The desk that rescue forms go to.
    pub(crate) rescue_desk: Arc<str>,
}

impl Tickets {
    /// The last position that lists show.
    #[must_use]
    pub fn listed_through(&self) -> Position {
        self.views.position()
    }

    /// Largest attachment, bytes.
    #[must_use]
    pub fn file_bytes_max(&self) -> u64 {
        self.file_bytes_max
    }
}
