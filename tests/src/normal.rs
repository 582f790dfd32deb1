//! Answers without what differs from run to run, so that whole values can be compared.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    home::{guichet, root},
    server::Server,
};

/// Members that hold a time of the server's clock.
const TIMES: [&str; 6] = [
    "at",
    "created_at",
    "updated_at",
    "closed_at",
    "requested_at",
    "decided_at",
];
/// Members that hold a digest under a secret or of random bytes.
const DIGESTS: [&str; 2] = ["command_digest", "blob_sha256"];

/// Replaces, in one value after another: an account's id by its user name, any other id by its number in the order of
/// appearance, a time of the server's clock by `<time>`, a position by its distance from where the story began.
#[derive(Debug, Clone)]
pub struct Normal {
    ids: BTreeMap<Uuid, String>,
    numbered: usize,
    begun_at: u64,
}

impl Normal {
    /// For a story that begins now, played by these accounts.
    #[must_use]
    pub fn beginning(server: &Server, accounts: &[&str]) -> Normal {
        let id = |name: &str| {
            let me = server.client(name).get("/v1/me").expect(200);
            (
                me["account"]["id"].as_str().unwrap().parse().unwrap(),
                format!("<{name}>"),
            )
        };
        let ids = accounts.iter().map(|name| id(name)).collect();
        Normal {
            ids,
            numbered: 0,
            begun_at: server.head(),
        }
    }

    /// The value, made comparable.
    ///
    /// # Panics
    /// When a member that holds a time, a digest or a position holds none.
    #[must_use]
    pub fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| (name.clone(), self.member(name, value));
                Value::Object(members.iter().map(member).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(item)).collect()),
            Value::String(text) => Value::String(self.text(text)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn member(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(text) if TIMES.contains(&name) => {
                assert!(
                    text.len() >= 20 && text.ends_with('Z') && text.starts_with("20"),
                    "{name} is {text}"
                );
                "<time>".into()
            }
            Value::String(text) if DIGESTS.contains(&name) => {
                assert!(
                    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    "{name} is {text}"
                );
                "<digest>".into()
            }
            Value::Number(position) if name == "position" => {
                let position = position.as_u64().unwrap();
                (position.checked_sub(self.begun_at).unwrap()).into()
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => self.value(value),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let Ok(id) = text.parse::<Uuid>() else {
            return text.to_owned();
        };
        let numbered = &mut self.numbered;
        let name = self.ids.entry(id).or_insert_with(|| {
            *numbered += 1;
            format!("<id {numbered}>")
        });
        name.clone()
    }
}

/// Compares a value with the one that `tests/expected/<name>.json` holds.
///
/// # Panics
/// As [`assert_holds`].
#[track_caller]
pub fn assert_expected(name: &str, found: &Value) {
    assert_holds(&root().join(format!("tests/expected/{name}.json")), found);
}

/// Compares a value with the one that a file holds.
///
/// # Panics
/// When they differ. The value found is written beside the build, to be compared by hand.
#[track_caller]
pub fn assert_holds(file: &Path, found: &Value) {
    let expected = fs::read_to_string(file)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if expected.as_ref() == Some(found) {
        return;
    }
    let kept = guichet().with_file_name("found");
    fs::create_dir_all(&kept).unwrap();
    let kept = kept.join(file.file_name().unwrap());
    fs::write(&kept, format!("{found:#}\n")).unwrap();
    panic!(
        "what was found is not what {} holds; it is kept in {}",
        file.display(),
        kept.display()
    );
}
