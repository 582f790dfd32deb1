//! The clock of the machine, as far as it can be written down.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// The beginning of the year 9999, s since 1970: what HTTP, tokens and SOAP can still say of what comes after it.
const END_S: u64 = 253_370_764_800;

/// A clock that no event can bear, nor an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock of this machine says a time that is not within the years 1970 to 9998: set it right, then start again"
)]
pub(crate) struct Unbelievable;

/// What the clock says. One that is out of all bounds says the nearest of them, which is a leap that stops commands; libraries that
/// ask the clock themselves may end the process.
pub(crate) fn now() -> DateTime<Utc> {
    let since = since_1970().unwrap_or_default();
    within(since.min(Duration::from_secs(END_S)))
}

/// Refuses to begin with a clock that is out of all bounds.
///
/// # Errors
/// [`Unbelievable`].
pub(crate) fn check() -> Result<(), Unbelievable> {
    match since_1970() {
        Some(since) if since.as_secs() < END_S => Ok(()),
        Some(_) | None => Err(Unbelievable),
    }
}

fn since_1970() -> Option<Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok()
}

fn within(since: Duration) -> DateTime<Utc> {
    (UNIX_EPOCH + since).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_it_was() {
        assert_eq!(within(Duration::ZERO), DateTime::UNIX_EPOCH);
        assert_eq!(
            within(Duration::from_micros(1_800_000_000_000_001)).to_rfc3339(),
            "2027-01-15T08:00:00.000001+00:00"
        );
        assert_eq!(
            within(Duration::from_secs(END_S)).to_rfc3339(),
            "9999-01-01T00:00:00+00:00"
        );
        assert_eq!(check(), Ok(()));
    }
}
