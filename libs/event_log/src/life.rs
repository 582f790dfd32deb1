//! From opening to closing: holding, and opening anew in place.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::open::{self, Before, Floor, OpenError, Opened, Options};
use crate::place::Position;
use crate::queue::Ended;
use crate::shared::{LogState, Opening, Shared};
use crate::space::{Shortage, Space};

/// Events written since opening from which on closing takes the time to leave a snapshot of the database. sled writes one only when
/// it is opened, and the next start reads what was written since; below this that takes a few hundredths of a second.
pub(crate) const SNAPSHOT_EVENTS_MIN: u64 = 100_000;

/// Pause between two looks whether readers have let go.
const READERS_PAUSE_MS: u64 = 1;

/// What the handles of one log hold together. Ends the threads when the last handle goes; futures and tails hold only what is shared,
/// so they do not keep the log open.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) shared: Arc<Shared>,
    dir: PathBuf,
    options: Options,
    /// Held by whoever opens, holds or closes.
    running: Mutex<Running>,
}

#[derive(Debug)]
struct Running {
    threads: Vec<JoinHandle<()>>,
    /// What may have been told of an opening that has failed.
    acknowledged: Option<Floor>,
}

impl Life {
    pub(crate) fn begin(dir: PathBuf, options: Options) -> Result<Life, OpenError> {
        let Opened {
            opening,
            report,
            epoch,
            state,
            end,
        } = open::open(&dir, &options, Before::default())?;
        let writable = state == LogState::Writable;
        let shared = Arc::new(Shared::new(opening, report, epoch, state));
        shared.note_at(end.running_max_micros);
        let threads = if writable {
            open::start_threads(&shared, end, &dir)?
        } else {
            Vec::new()
        };
        Ok(Life {
            shared,
            dir,
            options,
            running: Mutex::new(Running {
                threads,
                acknowledged: None,
            }),
        })
    }

    fn end_threads(&self, running: &mut Running) {
        if let Ok(opening) = self.shared.opening() {
            opening.head_keeper.stop();
        }
        for thread in running.threads.drain(..) {
            if thread.join().is_err() {
                self.shared.poison("a thread of the log panicked");
            }
        }
    }

    /// Makes the log read-only, and returns when what was under way is on disk and told.
    pub(crate) fn hold(&self, reason: &str, floor: Position) {
        let mut running = self.running.lock();
        if self.shared.hold(reason, floor) {
            return;
        }
        self.end_threads(&mut running);
        if let Ok(opening) = self.shared.opening()
            && let Err(error) = opening.head_keeper.write()
        {
            tracing::error!(%error, "HEAD could not be written when the log was held");
        }
    }

    /// Opens a poisoned log anew.
    pub(crate) fn reopen(&self) -> Result<(), OpenError> {
        let mut running = self.running.lock();
        if self.shared.queue.is_closed() {
            return Err(OpenError::Closed);
        }
        match self.shared.state() {
            LogState::Writable | LogState::Full { .. } | LogState::ReadOnly { .. } => return Ok(()),
            LogState::Poisoned { .. } => {}
        }
        self.ask_for_space()?;
        self.end_threads(&mut running);
        let mut place = self.shared.exchange();
        let mut before = Before::default();
        if let Some(old) = place.take() {
            match self.alone(old) {
                Ok(old) => {
                    running.acknowledged = Some(acknowledged(&old));
                    before.lock = Some(old.close());
                }
                Err(old) => {
                    *place = Some(old);
                    return Err(OpenError::Locked {
                        path: self.dir.clone(),
                    });
                }
            }
        }
        before.acknowledged.clone_from(&running.acknowledged);
        before.epoch = self.shared.epoch;
        open::forget_cached(&self.dir)?;
        let opened = open::open(&self.dir, &self.options, before)?;
        running.acknowledged = None;
        *place = Some(Arc::new(opened.opening));
        drop(place);
        let is_writable = opened.state == LogState::Writable;
        if is_writable {
            // Before the state says so, or who reads it and comes at once would still be told why the queue had ended; and
            // before the writer, which would find it ended and end too.
            self.shared.queue.restart();
        }
        self.shared.note_at(opened.end.running_max_micros);
        self.shared
            .opened_anew(opened.report, opened.end.head, opened.state);
        if is_writable {
            running.threads = open::start_threads(&self.shared, opened.end, &self.dir)
                .inspect_err(|_| self.shared.poison("the threads of the log could not be started"))?;
        }
        tracing::info!(head = %self.shared.head(), "the log was opened anew");
        Ok(())
    }

    /// Opening writes, and what cannot be opened again cannot be read either, so a full disk comes first.
    fn ask_for_space(&self) -> Result<(), OpenError> {
        let space = Space::of(&self.dir, self.options.disk_reserve_bytes);
        match space.and_then(|space| space.look()) {
            Ok(Some(Shortage {
                free_bytes,
                reserve_bytes,
            })) => Err(OpenError::DiskFull {
                free_bytes,
                reserve_bytes,
            }),
            Ok(None) => Ok(()),
            Err(source) => Err(OpenError::Io {
                what: "ask for the space of",
                path: self.dir.clone(),
                source,
            }),
        }
    }

    /// Waits until nobody reads any more; new readers wait already.
    fn alone(&self, mut opening: Arc<Opening>) -> Result<Opening, Arc<Opening>> {
        let deadline = Instant::now() + Duration::from_millis(self.options.lock_wait_ms);
        loop {
            match Arc::try_unwrap(opening) {
                Ok(opening) => return Ok(opening),
                Err(shared) if Instant::now() < deadline => opening = shared,
                Err(shared) => return Err(shared),
            }
            std::thread::sleep(Duration::from_millis(READERS_PAUSE_MS));
        }
    }

    pub(crate) fn shutdown(&self) {
        let mut running = self.running.lock();
        self.shared.queue.end(Ended::Closed);
        self.end_threads(&mut running);
        if matches!(self.shared.state(), LogState::Writable | LogState::Full { .. })
            && let Ok(opening) = self.shared.opening()
            && let Err(error) = opening.head_keeper.write()
        {
            tracing::error!(%error, "HEAD could not be written at stop");
        }
        if let Some(opening) = self.shared.take_opening() {
            self.close_opening(opening);
        }
    }

    fn close_opening(&self, opening: Opening) {
        let written = self.shared.head().0.saturating_sub(opening.head.0);
        let lock = opening.close();
        if written >= SNAPSHOT_EVENTS_MIN && self.shared.state() == LogState::Writable {
            let path = open::database_path(&self.dir);
            if let Err(error) = open::leave_snapshot(&path, &self.options) {
                tracing::warn!(%error, "no snapshot could be left; the next start takes longer");
            }
        }
        drop(lock);
    }
}

/// What may have been told of an opening.
fn acknowledged(opening: &Opening) -> Floor {
    let (position, digest) = opening.head_keeper.latest();
    Floor {
        position,
        digest: Some(digest),
        source: "whoever was answered before the log stopped".to_owned(),
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.shutdown();
    }
}
