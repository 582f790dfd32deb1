//! The form of an evidence bundle (docs/audit-format.md §5).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use transparency::Hash;

use crate::sealed::{VALUE_KEY_BYTES, ValueKeys};

/// The only form there is.
pub(super) const FORM: u64 = 1;

/// The document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle {
    pub(super) guichet_bundle: u64,
    pub(super) origin: String,
    pub(super) ticket: String,
    pub(super) checkpoint: String,
    pub(super) keys: Vec<Entry>,
    pub(super) events: Vec<Entry>,
    pub(super) accounts: Vec<Entry>,
}

/// One event, shown or redacted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) position: u64,
    #[serde(default)]
    pub(super) event: Option<String>,
    #[serde(default)]
    pub(super) leaf: Option<String>,
    pub(super) proof: Vec<String>,
    #[serde(default)]
    pub(super) values: Option<BTreeMap<String, String>>,
}

/// What an entry is.
pub(super) enum Kind<'e> {
    /// The stored bytes, and the keys disclosed for its values.
    Shown(&'e str, ValueKeys),
    /// The leaf hash.
    Redacted(Hash),
}

impl Entry {
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
