//! Opening the database.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use uuid::Uuid;

use crate::schema::{SCHEMA_VERSION, Schema, bring_up_to_date, schema_of};
use crate::stored::id_in;
use crate::{Inner, Sessions};

/// How long to wait for another process that has the database open, an operator's shell for example.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be made.
    #[error("cannot create the sessions database {}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// SQLite refused.
    #[error("cannot open the sessions database {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's answer.
        #[source]
        source: rusqlite::Error,
    },
    /// It is a database, but of something else.
    #[error("{} is a database of another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of Guichet has written it.
    #[error(
        "the sessions database {} has schema {found}, this program knows {SCHEMA_VERSION} at most: \
         run the newer program, or set the file aside (everybody then signs in again)",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i32,
    },
}

impl Sessions {
    /// Opens the database, or creates it (mode 0600), brings an earlier version's tables to [`SCHEMA_VERSION`] and loads
    /// the revoked sign-ins.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path) -> Result<Sessions, OpenError> {
        let refused = |source| OpenError::Database {
            path: path.to_owned(),
            source,
        };
        create_for_owner_only(path).map_err(|source| OpenError::Create {
            path: path.to_owned(),
            source,
        })?;
        let mut database = Connection::open(path).map_err(refused)?;
        configure(&database).map_err(refused)?;
        match schema_of(&database).map_err(refused)? {
            Schema::Current => {}
            Schema::Older => bring_up_to_date(&mut database).map_err(refused)?,
            Schema::Newer(found) => {
                return Err(OpenError::NewerSchema {
                    path: path.to_owned(),
                    found,
                });
            }
            Schema::Foreign => {
                return Err(OpenError::Foreign {
                    path: path.to_owned(),
                });
            }
        }
        start_log(&database).map_err(refused)?;
        let revoked = revoked_sign_ins(&database).map_err(refused)?;
        Ok(Sessions {
            inner: Arc::new(Inner {
                database: Mutex::new(database),
                revoked: RwLock::new(revoked),
            }),
        })
    }
}

/// SQLite would make the file readable by everybody; its log and index files take the mode of this one.
fn create_for_owner_only(path: &Path) -> io::Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    // A file whose name a power cut takes away takes the revocations with it.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// What is set for the connection and leaves the file as it is.
fn configure(database: &Connection) -> rusqlite::Result<()> {
    database.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    database.set_prepared_statement_cache_capacity(64);
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "foreign_keys", true)?;
    // What was removed must not be found in the free space of the file, least of all an erased person's.
    database.pragma_update(None, "secure_delete", true)
}

/// Changes the file, so it is done only to one that is ours. What a killed process left in the log goes into the database,
/// so that the log keeps nothing that was removed since.
fn start_log(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE);")
}

fn revoked_sign_ins(database: &Connection) -> rusqlite::Result<HashSet<Uuid>> {
    let mut statement = database.prepare("SELECT id FROM sign_ins WHERE revoked = 1")?;
    let ids = statement.query_map([], |row| id_in(row, 0))?;
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_waits_for_the_disk_and_what_is_removed_is_overwritten() {
        let directory = tempfile::TempDir::new().unwrap();
        let sessions = Sessions::open(&directory.path().join("sessions.sqlite")).unwrap();
        let database = sessions.inner.database.lock();
        let pragma = |name: &str| {
            database
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(pragma("synchronous"), 2, "2 is FULL");
        assert_eq!(pragma("foreign_keys"), 1, "the tokens of a sign-in go with it");
        assert_eq!(pragma("secure_delete"), 1);
    }
}
