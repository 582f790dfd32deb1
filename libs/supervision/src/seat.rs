//! One worker, as those see it who ask how it fares.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;

use crate::{BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, End, RESTARTS_MAX, STEADY_S};

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works.
    Running,
    /// It lives, and what it does fails each time; it goes on trying.
    Failing,
    /// It has ended although it should not, and is about to be begun again.
    Restarting,
    /// It has ended too often and is not begun again.
    GivenUp,
    /// It has done what it was there for.
    Done,
}

/// How a worker fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub state: State,
    /// How often it was begun again.
    pub restarts: u64,
    /// The code of what went wrong last, though it may be well since.
    pub last_error: Option<&'static str>,
}

/// The place of a worker.
#[derive(Debug)]
pub(crate) struct Seat {
    name: &'static str,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    restarts: u64,
    in_a_row: u32,
    last_error: Option<&'static str>,
}

/// What comes after the end of a run.
pub(crate) enum Next {
    Again(Duration),
    Nothing,
}

impl Seat {
    pub(crate) fn new(name: &'static str) -> Seat {
        Seat {
            name,
            inner: Mutex::new(Inner {
                state: State::Running,
                restarts: 0,
                in_a_row: 0,
                last_error: None,
            }),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn status(&self) -> Status {
        let inner = self.inner.lock();
        Status {
            name: self.name,
            state: inner.state,
            restarts: inner.restarts,
            last_error: inner.last_error,
        }
    }

    pub(crate) fn ended(&self, end: End, lasted: Duration) -> Next {
        let code = match end {
            End::Done => {
                self.done();
                return Next::Nothing;
            }
            End::Failed(code) => code,
        };
        let mut inner = self.inner.lock();
        inner.last_error = Some(code);
        if lasted >= Duration::from_secs(STEADY_S) {
            inner.in_a_row = 0;
        }
        if inner.in_a_row >= RESTARTS_MAX {
            inner.state = State::GivenUp;
            tracing::error!(
                worker = self.name,
                code,
                "a worker of the server ended too often and is given up: start the server again"
            );
            return Next::Nothing;
        }
        let wait = back_off(inner.in_a_row);
        inner.in_a_row += 1;
        inner.state = State::Restarting;
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(BACK_OFF_MAX_MS);
        tracing::error!(
            worker = self.name,
            code,
            wait_ms,
            "a worker of the server ended and is begun again"
        );
        Next::Again(wait)
    }

    pub(crate) fn begin_again(&self) {
        let mut inner = self.inner.lock();
        inner.restarts += 1;
        inner.state = State::Running;
    }

    pub(crate) fn done(&self) {
        self.inner.lock().state = State::Done;
    }

    fn is(&self, state: State, code: Option<&'static str>) {
        let mut inner = self.inner.lock();
        inner.state = state;
        inner.last_error = code.or(inner.last_error);
    }
}

fn back_off(in_a_row: u32) -> Duration {
    let wait_ms = 2_u64
        .checked_pow(in_a_row)
        .and_then(|factor| BACK_OFF_FIRST_MS.checked_mul(factor));
    Duration::from_millis(wait_ms.unwrap_or(BACK_OFF_MAX_MS).min(BACK_OFF_MAX_MS))
}

/// What a worker says of itself.
#[derive(Debug, Clone)]
pub struct Worker {
    seat: Arc<Seat>,
}

impl Worker {
    pub(crate) fn new(seat: Arc<Seat>) -> Worker {
        Worker { seat }
    }

    /// Called at the beginning of each turn of the work. In a build with debug assertions it is a fault point, `worker::<name>`,
    /// where a test ends the worker.
    pub fn turn(&self) {
        #[cfg(debug_assertions)]
        fail::eval(&format!("worker::{}", self.seat.name()), |_| ());
    }

    /// What it does goes well.
    pub fn is_well(&self) {
        self.seat.is(State::Running, None);
    }

    /// What it does fails, and it goes on trying. The code is for programs.
    pub fn is_failing(&self, code: &'static str) {
        self.seat.is(State::Failing, Some(code));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wait doubles from a tenth of a second up to five seconds, and never overflows.
    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let waits: Vec<u128> = (0..8).map(|n| back_off(n).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(back_off(u32::MAX).as_millis(), 5_000);
    }

    fn failed_after(seat: &Seat, lasted_s: u64) -> Option<u128> {
        match seat.ended(End::Failed("ended"), Duration::from_secs(lasted_s)) {
            Next::Again(wait) => {
                seat.begin_again();
                Some(wait.as_millis())
            }
            Next::Nothing => None,
        }
    }

    #[test]
    fn a_run_that_was_steady_begins_the_count_again() {
        let seat = Seat::new("one");
        assert_eq!(failed_after(&seat, 0), Some(100));
        assert_eq!(failed_after(&seat, 59), Some(200));
        assert_eq!(failed_after(&seat, 60), Some(100));
        assert_eq!(seat.status().restarts, 3);
    }

    #[test]
    fn a_worker_that_ends_a_hundred_and_one_times_in_a_row_is_given_up() {
        let seat = Seat::new("one");
        for restarts in 1..=100 {
            assert!(failed_after(&seat, 0).is_some());
            assert_eq!(seat.status().restarts, restarts);
            assert_eq!(seat.status().state, State::Running);
        }
        assert_eq!(failed_after(&seat, 0), None);
        let given_up = Status {
            name: "one",
            state: State::GivenUp,
            restarts: 100,
            last_error: Some("ended"),
        };
        assert_eq!(seat.status(), given_up);
    }
}
