//! Whether commands are taken and lists are answered, and if not, why and what to do: one code for each state, for programs
//! and for ever (docs/operations.md lists them).

use std::time::Instant;

use chrono::{DateTime, Utc};
use event_log::{LogState, Position};
use supervision::{State, Status, Supervisor};
pub use views::ViewState;

use crate::{
    keeping::{Keeping, archive::KEYS},
    kernel::lag::VIEW_LAG_MS_MAX,
    proofs::tree::TreeState,
};

/// For how long the tree may lack what the log has before it is told, ms.
pub const TREE_LAG_MS_MAX: u64 = 10_000;

/// What does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// Commands are refused.
    Commands,
    /// Lists are refused, or lack something.
    Lists,
    /// Proofs and checkpoints lack what is new.
    Proofs,
    /// Nothing that a caller sees.
    Nothing,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its code, for programs.
    pub code: &'static str,
    /// What it stops.
    pub stops: Stops,
    /// What is the matter, for people who run the server.
    pub detail: String,
    /// What they can do.
    pub advice: &'static str,
}

/// How everything stands.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// What is not as it should be.
    pub problems: Vec<Problem>,
    /// Each view, and for how long it has lacked what the log has, ms.
    pub views: Vec<(ViewState, u64)>,
    /// Each worker.
    pub workers: Vec<Status>,
}

impl Readiness {
    /// Whether commands are taken and lists are answered.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.problems.iter().all(|problem| match problem.stops {
            Stops::Commands | Stops::Lists => false,
            Stops::Proofs | Stops::Nothing => true,
        })
    }
}

impl Keeping {
    /// What lives as long as the process, and how it fares.
    #[must_use]
    pub fn workers(&self) -> &Supervisor {
        &self.workers
    }

    /// Whether commands are taken.
    #[must_use]
    pub fn log_state(&self) -> LogState {
        self.kernel.log.state()
    }

    /// The last position of which all that follows is carried out: mails are posted.
    #[must_use]
    pub fn reacted_through(&self) -> Position {
        self.reactions.position()
    }

    /// Each view, and for how long it has lacked what the log has, ms.
    #[must_use]
    pub fn views(&self) -> Vec<(ViewState, u64)> {
        // The views first: what they reach is never more than the head that is asked for afterwards.
        let (states, head) = (self.views.states(), self.kernel.log.head());
        let lag = |state: ViewState| {
            let behind_ms = self.lags.view_behind_ms(&state, head);
            (state, behind_ms)
        };
        states.into_iter().map(lag).collect()
    }

    /// How everything stands at this moment. To be called once a second at least, so that a lag is noticed when it begins.
    #[must_use]
    pub fn readiness(&self, now: DateTime<Utc>) -> Readiness {
        let workers = self.workers.statuses();
        let views = self.views();
        let mut problems = Vec::new();
        problems.extend(self.log_problem());
        problems.extend(self.clock_problems(now));
        problems.extend(self.keys_problem());
        problems.extend(self.damaged_keys_problem());
        problems.extend(self.accounts_problem());
        problems.extend(self.checkpoints_problem());
        problems.extend(views.iter().filter_map(|view| self.view_problem(&workers, view)));
        problems.extend(self.tree_problem());
        problems.extend(self.reactions_problem());
        problems.extend(workers.iter().filter_map(worker_problem));
        Readiness {
            problems,
            views,
            workers,
        }
    }

    fn log_problem(&self) -> Option<Problem> {
        let (code, detail, advice) = match self.kernel.log.state() {
            LogState::Writable => return None,
            LogState::Full {
                free_bytes,
                reserve_bytes,
            } => (
                "log-full",
                full(free_bytes, reserve_bytes),
                "Make room; commands are then taken again by themselves.",
            ),
            LogState::Poisoned { reason } if is_full_disk(&reason) => (
                "log-full",
                reason,
                "Make room: the log is opened again every 5 s, and commands are then taken again by themselves.",
            ),
            LogState::Poisoned { reason } => (
                "log-stopped",
                reason,
                "Wait: the log is opened again every 5 s. If that keeps failing, look at the disk.",
            ),
            LogState::ReadOnly { reason, .. } => (
                "log-read-only",
                reason,
                "Restore the log from the archive, or accept the loss (guichet admin accept-loss).",
            ),
        };
        Some(Problem {
            code,
            stops: Stops::Commands,
            detail,
            advice,
        })
    }

    fn clock_problems(&self, now: DateTime<Utc>) -> Vec<Problem> {
        let clock = self.kernel.look_at_clock(now);
        let leapt = clock.leapt.map(|by| Problem {
            code: "clock-leap",
            stops: Stops::Commands,
            detail: format!("the clock has leapt by {} s while the server ran", by.num_seconds()),
            advice: "Set the clock right. If it is right now, accept it: guichet admin accept-clock --reason \"…\".",
        });
        let behind = clock.behind.map(|by| Problem {
            code: "clock-behind",
            stops: if clock.is_taken || clock.leapt.is_some() {
                Stops::Nothing
            } else {
                Stops::Commands
            },
            detail: format!(
                "the clock is {} s behind the last event of the log; events are not stamped earlier than that",
                by.num_seconds()
            ),
            advice: "Look whether the clock is right, or was ahead before. If it is right now and commands are refused, accept it: \
                     guichet admin accept-clock --reason \"…\".",
        });
        leapt.into_iter().chain(behind).collect()
    }

    fn keys_problem(&self) -> Option<Problem> {
        let file = self.places.keys.join(KEYS);
        (!file.exists()).then(|| Problem {
            code: "keys-missing",
            stops: Stops::Commands,
            detail: format!("{} is gone: after a stop nobody reads a personal value again", file.display()),
            advice: "Do not stop the server: back the keys up now (guichet admin backup-keys), then restore them.",
        })
    }

    fn damaged_keys_problem(&self) -> Option<Problem> {
        let damaged = self.kernel.vault.damaged();
        let first = damaged.first()?;
        Some(Problem {
            code: "keys-damaged",
            stops: Stops::Nothing,
            detail: format!(
                "{} keys of persons are damaged in {}, the first in slot {}: what is sealed under them cannot be read, and those persons \
                 cannot sign in",
                damaged.len(),
                self.places.keys.join(KEYS).display(),
                first.slot
            ),
            advice: "Keep every older backup of keys: a new one lacks them. Stop the server, move persons.keys away, and restore the keys \
                     from a backup that was made before (guichet admin restore-keys).",
        })
    }

    fn accounts_problem(&self) -> Option<Problem> {
        let stopped_at = self.kernel.directory.stopped_at()?;
        Some(Problem {
            code: "accounts-unreadable",
            stops: Stops::Commands,
            detail: format!(
                "accounts, organizations and desks stand before position {}: {}",
                stopped_at.position, stopped_at.reason
            ),
            advice: "Run the newest version of the program, which may know the event. Otherwise tell its makers; tickets go on meanwhile.",
        })
    }

    fn checkpoints_problem(&self) -> Option<Problem> {
        self.lacks_checkpoints.then(|| Problem {
            code: "checkpoints-missing",
            stops: Stops::Nothing,
            detail: format!(
                "when the server started, {} held no checkpoint of what this log has promised",
                self.places.checkpoints.display()
            ),
            advice: "Stop the server and put the checkpoints back from a backup of data. Without them it cannot tell whether the log is the one \
                     that was signed; an auditor who kept an older one can. This problem stays until the next start.",
        })
    }

    fn view_problem(&self, workers: &[Status], (view, behind_ms): &(ViewState, u64)) -> Option<Problem> {
        let (name, reached, head) = (view.name, view.position.0, self.kernel.log.head().0);
        let problem = |code, detail, advice| Problem {
            code,
            stops: Stops::Lists,
            detail,
            advice,
        };
        let worker = workers.iter().find(|worker| worker.name == "views")?;
        let fails = match worker.state {
            State::Running | State::Done => false,
            State::Failing | State::Restarting | State::GivenUp => true,
        };
        if fails && reached < head {
            let error = worker.last_error.unwrap_or_default();
            return Some(problem(
                "view-stopped",
                format!("the view {name} stands at {reached} of {head} and does not follow: {error}"),
                "disk-full: make room where the views lie. Otherwise look at the process log; the views can be removed and are made anew at the next start.",
            ));
        }
        if !view.is_open {
            return Some(problem(
                "view-behind",
                format!("the view {name} is made anew from the log"),
                "Wait until it is made.",
            ));
        }
        (*behind_ms > VIEW_LAG_MS_MAX).then(|| {
            problem(
                "view-behind",
                format!("the view {name} stands at {reached} of {head}, for {behind_ms} ms"),
                "Wait; if it does not move, look at the disk where the views lie and at the process log.",
            )
        })
    }

    fn reactions_problem(&self) -> Option<Problem> {
        let stopped = self.reactions.stopped()?;
        let (code, advice) = if stopped.is_full {
            (
                "mail-full",
                "Start the courier, or look at what keeps it from the mail server.",
            )
        } else {
            (
                "reactions-stopped",
                "disk-full: make room where the sessions lie. An event that cannot be read: run the newest version of the program, which may \
                 know it. Otherwise look at the process log.",
            )
        };
        let (reached, head) = (self.reactions.position().0, self.kernel.log.head().0);
        Some(Problem {
            code,
            stops: Stops::Nothing,
            detail: format!(
                "what follows from events is carried out up to position {reached} of {head}, and no mail is posted about later ones: {}",
                stopped.reason
            ),
            advice,
        })
    }

    fn tree_problem(&self) -> Option<Problem> {
        let (state, size) = self.proofs.tree_state();
        let head = self.kernel.log.head().0;
        let behind_ms = self.lags.tree.look(size, head, Instant::now());
        let late = match state {
            TreeState::CatchingUp => true,
            TreeState::Following => behind_ms > TREE_LAG_MS_MAX,
            // The log is held then, and says so.
            TreeState::Broken { .. } => false,
        };
        late.then(|| Problem {
            code: "tree-behind",
            stops: Stops::Proofs,
            detail: format!("the tree has {size} of {head} events"),
            advice: "Wait; if it does not move, look at the disk where the tree lies and at the process log.",
        })
    }
}

fn worker_problem(worker: &Status) -> Option<Problem> {
    let (code, advice) = match worker.state {
        State::Running | State::Done => return None,
        State::Failing => (
            "worker-failing",
            "It goes on trying; the process log says what fails.",
        ),
        State::Restarting => (
            "worker-restarting",
            "Wait; if it happens again and again, look at the process log.",
        ),
        State::GivenUp => ("worker-given-up", "Start the server again, and tell its makers."),
    };
    let (name, error) = (worker.name, worker.last_error.unwrap_or_default());
    Some(Problem {
        code,
        stops: Stops::Nothing,
        detail: format!("{name}: {error}, begun again {} times", worker.restarts),
        advice,
    })
}

/// Whether the log has stopped because there was no room: what the system says of it ends with its number (`ENOSPC`, `EDQUOT`).
fn is_full_disk(reason: &str) -> bool {
    ["(os error 28)", "(os error 122)"]
        .iter()
        .any(|number| reason.contains(number))
}

/// What a full disk is told as.
fn full(free_bytes: u64, reserve_bytes: u64) -> String {
    format!("the disk has {free_bytes} bytes free, and {reserve_bytes} are kept in reserve")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_others_that_fail() {
        for (errno, full) in [(28, true), (122, true), (5, false), (30, false)] {
            let error = std::io::Error::from_raw_os_error(errno);
            let reason = format!("the block could not be written: {error}");
            assert_eq!(is_full_disk(&reason), full, "{reason}");
        }
    }

    /// Only what stops commands or lists makes the server unready: a mail that waits must not take it from its users.
    #[test]
    fn what_is_beside_the_point_leaves_the_server_ready() {
        let status = |state| Status {
            name: "archive",
            state,
            restarts: 3,
            last_error: Some("panicked"),
        };
        for state in [State::Failing, State::Restarting, State::GivenUp] {
            let problem = worker_problem(&status(state)).unwrap();
            assert_eq!(problem.stops, Stops::Nothing);
            assert!(problem.detail.contains("archive: panicked"), "{}", problem.detail);
            let readiness = Readiness {
                problems: vec![problem],
                views: Vec::new(),
                workers: Vec::new(),
            };
            assert!(readiness.is_ready());
        }
        assert_eq!(worker_problem(&status(State::Running)), None);
        for stops in [Stops::Commands, Stops::Lists] {
            let problem = Problem {
                code: "view-behind",
                stops,
                detail: String::new(),
                advice: "",
            };
            let readiness = Readiness {
                problems: vec![problem],
                views: Vec::new(),
                workers: Vec::new(),
            };
            assert!(!readiness.is_ready());
        }
    }
}
