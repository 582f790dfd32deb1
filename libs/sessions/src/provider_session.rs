//! What a sign-in through an identity provider needs to sign out there too.

use rusqlite::{OptionalExtension as _, params};
use uuid::Uuid;

use crate::{Sessions, StorageError};

/// The provider's side of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSession {
    /// The id of the provider.
    pub provider: String,
    /// The token that names the session there, sealed by who keeps it here; none when it was too long to be kept.
    pub sealed: Option<Vec<u8>>,
}

impl Sessions {
    /// Keeps it until the sign-in ends, however it ends. Answers whether it goes on: of one that has ended meanwhile nothing is
    /// kept.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn keep_provider_session(
        &self,
        sign_in: Uuid,
        session: &ProviderSession,
    ) -> Result<bool, StorageError> {
        let database = self.inner.database.lock();
        let kept = database
            .prepare_cached(
                "INSERT INTO provider_sessions (sign_in, provider, sealed)
                 SELECT id, ?2, ?3 FROM sign_ins WHERE id = ?1 AND revoked = 0",
            )?
            .execute(params![sign_in.as_bytes(), session.provider, session.sealed])?;
        Ok(kept == 1)
    }

    /// What is kept of a sign-in that was not ended.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn provider_session(&self, sign_in: Uuid) -> Result<Option<ProviderSession>, StorageError> {
        let database = self.inner.database.lock();
        let session = database
            .prepare_cached("SELECT provider, sealed FROM provider_sessions WHERE sign_in = ?1")?
            .query_row([sign_in.as_bytes()], |row| {
                Ok(ProviderSession {
                    provider: row.get(0)?,
                    sealed: row.get(1)?,
                })
            })
            .optional()?;
        Ok(session)
    }
}
