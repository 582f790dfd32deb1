//! Names of logs.

use std::fmt;
use std::str::FromStr;

/// Bytes of an origin, at most.
pub const ORIGIN_BYTES_MAX: usize = 200;

/// The name of a log, such as `guichet.example/log`: the first line of its checkpoints and the name of the keys that sign
/// them (C2SP tlog-checkpoint, signed-note). 1 to [`ORIGIN_BYTES_MAX`] bytes of UTF-8 without spaces of any kind, control
/// characters and `+`, because a key's name may have none of those.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It has no character.
    #[error("an origin is not empty")]
    Empty,
    /// It is longer than [`ORIGIN_BYTES_MAX`].
    #[error("an origin of {bytes} bytes is longer than {ORIGIN_BYTES_MAX}")]
    TooLong {
        /// Bytes found.
        bytes: usize,
    },
    /// It has a space, a control character or a `+`.
    #[error("an origin has no spaces, control characters or '+', but this one has {0:?}")]
    Forbidden(char),
}

impl Origin {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Origin, OriginError> {
        if text.is_empty() {
            return Err(OriginError::Empty);
        }
        if text.len() > ORIGIN_BYTES_MAX {
            return Err(OriginError::TooLong { bytes: text.len() });
        }
        match text
            .chars()
            .find(|c| c.is_whitespace() || c.is_control() || *c == '+')
        {
            Some(forbidden) => Err(OriginError::Forbidden(forbidden)),
            None => Ok(Origin(text.to_owned())),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
