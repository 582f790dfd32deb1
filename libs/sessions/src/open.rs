//! Opening the database, and its schema.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use crate::stored::id_in;
use crate::{Inner, Sessions};

/// The newest schema this program knows; it is the database's `user_version`.
pub const SCHEMA_VERSION: i32 = 1;

/// Tells our database from any other (`application_id`): "GuSe".
const APPLICATION_ID: i32 = 0x4775_5365;

/// How long to wait for another process that has the database open, an operator's shell for example.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Hashes and ids are random, so rows lie where their key says (`WITHOUT ROWID`) and need no second tree.
const SCHEMA: &str = "
CREATE TABLE sign_ins (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    account BLOB NOT NULL CHECK (length(account) = 16),
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_agent_hint TEXT,
    revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_by_account ON sign_ins (account);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
CREATE INDEX sign_ins_revoked ON sign_ins (revoked) WHERE revoked = 1;

CREATE TABLE refresh_tokens (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    sign_in BLOB NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    rotated INTEGER NOT NULL DEFAULT 0 CHECK (rotated IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_sign_in ON refresh_tokens (sign_in);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE failures (
    key TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX failures_by_key ON failures (key, at);
CREATE INDEX failures_by_time ON failures (at);
";

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
    /// Opens the database, or creates it (mode 0600), and loads the revoked sign-ins.
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
            Schema::Ours => {}
            Schema::None => create_schema(&mut database).map_err(refused)?,
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

enum Schema {
    None,
    Ours,
    Newer(i32),
    Foreign,
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
    database.set_prepared_statement_cache_capacity(32);
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "foreign_keys", true)
}

/// Changes the file, so it is done only to one that is ours.
fn start_log(database: &Connection) -> rusqlite::Result<()> {
    database.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
}

fn schema_of(database: &Connection) -> rusqlite::Result<Schema> {
    let version: i32 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = database.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version) {
        (APPLICATION_ID, SCHEMA_VERSION) => Schema::Ours,
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => Schema::Newer(found),
        (0, 0) if tables == 0 => Schema::None,
        _ => Schema::Foreign,
    })
}

/// All or nothing, version included: a crash here leaves an empty database.
fn create_schema(database: &mut Connection) -> rusqlite::Result<()> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
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
    fn every_commit_waits_for_the_disk_and_rows_of_a_sign_in_go_with_it() {
        let directory = tempfile::TempDir::new().unwrap();
        let sessions = Sessions::open(&directory.path().join("sessions.sqlite")).unwrap();
        let database = sessions.inner.database.lock();
        let pragma = |name: &str| {
            database
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(pragma("synchronous"), 2, "2 is FULL");
        assert_eq!(pragma("foreign_keys"), 1);
    }
}
