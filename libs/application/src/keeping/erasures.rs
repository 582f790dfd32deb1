//! How far the erasures of this process are.

use std::collections::BTreeMap;

use domain::PersonId;

/// How far an erasure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureState {
    /// The key is gone; views and files are being cleaned.
    Running,
    /// Nothing of the person is left that can be read.
    Done,
    /// The key is gone, but something could not be cleaned; it is tried again at the next start.
    Failed {
        /// What, for an operator.
        reason: String,
    },
}

/// What is known of erasures in this process.
#[derive(Debug, Default)]
pub(crate) struct Erasures {
    jobs: parking_lot::Mutex<BTreeMap<PersonId, ErasureState>>,
    /// One at a time: each ends with views that are clean of all that began before it.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl Erasures {
    pub(super) fn state(&self, person: PersonId) -> Option<ErasureState> {
        self.jobs.lock().get(&person).cloned()
    }

    pub(super) fn set(&self, person: PersonId, state: ErasureState) {
        self.jobs.lock().insert(person, state);
    }
}
