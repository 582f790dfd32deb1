//! The marks inside an event's `data`: found, sealed, opened. Their forms are specified in the crate's documentation.

mod open;
mod seal;
mod walk;

pub use open::{UnsealError, erase_data, open_with_value_key};
pub use seal::SealError;
pub use walk::DEPTH_MAX;

pub(crate) use open::{OpenedForm, open_data, value_keys};
pub(crate) use seal::seal_data;

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::value_key::PersonKey;

/// Where every pointer starts: an event's `data` is the member `data` of the event.
const DATA_POINTER: &str = "/data";

/// The only `v` there is.
const FORM_VERSION: u64 = 1;

/// What the keys file says of a subject when a value is to be sealed or opened.
pub(crate) enum FoundKey {
    /// The person's key.
    Key(Arc<PersonKey>),
    /// The key was destroyed, or may have lain in a slot that is damaged.
    Erased,
    /// This keys file never held a key of that subject.
    Unknown,
}

/// The inside of a mark that a value is to be sealed from, or was opened to.
fn personal_inside(value: &Value) -> Option<&Map<String, Value>> {
    inside(value, "personal", &["subject", "value", "erased"])
}

/// The inside of a sealed mark.
fn sealed_inside(value: &Value) -> Option<&Map<String, Value>> {
    inside(value, "sealed", &["v", "subject", "commitment", "ciphertext"])
}

/// The object under the only key `name` of `value`, if it has at least one of the `telling` keys. A form may have a
/// field called `personal`, a JSON Schema a property called `sealed`: without a telling key those are plain data.
fn inside<'v>(value: &'v Value, name: &str, telling: &[&str]) -> Option<&'v Map<String, Value>> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let inside = object.get(name)?.as_object()?;
    telling
        .iter()
        .any(|key| inside.contains_key(*key))
        .then_some(inside)
}

/// The subject named by a mark.
fn subject_of(inside: &Map<String, Value>) -> Option<Uuid> {
    Uuid::try_parse(inside.get("subject")?.as_str()?).ok()
}

/// `{name: inside}`.
fn marked<'k>(name: &str, inside: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let inside: Map<String, Value> = inside
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Value::Object(Map::from_iter([(name.to_owned(), Value::Object(inside))]))
}
