//! Names of streams and prefixes of numbered streams.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::{KEY_NUMBER_MAX, PREFIX_BYTES_MAX, STREAM_NAME_BYTES_MAX};

/// The name of a stream: 1 to 120 bytes of `A-Z a-z 0-9 . _ -`, such as `SUP-12`, `desk-SUP` or `unique-1f3a`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamName(Arc<str>);

/// Why a text is not the name of a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A name has at least one byte.
    #[error("a stream name is not empty")]
    Empty,
    /// A name has at most [`STREAM_NAME_BYTES_MAX`] bytes.
    #[error("a stream name of {bytes} bytes is longer than {max}")]
    TooLong {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A name has only bytes of `A-Z a-z 0-9 . _ -`.
    #[error("a stream name holds only letters, digits, '.', '_' and '-', not byte {byte:#04x} at {index}")]
    ForbiddenByte {
        /// The byte found.
        byte: u8,
        /// Its place in the name, from 0.
        index: usize,
    },
}

impl StreamName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `-`, or the whole name when it has none: `SUP` of `SUP-12`.
    #[must_use]
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    /// The prefix and number of a stream that a prefix could have allotted: `SUP-12` but not `SUP-012`, `sup-12` or `SUP-0`.
    pub(crate) fn numbered(&self) -> Option<(Prefix, u64)> {
        let (prefix, digits) = self.0.split_once('-')?;
        let number: u64 = digits.parse().ok()?;
        let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if !canonical || number > KEY_NUMBER_MAX {
            return None;
        }
        Some((Prefix::from_str(prefix).ok()?, number))
    }
}

impl TryFrom<String> for StreamName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl FromStr for StreamName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > STREAM_NAME_BYTES_MAX {
            return Err(NameError::TooLong {
                bytes: text.len(),
                max: STREAM_NAME_BYTES_MAX,
            });
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        match text.bytes().enumerate().find(|(_, byte)| !allowed(*byte)) {
            Some((index, byte)) => Err(NameError::ForbiddenByte { byte, index }),
            None => Ok(StreamName(text.into())),
        }
    }
}

impl From<StreamName> for String {
    fn from(name: StreamName) -> String {
        name.0.as_ref().to_owned()
    }
}

impl AsRef<str> for StreamName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamName({})", self.0)
    }
}

/// The prefix of numbered streams, `[A-Z][A-Z0-9]{0,9}`: `SUP` numbers `SUP-1`, `SUP-2`, and so on without gaps.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(Arc<str>);

/// A text is not `[A-Z][A-Z0-9]{0,9}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a prefix is one capital letter and up to nine capital letters or digits")]
pub struct PrefixError;

impl Prefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stream of this prefix with this number.
    #[must_use]
    pub fn stream(&self, number: u64) -> StreamName {
        StreamName(format!("{}-{number}", self.0).into())
    }
}

impl TryFrom<String> for Prefix {
    type Error = PrefixError;

    fn try_from(text: String) -> Result<Self, PrefixError> {
        text.parse()
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
        let goes_on_well = text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if starts_well && goes_on_well && text.len() <= PREFIX_BYTES_MAX {
            Ok(Prefix(text.into()))
        } else {
            Err(PrefixError)
        }
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> String {
        prefix.0.as_ref().to_owned()
    }
}

impl AsRef<str> for Prefix {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_bounded_and_has_no_strange_bytes() {
        assert_eq!("".parse::<StreamName>(), Err(NameError::Empty));
        assert!("a".repeat(120).parse::<StreamName>().is_ok());
        assert_eq!(
            "a".repeat(121).parse::<StreamName>(),
            Err(NameError::TooLong { bytes: 121, max: 120 })
        );
        assert_eq!(
            "a b".parse::<StreamName>(),
            Err(NameError::ForbiddenByte { byte: b' ', index: 1 })
        );
        assert!("é".parse::<StreamName>().is_err());
        assert!(serde_json::from_str::<StreamName>("\"a/b\"").is_err());
    }

    #[test]
    fn the_category_ends_at_the_first_hyphen() {
        assert_eq!("SUP-12".parse::<StreamName>().unwrap().category(), "SUP");
        assert_eq!("unique-a-b".parse::<StreamName>().unwrap().category(), "unique");
        assert_eq!("alone".parse::<StreamName>().unwrap().category(), "alone");
        assert_eq!("-x".parse::<StreamName>().unwrap().category(), "");
    }

    #[test]
    fn only_canonical_numbers_belong_to_a_prefix() {
        let numbered = |text: &str| text.parse::<StreamName>().unwrap().numbered();
        assert_eq!(numbered("SUP-12"), Some(("SUP".parse().unwrap(), 12)));
        for other in [
            "SUP-012",
            "SUP-0",
            "sup-1",
            "SUP",
            "SUP-1-2",
            "SUP-1000000000000000",
            "SUP-x",
        ] {
            assert_eq!(numbered(other), None, "{other}");
        }
        assert_eq!(
            numbered("A-999999999999999").map(|(_, number)| number),
            Some(KEY_NUMBER_MAX)
        );
    }

    #[test]
    fn a_prefix_is_short_and_capital() {
        for good in ["S", "SUP", "A123456789"] {
            assert_eq!(good.parse::<Prefix>().unwrap().as_str(), good);
        }
        for bad in ["", "1A", "sup", "A1234567890", "A-B"] {
            assert_eq!(bad.parse::<Prefix>(), Err(PrefixError), "{bad}");
        }
        assert_eq!("SUP".parse::<Prefix>().unwrap().stream(7).as_str(), "SUP-7");
    }
}
