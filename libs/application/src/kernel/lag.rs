//! For how long what follows the log has lacked what the log has.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use event_log::Position;
use parking_lot::Mutex;
use views::ViewState;

/// For how long a view may lack what the log has; then lists are refused instead of showing less than there is, ms.
pub const VIEW_LAG_MS_MAX: u64 = 10_000;

/// For how long a follower of the log has lacked something that the log had.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    /// What it is to reach, and since when.
    wanted: Mutex<Option<(u64, Instant)>>,
}

impl Lag {
    /// Takes in how far both are. Answers for how long, ms.
    pub(crate) fn look(&self, reached: u64, head: u64, now: Instant) -> u64 {
        let mut wanted = self.wanted.lock();
        match *wanted {
            Some((position, since)) if reached < position => millis(now.saturating_duration_since(since)),
            Some(_) | None => {
                *wanted = (reached < head).then_some((head, now));
                0
            }
        }
    }
}

/// How far each view and the tree lag.
#[derive(Debug, Default)]
pub(crate) struct Lags {
    views: Mutex<BTreeMap<&'static str, Lag>>,
    pub(crate) tree: Lag,
}

impl Lags {
    /// For how long a view has lacked what the log has, ms. Where it stands must be asked for before the head.
    pub(crate) fn view_behind_ms(&self, view: &ViewState, head: Position) -> u64 {
        let mut views = self.views.lock();
        let lag = views.entry(view.name).or_default();
        lag.look(view.position.0, head.0, Instant::now())
    }
}

fn millis(lag: Duration) -> u64 {
    u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault S5: a follower that stands still is behind from the moment at which it was first seen to lack something.
    #[test]
    fn a_follower_is_behind_until_it_reaches_what_the_log_had() {
        let (lag, begun) = (Lag::default(), Instant::now());
        let at = |ms: u64| begun + Duration::from_millis(ms);
        let look = |reached, head, ms| lag.look(reached, head, at(ms));
        assert_eq!(look(5, 5, 0), 0);
        assert_eq!(look(5, 9, 1_000), 0, "seen for the first time");
        assert_eq!(look(5, 9, 4_000), 3_000);
        assert_eq!(look(8, 700, 5_000), 4_000, "9 is still lacking");
        assert_eq!(look(9, 700, 6_000), 0, "now it is to reach 700");
        assert_eq!(look(76, 700, 17_000), 11_000);
        assert_eq!(look(700, 700, 18_000), 0);
        assert_eq!(look(700, 701, 90_000), 0);
    }
}
