//! Events, commits and logs for the tests.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use event_log::{
    Channel, CommandId, Commit, EventDraft, EventId, EventLog, Expected, Options, StreamName, StreamWrite,
    Target, Version,
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Noon of a day, and so many milliseconds.
pub(crate) fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_767_268_800_000).unwrap() + TimeDelta::milliseconds(ms)
}

/// An event with a payload; its identity is the number.
pub(crate) fn draft(number: u64, data: &str) -> EventDraft {
    EventDraft {
        id: EventId(Uuid::from_u64_pair(1, number)),
        event_type: "note-taken.v1".to_owned(),
        at: at(0),
        occurred_at: None,
        sent_at: None,
        by: Uuid::from_u64_pair(2, number),
        on_behalf_of: None,
        channel: Channel::Rest,
        correlation_id: Uuid::from_u64_pair(3, number),
        causation_id: None,
        data: RawValue::from_string(data.to_owned()).unwrap(),
    }
}

/// The same, recorded later.
pub(crate) fn draft_at(number: u64, ms: i64) -> EventDraft {
    EventDraft {
        at: at(ms),
        ..draft(number, "{}")
    }
}

pub(crate) fn name(text: &str) -> StreamName {
    text.parse().unwrap()
}

pub(crate) fn to(stream: &str, expected: Expected, events: Vec<EventDraft>) -> StreamWrite {
    StreamWrite {
        target: Target::Stream(name(stream)),
        expected,
        events,
    }
}

pub(crate) fn next_in(prefix: &str, events: Vec<EventDraft>) -> StreamWrite {
    StreamWrite {
        target: Target::NextIn(prefix.parse().unwrap()),
        expected: Expected::Any,
        events,
    }
}

pub(crate) fn version(version: u64) -> Expected {
    Expected::Version(Version(version))
}

pub(crate) fn command_id(number: u64) -> CommandId {
    CommandId(Uuid::from_u64_pair(4, number))
}

/// A commit; its command is the number, its digest follows from it.
pub(crate) fn commit(number: u64, writes: Vec<StreamWrite>) -> Commit {
    Commit {
        command_id: command_id(number),
        command_digest: [u8::try_from(number % 251).unwrap(); 32],
        writes,
    }
}

/// One event for one stream, whatever is there.
pub(crate) fn one(number: u64, stream: &str) -> Commit {
    commit(
        number,
        vec![to(
            stream,
            Expected::Any,
            vec![draft(number, &format!("{{\"n\":{number}}}"))],
        )],
    )
}

pub(crate) fn open(dir: &Path) -> EventLog {
    EventLog::open(dir, Options::default()).unwrap()
}

/// Appends one event per number to `SUP-<number modulo 3>` and waits for them.
pub(crate) async fn fill(log: &EventLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        log.append(one(number, &format!("SUP-{}", number % 3 + 1)))
            .await
            .unwrap();
    }
}

/// Copies a directory: what a killed process leaves behind, since all that was answered is in its files.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}

/// A directory with a log of so many events of one commit each, closed.
pub(crate) async fn log_of(events: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..events).await;
    log.close();
    dir
}
