//! What the views have seen of the log, and whether it was this log: a copy of another directory's views tells nothing of it.

use std::fs;

use event_log::{EventLog, Floor, LogState, Position};
use transparency::{Frontier, leaf_hash};

use crate::{
    keeping::{
        places::directory,
        scan,
        settings::{Settings, StartError},
    },
    kernel::places::Places,
    proofs::{
        checkpoints::last_of_epoch,
        of_log::{OF_LOG, first_event},
    },
};

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
                StartError::in_use(settings)
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
    let last = last_of_epoch(&places.checkpoints, log.epoch(), None);
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
