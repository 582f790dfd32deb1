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

/// The longest key and the longest origin, in bytes. Both are the base64 or hex of an HMAC, made by the caller, so that names that
/// were tried and places that they were tried from stand nowhere in clear.
pub const FAILURE_KEY_BYTES_MAX: usize = 128;

/// The failures of a key since a time, from wherever and from one origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many there were, at most [`FAILURES_PER_KEY_MAX`].
    pub count: u32,
    /// When the latest was.
    pub last: Option<DateTime<Utc>>,
    /// How many of them came from the origin that was asked about.
    pub own: u32,
    /// When the latest of those was.
    pub own_last: Option<DateTime<Utc>>,
}

/// Why a failure could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum FailureError {
    /// Key or origin is longer than [`FAILURE_KEY_BYTES_MAX`].
    #[error("the key or the origin of a failure has {0} bytes, {FAILURE_KEY_BYTES_MAX} are allowed")]
    KeyTooLong(usize),
    /// The database refused.
    #[error("the failure could not be stored")]
    Storage(#[from] rusqlite::Error),
}

impl Sessions {
    /// Counts one more failure of `key` from an origin. Answers how many there are now: since [`Sessions::clear_failures`], and none
    /// that was purged.
    ///
    /// # Errors
    /// See [`FailureError`].
    pub fn record_failure(&self, key: &str, origin: &str, at: DateTime<Utc>) -> Result<Tries, FailureError> {
        let longest = key.len().max(origin.len());
        if longest > FAILURE_KEY_BYTES_MAX {
            return Err(FailureError::KeyTooLong(longest));
        }
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached("INSERT INTO failures (key, origin, at) VALUES (?1, ?2, ?3)")?
            .execute(params![key, origin, micros(at)])?;
        let mut tries = tries_since(&transaction, key, origin, i64::MIN)?;
        if tries.count > FAILURES_PER_KEY_MAX {
            let surplus = tries.count - FAILURES_PER_KEY_MAX;
            transaction
                .prepare_cached(
                    "DELETE FROM failures WHERE rowid IN
                     (SELECT rowid FROM failures WHERE key = ?1 ORDER BY at, rowid LIMIT ?2)",
                )?
                .execute(params![key, surplus])?;
            tries = tries_since(&transaction, key, origin, i64::MIN)?;
        }
        transaction.commit()?;
        Ok(tries)
    }

    /// Forgets the failures of `key`: those of one origin after a success there, all of them when nobody needs to fear them.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn clear_failures(&self, key: &str, origin: Option<&str>) -> Result<(), StorageError> {
        let database = self.inner.database.lock();
        database
            .prepare_cached("DELETE FROM failures WHERE key = ?1 AND (?2 IS NULL OR origin = ?2)")?
            .execute(params![key, origin])?;
        Ok(())
    }

    /// The failures of `key` at `since` or later, with the time of the latest, from which a delay is reckoned.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn tries(&self, key: &str, origin: &str, since: DateTime<Utc>) -> Result<Tries, StorageError> {
        Ok(tries_since(
            &self.inner.database.lock(),
            key,
            origin,
            micros(since),
        )?)
    }
}

fn tries_since(database: &Connection, key: &str, origin: &str, since: i64) -> rusqlite::Result<Tries> {
    database
        .prepare_cached(
            "SELECT count(*), max(at), count(*) FILTER (WHERE origin = ?2), max(at) FILTER (WHERE origin = ?2)
             FROM failures WHERE key = ?1 AND at >= ?3",
        )?
        .query_row(params![key, origin, since], |row| {
            Ok(Tries {
                count: row.get(0)?,
                last: time_if_any(row, 1)?,
                own: row.get(2)?,
                own_last: time_if_any(row, 3)?,
            })
        })
}
