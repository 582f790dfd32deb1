//! Logs made by hand, event by event: nothing here is the application's writing code.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use chrono::{DateTime, Utc};
use event_log::Position;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use transparency::{Checkpoint, MemoryTree, Origin, SigningKey, leaf_hash, prove_inclusion};
use uuid::Uuid;

/// The log that is made here.
pub(crate) const ORIGIN: &str = "guichet.example/log";
/// Microseconds between two events.
const STEP_MICROS: i64 = 61_000_000;

/// The first key of the log, always the same.
pub(crate) fn key(number: u8) -> SigningKey {
    key_of(ORIGIN, number)
}

/// A key of a log.
pub(crate) fn key_of(origin: &str, number: u8) -> SigningKey {
    SigningKey::new(origin.parse::<Origin>().unwrap(), &[number; 32])
}

/// The account with this number.
pub(crate) fn account(number: u64) -> Uuid {
    Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 | u128::from(number))
}

/// A stored event, in the parts that tests take apart.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) stream: String,
    pub(crate) stored: String,
    /// Value keys by pointer.
    pub(crate) values: Vec<(String, [u8; 32])>,
}

/// A log in the making.
pub(crate) struct Maker {
    versions: HashMap<String, u64>,
    made: u64,
    at_micros: i64,
    pub(crate) step_micros: i64,
}

impl Maker {
    pub(crate) fn new() -> Maker {
        Maker {
            versions: HashMap::new(),
            made: 0,
            at_micros: 1_767_254_400_000_000,
            step_micros: STEP_MICROS,
        }
    }

    /// The next event of a stream; personal values in `data` are sealed.
    pub(crate) fn event(&mut self, stream: &str, event_type: &str, by: Uuid, mut data: Value) -> Made {
        self.made += 1;
        self.at_micros += self.step_micros;
        let version = self.versions.entry(stream.to_owned()).or_default();
        *version += 1;
        let at = DateTime::<Utc>::from_timestamp_micros(self.at_micros).unwrap();
        let millis = u128::try_from(self.at_micros / 1000).unwrap();
        let id = Uuid::from_u128(millis << 80 | 0x7000_8000_0000_0000_0000 | u128::from(self.made));
        let mut values = Vec::new();
        seal_marks(&mut data, id, &mut String::from("/data"), &mut values);
        let command = Uuid::from_u128(u128::from(self.made) << 64 | 0x5000_8000_0000_0000_0001);
        let digest = hex::encode(Sha256::digest(command.as_bytes()));
        let mut stored = String::with_capacity(900);
        write!(
            stored,
            r#"{{"id":"{id}","stream":"{stream}","version":{version},"type":"{event_type}","at":"{}","by":"{by}","channel":"rest","command_id":"{command}","command_digest":"{digest}","correlation_id":"{command}","data":{data}}}"#,
            at.format("%Y-%m-%dT%H:%M:%S%.6fZ"),
        )
        .unwrap();
        Made {
            stream: stream.to_owned(),
            stored,
            values,
        }
    }
}

fn seal_marks(value: &mut Value, event: Uuid, pointer: &mut String, keys: &mut Vec<(String, [u8; 32])>) {
    let length = pointer.len();
    if let Some(personal) = value
        .get("personal")
        .filter(|personal| personal.get("subject").is_some())
    {
        let subject: Uuid = personal["subject"].as_str().unwrap().parse().unwrap();
        // Any 32 bytes serve as a value key; these are the same in every run.
        let key: [u8; 32] = Sha256::new()
            .chain_update("value key")
            .chain_update(event)
            .chain_update(&*pointer)
            .finalize()
            .into();
        *value = seal(&key, subject, &personal["value"]);
        keys.push((pointer.clone(), key));
    } else if let Value::Object(members) = value {
        for (name, member) in members {
            pointer.push('/');
            pointer.push_str(name);
            seal_marks(member, event, pointer, keys);
            pointer.truncate(length);
        }
    }
}

/// The sealed form, written from its specification.
fn seal(key: &[u8; 32], subject: Uuid, value: &Value) -> Value {
    let bytes = match value {
        Value::String(text) => format!("t{text}").into_bytes(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            format!("j{value}").into_bytes()
        }
    };
    seal_bytes(key, subject, bytes)
}

/// The same for any plaintext.
pub(crate) fn seal_bytes(key: &[u8; 32], subject: Uuid, mut bytes: Vec<u8>) -> Value {
    let prk = Hkdf::<Sha256>::from_prk(key).unwrap();
    let (mut encryption, mut committing) = ([0; 32], [0; 32]);
    prk.expand(b"encrypt", &mut encryption).unwrap();
    prk.expand(b"commit", &mut committing).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&committing).unwrap();
    let commitment = mac.chain_update(&bytes).finalize().into_bytes();
    ChaCha20Poly1305::new(&encryption.into())
        .encrypt_in_place(&Nonce::default(), subject.as_bytes(), &mut bytes)
        .unwrap();
    json!({"sealed": {
        "v": 1,
        "subject": subject,
        "commitment": STANDARD_NO_PAD.encode(commitment),
        "ciphertext": STANDARD_NO_PAD.encode(bytes),
    }})
}

/// A value that belongs to the holder of an account.
pub(crate) fn personal(number: u64, value: impl Into<Value>) -> Value {
    json!({"personal": {"subject": account(number), "value": value.into()}})
}

/// What a log starts with: epoch, key, an organization, the desk SUP, three accounts. Eight events.
pub(crate) fn beginning(maker: &mut Maker) -> Vec<Made> {
    let system = Uuid::nil();
    let mut made = vec![
        maker.event(
            "log",
            "log-epoch-begun.v1",
            system,
            json!({"epoch": 0, "origin": ORIGIN}),
        ),
        maker.event(
            "log",
            "log-key-enrolled.v1",
            system,
            json!({"key": key(1).verifier().to_string()}),
        ),
        maker.event(
            "organization-commune-a",
            "organization-created.v1",
            system,
            json!({"id": "commune-a", "name": "Commune A"}),
        ),
    ];
    for desk in domain::desk::shipped()
        .unwrap()
        .iter()
        .filter(|desk| desk.definition().key.as_str() == "SUP")
    {
        let event = domain::Event::Desk(domain::desk::DeskEvent::Published {
            definition: Box::new(desk.definition().clone()),
        });
        let (event_type, data) = event.encode().unwrap();
        made.push(maker.event("desk-SUP", event_type, system, data));
    }
    for (number, name) in [(1, "Ada Requester"), (2, "Alan Agent"), (3, "Grace Agent")] {
        let data = json!({
            "kind": "person",
            "username": personal(number, format!("user-{number}")),
            "name": personal(number, name),
            "language": "fr",
        });
        made.push(maker.event(
            &format!("account-{}", account(number)),
            "account-created.v1",
            system,
            data,
        ));
    }
    made.push(maker.event(
        &format!("account-{}", account(2)),
        "account-password-set.v1",
        system,
        json!({"hash": personal(2, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")}),
    ));
    made
}

/// What a ticket's attached file holds.
pub(crate) const ATTACHED: &[u8] = b"%PDF-1.7 a bill\n";

const WORDS: &str = "L'imprimante du secrétariat ne répond plus depuis ce matin : le voyant clignote, et les travaux \
     restent dans la file d'attente. Je l'ai déjà éteinte et rallumée deux fois, sans effet.";

/// The life of a ticket: ten events.
pub(crate) fn ticket(maker: &mut Maker, number: u64) -> Vec<Made> {
    let (ada, alan) = (account(1), account(2));
    let stream = format!("SUP-{number}");
    let id = |offset: u64| Uuid::from_u128(u128::from(number) << 16 | u128::from(offset));
    let said = |side: &str, visibility: &str, who: u64, offset: u64, words: &str| json!({"side": side, "comment": id(offset), "visibility": visibility, "body": personal(who, words)});
    let summary = format!("Imprimante {number} muette");
    let events = [
        (
            "ticket-opened.v1",
            ada,
            json!({
                "side": "requester", "desk": "SUP", "desk_version": 1, "type": "question",
                "summary": personal(1, summary), "description": personal(1, WORDS), "status": "open",
                "priority": "normal", "urgency": "medium", "requester": ada, "organization": "commune-a",
                "private": false, "notify": true,
            }),
        ),
        (
            "ticket-commented.v1",
            ada,
            said("requester", "public", 1, 1, WORDS),
        ),
        (
            "ticket-assigned.v1",
            alan,
            json!({"side": "agent", "assignee": alan}),
        ),
        (
            "ticket-transitioned.v1",
            alan,
            json!({"side": "agent", "action": "take", "from": "open", "to": "in_progress"}),
        ),
        (
            "ticket-commented.v1",
            alan,
            said("agent", "internal", 2, 2, "Même panne que la semaine dernière."),
        ),
        ("ticket-commented.v1", alan, said("agent", "public", 2, 3, WORDS)),
        (
            "ticket-attached.v1",
            ada,
            json!({
                "side": "requester", "attachment": id(4), "subject": ada, "name": personal(1, "facture.pdf"),
                "size": ATTACHED.len(), "media_type": "application/pdf",
                "content_sha256": personal(1, hex::encode(Sha256::digest(ATTACHED))),
                "blob": hex::encode(id(4)), "blob_sha256": hex::encode(Sha256::digest(id(4))),
            }),
        ),
        (
            "ticket-edited.v1",
            alan,
            json!({"side": "agent", "priority": "high"}),
        ),
        (
            "ticket-commented.v1",
            ada,
            said("requester", "public", 1, 5, WORDS),
        ),
        (
            "ticket-transitioned.v1",
            alan,
            json!({"side": "agent", "action": "resolve", "from": "in_progress", "to": "resolved"}),
        ),
    ];
    events
        .into_iter()
        .map(|(event_type, by, data)| maker.event(&stream, event_type, by, data))
        .collect()
}

/// A signed checkpoint over the first events.
pub(crate) fn checkpoint<'e>(
    events: impl IntoIterator<Item = &'e str>,
    origin: &str,
    key: &SigningKey,
) -> String {
    let tree: MemoryTree = events
        .into_iter()
        .map(|stored| leaf_hash(stored.as_bytes()))
        .collect();
    let checkpoint = Checkpoint {
        origin: origin.parse().unwrap(),
        size: tree.size(),
        root: tree.root(),
    };
    checkpoint.sign(key).unwrap()
}

/// The digest of the queue, by the views' own fold.
pub(crate) fn queue_digest<'e>(events: impl IntoIterator<Item = &'e str>) -> String {
    let mut queue = views::digest::Offline::new(std::sync::Arc::new(|_, data: &mut Value| {
        erase(data);
        Ok(())
    }));
    for (stored, position) in events.into_iter().zip(1..) {
        queue.fold(Position(position), &serde_json::from_str(stored).unwrap());
    }
    assert_eq!(queue.skipped(), 0);
    queue.finish().unwrap()
}

fn erase(value: &mut Value) {
    if let Some(sealed) = value.get("sealed").filter(|sealed| sealed.get("v").is_some()) {
        *value = json!({"personal": {
            "subject": sealed["subject"], "erased": true, "commitment": sealed["commitment"],
        }});
    } else if let Value::Object(members) = value {
        members.values_mut().for_each(erase);
    }
}

/// The lines of an export.
pub(crate) fn lines(events: &[String], note: &str, digest: &str) -> Vec<String> {
    let mut lines = vec![format!(
        r#"{{"guichet_export":1,"origin":"{ORIGIN}","first":1,"last":{}}}"#,
        events.len()
    )];
    lines.extend(
        events
            .iter()
            .zip(1..)
            .map(|(stored, position)| format!(r#"{{"position":{position},"event":{stored}}}"#)),
    );
    lines.push(ending(note, digest));
    lines
}

/// The last line.
pub(crate) fn ending(note: &str, digest: &str) -> String {
    format!(
        r#"{{"checkpoint":{},"digests":{{"queue":"{digest}"}}}}"#,
        Value::from(note)
    )
}

/// The file.
pub(crate) fn file(lines: &[String]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_bytes(), b"\n"].concat())
        .collect()
}

/// An evidence bundle of a ticket: everything disclosed but the internal notes, which are left out.
pub(crate) fn bundle(events: &[Made], ticket: &str) -> Value {
    let tree: MemoryTree = events
        .iter()
        .map(|made| leaf_hash(made.stored.as_bytes()))
        .collect();
    let note = checkpoint(events.iter().map(|made| made.stored.as_str()), ORIGIN, &key(1));
    let entry = |index: usize, pointers: &[&str]| {
        let made = &events[index];
        let proof =
            prove_inclusion(index as u64, tree.size(), |level, range| tree.read(level, range)).unwrap();
        let proof: Vec<String> = proof.iter().map(ToString::to_string).collect();
        if made.stored.contains(r#""visibility":"internal""#) {
            let leaf = leaf_hash(made.stored.as_bytes()).to_string();
            return json!({"position": index + 1, "leaf": leaf, "proof": proof});
        }
        let values: serde_json::Map<String, Value> = made
            .values
            .iter()
            .filter(|(pointer, _)| pointers.is_empty() || pointers.contains(&pointer.as_str()))
            .map(|(pointer, key)| (pointer.clone(), STANDARD.encode(key).into()))
            .collect();
        json!({"position": index + 1, "event": made.stored, "proof": proof, "values": values})
    };
    let of = |stream: &dyn Fn(&Made) -> bool, pointers: &[&str]| -> Vec<Value> {
        let chosen = events.iter().enumerate().filter(|(_, made)| stream(made));
        chosen.map(|(index, _)| entry(index, pointers)).collect()
    };
    json!({
        "guichet_bundle": 1,
        "origin": ORIGIN,
        "ticket": ticket,
        "checkpoint": note,
        "keys": of(&|made| made.stream == "log", &[]),
        "events": of(&|made| made.stream == ticket, &[]),
        "accounts": of(&|made| made.stored.contains("account-created.v1"), &["/data/name"]),
    })
}
