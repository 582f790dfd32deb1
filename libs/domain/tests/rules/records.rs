//! Whatever the rules let through fits one record of the log once it is sealed (design §4.3).

use std::collections::BTreeSet;

use domain::{
    Event,
    desk::{
        Desk,
        form::{FIELD_NAME_BYTES_MAX, FIELDS_BYTES_MAX, FIELDS_MAX},
    },
    ticket::{
        Context, Open, TicketEvent,
        open::{self, SHARE_WITH_MAX},
        text::{INLINE_TEXT_BYTES_MAX, SUMMARY_CHARS_MAX, TEXT_BYTES_MAX},
    },
};
use serde_json::{Map, Value, json};

use crate::given::{SUP, agent, field, kinds, organization, question, requester};

/// What a record of the log may hold, bytes (design §4.2).
const RECORD_BYTES_MAX: usize = 48 * 1024;
/// What the envelope and the head of a record take at most, bytes.
const ENVELOPE_BYTES: usize = 1_200;

/// Bytes of an event's data with each personal value sealed: a cipher adds a tag of 16 bytes and a byte for the kind,
/// base64 a third, and subject, commitment and names stand beside it (design §6.1).
fn sealed_bytes(json: &Value) -> usize {
    match json {
        Value::Object(members) => match members.get("personal").filter(|_| members.len() == 1) {
            Some(mark) => {
                let value = mark.get("value").unwrap();
                let plain = value.as_str().map_or_else(|| value.to_string().len(), str::len);
                let frame = r#"{"sealed":{"v":1,"subject":"","commitment":"","ciphertext":""}}"#.len();
                frame + 36 + 43 + (plain + 17).div_ceil(3) * 4
            }
            None => {
                2 + members
                    .iter()
                    .map(|(name, value)| name.len() + 4 + sealed_bytes(value))
                    .sum::<usize>()
            }
        },
        Value::Array(items) => 2 + items.iter().map(|item| 1 + sealed_bytes(item)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => json.to_string().len(),
    }
}

fn stored_bytes(event: &TicketEvent) -> usize {
    ENVELOPE_BYTES + sealed_bytes(&Event::Ticket(event.clone()).encode().unwrap().1)
}

/// A desk with a form as large as a form may be, all of it sealed.
fn widest() -> Desk {
    let mut definition = SUP.definition().clone();
    let names = (0..FIELDS_MAX).map(|number| format!("{number:a>width$}", width = FIELD_NAME_BYTES_MAX));
    let names: Vec<String> = names.map(|name| name.replace(' ', "a")).collect();
    let fields = names
        .iter()
        .map(|name| (name.clone(), field(json!({"type": "string"}))));
    definition.fields.extend(fields);
    definition.types[0].form.fields = names;
    Desk::load(definition).unwrap()
}

#[test]
fn the_largest_opening_fits_one_record() {
    let desk = widest();
    let names = desk.definition().types[0].form.fields.clone();
    let frame = names
        .iter()
        .map(|name| name.len() + r#""":"","#.len())
        .sum::<usize>()
        + 1;
    let each = (FIELDS_BYTES_MAX - frame) / names.len();
    let fields: Map<String, Value> = names
        .into_iter()
        .map(|name| (name, json!("x".repeat(each))))
        .collect();
    assert!(FIELDS_BYTES_MAX - Value::Object(fields.clone()).to_string().len() < FIELDS_MAX);
    let new = Open {
        summary: "🙂".repeat(SUMMARY_CHARS_MAX),
        description: "\"".repeat(INLINE_TEXT_BYTES_MAX),
        share_with: (0..SHARE_WITH_MAX)
            .map(|number| organization(&format!("{number:a>63}")))
            .collect::<BTreeSet<_>>(),
        fields,
        ..question(&requester())
    };
    let viewer = agent();
    let events = open::open(
        &Context {
            viewer: &viewer,
            desk: &desk,
            at: crate::given::start(),
        },
        new,
    )
    .unwrap();
    assert_eq!(kinds(&events), ["opened"]);
    let bytes = stored_bytes(&events[0]);
    assert!(bytes <= RECORD_BYTES_MAX, "{bytes}");
    assert!(
        bytes > RECORD_BYTES_MAX * 3 / 4,
        "{bytes}: the limits could be wider"
    );
}

#[test]
fn the_longest_text_fits_one_record() {
    let new = Open {
        description: "\"".repeat(TEXT_BYTES_MAX),
        ..question(&requester())
    };
    let viewer = requester();
    let events = open::open(
        &Context {
            viewer: &viewer,
            desk: &SUP,
            at: crate::given::start(),
        },
        new,
    )
    .unwrap();
    assert_eq!(kinds(&events), ["opened", "described"]);
    assert!(stored_bytes(&events[1]) <= RECORD_BYTES_MAX);
}
