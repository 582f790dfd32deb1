//! The follower: one thread that reads the log and has what follows from it carried out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use chrono::TimeDelta;
use domain::Event;
use event_log::{EventLog, LogState, Position, RETRY_MS, Recorded, Waiter};
use parking_lot::Mutex;
use sessions::{Consequence, DELIVERY_KEPT_HOURS, PostError, Sessions, is_disk_full};
use supervision::{End, Supervisor, Worker};
use tokio::sync::{Notify, watch};
use vault::KeyState;

use crate::{
    kernel::{
        codec,
        error::{ReadError, chain},
    },
    reactions::{
        effect::Reaction,
        life::{Life, account_of, consequence},
        sources::Sources,
    },
};

/// Most events that are read at once.
const EVENTS_MAX: usize = 1_024;
/// After so many events that nothing follows from, the position is kept: a start reads no more than these again.
const UNKEPT_EVENTS_MAX: u64 = 8_192;

/// A handle on the follower. Dropping it stops it.
pub(crate) struct Reactions {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    /// The last position of which it is known what follows, and carried out.
    position: watch::Sender<Position>,
    stopped: Mutex<Option<Stopped>>,
    stop: AtomicBool,
    wake: Arc<Notify>,
}

/// Why the follower does not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// So many mails wait that it waits for the courier.
    pub(crate) is_full: bool,
    /// What is the matter.
    pub(crate) reason: String,
}

/// The thread's own things.
struct Follower {
    shared: Arc<Shared>,
    sources: Sources,
    reactions: Vec<Reaction>,
    /// The position that is kept.
    kept: Position,
    waiter: Waiter,
}

/// Why the follower could not take a step.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
    #[error("the event at position {position} cannot be read")]
    Event {
        position: Position,
        #[source]
        source: ReadError,
    },
    #[error("what follows cannot be carried out")]
    Sessions(#[source] PostError),
}

impl StepError {
    /// A code for programs.
    fn code(&self) -> &'static str {
        match self {
            StepError::Log(_) => "log-unreadable",
            StepError::Event { .. } => "event-unreadable",
            StepError::Sessions(PostError::Full) => "mail-full",
            StepError::Sessions(PostError::Storage(error)) if is_disk_full(error) => "disk-full",
            StepError::Sessions(_) => "sessions-unwritable",
        }
    }
}

/// From where the log is followed: from where it was, or from its end when nobody knows, or when the log was cut since. Kept before
/// any command is taken, so that nobody is mailed about the past, and everybody about what comes. A log that is held may lack its
/// end for now; then nothing is kept.
pub(super) fn begin(log: &EventLog, sessions: &Sessions) -> Result<Position, ReadError> {
    let head = log.head();
    let is_held = matches!(log.state(), LogState::ReadOnly { .. });
    let known = sessions.reacted_through().map_err(ReadError::internal)?;
    match known.map(Position) {
        Some(known) if known <= head || is_held => Ok(known),
        Some(_) | None => {
            if !is_held {
                let kept = sessions.follow(head.0, &[], |_| true);
                kept.map_err(ReadError::internal)?;
            }
            Ok(head)
        }
    }
}

impl Reactions {
    /// Starts to follow the log with these reactions. Nothing may have been written to it since it was opened.
    ///
    /// # Errors
    /// When the sessions cannot be read or written, or the system starts no thread.
    pub(crate) fn open(
        sources: Sources,
        workers: &Supervisor,
        reactions: Vec<Reaction>,
    ) -> Result<Reactions, ReadError> {
        let position = begin(&sources.log, &sources.sessions)?;
        let shared = Arc::new(Shared {
            position: watch::Sender::new(position),
            stopped: Mutex::default(),
            stop: AtomicBool::new(false),
            wake: Arc::default(),
        });
        let mut follower = Follower {
            shared: Arc::clone(&shared),
            sources,
            reactions,
            kept: position,
            waiter: Waiter::new(Arc::clone(&shared.wake)).map_err(ReadError::internal)?,
        };
        let over = Arc::clone(&shared);
        let thread = workers
            .thread(
                "reactions",
                move || over.stop.load(Ordering::Acquire),
                move |worker| follower.run(worker),
            )
            .map_err(ReadError::internal)?;
        Ok(Reactions {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The last position of which all that follows is carried out.
    pub(crate) fn position(&self) -> Position {
        *self.shared.position.borrow()
    }

    /// Why it does not move, when it does not.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        self.shared.stopped.lock().clone()
    }

    /// Ends the thread. Blocks.
    pub(crate) fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the reactions panicked");
        }
    }
}

impl Drop for Reactions {
    fn drop(&mut self) {
        self.close();
    }
}

impl Follower {
    fn run(&mut self, worker: &Worker) -> End {
        while !self.shared.stop.load(Ordering::Acquire) {
            worker.turn();
            match self.step() {
                Ok(true) => {
                    *self.shared.stopped.lock() = None;
                    worker.is_well();
                }
                Ok(false) => self
                    .waiter
                    .wait(&self.sources.log, *self.shared.position.borrow()),
                Err(error) => self.failed(&error, worker),
            }
        }
        let reached = *self.shared.position.borrow();
        if reached > self.kept
            && let Err(error) = self.keep(reached, &[])
        {
            tracing::warn!(error = %chain(&error), "how far the log was followed is not kept: a part is read again");
        }
        End::Done
    }

    /// Takes a batch; `false` when there was none.
    fn step(&mut self) -> Result<bool, StepError> {
        let after = *self.shared.position.borrow();
        let events = match self.sources.log.read(after, EVENTS_MAX) {
            Ok(events) => events,
            Err(event_log::ReadError::Closed) => return Ok(false),
            Err(error) => return Err(StepError::Log(error.into())),
        };
        let (mut reached, mut is_asked, mut fault) = (after, false, None);
        let mut consequences = Vec::new();
        for recorded in &events {
            match self.derived(recorded) {
                Ok(None) => {}
                Ok(Some(found)) => {
                    is_asked = true;
                    consequences.extend(found);
                }
                Err(source) => {
                    let position = recorded.position;
                    fault = Some(StepError::Event { position, source });
                    break;
                }
            }
            reached = recorded.position;
        }
        if is_asked || reached.0 - self.kept.0 >= UNKEPT_EVENTS_MAX {
            self.keep(reached, &consequences)?;
        }
        self.shared.position.send_replace(reached);
        match fault {
            Some(fault) => Err(fault),
            None => Ok(reached > after),
        }
    }

    /// Has it carried out, with the position, for whoever is not erased by then.
    fn keep(&mut self, reached: Position, consequences: &[Consequence]) -> Result<(), StepError> {
        let vault = &self.sources.vault;
        let is_wanted = |account| vault.knows(account) == KeyState::Present;
        let followed = self.sources.sessions.follow(reached.0, consequences, is_wanted);
        if followed.map_err(StepError::Sessions)? > 0 {
            self.sources.posted.notify_waiters();
        }
        self.kept = reached;
        Ok(())
    }

    /// What follows from an event; `None` when no reaction is about it.
    fn derived(&self, recorded: &Recorded) -> Result<Option<Vec<Consequence>>, ReadError> {
        let Some(id) = account_of(recorded) else {
            return Ok(None);
        };
        let Event::Account(event) = codec::decode(&self.sources.vault, recorded)? else {
            return Ok(None);
        };
        let woken: Vec<&Reaction> = self
            .reactions
            .iter()
            .filter(|reaction| (reaction.is_about)(&event))
            .collect();
        if woken.is_empty() {
            return Ok(None);
        }
        if self.sources.vault.knows(id.0) != KeyState::Present || self.is_over(recorded) {
            return Ok(Some(Vec::new()));
        }
        let life = Life::read(&self.sources, recorded, id)?;
        let mut consequences = Vec::new();
        if let Some(happened) = life.happened() {
            for reaction in woken {
                if !life.begun.iter().any(reaction.is_about) {
                    let effects = (reaction.effects)(&happened);
                    consequences.extend(
                        effects
                            .into_iter()
                            .map(|effect| consequence(recorded, id, effect)),
                    );
                }
            }
        }
        Ok(Some(consequences))
    }

    /// What an event asks for has lost its meaning once it lies so far back in the log that its mail would have been dropped.
    fn is_over(&self, recorded: &Recorded) -> bool {
        let kept = TimeDelta::hours(DELIVERY_KEPT_HOURS);
        let last = self.sources.log.last_at();
        last.is_some_and(|last| recorded.envelope.at + kept <= last)
    }

    fn failed(&self, error: &StepError, worker: &Worker) {
        worker.is_failing(error.code());
        let stopped = Stopped {
            is_full: matches!(error, StepError::Sessions(PostError::Full)),
            reason: chain(error),
        };
        tracing::error!(
            reason = stopped.reason,
            retry_ms = RETRY_MS,
            "what follows from events is not carried out"
        );
        *self.shared.stopped.lock() = Some(stopped);
        self.waiter.pause();
    }
}
