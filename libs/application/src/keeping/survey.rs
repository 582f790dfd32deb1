//! What lies in a data directory, looked at before anything is made in it: no key is ever made beside a log that has events,
//! nor a log beside what shows that there was one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use event_log::{EventLog, Position};

use crate::{
    keeping::{
        archive::{CHECKPOINTS, FILES, KEYS, LOG, SECRETS},
        secret_check,
        settings::{Settings, StartError},
    },
    proofs::epoch::NEXT_KEY_FILE,
    tickets::attachments::INCOMING,
};

/// The half of a log, beside the place that it takes once it is whole.
pub(crate) const RESTORING: &str = "log.restoring";
/// The keys of access tokens.
const TOKENS: &str = "tokens.keys";

/// What is in a data directory only once a log has been begun there. Directories count when something lies in them.
const TRACES: [&str; 10] = [
    "log/HEAD",
    "log/index",
    CHECKPOINTS,
    "keys/checkpoint.key",
    "keys/tokens.keys",
    secret_check::CHECK,
    "sessions.sqlite",
    "tree",
    "views",
    FILES,
];

/// The file of the master key: the one that the settings name, or the one in the data directory.
pub(crate) fn master_key_file(settings: &Settings) -> PathBuf {
    let named = settings.master_key.clone();
    named.unwrap_or_else(|| settings.data.join("keys/master.key"))
}

/// Refuses a data directory in which something is lost that a start would only make worse.
pub(crate) fn refuse_half(settings: &Settings) -> Result<(), StartError> {
    let data = settings.data.as_path();
    let log = data.join(LOG);
    let keys = data.join("keys").join(KEYS);
    let master = master_key_file(settings);
    let is_there = |path: &Path| path.try_exists().map_err(unreadable(path));
    if !is_there(&log.join("sled"))? {
        let restoring = data.join(RESTORING);
        if is_there(&restoring)? {
            return Err(StartError::RestoreBrokenOff { path: restoring });
        }
        if let Some(trace) = trace_of_a_log(data)? {
            return Err(StartError::LogMissing { log, trace });
        }
    }
    let known = secrets_known_to_others(settings);
    if !known.is_empty() {
        return Err(StartError::OpenToOthers { files: known });
    }
    if is_there(&keys)? && !is_there(&master)? {
        return Err(StartError::MasterKeyMissing { master, keys });
    }
    let mut missing: Vec<PathBuf> = Vec::new();
    for path in [keys].into_iter().chain(secrets_missed(settings)?) {
        if !is_there(&path)? {
            missing.push(path);
        }
    }
    match missing.into_iter().next() {
        Some(path) if has_events(&log)? => Err(StartError::KeysMissing { log, path }),
        Some(_) | None => Ok(()),
    }
}

/// The secrets that a log with events cannot be without. Whoever accepts a loss goes on without them.
fn secrets_missed(settings: &Settings) -> Result<Vec<PathBuf>, StartError> {
    if settings.goes_on_without_secrets {
        return Ok(Vec::new());
    }
    let keys = settings.data.join("keys");
    // Whoever has signed had a key; a kill during a rotation may have left the next one only.
    let checkpoints = settings.data.join(CHECKPOINTS);
    let signed = match fs::read_dir(&checkpoints) {
        Ok(mut notes) => notes.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(unreadable(&checkpoints)(error)),
    };
    let next = keys.join(NEXT_KEY_FILE);
    let has_next = next.try_exists().map_err(unreadable(&next))?;
    let is_missed = |name: &&str| *name != "checkpoint.key" || (signed && !has_next);
    let missed = SECRETS.into_iter().filter(is_missed);
    Ok(missed.map(|name| keys.join(name)).collect())
}

/// The files of keys and secrets that others than their owner may read or write: all of them, so that one command mends them.
fn secrets_known_to_others(settings: &Settings) -> Vec<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let keys = settings.data.join("keys");
    let names = SECRETS
        .into_iter()
        .chain([NEXT_KEY_FILE, KEYS, TOKENS, vault::LEDGER_FILE_NAME]);
    let files = names
        .map(|name| keys.join(name))
        .chain([master_key_file(settings)]);
    let is_open = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o077 != 0)
    };
    files.filter(is_open).collect()
}

/// Whether there is a log with anything in it.
fn has_events(log: &Path) -> Result<bool, StartError> {
    if !log.join("sled").exists() {
        return Ok(false);
    }
    let opened = EventLog::open(log, event_log::Options::default()).map_err(StartError::Log)?;
    let head = opened.head();
    opened.close();
    Ok(head > Position(0))
}

/// What shows that there was a log here.
fn trace_of_a_log(data: &Path) -> Result<Option<PathBuf>, StartError> {
    let keys = data.join("keys").join(KEYS);
    if keys.exists() && !vault::holds_nobody(&keys).map_err(unreadable(&keys))? {
        return Ok(Some(keys));
    }
    let ledger = data.join("keys").join(vault::LEDGER_FILE_NAME);
    if fs::metadata(&ledger).is_ok_and(|ledger| ledger.len() > 0) {
        return Ok(Some(ledger));
    }
    for trace in TRACES {
        let path = data.join(trace);
        match fs::read_dir(&path) {
            Ok(entries) => {
                let mut entries = entries.flatten();
                if entries.any(|entry| entry.file_name().to_str() != Some(INCOMING)) {
                    return Ok(Some(path));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Some(path)),
            Err(error) => return Err(unreadable(&path)(error)),
        }
    }
    Ok(None)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> StartError + use<> {
    let path = path.to_owned();
    move |source| StartError::Unreadable { path, source }
}

/// What lies in the data directory, or in a directory beside it that the server writes, and is open to others than its owner.
/// Below a directory that is closed nothing is reached. Attachments and hashes, which may be many, are not gone through.
pub(crate) fn open_to_others(settings: &Settings) -> Vec<PathBuf> {
    let elsewhere = settings.checkpoints_to.iter().chain(&settings.archive);
    let mut open = Vec::new();
    for root in [&settings.data].into_iter().chain(elsewhere) {
        collect_open(root, &mut open);
    }
    open
}

fn collect_open(path: &Path, open: &mut Vec<PathBuf>) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = fs::symlink_metadata(path) else {
        return;
    };
    if found.is_symlink() || found.permissions().mode() & 0o077 == 0 {
        return;
    }
    open.push(path.to_owned());
    let is_large = path.ends_with(FILES) || path.ends_with("tree");
    if found.is_dir() && !is_large {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            collect_open(&entry.path(), open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever cannot look whether something was signed makes no new key to sign with.
    #[test]
    fn checkpoints_that_cannot_be_listed_are_not_none() {
        let dir = tempfile::TempDir::new().unwrap();
        let settings = Settings::new(dir.path());
        let missed = |settings: &Settings| secrets_missed(settings).map(|missed| missed.len());
        let unsigned = missed(&settings).unwrap();
        fs::write(dir.path().join(CHECKPOINTS), "no directory").unwrap();
        let refused = missed(&settings);
        assert!(
            matches!(refused, Err(StartError::Unreadable { .. })),
            "{refused:?}"
        );
        fs::remove_file(dir.path().join(CHECKPOINTS)).unwrap();
        fs::create_dir(dir.path().join(CHECKPOINTS)).unwrap();
        fs::write(dir.path().join(CHECKPOINTS).join("0.notes"), "signed").unwrap();
        assert_eq!(missed(&settings).unwrap(), unsigned + 1);
    }
}
