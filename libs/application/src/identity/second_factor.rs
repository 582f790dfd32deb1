//! The second factor: one-time codes by time (RFC 6238), and recovery codes for who lost the device.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use credentials::{
    SecretText, opaque,
    second_factor::{RecoveryCodes, Secret, recovery_digest},
};
use domain::{
    AccountId, Detail, Fault, FaultText,
    account::{Account, AccountEvent, SecondFactor},
    personal::Personal,
};
use event_log::Channel;
use serde::{Deserialize, Serialize};
use sessions::{NewOnce, OnceError};

use crate::{
    identity::{
        Identity,
        error::{SignInError, internal},
        links::{Basis, SECOND_FACTOR},
        passwords::Proof,
    },
    kernel::{call::Call, error::ExecuteError, task::own_task, writes::Outcome},
};

/// How long a second factor may wait for its first code, minutes.
pub const PENDING_MINUTES: i64 = 10;
/// Who issues the codes, as authenticator programs show it.
const ISSUER: &str = "Guichet";
/// The digits of base32 (RFC 4648 §6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A second factor to be put into an authenticator.
#[derive(Clone)]
pub struct PendingFactor {
    /// The secret, base32, for typing.
    pub secret: String,
    /// The same as a URL, for a QR code.
    pub url: String,
}

/// A second factor that waits for its first code, as it is kept.
#[derive(Serialize, Deserialize)]
struct Waiting {
    nonce: String,
    basis: Basis,
}

/// What a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeCheck {
    /// The account has no second factor.
    NotNeeded,
    /// It is right, and served for the first time.
    Fits,
    /// There was none.
    Missing,
    /// It is wrong, or served before.
    Wrong,
}

impl Identity {
    /// Checks the code of a sign-in whose password was right.
    pub(crate) async fn check_code(
        &self,
        account: &Account,
        code: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<CodeCheck, SignInError> {
        let Some(secret) = &account.second_factor else {
            return Ok(CodeCheck::NotNeeded);
        };
        let Some(code) = code.filter(|code| text::is_filled_in(code)) else {
            return Ok(CodeCheck::Missing);
        };
        let secret = Secret::from_base32(secret).map_err(internal)?;
        if let Some(step) = secret.matching_step(code, at) {
            let fresh = self.spend_step(account.id, step, at).await?;
            return Ok(if fresh { CodeCheck::Fits } else { CodeCheck::Wrong });
        }
        match recovery_digest(code) {
            Some(digest) => self.use_recovery_code(account.id, &digest, at).await,
            None => Ok(CodeCheck::Wrong),
        }
    }

    /// A code serves once, also within its half minute (RFC 6238 §5.2).
    async fn spend_step(
        &self,
        account: AccountId,
        step: u64,
        at: DateTime<Utc>,
    ) -> Result<bool, SignInError> {
        let served = self
            .kernel
            .secret
            .digest(&[b"totp", account.0.as_bytes(), &step.to_be_bytes()]);
        self.spend(served, at).await
    }

    async fn use_recovery_code(
        &self,
        id: AccountId,
        digest: &str,
        at: DateTime<Utc>,
    ) -> Result<CodeCheck, SignInError> {
        let call = self.kernel.system_call(at, Channel::Rest);
        let used = self
            .kernel
            .append_own(&call, id, |account| {
                let index = account
                    .recovery
                    .iter()
                    .position(|code| code.as_deref() == Some(digest));
                let index = index.and_then(|index| u32::try_from(index).ok());
                Ok(index
                    .map(|index| AccountEvent::RecoveryCodeUsed { index })
                    .into_iter()
                    .collect())
            })
            .await?;
        Ok(match used {
            Outcome::Now(_) => CodeCheck::Fits,
            Outcome::Before(_) | Outcome::Nothing(_) => CodeCheck::Wrong,
        })
    }

    /// The secret that a nonce stands for as long as it waits for its first code: what waits is not sealed, so the secret itself
    /// is not kept there. The server's own secret makes it from the nonce, 5 bits of each of 32 bytes.
    fn pending_secret(&self, account: AccountId, nonce: &str) -> Result<Secret, ExecuteError> {
        let made = self
            .kernel
            .secret
            .digest(&[b"second-factor", account.0.as_bytes(), nonce.as_bytes()]);
        let text = made.iter().filter_map(|byte| BASE32.get(usize::from(byte % 32)));
        let text: String = text.map(|digit| char::from(*digit)).collect();
        Secret::from_base32(&text).map_err(ExecuteError::internal)
    }

    /// What is at fault with a code that is asked for a second time; nothing when the account has no second factor.
    pub(crate) async fn code_fault(
        &self,
        account: &Account,
        code: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<Option<Fault>, ExecuteError> {
        Ok(match self.check_code(account, code, at).await? {
            CodeCheck::NotNeeded | CodeCheck::Fits => None,
            CodeCheck::Missing => Some(Fault::required("/code")),
            CodeCheck::Wrong => Some(wrong_code()),
        })
    }

    /// The caller's account, once its holder has shown the password again, and a code of the factor that there is: who has the
    /// password only must not be able to do without the second.
    async fn holder_confirmed(
        &self,
        call: &Call,
        password: String,
        code: Option<String>,
    ) -> Result<Arc<Account>, ExecuteError> {
        let account = self
            .kernel
            .directory
            .account(call.viewer.account)
            .ok_or(ExecuteError::NotFound)?;
        let mut faults = Vec::new();
        let proof = Proof {
            password,
            code: Some(code),
        };
        self.confirm_holder(&account, proof, "/password", &mut faults, call)
            .await?;
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        Ok(account)
    }

    /// Makes a secret that becomes the second factor once a first code of it is shown.
    ///
    /// # Errors
    /// See [`ExecuteError`]; the password is asked for again, and a code where there is a second factor already.
    pub async fn begin_second_factor(
        &self,
        call: Call,
        password: String,
        code: Option<String>,
    ) -> Result<PendingFactor, ExecuteError> {
        own_task(self, |this| async move {
            let account = this.holder_confirmed(&call, password, code).await?;
            let (nonce, hash) = opaque::one_time();
            let secret = this.pending_secret(account.id, nonce.expose())?;
            let waits = Waiting {
                nonce: nonce.into_exposed(),
                basis: Basis::of(&account),
            };
            let pending = NewOnce {
                purpose: SECOND_FACTOR.to_owned(),
                hash,
                account: Some(account.id.0),
                about: None,
                payload: Some(serde_json::to_string(&waits).map_err(ExecuteError::internal)?),
                at: call.at,
                expires_at: call.at + TimeDelta::minutes(PENDING_MINUTES),
            };
            this.with_sessions(move |sessions| sessions.put_once(pending))
                .await?;
            // A colon ends the issuer in such a URL; a user name may hold one.
            let label = account.username.as_deref().ok_or(ExecuteError::NotFound)?;
            let label = label.replace(':', " ");
            Ok(PendingFactor {
                url: secret
                    .url(ISSUER, &label)
                    .map_err(ExecuteError::internal)?
                    .into_exposed(),
                secret: secret.to_base32().into_exposed(),
            })
        })
        .await
    }

    /// Takes the first code; answers the recovery codes, which are shown this once: none when the same command took it before.
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] when none waits; a fault when the code is wrong.
    pub async fn confirm_second_factor(&self, call: Call, code: String) -> Result<Vec<String>, ExecuteError> {
        own_task(self, |this| async move {
            if this.kernel.repeated(&call)?.is_some() {
                return Ok(Vec::new());
            }
            let (id, at) = (call.viewer.account, call.at);
            let (secret, basis) = this.confirmed_secret(id, &code, at).await?;
            let RecoveryCodes { codes, digests } = RecoveryCodes::generate();
            this.kernel
                .append_own(&call, id, |account| {
                    if !basis.holds(account) {
                        return Err(ExecuteError::NotFound);
                    }
                    Ok(vec![AccountEvent::SecondFactorEnrolled(SecondFactor {
                        secret: Personal::new(id.person(), secret.to_base32().into_exposed()),
                        recovery: Personal::new(id.person(), digests.clone()),
                    })])
                })
                .await?;
            this.withdraw(id, &[SECOND_FACTOR]).await?;
            Ok(codes.into_iter().map(SecretText::into_exposed).collect())
        })
        .await
    }

    /// The secret that waits, once a code of this moment was shown that served for nothing before.
    async fn confirmed_secret(
        &self,
        id: AccountId,
        code: &str,
        at: DateTime<Utc>,
    ) -> Result<(Secret, Basis), ExecuteError> {
        let found = self
            .ask_sessions(move |sessions| sessions.peek_once_of(SECOND_FACTOR, id.0, at))
            .await?;
        let payload = match found {
            Ok(once) => once.payload.unwrap_or_default(),
            Err(OnceError::Unknown | OnceError::Expired) => return Err(ExecuteError::NotFound),
            Err(error @ OnceError::Storage(_)) => return Err(ExecuteError::internal(error)),
        };
        let waits: Waiting = serde_json::from_str(&payload).map_err(|_former| ExecuteError::NotFound)?;
        let known = self.pending_secret(id, &waits.nonce)?;
        let fresh = match known.matching_step(code, at) {
            Some(step) => self.spend_step(id, step, at).await?,
            None => false,
        };
        if !fresh {
            return Err(ExecuteError::invalid(vec![wrong_code()]));
        }
        Ok((known, waits.basis))
    }

    /// Gives one's own second factor up.
    ///
    /// # Errors
    /// See [`ExecuteError`]; the password is asked for again, and a code where there is a second factor already.
    pub async fn remove_second_factor(
        &self,
        call: Call,
        password: String,
        code: Option<String>,
    ) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            // The same command again: the code that it shows has served.
            if this.kernel.repeated(&call)?.is_some() {
                return Ok(());
            }
            let account = this.holder_confirmed(&call, password, code).await?;
            this.kernel
                .append_own(&call, account.id, |today| {
                    if today.second_factor.is_none() {
                        let why = Detail::NoSecondFactor;
                        return Err(ExecuteError::Absent { why });
                    }
                    Ok(vec![AccountEvent::SecondFactorRemoved {}])
                })
                .await?;
            Ok(())
        })
        .await
    }
}

fn wrong_code() -> Fault {
    Fault::new("/code", FaultText::WrongCode)
}
