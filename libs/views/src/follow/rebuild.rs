//! Making files anew from the whole log: the same folds as live, in memory, each row written once, indexes last. Several
//! views are made in one pass, so that an event is decoded once for all.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering, mpsc},
    thread,
};

use event_log::Position;
use rusqlite::Connection;

use super::{
    follower::{Batch, Feed, StepError},
    place,
    store::Store,
};
use crate::view::View;

/// Events that are read and decoded at a time.
const CHUNK_EVENTS: usize = 4_096;
/// Chunks decoded ahead of the folds.
const CHUNKS_AHEAD: usize = 4;
/// Page cache while a file is filled, KiB: what the full text's pages are merged in and the indexes sorted in.
const CACHE_KIB: i32 = 64 * 1024;

/// A file to be made.
pub(crate) struct Plan {
    pub(crate) view: Arc<dyn View>,
    pub(crate) path: PathBuf,
}

impl Plan {
    fn beside(&self) -> PathBuf {
        place::suffixed(&self.path, "-rebuild")
    }
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StepError {
    let path = path.to_owned();
    move |source| StepError::Io { what, path, source }
}

/// Makes files of what the log holds, and gives them their names when they are whole and on disk.
pub(crate) fn make(feed: &Feed, plans: &[Plan]) -> Result<Vec<Store>, StepError> {
    feed.shared.making.store(0, Ordering::Relaxed);
    let mut stores = plans.iter().map(begun).collect::<Result<Vec<_>, _>>()?;
    fill(feed, &mut stores, feed.log.head())?;
    plans
        .iter()
        .zip(stores)
        .map(|(plan, store)| finished(plan, store))
        .collect()
}

/// An empty file, without journal and sync: one that is not whole is never put in place.
fn begun(plan: &Plan) -> Result<Store, StepError> {
    let beside = plan.beside();
    place::remove(&plan.path)?;
    place::remove(&beside)?;
    create_private(&beside).map_err(io("cannot make", &beside))?;
    let create = || {
        let connection = Connection::open(&beside)?;
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "secure_delete", true)?;
        Store::create(&plan.view, connection)
    };
    create().map_err(StepError::of(&plan.view))
}

/// A file that only its owner reads: what is sealed in the log stands in clear here. SQLite gives the same mode to the files
/// beside it.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Folds the log up to a position. Decoding is as much work as folding, so it has a thread of its own.
fn fill(feed: &Feed, stores: &mut [Store], head: Position) -> Result<(), StepError> {
    let failed = |source| StepError::Sqlite {
        view: "a view that is being made",
        source,
    };
    thread::scope(|scope| {
        let (sender, chunks) = mpsc::sync_channel(CHUNKS_AHEAD);
        scope.spawn(move || decode(feed, head, &sender));
        for chunk in chunks {
            let (told, reached): Batch = chunk?;
            for store in &mut *stores {
                store.fold(&told, reached).map_err(failed)?;
            }
            if stores.iter().map(Store::bytes).sum::<usize>() > feed.rebuild_bytes_max {
                stores.iter_mut().try_for_each(Store::commit).map_err(failed)?;
            }
            feed.shared.making.store(reached.position.0, Ordering::Relaxed);
        }
        stores.iter_mut().try_for_each(Store::commit).map_err(failed)
    })
}

/// Ends when the head is reached, at the first error, or when nobody takes the chunks any more.
fn decode(feed: &Feed, head: Position, sender: &mpsc::SyncSender<Result<Batch, StepError>>) {
    let mut position = Position(0);
    while position < head {
        let chunk = match feed.shared.stopped() {
            true => Err(StepError::Stopped),
            false => feed.read(position, CHUNK_EVENTS),
        };
        let chunk = match chunk {
            Ok(Some(chunk)) => Ok(chunk),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        match &chunk {
            Ok((_, reached)) => position = reached.position,
            Err(_) => position = head,
        }
        // The other side has left when a fold fails, and needs no reason.
        if sender.send(chunk).is_err() {
            return;
        }
    }
}

/// Indexes, then the name.
fn finished(plan: &Plan, store: Store) -> Result<Store, StepError> {
    let (beside, path) = (plan.beside(), &plan.path);
    let folded = store.complete().map_err(StepError::of(&plan.view))?;
    File::open(&beside)
        .and_then(|file| file.sync_all())
        .map_err(io("cannot sync", &beside))?;
    fs::rename(&beside, path).map_err(io("cannot rename to", path))?;
    place::sync_directory(path).map_err(io("cannot sync the directory of", path))?;
    Store::reopened(folded, path).map_err(StepError::of(&plan.view))
}
