//! The keys on disk, in the form that the [module of tokens](super) specifies.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::KeyFileError;
use super::key_ring::{Key, KeyRing, Retirement, TOKEN_KEYS_MAX};

/// How long the file of keys may be, bytes: more than twice what [`TOKEN_KEYS_MAX`] keys take.
pub const KEY_FILE_BYTES_MAX: usize = 16 * 1024;

const FORM: &str = "guichet-token-keys/1";
/// Its owner reads and writes, nobody else does anything.
const OWNER_ONLY_MODE: u32 = 0o600;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRing {
    form: String,
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    kid: String,
    seed: Zeroizing<String>,
    since: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_from: Option<DateTime<Utc>>,
}

/// The directory of the file of keys, in which nobody else changes that file until this is dropped.
pub(super) struct LockedDirectory<'path> {
    path: &'path Path,
    directory: File,
}

impl<'path> LockedDirectory<'path> {
    /// Waits for the directory of the file at `path`. Nobody holds it for longer than a write takes.
    pub(super) fn of(path: &'path Path) -> Result<LockedDirectory<'path>, KeyFileError> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        // The file itself cannot be locked: each write puts another one in its place.
        let directory = File::open(parent).map_err(io_error(path, "open the directory of"))?;
        directory
            .lock()
            .map_err(io_error(path, "lock the directory of"))?;
        Ok(LockedDirectory { path, directory })
    }

    /// Reads the keys; `None` when there is no file.
    pub(super) fn load(&self) -> Result<Option<KeyRing>, KeyFileError> {
        let io = |action| io_error(self.path, action);
        let file = match File::open(self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io("open")(error)),
        };
        // The mode is asked of the open file, so that nobody can swap the file between the question and the reading.
        let mode = file
            .metadata()
            .map_err(io("read the mode of"))?
            .permissions()
            .mode()
            & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::OpenToOthers {
                path: self.path.to_owned(),
                mode,
            });
        }
        // As large as it can get, so that it never moves and leaves no copy behind.
        let mut json = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX + 1));
        let limit = KEY_FILE_BYTES_MAX as u64 + 1;
        file.take(limit).read_to_end(&mut json).map_err(io("read"))?;
        self.parse(&json).map(Some)
    }

    /// Puts the keys in the place of what is there, on disk, directory entry included.
    pub(super) fn replace(&self, ring: &KeyRing) -> Result<(), KeyFileError> {
        let stored = StoredRing {
            form: FORM.to_owned(),
            keys: ring.keys().map(stored).collect(),
        };
        let mut json = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX));
        serde_json::to_writer_pretty(&mut *json, &stored)
            .map_err(io::Error::other)
            .map_err(io_error(self.path, "encode"))?;
        json.push(b'\n');
        let draft = self.draft_path().map_err(io_error(self.path, "write"))?;
        let written = write_draft(&draft, &json)
            .and_then(|()| std::fs::rename(&draft, self.path))
            .and_then(|()| self.directory.sync_all());
        written.map_err(|error| {
            // It is not there any more if it was renamed. What cannot be removed, the next write removes.
            let _ = std::fs::remove_file(&draft);
            io_error(self.path, "write")(error)
        })
    }

    /// `.<name>.draft` beside the file. The lock makes one name enough.
    fn draft_path(&self) -> io::Result<PathBuf> {
        let name = self.path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut draft = std::ffi::OsString::from(".");
        draft.push(name);
        draft.push(".draft");
        Ok(self.path.with_file_name(draft))
    }

    fn parse(&self, json: &[u8]) -> Result<KeyRing, KeyFileError> {
        if json.len() > KEY_FILE_BYTES_MAX {
            return Err(self.damaged(format!("it has more than {KEY_FILE_BYTES_MAX} bytes")));
        }
        let stored: StoredRing = serde_json::from_slice(json).map_err(|error| {
            // The parser's own words may repeat a seed.
            let (line, column) = (error.line(), error.column());
            self.damaged(format!(
                "line {line}, column {column} is not what token keys are written as"
            ))
        })?;
        if stored.form != FORM {
            return Err(self.damaged(format!("its form is not {FORM}")));
        }
        if stored.keys.len() > TOKEN_KEYS_MAX {
            return Err(self.damaged(format!("it has more than {TOKEN_KEYS_MAX} keys")));
        }
        let mut keys = Vec::with_capacity(stored.keys.len());
        for (place, key) in stored.keys.iter().enumerate() {
            let key = read(key).map_err(|fault| self.damaged(format!("key {} {fault}", place + 1)))?;
            if keys.iter().any(|before: &Key| before.kid() == key.kid()) {
                return Err(self.damaged(format!("key {} is there twice", place + 1)));
            }
            if key.retirement.is_none() != (place == 0) {
                return Err(self.damaged("not exactly its first key signs".to_owned()));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let signing = keys
            .next()
            .ok_or_else(|| self.damaged("it has no key".to_owned()))?;
        Ok(KeyRing::of(signing, keys.collect()))
    }

    fn damaged(&self, fault: String) -> KeyFileError {
        KeyFileError::Damaged {
            path: self.path.to_owned(),
            fault,
        }
    }
}

fn io_error(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> KeyFileError {
    move |source| KeyFileError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    // A crash may have left one, with a mode that was not ours.
    match std::fs::remove_file(draft) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY_MODE)
        .open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn stored(key: &Key) -> StoredKey {
    StoredKey {
        kid: key.kid().to_owned(),
        seed: Zeroizing::new(URL_SAFE_NO_PAD.encode(key.seed.as_ref())),
        since: key.since,
        retired_at: key.retirement.map(|retirement| retirement.retired_at),
        refused_from: key.retirement.map(|retirement| retirement.refused_from),
    }
}

/// Reads a key, or says what is wrong with it.
fn read(stored: &StoredKey) -> Result<Key, &'static str> {
    let mut seed = Zeroizing::new([0; 32]);
    match URL_SAFE_NO_PAD.decode_slice(stored.seed.as_bytes(), seed.as_mut()) {
        Ok(32) => {}
        Ok(_) | Err(_) => return Err("has no seed of 32 bytes"),
    }
    let mut key = Key::from_seed(seed, stored.since);
    if key.kid() != stored.kid {
        return Err("has a seed that is not that of its id");
    }
    key.retirement = match (stored.retired_at, stored.refused_from) {
        (Some(retired_at), Some(refused_from)) => Some(Retirement {
            retired_at,
            refused_from,
        }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err("is retired only by half"),
    };
    Ok(key)
}
