//! Failed tries, counted by name: what is asked after how many (seed 002, F72).

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use credentials::challenge::Challenge;
use domain::{
    AccountId,
    account::{Account, AccountEvent, profile::username_key},
};
use event_log::Channel;

use sessions::Tries;
use uuid::Uuid;

use crate::identity::{Identity, error::SignInError, internal};

/// Of an IPv6 address only so much counts: a customer has at least a /64 (RFC 6177).
const V6_PREFIX_BITS: u32 = 64;

/// The network that an address is of: an IPv4 address itself, the /64 of an IPv6 one.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - V6_PREFIX_BITS);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
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

/// From where a name is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A network, by [`network`].
    Network(IpAddr),
    /// By who is signed in and is asked for the password again.
    SignIn(Uuid),
    /// A door did not say.
    Unknown,
}

impl Place {
    /// From where this client calls.
    pub(crate) fn of(client: &Client) -> Place {
        client
            .address
            .map_or(Place::Unknown, |address| Place::Network(network(address)))
    }
}

/// What a try is counted under.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) key: String,
    origin: String,
    place: Place,
}

impl Identity {
    /// What failed tries of a name are counted under: the name itself stands nowhere.
    pub(crate) fn tries_key(&self, username: &str) -> String {
        hex::encode(
            self.kernel
                .secret
                .digest(&[b"tries", username_key(username).as_bytes()]),
        )
    }

    /// What a try of a name from a place is counted under; the place stands nowhere either.
    pub(crate) fn counted(&self, username: &str, place: Place) -> Counted {
        let text = match place {
            Place::Network(network) => format!("network {network}"),
            Place::SignIn(sign_in) => format!("sign-in {sign_in}"),
            Place::Unknown => "unknown".to_owned(),
        };
        Counted {
            key: self.tries_key(username),
            origin: hex::encode(self.kernel.secret.digest(&[b"origin", text.as_bytes()])),
            place,
        }
    }

    /// The tries of a name that failed of late, from wherever and from one origin.
    pub(crate) async fn tries_of(
        &self,
        key: String,
        origin: String,
        at: DateTime<Utc>,
    ) -> Result<Tries, SignInError> {
        let since = at - TimeDelta::hours(sessions::FAILURES_KEPT_HOURS);
        self.with_sessions(move |sessions| sessions.tries(&key, &origin, since))
            .await
    }

    /// Refuses a try that comes too soon, or without the challenge that is due, and counts it as failed until it succeeds:
    /// tries that come at once must not all pass before the first of them has failed. Answers how many there are now. Tries of
    /// a name take turns ([`Guard::turn_at`](super::guard::Guard::turn_at)), so that each is judged by all before it.
    pub(crate) async fn admit(
        &self,
        counted: &Counted,
        username: &str,
        solution: Option<&(String, String)>,
        is_door: bool,
        at: DateTime<Utc>,
    ) -> Result<Tries, SignInError> {
        let rules = &self.guard.rules;
        let tries = self
            .tries_of(counted.key.clone(), counted.origin.clone(), at)
            .await?;
        let still = |until: &DateTime<Utc>| *until > at;
        if let Some(until) = rules.locked_until(tries.own, tries.own_last).filter(still) {
            return Err(SignInError::Locked { until });
        }
        if let Some(until) = rules.name_locked_until(tries.count, tries.last).filter(still)
            && !self.has_signed_in_from(username, counted, at).await?
        {
            return Err(SignInError::Locked { until });
        }
        let solved = match rules.challenge_bits(tries.count) {
            Some(_) if !is_door => self.solved(&counted.key, solution, tries.count, at).await?,
            Some(_) | None => true,
        };
        if !solved {
            return Err(self.challenge_due(&counted.key, tries.count, at));
        }
        let of = counted.clone();
        self.with_sessions(move |sessions| sessions.record_failure(&of.key, &of.origin, at))
            .await
    }

    /// This name has signed in from there of late, or it is asked by who is signed in.
    async fn has_signed_in_from(
        &self,
        username: &str,
        counted: &Counted,
        at: DateTime<Utc>,
    ) -> Result<bool, SignInError> {
        match counted.place {
            Place::Network(_) => {}
            Place::SignIn(_) => return Ok(true),
            Place::Unknown => return Ok(false),
        }
        let Some(account) = self.kernel.directory.account_by_username(username) else {
            return Ok(false);
        };
        let (origin, since) = (
            counted.origin.clone(),
            at - TimeDelta::days(sessions::PLACES_KEPT_DAYS),
        );
        self.with_sessions(move |sessions| sessions.knows_place(account.id.0, &origin, since))
            .await
    }

    /// Forgets the failures of a place that has succeeded; those of other places stay. A network is remembered as one where this
    /// account has signed in.
    pub(crate) async fn succeeded(
        &self,
        account: AccountId,
        counted: Counted,
        at: DateTime<Utc>,
    ) -> Result<(), SignInError> {
        self.with_sessions(move |sessions| {
            sessions.clear_failures(&counted.key, Some(&counted.origin))?;
            match counted.place {
                Place::Network(_) => sessions.remember_place(account.0, &counted.origin, at),
                Place::SignIn(_) | Place::Unknown => Ok(()),
            }
        })
        .await
    }

    /// Whether a challenge was solved that is hard enough, for the first time.
    async fn solved(
        &self,
        key: &str,
        solution: Option<&(String, String)>,
        failures: u32,
        at: DateTime<Utc>,
    ) -> Result<bool, SignInError> {
        let bits = self.guard.rules.bits(failures).map_err(internal)?;
        let spent = solution.and_then(|(token, solution)| {
            self.guard
                .challenges
                .check(token, solution, key.as_bytes(), bits, at)
                .ok()
        });
        match spent {
            Some(spent) => self.spend(spent, at).await,
            None => Ok(false),
        }
    }

    fn challenge_due(&self, key: &str, failures: u32, at: DateTime<Utc>) -> SignInError {
        match self.guard.rules.bits(failures) {
            Ok(bits) => SignInError::ChallengeRequired(self.guard.challenges.make(key.as_bytes(), bits, at)),
            Err(error) => internal(error),
        }
    }

    /// A challenge for the next try of a name, on demand (seed 002, F72): also when none is due yet.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn challenge(&self, username: &str, at: DateTime<Utc>) -> Result<Challenge, SignInError> {
        let key = self.tries_key(username);
        let tries = self.tries_of(key.clone(), String::new(), at).await?;
        let bits = self.guard.rules.bits(tries.count).map_err(internal)?;
        Ok(self.guard.challenges.make(key.as_bytes(), bits, at))
    }

    /// Says that something served that serves once; false when it had before.
    pub(crate) async fn spend(&self, what: [u8; 32], at: DateTime<Utc>) -> Result<bool, SignInError> {
        let until = at + TimeDelta::minutes(10);
        self.with_sessions(move |sessions| sessions.spend(what, until))
            .await
    }

    /// Records the lock that a failed try has begun, if there is such an account.
    pub(crate) fn failed(&self, tries: Tries, username: &str, at: DateTime<Utc>) {
        let rules = &self.guard.rules;
        let here = rules.locked_until(tries.own, Some(at));
        let anywhere = rules.name_locked_until(tries.count, Some(at));
        let count = if anywhere > here { tries.count } else { tries.own };
        let Some(until) = here.max(anywhere) else {
            return;
        };
        // In its own time: the answer must not tell whether there is such an account.
        let (this, username) = (self.clone(), username.to_owned());
        tokio::spawn(async move {
            let Some(account) = this.kernel.directory.account_by_username(&username) else {
                return;
            };
            let call = this.kernel.system_call(at, Channel::Rest);
            let locked = |_: &Account| {
                Ok(vec![AccountEvent::Locked {
                    failures: count,
                    until,
                }])
            };
            if let Err(error) = this.kernel.append_own(&call, account.id, locked).await {
                tracing::warn!(%error, "a lock-out could not be recorded");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_with_many_addresses_of_one_network_is_one() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:3::1"), "2001:db8:1:3::");
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
