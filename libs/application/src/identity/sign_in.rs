//! Signing in, and keeping signed in (design §6; seed 002, F65-F77).
//!
//! A wrong name is answered like a wrong password, after the same time, and counted alike: what is counted are tries of a
//! name, whether anybody has it or not. After some failures a challenge must be solved first, after more nothing is taken
//! for a while that doubles.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use credentials::{SecretText, opaque, tokens::ACCESS_TOKEN_S};
use domain::{
    AccountId,
    account::{Account, AccountEvent},
    personal::Personal,
};
use event_log::Channel;
use sessions::{Lifetimes, NewSignIn, RotateError, SignInMethod};
use uuid::Uuid;

use crate::{
    identity::{
        Identity,
        error::{SignInError, internal},
        second_factor::CodeCheck,
        tries::{Client, Place},
    },
    kernel::task::own_task,
};

/// How long a refresh token holds for who wants to stay signed in, days (seed 002, F71).
pub const REFRESH_TOKEN_DAYS: i64 = 30;
/// How long a refresh token holds otherwise, hours.
pub const REFRESH_TOKEN_HOURS: i64 = 12;
/// How long a sign-in through an identity provider goes on, hours, however often it is refreshed: then the provider is asked
/// again whether this person still may sign in.
pub const FEDERATED_SIGN_IN_HOURS: i64 = 12;
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

/// What a sign-in gives.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The access token.
    pub access_token: String,
    /// How long it holds, seconds.
    pub expires_in_s: u64,
    /// The refresh token, good for one use.
    pub refresh_token: String,
    /// How long it holds, seconds.
    pub refresh_expires_in_s: u64,
    /// The sign-in.
    pub sign_in: Uuid,
}

impl Identity {
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
        own_task(self, |this| async move { this.tried(attempt, &client, at).await }).await
    }

    async fn tried(
        &self,
        attempt: Attempt,
        client: &Client,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        let counted = self.counted(&attempt.username, Place::of(client));
        let _turn = self.guard.turn_at(&counted.key).await;
        let tries = self
            .admit(
                &counted,
                &attempt.username,
                attempt.solution.as_ref(),
                client.is_door,
                at,
            )
            .await?;
        let account = self.kernel.directory.account_by_username(&attempt.username);
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
                let call = this.kernel.system_call(at, Channel::Rest);
                this.kernel
                    .append_own(&call, account.id, |today| {
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
        let today = self.kernel.directory.account(account.id);
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
            .guard
            .tokens
            .issue(account.0, sign_in, at, lifetime)
            .map_err(internal)?;
        Ok(SignedIn {
            access_token,
            expires_in_s: lifetime.num_seconds().unsigned_abs(),
            refresh_token: refresh_token.into_exposed(),
            refresh_expires_in_s: (until - at).num_seconds().max(0).unsigned_abs(),
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
                    .kernel
                    .directory
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
        opaque::of_bits(
            &self
                .kernel
                .secret
                .digest(&[b"refresh-successor", token.as_bytes()]),
        )
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
