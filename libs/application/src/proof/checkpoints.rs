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
use transparency::{Checkpoint, OpenCheckpointError};

/// How much of the file is read to find the last note, bytes: more than two notes take.
const TAIL_BYTES: u64 = 16 * 1024;
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
    /// Opens the file of an epoch, made when it is not there, and reads the last checkpoint in it.
    pub(crate) fn open(
        dir: &Path,
        epoch: u32,
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
        let (whole, last) = last_note(&mut file).map_err(failed("read"))?;
        file.set_len(whole).map_err(failed("mend"))?;
        file.sync_all()
            .and_then(|()| File::open(dir)?.sync_all())
            .map_err(failed("sync"))?;
        let last = last.map(|note| match Checkpoint::read_unverified(&note) {
            Ok(checkpoint) => Ok(Kept { note, checkpoint }),
            Err(source) => Err(CheckpointsError::Unreadable {
                path: path.clone(),
                source,
            }),
        });
        Ok(Checkpoints {
            last: Mutex::new(last.transpose()?),
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

/// The last checkpoint of an epoch, whoever signed it, without opening the file for good.
pub(crate) fn last_of_epoch(dir: &Path, epoch: u32) -> Option<Kept> {
    let mut file = File::open(file_of(dir, epoch)).ok()?;
    let (_, note) = last_note(&mut file).ok()?;
    let note = note?;
    let checkpoint = Checkpoint::read_unverified(&note).ok()?;
    Some(Kept { note, checkpoint })
}

fn file_of(dir: &Path, epoch: u32) -> PathBuf {
    dir.join(format!("{epoch}.notes"))
}

/// How many bytes of the file hold whole notes, and the last of those. A note is two paragraphs, its text and its
/// signatures, and each paragraph ends with an empty line.
fn last_note(file: &mut File) -> io::Result<(u64, Option<String>)> {
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
        return Ok((if start == 0 { 0 } else { length }, None));
    };
    let (from, to) = (paragraphs[signatures - 1], paragraphs[signatures + 1]);
    let note = String::from_utf8_lossy(&tail[from..to - 1]).into_owned();
    Ok((start + to as u64, Some(note)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use transparency::{Origin, SigningKey, leaf_hash};

    fn kept(size: u64) -> Kept {
        let origin: Origin = "guichet.example/log".parse().unwrap();
        let key = SigningKey::new(origin.clone(), &[7; 32]);
        let root = leaf_hash(&size.to_be_bytes());
        let checkpoint = Checkpoint { origin, size, root };
        let note = checkpoint.sign(&key).unwrap();
        Kept { note, checkpoint }
    }

    #[test]
    fn the_last_checkpoint_is_found_again_and_what_was_cut_off_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Checkpoints::open(dir.path(), 0, None).unwrap();
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
        assert_eq!(last_of_epoch(dir.path(), 0), Some(kept(199)));
        assert_eq!(last_of_epoch(dir.path(), 1), None);
    }
}
