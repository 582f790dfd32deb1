//! Sealed values, read by a second implementation: this one shares nothing with the vault that wrote them but the
//! specification (libs/vault, "What is stored, for ever") and the primitives.

pub(crate) mod erased;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::scan::{self, json};

/// Bytes of a value key.
pub(crate) const VALUE_KEY_BYTES: usize = 32;
/// Bytes of a commitment.
const COMMITMENT_BYTES: usize = 32;
/// Its base64 without padding.
const COMMITMENT_CHARS: usize = 43;
/// Bytes of the smallest ciphertext: the letter that says what the plaintext is, and the tag.
const CIPHERTEXT_BYTES_MIN: usize = 1 + 16;
/// Objects and arrays inside each other, at most: the vault seals nothing deeper.
const DEPTH_MAX: usize = 100;

/// The keys of the values of one event, by pointer.
pub(crate) type ValueKeys = BTreeMap<String, [u8; VALUE_KEY_BYTES]>;

/// What is wrong with a sealed value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedFault {
    #[error("the sealed value at {pointer} has not the form of one: {what}")]
    Form { pointer: String, what: &'static str },
    #[error("what stands at {pointer} lies deeper than {DEPTH_MAX} levels")]
    Depth { pointer: String },
    #[error("the key disclosed for {pointer} does not open what is sealed there")]
    Ciphertext { pointer: String },
    #[error("the value disclosed at {pointer} does not fit its commitment")]
    Commitment { pointer: String },
    #[error("the plaintext at {pointer} is neither text nor JSON")]
    Plaintext { pointer: String },
    #[error("a key is disclosed for {pointer}, where nothing is sealed")]
    NothingThere { pointer: String },
}

impl SealedFault {
    /// Whether it lies with what was disclosed, rather than with what is stored.
    pub(crate) const fn is_of_disclosure(&self) -> bool {
        match self {
            SealedFault::Ciphertext { .. }
            | SealedFault::Commitment { .. }
            | SealedFault::Plaintext { .. }
            | SealedFault::NothingThere { .. } => true,
            SealedFault::Form { .. } | SealedFault::Depth { .. } => false,
        }
    }
}

/// What became of the sealed values of an event.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Values in sealed form.
    pub(crate) sealed: u64,
    /// Those of them that a disclosed key opened.
    pub(crate) opened: u64,
}

/// Puts in the place of every sealed value of an event's `data` what the domain reads: the value, where its key is
/// disclosed, else that it is erased, which is what a reader without its key can say of it. Both with the commitment.
///
/// `scratch` is a buffer for the bytes; its contents do not matter.
pub(crate) fn put_back(
    data: &mut Value,
    keys: &ValueKeys,
    scratch: &mut Vec<u8>,
) -> Result<Counted, SealedFault> {
    put_back_in(data, keys, true, scratch)
}

/// The same in an event whose type may not be known: there, what has not the form of a sealed value is passed over unless a key is
/// disclosed for it.
pub(crate) fn put_back_in(
    data: &mut Value,
    keys: &ValueKeys,
    is_known: bool,
    scratch: &mut Vec<u8>,
) -> Result<Counted, SealedFault> {
    let mut reading = Reading {
        keys,
        is_known,
        scratch,
        pointer: String::from("/data"),
        counted: Counted::default(),
    };
    reading.walk(data, 0)?;
    let counted = reading.counted;
    if counted.opened < keys.len() as u64 {
        // Told apart only now: going through the places again is for the rare case.
        return Err(SealedFault::NothingThere {
            pointer: keys
                .keys()
                .find(|pointer| !is_opened(data, pointer))
                .cloned()
                .unwrap_or_default(),
        });
    }
    Ok(counted)
}

fn is_opened(data: &Value, pointer: &str) -> bool {
    let below = pointer.strip_prefix("/data").unwrap_or(pointer);
    data.pointer(below)
        .and_then(|mark| mark.get("personal")?.get("value"))
        .is_some()
}

struct Reading<'r> {
    keys: &'r ValueKeys,
    is_known: bool,
    scratch: &'r mut Vec<u8>,
    pointer: String,
    counted: Counted,
}

impl Reading<'_> {
    fn walk(&mut self, value: &mut Value, depth: usize) -> Result<(), SealedFault> {
        if depth > DEPTH_MAX && self.is_known {
            return Err(SealedFault::Depth {
                pointer: self.pointer.clone(),
            });
        }
        if let Some(mark) = sealed_mark(value) {
            match self.read(mark) {
                Ok(read) => {
                    *value = read;
                    return Ok(());
                }
                Err(SealedFault::Form { .. }) if !self.is_known && !self.keys.contains_key(&self.pointer) => {
                }
                Err(fault) => return Err(fault),
            }
        }
        let length = self.pointer.len();
        match value {
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    if matches!(member, Value::Object(_) | Value::Array(_)) {
                        self.go_to(name);
                        self.walk(member, depth + 1)?;
                        self.pointer.truncate(length);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if matches!(item, Value::Object(_) | Value::Array(_)) {
                        self.go_to(&index.to_string());
                        self.walk(item, depth + 1)?;
                        self.pointer.truncate(length);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        Ok(())
    }

    /// RFC 6901 §3: `~` is written `~0`, `/` is written `~1`.
    fn go_to(&mut self, token: &str) {
        self.pointer.push('/');
        if token.contains(['~', '/']) {
            self.pointer
                .push_str(&token.replace('~', "~0").replace('/', "~1"));
        } else {
            self.pointer.push_str(token);
        }
    }

    fn read(&mut self, mark: &Map<String, Value>) -> Result<Value, SealedFault> {
        let form = |what| SealedFault::Form {
            pointer: self.pointer.clone(),
            what,
        };
        let text = |name| mark.get(name).and_then(Value::as_str);
        let (Some(subject), Some(commitment), Some(ciphertext)) =
            (text("subject"), text("commitment"), text("ciphertext"))
        else {
            return Err(form("subject, commitment and ciphertext are texts"));
        };
        if mark.len() != 4 {
            return Err(form("it has other members"));
        }
        let mark = Mark {
            v: mark.get("v").and_then(Value::as_u64).unwrap_or_default(),
            subject,
            commitment,
            ciphertext,
        };
        let (subject, committed) = mark.check(self.scratch).map_err(form)?;
        self.counted.sealed += 1;
        match self.keys.get(&self.pointer) {
            None => Ok(erased_mark(subject, commitment)),
            Some(key) => {
                let value = open(key, subject, &committed, self.scratch, &self.pointer)?;
                self.counted.opened += 1;
                Ok(json!({"personal": {"subject": subject, "value": value, "commitment": commitment}}))
            }
        }
    }
}

/// The four members of a mark.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark<'m> {
    v: u64,
    subject: &'m str,
    commitment: &'m str,
    ciphertext: &'m str,
}

impl Mark<'_> {
    /// The subject and the commitment; the ciphertext is left in `scratch`. Says what is wrong with its form.
    fn check(&self, scratch: &mut Vec<u8>) -> Result<(Uuid, [u8; COMMITMENT_BYTES]), &'static str> {
        if self.v != 1 {
            return Err("its v is not 1");
        }
        let Some(subject) = scan::written_uuid(self.subject.as_bytes()) else {
            return Err("the subject is not a UUID");
        };
        let mut committed = [0; COMMITMENT_BYTES];
        // The length first: what is longer would not fit.
        if self.commitment.len() != COMMITMENT_CHARS
            || STANDARD_NO_PAD.decode_slice_unchecked(self.commitment, &mut committed) != Ok(COMMITMENT_BYTES)
        {
            return Err("the commitment is not the base64 of 32 bytes");
        }
        scratch.clear();
        if STANDARD_NO_PAD.decode_vec(self.ciphertext, scratch).is_err()
            || scratch.len() < CIPHERTEXT_BYTES_MIN
        {
            return Err("the ciphertext is not the base64 of 17 bytes or more");
        }
        Ok((subject, committed))
    }
}

/// What the domain reads of a value whose key is not there.
fn erased_mark(subject: Uuid, commitment: &str) -> Value {
    json!({"personal": {"subject": subject, "erased": true, "commitment": commitment}})
}

/// The inside of a mark: the object under the only key `sealed`, when it has at least one of the telling members. Any
/// other object with that name is plain data.
fn sealed_mark(value: &Value) -> Option<&Map<String, Value>> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let inside = object.get("sealed")?.as_object()?;
    ["v", "subject", "commitment", "ciphertext"]
        .iter()
        .any(|name| inside.contains_key(*name))
        .then_some(inside)
}

/// Decrypts in place and holds the plaintext against the commitment.
fn open(
    key: &[u8; VALUE_KEY_BYTES],
    subject: Uuid,
    commitment: &[u8; COMMITMENT_BYTES],
    bytes: &mut Vec<u8>,
    pointer: &str,
) -> Result<Value, SealedFault> {
    let pointer = || pointer.to_owned();
    let Ok(prk) = Hkdf::<Sha256>::from_prk(key) else {
        unreachable!("32 bytes are as long as a PRK of SHA-256 must be");
    };
    let (mut encryption, mut committing) = ([0; 32], [0; 32]);
    let expanded = prk
        .expand(b"encrypt", &mut encryption)
        .and_then(|()| prk.expand(b"commit", &mut committing));
    let (Ok(()), Ok(mac)) = (expanded, Hmac::<Sha256>::new_from_slice(&committing)) else {
        unreachable!("32 bytes are a length that both take");
    };
    ChaCha20Poly1305::new(&encryption.into())
        .decrypt_in_place(&Nonce::default(), subject.as_bytes(), bytes)
        .map_err(|_invalid| SealedFault::Ciphertext { pointer: pointer() })?;
    mac.chain_update(&*bytes)
        .verify_slice(commitment)
        .map_err(|_invalid| SealedFault::Commitment { pointer: pointer() })?;
    let value = match bytes.split_first() {
        Some((b't', text)) => std::str::from_utf8(text).ok().map(Value::from),
        Some((b'j', text)) => json::check(text, json::PLAINTEXT_DEPTH_MAX)
            .and_then(|()| serde_json::from_slice(text))
            .ok(),
        Some(_) | None => None,
    };
    value.ok_or_else(|| SealedFault::Plaintext { pointer: pointer() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What another implementation sealed (`libs/vault/tests/fixtures/second_implementation.py`).
    fn fixture() -> Value {
        serde_json::from_str(include_str!("../../../libs/vault/tests/fixtures/event-v1.json")).unwrap()
    }

    fn keys(fixture: &Value) -> ValueKeys {
        let listed = fixture["value_keys"].as_array().unwrap();
        listed
            .iter()
            .map(|entry| {
                let mut key = [0; 32];
                hex::decode_to_slice(entry["value_key"].as_str().unwrap(), &mut key).unwrap();
                (entry["pointer"].as_str().unwrap().to_owned(), key)
            })
            .collect()
    }

    #[test]
    fn what_another_implementation_sealed_opens_with_its_value_keys() {
        let fixture = fixture();
        let keys = keys(&fixture);
        let mut data = fixture["sealed"].clone();
        let counted = put_back(&mut data, &keys, &mut Vec::new()).unwrap();
        assert_eq!((counted.sealed, counted.opened), (4, 4));
        forget_commitments(&mut data);
        assert_eq!(data, fixture["opened"]);
    }

    fn forget_commitments(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("commitment");
                members.values_mut().for_each(forget_commitments);
            }
            Value::Array(items) => items.iter_mut().for_each(forget_commitments),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn what_no_key_is_disclosed_for_reads_as_erased_with_its_commitment() {
        let fixture = fixture();
        let mut data = fixture["sealed"].clone();
        let counted = put_back(&mut data, &ValueKeys::new(), &mut Vec::new()).unwrap();
        assert_eq!((counted.sealed, counted.opened), (4, 0));
        let mark = json!({"personal": {
            "subject": "01900000-0000-7000-8000-000000000ada",
            "erased": true,
            "commitment": "q0F2VmmqtR2/QQf+7DIQUFZJitVa6QbJRrpSx1xj60E",
        }});
        assert_eq!(data["empty"], mark);
    }

    #[test]
    fn a_key_or_a_value_that_was_changed_does_not_open() {
        let fixture = fixture();
        let keys = keys(&fixture);
        let mut other = keys.clone();
        other.get_mut("/data/summary").unwrap()[0] ^= 1;
        let fault = put_back(&mut fixture["sealed"].clone(), &other, &mut Vec::new()).unwrap_err();
        assert!(matches!(fault, SealedFault::Ciphertext { .. }), "{fault}");

        let mut elsewhere = keys.clone();
        let key = elsewhere.remove("/data/summary").unwrap();
        elsewhere.insert("/data/title".to_owned(), key);
        let fault = put_back(&mut fixture["sealed"].clone(), &elsewhere, &mut Vec::new()).unwrap_err();
        assert!(matches!(fault, SealedFault::NothingThere { .. }), "{fault}");

        let mut data = fixture["sealed"].clone();
        data["summary"]["sealed"]["commitment"] = data["empty"]["sealed"]["commitment"].clone();
        let fault = put_back(&mut data, &keys, &mut Vec::new()).unwrap_err();
        assert!(matches!(fault, SealedFault::Commitment { .. }), "{fault}");
    }

    #[test]
    fn a_mark_of_another_form_is_refused_and_plain_data_of_that_name_is_not() {
        let good = fixture()["sealed"]["empty"]["sealed"].clone();
        let read = |change: &dyn Fn(&mut Value)| {
            let mut mark = good.clone();
            change(&mut mark);
            put_back(
                &mut json!({ "a": { "sealed": mark } }),
                &ValueKeys::new(),
                &mut Vec::new(),
            )
        };
        assert!(read(&|_| {}).is_ok());
        for (name, value) in [
            ("v", json!(2)),
            ("subject", json!("ada")),
            ("commitment", json!("q0F2")),
            ("commitment", json!("q0F2VmmqtR2/QQf+7DIQUFZJitVa6QbJRrpSx1xj60F")),
            ("ciphertext", json!("Zkzo34bn6vRdkh/K7p8k0Q==")),
            ("ciphertext", json!("Zkzo")),
            ("more", json!(1)),
        ] {
            assert!(
                read(&|mark| mark[name] = value.clone()).is_err(),
                "{name} {value}"
            );
        }
        let mut plain = json!({"sealed": {"other": 1}});
        assert_eq!(
            put_back(&mut plain, &ValueKeys::new(), &mut Vec::new()).unwrap(),
            Counted::default()
        );
    }
}
