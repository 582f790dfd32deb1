//! Where the file of a view lies. Each renewal gives it a name of its own, since SQLite finds a write-ahead log by name, and
//! readers of the file before go on reading that.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// What every file's name ends with; the first one of a view is `queue.sqlite`, and later ones count: `queue-1.sqlite`.
const END: &str = ".sqlite";
/// What SQLite keeps beside a file, and a file that is being made.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-rebuild"];

/// The file of a view in a directory: of those that are there, the one made last, which was whole when it got its name.
pub(crate) fn current(dir: &Path, view: &str) -> PathBuf {
    let names = fs::read_dir(dir).into_iter().flatten().flatten();
    let counts = names.filter_map(|entry| count(entry.file_name().to_str()?, view));
    dir.join(name(view, counts.max().unwrap_or_default()))
}

/// Where the file after this one goes: in its place when there is none.
pub(crate) fn next(path: &Path, view: &str) -> PathBuf {
    if !path.exists() {
        return path.to_owned();
    }
    let current = path.file_name().and_then(|name| count(name.to_str()?, view));
    path.with_file_name(name(view, current.unwrap_or_default() + 1))
}

fn name(view: &str, count: u64) -> String {
    match count {
        0 => format!("{view}{END}"),
        count => format!("{view}-{count}{END}"),
    }
}

fn count(name: &str, view: &str) -> Option<u64> {
    match name.strip_prefix(view)?.strip_suffix(END)? {
        "" => Some(0),
        counted => counted.strip_prefix('-')?.parse().ok(),
    }
}

/// Gives the file of an earlier release the name that it has now, when there is none of that name. The write-ahead log
/// goes first: a file without it is of an earlier moment, and whole.
pub(crate) fn take_former(dir: &Path, former: &str, view: &str) -> io::Result<()> {
    let (old, new) = (current(dir, former), current(dir, view));
    if new.exists() || !old.exists() {
        return Ok(());
    }
    for suffix in ["-wal", ""] {
        gone(fs::rename(suffixed(&old, suffix), suffixed(&new, suffix)))?;
    }
    sync_directory(&new)
}

/// Removes every file of a view but the current one with its write-ahead log: they may say what must be said no more.
pub(crate) fn remove_others(dir: &Path, view: &str) -> Result<(), RemoveError> {
    let current = current(dir, view);
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
            .find(|name| count(name, view).is_some());
        let keep = of.is_some_and(|name| path.with_file_name(name) == current) && !text.ends_with("-rebuild");
        if of.is_some() && !keep {
            gone(removed(&path)).map_err(|source| RemoveError { path, source })?;
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
        gone(removed(&path)).map_err(|source| RemoveError { path, source })?;
    }
    Ok(())
}

/// Removes what lies in the place of a file, a directory too: nothing but views lies there, and they are disposable.
fn removed(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
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
