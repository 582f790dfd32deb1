//! From where accounts have signed in.

use chrono::{DateTime, Utc};
use rusqlite::{TransactionBehavior, params};
use uuid::Uuid;

use crate::stored::micros;
use crate::{Sessions, StorageError};

/// A place is known for so many days after the last sign-in there; [`Sessions::purge`] forgets it then.
pub const PLACES_KEPT_DAYS: i64 = 90;

/// So many places of one account are known at most, those of the latest sign-ins.
pub const PLACES_PER_ACCOUNT_MAX: u32 = 50;

impl Sessions {
    /// Remembers that an account has signed in from an origin, a keyed digest as in [`Sessions::record_failure`].
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn remember_place(&self, account: Uuid, origin: &str, at: DateTime<Utc>) -> Result<(), StorageError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO places (account, origin, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account, origin) DO UPDATE SET at = max(at, excluded.at)",
            )?
            .execute(params![account.as_bytes(), origin, micros(at)])?;
        transaction
            .prepare_cached(
                "DELETE FROM places WHERE account = ?1 AND origin IN
                 (SELECT origin FROM places WHERE account = ?1 ORDER BY at DESC, origin LIMIT -1 OFFSET ?2)",
            )?
            .execute(params![account.as_bytes(), PLACES_PER_ACCOUNT_MAX])?;
        Ok(transaction.commit()?)
    }

    /// Whether an account has signed in from an origin at `since` or later.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn knows_place(
        &self,
        account: Uuid,
        origin: &str,
        since: DateTime<Utc>,
    ) -> Result<bool, StorageError> {
        let database = self.inner.database.lock();
        let mut statement = database.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM places WHERE account = ?1 AND origin = ?2 AND at >= ?3)",
        )?;
        Ok(
            statement.query_row(params![account.as_bytes(), origin, micros(since)], |row| {
                row.get(0)
            })?,
        )
    }
}
