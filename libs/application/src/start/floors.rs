//! What the views have seen of the log, and whether it was this log: a copy of another directory's views tells nothing of it.

use std::{fs, io, path::Path};

use event_log::{EventLog, Floor, LogState, Position};
use transparency::{Frontier, leaf_hash};

use super::{Settings, StartError, in_use};
use crate::{
    archive::write_secret,
    places::{Places, directory},
    proof, scan,
};

/// Says which log the views beside it were made from, by the SHA-256 of its first event, in hexadecimal.
const OF_LOG: &str = "of-log";

/// Opens the log, which must hold what the views have seen of it. Views of another log are taken away, to be made anew.
pub(super) fn open_log(settings: &Settings, places: &Places) -> Result<EventLog, StartError> {
    let dir = directory(&settings.data.join("log"))?;
    let open = |floors: Vec<Floor>| {
        let options = event_log::Options {
            floors,
            ..event_log::Options::default()
        };
        EventLog::open(&dir, options).map_err(|error| {
            if matches!(error, event_log::OpenError::Locked { .. }) {
                in_use(settings)
            } else {
                StartError::Log(error)
            }
        })
    };
    let Some(floor) = views::floor(&places.views) else {
        return open(Vec::new());
    };
    let log = open(vec![floor.clone()])?;
    if !matches!(log.state(), LogState::ReadOnly { .. }) || !are_of_another(places, &log, &floor) {
        return Ok(log);
    }
    log.close();
    tracing::warn!(
        views = %places.views.display(),
        "the views were made from another log, and this one agrees with what was signed: they are made anew"
    );
    fs::remove_dir_all(&places.views)
        .and_then(|()| fs::create_dir_all(&places.views))
        .map_err(|source| StartError::Directory {
            path: places.views.clone(),
            source,
        })?;
    open(Vec::new())
}

/// Whether the views were made from another log. Those of an older version do not say from which: then the log is believed when
/// what was signed covers what they have seen, and agrees with it.
fn are_of_another(places: &Places, log: &EventLog, floor: &Floor) -> bool {
    let Some(first) = first_event(log) else {
        return false;
    };
    match fs::read_to_string(places.views.join(OF_LOG)) {
        Ok(known) => known.trim() != first,
        Err(_) => is_as_signed(places, log, floor.position),
    }
}

/// Whether a checkpoint covers a position, and the log gives its root.
fn is_as_signed(places: &Places, log: &EventLog, position: Position) -> bool {
    let last = proof::last_of_epoch(&places.checkpoints, log.epoch(), None);
    let Some(signed) = last.ok().flatten().map(|last| last.checkpoint) else {
        return false;
    };
    if signed.size < position.0 {
        return false;
    }
    let mut frontier = Frontier::default();
    let agrees = scan::find(log, |event| {
        frontier.push(leaf_hash(&event.bytes), |_, _| {});
        (frontier.size() == signed.size).then(|| frontier.root() == signed.root)
    });
    agrees.is_ok_and(|agrees| agrees == Some(true))
}

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

fn first_event(log: &EventLog) -> Option<String> {
    let events = log.read(Position(0), 1).ok()?;
    Some(hex::encode(events.first()?.digest()))
}
