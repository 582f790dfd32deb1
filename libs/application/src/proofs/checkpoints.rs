//! Every checkpoint that was ever signed, kept for ever, and shipped elsewhere: a rewritten history is only visible to who
//! kept an old one (peers N2).
//!
//! One file for each epoch, `<epoch>.notes`: signed notes (C2SP) one after the other, each followed by an empty line. A note
//! is on disk before anybody is told of it, so what a kill cut off at the end was told to nobody and is cut away.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use object_store::{ObjectStore, ObjectStoreExt, path::Path as StorePath};
use parking_lot::Mutex;
use transparency::{Checkpoint, OpenCheckpointError, Origin};

/// How much of the file is read to find the last note, bytes: more than two notes take.
const TAIL_BYTES: u64 = 16 * 1024;
/// More than a note takes, bytes.
const NOTE_BYTES: usize = 2 * 1024;
/// What every signature line begins with: an em dash.
const SIGNATURE: &[u8] = "\u{2014}".as_bytes();

/// Why the checkpoints could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// The disk refused.
    #[error("could not {what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// What is kept are no checkpoints, or their end is not.
    #[error("{path} does not end with a checkpoint that can be read")]
    NotNotes {
        /// The file.
        path: PathBuf,
    },
    /// The last one kept is no checkpoint.
    #[error("the last checkpoint kept in {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: OpenCheckpointError,
    },
}

/// A checkpoint with its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) note: String,
    pub(crate) checkpoint: Checkpoint,
}

/// The checkpoints of one epoch.
pub(crate) struct Checkpoints {
    path: PathBuf,
    file: Mutex<File>,
    last: Mutex<Option<Kept>>,
    elsewhere: Option<Arc<dyn ObjectStore>>,
}

impl Checkpoints {
    /// Opens the file of an epoch, made when it is not there, and reads the last checkpoint in it. What was cut off at its end
    /// is cut away; anything else that is no checkpoint is left as it is, and refused.
    pub(crate) fn open(
        dir: &Path,
        epoch: u32,
        origin: &Origin,
        elsewhere: Option<Arc<dyn ObjectStore>>,
    ) -> Result<Checkpoints, CheckpointsError> {
        let path = file_of(dir, epoch);
        let failed = |what| {
            let path = path.clone();
            move |source| CheckpointsError::Io { what, path, source }
        };
        fs::create_dir_all(dir).map_err(failed("make the directory of"))?;
        let mut file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(failed("open"))?;
        let end = End::of(&mut file).map_err(failed("read"))?;
        let last = end.kept(&path, Some(origin.as_str()))?;
        file.set_len(end.whole).map_err(failed("mend"))?;
        file.sync_all()
            .and_then(|()| File::open(dir)?.sync_all())
            .map_err(failed("sync"))?;
        Ok(Checkpoints {
            last: Mutex::new(last),
            file: Mutex::new(file),
            path,
            elsewhere,
        })
    }

    /// The last one kept.
    pub(crate) fn last(&self) -> Option<Kept> {
        self.last.lock().clone()
    }

    /// Keeps one: on disk when this returns.
    pub(crate) fn keep(&self, kept: Kept) -> Result<(), CheckpointsError> {
        let mut file = self.file.lock();
        file.write_all(format!("{}\n", kept.note).as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(|source| CheckpointsError::Io {
                what: "write",
                path: self.path.clone(),
                source,
            })?;
        *self.last.lock() = Some(kept);
        Ok(())
    }

    /// Copies one to where they are shipped, if anywhere. Somebody else's disk may be gone: that stops nothing here, and is
    /// told to the operator.
    pub(crate) async fn ship(&self, kept: &Kept) {
        let Some(elsewhere) = &self.elsewhere else {
            return;
        };
        let checkpoint = &kept.checkpoint;
        let origin = checkpoint.origin.as_str().split('/');
        let path = StorePath::from_iter(
            origin
                .map(str::to_owned)
                .chain([format!("{:020}", checkpoint.size)]),
        );
        if let Err(error) = elsewhere.put(&path, kept.note.clone().into()).await {
            tracing::error!(%error, %path, "a checkpoint could not be shipped");
        }
    }
}

/// Reads the last checkpoint of an epoch. It checks no signature and changes no file. `None` when none was ever kept. Where the
/// origin of the epoch is known, a first checkpoint that a kill cut off counts as none.
pub(crate) fn last_of_epoch(
    dir: &Path,
    epoch: u32,
    origin: Option<&str>,
) -> Result<Option<Kept>, CheckpointsError> {
    let path = file_of(dir, epoch);
    let failed = |source| CheckpointsError::Io {
        what: "read",
        path: path.clone(),
        source,
    };
    match File::open(&path) {
        Ok(mut file) => End::of(&mut file).map_err(failed)?.kept(&path, origin),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn file_of(dir: &Path, epoch: u32) -> PathBuf {
    dir.join(format!("{epoch}.notes"))
}

/// How a file of notes ends.
struct End {
    /// How many bytes hold whole notes.
    whole: u64,
    /// The last of those.
    note: Option<String>,
    /// What follows it, as far as it was read.
    rest: Vec<u8>,
}

impl End {
    /// A note is two paragraphs, its text and its signatures, and each paragraph ends with an empty line.
    fn of(file: &mut File) -> io::Result<End> {
        let length = file.seek(SeekFrom::End(0))?;
        let start = length.saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        // The tail may start within a note, and end within one; only what follows a signature is a note's start.
        let ends = tail.windows(2).enumerate().filter(|(_, pair)| *pair == b"\n\n");
        let paragraphs: Vec<usize> = std::iter::once(0).chain(ends.map(|(at, _)| at + 2)).collect();
        let whole = paragraphs
            .windows(2)
            .rposition(|pair| pair[0] > 0 && tail[pair[0]..].starts_with(SIGNATURE));
        let Some(signatures) = whole else {
            return Ok(End {
                whole: start,
                note: None,
                rest: tail,
            });
        };
        let (from, to) = (paragraphs[signatures - 1], paragraphs[signatures + 1]);
        Ok(End {
            whole: start + to as u64,
            note: Some(String::from_utf8_lossy(&tail[from..to - 1]).into_owned()),
            rest: tail.split_off(to),
        })
    }

    /// The last checkpoint, when nothing follows it but the beginning of the next.
    fn kept(&self, path: &Path, origin: Option<&str>) -> Result<Option<Kept>, CheckpointsError> {
        let not_notes = || CheckpointsError::NotNotes {
            path: path.to_owned(),
        };
        let Some(note) = self.note.clone() else {
            let is_begun = self.whole == 0 && origin.is_some_and(|origin| self.is_cut_off(origin));
            return if self.rest.is_empty() || is_begun {
                Ok(None)
            } else {
                Err(not_notes())
            };
        };
        let checkpoint =
            Checkpoint::read_unverified(&note).map_err(|source| CheckpointsError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        if self.is_cut_off(checkpoint.origin.as_str()) {
            Ok(Some(Kept { note, checkpoint }))
        } else {
            Err(not_notes())
        }
    }

    /// Whether what follows is nothing, or the beginning of a note of this origin. After a power cut some file systems give
    /// zeros for what was on its way.
    fn is_cut_off(&self, origin: &str) -> bool {
        if self.rest.len() <= NOTE_BYTES && self.rest.iter().all(|byte| *byte == 0) {
            return true;
        }
        let line = format!("{origin}\n");
        line.as_bytes().starts_with(&self.rest) || self.rest.starts_with(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use transparency::{SigningKey, leaf_hash};

    fn origin() -> Origin {
        "guichet.example/log".parse().unwrap()
    }

    fn kept(size: u64) -> Kept {
        let origin = origin();
        let key = SigningKey::new(origin.clone(), &[7; 32]);
        let root = leaf_hash(&size.to_be_bytes());
        let checkpoint = Checkpoint { origin, size, root };
        let note = checkpoint.sign(&key).unwrap();
        Kept { note, checkpoint }
    }

    #[test]
    fn the_last_checkpoint_is_found_again_and_what_was_cut_off_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Checkpoints::open(dir.path(), 0, &origin(), None).unwrap();
        assert_eq!(open().last(), None);
        for size in 1..200 {
            open().keep(kept(size)).unwrap();
            assert_eq!(open().last(), Some(kept(size)));
        }
        let path = dir.path().join("0.notes");
        let whole = fs::read(&path).unwrap();
        let next = format!("{}\n", kept(200).note);
        for cut in 1..next.len() {
            let mut torn = whole.clone();
            torn.extend_from_slice(&next.as_bytes()[..cut]);
            fs::write(&path, torn).unwrap();
            assert_eq!(open().last(), Some(kept(199)), "cut after {cut} bytes");
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        assert_eq!(last_of_epoch(dir.path(), 0, None).unwrap(), Some(kept(199)));
        assert_eq!(last_of_epoch(dir.path(), 1, None).unwrap(), None);
    }

    /// What cannot be read is not the same as nothing: nobody knows what was promised, and nothing is cut away.
    #[test]
    fn what_is_no_checkpoint_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0.notes");
        let origin = origin();
        let read = || last_of_epoch(dir.path(), 0, Some(origin.as_str()));
        let (first, second) = (format!("{}\n", kept(1).note), format!("{}\n", kept(2).note));
        for bytes in [
            "garbage\n".to_owned(),
            "\0".repeat(40_000),
            format!("{first}garbage\n"),
            format!("{first}{}", "\0".repeat(40_000)),
            "guichet.example/log\n1\nno root\n\n\u{2014} nobody nothing\n\n".to_owned(),
        ] {
            fs::write(&path, &bytes).unwrap();
            assert!(read().is_err(), "{bytes:.60?}");
            assert!(
                Checkpoints::open(dir.path(), 0, &origin, None).is_err(),
                "{bytes:.60?}"
            );
            assert_eq!(fs::read(&path).unwrap(), bytes.as_bytes(), "it was changed");
        }
        for (bytes, last) in [
            (String::new(), None),
            (first[..10].to_owned(), None),
            (first[..first.len() - 1].to_owned(), None),
            (format!("{first}{}", &second[..50]), Some(kept(1))),
            (format!("{first}{}", "\0".repeat(300)), Some(kept(1))),
            (format!("{first}{second}"), Some(kept(2))),
        ] {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(read().unwrap(), last, "{bytes:.60?}");
        }
        // Nobody who does not know the origin can tell the beginning of a first one from anything else.
        fs::write(&path, &first[..10]).unwrap();
        assert!(last_of_epoch(dir.path(), 0, None).is_err());
    }
}
