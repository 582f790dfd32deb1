//! The files as they were left when the views were closed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use event_log::{EventLog, Floor};
use rusqlite::{Connection, OpenFlags};

use super::{
    place,
    store::{self, Store},
};
use crate::{
    OpenViewsError,
    view::{self, View},
};

/// What the views in a directory have seen of the log: a floor for opening it (design §4.5). `None` when there is no
/// usable file.
#[must_use]
pub fn floor(dir: &Path) -> Option<Floor> {
    let seen = |view: Arc<dyn View>| {
        let former = view
            .former_name()
            .into_iter()
            .map(|name| place::current(dir, name));
        let files = former.chain([place::current(dir, view.name())]);
        let checkpoint = |path: PathBuf| {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
            let is_usable = store::is_usable(view.as_ref(), &connection).ok()?;
            let (checkpoint, _) = store::checkpoint(&connection).ok()?;
            is_usable.then_some(checkpoint)
        };
        files.filter_map(checkpoint).max_by_key(|seen| seen.position)
    };
    let highest = view::all()
        .into_iter()
        .filter_map(seen)
        .max_by_key(|seen| seen.position)?;
    (highest.position.0 > 0).then(|| Floor {
        position: highest.position,
        digest: Some(highest.digest),
        source: "the views".to_owned(),
    })
}

/// The file of a view as it was left, when it can go on from there.
pub(crate) fn existing(
    view: &Arc<dyn View>,
    path: &Path,
    log: &EventLog,
) -> Result<Option<Store>, OpenViewsError> {
    if !path.exists() {
        return Ok(None);
    }
    let why = match Store::open(view, path) {
        Ok(Some(store)) if store.follows(log).map_err(OpenViewsError::Log)? => return Ok(Some(store)),
        Ok(Some(_)) => "it has seen events that the log does not have".to_owned(),
        Ok(None) => "it is of another form".to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(path = %path.display(), why, "the view cannot be used and is made anew from the log");
    Ok(None)
}
