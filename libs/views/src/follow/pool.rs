//! Read-only connections, a few of them, lent out one reader at a time.

use std::{
    mem,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags};

use crate::view::Shared;

/// Prepared statements that each connection keeps: one per combination of filters that is in use.
const STATEMENTS_MAX: usize = 128;
/// Page cache of each reader, KiB.
const READER_CACHE_KIB: i32 = 8 * 1024;
/// How long a reader waits for the file's lock, milliseconds. In WAL mode only recovery takes it.
const BUSY_MS: u64 = 5_000;

/// Whether readers are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// They are.
    Open,
    /// The file is being rebuilt.
    Rebuilding,
    /// The views have been closed.
    Closed,
}

/// Why no reader was lent.
#[derive(Debug)]
pub(crate) enum LendError {
    Rebuilding,
    Closed,
    Sqlite(rusqlite::Error),
}

struct State {
    gate: Gate,
    path: PathBuf,
    /// What they share with the writer of the file.
    shared: Shared,
    /// Counts the files that were read from, the current one included.
    file: u64,
    free: Vec<Connection>,
    lent: usize,
    /// Connections to former files that are lent still.
    former: usize,
}

/// The readers of the file that serves, and the last ones of those before it.
pub(crate) struct Pool {
    readers_max: usize,
    state: Mutex<State>,
    changed: Condvar,
}

impl Pool {
    /// A pool that lets nobody in yet.
    pub(crate) fn new(path: PathBuf, readers_max: usize) -> Pool {
        let state = State {
            gate: Gate::Rebuilding,
            path,
            shared: Arc::new(()),
            file: 0,
            free: Vec::new(),
            lent: 0,
            former: 0,
        };
        Pool {
            readers_max: readers_max.max(1),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Lends a connection for one piece of work; waits while all are lent.
    pub(crate) fn with<T, E: From<LendError>>(
        &self,
        work: impl FnOnce(&mut Connection, &Shared) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut loan = self.lend()?;
        let mut connection = match loan.free.take() {
            Some(connection) => connection,
            None => connect(&loan.path).map_err(LendError::Sqlite)?,
        };
        let done = work(&mut connection, &loan.shared);
        loan.free = Some(connection);
        done
    }

    fn lend(&self) -> Result<Loan<'_>, LendError> {
        let mut state = self.state.lock();
        loop {
            match state.gate {
                Gate::Open => {}
                Gate::Rebuilding => return Err(LendError::Rebuilding),
                Gate::Closed => return Err(LendError::Closed),
            }
            let free = state.free.pop();
            if free.is_some() || state.lent < self.readers_max {
                state.lent += 1;
                return Ok(Loan {
                    pool: self,
                    file: state.file,
                    path: state.path.clone(),
                    shared: Arc::clone(&state.shared),
                    free,
                });
            }
            self.changed.wait(&mut state);
        }
    }

    /// The file that readers are let into.
    pub(crate) fn path(&self) -> PathBuf {
        self.state.lock().path.clone()
    }

    /// Whether readers are let in.
    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().gate == Gate::Open
    }

    /// Lets readers in.
    pub(crate) fn open(&self, shared: Shared) {
        let mut state = self.state.lock();
        state.gate = Gate::Open;
        state.shared = shared;
    }

    /// Lets nobody in any more, waits until every reader has left, and closes all connections: the file can then be
    /// taken away without anybody holding its old contents.
    pub(crate) fn shut(&self, gate: Gate) {
        let mut state = self.state.lock();
        state.gate = gate;
        self.changed.notify_all();
        while state.lent > 0 || state.former > 0 {
            self.changed.wait(&mut state);
        }
        state.free.clear();
    }

    /// Lets readers into another file from now on; answers which one they were let into until now.
    pub(crate) fn turn_to(&self, path: PathBuf, shared: Shared) -> PathBuf {
        let mut state = self.state.lock();
        let former = mem::replace(&mut state.path, path);
        state.gate = Gate::Open;
        state.shared = shared;
        state.file += 1;
        state.former += mem::take(&mut state.lent);
        state.free.clear();
        self.changed.notify_all();
        former
    }

    /// Waits until nobody reads a former file any more, and no connection to one is open.
    pub(crate) fn wait_for_former(&self) {
        let mut state = self.state.lock();
        while state.former > 0 {
            self.changed.wait(&mut state);
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// A place among the readers, given back by being dropped, whatever becomes of the work.
struct Loan<'a> {
    pool: &'a Pool,
    file: u64,
    path: PathBuf,
    shared: Shared,
    free: Option<Connection>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        if self.file != state.file {
            // Closed before it is counted as given back: nothing may hold the former file then.
            drop(self.free.take());
            state.former -= 1;
        } else {
            state.lent -= 1;
            if state.gate == Gate::Open {
                state.free.extend(self.free.take());
            }
        }
        self.pool.changed.notify_all();
    }
}
