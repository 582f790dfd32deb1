//! The process log on standard error: one JSON object a line, or text for people. It is beside the point of the server, so
//! it never stops it: a line that cannot be written is lost and counted, whether the reader has gone, reads no more, or the
//! disk is full.

use std::{
    io::{self, StderrLock, Write},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use crate::logging::{self, Format};

/// How long a line waits for a reader that is slow, ms. Once a line was lost, none waits until one is taken again.
const PATIENCE_MS: u64 = 100;
/// A pipe that can be written to takes this many bytes at least (`PIPE_BUF` of Linux).
const PART_BYTES: usize = 4_096;

/// Lines lost since the process began.
static LOST: AtomicU64 = AtomicU64::new(0);
static STATE: Mutex<State> = Mutex::new(State { lost: 0, cut: false });

struct State {
    /// Lines lost since the last one that was taken.
    lost: u64,
    /// The last line lacks its end.
    cut: bool,
}

/// Begins logging: for people on a terminal, for programs anywhere else, unless told. Panics are told there too.
pub(crate) fn begin() {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(logging::filter())
        // It would tell a failure to write on standard error, and panic there.
        .log_internal_errors(false)
        .with_writer(|| Lines);
    match logging::chosen() {
        Format::Text { to_terminal } => lines.with_target(false).with_ansi(to_terminal).init(),
        Format::Json => lines.json().init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        // A text put together at run time may hold what a person wrote; where it happened says enough.
        let message = panic.payload().downcast_ref::<&'static str>().copied();
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            message,
            place,
            thread = std::thread::current().name(),
            "a panic: a bug of this program"
        );
    }));
}

/// How many lines were lost since the process began.
pub(crate) fn lines_lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// A sentence for the person at the terminal, on standard error.
pub(crate) fn complain(sentence: &str) {
    line(format!("{sentence}\n").as_bytes());
}

/// A sentence for the person at the terminal, on standard output. What it tells is done, whether it is heard or not.
pub(crate) fn tell(sentence: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{sentence}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "standard output takes nothing");
    }
}

/// Standard error, as the subscriber sees it: each write is a line, and none fails.
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        line(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn line(bytes: &[u8]) {
    let mut state = STATE.lock();
    let mut out = io::stderr().lock();
    let before = match *state {
        State { lost: 0, cut: false } => String::new(),
        State { lost, cut } => {
            let end = if cut { "\n" } else { "" };
            format!(
                "{end}{{\"level\":\"WARN\",\"fields\":{{\"message\":\"lines of this log were lost\",\"lines\":{lost}}}}}\n"
            )
        }
    };
    let patience_ms = if state.lost == 0 { PATIENCE_MS } else { 0 };
    match put(&mut out, before.as_bytes(), patience_ms).and_then(|()| put(&mut out, bytes, patience_ms)) {
        Ok(()) => *state = State { lost: 0, cut: false },
        Err(_lost) => {
            LOST.fetch_add(1, Ordering::Relaxed);
            state.lost += 1;
            state.cut = true;
        }
    }
}

fn put(out: &mut StderrLock<'_>, bytes: &[u8], patience_ms: u64) -> io::Result<()> {
    for part in bytes.chunks(PART_BYTES) {
        if !has_room(out, Duration::from_millis(patience_ms)) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        out.write_all(part)?;
    }
    Ok(())
}

/// Whether a part can be written without waiting for a reader. What else is wrong is for the write to find.
fn has_room(out: &StderrLock<'_>, patience: Duration) -> bool {
    let Ok(patience) = Timespec::try_from(patience) else {
        return true;
    };
    loop {
        match poll(&mut [PollFd::new(out, PollFlags::OUT)], Some(&patience)) {
            Ok(ready) => return ready > 0,
            Err(Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}
