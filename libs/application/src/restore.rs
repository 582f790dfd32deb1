//! What is done to a data directory while no server runs on it: restoring, taking another master key, accepting a loss.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use event_log::{
    Position, RestoreError as LogRestoreError,
    archive::{Segment, parse_segment_name, segment_name},
};
use vault::MasterKey;

use crate::{
    archive::{CHECKPOINTS, FILES, KEYS, LOG, SECRETS},
    epoch::Loss,
    proof,
    start::Settings,
};

/// What a restore came to.
#[derive(Debug)]
pub struct Restored {
    /// Up to which position the log is whole.
    pub head: u64,
    /// Why it does not go further, when there is more that cannot be used.
    pub fault: Option<String>,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something already.
    #[error("{path} is there already; move it away first")]
    Exists {
        /// What.
        path: PathBuf,
    },
    /// There is nothing to restore from.
    #[error("there are no segments of a log in {path}")]
    Nothing {
        /// Where they were sought.
        path: PathBuf,
    },
    /// A directory or file refuses.
    #[error("{path} cannot be read or written")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The log cannot be made.
    #[error("the log cannot be restored")]
    Log(#[source] LogRestoreError<io::Error>),
    /// The log cannot be opened.
    #[error("the log cannot be opened")]
    Open(#[source] event_log::OpenError),
    /// The master key.
    #[error("the master key cannot be read")]
    MasterKey(#[source] vault::SecretFileError),
    /// The keys.
    #[error("the keys cannot be restored")]
    Keys(#[source] vault::RestoreError),
    /// The keys under another master key.
    #[error("the keys cannot be wrapped anew")]
    Rotate(#[source] vault::RotateError),
}

/// For `map_err`: which path.
fn at(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::Io { path, source }
}

/// Rebuilds log, checkpoints and files of a data directory from a backup, or the log alone from an archive. What was made
/// from the log before (views, tree) is taken away, to be made anew. Checkpoints that are there and promise more than those
/// of the backup stay: what was signed is not unsigned by a restore.
///
/// # Errors
/// See [`RestoreError`].
pub fn log_and_files(data: &Path, from: &Path) -> Result<Restored, RestoreError> {
    let log = data.join("log");
    if log.join("sled").exists() {
        return Err(RestoreError::Exists { path: log });
    }
    let archive = from.join(LOG);
    let names = segments(&archive)?;
    if names.is_empty() {
        return Err(RestoreError::Nothing { path: archive });
    }
    match fs::remove_dir_all(&log) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(RestoreError::Io { path: log, source });
        }
        Ok(()) | Err(_) => {}
    }
    let read = |name: &Range| fs::read(archive.join(segment_name(name.0, name.1)));
    let epoch = names.iter().rev().find_map(|name| epoch_of(&read(name).ok()?));
    let restored = event_log::restore(&log, epoch.unwrap_or(0), names.iter().map(read));
    let (head, fault) = whole_to(restored)?;
    for derived in ["views", "tree"] {
        let path = data.join(derived);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(at(&path))?;
        }
    }
    copy_checkpoints(&from.join(CHECKPOINTS), &data.join(CHECKPOINTS))?;
    copy_missing(&from.join(FILES), &data.join(FILES))?;
    Ok(Restored { head: head.0, fault })
}

/// Rebuilds the keys of a data directory from a backup of them. Whoever a ledger names (the one in the backup, the one that
/// is still there, others given) stays erased. Answers how many persons have a key.
///
/// # Errors
/// See [`RestoreError`].
pub fn keys(settings: &Settings, from: &Path, ledgers: &[PathBuf]) -> Result<u32, RestoreError> {
    let to = settings.data.join("keys");
    fs::create_dir_all(&to).map_err(at(&to))?;
    let master = master_key(settings)?;
    let of_backup = from.join(vault::LEDGER_FILE_NAME);
    let mut obeyed: Vec<&Path> = ledgers.iter().map(PathBuf::as_path).collect();
    if of_backup.exists() {
        obeyed.push(&of_backup);
    }
    let restored = vault::restore_keys(&from.join(KEYS), &obeyed, &to.join(KEYS), &master);
    let restored = restored.map_err(RestoreError::Keys)?;
    for name in SECRETS {
        let (secret, own) = (from.join(name), to.join(name));
        if secret.exists() && !own.exists() {
            fs::copy(&secret, &own).map_err(at(&own))?;
        }
    }
    Ok(restored.persons)
}

/// Wraps the keys of persons by another master key, made when its file is not there.
///
/// # Errors
/// See [`RestoreError`]; the old master key is good then.
pub fn rotate_master(settings: &Settings, new: &Path) -> Result<vault::Rotated, RestoreError> {
    let old = master_key(settings)?;
    let (new, _) = MasterKey::load_or_create(new).map_err(RestoreError::MasterKey)?;
    let keys = settings.data.join("keys").join(KEYS);
    let rotated = vault::rotate_master(&keys, &old, &new, vault::DamagedSlots::Refuse);
    rotated.map_err(RestoreError::Rotate)
}

/// Makes the readable beginning of a log all that it has, under a new epoch. The log tells of it once
/// [`crate::Application::begin_log`] is given what this answers.
///
/// # Errors
/// See [`RestoreError`].
pub fn accept_loss(settings: &Settings, reason: String) -> Result<Loss, RestoreError> {
    let accepted = event_log::accept_loss(&settings.data.join("log"), &event_log::Options::default());
    let accepted = accepted.map_err(RestoreError::Open)?;
    let checkpoints = settings.data.join(CHECKPOINTS);
    let signed = proof::last_of_epoch(&checkpoints, accepted.epoch.saturating_sub(1));
    let signed = signed.map_or(0, |last| last.checkpoint.size);
    // What was made of events that are lost says what the log no longer does.
    for derived in ["views", "tree"] {
        let path = settings.data.join(derived);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(at(&path))?;
        }
    }
    Ok(Loss {
        from: accepted.head.0 + 1,
        to: accepted.lost_to_at_least.0.max(signed).max(accepted.head.0),
        reason,
    })
}

fn master_key(settings: &Settings) -> Result<MasterKey, RestoreError> {
    let file = settings
        .master_key
        .clone()
        .unwrap_or_else(|| settings.data.join("keys/master.key"));
    let (key, _) = MasterKey::load_or_create(&file).map_err(RestoreError::MasterKey)?;
    Ok(key)
}

/// First and last position of a segment.
type Range = (Position, Position);

/// The epoch in which a segment was sealed.
fn epoch_of(sealed: &[u8]) -> Option<u32> {
    Some(Segment::open(sealed).ok()?.epoch)
}

/// Up to where the log is whole, and why it does not go further, if there was more.
fn whole_to(
    restored: Result<event_log::Restored, LogRestoreError<io::Error>>,
) -> Result<(Position, Option<String>), RestoreError> {
    match restored {
        Ok(restored) => Ok((restored.head, None)),
        Err(
            ref error @ (LogRestoreError::Source { whole_to, .. }
            | LogRestoreError::Segment { whole_to, .. }
            | LogRestoreError::Gap { whole_to, .. }
            | LogRestoreError::OtherHistory { whole_to }
            | LogRestoreError::NotTheNextEvent { whole_to }),
        ) => Ok((whole_to, Some(crate::error::chain(error)))),
        Err(error @ (LogRestoreError::NotEmpty { .. } | LogRestoreError::Open(_))) => {
            Err(RestoreError::Log(error))
        }
    }
}

/// The segments to restore from, in order: of those that begin at the same position the longest, and none that begins within
/// another.
fn segments(archive: &Path) -> Result<Vec<Range>, RestoreError> {
    let entries = match fs::read_dir(archive) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(RestoreError::Io {
                path: archive.to_owned(),
                source,
            });
        }
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(at(archive))?.file_name();
        names.extend(name.to_str().and_then(parse_segment_name));
    }
    names.sort_by_key(|name| (name.0, std::cmp::Reverse(name.1)));
    let mut chosen: Vec<Range> = Vec::new();
    for name in names {
        if chosen.last().is_none_or(|last| name.0 > last.1) {
            chosen.push(name);
        }
    }
    Ok(chosen)
}

fn copy_checkpoints(from: &Path, to: &Path) -> Result<(), RestoreError> {
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to).map_err(at(to))?;
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let name = entry.file_name();
        let epoch = name
            .to_str()
            .and_then(|name| name.strip_suffix(".notes")?.parse().ok());
        let size = |dir: &Path| {
            epoch
                .and_then(|epoch| proof::last_of_epoch(dir, epoch))
                .map_or(0, |last| last.checkpoint.size)
        };
        if size(from) > size(to) {
            fs::copy(entry.path(), to.join(&name)).map_err(at(to))?;
        }
    }
    Ok(())
}

/// Copies what is not there, directories and all.
fn copy_missing(from: &Path, to: &Path) -> Result<(), RestoreError> {
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to).map_err(at(to))?;
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_missing(&path, &target)?;
        } else if !target.exists() {
            fs::copy(&path, &target).map_err(at(&target))?;
            fs::File::open(&target)
                .and_then(|file| file.sync_all())
                .map_err(at(&target))?;
        }
    }
    Ok(())
}
