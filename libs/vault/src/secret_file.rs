//! A file that holds one secret: 32 random bytes in base64 and a line end, readable by its owner only.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use crate::draft::{create_whole, make_directory_of, replace_durably};

/// A secret file is 44 bytes; what is much longer is some other file, named by mistake.
const SECRET_FILE_BYTES_MAX: u64 = 256;

/// Whether `load_or_create` made the secret or found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The file did not exist: this call made the secret. The caller should say so, because the file must be kept.
    New,
    /// The file existed and was read.
    Found,
}

/// Why a secret file could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The file system refused.
    #[error("cannot {action} the secret file {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Somebody else may read (or write) the file, so the secret must be taken as known.
    #[error("{} has mode {mode:04o} and is open to others; give it mode 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else than 32 bytes in base64.
    #[error("{} does not hold 32 bytes in base64", path.display())]
    NotASecret {
        /// The file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] rand::rngs::SysError),
}

/// Reads the secret at `path`, or makes one that is on disk before it is returned.
pub(crate) fn load_or_create(path: &Path) -> Result<(Zeroizing<[u8; 32]>, Created), SecretFileError> {
    let io = |action| {
        move |source| SecretFileError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    };
    if path.try_exists().map_err(io("look for"))? {
        return Ok((load(path)?, Created::Found));
    }
    make_directory_of(path).map_err(io("make the directory of"))?;
    let mut secret = Zeroizing::new([0; 32]);
    SysRng
        .try_fill_bytes(secret.as_mut())
        .map_err(SecretFileError::Random)?;
    let mut text = Zeroizing::new(STANDARD_NO_PAD.encode(secret.as_ref()));
    text.push('\n');
    match create_whole(path, text.as_bytes()).map_err(io("create"))? {
        Created::New => Ok((secret, Created::New)),
        // Another process was faster; its secret is the one that lasts.
        Created::Found => Ok((load(path)?, Created::Found)),
    }
}

/// Reads the secret at `path`.
pub(crate) fn load(path: &Path) -> Result<Zeroizing<[u8; 32]>, SecretFileError> {
    let io = |action| {
        move |source| SecretFileError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    };
    let file = File::open(path).map_err(io("open"))?;
    // The mode is asked of the open file, so that nobody can swap the file between the question and the reading.
    let mode = mode_of(&file).map_err(io("read the mode of"))?;
    if is_open_to_others(mode) {
        return Err(SecretFileError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::with_capacity(64));
    let read = file.take(SECRET_FILE_BYTES_MAX).read_to_string(&mut text);
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(SecretFileError::NotASecret {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(io("read")(error)),
    }
    let mut secret = Zeroizing::new([0; 32]);
    // `base64 < /dev/urandom` pads; whoever made the secret with common tools is welcome.
    let unpadded = text.trim().trim_end_matches('=');
    match STANDARD_NO_PAD.decode_slice(unpadded, secret.as_mut()) {
        Ok(32) => Ok(secret),
        Ok(_) | Err(_) => Err(SecretFileError::NotASecret {
            path: path.to_owned(),
        }),
    }
}

/// Puts the secret file `next` in the place of `current`.
pub(crate) fn promote(next: &Path, current: &Path) -> Result<(), SecretFileError> {
    // What is not a secret, or not one any more, must not take the place of one.
    load(next)?;
    replace_durably(next, current).map_err(|source| SecretFileError::Io {
        action: "replace",
        path: current.to_owned(),
        source,
    })
}

/// The permission bits of an open file.
pub(crate) fn mode_of(file: &File) -> io::Result<u32> {
    Ok(file.metadata()?.permissions().mode() & 0o7777)
}

/// Whether anybody but the owner may read, write or execute.
pub(crate) fn is_open_to_others(mode: u32) -> bool {
    mode & 0o077 != 0
}
