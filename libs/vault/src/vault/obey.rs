//! Obeying the ledger when a keys file is opened, before anything is answered.

use std::collections::BTreeSet;
use std::io;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Inner, KeyState, Ring, Vault};
use crate::ledger::{self, Erasure, LedgerError};

/// Why the ledger could not be obeyed.
pub(super) enum ObeyFault {
    /// A subject that is not known needs a slot, and there is none left.
    Full,
    Io(io::Error),
}

impl Vault {
    /// Writes to the ledger those of the erased that it does not name, on disk when this returns, and answers how many there
    /// were: a ledger that was lost is made again from whoever remembers, before a backup is made of an empty one.
    ///
    /// # Errors
    /// [`LedgerError`]; then the next opening completes it.
    pub fn complete_ledger(&self, erased: &[(Uuid, DateTime<Utc>)]) -> Result<usize, LedgerError> {
        let (inner, path) = (&*self.inner, self.ledger());
        let refused = |source| LedgerError::Io {
            action: "complete",
            path: path.to_owned(),
            source,
        };
        let stopped = || refused(io::Error::other("an earlier write to the keys file failed"));
        let mine = inner.turns.take().ok_or_else(stopped)?;
        let mut named = BTreeSet::new();
        let read = ledger::read_copy(path, |erasure| {
            named.insert(erasure.subject);
        });
        if let Err(error) = read {
            mine.settle();
            return Err(error);
        }
        let missing = erased.iter().filter(|(subject, _)| named.insert(*subject));
        let lines: Vec<String> = missing
            .map(|(subject, at)| Erasure::new(*subject, *at).line)
            .collect();
        if !lines.is_empty() {
            inner.ledger.append(&lines.concat()).map_err(refused)?;
        }
        mine.settle();
        Ok(lines.len())
    }
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
