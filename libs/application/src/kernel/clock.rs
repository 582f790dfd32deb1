//! The clock of the machine, held against what the log was told and against time that only goes forward (docs/adr/0013).
//!
//! | state | what is done |
//! |---|---|
//! | behind the log by at most [`BEHIND_MAX_S`] | stamps stand still at the log's last one, and it is told |
//! | behind the log by more | no command is taken until the clock has caught up, or an operator accepts it |
//! | leapt by more than [`LEAP_MAX_S`] within this process | the same |

use domain::Detail;
use std::{
    fs,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use event_log::limits::CLOCK_BEHIND_MAX_MS;
use parking_lot::Mutex;

/// By how much the clock may leap between two looks, a second apart, s.
pub const LEAP_MAX_S: i64 = 3_600;
/// By how much the clock may lie behind the log's last stamp while commands are taken, s.
pub const BEHIND_MAX_S: i64 = 4 * 3_600;
/// A command looks at the clock itself when it has moved by so much more or less than time since the last look, s.
const DOUBT_S: i64 = 60;
/// How often it is told that stamps stand still, s.
const TOLD_EVERY_S: u64 = 60;

/// Why no command is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockFault {
    /// The clock has leapt while the server ran.
    #[error("the clock has leapt by {} s", .by.num_seconds())]
    Leapt {
        /// Forward, or back when it is negative.
        by: TimeDelta,
    },
    /// The clock lies too far behind the log.
    #[error("the clock is {} s behind the last event of the log", .by.num_seconds())]
    Behind {
        /// How far.
        by: TimeDelta,
    },
}

impl ClockFault {
    /// The reason of a refusal.
    #[must_use]
    pub fn detail(self) -> Detail {
        match self {
            ClockFault::Leapt { by } => Detail::ClockLeapt {
                seconds: by.num_seconds(),
            },
            ClockFault::Behind { by } => Detail::ClockBehind {
                seconds: by.num_seconds(),
            },
        }
    }
}

/// What is known of the clock.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The last reading that was believed, and how long the machine had been up.
    believed: Option<(DateTime<Utc>, Duration)>,
    /// The last reading that was looked at, and when by time that only goes forward.
    looked: Option<(DateTime<Utc>, Instant)>,
    leapt: Option<TimeDelta>,
    /// What an operator has accepted.
    accepted: Option<Accepted>,
    told: Option<Instant>,
    /// The latest time that is known to have come, and when it was looked at.
    come: Option<(DateTime<Utc>, Instant)>,
}

/// A clock that lies behind the log, accepted on the word of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Accepted {
    /// How far behind.
    by: TimeDelta,
    /// The log's last stamp then. Once the clock has passed it, it is behind no more, and nothing is accepted any more.
    until: DateTime<Utc>,
}

impl Accepted {
    fn of(reading: DateTime<Utc>, last: DateTime<Utc>) -> Option<Accepted> {
        let by = last - reading;
        (by > TimeDelta::zero()).then_some(Accepted { by, until: last })
    }
}

/// What was believed of the clock before another reading was accepted.
pub(crate) struct Before {
    believed: Option<(DateTime<Utc>, Duration)>,
    leapt: Option<TimeDelta>,
    accepted: Option<Accepted>,
}

impl Clock {
    /// Looks at the clock; `up` is how long the machine has been up, sleep included.
    fn look(&self, now: DateTime<Utc>, up: Duration) -> Option<TimeDelta> {
        let mut inner = self.inner.lock();
        inner.looked = Some((now, Instant::now()));
        let Some((then, before)) = inner.believed else {
            inner.believed = Some((now, up));
            return None;
        };
        let leapt = moved(now - then, up.saturating_sub(before));
        if leapt.abs() > TimeDelta::seconds(LEAP_MAX_S) {
            if inner.leapt.is_none() {
                tracing::error!(
                    leapt_s = leapt.num_seconds(),
                    "the clock has leapt: no command is taken until it is right again or accepted"
                );
            }
            inner.leapt = Some(leapt);
        } else {
            if inner.leapt.take().is_some() {
                tracing::info!("the clock is right again");
            }
            inner.believed = Some((now, up));
        }
        inner.leapt
    }

    /// Looks whether the clock can be believed, before a log whose last stamp is this.
    pub(crate) fn state(&self, now: DateTime<Utc>, last: Option<DateTime<Utc>>) -> ClockState {
        if let Some(up) = up() {
            self.look(now, up);
        }
        ClockState {
            leapt: self.leapt(),
            behind: last
                .map(|last| last - now)
                .filter(|by| by.num_milliseconds() > CLOCK_BEHIND_MAX_MS),
            is_taken: self.stamp(now, last).is_ok(),
        }
    }

    /// The stamp of the events of a call.
    pub(crate) fn stamp_at(
        &self,
        at: DateTime<Utc>,
        last: Option<DateTime<Utc>>,
    ) -> Result<DateTime<Utc>, ClockFault> {
        if self.doubts(at)
            && let Some(up) = up()
        {
            self.look(at, up);
        }
        self.stamp(at, last)
    }

    /// Takes the clock as it is, before a log whose last stamp is this. Answers what was believed before.
    pub(crate) fn accept_now(&self, now: DateTime<Utc>, last: DateTime<Utc>) -> Before {
        self.accept(now, up(), last)
    }

    /// Whether a reading must be looked at before it is believed. Where nobody looks at the clock, nothing is held against it.
    fn doubts(&self, now: DateTime<Utc>) -> bool {
        self.inner
            .lock()
            .looked
            .is_some_and(|(then, at)| moved(now - then, at.elapsed()).abs() > TimeDelta::seconds(DOUBT_S))
    }

    pub(crate) fn leapt(&self) -> Option<TimeDelta> {
        self.inner.lock().leapt
    }

    /// The stamp of an event that is made now: never earlier than the last one of the log.
    fn stamp(&self, now: DateTime<Utc>, last: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, ClockFault> {
        let mut inner = self.inner.lock();
        if let Some(by) = inner.leapt {
            return Err(ClockFault::Leapt { by });
        }
        inner.accepted = inner.accepted.filter(|accepted| now < accepted.until);
        let Some(last) = last.filter(|last| *last > now) else {
            return Ok(now);
        };
        let by = last - now;
        // A later stamp was made by a clock that had passed what was accepted.
        let accepted = inner.accepted.filter(|accepted| last <= accepted.until);
        inner.accepted = accepted;
        let most = accepted.map_or(TimeDelta::zero(), |accepted| accepted.by);
        if by > most.max(TimeDelta::seconds(BEHIND_MAX_S)) {
            return Err(ClockFault::Behind { by });
        }
        let is_news = inner
            .told
            .is_none_or(|told| told.elapsed() > Duration::from_secs(TOLD_EVERY_S));
        if is_news && by.num_milliseconds() > CLOCK_BEHIND_MAX_MS {
            inner.told = Some(Instant::now());
            tracing::warn!(
                behind_s = by.num_seconds(),
                "the clock is behind the last event of the log: stamps stand still until it has caught up"
            );
        }
        Ok(last)
    }

    /// Takes the clock as it is, before a log whose last stamp is this. Answers what was believed before.
    fn accept(&self, now: DateTime<Utc>, up: Option<Duration>, last: DateTime<Utc>) -> Before {
        let mut inner = self.inner.lock();
        let before = Before {
            believed: inner.believed,
            leapt: inner.leapt,
            accepted: inner.accepted,
        };
        inner.leapt = None;
        inner.believed = up.map(|up| (now, up));
        inner.looked = Some((now, Instant::now()));
        inner.accepted = Accepted::of(now, last);
        before
    }

    /// Takes back what was accepted.
    pub(crate) fn take_back(&self, before: Before) {
        let mut inner = self.inner.lock();
        (inner.believed, inner.leapt, inner.accepted) = (before.believed, before.leapt, before.accepted);
    }

    /// Takes in that this reading was accepted before a log whose last stamp was this.
    pub(crate) fn recall(&self, reading: DateTime<Utc>, last: DateTime<Utc>) {
        self.inner.lock().accepted = Accepted::of(reading, last);
    }

    /// The latest time that is known to have come: what somebody has seen before, or what was known here and the time that has
    /// passed since; never later than the clock. `None` when nothing is known.
    pub(crate) fn come(
        &self,
        now: DateTime<Utc>,
        seen: Option<DateTime<Utc>>,
        at: Instant,
    ) -> Option<DateTime<Utc>> {
        let mut inner = self.inner.lock();
        let carried = inner.come.and_then(|(time, since)| {
            let passed = TimeDelta::from_std(at.saturating_duration_since(since)).ok()?;
            time.checked_add_signed(passed)
        });
        let come = carried.into_iter().chain(seen).max()?;
        inner.come = Some((come, at));
        Some(come.min(now))
    }
}

/// By how much the clock has moved more than time.
fn moved(clock: TimeDelta, time: Duration) -> TimeDelta {
    let time = TimeDelta::from_std(time).ok();
    time.and_then(|time| clock.checked_sub(&time))
        .unwrap_or(TimeDelta::MAX)
}

/// How long the machine has been up, sleep included, which no setting of the clock changes (proc(5)).
fn up() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds = text.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// How the clock stands, for who runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockState {
    pub(crate) leapt: Option<TimeDelta>,
    /// Behind the log by more than is usual.
    pub(crate) behind: Option<TimeDelta>,
    /// Whether commands are taken.
    pub(crate) is_taken: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap()
    }

    fn up(s: u64) -> Duration {
        Duration::from_secs(5_000 + s)
    }

    /// Fault S4: a leap of more than an hour against time is refused until the clock is right again; a smaller one is not.
    #[test]
    fn a_leap_of_more_than_an_hour_is_refused_until_the_clock_is_right_again() {
        for (leap_s, refused) in [
            (3_600, false),
            (3_601, true),
            (86_400, true),
            (-3_600, false),
            (-3_601, true),
        ] {
            let clock = Clock::default();
            assert_eq!(clock.look(at(0), up(0)), None);
            assert_eq!(clock.look(at(1), up(1)), None);
            let leapt = clock.look(at(2 + leap_s), up(2));
            assert_eq!(
                leapt.map(|by| by.num_seconds()),
                refused.then_some(leap_s),
                "{leap_s}"
            );
            let stamp = clock.stamp(at(2 + leap_s), None);
            assert_eq!(stamp.is_err(), refused, "{leap_s}");
            // It stays so for as long as the clock is wrong.
            assert_eq!(clock.look(at(100 + leap_s), up(100)).is_some(), refused);
            if refused {
                assert_eq!(clock.look(at(101), up(101)), None);
                assert_eq!(clock.stamp(at(101), None), Ok(at(101)));
            }
        }
    }

    /// A machine that slept for a day has not leapt: it was up all the time.
    #[test]
    fn a_long_sleep_is_no_leap() {
        let clock = Clock::default();
        clock.look(at(0), up(0));
        assert_eq!(clock.look(at(86_400), up(86_400)), None);
    }

    /// Fault S4: stamps never run backwards, and stand still while the clock is behind by no more than four hours.
    #[test]
    fn stamps_stand_still_while_the_clock_is_behind_by_no_more_than_four_hours() {
        let clock = Clock::default();
        let last = Some(at(0));
        for (behind_s, stamp) in [
            (-1, Ok(at(1))),
            (0, Ok(at(0))),
            (6, Ok(at(0))),
            (3_600, Ok(at(0))),
            (14_400, Ok(at(0))),
        ] {
            assert_eq!(clock.stamp(at(-behind_s), last), stamp, "{behind_s}");
        }
        let by = TimeDelta::seconds(14_401);
        assert_eq!(clock.stamp(at(-14_401), last), Err(ClockFault::Behind { by }));
        assert_eq!(clock.stamp(at(-14_401), None), Ok(at(-14_401)), "an empty log");
    }

    /// What an operator has accepted holds, and no more than that.
    #[test]
    fn an_accepted_clock_is_taken_and_no_other() {
        let clock = Clock::default();
        clock.look(at(0), up(0));
        clock.look(at(7_200), up(1));
        let last = at(7_200 + 86_400);
        clock.accept(at(7_200), Some(up(1)), last);
        assert_eq!(clock.look(at(7_201), up(2)), None);
        assert_eq!(clock.stamp(at(7_201), Some(last)), Ok(last));
        assert!(clock.stamp(at(7_199), Some(last)).is_err());
        assert!(
            clock.look(at(0), up(3)).is_some(),
            "another leap is another matter"
        );
    }

    /// What was accepted is forgotten once the clock has passed the stamp that it lay behind: the next clock that lies as far behind
    /// is another matter.
    #[test]
    fn an_accepted_clock_is_forgotten_once_it_has_caught_up() {
        let clock = Clock::default();
        let (behind, last) = (400 * 86_400, at(400 * 86_400));
        clock.accept(at(0), Some(up(0)), last);
        assert_eq!(clock.stamp(at(1), Some(last)), Ok(last));
        // It has caught up, and a command was taken.
        assert_eq!(clock.stamp(at(behind + 5), Some(last)), Ok(at(behind + 5)));
        let last = Some(at(behind + 5));
        assert!(clock.stamp(at(10), last).is_err(), "400 days behind again");
        assert_eq!(clock.stamp(at(behind), last), Ok(at(behind + 5)));
    }

    /// A clock that is ahead takes nothing away: time has come when somebody has seen it, or when it has passed here.
    #[test]
    fn time_has_come_when_it_was_seen_or_has_passed() {
        let (clock, begun) = (Clock::default(), Instant::now());
        let day = 86_400;
        let come = |clock: &Clock, now: i64, seen: Option<i64>, passed_s: u64| {
            let at_instant = begun + Duration::from_secs(passed_s);
            clock.come(at(now), seen.map(at), at_instant)
        };
        assert_eq!(come(&clock, 90 * day, None, 0), None, "nothing is known");
        assert_eq!(
            come(&clock, 90 * day, Some(0), 0),
            Some(at(0)),
            "a clock that is ahead"
        );
        assert_eq!(come(&clock, 90 * day, Some(0), 600), Some(at(600)), "time passes");
        assert_eq!(
            come(&clock, 300, Some(0), 700),
            Some(at(300)),
            "a clock that is behind"
        );
        assert_eq!(
            come(&clock, 800, Some(0), 800),
            Some(at(800)),
            "it is right again"
        );
        // A command was taken at that clock, after a stop of months.
        assert_eq!(come(&clock, 90 * day, Some(90 * day), 900), Some(at(90 * day)));
        assert_eq!(
            come(&clock, 90 * day + 100, Some(90 * day), 1_000),
            Some(at(90 * day + 100)),
            "an idle log is no reason to stop"
        );
    }

    /// A command does not wait for the next look: a reading that has moved far more than time is looked at at once.
    #[test]
    fn a_command_doubts_a_clock_that_has_moved_more_than_time() {
        let clock = Clock::default();
        assert!(!clock.doubts(at(0)), "nobody looks");
        clock.look(at(0), up(0));
        assert!(!clock.doubts(at(30)));
        assert!(clock.doubts(at(120)));
        assert!(clock.doubts(at(-120)));
    }
}
