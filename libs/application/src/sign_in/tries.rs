//! Failed tries, counted by name: what is asked after how many (seed 002, F72).

use chrono::{DateTime, TimeDelta, Utc};
use credentials::challenge::Challenge;
use domain::account::{Account, AccountEvent, profile::username_key};
use event_log::Channel;

use super::{SignInError, internal};
use crate::start::Application;

impl Application {
    /// What failed tries of a name are counted under: the name itself stands nowhere.
    pub(crate) fn tries_key(&self, username: &str) -> String {
        hex::encode(
            self.secret()
                .digest(&[b"tries", username_key(username).as_bytes()]),
        )
    }

    /// Refuses a try that comes too soon, or without the challenge that is due, and counts it as failed until it succeeds:
    /// tries that come at once must not all pass before the first of them has failed. Answers how many there are now.
    pub(crate) async fn admit(
        &self,
        key: &str,
        solution: Option<&(String, String)>,
        is_door: bool,
        at: DateTime<Utc>,
    ) -> Result<u32, SignInError> {
        let rules = self.sign_in_rules();
        let (counted, since) = (
            key.to_owned(),
            at - TimeDelta::hours(sessions::FAILURES_KEPT_HOURS),
        );
        let tries = self
            .with_sessions(move |sessions| sessions.tries(&counted, since))
            .await?;
        if let Some(until) = rules
            .locked_until(tries.count, tries.last)
            .filter(|until| *until > at)
        {
            return Err(SignInError::Locked { until });
        }
        let solved = match rules.challenge_bits(tries.count) {
            Some(_) if !is_door => self.solved(key, solution, tries.count, at).await?,
            Some(_) | None => true,
        };
        if !solved {
            return Err(self.challenge_due(key, tries.count, at));
        }
        let counted = key.to_owned();
        let count = self
            .with_sessions(move |sessions| sessions.record_failure(&counted, at))
            .await?;
        // What came in between may have changed the answer.
        let others = count.saturating_sub(1).max(tries.count);
        if others > tries.count {
            if let Some(until) = rules.locked_until(others, Some(at)) {
                return Err(SignInError::Locked { until });
            }
            if !is_door
                && rules.challenge_bits(others).is_some()
                && rules.challenge_bits(tries.count).is_none()
            {
                return Err(self.challenge_due(key, others, at));
            }
        }
        Ok(count)
    }

    /// Whether a challenge was solved that is hard enough, for the first time.
    async fn solved(
        &self,
        key: &str,
        solution: Option<&(String, String)>,
        failures: u32,
        at: DateTime<Utc>,
    ) -> Result<bool, SignInError> {
        let bits = self.sign_in_rules().bits(failures).map_err(internal)?;
        let spent = solution.and_then(|(token, solution)| {
            self.challenges()
                .check(token, solution, key.as_bytes(), bits, at)
                .ok()
        });
        match spent {
            Some(spent) => self.spend(spent, at).await,
            None => Ok(false),
        }
    }

    fn challenge_due(&self, key: &str, failures: u32, at: DateTime<Utc>) -> SignInError {
        match self.sign_in_rules().bits(failures) {
            Ok(bits) => SignInError::ChallengeRequired(self.challenges().make(key.as_bytes(), bits, at)),
            Err(error) => internal(error),
        }
    }

    /// A challenge for the next try of a name, on demand (seed 002, F72): also when none is due yet.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn challenge(&self, username: &str, at: DateTime<Utc>) -> Result<Challenge, SignInError> {
        let key = self.tries_key(username);
        let (counted, since) = (key.clone(), at - TimeDelta::hours(sessions::FAILURES_KEPT_HOURS));
        let tries = self
            .with_sessions(move |sessions| sessions.tries(&counted, since))
            .await?;
        let bits = self.sign_in_rules().bits(tries.count).map_err(internal)?;
        Ok(self.challenges().make(key.as_bytes(), bits, at))
    }

    /// Says that something served that serves once; false when it had before.
    pub(crate) async fn spend(&self, what: [u8; 32], at: DateTime<Utc>) -> Result<bool, SignInError> {
        let until = at + TimeDelta::minutes(10);
        self.with_sessions(move |sessions| sessions.spend(what, until))
            .await
    }

    /// Records the lock that a failed try has begun, if there is such an account.
    pub(super) fn failed(&self, count: u32, username: &str, at: DateTime<Utc>) {
        let Some(until) = self.sign_in_rules().locked_until(count, Some(at)) else {
            return;
        };
        // In its own time: the answer must not tell whether there is such an account.
        let (this, username) = (self.clone(), username.to_owned());
        tokio::spawn(async move {
            let Some(account) = this.directory().account_by_username(&username) else {
                return;
            };
            let call = this.system_call(at, Channel::Rest);
            let locked = |_: &Account| {
                Ok(vec![AccountEvent::Locked {
                    failures: count,
                    until,
                }])
            };
            if let Err(error) = this.append_own(&call, account.id, locked).await {
                tracing::warn!(%error, "a lock-out could not be recorded");
            }
        });
    }
}
