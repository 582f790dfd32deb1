//! The file of a view with its fold: what every view has, whatever it shows.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use event_log::{EventLog, Position, ReadError};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    event::Told,
    numbers::{instant, integer, number},
    view::{Fold, Shared, View},
};

/// Memory, in bytes, that a fold keeps between two transactions for events to come.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Page cache of the writer, KiB.
const CACHE_KIB: i32 = 16 * 1024;
/// How large, bytes, the write-ahead log stays after it has been written back.
const WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// How far the log is folded and the latest instant recorded so far, in the same transaction as the rows that it covers.
const CHECKPOINT_TABLE: &str = "
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    digest BLOB NOT NULL,
    latest_at INTEGER NOT NULL
) STRICT;";

/// How far the log is folded, and the SHA-256 of the stored bytes of the event there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    pub(crate) digest: [u8; 32],
}

/// The writer's side of one file.
pub(crate) struct Store {
    view: Arc<dyn View>,
    connection: Connection,
    fold: Box<dyn Fold>,
    checkpoint: Checkpoint,
    latest_at: DateTime<Utc>,
    /// The file is of the current version.
    pub(crate) is_current: bool,
}

impl Store {
    /// Makes the tables in an empty file.
    pub(crate) fn create(view: &Arc<dyn View>, connection: Connection) -> rusqlite::Result<Store> {
        connection.execute_batch(CHECKPOINT_TABLE)?;
        connection.execute_batch(&view.tables())?;
        view.tune(&connection, true)?;
        Store::load(view, connection)
    }

    /// Makes the indexes, says that the file is whole, and closes it. The fold goes on with [`Store::reopened`].
    pub(crate) fn complete(self) -> rusqlite::Result<Folded> {
        self.view.tune(&self.connection, false)?;
        self.connection.execute_batch(self.view.indexes())?;
        self.connection
            .pragma_update(None, "user_version", self.view.version())?;
        // The mode that readers need.
        self.connection.pragma_update(None, "locking_mode", "NORMAL")?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.close().map_err(|(_, error)| error)?;
        Ok(Folded {
            view: self.view,
            fold: self.fold,
            checkpoint: self.checkpoint,
            latest_at: self.latest_at,
        })
    }

    /// Opens the file that was completed, under its name.
    pub(crate) fn reopened(folded: Folded, path: &Path) -> rusqlite::Result<Store> {
        Ok(Store {
            connection: live(path)?,
            view: folded.view,
            fold: folded.fold,
            checkpoint: folded.checkpoint,
            latest_at: folded.latest_at,
            is_current: true,
        })
    }

    /// Opens a whole file; nothing when it is not whole, or of a form that can no more be followed. A damaged one is an
    /// error.
    pub(crate) fn open(view: &Arc<dyn View>, path: &Path) -> rusqlite::Result<Option<Store>> {
        let connection = live(path)?;
        if !is_usable(view.as_ref(), &connection)? {
            return Ok(None);
        }
        Store::load(view, connection).map(Some)
    }

    fn load(view: &Arc<dyn View>, connection: Connection) -> rusqlite::Result<Store> {
        let (checkpoint, latest_at) = checkpoint(&connection)?;
        Ok(Store {
            fold: view.load(&connection)?,
            is_current: version(&connection)? == view.version(),
            view: Arc::clone(view),
            connection,
            checkpoint,
            latest_at,
        })
    }

    /// What the readers of this file share with it.
    pub(crate) fn shared(&self) -> Shared {
        self.fold.shared()
    }

    /// How far the log is folded; committed as well after [`Store::commit`].
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// Memory, in bytes, of what is held and what is not yet written.
    pub(crate) fn bytes(&self) -> usize {
        self.fold.bytes()
    }

    /// Folds what events tell, in memory, up to a place.
    pub(crate) fn fold(&mut self, told: &[Told], reached: Checkpoint) -> rusqlite::Result<()> {
        for told in told {
            self.latest_at = self.latest_at.max(told.at);
            self.fold.fold(&self.connection, told, self.latest_at)?;
        }
        self.checkpoint = reached;
        Ok(())
    }

    /// Writes all that changed, and the checkpoint, in one transaction.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        self.fold.save(&transaction)?;
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO checkpoint (id, position, digest, latest_at) VALUES (1, ?1, ?2, ?3)",
            )?
            .execute(params![
                integer(self.checkpoint.position.0),
                self.checkpoint.digest,
                self.latest_at.timestamp_micros()
            ])?;
        self.fold.commit(transaction)?;
        if self.fold.bytes() > KEPT_BYTES_MAX {
            self.fold.forget(&self.connection)?;
        }
        Ok(())
    }

    /// Folds and writes; after an error the store stands where the file does.
    pub(crate) fn take(&mut self, told: &[Told], reached: Checkpoint) -> rusqlite::Result<()> {
        let taken = self.fold(told, reached).and_then(|()| self.commit());
        if taken.is_err() {
            (self.checkpoint, self.latest_at) = checkpoint(&self.connection)?;
            self.fold.forget(&self.connection)?;
        }
        taken
    }

    /// Makes the rows of a stream anew from what all its events tell, of which those that were not folded yet are left out.
    pub(crate) fn erase(&mut self, told: &[Told]) -> rusqlite::Result<()> {
        let folded = told.partition_point(|told| told.position <= self.checkpoint.position.0);
        let Some(told) = told.get(..folded).filter(|told| !told.is_empty()) else {
            return Ok(());
        };
        self.fold.forget(&self.connection)?;
        let transaction = self.connection.transaction()?;
        let erased = self
            .fold
            .erase(&transaction, told)
            .and_then(|()| self.fold.commit(transaction));
        self.fold.forget(&self.connection)?;
        erased
    }

    /// Whether nothing of rows that were erased is left in the file.
    pub(crate) fn is_swept(&self) -> rusqlite::Result<bool> {
        self.fold.is_swept(&self.connection)
    }

    /// Leaves nothing of former rows beside the file; `false` when somebody still reads them.
    pub(crate) fn sweep(&mut self) -> rusqlite::Result<bool> {
        let busy = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let busy = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], busy)?;
        Ok(busy == 0)
    }

    /// Is the last event that the view has folded the one that the log has there?
    pub(crate) fn follows(&self, log: &EventLog) -> Result<bool, ReadError> {
        let Checkpoint { position, digest } = self.checkpoint;
        if position == Position(0) {
            return Ok(true);
        }
        let found = log.read(Position(position.0 - 1), 1)?;
        Ok(found
            .first()
            .is_some_and(|event| event.position == position && event.digest() == digest))
    }
}

/// What a file that was made anew holds, while it gets its name.
pub(crate) struct Folded {
    view: Arc<dyn View>,
    fold: Box<dyn Fold>,
    checkpoint: Checkpoint,
    latest_at: DateTime<Utc>,
}

/// Opens a file to follow the log with.
fn live(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // May lose the last transactions in a power cut, which the log has.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // What is taken out of a row or a page is not left lying in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Can this file be followed and asked? Every whole one has a checkpoint.
pub(crate) fn is_usable(view: &dyn View, connection: &Connection) -> rusqlite::Result<bool> {
    let version = version(connection)?;
    let known = version == view.version() || view.former_versions().contains(&version);
    Ok(known && connection.prepare("SELECT 1 FROM checkpoint")?.exists([])?)
}

fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// How far the log is folded, and the latest instant recorded so far; position 0 in a file without rows.
pub(crate) fn checkpoint(connection: &Connection) -> rusqlite::Result<(Checkpoint, DateTime<Utc>)> {
    let found = connection
        .query_row("SELECT position, digest, latest_at FROM checkpoint", [], |row| {
            let checkpoint = Checkpoint {
                position: Position(number(row, 0)?),
                digest: row.get(1)?,
            };
            Ok((checkpoint, instant(row, 2)?))
        })
        .optional()?;
    Ok(found.unwrap_or((Checkpoint::default(), DateTime::<Utc>::MIN_UTC)))
}
