//! Refresh tokens: each used once, and replaced.
//!
//! Two windows of one browser may use the same token at once, and an answer may be lost on its way. So for
//! [`ROTATED_GRACE_S`] a token that was replaced gives its successor again, as long as nobody has used that. The successor is
//! not kept: it is derived from the token (`application::sign_in`), and known here by its hash alone.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use crate::Sessions;
use crate::method::{SignInMethod, method_in};
use crate::stored::{id_in, micros, time_in};

/// How long after its replacement a refresh token still gives the same successor, seconds.
pub const ROTATED_GRACE_S: i64 = 10;

/// How long a refresh token lasts (seed 002, F71).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// When the person does not stay signed in on this device.
    pub brief: TimeDelta,
    /// When they do.
    pub long: TimeDelta,
    /// How long a federated sign-in lasts as a whole, however often its token is rotated: whether the person may still sign in
    /// is the provider's to say, and it is asked again then.
    pub federated: TimeDelta,
}

impl Lifetimes {
    /// Until when a token lasts that is used at `at`, of a sign-in that was begun so.
    #[must_use]
    pub fn until(
        &self,
        method: SignInMethod,
        stays: bool,
        begun_at: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let until = at + if stays { self.long } else { self.brief };
        match method {
            SignInMethod::Federated => until.min(begun_at + self.federated),
            SignInMethod::Password | SignInMethod::PasswordAndCode => until,
        }
    }
}

/// A refresh token was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The sign-in that goes on.
    pub sign_in: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// When it now ends unless the new token is rotated before.
    pub expires_at: DateTime<Utc>,
    /// Whether the person stays signed in on this device.
    pub stays: bool,
}

/// Why a refresh token was refused.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// No such token, or it was purged.
    #[error("the refresh token is not known")]
    Unknown,
    /// It was not used in time.
    #[error("the refresh token has expired")]
    Expired,
    /// It was used before: by a thief, or by its owner after a thief. Nobody can tell which, so the sign-in was revoked
    /// with this answer (RFC 9700 §4.14.2). Its successor was used already, is another one than is asked for, or
    /// [`ROTATED_GRACE_S`] are over.
    #[error("the refresh token was used before; the sign-in {sign_in} is revoked")]
    Reused {
        /// The sign-in that is now revoked.
        sign_in: Uuid,
    },
    /// Its sign-in was revoked.
    #[error("the sign-in of the refresh token was revoked")]
    Revoked,
    /// The hash of the new token was used before.
    #[error("the hash of the new refresh token was used before")]
    HashTaken(#[source] rusqlite::Error),
    /// The database refused.
    #[error("the refresh token could not be rotated")]
    Storage(#[from] rusqlite::Error),
}

/// A token as it is stored, with what is needed of its sign-in.
struct Token {
    sign_in: Uuid,
    account: Uuid,
    begun_at: DateTime<Utc>,
    method: SignInMethod,
    expires_at: i64,
    stays: bool,
    is_rotated: bool,
    /// Unknown when it was rotated by a program that did not write it down.
    rotated_at: Option<i64>,
    is_revoked: bool,
}

impl Sessions {
    /// Replaces the refresh token with the hash `old_hash` by one with the hash `new_hash`, which lasts as long
    /// as `lifetimes` grants to such a sign-in. A second time within [`ROTATED_GRACE_S`] the same `new_hash` is answered alike
    /// and changes nothing; later, with another hash, or once the new token was used, it revokes the sign-in.
    ///
    /// # Errors
    /// See [`RotateError`].
    pub fn rotate(
        &self,
        old_hash: [u8; 32],
        new_hash: [u8; 32],
        at: DateTime<Utc>,
        lifetimes: Lifetimes,
    ) -> Result<Rotation, RotateError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(token) = find(&transaction, &old_hash)? else {
            return Err(RotateError::Unknown);
        };
        if token.is_revoked {
            return Err(RotateError::Revoked);
        }
        // Asked before the expiry: an old token that is shown again was stolen, however old it is.
        if token.is_rotated {
            if let Some(expires_at) = again(&transaction, &token, &new_hash, at)? {
                return Ok(Rotation {
                    sign_in: token.sign_in,
                    account: token.account,
                    expires_at,
                    stays: token.stays,
                });
            }
            let sign_in = token.sign_in;
            transaction
                .prepare_cached("UPDATE sign_ins SET revoked = 1 WHERE id = ?1")?
                .execute([sign_in.as_bytes()])?;
            transaction.commit()?;
            self.inner.revoked.write().insert(sign_in);
            return Err(RotateError::Reused { sign_in });
        }
        if token.expires_at <= micros(at) {
            return Err(RotateError::Expired);
        }
        let expires_at = lifetimes.until(token.method, token.stays, token.begun_at, at);
        mark_rotated(&transaction, &old_hash, at)?;
        add(&transaction, token.sign_in, &new_hash, expires_at)?;
        prolong(&transaction, token.sign_in, at, expires_at)?;
        transaction.commit()?;
        Ok(Rotation {
            sign_in: token.sign_in,
            account: token.account,
            expires_at,
            stays: token.stays,
        })
    }
}

fn find(transaction: &Transaction<'_>, hash: &[u8; 32]) -> rusqlite::Result<Option<Token>> {
    let mut statement = transaction.prepare_cached(
        "SELECT sign_ins.id, sign_ins.account, refresh_tokens.expires_at, refresh_tokens.rotated,
                sign_ins.revoked, sign_ins.stays, sign_ins.at, sign_ins.method, refresh_tokens.rotated_at
         FROM refresh_tokens JOIN sign_ins ON sign_ins.id = refresh_tokens.sign_in WHERE hash = ?1",
    )?;
    let token = |row: &rusqlite::Row<'_>| {
        Ok(Token {
            sign_in: id_in(row, 0)?,
            account: id_in(row, 1)?,
            expires_at: row.get(2)?,
            is_rotated: row.get(3)?,
            is_revoked: row.get(4)?,
            stays: row.get(5)?,
            begun_at: time_in(row, 6)?,
            method: method_in(row, 7)?,
            rotated_at: row.get(8)?,
        })
    };
    statement.query_row([hash], token).optional()
}

/// Until when the successor of a token lasts that may be given again: it is the one asked for, of the same sign-in, not used
/// and not over, and the token was replaced just now.
fn again(
    transaction: &Transaction<'_>,
    token: &Token,
    new_hash: &[u8; 32],
    at: DateTime<Utc>,
) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let since = micros(at - TimeDelta::seconds(ROTATED_GRACE_S));
    if token.rotated_at.is_none_or(|rotated_at| rotated_at <= since) {
        return Ok(None);
    }
    transaction
        .prepare_cached(
            "SELECT expires_at FROM refresh_tokens
             WHERE hash = ?1 AND sign_in = ?2 AND rotated = 0 AND expires_at > ?3",
        )?
        .query_row(params![new_hash, token.sign_in.as_bytes(), micros(at)], |row| {
            time_in(row, 0)
        })
        .optional()
}

fn mark_rotated(
    transaction: &Transaction<'_>,
    hash: &[u8; 32],
    at: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("UPDATE refresh_tokens SET rotated = 1, rotated_at = ?2 WHERE hash = ?1")?
        .execute(params![hash, micros(at)])
}

fn add(
    transaction: &Transaction<'_>,
    sign_in: Uuid,
    hash: &[u8; 32],
    expires_at: DateTime<Utc>,
) -> Result<(), RotateError> {
    transaction
        .prepare_cached("INSERT INTO refresh_tokens (hash, sign_in, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![hash, sign_in.as_bytes(), micros(expires_at)])
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => RotateError::HashTaken(error),
            Some(_) | None => RotateError::Storage(error),
        })?;
    Ok(())
}

fn prolong(
    transaction: &Transaction<'_>,
    sign_in: Uuid,
    at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("UPDATE sign_ins SET last_used_at = ?2, expires_at = ?3 WHERE id = ?1")?
        .execute(params![sign_in.as_bytes(), micros(at), micros(expires_at)])
}
