//! What is kept of a sign-in through an identity provider: while a browser is there, and to sign out there too. The account
//! of who signs in so is the matter of `people::federation`.

use chrono::{DateTime, TimeDelta, Utc};
use credentials::opaque;
use sessions::{NewOnce, OnceError, ProviderSession};
use uuid::Uuid;

use crate::identity::{
    Identity,
    error::{SignInError, internal},
};

/// The longest ID token that is kept to sign out with, bytes: it goes into an address, and browsers take no longer ones everywhere.
pub const ID_TOKEN_KEPT_BYTES_MAX: usize = 6 * 1024;
/// How long a browser may stay at a provider, minutes.
pub const FEDERATED_MINUTES: i64 = 10;

/// A sign-in through a provider that has begun.
#[derive(Clone)]
pub struct Begun {
    /// What comes back with the browser: 256 random bits in base64url.
    pub state: String,
    /// Until when it must be back.
    pub expires_at: DateTime<Utc>,
}

/// What signs somebody out at the provider that they signed in through.
#[derive(Clone)]
pub struct AtProvider {
    /// The id of the provider.
    pub provider: String,
    /// The ID token that it gave; none when it was too long to be kept.
    pub id_token: Option<String>,
}

impl Identity {
    /// Keeps what must be found again when the browser is back from this provider.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn begin_federated(
        &self,
        provider: &str,
        kept: String,
        at: DateTime<Utc>,
    ) -> Result<Begun, SignInError> {
        let (state, hash) = opaque::one_time();
        let expires_at = at + TimeDelta::minutes(FEDERATED_MINUTES);
        let once = NewOnce {
            purpose: purpose(provider),
            hash,
            account: None,
            about: None,
            payload: Some(kept),
            at,
            expires_at,
        };
        self.with_sessions(move |sessions| sessions.put_once(once))
            .await?;
        Ok(Begun {
            state: state.into_exposed(),
            expires_at,
        })
    }

    /// What was kept under this state at this provider. It is found once.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the state is unknown, another provider's, used or expired.
    pub async fn end_federated(
        &self,
        provider: &str,
        state: &str,
        at: DateTime<Utc>,
    ) -> Result<String, SignInError> {
        let (purpose, hash) = (purpose(provider), opaque::digest(state));
        let taken = self
            .ask_sessions(move |sessions| sessions.take_once(&purpose, hash, at))
            .await;
        match taken.map_err(internal)? {
            Ok(once) => Ok(once.payload.unwrap_or_default()),
            Err(OnceError::Unknown | OnceError::Expired) => Err(SignInError::Refused),
            Err(error) => Err(internal(error)),
        }
    }

    pub(crate) async fn keep_provider_session(
        &self,
        sign_in: Uuid,
        there: AtProvider,
    ) -> Result<(), SignInError> {
        let token = there
            .id_token
            .filter(|token| token.len() <= ID_TOKEN_KEPT_BYTES_MAX);
        let session = ProviderSession {
            sealed: token.map(|token| self.kernel.secret.seal(&sealed_for(&sign_in), token.as_bytes())),
            provider: there.provider,
        };
        self.with_sessions(move |sessions| sessions.keep_provider_session(sign_in, &session))
            .await
            .map(drop)
    }

    /// Through which provider this sign-in was made, and what signs out there; `None` for a local one, or one that has ended.
    pub(crate) async fn at_provider(&self, sign_in: Uuid) -> Result<Option<AtProvider>, SignInError> {
        let session = self
            .with_sessions(move |sessions| sessions.provider_session(sign_in))
            .await?;
        Ok(session.map(|session| {
            let sealed = session.sealed.as_deref();
            let token = sealed.and_then(|sealed| self.kernel.secret.open(&sealed_for(&sign_in), sealed));
            AtProvider {
                provider: session.provider,
                id_token: token.and_then(|token| String::from_utf8(token).ok()),
            }
        }))
    }
}

/// What names the ID token of a sign-in among all that is ever sealed: the id is fresh.
fn sealed_for(sign_in: &Uuid) -> [&[u8]; 2] {
    [b"id-token", sign_in.as_bytes()]
}

/// What one-time entries of this provider serve for.
fn purpose(provider: &str) -> String {
    format!("oidc:{provider}")
}
