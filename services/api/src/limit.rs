//! A limit on requests of one address, for what nobody needs to be signed in for (seed 004, F183).

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use actix_web::web::Data;
use application::{
    sign_in::tries::network,
    supervision::{End, Supervisor},
};
use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DashMapStateStore};

use crate::config::Limits;

/// How often addresses that have been quiet are forgotten, s.
const FORGET_EVERY_S: u64 = 300;

/// Counts requests by address.
pub struct Limiter {
    limiter: RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock>,
}

impl Limiter {
    /// A limiter, and the worker that lets it forget.
    #[must_use]
    pub fn begin(limits: Limits, workers: &Supervisor) -> Data<Limiter> {
        let per_minute = NonZeroU32::new(limits.per_minute).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(limits.burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        let limiter = Data::new(Limiter {
            limiter: RateLimiter::keyed(quota),
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
                    limiter.limiter.retain_recent();
                    limiter.limiter.shrink_to_fit();
                }
            }
        });
        limiter
    }

    /// Counts a request.
    ///
    /// # Errors
    /// After how many seconds the next one is taken.
    pub fn count(&self, address: IpAddr) -> Result<(), u64> {
        self.limiter.check_key(&network(address)).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            wait.as_secs() + 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn one_request_too_many_of_an_address_waits_and_another_address_does_not() {
        let limits = Limits {
            burst: 3,
            per_minute: 1,
        };
        let limiter = Limiter::begin(limits, &Supervisor::default());
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(limiter.count(one), Ok(()));
        }
        let wait = limiter.count(one).unwrap_err();
        assert!((1..=61).contains(&wait), "{wait}");
        assert_eq!(limiter.count(other), Ok(()));
    }
}
