//! What a view is. Each has a folder of its own and one line in [`all`]; the follower does the rest: it opens the file,
//! follows the log, makes the file anew when its version rose, takes erased persons out of it, and lends it to readers.

use std::{any::Any, sync::Arc};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction};

use crate::{event::Told, queue, series};

/// The views of the product.
#[must_use]
pub fn all() -> Vec<Arc<dyn View>> {
    vec![Arc::new(queue::QueueView), Arc::new(series::SeriesView)]
}

/// A projection of the log in a file of its own, `<name>.sqlite`. The file is disposable: it is made from the log and never
/// migrated.
pub trait View: Send + Sync {
    /// Names the file. Lower-case letters.
    fn name(&self) -> &'static str;

    /// The form of the file: counts up with every change of its tables or of what is folded into them.
    fn version(&self) -> i32;

    /// Earlier versions whose files can still be followed and asked, until the one that is made beside them takes their
    /// place.
    fn former_versions(&self) -> &'static [i32] {
        &[]
    }

    /// The stem of the file's name in earlier releases.
    fn former_name(&self) -> Option<&'static str> {
        None
    }

    /// Whether its rows hold values of persons, so that some are made anew when one of them is erased.
    fn is_personal(&self) -> bool;

    /// Statements that make the tables in an empty file.
    fn tables(&self) -> String;

    /// Statements that make the indexes; a new file gets them last.
    fn indexes(&self) -> &'static str;

    /// Prepares a file for being filled from the whole log, or for one event at a time.
    ///
    /// # Errors
    /// When SQLite fails.
    fn tune(&self, _connection: &Connection, _filling: bool) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A fold that goes on from what this file holds.
    ///
    /// # Errors
    /// When SQLite fails.
    fn load(&self, connection: &Connection) -> rusqlite::Result<Box<dyn Fold>>;

    /// Its logical rows: what each is called, and the statement that reads them in the order of their keys.
    fn rows(&self) -> &'static [(&'static str, &'static str)];
}

/// The writer's side of a view: folds events in memory, and writes the rows that changed once per transaction.
pub trait Fold: Send {
    /// Folds what one event tells. `latest` is the latest instant recorded so far, this event included: the time by which the
    /// log goes (design §3, "Time"). May read the file, never write it.
    ///
    /// # Errors
    /// When SQLite fails.
    fn fold(&mut self, connection: &Connection, told: &Told, latest: DateTime<Utc>) -> rusqlite::Result<()>;

    /// Writes what changed, within a transaction that is committed afterwards.
    ///
    /// # Errors
    /// When SQLite fails.
    fn save(&mut self, transaction: &Connection) -> rusqlite::Result<()>;

    /// Takes what all events of one stream tell, now that a person in them can no more be read, and writes the rows that were
    /// made of them anew, within a transaction that is committed afterwards. Nothing else is folded and not written. Only a
    /// personal view is asked.
    ///
    /// # Errors
    /// When SQLite fails.
    fn erase(&mut self, _transaction: &Connection, _told: &[Told]) -> rusqlite::Result<()> {
        Ok(())
    }

    /// Whether nothing of rows that were erased is left in the file beside the rows; otherwise the file is made anew. Only a
    /// personal view is asked.
    ///
    /// # Errors
    /// When SQLite fails.
    fn is_swept(&self, _connection: &Connection) -> rusqlite::Result<bool> {
        Ok(true)
    }

    /// Commits what was saved. A view that shares something with its readers beside the file changes both together.
    ///
    /// # Errors
    /// When SQLite fails.
    fn commit(&mut self, transaction: Transaction<'_>) -> rusqlite::Result<()> {
        transaction.commit()
    }

    /// Drops what is in memory: the fold stands where the file does.
    ///
    /// # Errors
    /// When SQLite fails.
    fn forget(&mut self, connection: &Connection) -> rusqlite::Result<()>;

    /// Memory, bytes, of what is folded and not yet written, and of what is kept for events to come.
    fn bytes(&self) -> usize;

    /// What readers share with the writer beside the file.
    fn shared(&self) -> Shared {
        Arc::new(())
    }
}

/// What the readers of a file share with its writer; the view knows of which type it is.
pub type Shared = Arc<dyn Any + Send + Sync>;
