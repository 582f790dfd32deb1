//! A small log with everything that docs/audit-format.md speaks of, its export, an older checkpoint, and a bundle.

use serde_json::{Value, json};
use transparency::{
    Checkpoint, Hash, MemoryTree, Origin, SigningKey, endorse, leaf_hash, prove_inclusion, root_at,
};

/// The name of the sample's log.
pub(crate) const ORIGIN: &str = "guichet.example/log";
/// Where the older checkpoint was made, before the key was changed.
pub(crate) const OLDER_SIZE: u64 = 5;

const RITA: &str = "0195a000-0000-7000-8000-00000000000a";
const ACCOUNT: &str = "account-0195a000-0000-7000-8000-00000000000a";
const AXEL: &str = "0195a000-0000-7000-8000-00000000000b";
const SYSTEM: &str = "0195a000-0000-7000-8000-000000000001";

/// The sample.
pub(crate) struct Sample {
    /// The stored bytes of its events, as text.
    pub(crate) events: Vec<String>,
    /// The tree over them.
    pub(crate) tree: MemoryTree,
    /// The keys, the newest last.
    pub(crate) keys: [SigningKey; 2],
    values: Value,
}

/// What an event of the sample has of its own.
struct Told<'t> {
    stream: &'t str,
    version: u64,
    event_type: &'t str,
    by: &'t str,
    data: String,
}

impl Sample {
    /// The same at every call.
    pub(crate) fn new() -> Sample {
        let origin: Origin = ORIGIN.parse().unwrap();
        let keys = [7, 8].map(|secret| SigningKey::new(origin.clone(), &[secret; 32]));
        let values: Value = serde_json::from_str(include_str!("../fixtures/sealed-values-v1.json")).unwrap();
        let events: Vec<String> = (1..)
            .zip(told(&keys, &values))
            .map(|(at, told)| stored(at, &told))
            .collect();
        let tree = events.iter().map(|event| leaf_hash(event.as_bytes())).collect();
        Sample {
            events,
            tree,
            keys,
            values,
        }
    }

    /// The signed checkpoint of a size, by the key that was the newest one then.
    pub(crate) fn checkpoint(&self, size: u64) -> String {
        let checkpoint = Checkpoint {
            origin: ORIGIN.parse().unwrap(),
            size,
            root: root_at(size, |level, range| self.tree.read(level, range)).unwrap(),
        };
        checkpoint.sign(&self.keys[usize::from(size >= 8)]).unwrap()
    }

    /// The export of the whole log.
    pub(crate) fn export(&self) -> String {
        let last = self.events.len();
        let mut export =
            format!("{{\"guichet_export\":1,\"origin\":\"{ORIGIN}\",\"first\":1,\"last\":{last}}}\n");
        for (position, event) in (1..).zip(&self.events) {
            export += &format!("{{\"position\":{position},\"event\":{event}}}\n");
        }
        let note = Value::from(self.checkpoint(self.tree.size()));
        export
            + &format!(
                "{{\"checkpoint\":{note},\"digests\":{{\"queue\":\"{}\"}}}}\n",
                "0a".repeat(32)
            )
    }

    /// The bundle of `SUP-1`, for its requester: the internal note is left out.
    pub(crate) fn bundle(&self) -> Value {
        json!({
            "guichet_bundle": 1,
            "origin": ORIGIN,
            "ticket": "SUP-1",
            "checkpoint": self.checkpoint(self.tree.size()),
            "keys": [self.entry(1, &[]), self.entry(2, &[]), self.entry(8, &[])],
            "events": [
                self.entry(4, &[("/data/summary", "summary"), ("/data/fields/a~1b/m~0n", "field")]),
                self.redacted(5),
                self.entry(7, &[("/data/body", "body")]),
                self.entry(9, &[]),
            ],
            "accounts": [self.entry(3, &[("/data/name", "name")])],
        })
    }

    fn entry(&self, position: u64, disclosed: &[(&str, &str)]) -> Value {
        let values: serde_json::Map<String, Value> = disclosed
            .iter()
            .map(|(pointer, name)| ((*pointer).to_owned(), self.values[*name]["value_key"].clone()))
            .collect();
        let event = &self.events[position as usize - 1];
        json!({"position": position, "event": event, "proof": self.proof(position), "values": values})
    }

    fn redacted(&self, position: u64) -> Value {
        let leaf = leaf_hash(self.events[position as usize - 1].as_bytes());
        json!({"position": position, "leaf": leaf.to_string(), "proof": self.proof(position)})
    }

    fn proof(&self, position: u64) -> Vec<String> {
        let read = |level, range| self.tree.read(level, range);
        let proof = prove_inclusion(position - 1, self.tree.size(), read).unwrap();
        proof.iter().map(Hash::to_string).collect()
    }
}

fn told(keys: &[SigningKey; 2], values: &Value) -> [Told<'static>; 9] {
    let sealed = |name: &str| values[name]["sealed"].as_str().unwrap().to_owned();
    let [first, second] = keys.each_ref().map(|key| key.verifier());
    let word = format!(
        r#"{{"by":"{first}","signature":"{}"}}"#,
        endorse(&keys[0], second)
    );
    let (name, username) = (sealed("name"), sealed("username"));
    let account = format!(r#"{{"kind":"person","language":"fr","name":{name},"username":{username}}}"#);
    let (field, summary) = (sealed("field"), sealed("summary"));
    let fields = format!(r#"{{"a/b":{{"m~n":{field}}}}}"#);
    let opened = format!(r#"{{"desk":"SUP","fields":{fields},"requester":"{RITA}","summary":{summary}}}"#);
    let other = format!(r#"{{"desk":"SUP","requester":"{RITA}"}}"#);
    let note = format!(r#"{{"body":{},"visibility":"internal"}}"#, sealed("note"));
    let comment = format!(r#"{{"body":{},"visibility":"public"}}"#, sealed("body"));
    let transitioned = r#"{"action":"résoudre","to":"closed"}"#.to_owned();
    let epoch = format!(r#"{{"epoch":0,"origin":"{ORIGIN}"}}"#);
    let enrolled = format!(r#"{{"key":"{first}"}}"#);
    let changed = format!(r#"{{"key":"{second}","endorsement":{word}}}"#);
    [
        ("log", 1, "log-epoch-begun.v1", SYSTEM, epoch),
        ("log", 2, "log-key-enrolled.v1", SYSTEM, enrolled),
        (ACCOUNT, 1, "account-created.v1", SYSTEM, account),
        ("SUP-1", 1, "ticket-opened.v1", RITA, opened),
        ("SUP-1", 2, "ticket-commented.v1", AXEL, note),
        ("SUP-2", 1, "ticket-opened.v1", RITA, other),
        ("SUP-1", 3, "ticket-commented.v1", AXEL, comment),
        ("log", 3, "log-key-enrolled.v1", SYSTEM, changed),
        ("SUP-1", 4, "ticket-transitioned.v1", AXEL, transitioned),
    ]
    .map(|(stream, version, event_type, by, data)| Told {
        stream,
        version,
        event_type,
        by,
        data,
    })
}

fn stored(position: u64, told: &Told<'_>) -> String {
    let Told {
        stream,
        version,
        event_type,
        by,
        data,
    } = told;
    let digest = format!("{position:02x}").repeat(32);
    let optional = if position.is_multiple_of(2) {
        format!(r#""occurred_at":"2026-03-01T09:29:0{position}.500000Z","#)
    } else {
        String::new()
    };
    format!(
        r#"{{"id":"0195a000-0000-7000-8000-0000000e{position:04}","stream":"{stream}","version":{version},"type":"{event_type}","at":"2026-03-01T09:30:0{position}.000000Z",{optional}"by":"{by}","channel":"rest","command_id":"0195a000-0000-5000-8000-0000000c{position:04}","command_digest":"{digest}","correlation_id":"0195a000-0000-5000-8000-0000000c{position:04}","data":{data}}}"#
    )
}
