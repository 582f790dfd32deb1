//! Sealing: personal marks become sealed ones.

use serde_json::Value;
use uuid::Uuid;

use super::walk::{DEPTH_MAX, TooDeep, Visited, is_within, walk};
use super::{DATA_POINTER, FORM_VERSION, FoundKey, marked, personal_inside, sealed_inside, subject_of};
use crate::keys_file::ReadKeyError;
use crate::value_key::PLAINTEXT_BYTES_MAX;

/// Why an event's data could not be sealed. What was given may be sealed in part: it must not be stored.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A mark is not `{"personal":{"subject":"<uuid>","value":…}}`.
    #[error("the mark at {pointer} is not {{\"personal\":{{\"subject\":\"<uuid>\",\"value\":…}}}}")]
    Malformed {
        /// Where in the event.
        pointer: String,
    },
    /// A sealed value stands there already. Sealed values belong to one event and one place and cannot be carried to
    /// another.
    #[error("what stands at {pointer} is sealed already")]
    AlreadySealed {
        /// Where in the event.
        pointer: String,
    },
    /// The subject has no key: [`crate::Vault::mint`] comes first.
    #[error("the subject {subject} of the value at {pointer} has no key")]
    UnknownSubject {
        /// Whose value.
        subject: Uuid,
        /// Where in the event.
        pointer: String,
    },
    /// The subject was erased, so nothing can be written about it any more.
    #[error("the subject {subject} of the value at {pointer} was erased")]
    Destroyed {
        /// Whose value.
        subject: Uuid,
        /// Where in the event.
        pointer: String,
    },
    /// The value is longer than [`PLAINTEXT_BYTES_MAX`].
    #[error("the value at {pointer} has {bytes} bytes, {PLAINTEXT_BYTES_MAX} are allowed")]
    TooLong {
        /// Where in the event.
        pointer: String,
        /// Its length.
        bytes: usize,
    },
    /// Objects and arrays lie deeper inside each other than [`DEPTH_MAX`].
    #[error("what stands at {pointer} lies deeper than {DEPTH_MAX} levels")]
    TooDeep {
        /// Where in the event.
        pointer: String,
    },
    /// The subject has a key, but it could not be read.
    #[error("the key of {subject} for the value at {pointer} could not be read")]
    KeyUnreadable {
        /// Whose value.
        subject: Uuid,
        /// Where in the event.
        pointer: String,
        /// Why.
        #[source]
        source: ReadKeyError,
    },
}

impl From<(TooDeep, String)> for SealError {
    fn from((TooDeep, pointer): (TooDeep, String)) -> SealError {
        SealError::TooDeep { pointer }
    }
}

/// Seals every mark of `data`, with the keys that `find_key` knows.
pub(crate) fn seal_data(
    event_id: Uuid,
    data: &mut Value,
    find_key: impl Fn(Uuid) -> Result<FoundKey, ReadKeyError>,
) -> Result<(), SealError> {
    let mut pointer = String::from(DATA_POINTER);
    walk(data, &mut pointer, 0, &mut |value, pointer, depth| {
        if sealed_inside(value).is_some() {
            return Err(SealError::AlreadySealed {
                pointer: pointer.to_owned(),
            });
        }
        if personal_inside(value).is_none() {
            return Ok(Visited::GoInside);
        }
        *value = sealed(event_id, value, pointer, depth, &find_key)?;
        Ok(Visited::Done)
    })
}

/// The sealed form of one mark.
fn sealed(
    event_id: Uuid,
    mark: &Value,
    pointer: &str,
    depth: usize,
    find_key: impl Fn(Uuid) -> Result<FoundKey, ReadKeyError>,
) -> Result<Value, SealError> {
    let pointer_owned = || pointer.to_owned();
    let parts = personal_inside(mark)
        .filter(|inside| inside.len() == 2)
        .and_then(|inside| Some((subject_of(inside)?, inside.get("value")?)));
    let Some((subject, value)) = parts else {
        return Err(SealError::Malformed {
            pointer: pointer_owned(),
        });
    };
    // The two objects of the mark itself count, because the opened form has them again.
    let levels = DEPTH_MAX.saturating_sub(depth).saturating_sub(2);
    if !is_within(value, levels) {
        return Err(SealError::TooDeep {
            pointer: pointer_owned(),
        });
    }
    let key = match find_key(subject) {
        Ok(FoundKey::Key(key)) => key,
        Ok(FoundKey::Erased) => {
            return Err(SealError::Destroyed {
                subject,
                pointer: pointer_owned(),
            });
        }
        Ok(FoundKey::Unknown) => {
            return Err(SealError::UnknownSubject {
                subject,
                pointer: pointer_owned(),
            });
        }
        Err(source) => {
            return Err(SealError::KeyUnreadable {
                subject,
                pointer: pointer_owned(),
                source,
            });
        }
    };
    let sealed = key
        .value_key(event_id, pointer)
        .seal(subject, value)
        .map_err(|too_long| SealError::TooLong {
            pointer: pointer_owned(),
            bytes: too_long.bytes,
        })?;
    Ok(marked(
        "sealed",
        [
            ("v", FORM_VERSION.into()),
            ("subject", subject.to_string().into()),
            ("commitment", sealed.commitment.into()),
            ("ciphertext", sealed.ciphertext.into()),
        ],
    ))
}
