//! One fault of one field of an input.

use crate::{messages::FaultText, named::named};

/// Longest name of what a caller wrote that a text repeats, characters.
pub const NAMED_CHARS_MAX: usize = 100;

/// One fault: where, and what. A refusal lists them all at once (seed 004 §2.5; seed 001 §4.1). No text holds a value that may be
/// personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the request (RFC 6901), such as `/fields/technicalId`.
    pub pointer: String,
    /// What is wrong there.
    pub text: FaultText,
}

/// The kinds of fault. SOAP's returnCode 1 is [`FaultCode::Required`]; all others are its 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// The field is mandatory and absent, null or empty.
    Required,
    /// There is no such field.
    Unknown,
    /// The value has another JSON type.
    Type,
    /// The value does not follow its format or pattern.
    Format,
    /// The value is too long, too short, too large or too small.
    Length,
    /// The value is not one of those allowed, or names nothing that exists.
    Value,
    /// The value exists but this caller may not use it.
    Forbidden,
}

named!(FaultCode {
    Required = "required",
    Unknown = "unknown",
    Type = "type",
    Format = "format",
    Length = "length",
    Value = "value",
    Forbidden = "forbidden",
});

impl Fault {
    /// A fault at a pointer.
    #[must_use]
    pub fn new(pointer: impl Into<String>, text: FaultText) -> Self {
        Self {
            pointer: pointer.into(),
            text,
        }
    }

    /// A mandatory field that is not filled in.
    #[must_use]
    pub fn required(pointer: impl Into<String>) -> Self {
        Self::new(pointer, FaultText::NotFilledIn)
    }

    /// Which kind it is.
    #[must_use]
    pub fn code(&self) -> FaultCode {
        self.text.code()
    }
}
