//! The form of an evidence bundle (docs/audit-format.md §5).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use transparency::Hash;

use crate::scan::{NUMBER_MAX, json};
use crate::sealed::{VALUE_KEY_BYTES, ValueKeys};

/// The only form there is.
pub(super) const FORM: u64 = 1;

/// The document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle<'d> {
    pub(super) guichet_bundle: u64,
    pub(super) origin: String,
    pub(super) ticket: String,
    pub(super) checkpoint: String,
    #[serde(borrow)]
    pub(super) keys: Vec<&'d RawValue>,
    #[serde(borrow)]
    pub(super) events: Vec<&'d RawValue>,
    #[serde(borrow)]
    pub(super) accounts: Vec<&'d RawValue>,
}

impl Bundle<'_> {
    /// Reads the document; what its entries are is asked for one by one.
    pub(super) fn read(document: &[u8]) -> Result<Bundle<'_>, serde_json::Error> {
        json::check_object(document, json::JSON_DEPTH_MAX)?;
        serde_json::from_slice(document)
    }
}

/// One event, shown or redacted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) position: u64,
    #[serde(default, deserialize_with = "present")]
    pub(super) event: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) leaf: Option<String>,
    pub(super) proof: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) values: Option<BTreeMap<String, String>>,
}

/// A member that is left out is absent; one that is there is not `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Where an entry stands, when nothing else of it can be read.
#[derive(Deserialize)]
struct Placed {
    position: u64,
}

/// What an entry is.
pub(super) enum Kind<'e> {
    /// The stored bytes, and the keys disclosed for its values.
    Shown(&'e str, ValueKeys),
    /// The leaf hash.
    Redacted(Hash),
}

impl Entry {
    /// Reads an entry of a document that was checked; its position, as far as it has one, and what is wrong with it.
    pub(super) fn read(entry: &RawValue) -> Result<Entry, (u64, serde_json::Error)> {
        let is_position = |position: &u64| (1..=NUMBER_MAX).contains(position);
        let text = entry.get();
        let read = if text.starts_with('{') {
            serde_json::from_str::<Entry>(text)
        } else {
            Err(serde_json::Error::custom("it is not an object"))
        };
        let fault = match read {
            Ok(entry) if is_position(&entry.position) => return Ok(entry),
            Ok(_) => serde_json::Error::custom("its position is not one"),
            Err(error) => error,
        };
        let placed = serde_json::from_str::<Placed>(text);
        let position = placed.ok().map(|placed| placed.position).filter(is_position);
        Err((position.unwrap_or_default(), fault))
    }

    /// What it is; its faults in words.
    pub(super) fn kind(&self) -> Result<Kind<'_>, String> {
        match (&self.event, &self.leaf, &self.values) {
            (Some(event), None, values) => {
                let keys = values.iter().flatten().map(|(pointer, key)| {
                    let key = value_key(key).ok_or_else(|| {
                        format!("the value key of {pointer} is not the base64 of {VALUE_KEY_BYTES} bytes")
                    });
                    key.map(|key| (pointer.clone(), key))
                });
                Ok(Kind::Shown(event, keys.collect::<Result<_, String>>()?))
            }
            (None, Some(leaf), None) => {
                let leaf = leaf
                    .parse()
                    .map_err(|error| format!("the leaf is not a hash: {error}"))?;
                Ok(Kind::Redacted(leaf))
            }
            (None, Some(_), Some(_)) => Err("a redacted event has no values".to_owned()),
            (Some(_), Some(_), _) | (None, None, _) => {
                Err("an entry has either an event or a leaf".to_owned())
            }
        }
    }

    /// The inclusion proof.
    pub(super) fn path(&self) -> Result<Vec<Hash>, String> {
        let hashes = self.proof.iter().map(|hash| hash.parse::<Hash>());
        hashes
            .collect::<Result<_, _>>()
            .map_err(|error| format!("the proof is not a list of hashes: {error}"))
    }
}

fn value_key(text: &str) -> Option<[u8; VALUE_KEY_BYTES]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
