//! Limits on what strangers ask, by their address (seed 004, F183), and on what accounts write.

mod allowance;
mod streams;

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use actix_web::web::Data;
use application::identity::tries::network;
use domain::{AccountId, Detail, Language};
use governor::{
    InsufficientCapacity, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use supervision::{End, Supervisor};

use self::allowance::Policy;
use crate::config::{AccountLimits, Limits};

pub use self::{allowance::Allowance, streams::LIVE_STREAMS_MAX};
pub(crate) use self::{
    allowance::{ToTell, fields},
    streams::{OpenStream, Streams},
};

/// How often those who have been quiet are forgotten, s.
const FORGET_EVERY_S: u64 = 300;
/// Bytes are counted by so many, so that a day's worth is a number that can be counted.
const BYTES_UNIT: u64 = 1024;
/// How long a day is, s.
const DAY_S: u64 = 24 * 60 * 60;

/// How long a minute is, s.
const MINUTE_S: u64 = 60;

type Counts<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Counts requests by address, and what is written by account. What is counted is a cell of memory for each address or account that
/// has been busy in the last minutes, or in the last day.
pub struct Limiter {
    strangers: Counts<IpAddr>,
    writes: Counts<AccountId>,
    bytes: Counts<AccountId>,
    /// How many units of bytes a day has.
    units_a_day: NonZeroU32,
    account_limits: AccountLimits,
    strangers_policy: Policy,
    /// Which accounts have live streams open.
    pub(crate) streams: Streams,
}

/// An account may not write this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// Not now.
    #[error("{}", why.text(Language::En))]
    ForNow {
        /// How much an account may write.
        why: Detail,
        /// Of what nothing is left, and when there is more. In a box, so that a result stays small.
        spent: Box<Allowance>,
    },
    /// Never: it is more at once than may be sent in a day.
    #[error("an account may send {bytes_per_day} bytes a day, and this is more")]
    Ever {
        /// How much an account may send.
        bytes_per_day: u64,
    },
}

impl Limiter {
    /// A limiter, and the worker that lets it forget.
    #[must_use]
    pub fn begin(limits: Limits, account_limits: AccountLimits, workers: &Supervisor) -> Data<Limiter> {
        let least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(least_one(limits.per_minute)).allow_burst(least_one(limits.burst));
        let a_day = u32::try_from(account_limits.bytes_per_day.div_ceil(BYTES_UNIT)).unwrap_or(u32::MAX);
        let a_day = least_one(a_day);
        let each = Duration::from_secs(DAY_S) / a_day.get();
        let bytes = Quota::with_period(each).unwrap_or(Quota::per_second(NonZeroU32::MAX));
        let limiter = Data::new(Limiter {
            strangers: counts(quota),
            writes: counts(Quota::per_minute(least_one(account_limits.writes_per_minute))),
            bytes: counts(bytes.allow_burst(a_day)),
            units_a_day: a_day,
            account_limits,
            streams: Streams::default(),
            strangers_policy: Policy {
                name: "requests",
                unit: None,
                quota: limits.burst.into(),
                window_s: (u64::from(limits.burst) * MINUTE_S).div_ceil(limits.per_minute.max(1).into()),
            },
        });
        let kept = std::sync::Arc::downgrade(&limiter.clone().into_inner());
        workers.task("limiter", move |worker| {
            let kept = kept.clone();
            async move {
                let mut turn = tokio::time::interval(Duration::from_secs(FORGET_EVERY_S));
                loop {
                    turn.tick().await;
                    worker.turn();
                    let Some(limiter) = kept.upgrade() else {
                        return End::Done;
                    };
                    forget(&limiter.strangers);
                    forget(&limiter.writes);
                    forget(&limiter.bytes);
                }
            }
        });
        limiter
    }

    /// Counts a request of a stranger; answers how many are left, when they are few.
    ///
    /// # Errors
    /// Nothing is left.
    pub fn count(&self, address: IpAddr) -> Result<Option<Allowance>, Allowance> {
        let policy = self.strangers_policy;
        match self.strangers.check_key(&network(address)) {
            Ok(now) => Ok(policy.nearly_spent(now.remaining_burst_capacity().into())),
            Err(until) => Err(policy.spent(wait_s(&until))),
        }
    }

    /// Counts a write of an account; answers how many are left, when they are few.
    ///
    /// # Errors
    /// [`Exceeded`] when it has written as often as it may.
    pub fn count_write(&self, account: AccountId) -> Result<Option<Allowance>, Exceeded> {
        let writes = self.account_limits.writes_per_minute;
        let policy = Policy {
            name: "writes",
            unit: None,
            quota: writes.into(),
            window_s: MINUTE_S,
        };
        match self.writes.check_key(&account) {
            Ok(now) => Ok(policy.nearly_spent(now.remaining_burst_capacity().into())),
            Err(until) => Err(Exceeded::ForNow {
                why: Detail::WritesPerMinute { writes },
                spent: Box::new(policy.spent(wait_s(&until))),
            }),
        }
    }

    /// Refuses what no account may ever send at once.
    ///
    /// # Errors
    /// [`Exceeded::Ever`] for more bytes than a day has.
    pub fn may_ever_send(&self, bytes: u64) -> Result<(), Exceeded> {
        match bytes.div_ceil(BYTES_UNIT) <= u64::from(self.units_a_day.get()) {
            true => Ok(()),
            false => Err(self.too_many()),
        }
    }

    fn too_many(&self) -> Exceeded {
        let bytes_per_day = self.account_limits.bytes_per_day;
        Exceeded::Ever { bytes_per_day }
    }

    /// Counts bytes that an account has sent; answers how many are left, when they are few.
    ///
    /// # Errors
    /// [`Exceeded`] when it has sent as many as it may.
    pub fn count_bytes(&self, account: AccountId, bytes: usize) -> Result<Option<Allowance>, Exceeded> {
        self.count_more_bytes(account, 0, bytes as u64)
    }

    /// Counts bytes that follow others of the same file, which were counted.
    ///
    /// # Errors
    /// [`Exceeded`] when the account has sent as many as it may, or the file is larger than all that it may.
    pub fn count_more_bytes(
        &self,
        account: AccountId,
        before: u64,
        more: u64,
    ) -> Result<Option<Allowance>, Exceeded> {
        let after = before.saturating_add(more);
        self.may_ever_send(after)?;
        let units = after.div_ceil(BYTES_UNIT) - before.div_ceil(BYTES_UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let Some(units) = NonZeroU32::new(units) else {
            return Ok(None);
        };
        let bytes = self.account_limits.bytes_per_day;
        let policy = Policy {
            name: "bytes",
            unit: Some("content-bytes"),
            quota: bytes,
            window_s: DAY_S,
        };
        match self.bytes.check_key_n(&account, units) {
            Ok(Ok(now)) => Ok(policy.nearly_spent(u64::from(now.remaining_burst_capacity()) * BYTES_UNIT)),
            Ok(Err(until)) => Err(Exceeded::ForNow {
                why: Detail::BytesPerDay { bytes },
                spent: Box::new(policy.spent(wait_s(&until))),
            }),
            Err(InsufficientCapacity(_)) => Err(self.too_many()),
        }
    }
}

fn counts<K: Hash + Eq + Clone>(quota: Quota) -> Counts<K> {
    RateLimiter::keyed(quota).with_middleware()
}

fn wait_s(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> u64 {
    until.wait_time_from(DefaultClock::default().now()).as_secs() + 1
}

fn forget<K: Hash + Eq + Clone>(counts: &Counts<K>) {
    counts.retain_recent();
    counts.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_of(exceeded: &Exceeded) -> u64 {
        let Exceeded::ForNow { spent, .. } = exceeded else {
            panic!("{exceeded:?}")
        };
        spent.more_in_s
    }

    #[actix_web::test]
    async fn one_request_too_many_of_an_address_waits_and_another_address_does_not() {
        let limits = Limits {
            burst: 3,
            per_minute: 1,
        };
        let limiter = Limiter::begin(limits, AccountLimits::default(), &Supervisor::default());
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..3 {
            assert!(limiter.count(one).is_ok());
        }
        let wait = limiter.count(one).unwrap_err().more_in_s;
        assert!((1..=61).contains(&wait), "{wait}");
        assert_eq!(limiter.count(other), Ok(None));
    }

    #[actix_web::test]
    async fn an_account_that_writes_too_much_waits_and_another_does_not() {
        let account_limits = AccountLimits {
            writes_per_minute: 2,
            bytes_per_day: 10 * 1024,
        };
        let limiter = Limiter::begin(Limits::default(), account_limits, &Supervisor::default());
        let (one, other) = (
            AccountId(uuid::Uuid::from_u128(1)),
            AccountId(uuid::Uuid::from_u128(2)),
        );
        assert!(limiter.count_write(one).is_ok() && limiter.count_write(one).is_ok());
        let told = limiter.count_write(one).unwrap_err();
        assert_eq!(
            told.to_string(),
            "This account has reached its limit of 2 changes a minute."
        );
        assert!((1..=31).contains(&wait_of(&told)), "{told:?}");
        assert!(limiter.count_write(other).is_ok());

        assert!(limiter.count_bytes(one, 0).is_ok());
        assert!(limiter.count_bytes(one, 9 * 1024).is_ok());
        let told = limiter.count_bytes(one, 1_025).unwrap_err();
        assert_eq!(
            told.to_string(),
            "This account has reached its limit of 10240 bytes sent a day."
        );
        assert!((1..=8_641).contains(&wait_of(&told)), "{told:?}");
        assert!(limiter.count_bytes(one, 1_024).is_ok());
        assert!(limiter.count_bytes(other, 10 * 1024).is_ok());
        // Pieces of a file are counted as the file is, however small they are.
        let small = AccountId(uuid::Uuid::from_u128(3));
        for before in (0..10 * 1024).step_by(50) {
            let more = 50.min(10 * 1024 - before);
            assert!(limiter.count_more_bytes(small, before, more).is_ok(), "{before}");
        }
        let told = limiter.count_more_bytes(small, 10 * 1024, 1);
        assert_eq!(
            told,
            Err(Exceeded::Ever {
                bytes_per_day: 10 * 1024
            })
        );
        // Whoever waits for a day may not send it either.
        for too_many in [10 * 1024 + 1, usize::MAX] {
            let told = limiter.count_bytes(other, too_many).unwrap_err();
            assert_eq!(
                told,
                Exceeded::Ever {
                    bytes_per_day: 10 * 1024
                }
            );
        }
    }
}
