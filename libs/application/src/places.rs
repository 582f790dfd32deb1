//! Where things lie in a data directory, and elsewhere.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use object_store::local::LocalFileSystem;

use crate::{
    attachments::Files,
    start::{Settings, StartError},
};

/// Where things lie.
pub(crate) struct Places {
    pub(crate) data: PathBuf,
    pub(crate) keys: PathBuf,
    pub(crate) views: PathBuf,
    pub(crate) checkpoints: PathBuf,
    pub(crate) checkpoints_elsewhere: Option<Files>,
    pub(crate) archive: Option<Files>,
    pub(crate) audit_name: String,
}

impl Places {
    /// Makes what is not there.
    pub(crate) fn of(settings: &Settings) -> Result<Places, StartError> {
        let elsewhere = |path: &Option<PathBuf>| {
            let store = path.as_deref().map(|path| {
                let store = LocalFileSystem::new_with_prefix(directory(path)?).map_err(StartError::Files)?;
                Ok::<Files, StartError>(Arc::new(store.with_fsync(true)))
            });
            store.transpose()
        };
        Ok(Places {
            data: settings.data.clone(),
            keys: directory(&settings.data.join("keys"))?,
            views: directory(&settings.data.join("views"))?,
            checkpoints: directory(&settings.data.join("checkpoints"))?,
            checkpoints_elsewhere: elsewhere(&settings.checkpoints_to)?,
            archive: elsewhere(&settings.archive)?,
            audit_name: settings.audit_name.clone(),
        })
    }
}

/// Makes a directory that is not there.
pub(crate) fn directory(path: &Path) -> Result<PathBuf, StartError> {
    std::fs::create_dir_all(path).map_err(|source| StartError::Directory {
        path: path.to_owned(),
        source,
    })?;
    Ok(path.to_owned())
}
