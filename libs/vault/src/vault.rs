//! The handle that everybody else holds: keys minted, destroyed and used.

mod destroy;
mod mint;
mod turn;

pub use destroy::DestroyError;
pub use mint::MintError;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use serde_json::Value;
use uuid::Uuid;

use crate::keys_file::{DamagedSlot, FreeSlots, KeysFile, OpenKeysError, Place, ReadKeyError};
use crate::marks::{self, FoundKey, SealError, UnsealError};
use crate::master_key::MasterKey;
use crate::recent_keys::RecentKeys;
use crate::value_key::ValueKey;
use turn::Turns;

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
    turns: Turns,
    /// Touched only by whoever has the turn.
    free: Mutex<FreeSlots>,
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

impl Vault {
    /// Opens the keys file, or creates an empty one. Reads all of it: 0.3 s for a million people.
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
                turns: Turns::default(),
                free: Mutex::new(content.free),
                syncs: AtomicU64::new(0),
            }),
        })
    }

    /// What is known of `subject`.
    #[must_use]
    pub fn knows(&self, subject: Uuid) -> KeyState {
        self.inner.ring.read().state(subject)
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
        f.debug_struct("Vault")
            .field("persons", &self.inner.ring.read().places.len())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn sync(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.file.sync()
    }

    fn find_key(&self, subject: Uuid) -> Result<FoundKey, ReadKeyError> {
        // The ring stays locked until the key is among the recent ones: a key destroyed in between would otherwise be
        // put back after it was wiped.
        let ring = self.ring.read();
        let Some(place) = ring.places.get(&subject) else {
            return Ok(if ring.damaged.is_empty() {
                FoundKey::Unknown
            } else {
                FoundKey::Erased
            });
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
}

#[cfg(test)]
mod tests;
