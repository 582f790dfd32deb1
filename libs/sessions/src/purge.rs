//! Removing what is over.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::delivery::{DELIVERY_KEPT_HOURS, POSTED_KEPT_HOURS};
use crate::failures::FAILURES_KEPT_HOURS;
use crate::place::PLACES_KEPT_DAYS;
use crate::stored::{id_in, micros, time_in};
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
    /// One-time entries that were not taken in time.
    pub one_time: usize,
    /// Spent things that are good for nothing by themselves by now.
    pub spent: usize,
    /// Deliveries that nobody could make for too long.
    pub deliveries: usize,
    /// What counted the deliveries that were posted too long ago.
    pub posted: usize,
    /// Places where nobody signed in for too long.
    pub places: usize,
}

impl Sessions {
    /// Removes what is over at `now`: sign-ins [`REVOKED_KEPT_MINUTES`] after their end, refresh tokens and one-time
    /// entries at their expiry (that of a delivery that waits stays, so that one that has served is told from it), spent things at their end, failures after [`FAILURES_KEPT_HOURS`], deliveries after
    /// [`DELIVERY_KEPT_HOURS`] unless one is claimed just now, counts of them after [`POSTED_KEPT_HOURS`], places after
    /// [`PLACES_KEPT_DAYS`]. A rotated token
    /// is kept until it would have expired, so that showing it again is noticed until then.
    ///
    /// # Errors
    /// [`StorageError`]; then nothing was removed.
    pub fn purge(&self, now: DateTime<Utc>) -> Result<Purged, StorageError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ended = remove_sign_ins(&transaction, now - TimeDelta::minutes(REVOKED_KEPT_MINUTES))?;
        let hours_ago = |hours| micros(now - TimeDelta::hours(hours));
        let removed = |sql, bound: i64| transaction.prepare_cached(sql)?.execute([bound]);
        let purged = Purged {
            sign_ins: ended.len(),
            refresh_tokens: removed("DELETE FROM refresh_tokens WHERE expires_at <= ?1", micros(now))?,
            failures: removed(
                "DELETE FROM failures WHERE at <= ?1",
                hours_ago(FAILURES_KEPT_HOURS),
            )?,
            one_time: removed(
                "DELETE FROM one_time WHERE expires_at <= ?1
                 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE link = one_time.hash)",
                micros(now),
            )?,
            spent: removed("DELETE FROM spent WHERE until <= ?1", micros(now))?,
            deliveries: remove_deliveries(&transaction, now)?,
            posted: removed("DELETE FROM posted WHERE at <= ?1", hours_ago(POSTED_KEPT_HOURS))?,
            places: removed(
                "DELETE FROM places WHERE at <= ?1",
                hours_ago(PLACES_KEPT_DAYS * 24),
            )?,
        };
        transaction
            .prepare_cached(
                "INSERT INTO purged (one, through) VALUES (1, ?1)
                 ON CONFLICT (one) DO UPDATE SET through = max(through, excluded.through)",
            )?
            .execute([micros(now)])?;
        transaction.commit()?;
        let mut revoked = self.inner.revoked.write();
        for sign_in in &ended {
            revoked.remove(sign_in);
        }
        Ok(purged)
    }
}

impl Sessions {
    /// The latest time by which [`Sessions::purge`] has removed what was over; `None` when it never has.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn purged_through(&self) -> Result<Option<DateTime<Utc>>, StorageError> {
        let database = self.inner.database.lock();
        let mut statement = database.prepare_cached("SELECT through FROM purged")?;
        let through = statement.query_row([], |row| time_in(row, 0)).optional()?;
        Ok(through)
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

/// One that is claimed may be on its way at this moment.
fn remove_deliveries(transaction: &Transaction<'_>, now: DateTime<Utc>) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "DELETE FROM deliveries WHERE made_at <= ?1 AND (claimed_until IS NULL OR claimed_until <= ?2)",
        )?
        .execute(params![
            micros(now - TimeDelta::hours(DELIVERY_KEPT_HOURS)),
            micros(now)
        ])
}
