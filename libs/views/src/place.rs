//! Where the file lies. Each renewal gives it a name of its own, since SQLite finds a write-ahead log by name, and readers
//! of the file before go on reading that.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// The name of a directory's first file; later ones count: `views-1.sqlite`.
const FIRST: &str = "views.sqlite";
/// What SQLite keeps beside a file, and a file that is being made.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-rebuild"];

/// The file of a directory: of those that are there, the one made last, which was whole when it got its name.
pub(crate) fn current(dir: &Path) -> PathBuf {
    let names = fs::read_dir(dir).into_iter().flatten().flatten();
    let counts = names.filter_map(|entry| count(entry.file_name().to_str()?));
    dir.join(name(counts.max().unwrap_or_default()))
}

/// Where the file after this one goes.
pub(crate) fn next(path: &Path) -> PathBuf {
    let current = path.file_name().and_then(|name| count(name.to_str()?));
    path.with_file_name(name(current.unwrap_or_default() + 1))
}

fn name(count: u64) -> String {
    match count {
        0 => FIRST.to_owned(),
        count => format!("views-{count}.sqlite"),
    }
}

fn count(name: &str) -> Option<u64> {
    if name == FIRST {
        return Some(0);
    }
    name.strip_prefix("views-")?.strip_suffix(".sqlite")?.parse().ok()
}

/// Removes every file of ours but the current one with its write-ahead log: they may say what must be said no more.
pub(crate) fn remove_others(dir: &Path) -> Result<(), RemoveError> {
    let current = current(dir);
    let failed = |source| RemoveError {
        path: dir.to_owned(),
        source,
    };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(text) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let of = BESIDE
            .iter()
            .filter_map(|suffix| text.strip_suffix(suffix))
            .find(|name| count(name).is_some());
        let keep = of.is_some_and(|name| path.with_file_name(name) == current) && !text.ends_with("-rebuild");
        if of.is_some() && !keep {
            gone(fs::remove_file(&path)).map_err(|source| RemoveError { path, source })?;
        }
    }
    Ok(())
}

/// Why a file is still there.
#[derive(Debug, thiserror::Error)]
#[error("cannot remove {path}")]
pub(crate) struct RemoveError {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// Removes a database with its write-ahead log: one left behind would be replayed into the next file of that name.
pub(crate) fn remove(path: &Path) -> Result<(), RemoveError> {
    for path in [suffixed(path, "-wal"), suffixed(path, "-shm"), path.to_owned()] {
        gone(fs::remove_file(&path)).map_err(|source| RemoveError { path, source })?;
    }
    Ok(())
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The name of a file with something after it.
pub(crate) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes what was renamed or removed in the directory of a file lasting.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
