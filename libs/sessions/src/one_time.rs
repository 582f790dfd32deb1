//! What serves once: links that set a password anew or confirm an address, states of a federated sign-in, pending second
//! factors.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::stored::{bytes_if_any, id_if_any, micros, time_in};
use crate::{Sessions, StorageError};

/// The longest purpose, in bytes. A purpose is a word of the caller's program, never of a request.
pub const ONCE_PURPOSE_BYTES_MAX: usize = 40;

/// The longest payload of an entry, in bytes.
pub const ONCE_PAYLOAD_BYTES_MAX: usize = 8 * 1024;

/// Of one purpose at most so many entries without account are kept, the newest, so that nobody who has yet to sign in
/// fills the disk.
pub const ONCE_WITHOUT_ACCOUNT_MAX: u32 = 10_000;

/// An entry to be made.
#[derive(Debug, Clone)]
pub struct NewOnce {
    /// What it serves for, at most [`ONCE_PURPOSE_BYTES_MAX`] bytes; a hash means something within its purpose only.
    pub purpose: String,
    /// The hash of what must be shown to take it.
    pub hash: [u8; 32],
    /// Whose it is, when there is an account.
    pub account: Option<Uuid>,
    /// Whom it is about who has no account, by an id of the caller's making; [`Sessions::forget_account`] finds it by this.
    pub about: Option<Uuid>,
    /// What the taker is to know, at most [`ONCE_PAYLOAD_BYTES_MAX`] bytes.
    pub payload: Option<String>,
    /// When it is made.
    pub at: DateTime<Utc>,
    /// From when on it serves no more.
    pub expires_at: DateTime<Utc>,
}

/// An entry that was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Whose it is.
    pub account: Option<Uuid>,
    /// What whoever made it left for whoever takes it.
    pub payload: Option<String>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

/// Why an entry could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PutOnceError {
    /// The purpose is longer than [`ONCE_PURPOSE_BYTES_MAX`].
    #[error("the purpose of a one-time entry has {0} bytes, {ONCE_PURPOSE_BYTES_MAX} are allowed")]
    PurposeTooLong(usize),
    /// The payload is longer than [`ONCE_PAYLOAD_BYTES_MAX`].
    #[error("the payload of a one-time entry has {0} bytes, {ONCE_PAYLOAD_BYTES_MAX} are allowed")]
    PayloadTooLong(usize),
    /// Another entry of the purpose has this hash.
    #[error("another one-time entry of the purpose has this hash")]
    Taken(#[source] rusqlite::Error),
    /// The database refused.
    #[error("the one-time entry could not be stored")]
    Storage(#[from] rusqlite::Error),
}

/// Why an entry does not serve.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    /// There is none: it was never made, or was taken, replaced, dropped or purged.
    #[error("there is no such one-time entry")]
    Unknown,
    /// It was not taken in time.
    #[error("the one-time entry has expired")]
    Expired,
    /// The database refused.
    #[error("the one-time entry could not be read or removed")]
    Storage(#[from] rusqlite::Error),
}

/// By what an entry is looked for.
#[derive(Clone, Copy)]
enum Key<'a> {
    Hash(&'a [u8; 32]),
    Account(&'a Uuid),
}

impl Sessions {
    /// Makes an entry. It replaces the account's former one of the same purpose; without account, the oldest of the
    /// purpose makes room when there are [`ONCE_WITHOUT_ACCOUNT_MAX`].
    ///
    /// # Errors
    /// See [`PutOnceError`]; then nothing was replaced.
    pub fn put_once(&self, new: NewOnce) -> Result<(), PutOnceError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        put(&transaction, &new)?;
        Ok(transaction.commit()?)
    }

    /// Takes the entry with this hash: it serves this once. Of two who take at once one is given it. An entry that has
    /// expired stays until it is purged, so that who shows it twice is told the same twice.
    ///
    /// # Errors
    /// See [`OnceError`].
    pub fn take_once(&self, purpose: &str, hash: [u8; 32], at: DateTime<Utc>) -> Result<Once, OnceError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let once = find(&transaction, purpose, Key::Hash(&hash), at)?;
        remove(&transaction, purpose, Key::Hash(&hash))?;
        transaction.commit()?;
        Ok(once)
    }

    /// What [`Sessions::take_once`] would answer; the entry stays.
    ///
    /// # Errors
    /// See [`OnceError`].
    pub fn peek_once(&self, purpose: &str, hash: [u8; 32], at: DateTime<Utc>) -> Result<Once, OnceError> {
        find(&self.inner.database.lock(), purpose, Key::Hash(&hash), at)
    }

    /// The same by the account whose entry it is.
    ///
    /// # Errors
    /// See [`OnceError`].
    pub fn peek_once_of(&self, purpose: &str, account: Uuid, at: DateTime<Utc>) -> Result<Once, OnceError> {
        find(&self.inner.database.lock(), purpose, Key::Account(&account), at)
    }

    /// Withdraws what was to serve an account once: its entries of these purposes, and its deliveries under the same words,
    /// which would make such entries when they are claimed. Answers how many of both there were, expired ones included.
    ///
    /// # Errors
    /// [`StorageError`]; then nothing was withdrawn.
    pub fn withdraw(&self, account: Uuid, words: &[&str]) -> Result<usize, StorageError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let withdrawn = withdraw(&transaction, account, words, DateTime::<Utc>::MAX_UTC)?;
        transaction.commit()?;
        Ok(withdrawn)
    }
}

/// As [`Sessions::withdraw`], within a transaction, what was made until then.
pub(crate) fn withdraw(
    transaction: &Transaction<'_>,
    account: Uuid,
    words: &[&str],
    until: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    let mut withdrawn = 0;
    for sql in [
        "DELETE FROM one_time WHERE account = ?1 AND purpose = ?2 AND made_at <= ?3",
        "DELETE FROM deliveries WHERE account = ?1 AND effect = ?2 AND made_at <= ?3",
    ] {
        let mut statement = transaction.prepare_cached(sql)?;
        for word in words {
            withdrawn += statement.execute(params![account.as_bytes(), word, micros(until)])?;
        }
    }
    Ok(withdrawn)
}

/// Removes the entry with this hash; whether there was one.
pub(crate) fn remove_hash(
    transaction: &Transaction<'_>,
    purpose: &str,
    hash: &[u8; 32],
) -> rusqlite::Result<bool> {
    Ok(remove(transaction, purpose, Key::Hash(hash))? == 1)
}

/// When the entry of an account was made that stands, expired or not.
pub(crate) fn made_at(
    transaction: &Transaction<'_>,
    purpose: &str,
    account: &Uuid,
) -> rusqlite::Result<Option<DateTime<Utc>>> {
    transaction
        .prepare_cached("SELECT made_at FROM one_time WHERE purpose = ?1 AND account = ?2")?
        .query_row(params![purpose, account.as_bytes()], |row| time_in(row, 0))
        .optional()
}

impl Key<'_> {
    fn column(self) -> &'static str {
        match self {
            Key::Hash(_) => "hash",
            Key::Account(_) => "account",
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Key::Hash(hash) => *hash,
            Key::Account(account) => account.as_bytes(),
        }
    }
}

/// Makes an entry within a transaction.
pub(crate) fn put(transaction: &Transaction<'_>, new: &NewOnce) -> Result<(), PutOnceError> {
    if new.purpose.len() > ONCE_PURPOSE_BYTES_MAX {
        return Err(PutOnceError::PurposeTooLong(new.purpose.len()));
    }
    let payload_bytes = new.payload.as_ref().map_or(0, String::len);
    if payload_bytes > ONCE_PAYLOAD_BYTES_MAX {
        return Err(PutOnceError::PayloadTooLong(payload_bytes));
    }
    match &new.account {
        Some(account) => remove(transaction, &new.purpose, Key::Account(account))?,
        None => make_room(transaction, &new.purpose)?,
    };
    insert(transaction, new).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => PutOnceError::Taken(error),
        Some(_) | None => PutOnceError::Storage(error),
    })?;
    Ok(())
}

fn find(database: &Connection, purpose: &str, key: Key<'_>, at: DateTime<Utc>) -> Result<Once, OnceError> {
    let sql = format!(
        "SELECT account, payload, made_at, expires_at FROM one_time WHERE purpose = ?1 AND {} = ?2",
        key.column()
    );
    let once = |row: &rusqlite::Row<'_>| {
        let once = Once {
            account: id_if_any(row, 0)?,
            payload: row.get(1)?,
            made_at: time_in(row, 2)?,
        };
        Ok((once, row.get::<_, i64>(3)?))
    };
    let found = database
        .prepare_cached(&sql)?
        .query_row(params![purpose, key.bytes()], once)
        .optional()?;
    match found {
        Some((once, expires_at)) if expires_at > micros(at) => Ok(once),
        Some(_) => Err(OnceError::Expired),
        None => Err(OnceError::Unknown),
    }
}

fn remove(transaction: &Transaction<'_>, purpose: &str, key: Key<'_>) -> rusqlite::Result<usize> {
    let sql = format!(
        "DELETE FROM one_time WHERE purpose = ?1 AND {} = ?2",
        key.column()
    );
    transaction
        .prepare_cached(&sql)?
        .execute(params![purpose, key.bytes()])
}

/// Leaves room for one. The entry to come is not among those compared: it stays, even when the clock went back.
fn make_room(transaction: &Transaction<'_>, purpose: &str) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "DELETE FROM one_time WHERE rowid IN
             (SELECT rowid FROM one_time WHERE purpose = ?1 AND account IS NULL
              ORDER BY made_at DESC, rowid DESC LIMIT -1 OFFSET ?2)",
        )?
        .execute(params![purpose, ONCE_WITHOUT_ACCOUNT_MAX - 1])
}

fn insert(transaction: &Transaction<'_>, new: &NewOnce) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "INSERT INTO one_time (purpose, hash, account, made_at, expires_at, payload, about)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            new.purpose,
            new.hash,
            bytes_if_any(new.account.as_ref()),
            micros(new.at),
            micros(new.expires_at),
            new.payload,
            bytes_if_any(new.about.as_ref()),
        ])
}
