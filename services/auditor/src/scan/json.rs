//! Whether a text is JSON with one reading (docs/audit-format.md §1, "JSON").

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Objects and arrays inside each other, at most, the outermost counted: an event whose data is as deep as the vault
/// seals it.
pub(crate) const JSON_DEPTH_MAX: usize = 102;
/// The same for the data of an event, which stands inside the event.
pub(crate) const DATA_DEPTH_MAX: usize = JSON_DEPTH_MAX - 1;
/// The same for the plaintext of a sealed value: what the vault could be given.
pub(crate) const PLAINTEXT_DEPTH_MAX: usize = 127;
/// Numbers are smaller than this, their signs left out: up to here every reader holds them as a double (RFC 8259 §6).
const NUMBER_BOUND: f64 = 1e308;
/// Names that begin like this have a meaning of their own to `serde_json`, which would read a text inside as JSON.
const RESERVED: &str = "$serde_json::";
/// Names that are compared one by one; objects with more look them up.
const FEW_NAMES: usize = 16;

/// The name of a member, borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Name<'n>(#[serde(borrow)] pub(crate) Cow<'n, str>);

impl Name<'_> {
    /// Whether it would be read as something else than a name.
    pub(crate) fn is_reserved(&self) -> bool {
        self.0.starts_with(RESERVED)
    }
}

/// Whether every reader can hold the number.
pub(crate) fn is_number(number: f64) -> bool {
    number.abs() < NUMBER_BOUND
}

/// Checks that `text` is one JSON value and nothing else, that no member stands twice in its object, and that numbers,
/// texts and depth are such that every reader reads the same.
pub(crate) fn check(text: &[u8], depth_max: usize) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    Place {
        depth_left: depth_max,
    }
    .deserialize(&mut json)?;
    json.end()
}

/// The same, and that it is an object.
pub(crate) fn check_object(text: &[u8], depth_max: usize) -> Result<(), serde_json::Error> {
    check(text, depth_max)?;
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{') {
        Ok(())
    } else {
        Err(serde_json::Error::custom("it is not an object"))
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place {
    depth_left: usize,
}

impl Place {
    fn below<E: serde::de::Error>(self) -> Result<Place, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Place { depth_left }),
            None => Err(E::custom("objects and arrays lie too deep in each other")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        if is_number(number) {
            Ok(())
        } else {
            Err(E::custom("number out of range"))
        }
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while items.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut names = Names::default();
        while let Some(name) = members.next_key::<Name<'_>>()? {
            if name.is_reserved() {
                return Err(A::Error::custom(format!("the name {} is reserved", name.0)));
            }
            if let Some(twice) = names.add(name.0) {
                return Err(A::Error::custom(format!("the member {twice} stands twice")));
            }
            members.next_value_seed(below)?;
        }
        Ok(())
    }
}

/// The names met in one object.
#[derive(Default)]
struct Names<'n> {
    few: Vec<Cow<'n, str>>,
    many: HashSet<Cow<'n, str>>,
}

impl<'n> Names<'n> {
    /// Gives the name back when it was there.
    fn add(&mut self, name: Cow<'n, str>) -> Option<Cow<'n, str>> {
        if self.few.contains(&name) || self.many.contains(&name) {
            return Some(name);
        }
        if self.few.len() < FEW_NAMES {
            self.few.push(name);
        } else {
            self.many.insert(name);
        }
        None
    }
}

#[cfg(test)]
mod tests;
