//! Destroying: a key overwritten, a person forgotten.

use std::io;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Inner, KeyState, Ring, Vault};
use crate::keys_file::{PERSONS_MAX, Place};
use crate::ledger::Erasure;

/// Why a key could not be destroyed.
#[derive(Debug, thiserror::Error)]
pub enum DestroyError {
    /// A subject that is not known would need a slot, and the file is full.
    #[error("the keys file is full with {PERSONS_MAX} people")]
    Full,
    /// The disk refused. The key is out of use and nothing more is written until the vault is opened anew, which
    /// completes the erasure, because the ledger remembers it.
    #[error("the keys file cannot be written")]
    Io(#[source] io::Error),
    /// The disk refused to remember the erasure, so the key was not overwritten. It is out of use and nothing more is
    /// written until the vault is opened anew. That completes the erasure if its line got to the disk after all;
    /// otherwise it must be asked for again.
    #[error("the erasure ledger cannot be written")]
    Ledger(#[source] io::Error),
    /// An earlier write was refused by the disk.
    #[error("an earlier write to the keys file failed; it must be opened anew")]
    Stopped,
}

impl Vault {
    /// Destroys the key of `subject`, who was erased `at` this time: the erasure is in the ledger and on disk before the
    /// slot is overwritten, and that is on disk when this returns. Every value of the subject opens as erased from now
    /// on, in this log and in every copy of it. Answers what was known before.
    ///
    /// A subject that is not known is noted as destroyed too: that is how values are given up whose key was lost with
    /// a disk. Of a subject that was erased before nothing is written.
    ///
    /// # Errors
    /// See [`DestroyError`].
    pub fn destroy(&self, subject: Uuid, at: DateTime<Utc>) -> Result<KeyState, DestroyError> {
        let inner = &*self.inner;
        let Some(mine) = inner.turns.take() else {
            return Err(DestroyError::Stopped);
        };
        let before = self.knows(subject);
        if before == KeyState::Destroyed {
            mine.settle();
            return Ok(before);
        }
        let slots = inner.slots_for_note(subject);
        let Some(first) = slots.first() else {
            mine.settle();
            return Err(DestroyError::Full);
        };
        inner.forget(subject, *first);
        // The ledger first: if the overwriting is cut short, whoever opens the vault next ends it.
        inner
            .ledger
            .append(&Erasure::new(subject, at).line)
            .map_err(DestroyError::Ledger)?;
        for slot in &slots {
            inner
                .file
                .write_destroyed(*slot, subject)
                .map_err(DestroyError::Io)?;
        }
        inner.sync().map_err(DestroyError::Io)?;
        if let Some(slots_meanwhile) = inner.destroyed_meanwhile.lock().as_mut() {
            slots_meanwhile.extend(slots);
        }
        mine.settle();
        Ok(before)
    }
}

impl Inner {
    /// The slots in which to note that `subject` was erased: those with its key, or a free one. Empty when there is
    /// none.
    pub(super) fn slots_for_note(&self, subject: Uuid) -> Vec<u32> {
        let known = self.ring.read().slots_of(subject);
        if known.is_empty() {
            self.free.lock().take(1).unwrap_or_default()
        } else {
            known
        }
    }

    /// From here on nobody gets the key, whatever the disk says next.
    pub(super) fn forget(&self, subject: Uuid, slot: u32) {
        let mut ring = self.ring.write();
        ring.places.insert(
            subject,
            Place {
                slot,
                is_destroyed: true,
            },
        );
        ring.damaged.retain(|damaged| damaged.subject_as_read != subject);
        self.recent.lock().remove(subject);
    }
}

impl Ring {
    /// Every slot in which a key of `subject` lies or may lie, intact or not.
    fn slots_of(&self, subject: Uuid) -> Vec<u32> {
        let intact = self.places.get(&subject).map(|place| place.slot);
        let damaged = self
            .damaged
            .iter()
            .filter(|slot| slot.subject_as_read == subject)
            .map(|slot| slot.slot);
        intact.into_iter().chain(damaged).collect()
    }
}
