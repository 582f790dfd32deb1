//! The sled database that holds the blocks, with the care it needs (design §4).

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::block::{Block, BlockFault};
use crate::counted::Counted;
use crate::fault;
use crate::place::Position;
use crate::read::ReadError;

/// The tree of blocks, keyed by first position in big-endian.
const TREE: &str = "blocks";

/// Why a group could not be written. Either is fatal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database failed")]
    Database(#[from] sled::Error),
    #[error("the sync of the database failed")]
    Sync(#[source] io::Error),
    #[error("the database could not be written to")]
    Write(#[source] io::Error),
    #[error("the database panicked")]
    Panicked,
}

/// Carries out a change of the database; where sled panics rather than fails, that is an error too.
fn caught<T>(change: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(change)).unwrap_or(Err(StoreError::Panicked))
}

/// The position that a key is. One that is none was not put in by the log, and must not pass for position 0.
fn position_of(key: &[u8]) -> Result<u64, ReadError> {
    let Ok(bytes) = key.try_into() else {
        let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
        return Err(ReadError::ForeignKey { key });
    };
    Ok(u64::from_be_bytes(bytes))
}

/// The open database.
#[derive(Debug)]
pub(crate) struct Store {
    blocks: sled::Tree,
    counted: Counted,
    /// sled's only data file: `flush` alone does not survive a power cut (design §4.1).
    data: File,
    /// Keeps the database open; dropped after its tree.
    db: sled::Db,
    /// Held as long as the database is open, so that nobody deletes a snapshot that is being written.
    lock: File,
}

impl Store {
    pub(crate) fn new(db: sled::Db, data: File, lock: File) -> Result<Store, StoreError> {
        let store = Store {
            blocks: db.open_tree(TREE)?,
            counted: Counted::new(),
            data,
            db,
            lock,
        };
        store.sync()?;
        Ok(store)
    }

    /// The data file of a database.
    pub(crate) fn data_path(dir: &Path) -> PathBuf {
        dir.join("db")
    }

    /// Returns when the disk has everything put in before.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        caught(|| {
            fault::injected(fault::FLUSH).map_err(StoreError::Write)?;
            self.blocks.flush()?;
            fault::injected(fault::SYNC).map_err(StoreError::Sync)
        })?;
        if cfg!(feature = "unsynced") {
            return Ok(());
        }
        self.data.sync_data().map_err(StoreError::Sync)
    }

    /// Makes the system forget what it holds of the data file in memory. After a failed sync it may keep, and hand out, what never
    /// reached the disk; what is not on its way there any more must be read from it.
    pub(crate) fn forget_cached(path: &Path) -> io::Result<()> {
        let data = File::open(Store::data_path(path))?;
        rustix::fs::fadvise(&data, 0, None, rustix::fs::Advice::DontNeed)?;
        Ok(())
    }

    /// Puts in the blocks of one group, all or none; the disk has them after the next sync.
    pub(crate) fn put_group(&self, blocks: &[Block]) -> Result<(), StoreError> {
        caught(|| {
            fault::injected(fault::PUT).map_err(StoreError::Write)?;
            match blocks {
                [] => {}
                // One record is whole or absent by itself; a batch of one would write a second record to say so.
                [block] => {
                    self.blocks
                        .insert(block.first().0.to_be_bytes(), &block.record()[..])?;
                }
                _ => {
                    let mut batch = sled::Batch::default();
                    for block in blocks {
                        batch.insert(&block.first().0.to_be_bytes(), &block.record()[..]);
                    }
                    self.blocks.apply_batch(batch)?;
                }
            }
            Ok(())
        })?;
        blocks
            .iter()
            .for_each(|block| self.count(block.first().0, block.record().len()));
        Ok(())
    }

    /// Tells sled's cache of a block that was read or written. What fails here fails again where it matters.
    fn count(&self, key: u64, bytes: usize) {
        for _ in 0..self.counted.accesses(key, bytes) {
            self.blocks.contains_key(key.to_be_bytes()).ok();
        }
    }

    /// Deletes blocks, such as those of a group that was cut off.
    pub(crate) fn remove(&self, keys: &[u64]) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        keys.iter().for_each(|key| batch.remove(&key.to_be_bytes()));
        self.blocks.apply_batch(batch)?;
        self.sync()
    }

    fn decode(key: &[u8], record: sled::IVec, position: Position) -> Result<Block, ReadError> {
        let key = position_of(key)?;
        Block::decode(key, Bytes::from_owner(record)).map_err(|fault| ReadError::Damaged {
            key,
            position,
            fault,
        })
    }

    /// The key of the last block; `None` for an empty log.
    pub(crate) fn last_key(&self) -> Result<Option<u64>, ReadError> {
        let last = self.blocks.last().map_err(ReadError::Database)?;
        last.map(|(key, _)| position_of(&key)).transpose()
    }

    /// The key of the block before a key.
    pub(crate) fn key_before(&self, key: u64) -> Result<Option<u64>, ReadError> {
        let before = self
            .blocks
            .get_lt(key.to_be_bytes())
            .map_err(ReadError::Database)?;
        before.map(|(key, _)| position_of(&key)).transpose()
    }

    /// The keys of all blocks that start after a position.
    pub(crate) fn keys_after(&self, position: Position) -> Result<Vec<u64>, ReadError> {
        let first = position.0.saturating_add(1).to_be_bytes();
        let keys = self.blocks.range(first..).keys();
        keys.map(|key| position_of(&key.map_err(ReadError::Database)?))
            .collect()
    }

    /// The block that holds a position of the log.
    pub(crate) fn block_at(&self, position: Position) -> Result<Block, ReadError> {
        let missing = || ReadError::Damaged {
            key: position.0,
            position,
            fault: BlockFault::Missing,
        };
        let above = position.0.checked_add(1).ok_or_else(missing)?;
        let found = self
            .blocks
            .get_lt(above.to_be_bytes())
            .map_err(ReadError::Database)?;
        let (key, record) = found.ok_or_else(missing)?;
        let block = Store::decode(&key, record, position)?;
        self.count(block.first().0, block.record().len());
        if position > block.last() {
            return Err(ReadError::Damaged {
                key: block.last().0 + 1,
                position,
                fault: BlockFault::Missing,
            });
        }
        Ok(block)
    }

    /// The blocks from the one that starts at a position; each follows the one before without a gap, or is an error.
    pub(crate) fn blocks_from(&self, first: Position) -> impl Iterator<Item = Result<Block, ReadError>> {
        let mut next = first;
        self.blocks.range(first.0.to_be_bytes()..).map(move |found| {
            let (key, record) = found.map_err(ReadError::Database)?;
            let block = Store::decode(&key, record, next)?;
            self.count(block.first().0, block.record().len());
            if block.first() != next {
                return Err(ReadError::Damaged {
                    key: next.0,
                    position: next,
                    fault: BlockFault::Missing,
                });
            }
            next = Position(block.last().0 + 1);
            Ok(block)
        })
    }

    /// Closes the database, and hands over the lock.
    pub(crate) fn close(self) -> File {
        let Store {
            blocks,
            counted: _,
            data,
            db,
            lock,
        } = self;
        drop(blocks);
        drop(data);
        drop(db);
        lock
    }

    /// A store whose syncs fail, for the test of what happens then.
    #[cfg(test)]
    pub(crate) fn with_data_file(mut self, data: File) -> Store {
        self.data = data;
        self
    }
}

/// The files of a database directory whose name starts and ends so.
fn files(dir: &Path, start: &str, end: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir)? {
        let file = file?;
        let name = file.file_name();
        if name
            .to_str()
            .is_some_and(|name| name.starts_with(start) && name.ends_with(end))
        {
            found.push(file.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Deletes the partial snapshots that a kill during start left, which sled would stumble over for ever (design §4.4).
pub(crate) fn remove_partial_snapshots(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let found = files(dir, "snap.", ".generating")?;
    for path in &found {
        fs::remove_file(path)?;
    }
    Ok(found)
}

/// The file of sled's settings.
fn settings_path(dir: &Path) -> PathBuf {
    dir.join("conf")
}

/// Deletes sled's settings when they are not whole: sled never syncs them, so a power cut soon after the first start may leave
/// them without their end, and sled then refuses the database for ever. They are constants of ours, which sled writes anew. Says
/// whether they were deleted.
pub(crate) fn remove_torn_settings(dir: &Path) -> io::Result<bool> {
    let path = settings_path(dir);
    let content = match fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    // The last four bytes are the CRC-32 of those before, in little-endian.
    let is_whole = content
        .split_last_chunk::<4>()
        .is_some_and(|(settings, crc)| crc32fast::hash(settings) == u32::from_le_bytes(*crc));
    if !is_whole {
        fs::remove_file(&path)?;
    }
    Ok(!is_whole)
}

/// Brings sled's settings to disk.
pub(crate) fn sync_settings(dir: &Path) -> io::Result<()> {
    File::open(settings_path(dir))?.sync_all()
}

/// Whether the database keeps values that no sync covers (design §4.2).
pub(crate) fn has_blobs(dir: &Path) -> io::Result<bool> {
    match fs::read_dir(dir.join("blobs")) {
        Ok(mut blobs) => Ok(blobs.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where a copy is prepared before it takes the place of a database that does not open.
fn retry_dir(dir: &Path) -> PathBuf {
    dir.with_extension("retry")
}

/// The places of databases set aside.
fn damaged_dir(dir: &Path, number: u32) -> PathBuf {
    dir.with_extension(format!("damaged-{number}"))
}

/// Completes or undoes what a kill interrupted in [`set_aside`]: the copy is complete once the original has been renamed.
pub(crate) fn finish_setting_aside(dir: &Path) -> io::Result<()> {
    let retry = retry_dir(dir);
    if !retry.exists() {
        return Ok(());
    }
    if dir.exists() {
        fs::remove_dir_all(retry)
    } else {
        fs::rename(retry, dir)
    }
}

/// Sets a database aside and puts a copy without snapshots in its place, so that sled scans its log instead (design §4.4).
/// Returns where the original is.
pub(crate) fn set_aside(dir: &Path) -> io::Result<PathBuf> {
    let retry = retry_dir(dir);
    copy(dir, &retry)?;
    for snapshot in files(&retry, "snap.", "")? {
        fs::remove_file(snapshot)?;
    }
    File::open(&retry)?.sync_all()?;
    let mut number = 1;
    while damaged_dir(dir, number).exists() {
        number += 1;
    }
    let aside = damaged_dir(dir, number);
    fs::rename(dir, &aside)?;
    fs::rename(&retry, dir)?;
    File::open(dir.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(aside)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        let target = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy(&file.path(), &target)?;
        } else {
            fs::copy(file.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()
}
