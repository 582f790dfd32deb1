//! The data of events without any key, in one go: JSON is read, and every sealed value put back as erased, without a
//! copy of its ciphertext.
//!
//! Only what our writer writes is read here; of anything else nothing is said, and whoever asks reads it with
//! [`put_back`](super::put_back), which says what is wrong. What is read is the same either way: a property test holds
//! the two against each other.

use std::fmt;

use serde::Deserialize as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{DEPTH_MAX, Mark, erased_mark};
use crate::scan::json::{Name, is_number};

/// The only member of the object that stands for a sealed value.
const SEALED: &str = "sealed";

/// The data with its sealed values as erased, and how many there are; `None` when it is to be read the other way.
///
/// `scratch` is a buffer for the bytes; its contents do not matter.
pub(crate) fn read(data: &str, scratch: &mut Vec<u8>) -> Option<(Value, u64)> {
    let mut reading = Reading { scratch, sealed: 0 };
    let mut json = serde_json::Deserializer::from_str(data);
    let place = Place {
        reading: &mut reading,
        depth: 0,
    };
    let value = place.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some((value, reading.sealed))
}

struct Reading<'s> {
    scratch: &'s mut Vec<u8>,
    sealed: u64,
}

/// Where a value stands.
struct Place<'r, 's> {
    reading: &'r mut Reading<'s>,
    depth: usize,
}

impl Place<'_, '_> {
    fn check_depth<E: Error>(&self) -> Result<(), E> {
        if self.depth > DEPTH_MAX {
            return Err(E::custom("too deep"));
        }
        Ok(())
    }
}

impl<'r, 's> Place<'r, 's> {
    fn below<'b>(&'b mut self) -> Place<'b, 's>
    where
        'r: 'b,
    {
        Place {
            reading: self.reading,
            depth: self.depth + 1,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).filter(|_| is_number(value));
        number
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.below())? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<Name<'_>>()? {
            if object.is_empty() && name.0 == SEALED {
                let mark = members.next_value_seed(Inside(self.reading))?;
                return match members.next_key::<Name<'_>>()? {
                    None => Ok(mark),
                    Some(_) => Err(A::Error::custom("not alone")),
                };
            }
            if name.is_reserved() {
                return Err(A::Error::custom("reserved"));
            }
            let value = members.next_value_seed(self.below())?;
            if object.insert(name.0.into_owned(), value).is_some() {
                return Err(A::Error::custom("twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// What stands under the name `sealed`: a mark, or it is to be read the other way.
struct Inside<'r, 's>(&'r mut Reading<'s>);

impl<'de> DeserializeSeed<'de> for Inside<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mark")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        let mark = Mark::deserialize(MapAccessDeserializer::new(members))?;
        let (subject, _committed) = mark.check(self.0.scratch).map_err(A::Error::custom)?;
        self.0.sealed += 1;
        Ok(erased_mark(subject, mark.commitment))
    }
}

#[cfg(test)]
mod tests;
