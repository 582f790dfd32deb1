//! The file of persons' keys: opened, read, written slot by slot.

mod error;
mod read;
pub(crate) mod slot;

pub use error::{OpenKeysError, ReadKeyError};
pub(crate) use read::SlotReader;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use rand::rngs::SysError;
use uuid::Uuid;

use crate::draft::{create_whole, sweep_drafts_of};
use crate::master_key::MasterKey;
use crate::secret_file::{is_open_to_others, mode_of};
use crate::value_key::PersonKey;
use slot::{SLOT_BYTES, Slot, SlotBytes, Wrapping, destroyed_slot};

/// The number of people (slots) one keys file can hold: 1.8 GB on disk and 0.42 GB of memory.
pub const PERSONS_MAX: u32 = 14_000_000;

/// A slot that does not hold what was written into it. Everything else still opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedSlot {
    /// The number of the slot; it lies at byte 128 × `slot` of the file.
    pub slot: u32,
    /// The subject as its bytes now say, which may be damaged too.
    pub subject_as_read: Uuid,
}

/// Where a person's key lies, or lay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) is_destroyed: bool,
}

/// What the slots held when the file was opened.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) places: HashMap<Uuid, Place>,
    pub(crate) damaged: Vec<DamagedSlot>,
    pub(crate) free: FreeSlots,
}

/// The slots that the next keys go to.
pub(crate) struct FreeSlots {
    /// Slots that were never filled, before `end`.
    vacant: Vec<u32>,
    /// The first slot that the file does not have yet.
    end: u32,
}

impl Default for FreeSlots {
    fn default() -> FreeSlots {
        // Slot 0 is the header.
        FreeSlots {
            vacant: Vec::new(),
            end: 1,
        }
    }
}

impl FreeSlots {
    /// As many slots, or `None` when the file cannot hold them all.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<u32>> {
        let from_vacant = count.min(self.vacant.len());
        let fresh = u32::try_from(count - from_vacant).ok()?;
        let end = self
            .end
            .checked_add(fresh)
            .filter(|end| *end <= PERSONS_MAX + 1)?;
        let mut taken = self.vacant.split_off(self.vacant.len() - from_vacant);
        taken.extend(self.end..end);
        self.end = end;
        Some(taken)
    }

    /// Slots that were taken but never written.
    pub(crate) fn give_back(&mut self, slots: Vec<u32>) {
        self.vacant.extend(slots);
    }
}

/// The open file, locked for this process.
pub(crate) struct KeysFile {
    file: File,
    wrapping: Wrapping,
}

impl KeysFile {
    /// Opens or creates the file and reads every slot.
    pub(crate) fn open(path: &Path, master: &MasterKey) -> Result<(KeysFile, Content), OpenKeysError> {
        let wrapping = Wrapping::new(master);
        if !path.try_exists().map_err(io_error("look for", path))? {
            let header = wrapping.new_header().map_err(OpenKeysError::Random)?;
            create_whole(path, &header).map_err(io_error("create", path))?;
        }
        let file = open_locked(path)?;
        let content = Content::read(SlotReader::start(&file, path, &wrapping)?)?;
        // A rotation that was cut short leaves keys there, which a later erasure would not reach.
        sweep_drafts_of(path).map_err(io_error("remove drafts of", path))?;
        Ok((KeysFile { file, wrapping }, content))
    }

    /// Takes the right to write away, so that the next write fails as on a disk that is gone.
    #[cfg(test)]
    pub(crate) fn make_read_only(&mut self, path: &Path) -> io::Result<()> {
        self.file = File::open(path)?;
        Ok(())
    }

    /// The key in `slot`.
    pub(crate) fn read_key(&self, subject: Uuid, slot: u32) -> Result<PersonKey, ReadKeyError> {
        let mut bytes = [0; SLOT_BYTES];
        self.file
            .read_exact_at(&mut bytes, offset(slot))
            .map_err(|source| ReadKeyError::Io { slot, source })?;
        // The cipher's tag covers more than the checksum does, so only it is asked.
        self.wrapping
            .unwrap_key(&bytes, subject, slot)
            .ok()
            .ok_or(ReadKeyError::Refused { slot })
    }

    /// The bytes of a slot with a fresh key, for [`KeysFile::write`].
    pub(crate) fn new_key_slot(&self, subject: Uuid, slot: u32) -> Result<SlotBytes, SysError> {
        self.wrapping.new_key_slot(subject, slot)
    }

    /// Writes one slot; durable after [`KeysFile::sync`].
    pub(crate) fn write(&self, slot: u32, bytes: &SlotBytes) -> io::Result<()> {
        self.file.write_all_at(bytes, offset(slot))
    }

    /// Overwrites one slot with the note that its subject was erased.
    pub(crate) fn write_destroyed(&self, slot: u32, subject: Uuid) -> io::Result<()> {
        self.write(slot, &destroyed_slot(subject))
    }

    /// How many slots the file has, the header among them.
    pub(crate) fn end(&self) -> io::Result<u32> {
        let slots = self.file.metadata()?.len() / SLOT_BYTES as u64;
        Ok(u32::try_from(slots).unwrap_or(u32::MAX))
    }

    /// Reads the slots from `first` on, as many as `bytes` holds.
    pub(crate) fn read_slots(&self, first: u32, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset(first))
    }

    /// `fdatasync`, which also covers the file's length when it has grown.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn offset(slot: u32) -> u64 {
    u64::from(slot) * SLOT_BYTES as u64
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenKeysError {
    move |source| OpenKeysError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Opens a file that exists, for this process alone.
pub(crate) fn open_locked(path: &Path) -> Result<File, OpenKeysError> {
    let in_use = || OpenKeysError::InUse {
        path: path.to_owned(),
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(io_error("open", path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use()),
        Err(TryLockError::Error(source)) => return Err(io_error("lock", path)(source)),
    }
    // A rotation may have put another file in its place since it was opened; keys written into this one would be lost.
    let (here, there) = (
        file.metadata().map_err(io_error("look at", path))?,
        path.metadata().map_err(io_error("look at", path))?,
    );
    if (here.dev(), here.ino()) != (there.dev(), there.ino()) {
        return Err(in_use());
    }
    let mode = mode_of(&file).map_err(io_error("read the mode of", path))?;
    if is_open_to_others(mode) {
        return Err(OpenKeysError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(file)
}

impl Content {
    fn read(mut slots: SlotReader<'_>) -> Result<Content, OpenKeysError> {
        let mut content = Content::default();
        content.free.end = slots.end();
        content.places.reserve(slots.end() as usize);
        while let Some((slot, _, held)) = slots.next()? {
            let place = |is_destroyed| Place { slot, is_destroyed };
            match held {
                Slot::Empty => content.free.vacant.push(slot),
                Slot::Unfinished(subject) | Slot::Damaged(subject) => content.note_damage(slot, subject),
                Slot::Present(subject) => content.note_place(subject, place(false)),
                Slot::Destroyed(subject) => content.note_place(subject, place(true)),
            }
        }
        // Taken from the end: the lowest slot is filled first.
        content.free.vacant.reverse();
        Ok(content)
    }

    fn note_damage(&mut self, slot: u32, subject_as_read: Uuid) {
        self.damaged.push(DamagedSlot {
            slot,
            subject_as_read,
        });
    }

    fn note_place(&mut self, subject: Uuid, place: Place) {
        match self.places.entry(subject) {
            Entry::Vacant(vacant) => {
                vacant.insert(place);
            }
            // An erasure noted in two slots, because a damaged one was overwritten too, is still one erasure.
            Entry::Occupied(known) if known.get().is_destroyed && place.is_destroyed => {}
            Entry::Occupied(mut known) => {
                // No subject is ever given two keys, so one of the slots is not what was written. An erasure stands.
                let other = if place.is_destroyed {
                    known.insert(place)
                } else {
                    place
                };
                self.note_damage(other.slot, subject);
            }
        }
    }
}
