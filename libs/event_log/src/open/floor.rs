//! What the log must hold, since it has been seen (design §4.5).

use std::path::Path;

use super::replay::LogEnd;
use super::{OpenError, io_error};
use crate::head_file::Head;
use crate::place::Position;
use crate::read::digest_at;
use crate::shared::LogState;
use crate::store::Store;
use crate::writer::chain;

/// What somebody else has seen of the log: a signed checkpoint, a view, the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The position seen.
    pub position: Position,
    /// SHA-256 of the stored bytes of the event there, where it is known: a signed checkpoint tells a size and a root only.
    pub digest: Option<[u8; 32]>,
    /// Who has seen it, for the operator, such as `the last signed checkpoint`.
    pub source: String,
}

/// Reads `HEAD`, and decides whether the log may be written to.
pub(super) fn judge(
    store: &Store,
    head_path: &Path,
    floors: Vec<&Floor>,
    end: &LogEnd,
) -> Result<(Option<Head>, LogState), OpenError> {
    let read_only = |reason: String, floor| LogState::ReadOnly { reason, floor };
    let stored = match Head::read(head_path) {
        Ok(stored) => stored,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            let reason = format!(
                "{} cannot be understood ({error}), so a loss at the end of the log could not be noticed: \
                 restore the file or the log from the archive, or accept the loss",
                head_path.display()
            );
            return Ok((None, read_only(reason, end.head)));
        }
        Err(error) => return Err(io_error("read", head_path)(error)),
    };
    if let Some(damage) = &end.damage {
        return Ok((
            stored,
            read_only(
                format!("{}: restore the log from the archive", chain(damage)),
                Position(end.head.0 + 1),
            ),
        ));
    }
    let own = stored.map(|head| Floor {
        position: head.position,
        digest: Some(head.digest),
        source: head_path.display().to_string(),
    });
    let mut floors: Vec<&Floor> = own.iter().chain(floors).collect();
    floors.sort_by_key(|floor| std::cmp::Reverse(floor.position));
    for floor in floors {
        if let Some(reason) = objection(store, end.head, floor) {
            return Ok((stored, read_only(reason, floor.position)));
        }
    }
    Ok((stored, LogState::Writable))
}

/// What an operator must know of a floor that the log does not reach, or not as it was seen.
fn objection(store: &Store, head: Position, floor: &Floor) -> Option<String> {
    let advice = "restore the log from the archive, or accept the loss";
    let Floor {
        position,
        digest,
        source,
    } = floor;
    if *position > head {
        let missing = position.0 - head.0;
        return Some(format!(
            "the log ends at position {head}, but {source} has seen position {position}: {missing} events are missing; {advice}"
        ));
    }
    match digest_at(store, *position) {
        Ok(found) if digest.is_none_or(|digest| found == digest) => None,
        Ok(_) => Some(format!(
            "the event at position {position} is not the one that {source} has seen; {advice}"
        )),
        Err(error) => Some(format!(
            "{source} has seen position {position}, which cannot be read ({}); {advice}",
            chain(&error)
        )),
    }
}
