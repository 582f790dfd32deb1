//! Sign-ins: begun and listed.

use chrono::{DateTime, Utc};
use rusqlite::{ErrorCode, Row, TransactionBehavior, params};
use uuid::Uuid;

use crate::method::{SignInMethod, method_in};
use crate::stored::{id_in, micros, time_in};
use crate::{Sessions, StorageError};

/// The longest hint kept of the client's `User-Agent`, in bytes; the rest is cut off.
pub const USER_AGENT_HINT_BYTES_MAX: usize = 256;

/// The longest address of a client, in bytes: that of an IPv6 address that ends in an IPv4 one (`INET6_ADDRSTRLEN` without
/// its NUL, RFC 3493 §6.6).
pub const ADDRESS_BYTES_MAX: usize = 45;

/// A sign-in to be begun.
#[derive(Debug, Clone)]
pub struct NewSignIn {
    /// Its id, fresh; access tokens carry it, so that they can be revoked.
    pub id: Uuid,
    /// Who signed in.
    pub account: Uuid,
    /// The hash of its first refresh token.
    pub refresh_hash: [u8; 32],
    /// When.
    pub at: DateTime<Utc>,
    /// When the first refresh token, and with it the sign-in, ends unless it is rotated before.
    pub expires_at: DateTime<Utc>,
    /// How they proved who they are.
    pub method: SignInMethod,
    /// Whether they asked to stay signed in on this device (seed 002, F71); says how long each rotation makes it last.
    pub stays: bool,
    /// What the person is shown to know the device again.
    pub user_agent_hint: Option<String>,
    /// The client's IP address, shown to this person only, at most [`ADDRESS_BYTES_MAX`] bytes.
    pub address: Option<String>,
}

/// A sign-in that may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its id.
    pub id: Uuid,
    /// Who signed in.
    pub account: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// When its refresh token was last rotated; before the first time, when it was begun.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless its refresh token is rotated before.
    pub expires_at: DateTime<Utc>,
    /// How they proved who they are.
    pub method: SignInMethod,
    /// Whether they asked to stay signed in on this device.
    pub stays: bool,
    /// What the person is shown to know the device again, at most [`USER_AGENT_HINT_BYTES_MAX`] bytes.
    pub user_agent_hint: Option<String>,
    /// The client's IP address when it was begun, to be shown to this person only.
    pub address: Option<String>,
}

/// Why a sign-in could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The address is longer than [`ADDRESS_BYTES_MAX`], so it is none.
    #[error("the address of a client has {0} bytes, {ADDRESS_BYTES_MAX} are allowed")]
    AddressTooLong(usize),
    /// The id or the hash was used before.
    #[error("the sign-in's id or the hash of its refresh token was used before")]
    Taken(#[source] rusqlite::Error),
    /// The database refused.
    #[error("the sign-in could not be stored")]
    Storage(#[source] rusqlite::Error),
}

impl Sessions {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// See [`IssueError`].
    pub fn issue(&self, new: NewSignIn) -> Result<SignIn, IssueError> {
        if let Some(bytes) = new.address.as_ref().map(String::len)
            && bytes > ADDRESS_BYTES_MAX
        {
            return Err(IssueError::AddressTooLong(bytes));
        }
        let sign_in = SignIn {
            id: new.id,
            account: new.account,
            at: new.at,
            last_used_at: new.at,
            expires_at: new.expires_at,
            method: new.method,
            stays: new.stays,
            user_agent_hint: new.user_agent_hint.map(shortened),
            address: new.address,
        };
        self.store(&sign_in, &new.refresh_hash)
            .map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => IssueError::Taken(error),
                Some(_) | None => IssueError::Storage(error),
            })?;
        Ok(sign_in)
    }

    /// The sign-ins of `account` that are neither revoked nor over at `at`, the newest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn sign_ins(&self, account: Uuid, at: DateTime<Utc>) -> Result<Vec<SignIn>, StorageError> {
        let database = self.inner.database.lock();
        let mut statement = database.prepare_cached(
            "SELECT id, account, at, last_used_at, expires_at, method, stays, user_agent_hint, address FROM sign_ins
             WHERE account = ?1 AND revoked = 0 AND expires_at > ?2 ORDER BY at DESC, id DESC",
        )?;
        let found = statement.query_map(params![account.as_bytes(), micros(at)], sign_in_in)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn store(&self, sign_in: &SignIn, refresh_hash: &[u8; 32]) -> rusqlite::Result<()> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO sign_ins
                 (id, account, at, last_used_at, expires_at, method, stays, user_agent_hint, address)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                sign_in.id.as_bytes(),
                sign_in.account.as_bytes(),
                micros(sign_in.at),
                micros(sign_in.last_used_at),
                micros(sign_in.expires_at),
                sign_in.method.as_str(),
                sign_in.stays,
                sign_in.user_agent_hint,
                sign_in.address,
            ])?;
        transaction
            .prepare_cached("INSERT INTO refresh_tokens (hash, sign_in, expires_at) VALUES (?1, ?2, ?3)")?
            .execute(params![
                refresh_hash,
                sign_in.id.as_bytes(),
                micros(sign_in.expires_at)
            ])?;
        transaction.commit()
    }
}

fn sign_in_in(row: &Row<'_>) -> rusqlite::Result<SignIn> {
    Ok(SignIn {
        id: id_in(row, 0)?,
        account: id_in(row, 1)?,
        at: time_in(row, 2)?,
        last_used_at: time_in(row, 3)?,
        expires_at: time_in(row, 4)?,
        method: method_in(row, 5)?,
        stays: row.get(6)?,
        user_agent_hint: row.get(7)?,
        address: row.get(8)?,
    })
}

/// A client must not be refused for the length of its name.
fn shortened(mut hint: String) -> String {
    hint.truncate(hint.floor_char_boundary(USER_AGENT_HINT_BYTES_MAX));
    hint
}
