//! Signing in, and keeping signed in (design §6; seed 002, F65-F77).
//!
//! A wrong name is answered like a wrong password, after the same time, and counted alike: what is counted are tries of a
//! name, whether anybody has it or not. After some failures a challenge must be solved first, after more nothing is taken
//! for a while that doubles.

mod actor;
mod ending;
mod guard;
pub mod rules;
pub mod tries;

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use credentials::{SecretText, challenge::Challenge, opaque, tokens::ACCESS_TOKEN_S};
use domain::{
    AccountId,
    account::{Account, AccountEvent},
    personal::Personal,
    policy::{KeyScope, Viewer},
};
use event_log::Channel;
use sessions::{Lifetimes, NewSignIn, RotateError, SignInMethod};
use uuid::Uuid;

pub(crate) use self::guard::Guard;
pub use self::rules::SignInRules;
use self::tries::Place;
use crate::{error::ExecuteError, second_factor::CodeCheck, start::Application};

/// How long a refresh token holds for who wants to stay signed in, days (seed 002, F71).
pub const REFRESH_TOKEN_DAYS: i64 = 30;
/// How long a refresh token holds otherwise, hours.
pub const REFRESH_TOKEN_HOURS: i64 = 12;
/// How long a sign-in through an identity provider goes on, hours, however often it is refreshed: then the provider is asked
/// again whether this person still may sign in.
pub const FEDERATED_SIGN_IN_HOURS: i64 = 12;
/// How many passwords are checked at once; each takes 19 MiB for its time (Argon2id, RFC 9106 §4).
pub const PASSWORD_CHECKS_MAX: usize = 4;

/// A try to sign in.
#[derive(Clone, Default)]
pub struct Attempt {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
    /// A code of the second factor, or a recovery code.
    pub code: Option<String>,
    /// Wants to stay signed in.
    pub stays: bool,
    /// A solved challenge: its token and the solution.
    pub solution: Option<(String, String)>,
}

/// From where somebody calls.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// It is a door of ours, which solves no challenges.
    pub is_door: bool,
}

/// What a sign-in gives.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The access token.
    pub access_token: String,
    /// How long it holds, seconds.
    pub expires_in_s: u64,
    /// The refresh token, good for one use.
    pub refresh_token: String,
    /// The sign-in.
    pub sign_in: Uuid,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name or wrong password, and nobody says which (seed 002, F70).
    #[error("the user name or the password is wrong")]
    Refused,
    /// So many tries failed that a challenge must be solved with the next (seed 002, F72).
    #[error("a challenge must be solved first")]
    ChallengeRequired(Challenge),
    /// So many tries failed that none is taken for a while.
    #[error("no try is taken until {until}")]
    Locked {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Name and password are right, and a code of the second factor must come with them.
    #[error("a code of the second factor is missing")]
    SecondFactorRequired,
    /// Something of ours failed.
    #[error("the sign-in could not be made")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub(crate) fn internal(source: impl std::error::Error + Send + Sync + 'static) -> SignInError {
    SignInError::Internal(Box::new(source))
}

/// A sign-in that panicked, or was cut off by the end of the process.
impl From<tokio::task::JoinError> for SignInError {
    fn from(error: tokio::task::JoinError) -> Self {
        internal(error)
    }
}

impl From<ExecuteError> for SignInError {
    fn from(error: ExecuteError) -> Self {
        internal(error)
    }
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account.
    pub account: Arc<Account>,
    /// Its rights today.
    pub viewer: Arc<Viewer>,
    /// The sign-in, or the API key.
    pub sign_in: Uuid,
    /// Until when the token or the key holds.
    pub until: DateTime<Utc>,
    /// What an API key opens; `None` for a person's own sign-in, which opens all.
    pub scopes: Option<BTreeSet<KeyScope>>,
}

impl Application {
    /// Signs in with a local password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        attempt: Attempt,
        client: Client,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        self.own_task(|this| async move { this.tried(attempt, &client, at).await })
            .await
    }

    async fn tried(
        &self,
        attempt: Attempt,
        client: &Client,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        let counted = self.counted(&attempt.username, Place::of(client));
        let _turn = self.turn_at(&counted.key).await;
        let tries = self
            .admit(
                &counted,
                &attempt.username,
                attempt.solution.as_ref(),
                client.is_door,
                at,
            )
            .await?;
        let account = self.directory().account_by_username(&attempt.username);
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let checked = self.check_password(attempt.password.clone(), hash).await?;
        let account = account.filter(|account| checked.fits && !account.disabled);
        let Some(account) = account else {
            self.failed(tries, &attempt.username, at);
            return Err(SignInError::Refused);
        };
        let method = match self.check_code(&account, attempt.code.as_deref(), at).await? {
            CodeCheck::NotNeeded => SignInMethod::Password,
            CodeCheck::Fits => SignInMethod::PasswordAndCode,
            CodeCheck::Missing => return Err(SignInError::SecondFactorRequired),
            CodeCheck::Wrong => {
                self.failed(tries, &attempt.username, at);
                return Err(SignInError::Refused);
            }
        };
        self.succeeded(account.id, counted, at).await?;
        if checked.outdated {
            self.rehash(account.clone(), attempt.password, at);
        }
        self.begin(&account, method, attempt.stays, client, at).await
    }

    /// Hashes the same password under today's cost, in its own time.
    fn rehash(&self, account: Arc<Account>, password: String, at: DateTime<Utc>) {
        let this = self.clone();
        tokio::spawn(async move {
            let done = async {
                let hash = this.hash(password).await?;
                let call = this.system_call(at, Channel::Rest);
                this.append_own(&call, account.id, |today| {
                    // Changed meanwhile: then the new one has today's cost.
                    if today.password_hash != account.password_hash {
                        return Ok(Vec::new());
                    }
                    let hash = Personal::new(account.id.person(), hash.clone());
                    Ok(vec![AccountEvent::PasswordRehashed { hash }])
                })
                .await
                .map_err(SignInError::from)
            };
            if let Err(error) = done.await {
                tracing::warn!(%error, "a password could not be hashed anew");
            }
        });
    }

    /// Begins a sign-in of who has proven who they are, to this state of their account. All sign-ins may have ended since, by
    /// another password, a disabling, an erasure: then this one ends too before anybody has its tokens.
    pub(crate) async fn begin(
        &self,
        account: &Account,
        method: SignInMethod,
        stays: bool,
        client: &Client,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        let sign_in = Uuid::new_v4();
        let expires_at = lifetimes().until(method, stays, at, at);
        let (refresh_token, refresh_hash) = opaque::one_time();
        let new = NewSignIn {
            id: sign_in,
            account: account.id.0,
            refresh_hash,
            at,
            expires_at,
            user_agent_hint: client.user_agent.clone(),
            address: client.address.map(|address| address.to_string()),
            method,
            stays,
        };
        self.with_sessions(move |sessions| sessions.issue(new)).await?;
        let today = self.directory().account(account.id);
        let holds = |today: &Account| !today.disabled && today.sign_ins_ended == account.sign_ins_ended;
        if !today.as_deref().is_some_and(holds) {
            let (id, erased) = (account.id.0, today.is_none_or(|today| today.erased));
            self.with_sessions(move |sessions| {
                sessions.discard(sign_in)?;
                // Not even from where they called may stay in a file, and cleaning up after them may be over.
                if erased {
                    sessions.forget_account(id, None)?;
                }
                Ok::<_, sessions::StorageError>(())
            })
            .await?;
            return Err(SignInError::Refused);
        }
        self.signed_in(account.id, sign_in, refresh_token, (at, expires_at))
    }

    fn signed_in(
        &self,
        account: AccountId,
        sign_in: Uuid,
        refresh_token: SecretText,
        (at, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<SignedIn, SignInError> {
        // No access token outlives its sign-in.
        let lifetime = TimeDelta::seconds(ACCESS_TOKEN_S).min(until - at);
        let access_token = self
            .tokens()
            .issue(account.0, sign_in, at, lifetime)
            .map_err(internal)?;
        Ok(SignedIn {
            access_token,
            expires_in_s: lifetime.num_seconds().unsigned_abs(),
            refresh_token: refresh_token.into_exposed(),
            sign_in,
        })
    }

    /// Trades a refresh token for new tokens. A token used twice ends the whole sign-in (RFC 9700 §4.14.2), but for
    /// [`sessions::ROTATED_GRACE_S`] it gives the same refresh token again while nobody has used that.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn refresh(&self, token: &str, at: DateTime<Utc>) -> Result<SignedIn, SignInError> {
        let old = opaque::digest(token);
        let (refresh_token, new) = self.successor(token);
        let rotated = self
            .ask_sessions(move |sessions| sessions.rotate(old, new, at, lifetimes()))
            .await;
        match rotated.map_err(internal)? {
            Ok(rotation) => {
                let account = AccountId(rotation.account);
                // Disabling ends every sign-in, but one may begin at that moment.
                if self
                    .directory()
                    .account(account)
                    .is_none_or(|account| account.disabled)
                {
                    return Err(SignInError::Refused);
                }
                self.signed_in(
                    account,
                    rotation.sign_in,
                    refresh_token,
                    (at, rotation.expires_at),
                )
            }
            Err(
                RotateError::Unknown
                | RotateError::Expired
                | RotateError::Reused { .. }
                | RotateError::Revoked,
            ) => Err(SignInError::Refused),
            Err(error @ (RotateError::HashTaken(_) | RotateError::Storage(_))) => Err(internal(error)),
        }
    }

    /// The refresh token that replaces `token`: always the same one, which only this server can derive, so that it need not be
    /// kept to be given twice.
    fn successor(&self, token: &str) -> (SecretText, [u8; 32]) {
        opaque::of_bits(&self.secret().digest(&[b"refresh-successor", token.as_bytes()]))
    }

    /// Asks the sessions where blocking is allowed, and answers what they say.
    pub(crate) async fn ask_sessions<R: Send + 'static>(
        &self,
        ask: impl FnOnce(&sessions::Sessions) -> R + Send + 'static,
    ) -> Result<R, tokio::task::JoinError> {
        let sessions = self.sessions().clone();
        tokio::task::spawn_blocking(move || ask(&sessions)).await
    }

    /// The same where whatever they refuse is a failure of ours.
    pub(crate) async fn with_sessions<T: Send + 'static, E: std::error::Error + Send + Sync + 'static>(
        &self,
        ask: impl FnOnce(&sessions::Sessions) -> Result<T, E> + Send + 'static,
    ) -> Result<T, SignInError> {
        self.ask_sessions(ask).await?.map_err(internal)
    }
}

/// How long a sign-in goes on without being used.
fn lifetimes() -> Lifetimes {
    Lifetimes {
        brief: TimeDelta::hours(REFRESH_TOKEN_HOURS),
        long: TimeDelta::days(REFRESH_TOKEN_DAYS),
        federated: TimeDelta::hours(FEDERATED_SIGN_IN_HOURS),
    }
}
