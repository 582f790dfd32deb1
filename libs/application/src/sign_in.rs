//! Signing in with a local password, and keeping signed in.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountId, account::Account, policy::Viewer};
use sessions::{NewSignIn, RotateError};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

use crate::{start::Application, tokens::ACCESS_TOKEN_S};

/// How long a refresh token holds, days.
pub const REFRESH_TOKEN_DAYS: i64 = 30;
/// How many passwords are checked at once; each takes 19 MiB for its time (Argon2id, RFC 9106 §4).
pub const PASSWORD_CHECKS_MAX: usize = 4;

/// What a sign-in gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The access token.
    pub access_token: String,
    /// How long it holds, seconds.
    pub expires_in_s: u64,
    /// The refresh token, good for one use.
    pub refresh_token: String,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name or wrong password, and nobody says which (seed 002, F70).
    #[error("the user name or the password is wrong")]
    Refused,
    /// Something of ours failed.
    #[error("the sign-in could not be made")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn internal(source: impl std::error::Error + Send + Sync + 'static) -> SignInError {
    SignInError::Internal(Box::new(source))
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account.
    pub account: Arc<Account>,
    /// Its rights today.
    pub viewer: Viewer,
    /// The sign-in.
    pub sign_in: Uuid,
}

/// Hashes a password with Argon2id in its recommended parameters.
///
/// # Errors
/// [`SignInError::Internal`] when no salt can be had.
pub fn hash_password(password: &str) -> Result<String, SignInError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(internal)
}

fn password_fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// A hash of no password, made with the parameters of [`hash_password`]: checked when there is no account of that name,
/// so that a wrong name takes as long as a wrong password, the first time too. Whatever fits it is refused.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Z3VpY2hldC1ub2JvZHk$bm9ib2R5LWhhcy10aGlzLXBhc3N3b3JkLS0tLS0tLS0";

impl Application {
    /// Signs in.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        username: &str,
        password: String,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        let turn = self
            .password_checks()
            .clone()
            .acquire_owned()
            .await
            .map_err(internal)?;
        let account = self.directory().account_by_username(username);
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let fits = tokio::task::spawn_blocking(move || {
            // The turn ends with the check, not with the caller, who may have hung up.
            let _turn = turn;
            match hash {
                Some(hash) => password_fits(&password, &hash),
                None => {
                    password_fits(&password, NOBODYS_HASH);
                    false
                }
            }
        });
        match (fits.await.map_err(internal)?, account) {
            (true, Some(account)) => self.begin(account.id, at).await,
            (true, None) | (false, _) => Err(SignInError::Refused),
        }
    }

    async fn begin(&self, account: AccountId, at: DateTime<Utc>) -> Result<SignedIn, SignInError> {
        let sign_in = Uuid::new_v4();
        let (refresh_token, refresh_hash) = refresh_token();
        let new = NewSignIn {
            id: sign_in,
            account: account.0,
            refresh_hash,
            at,
            expires_at: at + TimeDelta::days(REFRESH_TOKEN_DAYS),
            user_agent_hint: None,
        };
        let sessions = self.sessions().clone();
        tokio::task::spawn_blocking(move || sessions.issue(new))
            .await
            .map_err(internal)?
            .map_err(internal)?;
        self.signed_in(account, sign_in, refresh_token, at)
    }

    fn signed_in(
        &self,
        account: AccountId,
        sign_in: Uuid,
        refresh_token: String,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        let access_token = self.tokens().issue(account, sign_in, at).map_err(internal)?;
        Ok(SignedIn {
            access_token,
            expires_in_s: ACCESS_TOKEN_S,
            refresh_token,
        })
    }

    /// Trades a refresh token for new tokens. A token used twice ends the whole sign-in (RFC 9700 §4.14.2).
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn refresh(&self, token: &str, at: DateTime<Utc>) -> Result<SignedIn, SignInError> {
        let old: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let (refresh_token, new) = refresh_token();
        let expires_at = at + TimeDelta::days(REFRESH_TOKEN_DAYS);
        let sessions = self.sessions().clone();
        let rotated = tokio::task::spawn_blocking(move || sessions.rotate(old, new, at, expires_at)).await;
        match rotated.map_err(internal)? {
            Ok(rotation) => self.signed_in(AccountId(rotation.account), rotation.sign_in, refresh_token, at),
            Err(
                RotateError::Unknown
                | RotateError::Expired
                | RotateError::Reused { .. }
                | RotateError::Revoked,
            ) => Err(SignInError::Refused),
            Err(error @ (RotateError::HashTaken(_) | RotateError::Storage(_))) => Err(internal(error)),
        }
    }

    /// Ends a sign-in: its tokens are refused from now on.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn sign_out(&self, sign_in: Uuid) -> Result<(), SignInError> {
        let sessions = self.sessions().clone();
        let revoked = tokio::task::spawn_blocking(move || sessions.revoke(sign_in)).await;
        revoked.map_err(internal)?.map_err(internal).map(|_| ())
    }

    /// Who holds this access token, with today's rights; `None` when it is refused for whatever reason.
    #[must_use]
    pub fn actor(&self, token: &str, at: DateTime<Utc>) -> Option<Actor> {
        let claims = self.tokens().verify(token, at).ok()?;
        if self.sessions().is_revoked(claims.sid) {
            return None;
        }
        let account = self.directory().account(claims.sub)?;
        Some(Actor {
            viewer: account.viewer(),
            account,
            sign_in: claims.sid,
        })
    }
}

impl Application {
    /// The rights of an account today, as long as this sign-in of it holds; for what goes on longer than a request.
    #[must_use]
    pub fn viewer_of(&self, account: AccountId, sign_in: Uuid) -> Option<Viewer> {
        if self.sessions().is_revoked(sign_in) {
            return None;
        }
        Some(self.directory().account(account)?.viewer())
    }
}

/// A refresh token of 256 random bits, and the hash that is kept of it.
fn refresh_token() -> (String, [u8; 32]) {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let hash = Sha256::digest(token.as_bytes()).into();
    (token, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_costs_what_a_wrong_password_costs() {
        let real = hash_password("something").unwrap();
        let (real, nobodys) = (
            PasswordHash::new(&real).unwrap(),
            PasswordHash::new(NOBODYS_HASH).unwrap(),
        );
        assert_eq!(nobodys.algorithm, real.algorithm);
        assert_eq!(nobodys.version, real.version);
        assert_eq!(nobodys.params, real.params);
        let bytes = |hash: &PasswordHash| hash.hash.as_ref().map(|output| output.as_ref().len());
        assert_eq!(bytes(&nobodys), bytes(&real));
        assert!(!password_fits("something", NOBODYS_HASH));
    }
}
