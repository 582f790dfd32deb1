//! Sign-ins: begun, listed, revoked.

use chrono::{DateTime, Utc};
use rusqlite::{ErrorCode, Row, TransactionBehavior, params};
use uuid::Uuid;

use crate::stored::{id_in, micros, time_in};
use crate::{Sessions, StorageError};

/// The longest hint kept of the client's `User-Agent`, in bytes; the rest is cut off.
pub const USER_AGENT_HINT_BYTES_MAX: usize = 256;

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
    /// What the person is shown to know the device again.
    pub user_agent_hint: Option<String>,
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
    /// When it ends unless its refresh token is rotated before.
    pub expires_at: DateTime<Utc>,
    /// What the person is shown to know the device again, at most [`USER_AGENT_HINT_BYTES_MAX`] bytes.
    pub user_agent_hint: Option<String>,
}

/// Why a sign-in could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
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
        let sign_in = SignIn {
            id: new.id,
            account: new.account,
            at: new.at,
            expires_at: new.expires_at,
            user_agent_hint: new.user_agent_hint.map(shortened),
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
            "SELECT id, account, at, expires_at, user_agent_hint FROM sign_ins
             WHERE account = ?1 AND revoked = 0 AND expires_at > ?2 ORDER BY at DESC, id DESC",
        )?;
        let found = statement.query_map(params![account.as_bytes(), micros(at)], sign_in_in)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Ends a sign-in: its refresh tokens are refused and [`Sessions::is_revoked`] is true from now on. Answers whether
    /// it was there and not yet revoked.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn revoke(&self, sign_in: Uuid) -> Result<bool, StorageError> {
        let ended = self.revoke_where("id = ?1", sign_in)?;
        Ok(!ended.is_empty())
    }

    /// Ends every sign-in of an account ("sign out everywhere"). Answers those that were not yet revoked.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn revoke_account(&self, account: Uuid) -> Result<Vec<Uuid>, StorageError> {
        self.revoke_where("account = ?1", account)
    }

    /// Whether a sign-in was revoked, so that its access tokens are refused before they end by themselves. Asks memory
    /// only. True until the sign-in has been over for [`crate::REVOKED_KEPT_MINUTES`].
    #[must_use]
    pub fn is_revoked(&self, sign_in: Uuid) -> bool {
        self.inner.revoked.read().contains(&sign_in)
    }

    fn store(&self, sign_in: &SignIn, refresh_hash: &[u8; 32]) -> rusqlite::Result<()> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO sign_ins (id, account, at, expires_at, user_agent_hint) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                sign_in.id.as_bytes(),
                sign_in.account.as_bytes(),
                micros(sign_in.at),
                micros(sign_in.expires_at),
                sign_in.user_agent_hint,
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

    fn revoke_where(&self, condition: &'static str, id: Uuid) -> Result<Vec<Uuid>, StorageError> {
        let database = self.inner.database.lock();
        let ended = {
            let sql =
                format!("UPDATE sign_ins SET revoked = 1 WHERE {condition} AND revoked = 0 RETURNING id");
            let mut statement = database.prepare_cached(&sql)?;
            let ids = statement.query_map([id.as_bytes()], |row| id_in(row, 0))?;
            ids.collect::<rusqlite::Result<Vec<Uuid>>>()?
        };
        // While the database is still locked, so that no rotation slips between the two.
        self.inner.revoked.write().extend(&ended);
        Ok(ended)
    }
}

fn sign_in_in(row: &Row<'_>) -> rusqlite::Result<SignIn> {
    Ok(SignIn {
        id: id_in(row, 0)?,
        account: id_in(row, 1)?,
        at: time_in(row, 2)?,
        expires_at: time_in(row, 3)?,
        user_agent_hint: row.get(4)?,
    })
}

/// A client must not be refused for the length of its name.
fn shortened(mut hint: String) -> String {
    hint.truncate(hint.floor_char_boundary(USER_AGENT_HINT_BYTES_MAX));
    hint
}
