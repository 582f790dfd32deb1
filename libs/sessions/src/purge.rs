//! Removing what is over.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::failures::FAILURES_KEPT_HOURS;
use crate::stored::{id_in, micros};
use crate::{Sessions, StorageError};

/// A sign-in is kept for so many minutes after its end. An access token that was issued at the last moment outlives
/// its sign-in (by 15 minutes, design §6), and must stay revoked while it does.
pub const REVOKED_KEPT_MINUTES: i64 = 60;

/// What [`Sessions::purge`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Sign-ins that had ended.
    pub sign_ins: usize,
    /// Refresh tokens that had expired, those of ended sign-ins not counted.
    pub refresh_tokens: usize,
    /// Failures that were too old.
    pub failures: usize,
}

impl Sessions {
    /// Removes what is over at `now`: sign-ins [`REVOKED_KEPT_MINUTES`] after their end, refresh tokens at their expiry,
    /// failures after [`FAILURES_KEPT_HOURS`]. A rotated token is kept until it would have expired, so that showing it
    /// again is noticed until then.
    ///
    /// # Errors
    /// [`StorageError`]; then nothing was removed.
    pub fn purge(&self, now: DateTime<Utc>) -> Result<Purged, StorageError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ended = remove_sign_ins(&transaction, now - TimeDelta::minutes(REVOKED_KEPT_MINUTES))?;
        let refresh_tokens = transaction
            .prepare_cached("DELETE FROM refresh_tokens WHERE expires_at <= ?1")?
            .execute([micros(now)])?;
        let failures = transaction
            .prepare_cached("DELETE FROM failures WHERE at <= ?1")?
            .execute([micros(now - TimeDelta::hours(FAILURES_KEPT_HOURS))])?;
        transaction.commit()?;
        let mut revoked = self.inner.revoked.write();
        for sign_in in &ended {
            revoked.remove(sign_in);
        }
        Ok(Purged {
            sign_ins: ended.len(),
            refresh_tokens,
            failures,
        })
    }
}

/// Their refresh tokens go with them (`ON DELETE CASCADE`).
fn remove_sign_ins(
    transaction: &Transaction<'_>,
    ended_before: DateTime<Utc>,
) -> rusqlite::Result<Vec<Uuid>> {
    let mut statement =
        transaction.prepare_cached("DELETE FROM sign_ins WHERE expires_at <= ?1 RETURNING id")?;
    let ids = statement.query_map(params![micros(ended_before)], |row| id_in(row, 0))?;
    ids.collect()
}
