//! Values that belong to a person.
//!
//! An event that carries one is serialized with a mark, `{"personal": {"subject": …, "value": …}}`; what stores the
//! event replaces every mark by its sealed form, and puts the mark back when it is read. A value whose person has
//! been erased reads `{"personal": {"subject": …, "erased": true}}` (design §6.1). Who digests what it reads asks for
//! marks with a third member, `commitment`, copied from the sealed form.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::PersonId;

/// What stands for a value in its sealed form, whoever can read it: equal before and after an erasure, and nothing that
/// the value could be guessed from (design §6.1). Digests of views name it in place of the value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(pub Box<str>);

/// A value sealed under the key of one person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Personal<T> {
    /// Whose value it is: who can have it erased.
    pub subject: PersonId,
    /// The value, or `None` once the person has been erased.
    pub value: Option<T>,
    /// The commitment of the sealed form it was read from, for those who ask for it; never written.
    pub commitment: Option<Commitment>,
}

impl<T> Personal<T> {
    /// A value in clear, to be sealed for its subject.
    pub fn new(subject: PersonId, value: T) -> Self {
        Self {
            subject,
            value: Some(value),
            commitment: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark<T> {
    personal: Inside<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inside<T> {
    subject: PersonId,
    #[serde(
        skip_serializing_if = "Option::is_none",
        default = "none",
        deserialize_with = "present",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    value: Option<T>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    erased: bool,
    #[serde(skip_serializing, default)]
    commitment: Option<Commitment>,
}

fn none<T>() -> Option<T> {
    None
}

/// A member that is there is a value, even when it is null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Mark {
            personal: Inside {
                subject: self.subject,
                value: self.value.as_ref(),
                erased: self.value.is_none(),
                commitment: None,
            },
        }
        .serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mark = Mark::<T>::deserialize(deserializer)?;
        let Inside {
            subject,
            value,
            erased,
            commitment,
        } = mark.personal;
        if value.is_none() != erased {
            return Err(serde::de::Error::custom(
                "a personal value is either there or erased",
            ));
        }
        Ok(Self {
            subject,
            value,
            commitment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn a_personal_value_is_marked_and_an_erased_one_says_so() {
        let subject = PersonId(Uuid::from_u128(7));
        let there = Personal::new(subject, "Ada".to_owned());
        let mark = json!({"personal": {"subject": subject, "value": "Ada"}});
        assert_eq!(serde_json::to_value(&there).unwrap(), mark);
        assert_eq!(serde_json::from_value::<Personal<String>>(mark).unwrap(), there);

        let gone = Personal::<String> {
            subject,
            value: None,
            commitment: None,
        };
        let mark = json!({"personal": {"subject": subject, "erased": true}});
        assert_eq!(serde_json::to_value(&gone).unwrap(), mark);
        assert_eq!(serde_json::from_value::<Personal<String>>(mark).unwrap(), gone);
    }

    #[test]
    fn a_commitment_is_read_and_never_written() {
        let subject = PersonId(Uuid::from_u128(7));
        let mark = json!({"personal": {"subject": subject, "erased": true, "commitment": "AAAA"}});
        let read = serde_json::from_value::<Personal<String>>(mark).unwrap();
        assert_eq!(read.commitment, Some(Commitment("AAAA".into())));
        let written = json!({"personal": {"subject": subject, "erased": true}});
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
    }

    #[test]
    fn null_is_a_value_where_the_type_has_it_and_none_where_it_has_not() {
        let null = Personal::new(PersonId(Uuid::from_u128(7)), serde_json::Value::Null);
        let mark = serde_json::to_value(&null).unwrap();
        assert_eq!(
            serde_json::from_value::<Personal<serde_json::Value>>(mark.clone()).unwrap(),
            null
        );
        assert!(serde_json::from_value::<Personal<String>>(mark).is_err());
    }

    #[test]
    fn a_mark_with_other_members_is_refused() {
        let subject = Uuid::nil();
        for mark in [
            json!({"personal": {"subject": subject, "value": "a", "erased": true}}),
            json!({"personal": {"subject": subject, "value": "a", "other": 1}}),
            json!({"personal": {"subject": subject, "value": "a"}, "other": 1}),
        ] {
            assert!(
                serde_json::from_value::<Personal<String>>(mark.clone()).is_err(),
                "{mark}"
            );
        }
    }

    #[test]
    fn a_mark_with_neither_value_nor_erasure_is_refused() {
        let mark = json!({"personal": {"subject": Uuid::nil()}});
        assert!(serde_json::from_value::<Personal<String>>(mark).is_err());
    }
}
