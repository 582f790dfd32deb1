//! Minting: keys for people, on disk before anybody uses them.

use std::io;

use rand::rngs::SysError;
use uuid::Uuid;

use super::turn::{Mine, Turn};
use super::{Inner, KeyState, Ring, Vault};
use crate::keys_file::slot::SlotBytes;
use crate::keys_file::{DamagedSlot, PERSONS_MAX, Place};

/// Why no key could be minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The subject was erased; its id is not used again.
    #[error("the subject {0} was erased")]
    Destroyed(Uuid),
    /// The subject's key may lie in a damaged slot, and a second key would make its values unreadable for good.
    #[error("slot {} of the keys file, which seems to hold the key of {}, is damaged", .0.slot, .0.subject_as_read)]
    Damaged(DamagedSlot),
    /// The file holds [`PERSONS_MAX`] people already.
    #[error("the keys file is full with {PERSONS_MAX} people")]
    Full,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] SysError),
    /// The disk refused. Nothing more is written until the vault is opened anew.
    #[error("the keys file cannot be written")]
    Io(#[source] io::Error),
    /// An earlier write was refused by the disk.
    #[error("an earlier write to the keys file failed; it must be opened anew")]
    Stopped,
}

impl Vault {
    /// Gives `subject` a key that is on disk when this returns. A subject that has one keeps it. Those who mint at the
    /// same time share one `fdatasync`.
    ///
    /// # Errors
    /// See [`MintError`].
    pub fn mint(&self, subject: Uuid) -> Result<(), MintError> {
        self.mint_all(&[subject])
    }

    /// Gives each of `subjects` a key, with one `fdatasync` for all. When one of them is refused none is minted, but a
    /// crash or a disk error may leave some of them minted.
    ///
    /// # Errors
    /// See [`MintError`].
    pub fn mint_all(&self, subjects: &[Uuid]) -> Result<(), MintError> {
        let inner = &*self.inner;
        let still_missing = || inner.ring.read().missing(subjects);
        // Most commands speak of people who are known, and those must not wait for anybody's disk.
        if still_missing()?.is_empty() {
            return Ok(());
        }
        loop {
            match inner.turns.ask(still_missing)? {
                Turn::Nothing => return Ok(()),
                Turn::Stopped => return Err(MintError::Stopped),
                Turn::Mine(mine) => inner.mint_wanted(mine)?,
            }
        }
    }
}

impl Inner {
    /// Writes a fresh key for everybody who waits for one, and ends the turn.
    fn mint_wanted(&self, mut mine: Mine<'_>) -> Result<(), MintError> {
        {
            // Somebody may have been erased while waiting, and must not get a key again.
            let ring = self.ring.read();
            mine.wanted
                .retain(|subject| ring.state(*subject) == KeyState::Unknown);
        }
        if mine.wanted.is_empty() {
            mine.settle();
            return Ok(());
        }
        let slots = match self.new_key_slots(&mine.wanted) {
            Ok(slots) => slots,
            Err(error) => {
                // Nothing was written yet, so the next one may try.
                mine.settle();
                return Err(error);
            }
        };
        for (_, slot, bytes) in &slots {
            self.file.write(*slot, bytes).map_err(MintError::Io)?;
        }
        self.sync().map_err(MintError::Io)?;
        let minted = slots.iter().map(|(subject, slot, _)| {
            (
                *subject,
                Place {
                    slot: *slot,
                    is_destroyed: false,
                },
            )
        });
        self.ring.write().places.extend(minted);
        mine.settle();
        Ok(())
    }

    /// Slots with a fresh key for each subject, not yet written.
    fn new_key_slots(&self, subjects: &[Uuid]) -> Result<Vec<(Uuid, u32, SlotBytes)>, MintError> {
        let numbers = self.free.lock().take(subjects.len()).ok_or(MintError::Full)?;
        let fill =
            |(subject, slot): (&Uuid, &u32)| Ok((*subject, *slot, self.file.new_key_slot(*subject, *slot)?));
        let filled: Result<Vec<_>, SysError> = subjects.iter().zip(&numbers).map(fill).collect();
        filled.map_err(|error| {
            self.free.lock().give_back(numbers);
            MintError::Random(error)
        })
    }
}

impl Ring {
    /// Those of `subjects` that have no key yet, or why one of them cannot have one.
    fn missing(&self, subjects: &[Uuid]) -> Result<Vec<Uuid>, MintError> {
        let mut missing = Vec::new();
        for subject in subjects {
            match self.state(*subject) {
                KeyState::Present => {}
                KeyState::Destroyed => return Err(MintError::Destroyed(*subject)),
                KeyState::Unknown => {
                    if let Some(damaged) = self.damaged.iter().find(|slot| slot.subject_as_read == *subject) {
                        return Err(MintError::Damaged(*damaged));
                    }
                    missing.push(*subject);
                }
            }
        }
        Ok(missing)
    }
}
