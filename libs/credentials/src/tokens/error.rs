//! What can go wrong with tokens and their keys.

use std::io;
use std::path::PathBuf;

/// Why the file of keys could not be read or written. No variant holds anything that the file does.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file system refused.
    #[error("cannot {action} the file of token keys {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Somebody else may read (or write) the file, so the keys must be taken as known.
    #[error("{} has mode {mode:04o} and is open to others; give it mode 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not what was written. It is left as it is.
    #[error("{} is damaged: {fault}; restore it, or move it away to have everybody sign in anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The file was there when it was loaded.
    #[error("{} is gone", .0.display())]
    Gone(PathBuf),
}

/// Why no new key signs.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The grace is negative or longer than [`ROTATION_GRACE_MAX`](super::ROTATION_GRACE_MAX).
    #[error("the grace of a rotation is 0 to {} seconds", super::ROTATION_GRACE_MAX.num_seconds())]
    Grace,
    /// So many keys still verify that one more would exceed [`TOKEN_KEYS_MAX`](super::TOKEN_KEYS_MAX).
    #[error(
        "{} token keys are in use; wait until one is refused, or rotate with less grace",
        super::TOKEN_KEYS_MAX
    )]
    TooManyKeys,
    /// The file could not be read or written.
    #[error("the token keys could not be rotated")]
    File(#[source] KeyFileError),
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The lifetime is not 1 second to [`TOKEN_S_MAX`](super::TOKEN_S_MAX).
    #[error("a token holds for 1 to {} seconds", super::TOKEN_S_MAX)]
    Lifetime,
    /// The library cannot sign.
    #[error("the token could not be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// Why a token is refused. A caller is told only that it is.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is longer than [`TOKEN_BYTES_MAX`](super::TOKEN_BYTES_MAX).
    #[error("the token is longer than any of ours")]
    TooLong,
    /// It is no JWT, its algorithm is not EdDSA, its signature does not fit, or it is not by or for us.
    #[error("the token is refused")]
    Refused(#[source] jsonwebtoken::errors::Error),
    /// Its header names another type of token, or a key or a rule that we should follow: `jku`, `jwk`, `x5u`, `x5c`, `crit`.
    #[error("the token's header says more than ours do")]
    Header,
    /// It names no key, or one that is not ours.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// Its key has been replaced and its grace is over.
    #[error("the token's key is refused by now")]
    RefusedKey,
    /// It is a link to something else.
    #[error("the link leads to another path")]
    OtherPath,
    /// It no longer holds, or not yet.
    #[error("the token does not hold at this time")]
    Time,
}
