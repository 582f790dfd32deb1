//! The end of sign-ins: one, all but one, all, and all that is known of an account.

use rusqlite::{Connection, Params, TransactionBehavior, params};
use uuid::Uuid;

use crate::stored::id_in;
use crate::{Sessions, StorageError};

impl Sessions {
    /// Ends a sign-in: its refresh tokens are refused and [`Sessions::is_revoked`] is true from now on. Answers whether
    /// it was there and not yet revoked.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn revoke(&self, sign_in: Uuid) -> Result<bool, StorageError> {
        let ended = self.revoke_where("id = ?1", [sign_in.as_bytes()])?;
        Ok(!ended.is_empty())
    }

    /// Takes back a sign-in that was begun and never given to anybody: nothing of it stays.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn discard(&self, sign_in: Uuid) -> Result<(), StorageError> {
        let database = self.inner.database.lock();
        database
            .prepare_cached("DELETE FROM sign_ins WHERE id = ?1")?
            .execute([sign_in.as_bytes()])?;
        Ok(())
    }

    /// Ends a sign-in if it is one of `account`. Answers whether it was, and was not yet revoked.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn revoke_own(&self, account: Uuid, sign_in: Uuid) -> Result<bool, StorageError> {
        let ended = self.revoke_where(
            "id = ?1 AND account = ?2",
            [sign_in.as_bytes(), account.as_bytes()],
        )?;
        Ok(!ended.is_empty())
    }

    /// Ends every sign-in of an account but `keep` ("sign out everywhere else"). Answers those that were not yet revoked.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn revoke_others(&self, account: Uuid, keep: Uuid) -> Result<Vec<Uuid>, StorageError> {
        self.revoke_where("account = ?1 AND id <> ?2", [account.as_bytes(), keep.as_bytes()])
    }

    /// Ends every sign-in of an account ("sign out everywhere"). Answers those that were not yet revoked.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn revoke_account(&self, account: Uuid) -> Result<Vec<Uuid>, StorageError> {
        self.revoke_where("account = ?1", [account.as_bytes()])
    }

    /// Forgets the person behind an account, who is erased (design §6.1): ends every sign-in, blanks the hints and
    /// addresses of all of them, removes the account's one-time entries, its waiting deliveries and what counts those
    /// that were posted; and what is `about` the same person from before they had an account. Answers the sign-ins that were
    /// not yet revoked.
    ///
    /// The database is then written anew from what is left and the write-ahead log emptied, so that what was removed
    /// stands in no file. That takes about two seconds per 100 MB, as much free disk, and everybody's turn meanwhile. Only
    /// while another process reads the database (an operator's shell) does the log keep it until the next start.
    ///
    /// # Errors
    /// [`StorageError`]; the sign-ins may be ended and the rows removed nevertheless. Ask again to have the files clean.
    pub fn forget_account(&self, account: Uuid, about: Option<Uuid>) -> Result<Vec<Uuid>, StorageError> {
        let mut database = self.inner.database.lock();
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id = account.as_bytes();
        let ended = mark_revoked(&transaction, "account = ?1", [id])?;
        for sql in [
            "UPDATE sign_ins SET user_agent_hint = NULL, address = NULL WHERE account = ?1",
            "DELETE FROM one_time WHERE account = ?1",
            "DELETE FROM deliveries WHERE account = ?1",
            "DELETE FROM posted WHERE account = ?1",
            "DELETE FROM places WHERE account = ?1",
        ] {
            transaction.prepare_cached(sql)?.execute(params![id])?;
        }
        for sql in [
            "DELETE FROM one_time WHERE about = ?1",
            "DELETE FROM deliveries WHERE about = ?1",
            "DELETE FROM posted WHERE account = ?1",
        ] {
            if let Some(about) = about {
                transaction.prepare_cached(sql)?.execute([about.as_bytes()])?;
            }
        }
        transaction.commit()?;
        self.inner.revoked.write().extend(&ended);
        // Although what is deleted is overwritten, pages keep stray copies of rows that were moved to others.
        database.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(ended)
    }

    /// Whether a sign-in was revoked, so that its access tokens are refused before they end by themselves. Asks memory
    /// only. True until the sign-in has been over for [`crate::REVOKED_KEPT_MINUTES`].
    #[must_use]
    pub fn is_revoked(&self, sign_in: Uuid) -> bool {
        self.inner.revoked.read().contains(&sign_in)
    }

    fn revoke_where(&self, condition: &'static str, ids: impl Params) -> Result<Vec<Uuid>, StorageError> {
        let database = self.inner.database.lock();
        let ended = mark_revoked(&database, condition, ids)?;
        // While the database is still locked, so that no rotation slips between the two.
        self.inner.revoked.write().extend(&ended);
        Ok(ended)
    }
}

/// Runs to its end, so that outside a transaction a refused commit is told.
fn mark_revoked(
    database: &Connection,
    condition: &'static str,
    ids: impl Params,
) -> rusqlite::Result<Vec<Uuid>> {
    let sql = format!("UPDATE sign_ins SET revoked = 1 WHERE {condition} AND revoked = 0 RETURNING id");
    let mut statement = database.prepare_cached(&sql)?;
    let ended = statement.query_map(ids, |row| id_in(row, 0))?;
    ended.collect()
}
