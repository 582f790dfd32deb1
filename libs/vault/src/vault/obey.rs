//! Obeying the ledger when a keys file is opened, before anything is answered.

use std::collections::BTreeSet;
use std::io;

use uuid::Uuid;

use super::{Inner, KeyState, Ring};

/// Why the ledger could not be obeyed.
pub(super) enum ObeyFault {
    /// A subject that is not known needs a slot, and there is none left.
    Full,
    Io(io::Error),
}

impl Ring {
    /// Whether a key of `subject`, whom the ledger names, lies or may lie in the file, or the file has not heard of the
    /// erasure.
    pub(super) fn disobeys(&self, subject: Uuid) -> bool {
        self.state(subject) != KeyState::Destroyed
            || self.damaged.iter().any(|slot| slot.subject_as_read == subject)
    }
}

impl Inner {
    /// Destroys the keys of `subjects`, with one `fdatasync` for all.
    pub(super) fn obey(&self, subjects: &BTreeSet<Uuid>) -> Result<(), ObeyFault> {
        if subjects.is_empty() {
            return Ok(());
        }
        for subject in subjects {
            let slots = self.slots_for_note(*subject);
            let first = *slots.first().ok_or(ObeyFault::Full)?;
            self.forget(*subject, first);
            for slot in slots {
                self.file.write_destroyed(slot, *subject).map_err(ObeyFault::Io)?;
            }
        }
        self.sync().map_err(ObeyFault::Io)
    }
}
