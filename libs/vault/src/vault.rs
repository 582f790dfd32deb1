//! The handle that everybody else holds: keys minted, destroyed and used.

mod turn;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{collections::HashMap, io};

use parking_lot::{Mutex, RwLock};
use rand::rngs::SysError;
use serde_json::Value;
use uuid::Uuid;

use crate::keys_file::{DamagedSlot, FreeSlots, KeysFile, OpenKeysError, PERSONS_MAX, Place, ReadKeyError};
use crate::marks::{self, FoundKey, SealError, UnsealError};
use crate::master_key::MasterKey;
use crate::recent_keys::RecentKeys;
use crate::value_key::ValueKey;
use turn::{Turn, Turns};

/// Persons' keys and what is sealed with them. A cheap handle: clones share one open keys file.
///
/// # The keys file
///
/// A file of 128-byte slots, for ever; integers are little-endian, unnamed bytes are zero. One process has it open at a
/// time (`flock`). It has mode 0600 and exists on disk, directory entry included, before [`Vault::open`] returns.
///
/// | slot 0 | bytes |
/// |---|---|
/// | magic `GUICHKEY` | 0..8 |
/// | version, `u32`: 1 | 8..12 |
/// | slot size, `u32`: 128 | 12..16 |
/// | file id, random | 16..32 |
/// | nonce, random | 32..56 |
/// | tag of XChaCha20-Poly1305(master key, nonce, no plaintext, additional data = bytes 0..32): tells a wrong master key | 56..72 |
/// | CRC-32C of bytes 0..124, `u32` | 124..128 |
///
/// | slot n ≥ 1, at byte 128 × n | bytes |
/// |---|---|
/// | subject | 0..16 |
/// | state: 1 present, 2 destroyed (then all but subject, state and CRC is zero); a slot of 128 zeros is empty | 16 |
/// | nonce, random | 24..48 |
/// | XChaCha20-Poly1305(master key, nonce, person key, additional data = subject ‖ n as `u64`) | 48..80 |
/// | its tag | 80..96 |
/// | CRC-32C of bytes 0..124, `u32` | 124..128 |
///
/// A slot lies within one disk sector, so a power cut leaves it old or new. A last slot that is shorter, or whose CRC
/// field is zero and wrong, was being written when the process died: nobody was told of its key, and it is used again.
/// Any other slot that does not fit its CRC is **damaged**: [`Vault::damaged`] names it and the others still open.
///
/// # Memory
///
/// 25 bytes per person and table entry, so 28 to 57 as the table doubles, and the keys of
/// [`crate::RECENT_KEYS_MAX`] people, wiped when they are forgotten.
///
/// # Erasure and the disk
///
/// [`Vault::destroy`] overwrites the slot where it lies. On a file system that copies on write, in a snapshot and in a
/// backup of the keys file the wrapped key lives on: keep such backups no longer than erasure may take, or change the
/// master key.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    file: KeysFile,
    ring: RwLock<Ring>,
    /// Locked only while `ring` is, in this order.
    recent: Mutex<RecentKeys>,
    turns: Turns<FreeSlots>,
    syncs: AtomicU64,
}

/// What is known of every subject.
struct Ring {
    places: HashMap<Uuid, Place>,
    damaged: Vec<DamagedSlot>,
}

/// What the vault knows of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// There is a key: values can be sealed and opened.
    Present,
    /// There was a key (or the subject was given up for lost); values open as erased.
    Destroyed,
    /// Never heard of.
    Unknown,
}

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

/// Why a key could not be destroyed.
#[derive(Debug, thiserror::Error)]
pub enum DestroyError {
    /// A subject that is not known would need a slot, and the file is full.
    #[error("the keys file is full with {PERSONS_MAX} people")]
    Full,
    /// The disk refused. Nothing more is written until the vault is opened anew; until then the key is out of use, but
    /// the erasure must be asked for again.
    #[error("the keys file cannot be written")]
    Io(#[source] io::Error),
    /// An earlier write was refused by the disk.
    #[error("an earlier write to the keys file failed; it must be opened anew")]
    Stopped,
}

impl Vault {
    /// Opens the keys file, or creates an empty one. Reads all of it: about 0.1 s for a million people.
    ///
    /// # Errors
    /// See [`OpenKeysError`].
    pub fn open(keys_file: &Path, master: MasterKey) -> Result<Vault, OpenKeysError> {
        let (file, content) = KeysFile::open(keys_file, &master)?;
        Ok(Vault {
            inner: Arc::new(Inner {
                file,
                ring: RwLock::new(Ring {
                    places: content.places,
                    damaged: content.damaged,
                }),
                recent: Mutex::default(),
                turns: Turns::new(content.free),
                syncs: AtomicU64::new(0),
            }),
        })
    }

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
                Turn::Mine(mut mine) => {
                    let minted = inner.write_new_keys(&mine.wanted, &mut mine.with)?;
                    inner.ring.write().places.extend(minted);
                    mine.succeed();
                }
            }
        }
    }

    /// What is known of `subject`.
    #[must_use]
    pub fn knows(&self, subject: Uuid) -> KeyState {
        self.inner.ring.read().state(subject)
    }

    /// Destroys the key of `subject`: its slot is overwritten and on disk when this returns, and every value of the
    /// subject opens as erased from now on, in this log and in every copy of it. Answers what was known before.
    ///
    /// A subject that is not known is noted as destroyed too: that is how values are given up whose key was lost with
    /// a disk, and how an erasure is repeated after an older keys file was restored.
    ///
    /// # Errors
    /// See [`DestroyError`].
    pub fn destroy(&self, subject: Uuid) -> Result<KeyState, DestroyError> {
        let inner = &*self.inner;
        let Some(mut mine) = inner.turns.take() else {
            return Err(DestroyError::Stopped);
        };
        let before = self.knows(subject);
        if before == KeyState::Destroyed {
            mine.succeed();
            return Ok(before);
        }
        let Some(slot) = inner.ring.read().slot_to_overwrite(subject).or_else(|| mine.with.take()) else {
            mine.succeed();
            return Err(DestroyError::Full);
        };
        {
            // From here on nobody gets the key, whatever the disk says next.
            let mut ring = inner.ring.write();
            ring.places.insert(subject, Place { slot, is_destroyed: true });
            ring.damaged.retain(|damaged| damaged.slot != slot);
            inner.recent.lock().remove(subject);
        }
        inner.file.write_destroyed(slot, subject).map_err(DestroyError::Io)?;
        inner.sync().map_err(DestroyError::Io)?;
        mine.succeed();
        Ok(before)
    }

    /// Seals every personal mark in `data`, the `data` of the event `event_id`. Everything else stays as it is.
    /// Sealing the same data for the same event gives the same bytes.
    ///
    /// # Errors
    /// See [`SealError`]; after an error `data` must not be stored.
    pub fn seal_data(&self, event_id: Uuid, data: &mut Value) -> Result<(), SealError> {
        marks::seal_data(event_id, data, |subject| self.inner.find_key(subject))
    }

    /// Opens every sealed value in `data`, the `data` of the event `event_id`. Values of a destroyed key become
    /// `{"personal":{"subject":"<uuid>","erased":true}}`. So do, as long as the file has damaged slots
    /// ([`Vault::damaged`]), those of a subject that is not known: its key may lie in one of them.
    ///
    /// # Errors
    /// See [`UnsealError`], which names the place.
    pub fn open_data(&self, event_id: Uuid, data: &mut Value) -> Result<(), UnsealError> {
        marks::open_data(event_id, data, |subject| self.inner.find_key(subject))
    }

    /// The key of the value at `pointer` (RFC 6901, from the event: `/data/…`) in the event `event_id`: to be disclosed
    /// in a bundle, or to encrypt an attachment with ([`crate::content`]). `None` when the subject has no key or the key
    /// cannot be read.
    #[must_use]
    pub fn value_key(&self, subject: Uuid, event_id: Uuid, pointer: &str) -> Option<ValueKey> {
        match self.inner.find_key(subject) {
            Ok(FoundKey::Key(key)) => Some(key.value_key(event_id, pointer)),
            Ok(FoundKey::Erased | FoundKey::Unknown) | Err(_) => None,
        }
    }

    /// [`Vault::open_data`] as a function, for those who fold events and do not know this crate.
    pub fn opener(
        &self,
    ) -> impl Fn(Uuid, &mut Value) -> Result<(), UnsealError> + Send + Sync + Clone + 'static + use<> {
        let vault = self.clone();
        move |event_id, data| vault.open_data(event_id, data)
    }

    /// The slots that were found damaged when the file was opened and have not been given up since. Someone should be
    /// told: a backup of the keys file may still have them.
    #[must_use]
    pub fn damaged(&self) -> Vec<DamagedSlot> {
        self.inner.ring.read().damaged.clone()
    }

    /// How often this vault has waited for `fdatasync` since it was opened.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.inner.syncs.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("persons", &self.inner.ring.read().places.len()).finish_non_exhaustive()
    }
}

impl Inner {
    /// Writes a fresh key for each subject and waits until all are on disk.
    fn write_new_keys(&self, subjects: &[Uuid], free: &mut FreeSlots) -> Result<Vec<(Uuid, Place)>, MintError> {
        let mut minted = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let slot = free.take().ok_or(MintError::Full)?;
            let bytes = self.file.new_key_slot(*subject, slot).map_err(MintError::Random)?;
            self.file.write(slot, &bytes).map_err(MintError::Io)?;
            minted.push((*subject, Place { slot, is_destroyed: false }));
        }
        self.sync().map_err(MintError::Io)?;
        Ok(minted)
    }

    fn sync(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.file.sync()
    }

    fn find_key(&self, subject: Uuid) -> Result<FoundKey, ReadKeyError> {
        // The ring stays locked until the key is among the recent ones: a key destroyed in between would otherwise be
        // put back after it was wiped.
        let ring = self.ring.read();
        let Some(place) = ring.places.get(&subject) else {
            return Ok(if ring.damaged.is_empty() { FoundKey::Unknown } else { FoundKey::Erased });
        };
        if place.is_destroyed {
            return Ok(FoundKey::Erased);
        }
        if let Some(key) = self.recent.lock().get(subject) {
            return Ok(FoundKey::Key(key));
        }
        let key = Arc::new(self.file.read_key(subject, place.slot)?);
        self.recent.lock().insert(subject, Arc::clone(&key));
        Ok(FoundKey::Key(key))
    }
}

impl Ring {
    fn state(&self, subject: Uuid) -> KeyState {
        match self.places.get(&subject) {
            Some(place) if place.is_destroyed => KeyState::Destroyed,
            Some(_) => KeyState::Present,
            None => KeyState::Unknown,
        }
    }

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

    /// The slot in which the key of `subject` lies, intact or not.
    fn slot_to_overwrite(&self, subject: Uuid) -> Option<u32> {
        let damaged = || self.damaged.iter().find(|slot| slot.subject_as_read == subject).map(|slot| slot.slot);
        self.places.get(&subject).map(|place| place.slot).or_else(damaged)
    }
}
