//! How many sign-ins are taken: by login, so that one operator's program cannot hold up another's behind the same proxy, and
//! by address for logins that have not signed in yet, so that nobody makes the API hash passwords without end by inventing
//! logins. The API leaves this to the door, which alone knows them apart.

use crate::fault::TooMany;
use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DashMapStateStore};
use parking_lot::Mutex;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

/// Sign-ins of one login from one network: so many at once, and then so many a minute. A sign-in that is kept is none.
pub const LOGIN_SIGN_INS: u32 = 60;
/// Sign-ins from one network, at once and then a minute, of logins that have not signed in from there.
pub const ADDRESS_SIGN_INS: u32 = 600;
/// Most logins that are known to have signed in; beyond it all are forgotten.
const KNOWN_MAX: usize = 10_000;
/// From so many counters on, those that have been quiet are dropped.
const COUNTERS_MAX: usize = 10_000;
/// Of an IPv6 address only so much counts: a customer has at least a /64 (RFC 6177).
const V6_PREFIX_BITS: u32 = 64;

/// What a login from a network is counted by: neither can be read from it.
pub(crate) type LoginId = [u8; 32];

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock>;

/// A sign-in that comes too soon.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooSoon {
    pub(crate) of: TooMany,
    pub(crate) retry_after_s: u64,
}

/// The counters.
pub(crate) struct Limits {
    logins: Limiter<LoginId>,
    addresses: Limiter<IpAddr>,
    known: Mutex<HashSet<LoginId>>,
}

impl Limits {
    pub(crate) fn new() -> Limits {
        let quota = |count: u32| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        Limits {
            logins: RateLimiter::keyed(quota(LOGIN_SIGN_INS)),
            addresses: RateLimiter::keyed(quota(ADDRESS_SIGN_INS)),
            known: Mutex::default(),
        }
    }

    /// Counts a sign-in that the API is about to be asked for.
    pub(crate) fn count(&self, login: LoginId, address: Option<IpAddr>) -> Result<(), TooSoon> {
        if self.logins.len() > COUNTERS_MAX {
            self.logins.retain_recent();
        }
        if self.addresses.len() > COUNTERS_MAX {
            self.addresses.retain_recent();
        }
        let known = self.known.lock().contains(&login);
        if let Some(address) = address.filter(|_| !known) {
            check(&self.addresses, &network(address), TooMany::Address)?;
        }
        check(&self.logins, &login, TooMany::Login)
    }

    /// The login has signed in.
    pub(crate) fn signed_in(&self, login: LoginId) {
        let mut known = self.known.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(login);
    }
}

fn check<K: Clone + Eq + std::hash::Hash>(limiter: &Limiter<K>, key: &K, of: TooMany) -> Result<(), TooSoon> {
    limiter.check_key(key).map_err(|until| TooSoon {
        of,
        retry_after_s: until.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
    })
}

/// The network that an address is of: an IPv4 address itself, the /64 of an IPv6 one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - V6_PREFIX_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn login(number: u32) -> LoginId {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        id
    }

    /// Fault P16: the sign-ins of one login are none of another's behind the same address.
    #[test]
    fn a_login_that_signs_in_too_often_holds_up_no_other() {
        let limits = Limits::new();
        for _ in 0..60 {
            assert_eq!(limits.count(login(1), Some(HERE)), Ok(()));
        }
        let too_soon = limits.count(login(1), Some(HERE)).unwrap_err();
        assert_eq!(too_soon.of, TooMany::Login);
        assert!((1..=2).contains(&too_soon.retry_after_s), "{too_soon:?}");
        assert_eq!(limits.count(login(2), Some(HERE)), Ok(()));
        assert_eq!(limits.count(login(2), None), Ok(()));
    }

    #[test]
    fn invented_logins_are_held_up_by_their_address_and_a_known_one_is_not() {
        let limits = Limits::new();
        limits.signed_in(login(0));
        for number in 1..=600 {
            assert_eq!(limits.count(login(number), Some(HERE)), Ok(()));
        }
        let too_soon = limits.count(login(601), Some(HERE)).unwrap_err();
        assert_eq!(too_soon.of, TooMany::Address);
        assert_eq!(
            limits.count(login(0), Some(HERE)),
            Ok(()),
            "it has signed in before"
        );
        let elsewhere = "192.0.2.2".parse().unwrap();
        assert_eq!(limits.count(login(602), Some(elsewhere)), Ok(()));
    }

    #[test]
    fn one_ipv6_customer_is_one_network() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }
}
