//! Mail of accounts on its way out: posted, claimed, settled, at least once each.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::one_time::{self, NewOnce, PutOnceError};
use crate::stored::{bytes_if_any, id_if_any, id_in, micros, time_if_any, time_in};
use crate::{Sessions, StorageError};

/// The longest effect, in bytes. An effect is a word of the caller's program, `password-reset` for example.
pub const DELIVERY_EFFECT_BYTES_MAX: usize = 40;

/// The longest payload of a delivery, in bytes.
pub const DELIVERY_PAYLOAD_BYTES_MAX: usize = 8 * 1024;

/// So many deliveries wait at most; more are refused until some are settled or purged.
pub const DELIVERIES_MAX: u32 = 100_000;

/// A delivery that failed is tried again until so many hours after it was posted, and one that nobody tried is purged
/// then: what it says has lost its meaning.
pub const DELIVERY_KEPT_HOURS: i64 = 24;

/// How long a delivery waits after its first failure; twice as long after each further one.
pub const DELIVERY_RETRY_FIRST_MINUTES: i64 = 1;

/// How long a delivery waits after a failure at most.
pub const DELIVERY_RETRY_MAX_MINUTES: i64 = 60;

/// That something was posted is known for so many hours; [`Sessions::purge`] forgets it then.
pub const POSTED_KEPT_HOURS: i64 = 24;

/// Of one effect for one account so many are counted at most: a greater [`PostLimit`] is none.
pub const POSTED_PER_EFFECT_MAX: u32 = 1_000;

const COLUMNS: &str =
    "id, account, effect, made_at, due_at, attempts, claimed_until, payload, about, effect_id, link";

/// A delivery to be made.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Which effect it is. Of one effect there is one delivery.
    pub effect_id: Uuid,
    /// The account it is for; none for somebody who has yet to get one.
    pub account: Option<Uuid>,
    /// Whom it is about who has no account, by an id of the caller's making; [`Sessions::forget_account`] finds it by this.
    pub about: Option<Uuid>,
    /// Why it goes, at most [`DELIVERY_EFFECT_BYTES_MAX`] bytes.
    pub effect: String,
    /// What its text is made from, at most [`DELIVERY_PAYLOAD_BYTES_MAX`] bytes.
    pub payload: Option<String>,
    /// When it is posted, and due.
    pub at: DateTime<Utc>,
    /// How many may be posted, so that nobody is flooded.
    pub limit: Option<PostLimit>,
}

/// How many deliveries of one effect may be posted for one account, or about the same one without account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostLimit {
    /// Those count that were posted then or later, whatever became of them, and were not purged.
    pub since: DateTime<Utc>,
    /// So many at most.
    pub max: u32,
}

/// A delivery that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number; a later delivery has a greater one.
    pub id: u64,
    /// Which effect it is.
    pub effect_id: Uuid,
    /// The account it is for.
    pub account: Option<Uuid>,
    /// Whom it is about who has no account.
    pub about: Option<Uuid>,
    /// Why it goes.
    pub effect: String,
    /// What its text is made from.
    pub payload: Option<String>,
    /// When it was posted.
    pub made_at: DateTime<Utc>,
    /// From when it may be claimed.
    pub due_at: DateTime<Utc>,
    /// How often it was claimed.
    pub attempts: u32,
    /// Until when it belongs to who claimed it last; none when it was never claimed, or failed since.
    pub claimed_until: Option<DateTime<Utc>>,
    /// The hash of the one-time entry that its last claim made.
    pub link: Option<[u8; 32]>,
}

/// What became of a claimed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was handed over.
    Delivered,
    /// It was refused for good.
    Refused,
    /// It could not be handed over now.
    Failed,
}

/// Why a delivery could not be posted.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The effect is longer than [`DELIVERY_EFFECT_BYTES_MAX`].
    #[error("the effect of a delivery has {0} bytes, {DELIVERY_EFFECT_BYTES_MAX} are allowed")]
    EffectTooLong(usize),
    /// The payload is longer than [`DELIVERY_PAYLOAD_BYTES_MAX`].
    #[error("the payload of a delivery has {0} bytes, {DELIVERY_PAYLOAD_BYTES_MAX} are allowed")]
    PayloadTooLong(usize),
    /// [`DELIVERIES_MAX`] wait already.
    #[error("{DELIVERIES_MAX} deliveries wait already: is the courier running?")]
    Full,
    /// As many were posted as the [`PostLimit`] allows.
    #[error("{0} deliveries of this effect were posted for the same one already")]
    Enough(u32),
    /// The database refused.
    #[error("the delivery could not be stored")]
    Storage(#[from] rusqlite::Error),
}

/// Why a delivery could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// There is none of this number, it is not due, somebody else has claimed it, or its link has served.
    #[error("the delivery does not wait")]
    NotWaiting,
    /// The one-time entry that belongs to it could not be made; then it still waits.
    #[error("the one-time entry of the delivery could not be made")]
    Once(#[from] PutOnceError),
    /// The database refused.
    #[error("the delivery could not be claimed")]
    Storage(#[from] rusqlite::Error),
}

impl Sessions {
    /// Posts a delivery, due at once. Answers its number.
    ///
    /// # Errors
    /// See [`PostError`].
    pub fn post(&self, new: NewDelivery) -> Result<u64, PostError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let counted = new.account.or(new.about);
        if let (Some(one), Some(limit)) = (counted, new.limit) {
            let posted = posted_since(&transaction, one, &new.effect, limit.since)?;
            if posted >= limit.max {
                return Err(PostError::Enough(posted));
            }
        }
        let id = insert(&transaction, &new)?;
        if let Some(one) = counted {
            count(&transaction, one, &new.effect, new.at, new.effect_id)?;
        }
        transaction.commit()?;
        Ok(id)
    }

    /// The deliveries numbered above `after` that are due and that nobody has claimed at `at`, by number, `limit` at
    /// most.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn deliveries(
        &self,
        after: u64,
        limit: u32,
        at: DateTime<Utc>,
    ) -> Result<Vec<Delivery>, StorageError> {
        let Ok(after) = i64::try_from(after) else {
            return Ok(Vec::new());
        };
        let database = self.inner.database.lock();
        let mut statement = database.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM deliveries WHERE id IN
             (SELECT id FROM deliveries INDEXED BY deliveries_waiting
              WHERE id > ?1 AND due_at <= ?2 AND (claimed_until IS NULL OR claimed_until <= ?2)
              ORDER BY id LIMIT ?3)
             ORDER BY id"
        ))?;
        let found = statement.query_map(params![after, micros(at), limit], delivery_in)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Gives a delivery that waits to one who will try it before `until`; nobody else is given it until then. Of two who
    /// claim at once one is given it. The one-time entry that `once` makes of it is put in the same step: no entry is made of
    /// a delivery that was withdrawn. It takes the place of the entry that the claim before made. When that one is gone
    /// (it has served, or was withdrawn), or a later delivery has made an entry for the same account and purpose, the
    /// delivery is removed instead.
    ///
    /// # Errors
    /// See [`ClaimError`].
    pub fn claim(
        &self,
        id: u64,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
        once: impl FnOnce(&Delivery) -> Option<NewOnce>,
    ) -> Result<Delivery, ClaimError> {
        let id = i64::try_from(id).map_err(|_too_great| ClaimError::NotWaiting)?;
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let claimed = transaction
            .prepare_cached(&format!(
                "UPDATE deliveries SET claimed_until = ?3, attempts = attempts + 1
                 WHERE id = ?1 AND due_at <= ?2 AND (claimed_until IS NULL OR claimed_until <= ?2)
                 RETURNING {COLUMNS}"
            ))?
            .query_row(params![id, micros(at), micros(until)], delivery_in)
            .optional()?;
        let claimed = claimed.ok_or(ClaimError::NotWaiting)?;
        if let Some(once) = once(&claimed) {
            if !makes_way(&transaction, &claimed, &once)? {
                remove(&transaction, &claimed)?;
                transaction.commit()?;
                return Err(ClaimError::NotWaiting);
            }
            one_time::put(&transaction, &once)?;
            transaction
                .prepare_cached("UPDATE deliveries SET link = ?2 WHERE id = ?1")?
                .execute(params![claimed.id.cast_signed(), once.hash])?;
        }
        transaction.commit()?;
        Ok(claimed)
    }

    /// Takes note of what became of a delivery. One that was delivered or refused is removed; one that failed is due
    /// again after [`DELIVERY_RETRY_FIRST_MINUTES`], doubled with each further attempt up to
    /// [`DELIVERY_RETRY_MAX_MINUTES`], or removed when it is [`DELIVERY_KEPT_HOURS`] old. Answers the delivery as it was
    /// before, none when it was settled, forgotten or purged already. A claim that ran out may still be settled.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn settle_delivery(
        &self,
        id: u64,
        settled: Settled,
        at: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StorageError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(delivery) = find(&transaction, id)? else {
            return Ok(None);
        };
        match settled {
            Settled::Delivered | Settled::Refused => remove(&transaction, &delivery)?,
            Settled::Failed if is_over(&delivery, at) => remove(&transaction, &delivery)?,
            Settled::Failed => try_again(&transaction, &delivery, at + retry_after(delivery.attempts))?,
        };
        transaction.commit()?;
        Ok(Some(delivery))
    }
}

fn posted_since(
    transaction: &Transaction<'_>,
    account: Uuid,
    effect: &str,
    since: DateTime<Utc>,
) -> rusqlite::Result<u32> {
    transaction
        .prepare_cached("SELECT count(*) FROM posted WHERE account = ?1 AND effect = ?2 AND at >= ?3")?
        .query_row(params![account.as_bytes(), effect, micros(since)], |row| {
            row.get(0)
        })
}

/// Whether the entry of a claim may be made; takes away the one that the claim before made.
fn makes_way(transaction: &Transaction<'_>, claimed: &Delivery, once: &NewOnce) -> rusqlite::Result<bool> {
    match (&claimed.link, &once.account) {
        (Some(before), _) => one_time::remove_hash(transaction, &once.purpose, before),
        // One that was claimed by an earlier program may have made the entry that stands.
        (None, Some(account)) if claimed.attempts == 1 => {
            let stands = one_time::made_at(transaction, &once.purpose, account)?;
            Ok(stands.is_none_or(|made_at| made_at <= claimed.made_at))
        }
        (None, Some(_) | None) => Ok(true),
    }
}

/// Stores a delivery unless too many wait.
pub(crate) fn insert(transaction: &Transaction<'_>, new: &NewDelivery) -> Result<u64, PostError> {
    if new.effect.len() > DELIVERY_EFFECT_BYTES_MAX {
        return Err(PostError::EffectTooLong(new.effect.len()));
    }
    let payload_bytes = new.payload.as_ref().map_or(0, String::len);
    if payload_bytes > DELIVERY_PAYLOAD_BYTES_MAX {
        return Err(PostError::PayloadTooLong(payload_bytes));
    }
    let waiting: u32 = transaction
        .prepare_cached("SELECT count(*) FROM deliveries")?
        .query_row([], |row| row.get(0))?;
    if waiting >= DELIVERIES_MAX {
        return Err(PostError::Full);
    }
    let mut statement = transaction.prepare_cached(
        "INSERT INTO deliveries (account, effect, made_at, due_at, payload, about, effect_id)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6) RETURNING id",
    )?;
    let values = params![
        bytes_if_any(new.account.as_ref()),
        new.effect,
        micros(new.at),
        new.payload,
        bytes_if_any(new.about.as_ref()),
        new.effect_id.as_bytes(),
    ];
    Ok(statement.query_row(values, number_in)?)
}

/// Takes note that an effect was made for an account; false when it is known to have been.
pub(crate) fn count(
    transaction: &Transaction<'_>,
    account: Uuid,
    effect: &str,
    at: DateTime<Utc>,
    effect_id: Uuid,
) -> rusqlite::Result<bool> {
    let counted = transaction
        .prepare_cached("INSERT INTO posted (account, effect, at, effect_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?
        .execute(params![account.as_bytes(), effect, micros(at), effect_id.as_bytes()])?;
    transaction
        .prepare_cached(
            "DELETE FROM posted WHERE rowid IN
             (SELECT rowid FROM posted WHERE account = ?1 AND effect = ?2
              ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute(params![account.as_bytes(), effect, POSTED_PER_EFFECT_MAX])?;
    Ok(counted == 1)
}

fn find(transaction: &Transaction<'_>, id: u64) -> rusqlite::Result<Option<Delivery>> {
    let Ok(id) = i64::try_from(id) else {
        return Ok(None);
    };
    transaction
        .prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries WHERE id = ?1"))?
        .query_row([id], delivery_in)
        .optional()
}

fn remove(transaction: &Transaction<'_>, delivery: &Delivery) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("DELETE FROM deliveries WHERE id = ?1")?
        .execute([delivery.id.cast_signed()])
}

fn try_again(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    due_at: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("UPDATE deliveries SET due_at = ?2, claimed_until = NULL WHERE id = ?1")?
        .execute(params![delivery.id.cast_signed(), micros(due_at)])
}

fn is_over(delivery: &Delivery, at: DateTime<Utc>) -> bool {
    delivery.made_at + TimeDelta::hours(DELIVERY_KEPT_HOURS) <= at
}

fn retry_after(attempts: u32) -> TimeDelta {
    let doublings = attempts.saturating_sub(1).min(30);
    TimeDelta::minutes((DELIVERY_RETRY_FIRST_MINUTES << doublings).min(DELIVERY_RETRY_MAX_MINUTES))
}

fn delivery_in(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: number_in(row)?,
        account: id_if_any(row, 1)?,
        effect: row.get(2)?,
        made_at: time_in(row, 3)?,
        due_at: time_in(row, 4)?,
        attempts: row.get(5)?,
        claimed_until: time_if_any(row, 6)?,
        payload: row.get(7)?,
        about: id_if_any(row, 8)?,
        effect_id: id_in(row, 9)?,
        link: row.get(10)?,
    })
}

fn number_in(row: &Row<'_>) -> rusqlite::Result<u64> {
    let number: i64 = row.get(0)?;
    u64::try_from(number).map_err(|_negative| rusqlite::Error::IntegralValueOutOfRange(0, number))
}
