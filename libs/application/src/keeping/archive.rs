//! The log outside the log: sealed segments in an archive, and backups of all that may not be lost (design §4.7).
//!
//! | in a backup | what |
//! |---|---|
//! | `log/` | segments, compressed, each named by its positions; an archive has only these |
//! | `checkpoints/` | every checkpoint ever signed |
//! | `files/` | sealed attachments |
//! | `server.secret.check` | what tells the secret of this log from another; not the secret |
//!
//! Keys are never in it: they have a backup of their own, so that a backup of data can be kept for ever and tells nothing of
//! who was erased.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use event_log::{
    Position,
    archive::{parse_segment_name, segment_name},
};
use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path as StorePath};

use crate::{
    keeping::{Keeping, apart::lies_in, secret_check},
    kernel::{error::ReadError, secret_files::copy_secret},
};

/// How often the archive is looked at, s.
pub const ARCHIVE_EVERY_S: u64 = 10;
/// Where segments lie.
pub(crate) const LOG: &str = "log";
/// Where checkpoints lie.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// Where sealed files lie.
pub(crate) const FILES: &str = "files";
/// What a backup of keys holds beside the keys of persons.
pub(crate) const SECRETS: [&str; 2] = [SERVER_SECRET, "checkpoint.key"];
/// The secret of keyed digests.
pub(crate) const SERVER_SECRET: &str = "server.secret";
/// What shows that a directory holds keys: a backup of them, or a data directory.
const KEYS_PLACES: &[&str] = &[KEYS, SERVER_SECRET, "checkpoint.key", "keys"];
/// What shows that a directory holds data.
const DATA_PLACES: &[&str] = &[LOG, CHECKPOINTS, FILES, secret_check::CHECK];
/// The keys of persons, in the data directory and in a backup of keys.
pub(crate) const KEYS: &str = "persons.keys";

/// What a backup added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Up to which position of the log it goes.
    pub head: u64,
    /// Segments written.
    pub segments: usize,
    /// Files copied.
    pub files: usize,
}

/// Why something was not archived. What was written before stays, and is good.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It must not lie there.
    #[error("{to} {why}: nothing was written. Name another --to")]
    Place {
        /// Where it was to lie.
        to: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] event_log::ReadError),
    /// A segment cannot be made.
    #[error("a segment of the log cannot be sealed")]
    Seal(#[source] event_log::archive::SealError),
    /// The store refuses.
    #[error("the archive cannot be read or written")]
    Store(#[source] object_store::Error),
    /// A directory or file refuses.
    #[error("{path} cannot be read or written")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The keys of persons cannot be backed up.
    #[error("the keys cannot be backed up")]
    Keys(#[source] vault::BackupError),
    /// No checkpoint over what is backed up.
    #[error("no checkpoint was signed")]
    Checkpoint(#[source] ReadError),
    /// A thread of the server ended early.
    #[error("the backup was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// For `map_err`: which path.
fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |source| ArchiveError::Io { path, source }
}

impl Keeping {
    /// Writes every segment that is sealed and not yet there to the archive that the settings name; how many.
    ///
    /// # Errors
    /// See [`ArchiveError`]; the next call goes on from there.
    pub async fn archive_what_is_sealed(&self) -> Result<usize, ArchiveError> {
        match &self.places.archive {
            Some(store) => self.write_segments(store, false).await,
            None => Ok(0),
        }
    }

    /// Backs up log, checkpoints and files to a directory, which may hold an older backup. Online: it holds what was on disk
    /// when it began, with every file that this refers to.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub async fn backup(&self, to: &Path, now: DateTime<Utc>) -> Result<BackedUp, ArchiveError> {
        self.refuse_place(
            to,
            KEYS_PLACES,
            "holds keys, and a backup of data is kept apart from them",
        )?;
        fs::create_dir_all(to).map_err(at(to))?;
        let store = LocalFileSystem::new_with_prefix(to).map_err(ArchiveError::Store)?;
        let store: Arc<dyn ObjectStore> = Arc::new(store.with_fsync(true));
        let head = self.kernel.log.head();
        self.sign_what_is_new(now)
            .await
            .map_err(ArchiveError::Checkpoint)?;
        // Checkpoints before segments: what is backed up never promises more than it holds.
        self.copy_checkpoints(&store).await?;
        let segments = self.write_segments(&store, true).await?;
        let files = self.copy_files(&store).await?;
        let check = secret_check::file(&self.places.data);
        if check.exists() {
            copy_secret(&check, &secret_check::file(to)).map_err(at(&check))?;
        }
        Ok(BackedUp {
            head: head.0,
            segments,
            files,
        })
    }

    /// Backs up the keys of persons (wrapped by the master key), the ledger of erasures, the server's secret and the key
    /// that signs checkpoints to a directory without such a backup. Answers how many persons have a key in it, and how many keys are
    /// damaged, in it as in the keys file.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub async fn backup_keys(&self, to: &Path) -> Result<vault::BackedUp, ArchiveError> {
        self.refuse_place(
            to,
            DATA_PLACES,
            "holds data, and a backup of keys is kept apart from them",
        )?;
        let (vault, keys, to) = (
            self.kernel.vault.clone(),
            self.places.keys.to_owned(),
            to.to_owned(),
        );
        let backed_up = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&to).map_err(at(&to))?;
            // The keys of persons come last: where they lie, the backup is whole, and where they do not, the next one begins.
            let persons = to.join(KEYS);
            if persons.try_exists().map_err(at(&persons))? {
                return Err(ArchiveError::Keys(vault::BackupError::Exists { path: persons }));
            }
            let copies = SECRETS.into_iter().chain([vault::LEDGER_FILE_NAME]);
            for name in copies {
                let from = keys.join(name);
                if from.exists() {
                    copy_secret(&from, &to.join(name)).map_err(at(&from))?;
                }
            }
            let done = vault.backup(&persons).map_err(ArchiveError::Keys)?;
            fs::File::open(&to)
                .and_then(|dir| dir.sync_all())
                .map_err(at(&to))?;
            Ok(done)
        });
        backed_up.await.map_err(ArchiveError::Interrupted)?
    }

    /// Refuses to write a backup into the data directory, or over one of the other kind.
    fn refuse_place(&self, to: &Path, others: &[&str], why: &'static str) -> Result<(), ArchiveError> {
        let refused = |why| {
            Err(ArchiveError::Place {
                to: to.to_owned(),
                why,
            })
        };
        if lies_in(to, &self.places.data) {
            return refused("lies in the data directory, and is lost with it");
        }
        match others.iter().any(|other| to.join(other).exists()) {
            true => refused(why),
            false => Ok(()),
        }
    }

    /// Writes the segments that a store lacks; with `unfinished` also one of what is not sealed yet, which takes the place of
    /// a shorter one that begins at the same position.
    async fn write_segments(
        &self,
        store: &Arc<dyn ObjectStore>,
        unfinished: bool,
    ) -> Result<usize, ArchiveError> {
        let there = segments_in(store).await?;
        let head = self.kernel.log.head();
        let (mut archived, mut written) = (Position(0), 0);
        loop {
            let log = self.kernel.log.clone();
            let next = tokio::task::spawn_blocking(move || log.next_segment(archived)).await;
            let next = next
                .map_err(ArchiveError::Interrupted)?
                .map_err(ArchiveError::Log)?;
            let (range, is_last) = match next {
                Some(range) => (range, false),
                None if unfinished && archived < head => ((Position(archived.0 + 1), head), true),
                None => return Ok(written),
            };
            if !there.contains(&range) {
                self.write_segment(store, range).await?;
                written += 1;
                for shorter in there.iter().filter(|name| name.0 == range.0 && name.1 < range.1) {
                    store
                        .delete(&path_of(*shorter))
                        .await
                        .map_err(ArchiveError::Store)?;
                }
            }
            if is_last {
                return Ok(written);
            }
            archived = range.1;
        }
    }

    async fn write_segment(
        &self,
        store: &Arc<dyn ObjectStore>,
        range: (Position, Position),
    ) -> Result<(), ArchiveError> {
        let log = self.kernel.log.clone();
        let bytes = tokio::task::spawn_blocking(move || log.segment(range.0, range.1)).await;
        let bytes = bytes
            .map_err(ArchiveError::Interrupted)?
            .map_err(ArchiveError::Seal)?;
        store
            .put(&path_of(range), bytes.into())
            .await
            .map_err(ArchiveError::Store)?;
        Ok(())
    }

    /// Copies the sealed files that a store lacks. A file that is erased meanwhile is left out, and one that gets its own
    /// name meanwhile is found under it.
    async fn copy_files(&self, store: &Arc<dyn ObjectStore>) -> Result<usize, ArchiveError> {
        let mut copied = 0;
        for _ in 0..2 {
            let mut found = self.files.list(None);
            while let Some(file) = found.try_next().await.map_err(ArchiveError::Store)? {
                let to = StorePath::from(format!("{FILES}/{}", file.location));
                if store.head(&to).await.is_ok_and(|there| there.size == file.size) {
                    continue;
                }
                let sealed = match self.files.get(&file.location).await {
                    Ok(sealed) => sealed,
                    Err(object_store::Error::NotFound { .. }) => continue,
                    Err(error) => return Err(ArchiveError::Store(error)),
                };
                let bytes = sealed.bytes().await.map_err(ArchiveError::Store)?;
                store.put(&to, bytes.into()).await.map_err(ArchiveError::Store)?;
                copied += 1;
            }
        }
        Ok(copied)
    }

    async fn copy_checkpoints(&self, store: &Arc<dyn ObjectStore>) -> Result<(), ArchiveError> {
        let dir = self.places.checkpoints.as_path();
        for entry in fs::read_dir(dir).map_err(at(dir))? {
            let path = entry.map_err(at(dir))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let bytes = fs::read(&path).map_err(at(&path))?;
            let to = StorePath::from_iter([CHECKPOINTS, name]);
            store.put(&to, bytes.into()).await.map_err(ArchiveError::Store)?;
        }
        Ok(())
    }
}

/// The segments that lie in a store, by their first and last position.
async fn segments_in(store: &Arc<dyn ObjectStore>) -> Result<BTreeSet<(Position, Position)>, ArchiveError> {
    let found = store.list(Some(&StorePath::from(LOG)));
    let found: Vec<_> = found.try_collect().await.map_err(ArchiveError::Store)?;
    let names = found
        .iter()
        .filter_map(|file| parse_segment_name(file.location.filename()?));
    Ok(names.collect())
}

fn path_of((first, last): (Position, Position)) -> StorePath {
    StorePath::from_iter([LOG.to_owned(), segment_name(first, last)])
}
