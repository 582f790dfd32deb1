//! The file of persons' keys: opened, read, written slot by slot.

pub(crate) mod slot;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rand::rngs::SysError;
use uuid::Uuid;

use crate::master_key::MasterKey;
use crate::secret_file::{create_whole, is_open_to_others, mode_of};
use crate::value_key::PersonKey;
use slot::{HeaderFault, SLOT_BYTES, Slot, SlotBytes, Wrapping, destroyed_slot, read_slot};

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

/// Why the keys file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeysError {
    /// The file system refused.
    #[error("cannot {action} the keys file {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Another process (or another handle in this one) has it open for writing.
    #[error("the keys file {} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else may read or write the file.
    #[error("the keys file {} has mode {mode:04o} and is open to others; give it mode 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is something else.
    #[error("{} is not a keys file", path.display())]
    NotAKeysFile {
        /// The file.
        path: PathBuf,
    },
    /// A later version of Guichet wrote the file.
    #[error("the keys file {} has version {version}, which this program does not know", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// The header is not what was written.
    #[error("the header of the keys file {} is damaged", path.display())]
    HeaderDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The keys were wrapped under another master key.
    #[error("the master key is not the one that the keys file {} was made with", path.display())]
    WrongMaster {
        /// The file.
        path: PathBuf,
        /// The cipher's answer.
        #[source]
        source: chacha20poly1305::Error,
    },
    /// The file holds more slots than [`PERSONS_MAX`].
    #[error("the keys file {} is larger than the {PERSONS_MAX} slots it may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] SysError),
}

/// Why a key that the file holds could not be read. The slot was intact when the file was opened.
#[derive(Debug, thiserror::Error)]
pub enum ReadKeyError {
    /// The file system refused.
    #[error("slot {slot} of the keys file cannot be read")]
    Io {
        /// The number of the slot.
        slot: u32,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The slot does not hold a key of this subject wrapped under this master key.
    #[error("slot {slot} of the keys file does not hold the subject's key")]
    Refused {
        /// The number of the slot.
        slot: u32,
        /// The cipher's answer.
        #[source]
        source: chacha20poly1305::Error,
    },
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
        let io = |action| {
            move |source| OpenKeysError::Io {
                action,
                path: path.to_owned(),
                source,
            }
        };
        let wrapping = Wrapping::new(master);
        if !path.try_exists().map_err(io("look for"))? {
            let header = wrapping.new_header().map_err(OpenKeysError::Random)?;
            create_whole(path, &header).map_err(io("create"))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(io("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenKeysError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock")(source)),
        }
        let mode = mode_of(&file).map_err(io("read the mode of"))?;
        if is_open_to_others(mode) {
            return Err(OpenKeysError::OpenToOthers {
                path: path.to_owned(),
                mode,
            });
        }
        let mut reader = BufReader::with_capacity(64 * 1024, &file);
        check_header(&mut reader, path, &wrapping)?;
        let content = read_slots(&mut reader, path)?;
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
            .map_err(|source| ReadKeyError::Refused { slot, source })
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

    /// `fdatasync`, which also covers the file's length when it has grown.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn offset(slot: u32) -> u64 {
    u64::from(slot) * SLOT_BYTES as u64
}

fn check_header(
    reader: &mut BufReader<&File>,
    path: &Path,
    wrapping: &Wrapping,
) -> Result<(), OpenKeysError> {
    let path = || path.to_owned();
    let mut header = [0; SLOT_BYTES];
    match reader.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(OpenKeysError::NotAKeysFile { path: path() });
        }
        Err(source) => {
            return Err(OpenKeysError::Io {
                action: "read",
                path: path(),
                source,
            });
        }
    }
    wrapping.check_header(&header).map_err(|fault| match fault {
        HeaderFault::NotAKeysFile => OpenKeysError::NotAKeysFile { path: path() },
        HeaderFault::UnknownVersion(version) => OpenKeysError::UnknownVersion {
            path: path(),
            version,
        },
        HeaderFault::Damaged => OpenKeysError::HeaderDamaged { path: path() },
        HeaderFault::OtherMaster(source) => OpenKeysError::WrongMaster { path: path(), source },
    })
}

fn read_slots(reader: &mut BufReader<&File>, path: &Path) -> Result<Content, OpenKeysError> {
    let io = |source| OpenKeysError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let bytes = reader.get_ref().metadata().map_err(io)?.len();
    // A slot of which only a part was written is no slot: the next key is written over it.
    let end = u32::try_from(bytes / SLOT_BYTES as u64).unwrap_or(u32::MAX);
    if end > PERSONS_MAX + 1 {
        return Err(OpenKeysError::TooLarge {
            path: path.to_owned(),
        });
    }
    let mut content = Content::default();
    content.free.end = end;
    content.places.reserve(end as usize);
    let mut bytes = [0; SLOT_BYTES];
    for slot in 1..end {
        reader.read_exact(&mut bytes).map_err(io)?;
        let is_last = slot + 1 == end;
        match read_slot(&bytes) {
            Slot::Empty => content.free.vacant.push(slot),
            // Only the newest slot can be half written; anywhere else it is damage.
            Slot::Unfinished(_) if is_last => content.free.vacant.push(slot),
            Slot::Unfinished(subject) | Slot::Damaged(subject) => content.note_damage(slot, subject),
            Slot::Present(subject) => content.note_place(
                subject,
                Place {
                    slot,
                    is_destroyed: false,
                },
            ),
            Slot::Destroyed(subject) => content.note_place(
                subject,
                Place {
                    slot,
                    is_destroyed: true,
                },
            ),
        }
    }
    // Taken from the end: the lowest slot is filled first.
    content.free.vacant.reverse();
    Ok(content)
}

impl Content {
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
