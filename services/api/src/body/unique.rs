//! JSON whose members are unique. RFC 8259 §4 leaves it open which of two members of one name counts: what stands before this
//! server could have seen another request. RFC 7493 §2.3 forbids them.

use std::{cell::RefCell, collections::BTreeMap, fmt};

use application::kernel::codec::RAW_MEMBER;
use domain::desk::form::escaped;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::refusal::FAULTS_MAX;

/// Why a member is not taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wrong {
    Twice,
    Reserved,
}

/// The members that are not taken, by their pointers (RFC 6901), however deep they lie and however their names are escaped.
pub(super) type WrongMembers = BTreeMap<String, Wrong>;

/// The value, of members given twice the first, and the members that are not taken.
pub(super) fn read(bytes: &[u8]) -> Result<(Value, WrongMembers), serde_json::Error> {
    let wrong = RefCell::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let whole = Node {
        place: &Place::Root,
        wrong: &wrong,
    };
    let value = whole.deserialize(&mut json)?;
    json.end()?;
    Ok((value, wrong.into_inner()))
}

/// Where a value lies. Written out only when it is told.
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Member(of, name) => format!("{}/{}", of.pointer(), escaped(name)),
            Place::Item(of, index) => format!("{}/{index}", of.pointer()),
        }
    }
}

/// A value at its place.
#[derive(Clone, Copy)]
struct Node<'a> {
    place: &'a Place<'a>,
    wrong: &'a RefCell<WrongMembers>,
}

impl Node<'_> {
    /// Notes a member that is not taken. Those beyond what an answer lists are counted by nobody: a pointer repeats the names
    /// above it, and so may be as long as the body each time.
    fn tell(&self, place: &Place<'_>, wrong: Wrong) {
        let mut told = self.wrong.borrow_mut();
        if told.len() <= FAULTS_MAX {
            told.insert(place.pointer(), wrong);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).map(Value::Number);
        number.ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let place = Place::Item(self.place, values.len());
            let item = Node {
                place: &place,
                wrong: self.wrong,
            };
            match items.next_element_seed(item)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = Place::Member(self.place, &name);
            let member = Node {
                place: &place,
                wrong: self.wrong,
            };
            let value = members.next_value_seed(member)?;
            if name == RAW_MEMBER {
                self.tell(&place, Wrong::Reserved);
            } else if values.contains_key(&name) {
                self.tell(&place, Wrong::Twice);
            } else {
                values.insert(name, value);
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault B8: at any depth, and names that are equal only once they are unescaped.
    #[test]
    fn members_given_twice_are_found_wherever_they_are() {
        for (json, expected) in [
            (r#"{"a":1,"b":2}"#, &[][..]),
            (r#"{"a":1,"b":2,"a":1}"#, &["/a"]),
            (r#"{"body":1,"bo\u0064y":2}"#, &["/body"]),
            (
                r#"{"fields":{"x":1,"x":2},"b":[{"c":1},{"c":1,"c":2}]}"#,
                &["/b/1/c", "/fields/x"],
            ),
            (r#"{"a":{"b":1},"a":{"b":1,"b":2}}"#, &["/a", "/a/b"]),
            (r#"{"a/b":1,"a~b":1,"a/b":1,"a~b":1}"#, &["/a~0b", "/a~1b"]),
            (r#"[{"":1,"":2}]"#, &["/0/"]),
            (r#"{"A":1,"a":2}"#, &[]),
        ] {
            let (_, wrong) = read(json.as_bytes()).unwrap();
            assert!(wrong.values().all(|why| *why == Wrong::Twice), "{json}");
            assert_eq!(wrong.into_keys().collect::<Vec<_>>(), expected, "{json}");
        }
    }

    /// It would be read as JSON of its own, whose members nobody has looked at.
    #[test]
    fn the_name_that_stands_for_raw_json_is_not_taken() {
        for (json, expected) in [
            (
                r#"{"$serde_json::private::RawValue":"{\"x\":1,\"x\":2}"}"#,
                "/$serde_json::private::RawValue",
            ),
            (
                r#"{"a":[{"\u0024serde_json::private::RawValue":1}]}"#,
                "/a/0/$serde_json::private::RawValue",
            ),
        ] {
            let (_, wrong) = read(json.as_bytes()).unwrap();
            assert_eq!(wrong, [(expected.to_owned(), Wrong::Reserved)].into(), "{json}");
        }
    }

    #[test]
    fn what_has_no_member_twice_is_read_as_ever() {
        for json in [
            r#"{"a":[1,-1,1.5,1e3,-0,18446744073709551615,"\ud83d\ude00",null,true,false],"b":{}}"#,
            "\"x\"",
            " [] ",
        ] {
            let expected: Value = serde_json::from_str(json).unwrap();
            assert_eq!(read(json.as_bytes()).unwrap().0, expected, "{json}");
        }
        for json in [
            "",
            "{",
            "{} {}",
            "1e999",
            "{\"a\":}",
            "\"\\ud800\"",
            &"[".repeat(200),
        ] {
            assert!(read(json.as_bytes()).is_err(), "{json}");
            assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
        }
    }
}
