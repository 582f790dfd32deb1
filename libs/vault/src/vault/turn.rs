//! One writer at a time, who writes for everybody waiting.

use parking_lot::{Condvar, Mutex, MutexGuard};
use uuid::Uuid;

/// Who may write next, and what those who wait would like written.
///
/// There is no thread of its own: whoever finds nobody writing writes for all who wait, the others sleep until that is
/// done and look again. A lone writer therefore waits for nobody, and a crowd shares one `fdatasync`.
pub(super) struct Turns<With> {
    state: Mutex<State<With>>,
    changed: Condvar,
}

struct State<With> {
    wanted: Vec<Uuid>,
    /// What the writer needs; taken while somebody writes.
    with: Option<With>,
    is_stopped: bool,
}

/// What a caller that wants something written is told.
pub(super) enum Turn<'t, With> {
    /// Nothing is missing any more.
    Nothing,
    /// Write this.
    Mine(Mine<'t, With>),
    /// A write failed earlier; nobody writes any more.
    Stopped,
}

/// The right to write. Dropped without [`Mine::succeed`] it stops all writing: what is on disk is then unknown.
pub(super) struct Mine<'t, With> {
    turns: &'t Turns<With>,
    /// What all who wait would like written, each once.
    pub(super) wanted: Vec<Uuid>,
    /// What the writer needs.
    pub(super) with: WithBack<'t, With>,
}

impl<With> Turns<With> {
    pub(super) fn new(with: With) -> Turns<With> {
        Turns {
            state: Mutex::new(State {
                wanted: Vec::new(),
                with: Some(with),
                is_stopped: false,
            }),
            changed: Condvar::new(),
        }
    }
}
