//! The handle that everybody else holds: keys minted, destroyed and used.

mod backup;
mod destroy;
mod mint;
mod obey;
mod turn;

pub use backup::{BackedUp, BackupError};
pub use destroy::DestroyError;
pub use mint::MintError;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use serde_json::Value;
use uuid::Uuid;

use crate::keys_file::{DamagedSlot, FreeSlots, KeysFile, OpenKeysError, Place, ReadKeyError};
use crate::ledger::Ledger;
use crate::marks::{self, FoundKey, OpenedForm, SealError, UnsealError};
use crate::master_key::MasterKey;
use crate::recent_keys::RecentKeys;
use crate::value_key::ValueKey;
use obey::ObeyFault;
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
/// [`Vault::destroy`] overwrites the slot where it lies, after the erasure ledger (see the crate's documentation)
/// remembers it. On a file system that copies on write, in a snapshot and in a backup of the keys file the wrapped key
/// lives on, though no vault that finds the ledger gives it out: keep such copies no longer than erasure may take, or
/// change the master key ([`crate::rotate_master`]) and destroy the old one.
///
/// What a crash leaves of a file that was being made beside the keys file, `.<name>.<16 hexadecimal digits>`, is removed
/// when the keys file is opened.
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
    /// Written by whoever has the turn.
    ledger: Ledger,
    torn_ledger_bytes: u64,
    obeyed: BTreeSet<Uuid>,
    /// The slots that were destroyed since the backup that is being made began.
    destroyed_meanwhile: Mutex<Option<Vec<u32>>>,
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
    /// Opens the keys file and the erasure ledger beside it ([`crate::LEDGER_FILE_NAME`]), or creates them empty. Reads
    /// all of both: 0.3 s for a million people. Whoever the ledger names and the keys file does not note as erased, is
    /// erased before this returns: [`Vault::obeyed`].
    ///
    /// # Errors
    /// See [`OpenKeysError`].
    pub fn open(keys_file: &Path, master: MasterKey) -> Result<Vault, OpenKeysError> {
        let (file, content) = KeysFile::open(keys_file, &master)?;
        let ring = Ring {
            places: content.places,
            damaged: content.damaged,
        };
        let mut obeyed = BTreeSet::new();
        let ledger = Ledger::open(Ledger::path_beside(keys_file), |erasure| {
            if ring.disobeys(erasure.subject) {
                obeyed.insert(erasure.subject);
            }
        });
        let (ledger, torn_ledger_bytes) = ledger.map_err(|source| OpenKeysError::Ledger {
            path: keys_file.to_owned(),
            source,
        })?;
        let inner = Inner {
            file,
            ring: RwLock::new(ring),
            recent: Mutex::default(),
            turns: Turns::default(),
            free: Mutex::new(content.free),
            syncs: AtomicU64::new(0),
            ledger,
            torn_ledger_bytes,
            obeyed,
            destroyed_meanwhile: Mutex::new(None),
        };
        inner.obey(&inner.obeyed).map_err(|fault| match fault {
            ObeyFault::Full => OpenKeysError::Full {
                path: keys_file.to_owned(),
            },
            ObeyFault::Io(source) => OpenKeysError::Io {
                action: "obey the erasure ledger in",
                path: keys_file.to_owned(),
                source,
            },
        })?;
        Ok(Vault {
            inner: Arc::new(inner),
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
        marks::open_data(event_id, data, OpenedForm::Plain, |subject| {
            self.inner.find_key(subject)
        })
    }

    /// [`Vault::open_data`], but every opened mark has a third member, `commitment`: the base64 of the sealed form,
    /// equal before and after an erasure. Digests of views name it in place of the value.
    ///
    /// # Errors
    /// See [`UnsealError`], which names the place.
    pub fn open_data_committed(&self, event_id: Uuid, data: &mut Value) -> Result<(), UnsealError> {
        marks::open_data(event_id, data, OpenedForm::Committed, |subject| {
            self.inner.find_key(subject)
        })
    }

    /// What a bundle may disclose of `data`, the stored `data` of the event `event_id`: for every sealed value whose
    /// key is there its pointer (RFC 6901, from the event: `/data/…`), its subject and its value key, in the order in
    /// which they stand. Erased values are left out. Whether a key fits its value is not tried:
    /// [`crate::open_with_value_key`] does that.
    ///
    /// # Errors
    /// As [`Vault::open_data`], but never [`UnsealError::Tampered`]: a subject that was never heard of is an error,
    /// because a bundle would else be poorer than the log without anybody knowing.
    pub fn value_keys(
        &self,
        event_id: Uuid,
        data: &Value,
    ) -> Result<Vec<(String, Uuid, ValueKey)>, UnsealError> {
        marks::value_keys(event_id, data, |subject| self.inner.find_key(subject))
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

    /// [`Vault::open_data_committed`] as a function.
    pub fn opener_committed(
        &self,
    ) -> impl Fn(Uuid, &mut Value) -> Result<(), UnsealError> + Send + Sync + Clone + 'static + use<> {
        let vault = self.clone();
        move |event_id, data| vault.open_data_committed(event_id, data)
    }

    /// The slots that were found damaged when the file was opened and have not been given up since. Someone should be
    /// told: a backup of the keys file may still have them.
    #[must_use]
    pub fn damaged(&self) -> Vec<DamagedSlot> {
        self.inner.ring.read().damaged.clone()
    }

    /// Whom the ledger named when the vault was opened although the keys file held a key of them, or had not heard of
    /// them: after a crash in the middle of an erasure, or because an older keys file was put back. They are erased
    /// now. Someone should be told.
    #[must_use]
    pub fn obeyed(&self) -> Vec<Uuid> {
        self.inner.obeyed.iter().copied().collect()
    }

    /// Where the erasure ledger lies. It may be copied at any time; a copy is to be kept with, and to be newer than,
    /// any backup of the keys.
    #[must_use]
    pub fn ledger(&self) -> &Path {
        self.inner.ledger.path()
    }

    /// How many bytes of a last line that was never written to its end were cut off the ledger when the vault was
    /// opened. The erasure that they were to tell of was never answered.
    #[must_use]
    pub fn torn_ledger_bytes(&self) -> u64 {
        self.inner.torn_ledger_bytes
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
