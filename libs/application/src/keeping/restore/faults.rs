//! What bars a restore, and what is wrong with a backup.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use domain::PersonId;
use event_log::{EventLog, Position, archive::parse_segment_name};
use sha2::{Digest, Sha256};

use crate::{
    keeping::{
        archive::{CHECKPOINTS, FILES},
        erasure::{AttachedBlob, any_attached_blob, erased_persons},
        restore::{RestoreError, at},
        scan,
    },
    kernel::error::{ReadError, chain},
    proofs::checkpoints::last_of_epoch,
    tickets::attachments::INCOMING,
};

/// What may lie where a log was, without being one: it is made anew from the log.
const DERIVED: [&str; 4] = ["HEAD", "HEAD.tmp", "LOCK", "index"];

/// Refuses to take away anything but what a restore that did not end has left, and what is made from a log: another backup has a
/// directory of this name too.
pub(super) fn refuse_occupied(log: &Path) -> Result<(), RestoreError> {
    let entries = match fs::read_dir(log) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(at(log)(source)),
    };
    let is_unfinished = log.join(event_log::UNFINISHED).exists();
    if log.join("sled").exists() && !is_unfinished {
        return Err(RestoreError::Exists { path: log.to_owned() });
    }
    for entry in entries {
        let name = entry.map_err(at(log))?.file_name();
        let name = name.to_string_lossy();
        let is_ours = DERIVED.contains(&name.as_ref()) || is_unfinished;
        if parse_segment_name(&name).is_some() || !is_ours {
            return Err(RestoreError::Occupied {
                path: log.to_owned(),
                found: name.into_owned(),
            });
        }
    }
    Ok(())
}

/// What is wrong with the checkpoints of a backup: they can be read, there is one when the log has events, and the log reaches as
/// far as they say. An archive has none.
pub(super) fn checkpoints_fault(from: &Path, epoch: u32, head: Position) -> Option<String> {
    let dir = from.join(CHECKPOINTS);
    if !dir.exists() {
        return None;
    }
    match last_of_epoch(&dir, epoch, None) {
        Err(error) => Some(chain(&error)),
        Ok(None) if head > Position(0) => Some(format!(
            "{} has no checkpoint of epoch {epoch}, so nobody knows how far the log must reach",
            dir.display()
        )),
        Ok(None) => None,
        Ok(Some(last)) => (last.checkpoint.size > head.0).then(|| {
            format!(
                "the log ends at position {head}, and a checkpoint beside it was signed over {} events",
                last.checkpoint.size
            )
        }),
    }
}

/// What is wrong with the sealed files that a restored log speaks of: each is in the backup, or in the data directory still, as it
/// was stored; but for those of persons who were erased. An archive holds the log alone and is not asked.
pub(super) fn files_fault(log: &Path, from: &Path, data: &Path) -> Result<Option<String>, RestoreError> {
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
    let unread = scan::find(log, |event| {
        let attached = match any_attached_blob(&event.bytes) {
            Ok(attached) => attached?,
            Err(error) => return Some(error),
        };
        if !erased.contains(&attached.subject) && !blobs.hold(&attached) {
            faulty += 1;
            first.get_or_insert(event.position);
        }
        None
    });
    if let Some(error) = unread.map_err(ReadError::internal)? {
        return Err(ReadError::internal(error));
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
