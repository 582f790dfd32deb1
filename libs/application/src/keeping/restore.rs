//! What is done to a data directory while no server runs on it: restoring, taking another master key.

mod faults;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use event_log::{
    Position, RestoreError as LogRestoreError,
    archive::{Segment, parse_segment_name, segment_name},
};
use vault::{DigestKey, MasterKey};

use self::faults::{checkpoints_fault, files_fault, refuse_occupied};
use crate::{
    keeping::{
        apart::overlap,
        archive::{CHECKPOINTS, FILES, KEYS, LOG, SECRETS, SERVER_SECRET},
        reason::ReasonFault,
        secret_check,
        settings::{Settings, StartError},
        survey::{self, RESTORING},
    },
    kernel::{
        error::{ReadError, chain},
        secret_files::copy_secret,
    },
    proofs::checkpoints::{CheckpointsError, last_of_epoch},
};

/// What a restore came to.
#[derive(Debug)]
pub struct Restored {
    /// Up to which position the log is whole.
    pub head: u64,
    /// What is not whole, when what is was asked for all the same.
    pub fault: Option<String>,
    /// How many events a checkpoint of the data directory was signed over, when that is more than was restored.
    pub promised: Option<u64>,
}

/// What becomes of what is whole when not all is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenDamaged {
    /// Nothing is restored.
    Refuse,
    /// It is restored; where the log lacks its end, it takes no commands until the loss is accepted.
    KeepWhatIsWhole,
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
    /// Where the log would lie is something that no restore of ours has left.
    #[error(
        "{path} holds {found}, which is not part of a log that a restore left: nothing was touched. Name another --data, or move \
         it away"
    )]
    Occupied {
        /// Where the log would lie.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// The backup is the data directory, or one lies in the other.
    #[error(
        "{from} and {data} are the same directory, or one lies in the other: a restore would overwrite what it reads. Nothing was \
         touched; move the backup elsewhere"
    )]
    SamePlace {
        /// The data directory.
        data: PathBuf,
        /// The backup.
        from: PathBuf,
    },
    /// The secret in the backup is not that of the data directory.
    #[error(
        "the server.secret in {from} is not the one that {data} lives with: nothing was restored. Name the backup of the keys of \
         this log; if it is the right one all the same, move {check} away"
    )]
    OtherSecret {
        /// The data directory.
        data: PathBuf,
        /// The backup.
        from: PathBuf,
        /// What tells.
        check: PathBuf,
    },
    /// Nothing is missing.
    #[error(
        "nothing is lost: the log in {log} is whole, it is the one that was signed, and no secret is missing. Nothing was changed"
    )]
    NothingLost {
        /// The log.
        log: PathBuf,
    },
    /// Why a loss is accepted is not told.
    #[error(transparent)]
    Reason(ReasonFault),
    /// There is nothing to restore from.
    #[error("there are no segments of a log in {path}")]
    Nothing {
        /// Where they were sought.
        path: PathBuf,
    },
    /// Not all is there, or not as it was.
    #[error(
        "{path} is not whole, and nothing was restored: {fault}. Restore from another backup or archive, or take what is whole of \
         this one with --partial"
    )]
    NotWhole {
        /// The backup or archive.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// There is no log to accept a loss of.
    #[error("there is no log in {path}")]
    NoLog {
        /// Where it was sought.
        path: PathBuf,
    },
    /// The directory is not one to go on with.
    #[error(transparent)]
    Half(Box<StartError>),
    /// The restored log cannot be read.
    #[error("the restored log cannot be read")]
    Read(#[source] ReadError),
    /// No master key is where it is sought, and restoring makes none.
    #[error(
        "there is no master key at {path}: name the file of the one that the keys are wrapped by with --master-key"
    )]
    MasterKeyMissing {
        /// Where it was sought.
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
    /// The master key, or a secret of the server.
    #[error("a secret cannot be read")]
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
/// The log is built beside its place and takes it last, so that a restore that is broken off, or that is refused because not
/// all is whole, leaves nothing that a server would begin with, and the next restore begins again.
///
/// # Errors
/// See [`RestoreError`].
pub fn log_and_files(data: &Path, from: &Path, when_damaged: WhenDamaged) -> Result<Restored, RestoreError> {
    let (log, building) = (data.join(LOG), data.join(RESTORING));
    if overlap(data, from) {
        return Err(RestoreError::SamePlace {
            data: data.to_owned(),
            from: from.to_owned(),
        });
    }
    refuse_occupied(&log)?;
    let archive = from.join(LOG);
    let names = segments(&archive)?;
    if names.is_empty() {
        return Err(RestoreError::Nothing { path: archive });
    }
    remove(&building)?;
    let read = |name: &Range| fs::read(archive.join(segment_name(name.0, name.1)));
    let epoch = names.iter().rev().find_map(|name| epoch_of(&read(name).ok()?));
    // Of a log of which no segment is whole the checkpoints tell; where there are none, nothing of it is there to be of an epoch.
    let signed = promises(&from.join(CHECKPOINTS))?;
    let epoch = epoch.or(signed.keys().last().copied()).unwrap_or(0);
    let (head, fault) = whole_to(event_log::restore(&building, epoch, names.iter().map(read)))?;
    let fault = match fault.or_else(|| checkpoints_fault(from, epoch, head)) {
        Some(fault) => Some(fault),
        None => files_fault(&building, from, data)?,
    };
    if let (Some(fault), WhenDamaged::Refuse) = (&fault, when_damaged) {
        remove(&building)?;
        return Err(RestoreError::NotWhole {
            path: from.to_owned(),
            fault: fault.clone(),
        });
    }
    remove_derived(data)?;
    copy_checkpoints(&from.join(CHECKPOINTS), &data.join(CHECKPOINTS))?;
    copy_missing(&from.join(FILES), &data.join(FILES))?;
    let (check, own) = (secret_check::file(from), secret_check::file(data));
    if check.exists() && !own.exists() {
        copy_secret(&check, &own).map_err(at(&own))?;
    }
    let promised = promises(&data.join(CHECKPOINTS))?.get(&epoch).copied();
    remove(&log)?;
    fs::rename(&building, &log)
        .and_then(|()| fs::File::open(data)?.sync_all())
        .map_err(at(&log))?;
    Ok(Restored {
        head: head.0,
        fault,
        promised: promised.filter(|promised| *promised > head.0),
    })
}

/// How many events the last checkpoint of each epoch was signed over. What was damaged promises nothing; what the disk does not
/// give may.
pub(crate) fn promises(dir: &Path) -> Result<BTreeMap<u32, u64>, RestoreError> {
    let mut promises = BTreeMap::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(promises),
        entries => entries.map_err(at(dir))?,
    };
    for entry in entries {
        let name = entry.map_err(at(dir))?.file_name();
        let epoch = name.to_str().and_then(|name| name.strip_suffix(".notes"));
        let Some(epoch) = epoch.and_then(|epoch| epoch.parse().ok()) else {
            continue;
        };
        match last_of_epoch(dir, epoch, None) {
            Ok(last) => promises.extend(last.map(|last| (epoch, last.checkpoint.size))),
            Err(CheckpointsError::NotNotes { .. } | CheckpointsError::Unreadable { .. }) => {}
            Err(CheckpointsError::Io { path, source, .. }) => return Err(at(&path)(source)),
        }
    }
    Ok(promises)
}

/// Removes what is made from the log.
pub(crate) fn remove_derived(data: &Path) -> Result<(), RestoreError> {
    ["views", "tree"]
        .iter()
        .try_for_each(|derived| remove(&data.join(derived)))
}

/// Removes a directory that may not be there.
fn remove(path: &Path) -> Result<(), RestoreError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(at(path)(source)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Rebuilds the keys of a data directory from a backup of them. Whoever a ledger names (the one in the backup, the one that
/// is still there, others given) stays erased. Answers how many persons have a key, and how many keys are damaged. The keys of persons take their place last:
/// a restore that is broken off can be run again.
///
/// # Errors
/// See [`RestoreError`]; a master key is never made.
pub fn keys(settings: &Settings, from: &Path, ledgers: &[PathBuf]) -> Result<vault::Restored, RestoreError> {
    let to = settings.data.join("keys");
    let master = master_key(settings)?;
    fs::create_dir_all(&to).map_err(at(&to))?;
    let of_backup = from.join(vault::LEDGER_FILE_NAME);
    let mut obeyed: Vec<&Path> = ledgers.iter().map(PathBuf::as_path).collect();
    if of_backup.exists() {
        obeyed.push(&of_backup);
    }
    let persons = to.join(KEYS);
    // Secrets that lie beside keys of nobody were made by mistake, when the real ones were missing.
    let mistaken = persons.exists() && vault::holds_nobody(&persons).map_err(at(&persons))?;
    if persons.exists() && !mistaken {
        return Err(RestoreError::Exists { path: persons });
    }
    if mistaken {
        secret_check::forget(&settings.data).map_err(at(&settings.data))?;
    } else if !to.join(SERVER_SECRET).exists() {
        refuse_other_secret(&settings.data, from)?;
    }
    for name in SECRETS {
        let (secret, own) = (from.join(name), to.join(name));
        if secret.exists() && mistaken && own.exists() {
            let aside = own.with_added_extension("before-restore");
            fs::rename(&own, &aside).map_err(at(&own))?;
        }
        if secret.exists() && !own.exists() {
            copy_secret(&secret, &own).map_err(at(&own))?;
        }
    }
    vault::restore_keys(&from.join(KEYS), &obeyed, &persons, &master).map_err(RestoreError::Keys)
}

/// Refuses the secret of a backup that is not the one that the data directory lives with.
fn refuse_other_secret(data: &Path, from: &Path) -> Result<(), RestoreError> {
    let secret = from.join(SERVER_SECRET);
    if !secret.exists() {
        return Ok(());
    }
    let secret = DigestKey::load(&secret).map_err(RestoreError::MasterKey)?;
    let check = secret_check::file(data);
    match secret_check::fits(data, &secret).map_err(at(&check))? {
        Some(false) => Err(RestoreError::OtherSecret {
            data: data.to_owned(),
            from: from.to_owned(),
            check,
        }),
        Some(true) | None => Ok(()),
    }
}

/// Wraps the keys of persons by another master key, made when its file is not there.
///
/// # Errors
/// See [`RestoreError`]; the old master key is good then.
pub fn rotate_master(settings: &Settings, new: &Path) -> Result<vault::Rotated, RestoreError> {
    let old = master_key(settings)?;
    survey::refuse_half(settings).map_err(|error| RestoreError::Half(Box::new(error)))?;
    let (key, created) = MasterKey::load_or_create(new).map_err(RestoreError::MasterKey)?;
    let keys = settings.data.join("keys").join(KEYS);
    let rotated = vault::rotate_master(&keys, &old, &key, vault::DamagedSlots::Refuse);
    rotated.map_err(|error| {
        let is_unused = match &error {
            vault::RotateError::Open(_)
            | vault::RotateError::Damaged { .. }
            | vault::RotateError::Random(_) => true,
            // The keys may be wrapped by it already.
            vault::RotateError::Io { .. } => false,
        };
        if is_unused && created == vault::Created::New {
            // Best effort: what stays wraps nothing.
            let _ = fs::remove_file(new);
        }
        RestoreError::Rotate(error)
    })
}

/// The master key, which is there: what it wraps was wrapped before.
fn master_key(settings: &Settings) -> Result<MasterKey, RestoreError> {
    let path = survey::master_key_file(settings);
    if !path.try_exists().map_err(at(&path))? {
        return Err(RestoreError::MasterKeyMissing { path });
    }
    MasterKey::load(&path).map_err(RestoreError::MasterKey)
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
        ) => Ok((whole_to, Some(chain(error)))),
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
    let known = promises(to)?;
    for (epoch, size) in promises(from)? {
        if known.get(&epoch).is_none_or(|known| size > *known) {
            let name = format!("{epoch}.notes");
            copy_secret(&from.join(&name), &to.join(&name)).map_err(at(to))?;
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
