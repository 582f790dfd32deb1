//! Rotation: every key wrapped by another master key.

use std::io;
use std::path::{Path, PathBuf};

use rand::rngs::SysError;

use crate::draft::Draft;
use crate::keys_file::slot::{RewrapFault, Slot, SlotBytes, Wrapping, given_up_slot};
use crate::keys_file::{DamagedSlot, OpenKeysError, SlotReader, open_locked};
use crate::master_key::MasterKey;

/// What a rotation does about slots that are damaged or whose key does not unwrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamagedSlots {
    /// It changes nothing and names them, because a backup of the keys file may still have their keys.
    Refuse,
    /// It gives them up: what is left of their keys is not copied. They stay damaged, so that [`crate::Vault::damaged`]
    /// still names them and their values open as erased.
    GiveUp,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// The keys file is wrapped by the new master key.
    Done {
        /// The keys that were wrapped anew.
        persons: u32,
        /// The slots that note an erasure, copied as they were.
        destroyed: u32,
        /// The slots that were given up.
        given_up: Vec<DamagedSlot>,
    },
    /// It was wrapped by the new master key already: an earlier rotation was cut short after its last step.
    Already,
}

/// Why the master key could not be changed. The keys file is then as it was, unless [`RotateError::Io`] says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The keys file does not exist, is in use, or does not open with the old master key (nor the new one).
    #[error("the keys file cannot be opened for a rotation")]
    Open(#[source] OpenKeysError),
    /// Some keys would be lost.
    #[error("{} slots of the keys file {} are damaged, the first is slot {}", slots.len(), path.display(), slots[0].slot)]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The slots, at least one.
        slots: Vec<DamagedSlot>,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] SysError),
    /// The file system refused. Should it have been the very last step, the new file is in its place but may not be
    /// there after a power cut: rotate again before anything is opened.
    #[error("the keys file {} cannot be written anew", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Wraps every key of a keys file by another master key, while no vault has it open. The file is written anew beside
/// itself and then takes its own place, so a crash leaves the old one or the new one. Persons keep their keys, their
/// slots and their sealed values.
///
/// The whole procedure: make the next master key's file ([`MasterKey::load_or_create`] at another path), rotate, put it
/// in the place of the current one ([`MasterKey::promote`]). After a crash in between, the same again ends it: a keys
/// file that the new master key opens is [`Rotated::Already`]. Backups stay wrapped by the key they were made under,
/// and the blocks of the old file are freed, not overwritten: destroy the old master key.
///
/// # Errors
/// See [`RotateError`].
pub fn rotate_master(
    keys_file: &Path,
    old: &MasterKey,
    new: &MasterKey,
    damaged: DamagedSlots,
) -> Result<Rotated, RotateError> {
    let (old, new) = (Wrapping::new(old), Wrapping::new(new));
    let file = open_locked(keys_file).map_err(RotateError::Open)?;
    let mut slots = match SlotReader::start(&file, keys_file, &old) {
        Ok(slots) => slots,
        Err(error @ OpenKeysError::WrongMaster { .. }) => {
            return match SlotReader::start(&file, keys_file, &new) {
                Ok(_) => Ok(Rotated::Already),
                Err(_) => Err(RotateError::Open(error)),
            };
        }
        Err(error) => return Err(RotateError::Open(error)),
    };
    let io_error = |source| RotateError::Io {
        path: keys_file.to_owned(),
        source,
    };
    let mut draft = Draft::of(keys_file).map_err(io_error)?;
    draft
        .write(&new.new_header().map_err(RotateError::Random)?)
        .map_err(io_error)?;
    let mut counted = Counted::default();
    while let Some((slot, bytes, held)) = slots.next().map_err(RotateError::Open)? {
        let bytes = counted.rewrap(&old, &new, slot, bytes, &held)?;
        draft.write(&bytes).map_err(io_error)?;
    }
    if damaged == DamagedSlots::Refuse && !counted.damaged.is_empty() {
        return Err(RotateError::Damaged {
            path: keys_file.to_owned(),
            slots: counted.damaged,
        });
    }
    // Nobody may write into the new file before its directory entry is on disk: a power cut could bring the old one
    // back, without what was minted since.
    let flushed = draft.flushed().and_then(std::fs::File::try_clone);
    let locked = flushed.and_then(|file| file.try_lock().map(|()| file).map_err(io::Error::from));
    let _locked = locked.map_err(io_error)?;
    draft.replace().map_err(io_error)?;
    Ok(Rotated::Done {
        persons: counted.persons,
        destroyed: counted.destroyed,
        given_up: counted.damaged,
    })
}

#[derive(Default)]
struct Counted {
    persons: u32,
    destroyed: u32,
    damaged: Vec<DamagedSlot>,
}

impl Counted {
    /// The slot as it is to be in the new file.
    fn rewrap(
        &mut self,
        old: &Wrapping,
        new: &Wrapping,
        slot: u32,
        bytes: SlotBytes,
        held: &Slot,
    ) -> Result<SlotBytes, RotateError> {
        let subject_as_read = match *held {
            Slot::Empty => return Ok(bytes),
            Slot::Destroyed(_) => {
                self.destroyed += 1;
                return Ok(bytes);
            }
            Slot::Present(subject) => match new.rewrap(old, &bytes, subject, slot) {
                Ok(rewrapped) => {
                    self.persons += 1;
                    return Ok(rewrapped);
                }
                Err(RewrapFault::Refused(_)) => subject,
                Err(RewrapFault::Random(error)) => return Err(RotateError::Random(error)),
            },
            Slot::Unfinished(subject) | Slot::Damaged(subject) => subject,
        };
        self.damaged.push(DamagedSlot {
            slot,
            subject_as_read,
        });
        Ok(given_up_slot(subject_as_read))
    }
}
