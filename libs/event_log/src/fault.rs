//! Fault points: where a test makes the disk fail. Only a build with debug assertions has them.
//!
//! `event_log::space` stands in place of the file system's answer: `"return(1000)"` says that 1000 bytes are free. A point of
//! the disk is armed with `fail::cfg(point, "return")` or, to choose the error, `"return(28)"`, a number of `errno`; the turn of a
//! thread with `"panic"`.

use std::io;

/// Before a group is put into the database.
pub(crate) const PUT: &str = "event_log::put";
/// In place of the database's own flush.
pub(crate) const FLUSH: &str = "event_log::flush";
/// In place of `fdatasync`.
pub(crate) const SYNC: &str = "event_log::sync";
/// Before `HEAD` is replaced.
pub(crate) const HEAD: &str = "event_log::head";

/// At each turn of the thread that writes.
pub(crate) const WRITER: &str = "event_log::writer";
/// At each turn of the thread that syncs.
pub(crate) const SYNCER: &str = "event_log::syncer";
/// At each turn of the thread that keeps `HEAD`.
pub(crate) const HEAD_KEEPER: &str = "event_log::head_keeper";
/// At each turn of the thread of the index.
pub(crate) const INDEX: &str = "event_log::index";

/// Where a test lets a thread end.
#[cfg(debug_assertions)]
pub(crate) fn turn(point: &'static str) {
    fail::fail_point!(point);
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn turn(_point: &'static str) {}

/// The error that a test wants at a point, if it wants one.
#[cfg(debug_assertions)]
pub(crate) fn injected(point: &'static str) -> io::Result<()> {
    use rustix::io::Errno;
    fail::fail_point!(point, |errno: Option<String>| {
        let usual = if point == HEAD { Errno::NOSPC } else { Errno::IO };
        let errno = errno.and_then(|errno| errno.parse().ok());
        Err(io::Error::from_raw_os_error(
            errno.unwrap_or(usual.raw_os_error()),
        ))
    });
    Ok(())
}

/// How many bytes a test says are free.
#[cfg(debug_assertions)]
pub(crate) fn free_bytes() -> Option<u64> {
    fail::fail_point!("event_log::space", |bytes: Option<String>| {
        bytes.and_then(|bytes| bytes.parse().ok())
    });
    None
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn free_bytes() -> Option<u64> {
    None
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn injected(_point: &'static str) -> io::Result<()> {
    Ok(())
}
