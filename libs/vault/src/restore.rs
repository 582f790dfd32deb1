//! Restoring: a keys file made from a backup, without those who were erased since.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::draft::Draft;
use crate::keys_file::slot::{MAGIC, SLOT_BYTES, Slot, SlotBytes, Wrapping, destroyed_slot};
use crate::keys_file::{OpenKeysError, PERSONS_MAX, SlotReader, open_locked};
use crate::ledger::{self, Erasure, Ledger, LedgerError};
use crate::master_key::MasterKey;
use crate::secret_file::Created;

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The people who have a key.
    pub persons: u32,
    /// The people who are noted as erased.
    pub destroyed: u32,
    /// Those of them whom the backup held a key of (or what may have been one), or had never heard of.
    pub obeyed: u32,
    /// The slots that are damaged in the backup, and are now in the restored file.
    pub damaged: u32,
}

/// Why no keys file was made.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is a keys file already.
    #[error("there is a keys file at {} already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The backup does not open with this master key.
    #[error("the backup of the keys cannot be opened")]
    Backup(#[source] OpenKeysError),
    /// A ledger cannot be read, or the one beside the new keys file cannot be written.
    #[error("an erasure ledger cannot be used")]
    Ledger(#[source] LedgerError),
    /// The ledgers name people who need a slot, and there is none left.
    #[error("the keys file would have more than {PERSONS_MAX} people")]
    Full,
    /// The file system refused.
    #[error("the keys file {} cannot be made", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Makes the keys file `to` from a backup ([`crate::Vault::backup`]), in which everybody is erased whom one of the
/// `ledgers` names, or the ledger that lies beside `to` already. File and directory are on disk when this returns.
/// A keys file that holds nobody ([`holds_nobody`]) is replaced: nothing is lost by it.
///
/// The ledger beside `to` is then theirs together: it is completed with what the others say, or made. That is done
/// first, so that whatever happens in between, the vault that opens `to` obeys them all.
///
/// # Errors
/// See [`RestoreError`]. A damaged ledger is refused: whom it names is not known.
pub fn restore_keys(
    backup: &Path,
    ledgers: &[&Path],
    to: &Path,
    master: &MasterKey,
) -> Result<Restored, RestoreError> {
    let io_error = |source| RestoreError::Io {
        path: to.to_owned(),
        source,
    };
    let exists = || RestoreError::Exists { path: to.to_owned() };
    let replaced = match to.try_exists().map_err(io_error)? {
        false => None,
        // Locked until the new one has its place, so that no server takes it meanwhile.
        true if holds_nobody(to).map_err(io_error)? => Some(open_locked(to).ok().ok_or_else(exists)?),
        true => return Err(exists()),
    };
    let backup_error = |action| {
        move |source| {
            RestoreError::Backup(OpenKeysError::Io {
                action,
                path: backup.to_owned(),
                source,
            })
        }
    };
    let file = File::open(backup).map_err(backup_error("open"))?;
    let wrapping = Wrapping::new(master);
    let mut slots = SlotReader::start(&file, backup, &wrapping).map_err(RestoreError::Backup)?;
    let erased = complete_ledger(ledgers, to).map_err(RestoreError::Ledger)?;

    let mut draft = Draft::of(to).map_err(io_error)?;
    draft
        .write(
            &wrapping
                .new_header()
                .map_err(|error| io_error(io::Error::other(error)))?,
        )
        .map_err(io_error)?;
    let mut restoring = Restoring::of(erased);
    while let Some((_, bytes, held)) = slots.next().map_err(RestoreError::Backup)? {
        draft.write(&restoring.obey(bytes, &held)).map_err(io_error)?;
    }
    let unheard_of = restoring.note_the_others(slots.end()).ok_or(RestoreError::Full)?;
    for bytes in unheard_of {
        draft.write(&bytes).map_err(io_error)?;
    }
    if replaced.is_some() {
        draft.replace().map_err(io_error)?;
        return Ok(restoring.restored);
    }
    match draft.link().map_err(io_error)? {
        Created::New => Ok(restoring.restored),
        Created::Found => Err(exists()),
    }
}

/// Whether there is no keys file at `path`, or one without a single slot: no key was ever kept in it and no erasure noted.
///
/// # Errors
/// When the file cannot be read.
pub fn holds_nobody(path: &Path) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let mut magic = [0; MAGIC.len()];
    let is_keys_file = match file.read_exact(&mut magic) {
        Ok(()) => magic == *MAGIC,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
        Err(error) => return Err(error),
    };
    Ok(is_keys_file && file.metadata()?.len() < 2 * SLOT_BYTES as u64)
}

/// Whom the ledgers name, the one beside `to` among them, which is completed.
fn complete_ledger(ledgers: &[&Path], to: &Path) -> Result<BTreeMap<Uuid, IsNoted>, LedgerError> {
    let mut named: BTreeMap<Uuid, String> = BTreeMap::new();
    for path in ledgers {
        // The first line about somebody is the one that tells when.
        ledger::read_copy(path, |Erasure { subject, line }| {
            named.entry(subject).or_insert(line);
        })?;
    }
    let mut erased = BTreeMap::new();
    let (own, _) = Ledger::open(Ledger::path_beside(to), |erasure| {
        erased.insert(erasure.subject, IsNoted(false));
    })?;
    named.retain(|subject, _| !erased.contains_key(subject));
    let missing: String = named.values().map(String::as_str).collect();
    if !missing.is_empty() {
        own.append(&missing).map_err(|source| LedgerError::Io {
            action: "write to",
            path: own.path().to_owned(),
            source,
        })?;
    }
    erased.extend(named.into_keys().map(|subject| (subject, IsNoted(false))));
    Ok(erased)
}

/// Whether the new file has a slot that says so.
struct IsNoted(bool);

struct Restoring {
    erased: BTreeMap<Uuid, IsNoted>,
    restored: Restored,
}

impl Restoring {
    fn of(erased: BTreeMap<Uuid, IsNoted>) -> Restoring {
        Restoring {
            erased,
            restored: Restored {
                persons: 0,
                destroyed: 0,
                obeyed: 0,
                damaged: 0,
            },
        }
    }

    /// The slot as it is to be in the new file.
    fn obey(&mut self, bytes: SlotBytes, held: &Slot) -> SlotBytes {
        let restored = &mut self.restored;
        let (subject, count) = match *held {
            Slot::Empty => return bytes,
            Slot::Destroyed(subject) => {
                if let Some(noted) = self.erased.get_mut(&subject) {
                    *noted = IsNoted(true);
                }
                restored.destroyed += 1;
                return bytes;
            }
            Slot::Present(subject) => (subject, &mut restored.persons),
            Slot::Unfinished(subject) | Slot::Damaged(subject) => (subject, &mut restored.damaged),
        };
        let Some(noted) = self.erased.get_mut(&subject) else {
            *count += 1;
            return bytes;
        };
        *noted = IsNoted(true);
        restored.destroyed += 1;
        restored.obeyed += 1;
        destroyed_slot(subject)
    }

    /// Slots for those of whom the backup had never heard, or `None` when the file cannot hold them all.
    fn note_the_others(&mut self, end: u32) -> Option<Vec<SlotBytes>> {
        let others = self.erased.iter().filter(|(_, noted)| !noted.0);
        let slots: Vec<SlotBytes> = others.map(|(subject, _)| destroyed_slot(*subject)).collect();
        let count = u32::try_from(slots.len()).ok()?;
        end.checked_add(count).filter(|end| *end <= PERSONS_MAX + 1)?;
        self.restored.destroyed += count;
        self.restored.obeyed += count;
        Some(slots)
    }
}
