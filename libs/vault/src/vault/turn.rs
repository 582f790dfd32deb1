//! One writer at a time, who writes for everybody waiting.

use parking_lot::{Condvar, Mutex};
use uuid::Uuid;

/// Who may write next, and for whom keys are wanted.
///
/// There is no thread of its own: whoever finds nobody writing writes for all who wait, the others sleep until that is
/// done and look again. A lone writer therefore waits for nobody, and a crowd shares one `fdatasync`.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    wanted: Vec<Uuid>,
    is_busy: bool,
    is_stopped: bool,
}

/// What a caller that wants keys is told.
pub(super) enum Turn<'t> {
    /// All of them are there.
    Nothing,
    /// It is the caller who writes.
    Mine(Mine<'t>),
    /// A write failed earlier; nobody writes any more.
    Stopped,
}

/// The right to write. Dropped without [`Mine::settle`], after an error or a panic, it stops all writing: what is on
/// disk is then unknown (an `fdatasync` that failed once says nothing when asked again).
pub(super) struct Mine<'t> {
    turns: &'t Turns,
    /// For whom keys are wanted. May name subjects that were dealt with since.
    pub(super) wanted: Vec<Uuid>,
    is_settled: bool,
}

impl Turns {
    /// Waits until nothing is `missing` or it is the caller's turn to write.
    pub(super) fn ask<E>(&self, missing: impl Fn() -> Result<Vec<Uuid>, E>) -> Result<Turn<'_>, E> {
        let mut state = self.state.lock();
        let mut is_queued = false;
        loop {
            let missing = missing()?;
            if missing.is_empty() {
                return Ok(Turn::Nothing);
            }
            if state.is_stopped {
                return Ok(Turn::Stopped);
            }
            if !state.is_busy {
                state.is_busy = true;
                let mut wanted = std::mem::take(&mut state.wanted);
                wanted.extend(missing);
                wanted.sort_unstable();
                wanted.dedup();
                return Ok(Turn::Mine(Mine {
                    turns: self,
                    wanted,
                    is_settled: false,
                }));
            }
            // Queued once: should a turn pass without them, the next one is the caller's own or another minter's.
            if !is_queued {
                state.wanted.extend(missing);
                is_queued = true;
            }
            self.changed.wait(&mut state);
        }
    }

    /// How many keys are wanted by those who wait, the same one twice if two want it.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.state.lock().wanted.len()
    }

    /// Waits for the turn to write something else than keys. `None` when nobody writes any more.
    pub(super) fn take(&self) -> Option<Mine<'_>> {
        let mut state = self.state.lock();
        while state.is_busy {
            self.changed.wait(&mut state);
        }
        if state.is_stopped {
            return None;
        }
        state.is_busy = true;
        // The queue is left to the next one who mints.
        Some(Mine {
            turns: self,
            wanted: Vec::new(),
            is_settled: false,
        })
    }
}

impl Mine<'_> {
    /// Ends the turn: what is on disk is known.
    pub(super) fn settle(mut self) {
        self.is_settled = true;
    }
}

impl Drop for Mine<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state.lock();
        state.is_busy = false;
        state.is_stopped |= !self.is_settled;
        self.turns.changed.notify_all();
    }
}
