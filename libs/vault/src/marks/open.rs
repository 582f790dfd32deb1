//! Opening: sealed marks become personal ones, or erased ones.

use std::error::Error;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::walk::{DEPTH_MAX, TooDeep, Visited, walk};
use super::{DATA_POINTER, FORM_VERSION, FoundKey, marked, sealed_inside, subject_of};
use crate::keys_file::ReadKeyError;
use crate::value_key::ValueKey;

/// Why an event's data could not be opened. What was given may be opened in part.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// A mark is not `{"sealed":{"v":1,"subject":…,"commitment":…,"ciphertext":…}}`.
    #[error("the sealed value at \"{pointer}\" has not the form of one")]
    Malformed {
        /// Where in the event.
        pointer: String,
    },
    /// A later version of Guichet sealed this value.
    #[error("the sealed value at \"{pointer}\" has the unknown form {v}")]
    UnknownForm {
        /// Where in the event.
        pointer: String,
        /// Its `v`.
        v: u64,
    },
    /// The ciphertext or the commitment is not what was sealed for this event, this place and this subject.
    #[error("the sealed value at \"{pointer}\" is not what was sealed there")]
    Tampered {
        /// Where in the event.
        pointer: String,
        /// Which check it failed.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The value is about another subject than the one asked for.
    #[error("the sealed value is about {found}, not about {expected}")]
    OtherSubject {
        /// Who was asked for.
        expected: Uuid,
        /// Who is named in the value.
        found: Uuid,
    },
    /// This keys file never held a key of the subject: it is not the one that belongs to this log, or it was restored
    /// from a backup older than the event. [`crate::Vault::destroy`] gives the subject up for lost.
    #[error("the keys file never held a key of {subject}, whose value stands at \"{pointer}\"")]
    UnknownSubject {
        /// Whose value.
        subject: Uuid,
        /// Where in the event.
        pointer: String,
    },
    /// Objects and arrays lie deeper inside each other than [`DEPTH_MAX`].
    #[error("what stands at \"{pointer}\" lies deeper than {DEPTH_MAX} levels")]
    TooDeep {
        /// Where in the event.
        pointer: String,
    },
    /// The subject has a key, but it could not be read.
    #[error("the key of {subject} for the value at \"{pointer}\" could not be read")]
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

impl From<(TooDeep, String)> for UnsealError {
    fn from((TooDeep, pointer): (TooDeep, String)) -> UnsealError {
        UnsealError::TooDeep { pointer }
    }
}

/// Opens one sealed value with the key that a bundle discloses for it, and proves it against its commitment.
///
/// `sealed` is the whole `{"sealed":{…}}`; the answer is the value itself. No keys file is needed. The errors name the
/// pointer `""`: the value given.
///
/// # Errors
/// [`UnsealError::Tampered`] when the key does not fit ciphertext, commitment and subject;
/// [`UnsealError::OtherSubject`], [`UnsealError::Malformed`] and [`UnsealError::UnknownForm`] as they say.
pub fn open_with_value_key(
    value_key: &ValueKey,
    subject: Uuid,
    sealed: &Value,
) -> Result<Value, UnsealError> {
    let Some(inside) = sealed_inside(sealed) else {
        return Err(UnsealError::Malformed {
            pointer: String::new(),
        });
    };
    let parts = SealedParts::of(inside, "")?;
    if parts.subject != subject {
        return Err(UnsealError::OtherSubject {
            expected: subject,
            found: parts.subject,
        });
    }
    parts.open(value_key, "")
}

/// Makes every sealed value of `data`, the `data` of an event, an erased one with its commitment. This is what a reader
/// without keys can say of it, an auditor with an export, say; [`Vault::open_data_committed`] says the same of the
/// values of a destroyed key.
///
/// # Errors
/// [`UnsealError::Malformed`], [`UnsealError::UnknownForm`] and [`UnsealError::TooDeep`], which name the place.
///
/// [`Vault::open_data_committed`]: crate::Vault::open_data_committed
pub fn erase_data(data: &mut Value) -> Result<(), UnsealError> {
    // Without a key nothing is derived from the event's id, so any will do.
    open_data(Uuid::nil(), data, OpenedForm::Committed, |_| Ok(FoundKey::Erased))
}

/// What an opened mark tells of its sealed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenedForm {
    /// Nothing: it is what was sealed.
    Plain,
    /// The commitment, as a third member.
    Committed,
}

/// Opens every sealed value of `data`, with the keys that `find_key` knows.
pub(crate) fn open_data(
    event_id: Uuid,
    data: &mut Value,
    form: OpenedForm,
    find_key: impl Fn(Uuid) -> Result<FoundKey, ReadKeyError>,
) -> Result<(), UnsealError> {
    let mut pointer = String::from(DATA_POINTER);
    walk(data, &mut pointer, 0, &mut |value, pointer, _depth| {
        let Some(inside) = sealed_inside(value) else {
            return Ok(Visited::GoInside);
        };
        *value = opened(event_id, inside, pointer, form, &find_key)?;
        Ok(Visited::Done)
    })
}

/// The opened or erased form of one sealed mark.
fn opened(
    event_id: Uuid,
    inside: &Map<String, Value>,
    pointer: &str,
    form: OpenedForm,
    find_key: impl Fn(Uuid) -> Result<FoundKey, ReadKeyError>,
) -> Result<Value, UnsealError> {
    let parts = SealedParts::of(inside, pointer)?;
    let (name, value) = match parts.key(event_id, pointer, find_key)? {
        Some(key) => ("value", parts.open(&key, pointer)?),
        None => ("erased", Value::Bool(true)),
    };
    let commitment = match form {
        OpenedForm::Plain => None,
        OpenedForm::Committed => Some(("commitment", parts.commitment.into())),
    };
    let members = [("subject", parts.subject.to_string().into()), (name, value)];
    Ok(marked("personal", members.into_iter().chain(commitment)))
}

/// Pointer, subject and value key of every sealed value of `data` whose key is there, in the order in which
/// [`open_data`] meets them.
pub(crate) fn value_keys(
    event_id: Uuid,
    data: &Value,
    find_key: impl Fn(Uuid) -> Result<FoundKey, ReadKeyError>,
) -> Result<Vec<(String, Uuid, ValueKey)>, UnsealError> {
    let mut keys = Vec::new();
    let mut pointer = String::from(DATA_POINTER);
    // One way through the places for all: it takes what it may change, and here changes nothing.
    let mut data = data.clone();
    walk(&mut data, &mut pointer, 0, &mut |value, pointer, _depth| {
        let Some(inside) = sealed_inside(value) else {
            return Ok(Visited::GoInside);
        };
        let parts = SealedParts::of(inside, pointer)?;
        let key = parts.key(event_id, pointer, &find_key)?;
        keys.extend(key.map(|key| (pointer.to_owned(), parts.subject, key)));
        Ok::<_, UnsealError>(Visited::Done)
    })?;
    Ok(keys)
}

/// The members of a sealed mark.
struct SealedParts<'v> {
    subject: Uuid,
    commitment: &'v str,
    ciphertext: &'v str,
}

impl<'v> SealedParts<'v> {
    fn of(inside: &'v Map<String, Value>, pointer: &str) -> Result<SealedParts<'v>, UnsealError> {
        let malformed = || UnsealError::Malformed {
            pointer: pointer.to_owned(),
        };
        // A later form may have other members, so its number is looked at before anything else.
        let v = inside.get("v").and_then(Value::as_u64).ok_or_else(malformed)?;
        if v != FORM_VERSION {
            return Err(UnsealError::UnknownForm {
                pointer: pointer.to_owned(),
                v,
            });
        }
        let text = |key| inside.get(key).and_then(Value::as_str).ok_or_else(malformed);
        let parts = SealedParts {
            subject: subject_of(inside).ok_or_else(malformed)?,
            commitment: text("commitment")?,
            ciphertext: text("ciphertext")?,
        };
        if inside.len() == 4 {
            Ok(parts)
        } else {
            Err(malformed())
        }
    }

    /// The key of the value, or `None` when it was erased.
    fn key(
        &self,
        event_id: Uuid,
        pointer: &str,
        find_key: impl Fn(Uuid) -> Result<FoundKey, ReadKeyError>,
    ) -> Result<Option<ValueKey>, UnsealError> {
        let (subject, pointer_owned) = (self.subject, || pointer.to_owned());
        match find_key(subject) {
            Ok(FoundKey::Key(key)) => Ok(Some(key.value_key(event_id, pointer))),
            Ok(FoundKey::Erased) => Ok(None),
            Ok(FoundKey::Unknown) => Err(UnsealError::UnknownSubject {
                subject,
                pointer: pointer_owned(),
            }),
            Err(source) => Err(UnsealError::KeyUnreadable {
                subject,
                pointer: pointer_owned(),
                source,
            }),
        }
    }

    fn open(&self, key: &ValueKey, pointer: &str) -> Result<Value, UnsealError> {
        key.open(self.subject, self.commitment, self.ciphertext)
            .map_err(|fault| UnsealError::Tampered {
                pointer: pointer.to_owned(),
                source: Box::new(fault),
            })
    }
}
