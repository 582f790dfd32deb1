//! Which log the views were made from, told beside them.

use std::{fs, io, path::Path};

use event_log::{EventLog, LogState, Position};

use crate::kernel::secret_files::write_secret;

/// Says which log the views beside it were made from, by the SHA-256 of its first event, in hexadecimal.
pub(crate) const OF_LOG: &str = "of-log";

/// Notes which log the views are made from, once it is known that they are.
pub(crate) fn note_log_of_views(views: &Path, log: &EventLog) -> io::Result<()> {
    match log.state() {
        LogState::Writable | LogState::Full { .. } => {}
        LogState::ReadOnly { .. } | LogState::Poisoned { .. } => return Ok(()),
    }
    let path = views.join(OF_LOG);
    match first_event(log) {
        Some(first) if fs::read_to_string(&path).is_ok_and(|known| known.trim() == first) => Ok(()),
        Some(first) => write_secret(format!("{first}\n").as_bytes(), &path),
        None => Ok(()),
    }
}

/// What tells a log from every other: the SHA-256 of its first event, in hexadecimal.
pub(crate) fn first_event(log: &EventLog) -> Option<String> {
    let events = log.read(Position(0), 1).ok()?;
    Some(hex::encode(events.first()?.digest()))
}
