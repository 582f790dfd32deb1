//! Failed tries to sign in, counted.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::stored::{micros, time_if_any};
use crate::{Sessions, StorageError};

/// Failures are kept for so many hours; [`Sessions::purge`] removes older ones.
pub const FAILURES_KEPT_HOURS: i64 = 24;

/// Of one key at most so many failures are kept, the newest. Nobody needs to count further, and an attacker cannot fill
/// the disk with one name.
pub const FAILURES_PER_KEY_MAX: u32 = 1_000;

/// The longest key, in bytes. A key is the base64 or hex of an HMAC, made by the caller, so that names that were tried
/// stand nowhere in clear.
pub const FAILURE_KEY_BYTES_MAX: usize = 128;

/// The failures of a key since a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many there were, at most [`FAILURES_PER_KEY_MAX`].
    pub count: u32,
    /// When the latest was.
    pub last: Option<DateTime<Utc>>,
}

/// Why a failure could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum FailureError {
    /// The key is longer than [`FAILURE_KEY_BYTES_MAX`].
    #[error("the key of a failure has {0} bytes, {FAILURE_KEY_BYTES_MAX} are allowed")]
    KeyTooLong(usize),
    /// The database refused.
    #[error("the failure could not be stored")]
    Storage(#[from] rusqlite::Error),
}

impl Sessions {
    /// Counts one more failure of `key`. Answers how many there are now: since the last [`Sessions::clear_failures`],
    /// at most [`FAILURES_PER_KEY_MAX`] and none that was purged.
    ///
    /// # Errors
    /// See [`FailureError`].
    pub fn record_failure(&self, key: &str, at: DateTime<Utc>) -> Result<u32, FailureError> {
        if key.len() > FAILURE_KEY_BYTES_MAX {
            return Err(FailureError::KeyTooLong(key.len()));
        }
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached("INSERT INTO failures (key, at) VALUES (?1, ?2)")?
            .execute(params![key, micros(at)])?;
        let mut count = count_since(&transaction, key, i64::MIN)?;
        if count > FAILURES_PER_KEY_MAX {
            let surplus = count - FAILURES_PER_KEY_MAX;
            let removed = transaction
                .prepare_cached(
                    "DELETE FROM failures WHERE rowid IN
                     (SELECT rowid FROM failures WHERE key = ?1 ORDER BY at, rowid LIMIT ?2)",
                )?
                .execute(params![key, surplus])?;
            count = count.saturating_sub(u32::try_from(removed).unwrap_or(u32::MAX));
        }
        transaction.commit()?;
        Ok(count)
    }

    /// Forgets the failures of `key`, after a success.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn clear_failures(&self, key: &str) -> Result<(), StorageError> {
        let database = self.inner.database.lock();
        database
            .prepare_cached("DELETE FROM failures WHERE key = ?1")?
            .execute([key])?;
        Ok(())
    }

    /// How many failures of `key` there were at `since` or later.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn failures(&self, key: &str, since: DateTime<Utc>) -> Result<u32, StorageError> {
        Ok(count_since(&self.inner.database.lock(), key, micros(since))?)
    }

    /// The failures of `key` at `since` or later, with the time of the latest, from which a delay is reckoned.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn tries(&self, key: &str, since: DateTime<Utc>) -> Result<Tries, StorageError> {
        let database = self.inner.database.lock();
        let mut statement =
            database.prepare_cached("SELECT count(*), max(at) FROM failures WHERE key = ?1 AND at >= ?2")?;
        Ok(statement.query_row(params![key, micros(since)], |row| {
            Ok(Tries {
                count: row.get(0)?,
                last: time_if_any(row, 1)?,
            })
        })?)
    }
}

fn count_since(database: &Connection, key: &str, since: i64) -> rusqlite::Result<u32> {
    database
        .prepare_cached("SELECT count(*) FROM failures WHERE key = ?1 AND at >= ?2")?
        .query_row(params![key, since], |row| row.get(0))
}
