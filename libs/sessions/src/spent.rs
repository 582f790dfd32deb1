//! What is good for one use and needs no entry before it: solved proofs of work, steps of a one-time password (RFC 6238
//! §5.2).

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::stored::micros;
use crate::{Sessions, StorageError};

impl Sessions {
    /// Spends a thing, named by a hash: true the first time, false ever after. `until` is when the thing is good for
    /// nothing by itself; [`Sessions::purge`] forgets it then. That of the first time counts.
    ///
    /// The number of spent things has no limit of its own, as none may be dropped early: it is bounded by the proofs that
    /// were solved, or the codes that were right, within their time.
    ///
    /// # Errors
    /// [`StorageError`]; then it may or may not be spent.
    pub fn spend(&self, hash: [u8; 32], until: DateTime<Utc>) -> Result<bool, StorageError> {
        let database = self.inner.database.lock();
        let mut statement = database
            .prepare_cached("INSERT INTO spent (hash, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        Ok(statement.execute(params![hash, micros(until)])? == 1)
    }
}
