//! Checkpoints (C2SP tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use crate::hash::{Hash, HashTextError};
use crate::key::{SigningKey, VerifierKey};
use crate::note::{NoteTextError, OpenNoteError, open_note, sign_note, unverified_text};
use crate::origin::{Origin, OriginError};

/// "The log `origin` with `size` events has the root `root`." Its text is these three as a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// Its events: the position of the last one.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// A checkpoint whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedCheckpoint {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The keys named by its origin that signed it, of those that were given.
    pub signed_by: Vec<VerifierKey>,
}

/// Why a text is not that of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointTextError {
    /// It is not at least three lines, none of them empty, each ended by a line feed.
    #[error("a checkpoint is three lines: origin, size, root")]
    Lines,
    /// The first line is not an origin.
    #[error("the first line of a checkpoint is an origin")]
    Origin(#[source] OriginError),
    /// The second line is not a number from 0 to 2^64 − 1 in digits without leading zeros.
    #[error("the second line of a checkpoint is a size in decimal digits, not {0:?}")]
    Size(String),
    /// The third line is not a hash.
    #[error("the third line of a checkpoint is a hash")]
    Root(#[source] HashTextError),
}

/// Why a signed checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenCheckpointError {
    /// It is not a note, or not signed by a known key.
    #[error(transparent)]
    Note(#[from] OpenNoteError),
    /// What was signed is not a checkpoint.
    #[error(transparent)]
    Text(#[from] CheckpointTextError),
    /// It is signed, but only by keys of other logs.
    #[error("a checkpoint of {origin} is signed by a key of {signer} only")]
    OtherLog {
        /// The log that it speaks of.
        origin: Origin,
        /// The log whose key signed it.
        signer: Origin,
    },
}

impl Checkpoint {
    /// The signed note: a checkpoint of the log that the key is named after.
    ///
    /// # Errors
    ///
    /// [`OpenCheckpointError::OtherLog`], when the key is that of another log.
    pub fn sign(&self, key: &SigningKey) -> Result<String, OpenCheckpointError> {
        let signer = key.verifier().name();
        if *signer != self.origin {
            return Err(OpenCheckpointError::OtherLog {
                origin: self.origin.clone(),
                signer: signer.clone(),
            });
        }
        sign_note(&self.to_string(), key).map_err(|error| OpenNoteError::Text(error).into())
    }

    /// Opens a signed checkpoint: a signature must be by one of `keys`, and that key must be named by the origin.
    ///
    /// # Errors
    ///
    /// [`OpenCheckpointError`].
    pub fn open(note: &str, keys: &[VerifierKey]) -> Result<OpenedCheckpoint, OpenCheckpointError> {
        let opened = open_note(note, keys)?;
        let checkpoint: Checkpoint = opened.text.parse()?;
        let mut signer = None;
        let mut signed_by = Vec::new();
        for key in opened.signed_by {
            if *key.name() == checkpoint.origin {
                signed_by.push(key);
            } else {
                signer.get_or_insert_with(|| key.name().clone());
            }
        }
        match signer {
            Some(signer) if signed_by.is_empty() => Err(OpenCheckpointError::OtherLog {
                origin: checkpoint.origin,
                signer,
            }),
            Some(_) | None => Ok(OpenedCheckpoint {
                checkpoint,
                signed_by,
            }),
        }
    }

    /// What a note says, **its signatures unchecked**: to find out which key should have signed it.
    ///
    /// # Errors
    ///
    /// [`OpenCheckpointError::Note`] and [`OpenCheckpointError::Text`].
    pub fn read_unverified(note: &str) -> Result<Checkpoint, OpenCheckpointError> {
        let text = unverified_text(note).map_err(|error: NoteTextError| OpenNoteError::Text(error))?;
        Ok(text.parse()?)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointTextError;

    /// Reads the text. Further lines are extensions, which this log does not write and which say nothing to it.
    fn from_str(text: &str) -> Result<Checkpoint, CheckpointTextError> {
        let Some(body) = text.strip_suffix('\n') else {
            return Err(CheckpointTextError::Lines);
        };
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root, ..] = lines.as_slice() else {
            return Err(CheckpointTextError::Lines);
        };
        if lines.contains(&"") {
            return Err(CheckpointTextError::Lines);
        }
        let is_canonical =
            size.bytes().all(|byte| byte.is_ascii_digit()) && (*size == "0" || !size.starts_with('0'));
        let Some(number) = size.parse().ok().filter(|_| is_canonical) else {
            return Err(CheckpointTextError::Size((*size).to_owned()));
        };
        Ok(Checkpoint {
            origin: origin.parse().map_err(CheckpointTextError::Origin)?,
            size: number,
            root: root.parse().map_err(CheckpointTextError::Root)?,
        })
    }
}
