//! Where a page ended, as an opaque text.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::QueueQuery;

/// Longest cursor that is read, bytes. One holds a key of a summary at most, 255 characters.
const CURSOR_BYTES_MAX: usize = 8 * 1024;
/// Bytes of the query's digest that a cursor carries.
const DIGEST_BYTES: usize = 8;

/// The last row of a page: the values it was sorted by, its id, and of which query it was. On the wire: base64url,
/// without padding, of `{"v": […], "id": …, "of": …}`. It is no secret and grants nothing: every page is filtered by
/// what its viewer may see. Sort values may be personal (a summary, a name), as the page's rows are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) values: Vec<Value>,
    pub(crate) id: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: Vec<Json>,
    id: i64,
    of: String,
}

impl Cursor {
    /// The cursor as text, bound to a query.
    pub(crate) fn encode(&self, query: &QueueQuery) -> String {
        let json = |value: &Value| match value {
            Value::Integer(number) => Json::from(*number),
            Value::Text(text) => Json::from(text.as_str()),
            // No column that is sorted by has the last two.
            Value::Null | Value::Real(_) | Value::Blob(_) => Json::Null,
        };
        let wire = Wire {
            v: self.values.iter().map(json).collect(),
            id: self.id,
            of: digest(query),
        };
        URL_SAFE_NO_PAD.encode(serde_json::json!(wire).to_string())
    }

    /// Reads a cursor of the same query; `None` when it is damaged or of another.
    pub(crate) fn decode(text: &str, query: &QueueQuery) -> Option<Cursor> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let wire: Wire = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        if wire.of != digest(query) {
            return None;
        }
        let value = |json: Json| match json {
            Json::Null => Some(Value::Null),
            Json::Number(number) => number.as_i64().map(Value::Integer),
            Json::String(text) => Some(Value::Text(text)),
            Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        };
        Some(Cursor {
            values: wire.v.into_iter().map(value).collect::<Option<_>>()?,
            id: wire.id,
        })
    }
}

/// Tells queries apart by what decides which rows come in which order. How many rows a page has and which fields it
/// shows may change from page to page.
fn digest(query: &QueueQuery) -> String {
    let of = QueueQuery {
        cursor: None,
        limit: 0,
        fields: Vec::new(),
        ..query.clone()
    };
    // The debug form of plain data names every member and value; another build that has it otherwise refuses the
    // cursors of the build before, which is what a change of the query's shape should do.
    let hash = Sha256::digest(format!("{of:?}"));
    URL_SAFE_NO_PAD.encode(hash.get(..DIGEST_BYTES).unwrap_or(&hash))
}
