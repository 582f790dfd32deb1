//! Telling `null` from absent: in a PATCH the first clears a value and the second leaves it alone.

use serde::{Deserialize, Deserializer};

/// Reads a member that is present, `null` included; an absent member stays `None` through `#[serde(default)]`.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
