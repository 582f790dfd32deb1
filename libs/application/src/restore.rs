//! What is done to a data directory while no server runs on it: restoring, taking another master key, accepting a loss.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use domain::PersonId;
use event_log::{
    EventLog, Position, RestoreError as LogRestoreError,
    archive::{Segment, parse_segment_name, segment_name},
};
use sha2::{Digest, Sha256};
use vault::MasterKey;

use crate::{
    ReadError,
    archive::{CHECKPOINTS, FILES, KEYS, LOG, SECRETS, copy_secret},
    attachments::INCOMING,
    epoch::Loss,
    erasure::{AttachedBlob, SCAN_BYTES, SCAN_EVENTS, any_attached_blob, erased_persons},
    proof,
    start::Settings,
    survey,
};

/// The half of a log, beside the place that it takes once it is whole.
pub(crate) const RESTORING: &str = "log.restoring";

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
    Half(Box<crate::start::StartError>),
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
/// The log is built beside its place and takes it last, so that a restore that is broken off, or that is refused because not
/// all is whole, leaves nothing that a server would begin with, and the next restore begins again.
///
/// # Errors
/// See [`RestoreError`].
pub fn log_and_files(data: &Path, from: &Path, when_damaged: WhenDamaged) -> Result<Restored, RestoreError> {
    let (log, building) = (data.join(LOG), data.join(RESTORING));
    if log.join("sled").exists() && !log.join(event_log::UNFINISHED).exists() {
        return Err(RestoreError::Exists { path: log });
    }
    let archive = from.join(LOG);
    let names = segments(&archive)?;
    if names.is_empty() {
        return Err(RestoreError::Nothing { path: archive });
    }
    remove(&building)?;
    let read = |name: &Range| fs::read(archive.join(segment_name(name.0, name.1)));
    let epoch = names.iter().rev().find_map(|name| epoch_of(&read(name).ok()?));
    let epoch = epoch.unwrap_or(0);
    let (head, fault) = whole_to(event_log::restore(&building, epoch, names.iter().map(read)))?;
    let fault = match fault.or_else(|| promised_more(from, epoch, head)) {
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
    for derived in ["views", "tree"] {
        remove(&data.join(derived))?;
    }
    copy_checkpoints(&from.join(CHECKPOINTS), &data.join(CHECKPOINTS))?;
    copy_missing(&from.join(FILES), &data.join(FILES))?;
    remove(&log)?;
    fs::rename(&building, &log)
        .and_then(|()| fs::File::open(data)?.sync_all())
        .map_err(at(&log))?;
    let promised = proof::last_of_epoch(&data.join(CHECKPOINTS), epoch).map(|last| last.checkpoint.size);
    Ok(Restored {
        head: head.0,
        fault,
        promised: promised.filter(|promised| *promised > head.0),
    })
}

/// Removes a directory that may not be there.
fn remove(path: &Path) -> Result<(), RestoreError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(at(path)(source)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A backup holds a log that reaches as far as its own checkpoints say.
fn promised_more(from: &Path, epoch: u32, head: Position) -> Option<String> {
    let promised = proof::last_of_epoch(&from.join(CHECKPOINTS), epoch)?
        .checkpoint
        .size;
    (promised > head.0).then(|| {
        format!(
            "the log ends at position {head}, and a checkpoint beside it was signed over {promised} events"
        )
    })
}

/// What is wrong with the sealed files that a restored log speaks of: each is in the backup, or in the data directory still, as it
/// was stored; but for those of persons who were erased. An archive holds the log alone and is not asked.
fn files_fault(log: &Path, from: &Path, data: &Path) -> Result<Option<String>, RestoreError> {
    if !from.join(CHECKPOINTS).exists() {
        return Ok(None);
    }
    let log = EventLog::open(log, event_log::Options::default()).map_err(RestoreError::Open)?;
    let fault = find_files_fault(&log, &Blobs::of(&[from.join(FILES), data.join(FILES)]));
    log.close();
    fault.map_err(RestoreError::Read)
}

fn find_files_fault(log: &EventLog, blobs: &Blobs) -> Result<Option<String>, ReadError> {
    let erased: BTreeSet<PersonId> = erased_persons(log)?
        .into_iter()
        .map(|(person, ..)| person)
        .collect();
    let (mut faulty, mut first) = (0_u64, None);
    let mut after = Position(0);
    loop {
        let events = log
            .read_stored(after, SCAN_EVENTS, SCAN_BYTES)
            .map_err(ReadError::internal)?;
        let Some(last) = events.last() else {
            break;
        };
        after = last.position;
        for event in &events {
            let attached = any_attached_blob(&event.bytes);
            if let Some(attached) = attached.filter(|attached| !erased.contains(&attached.subject))
                && !blobs.hold(&attached)
            {
                faulty += 1;
                first.get_or_insert(event.position);
            }
        }
    }
    Ok(first.map(|first| {
        format!("{faulty} attachments that the log speaks of, the first at position {first}, are missing or damaged")
    }))
}

/// Sealed files by their names, wherever they lie; one that was coming in has the key of its ticket after its name.
struct Blobs(BTreeMap<String, Vec<PathBuf>>);

impl Blobs {
    fn of(stores: &[PathBuf]) -> Blobs {
        let mut blobs: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        let dirs = stores
            .iter()
            .flat_map(|store| [store.clone(), store.join(INCOMING)]);
        for entry in dirs.filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let blob = name.split('.').next().unwrap_or_default().to_owned();
            blobs.entry(blob).or_default().push(entry.path());
        }
        Blobs(blobs)
    }

    fn hold(&self, attached: &AttachedBlob) -> bool {
        let paths = self.0.get(&attached.blob).map(Vec::as_slice).unwrap_or_default();
        paths.iter().any(|path| match &attached.sha256 {
            Some(sha256) => digest_of(path).is_ok_and(|digest| digest == *sha256),
            None => true,
        })
    }
}

/// SHA-256 of a file, hex.
fn digest_of(path: &Path) -> io::Result<String> {
    const PART_BYTES: usize = 1024 * 1024;
    let (mut file, mut hash) = (fs::File::open(path)?, Sha256::new());
    let mut part = vec![0; PART_BYTES];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(part.get(..read).unwrap_or_default()),
        }
    }
}

/// Rebuilds the keys of a data directory from a backup of them. Whoever a ledger names (the one in the backup, the one that
/// is still there, others given) stays erased. Answers how many persons have a key. The keys of persons take their place last:
/// a restore that is broken off can be run again.
///
/// # Errors
/// See [`RestoreError`]; a master key is never made.
pub fn keys(settings: &Settings, from: &Path, ledgers: &[PathBuf]) -> Result<u32, RestoreError> {
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
    let restored = vault::restore_keys(&from.join(KEYS), &obeyed, &persons, &master);
    Ok(restored.map_err(RestoreError::Keys)?.persons)
}

/// Wraps the keys of persons by another master key, made when its file is not there.
///
/// # Errors
/// See [`RestoreError`]; the old master key is good then.
pub fn rotate_master(settings: &Settings, new: &Path) -> Result<vault::Rotated, RestoreError> {
    let old = master_key(settings)?;
    survey::refuse_half(settings).map_err(|error| RestoreError::Half(Box::new(error)))?;
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
    let log = settings.data.join(LOG);
    if !log.join("sled").exists() {
        return Err(RestoreError::NoLog { path: log });
    }
    // Nothing is cut off where it could not be told of afterwards.
    survey::refuse_half(settings).map_err(|error| RestoreError::Half(Box::new(error)))?;
    let accepted = event_log::accept_loss(&log, &event_log::Options::default());
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
            copy_secret(&entry.path(), &to.join(&name)).map_err(at(to))?;
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
