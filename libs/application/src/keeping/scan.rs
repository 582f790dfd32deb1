//! Going through the whole log as it is stored, in parts.

use event_log::{EventLog, Position, ReadError, Stored};

/// How many events are read at once.
const EVENTS: usize = 8_192;
/// And how many bytes of them.
const BYTES: usize = 8 * 1024 * 1024;

/// Gives every event to `look`, from the first on, and answers what `look` first answers.
///
/// # Errors
/// When the log cannot be read; everything before that place was looked at.
pub(crate) fn find<T>(
    log: &EventLog,
    mut look: impl FnMut(&Stored) -> Option<T>,
) -> Result<Option<T>, ReadError> {
    let mut after = Position(0);
    loop {
        let events = log.read_stored(after, EVENTS, BYTES)?;
        let Some(last) = events.last() else {
            return Ok(None);
        };
        after = last.position;
        if let Some(found) = events.iter().find_map(&mut look) {
            return Ok(Some(found));
        }
    }
}
