//! After how many failed tries what is asked (seed 002, F72).

use chrono::{DateTime, TimeDelta, Utc};
use credentials::{
    challenge::{BITS_MAX, BITS_MIN, Bits, BitsError},
    passwords::{HashingCost, PasswordPolicy},
};

/// How many times as many failures from wherever lock a name as from one place: a stranger must not lock others out, nor may many
/// places together guess on and on.
pub const NAME_LOCK_FACTOR: u32 = 10;

/// How signing in is guarded; all of it configuration.
#[derive(Debug, Clone)]
pub struct SignInRules {
    /// What a password hash costs; raised without resetting anything.
    pub hashing: HashingCost,
    /// What new passwords must be.
    pub passwords: PasswordPolicy,
    /// After so many failures of a name, a challenge comes before the next try.
    pub challenge_after: u32,
    /// Zero bits that the first challenges ask for: one more for every second failure.
    pub challenge_bits_min: u8,
    /// The most zero bits that a challenge asks for.
    pub challenge_bits_max: u8,
    /// After so many failures of a name from one place, no try is taken from there for a while. After
    /// [`NAME_LOCK_FACTOR`] times as many from wherever, none but from where this name has signed in of late.
    pub lock_after: u32,
    /// How long at first, s; doubled with every further failure.
    pub lock_first_s: i64,
    /// And at most, s.
    pub lock_max_s: i64,
    /// Whether anybody may make themselves an account (seed 002, F68): not unless it is said.
    pub self_sign_up: bool,
}

impl Default for SignInRules {
    fn default() -> Self {
        Self {
            hashing: HashingCost::default(),
            passwords: PasswordPolicy::default(),
            challenge_after: 3,
            challenge_bits_min: 16,
            challenge_bits_max: 22,
            lock_after: 10,
            lock_first_s: 30,
            lock_max_s: 3_600,
            self_sign_up: false,
        }
    }
}

impl SignInRules {
    /// The bits that the next try's challenge must have; `None` when it needs none.
    #[must_use]
    pub fn challenge_bits(&self, failures: u32) -> Option<u8> {
        let over = failures.checked_sub(self.challenge_after)?;
        let more = u8::try_from(over / 2).unwrap_or(u8::MAX);
        Some(
            self.challenge_bits_min
                .saturating_add(more)
                .min(self.challenge_bits_max),
        )
    }

    /// The bits of a challenge that is asked for, due or not.
    ///
    /// # Errors
    /// [`BitsError`] when the configuration is outside of what challenges may ask.
    pub(crate) fn bits(&self, failures: u32) -> Result<Bits, BitsError> {
        Bits::new(
            self.challenge_bits(failures)
                .unwrap_or(self.challenge_bits_min)
                .clamp(BITS_MIN, BITS_MAX),
        )
    }

    /// Until when no try is taken from a place after so many failures from there, the last of them then.
    #[must_use]
    pub fn locked_until(&self, failures: u32, last: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        self.delayed(failures.checked_sub(self.lock_after)?, last)
    }

    /// The same from wherever.
    #[must_use]
    pub fn name_locked_until(&self, failures: u32, last: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let after = self.lock_after.saturating_mul(NAME_LOCK_FACTOR);
        self.delayed(failures.checked_sub(after)?, last)
    }

    fn delayed(&self, over: u32, last: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let doubled = self
            .lock_first_s
            .saturating_mul(1_i64.checked_shl(over.min(30)).unwrap_or(i64::MAX));
        Some(last? + TimeDelta::seconds(doubled.min(self.lock_max_s)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_asked_for_after_three_failures_and_grows() {
        let rules = SignInRules::default();
        let bits: Vec<Option<u8>> = [0, 2, 3, 4, 5, 9, 100]
            .map(|count| rules.challenge_bits(count))
            .to_vec();
        assert_eq!(
            bits,
            [None, None, Some(16), Some(16), Some(17), Some(19), Some(22)]
        );
    }

    #[test]
    fn the_delay_doubles_from_the_tenth_failure_on_up_to_an_hour() {
        let (rules, last) = (SignInRules::default(), DateTime::UNIX_EPOCH);
        let delay = |count| {
            rules
                .locked_until(count, Some(last))
                .map(|until| (until - last).num_seconds())
        };
        assert_eq!(delay(9), None);
        assert_eq!(
            [10, 11, 12, 16, 17, 1_000].map(delay),
            [
                Some(30),
                Some(60),
                Some(120),
                Some(1_920),
                Some(3_600),
                Some(3_600)
            ]
        );
        assert_eq!(rules.locked_until(10, None), None);
    }
}
