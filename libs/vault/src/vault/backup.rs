//! A copy of the keys file while it is in use.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::{Inner, Vault};
use crate::draft::Draft;
use crate::keys_file::slot::{SLOT_BYTES, Slot, SlotBytes, read_slot};
use crate::secret_file::Created;

/// The slots that are copied in one turn: 1 MiB, so that who mints in the meantime waits a millisecond.
const SLOTS_PER_TURN: u32 = 8_192;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Its length.
    pub bytes: u64,
    /// The people who have a key in it.
    pub persons: u32,
    /// The slots that are damaged, in the keys file as in the backup. Older backups may still have them.
    pub damaged: u32,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of that name already.
    #[error("there is a file at {} already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another backup of this vault is being made.
    #[error("another backup is being made")]
    Running,
    /// The keys file cannot be read.
    #[error("the keys file cannot be read")]
    Read(#[source] io::Error),
    /// The backup cannot be written.
    #[error("the backup {} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// An earlier write to the keys file was refused by the disk, so what it holds is not known.
    #[error("an earlier write to the keys file failed; it must be opened anew")]
    Stopped,
}

impl Vault {
    /// Copies the keys file, still wrapped by the master key, to `to` (mode 0600), which must not exist. The copy is on
    /// disk, directory entry included, when this returns. It holds every key that was durable when this began, except
    /// of those who were erased while it was copied, and perhaps some that were minted since. Sealing, opening, minting
    /// and destroying go on meanwhile.
    ///
    /// Its slots have the numbers they have in the keys file, because a wrapped key is bound to its slot; a last slot
    /// that was never written to its end is left out. It is a keys file: [`crate::restore_keys`] makes the next one of
    /// it, together with the erasure ledger ([`Vault::ledger`]), which is to be kept apart and newer.
    ///
    /// A crash may leave `.<name>.<16 hexadecimal digits>` beside `to`; the next backup to the same place removes it.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn backup(&self, to: &Path) -> Result<BackedUp, BackupError> {
        let inner = &*self.inner;
        let write = |source| write_error(to, source);
        let exists = || BackupError::Exists { path: to.to_owned() };
        if to.try_exists().map_err(write)? {
            return Err(exists());
        }
        let draft = Draft::of(to).map_err(write)?;
        let mut copying = Copying::start(inner, draft)?;
        while copying.next < copying.end {
            copying.copy_some(to)?;
        }
        let (draft, backed_up) = copying.finish(to)?;
        match draft.link().map_err(write)? {
            Created::New => Ok(backed_up),
            Created::Found => Err(exists()),
        }
    }
}

fn write_error(to: &Path, source: io::Error) -> BackupError {
    BackupError::Write {
        path: to.to_owned(),
        source,
    }
}

/// Does `work` while nobody writes to the keys file. Whatever comes of it, nothing was written there.
fn in_a_turn<T>(inner: &Inner, work: impl FnOnce() -> Result<T, BackupError>) -> Result<T, BackupError> {
    let mine = inner.turns.take().ok_or(BackupError::Stopped)?;
    let done = work();
    mine.settle();
    done
}

/// As long as it lives, the vault notes which slots it destroys.
struct Watch<'v>(&'v Inner);

impl<'v> Watch<'v> {
    fn start(inner: &'v Inner) -> Option<Watch<'v>> {
        let mut watched = inner.destroyed_meanwhile.lock();
        if watched.is_some() {
            return None;
        }
        *watched = Some(Vec::new());
        Some(Watch(inner))
    }

    fn destroyed(&self) -> Vec<u32> {
        let watched = self.0.destroyed_meanwhile.lock().clone();
        let Some(destroyed) = watched else {
            unreachable!("what a watch has begun only its end takes away");
        };
        destroyed
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        *self.0.destroyed_meanwhile.lock() = None;
    }
}

/// A copy under way.
struct Copying<'v> {
    watch: Watch<'v>,
    draft: Draft,
    /// The next slot to copy; slot 0 is the header.
    next: u32,
    /// The first slot that the file did not have when the copying began.
    end: u32,
    persons: u32,
    damaged: u32,
}

impl<'v> Copying<'v> {
    fn start(inner: &'v Inner, draft: Draft) -> Result<Copying<'v>, BackupError> {
        in_a_turn(inner, || {
            let watch = Watch::start(inner).ok_or(BackupError::Running)?;
            let end = inner.file.end().map_err(BackupError::Read)?;
            Ok(Copying {
                watch,
                draft,
                next: 0,
                end,
                persons: 0,
                damaged: 0,
            })
        })
    }

    fn copy_some(&mut self, to: &Path) -> Result<(), BackupError> {
        let count = SLOTS_PER_TURN.min(self.end - self.next);
        let mut slots = vec![[0; SLOT_BYTES]; count as usize];
        let inner = self.watch.0;
        in_a_turn(inner, || {
            inner
                .file
                .read_slots(self.next, slots.as_flattened_mut())
                .map_err(BackupError::Read)
        })?;
        let first = usize::from(self.next == 0);
        self.next += count;
        if self.next == self.end {
            // Anywhere but at the end it would be taken for damage.
            slots.pop_if(|last| matches!(read_slot(last), Slot::Unfinished(_)));
        }
        for slot in slots.iter().skip(first) {
            if let Some(counter) = self.counter_of(slot) {
                *counter += 1;
            }
        }
        self.draft
            .write(slots.as_flattened())
            .map_err(|source| write_error(to, source))
    }

    /// Destroys in the copy what was destroyed in the keys file since it was copied.
    fn finish(mut self, to: &Path) -> Result<(Draft, BackedUp), BackupError> {
        let write = |source| write_error(to, source);
        let inner = self.watch.0;
        let copy = self.draft.flushed().and_then(File::try_clone).map_err(write)?;
        in_a_turn(inner, || {
            for slot in self.watch.destroyed() {
                // Behind the end of the copy there is nothing to destroy.
                if slot < self.end {
                    self.copy_again(&copy, slot, to)?;
                }
            }
            Ok(())
        })?;
        let backed_up = BackedUp {
            bytes: copy.metadata().map_err(write)?.len(),
            persons: self.persons,
            damaged: self.damaged,
        };
        Ok((self.draft, backed_up))
    }

    fn copy_again(&mut self, copy: &File, slot: u32, to: &Path) -> Result<(), BackupError> {
        let at = u64::from(slot) * SLOT_BYTES as u64;
        let (mut before, mut now) = ([0; SLOT_BYTES], [0; SLOT_BYTES]);
        self.watch
            .0
            .file
            .read_slots(slot, &mut now)
            .map_err(BackupError::Read)?;
        match copy.read_exact_at(&mut before, at) {
            Ok(()) => {}
            // A last slot that was left out.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => before = [0; SLOT_BYTES],
            Err(source) => return Err(write_error(to, source)),
        }
        copy.write_all_at(&now, at)
            .map_err(|source| write_error(to, source))?;
        if let Some(counter) = self.counter_of(&before) {
            *counter -= 1;
        }
        if let Some(counter) = self.counter_of(&now) {
            *counter += 1;
        }
        Ok(())
    }

    fn counter_of(&mut self, slot: &SlotBytes) -> Option<&mut u32> {
        match read_slot(slot) {
            Slot::Present(_) => Some(&mut self.persons),
            Slot::Unfinished(_) | Slot::Damaged(_) => Some(&mut self.damaged),
            Slot::Empty | Slot::Destroyed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::{KeyState, MasterKey};

    #[test]
    fn who_is_erased_between_two_turns_of_copying_is_not_in_the_backup() {
        let directory = TempDir::new().unwrap();
        let vault = Vault::open(
            &directory.path().join("persons.keys"),
            MasterKey::from_bytes([7; 32]),
        )
        .unwrap();
        let people: Vec<Uuid> = (1..=u128::from(SLOTS_PER_TURN) + 10)
            .map(Uuid::from_u128)
            .collect();
        let (first, last) = (people[0], people[people.len() - 1]);
        vault.mint_all(&people).unwrap();

        let other = TempDir::new().unwrap();
        let to = other.path().join("copy.keys");
        let mut copying = Copying::start(&vault.inner, Draft::of(&to).unwrap()).unwrap();
        copying.copy_some(&to).unwrap();
        let at = DateTime::<Utc>::UNIX_EPOCH;
        vault.destroy(first, at).unwrap();
        vault.destroy(last, at).unwrap();
        // Of somebody who is not known, behind the end of the copy.
        vault.destroy(Uuid::from_u128(u128::MAX), at).unwrap();
        copying.copy_some(&to).unwrap();
        assert_eq!(copying.next, copying.end);
        let (draft, backed_up) = copying.finish(&to).unwrap();
        draft.link().unwrap();

        assert_eq!(backed_up.persons as usize, people.len() - 2);
        let copy = Vault::open(&to, MasterKey::from_bytes([7; 32])).unwrap();
        assert_eq!(copy.knows(first), KeyState::Destroyed);
        assert_eq!(copy.knows(last), KeyState::Destroyed);
        assert_eq!(copy.knows(people[1]), KeyState::Present);
        assert!(vault.inner.destroyed_meanwhile.lock().is_none());
    }

    #[test]
    #[should_panic(expected = "what a watch has begun only its end takes away")]
    fn a_backup_that_does_not_know_who_was_erased_meanwhile_is_none() {
        let directory = TempDir::new().unwrap();
        let keys = directory.path().join("persons.keys");
        let vault = Vault::open(&keys, MasterKey::from_bytes([7; 32])).unwrap();
        let to = directory.path().join("copy.keys");
        let copying = Copying::start(&vault.inner, Draft::of(&to).unwrap()).unwrap();
        *vault.inner.destroyed_meanwhile.lock() = None;
        drop(copying.finish(&to));
    }
}
