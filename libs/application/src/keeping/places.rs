//! From settings to places.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use object_store::local::LocalFileSystem;

use crate::{
    keeping::settings::{Settings, StartError},
    kernel::{Files, places::Places},
};

/// The places that the settings name. Missing directories are made.
pub(crate) fn of(settings: &Settings) -> Result<Places, StartError> {
    Ok(Places {
        data: settings.data.clone(),
        keys: directory(&settings.data.join("keys"))?,
        views: directory(&settings.data.join("views"))?,
        checkpoints: directory(&settings.data.join("checkpoints"))?,
        checkpoints_elsewhere: store(settings.checkpoints_to.as_deref())?,
        archive: store(settings.archive.as_deref())?,
        audit_name: settings.audit_name.clone(),
    })
}

/// A directory elsewhere that things are written to.
fn store(path: Option<&Path>) -> Result<Option<Files>, StartError> {
    let Some(path) = path else { return Ok(None) };
    let store = LocalFileSystem::new_with_prefix(directory(path)?).map_err(StartError::Files)?;
    Ok(Some(Arc::new(store.with_fsync(true))))
}

/// Makes a directory that is not there.
pub(crate) fn directory(path: &Path) -> Result<PathBuf, StartError> {
    std::fs::create_dir_all(path).map_err(|source| StartError::Directory {
        path: path.to_owned(),
        source,
    })?;
    Ok(path.to_owned())
}
