//! The stored forms, for ever: files that were written once and must always be read, and written, the same.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::DateTime;
use event_log::{
    Block, Channel, CommandId, Commit, Envelope, EventDraft, EventId, Position, StreamWrite, Target, Version,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::drafts::*;

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(file)
}

/// What was written into the fixtures: one event with every field, one with as few as can be.
fn told() -> Commit {
    let full = EventDraft {
        id: EventId(Uuid::from_u128(0x0193_3f5e_7c1a_7000_8000_0000_0000_0001)),
        event_type: "ticket-commented.v1".to_owned(),
        at: DateTime::from_timestamp_micros(1_767_268_800_123_456).unwrap(),
        occurred_at: Some(DateTime::from_timestamp_micros(1_767_268_799_000_000).unwrap()),
        sent_at: Some(DateTime::from_timestamp_micros(1_767_268_799_500_000).unwrap()),
        by: Uuid::from_u128(0xb1),
        on_behalf_of: Some(Uuid::from_u128(0xb2)),
        channel: Channel::Courier,
        correlation_id: Uuid::from_u128(0xc1),
        causation_id: Some(Uuid::from_u128(0xc2)),
        data: RawValue::from_string("{\"body\":\"Déjà vu\",\"n\":1.50}".to_owned()).unwrap(),
    };
    let spare = EventDraft {
        id: EventId(Uuid::from_u128(0x0193_3f5e_7c1a_7000_8000_0000_0000_0002)),
        at: DateTime::from_timestamp_micros(1_767_268_798_000_000).unwrap(),
        occurred_at: None,
        sent_at: None,
        on_behalf_of: None,
        causation_id: None,
        channel: Channel::Admin,
        ..full.clone()
    };
    let write = StreamWrite {
        target: Target::NextIn("SUP".parse().unwrap()),
        expected: version(0),
        events: vec![full, spare],
    };
    Commit {
        command_id: CommandId(Uuid::from_u128(0xd1)),
        command_digest: std::array::from_fn(|at| at as u8),
        writes: vec![write],
    }
}

#[test]
fn an_old_event_is_read() {
    let bytes = fs::read(fixture("event-v1.json")).unwrap();
    let envelope: Envelope = serde_json::from_slice(&bytes).unwrap();
    let commit = told();
    let draft = &commit.writes[0].events[0];
    assert_eq!(
        (envelope.id, envelope.stream.as_str(), envelope.version),
        (draft.id, "SUP-1", Version(1))
    );
    assert_eq!(
        (envelope.at, envelope.occurred_at, envelope.sent_at),
        (draft.at, draft.occurred_at, draft.sent_at)
    );
    assert_eq!(
        (envelope.by, envelope.on_behalf_of, envelope.channel),
        (draft.by, draft.on_behalf_of, draft.channel)
    );
    assert_eq!(
        (envelope.command_id, envelope.command_digest),
        (commit.command_id, commit.command_digest)
    );
    assert_eq!(
        (envelope.correlation_id, envelope.causation_id),
        (draft.correlation_id, draft.causation_id)
    );
    assert_eq!(
        (&*envelope.event_type, envelope.data.get()),
        (&*draft.event_type, draft.data.get())
    );
    assert_eq!(serde_json::to_vec(&envelope).unwrap(), bytes);
}

#[test]
fn an_old_block_is_read() {
    let block = Block::decode(1, Bytes::from(fs::read(fixture("block-v1.bin")).unwrap())).unwrap();
    assert_eq!(
        (block.first(), block.last(), block.group_first()),
        (Position(1), Position(2), Position(1))
    );
    assert!(block.is_last_of_group());
    assert_eq!(block.running_max_micros(), 1_767_268_800_123_456);
    assert_eq!(
        block.event(Position(1)).unwrap(),
        fs::read(fixture("event-v1.json")).unwrap()
    );
    assert_eq!(block.previous_in_stream(Position(2)), Some(Position(1)));
    assert_eq!(block.previous_in_category(Position(1)), Some(Position(0)));
}

#[tokio::test]
async fn what_is_written_today_is_what_was_written_then() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let appended = log.append(told()).await.unwrap();
    log.close();
    let db = sled::Config::new()
        .path(dir.path().join("sled"))
        .segment_size(4 * 1024 * 1024)
        .open()
        .unwrap();
    let record = db
        .open_tree("blocks")
        .unwrap()
        .get(1_u64.to_be_bytes())
        .unwrap()
        .unwrap();
    assert_eq!(
        appended.events[0].bytes,
        fs::read(fixture("event-v1.json")).unwrap()
    );
    assert_eq!(record, fs::read(fixture("block-v1.bin")).unwrap());
}
