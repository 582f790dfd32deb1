//! One fault of one field of an input.

use serde::{Deserialize, Serialize};

/// One fault: where, which kind, and in words. A refusal lists them all at once (seed 004 §2.5; seed 001 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// JSON pointer into the request (RFC 6901), such as `/fields/technicalId`.
    pub pointer: String,
    /// Machine-readable kind: `required`, `unknown`, `type`, `format`, `length`, `value`, `forbidden`.
    pub code: FaultCode,
    /// One sentence for a person, without the offending value when that may be personal.
    pub detail: String,
}

/// The kinds of fault. SOAP's returnCode 1 is [`FaultCode::Required`]; all others are its 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl FaultCode {
    /// The code as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FaultCode::Required => "required",
            FaultCode::Unknown => "unknown",
            FaultCode::Type => "type",
            FaultCode::Format => "format",
            FaultCode::Length => "length",
            FaultCode::Value => "value",
            FaultCode::Forbidden => "forbidden",
        }
    }
}

impl Fault {
    /// A fault at a pointer.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }

    /// A mandatory field that is not filled in.
    #[must_use]
    pub fn required(pointer: impl Into<String>) -> Self {
        Self::new(pointer, FaultCode::Required, "is mandatory and is not filled in")
    }
}
