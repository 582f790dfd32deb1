//! From drafts to stored bytes, on the caller's side: all but the stream and the version, which the writer adds.

use bytes::Bytes;
use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::append::AppendError;
use crate::block::EVENT_BYTES_MAX;
use crate::commit::{Channel, Commit, EventDraft, Expected, Target};
use crate::envelope::{Envelope, Recorded};
use crate::hex_digest;
use crate::key::{self, Key, StreamKeys};
use crate::limits::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX};
use crate::name::{Prefix, StreamName};
use crate::place::{CommandId, Position, Version};

/// Digits of the largest version or number.
const NUMBER_BYTES_MAX: usize = 20;

/// What stands between the stream's name and its version.
const BEFORE_VERSION: &[u8] = b"\",\"version\":";

/// An event whose stream and version are still open.
#[derive(Debug)]
pub(crate) struct EncodedEvent {
    bytes: Vec<u8>,
    /// Where the stream's name and the version go.
    gap: usize,
    pub(crate) at_micros: i64,
}

impl EncodedEvent {
    /// The pieces of the stored bytes.
    pub(crate) fn pieces<'a>(&'a self, stream: &'a StreamName, version: &'a str) -> [&'a [u8]; 5] {
        let (head, tail) = self.bytes.split_at(self.gap);
        [
            head,
            stream.as_str().as_bytes(),
            BEFORE_VERSION,
            version.as_bytes(),
            tail,
        ]
    }
}

/// Where the events of one write go.
#[derive(Debug)]
pub(crate) enum EncodedTarget {
    Stream {
        name: StreamName,
        keys: StreamKeys,
    },
    NextIn {
        prefix: Prefix,
        prefix_key: Key,
        category_key: Key,
    },
}

/// One write, ready for the writer.
#[derive(Debug)]
pub(crate) struct EncodedWrite {
    pub(crate) target: EncodedTarget,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<EncodedEvent>,
}

/// A commit, ready for the writer.
#[derive(Debug)]
pub(crate) struct EncodedCommit {
    pub(crate) command_id: CommandId,
    pub(crate) command_digest: [u8; 32],
    pub(crate) command_key: Key,
    pub(crate) writes: Vec<EncodedWrite>,
    /// Sum of the stored bytes, counted with the longest name and version they could get.
    pub(crate) bytes: usize,
}

/// Checks a commit against the limits, brings its drafts into the form they will be read in, and encodes it.
pub(crate) fn encode(commit: &mut Commit) -> Result<EncodedCommit, AppendError> {
    let count: usize = commit.writes.iter().map(|write| write.events.len()).sum();
    if count == 0 || commit.writes.iter().any(|write| write.events.is_empty()) {
        return Err(AppendError::EmptyCommit);
    }
    if count > COMMIT_EVENTS_MAX {
        return Err(AppendError::TooManyEvents {
            count,
            max: COMMIT_EVENTS_MAX,
        });
    }
    let (command_id, command_digest) = (commit.command_id, commit.command_digest);
    let mut writes = Vec::with_capacity(commit.writes.len());
    let (mut bytes, mut event_index) = (0, 0);
    for write in &mut commit.writes {
        let name_bytes = match &write.target {
            Target::Stream(name) => name.as_str().len(),
            Target::NextIn(prefix) => prefix.as_str().len() + 1 + NUMBER_BYTES_MAX,
        };
        let mut events = Vec::with_capacity(write.events.len());
        for draft in &mut write.events {
            normalize(draft, event_index)?;
            let event = encode_event(draft, command_id, &command_digest);
            let longest = event.bytes.len() + name_bytes + BEFORE_VERSION.len() + NUMBER_BYTES_MAX;
            if longest > EVENT_BYTES_MAX {
                return Err(AppendError::EventTooLarge {
                    event_index,
                    bytes: longest,
                    max: EVENT_BYTES_MAX,
                });
            }
            bytes += longest;
            event_index += 1;
            events.push(event);
        }
        writes.push(EncodedWrite {
            target: encode_target(&write.target),
            expected: write.expected,
            events,
        });
    }
    if bytes > COMMIT_BYTES_MAX {
        return Err(AppendError::CommitTooLarge {
            bytes,
            max: COMMIT_BYTES_MAX,
        });
    }
    Ok(EncodedCommit {
        command_id,
        command_digest,
        command_key: key::command(command_id),
        writes,
        bytes,
    })
}

fn encode_target(target: &Target) -> EncodedTarget {
    match target {
        Target::Stream(name) => EncodedTarget::Stream {
            name: name.clone(),
            keys: StreamKeys::of(name),
        },
        Target::NextIn(prefix) => EncodedTarget::NextIn {
            prefix: prefix.clone(),
            prefix_key: key::prefix(prefix.as_str()),
            category_key: key::category(prefix.as_str()),
        },
    }
}

fn normalize(draft: &mut EventDraft, event_index: usize) -> Result<(), AppendError> {
    let cut = |at: DateTime<Utc>| {
        DateTime::from_timestamp_micros(at.timestamp_micros())
            .filter(|at| (0..=9999).contains(&at.year()))
            .ok_or(AppendError::TimeOutOfRange { event_index })
    };
    draft.at = cut(draft.at)?;
    draft.occurred_at = draft.occurred_at.map(cut).transpose()?;
    draft.sent_at = draft.sent_at.map(cut).transpose()?;
    // Inside a JSON string a line end is always escaped, so one found here lies between tokens and means nothing.
    if draft.data.get().contains(['\n', '\r']) {
        let line = draft.data.get().replace(['\n', '\r'], "");
        #[expect(
            clippy::expect_used,
            reason = "an event of more than one line must not be stored"
        )]
        let line =
            RawValue::from_string(line).expect("JSON is JSON without the line ends between its tokens");
        draft.data = line;
    }
    Ok(())
}

fn encode_event(draft: &EventDraft, command_id: CommandId, command_digest: &[u8; 32]) -> EncodedEvent {
    let mut out = Vec::with_capacity(640 + draft.data.get().len());
    out.extend_from_slice(b"{\"id\":");
    push_uuid(draft.id.0, &mut out);
    out.extend_from_slice(b",\"stream\":\"");
    let gap = out.len();
    out.extend_from_slice(b",\"type\":");
    push_text(&draft.event_type, &mut out);
    out.extend_from_slice(b",\"at\":");
    push_time(draft.at, &mut out);
    if let Some(occurred_at) = draft.occurred_at {
        out.extend_from_slice(b",\"occurred_at\":");
        push_time(occurred_at, &mut out);
    }
    if let Some(sent_at) = draft.sent_at {
        out.extend_from_slice(b",\"sent_at\":");
        push_time(sent_at, &mut out);
    }
    out.extend_from_slice(b",\"by\":");
    push_uuid(draft.by, &mut out);
    if let Some(on_behalf_of) = draft.on_behalf_of {
        out.extend_from_slice(b",\"on_behalf_of\":");
        push_uuid(on_behalf_of, &mut out);
    }
    out.extend_from_slice(b",\"channel\":\"");
    out.extend_from_slice(channel_name(draft.channel).as_bytes());
    out.extend_from_slice(b"\",\"command_id\":");
    push_uuid(command_id.0, &mut out);
    out.extend_from_slice(b",\"command_digest\":\"");
    hex_digest::push(command_digest, &mut out);
    out.extend_from_slice(b"\",\"correlation_id\":");
    push_uuid(draft.correlation_id, &mut out);
    if let Some(causation_id) = draft.causation_id {
        out.extend_from_slice(b",\"causation_id\":");
        push_uuid(causation_id, &mut out);
    }
    out.extend_from_slice(b",\"data\":");
    out.extend_from_slice(draft.data.get().as_bytes());
    out.push(b'}');
    EncodedEvent {
        bytes: out,
        gap,
        at_micros: draft.at.timestamp_micros(),
    }
}

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Rest => "rest",
        Channel::Soap => "soap",
        Channel::Courier => "courier",
        Channel::Timer => "timer",
        Channel::Admin => "admin",
    }
}

fn push_uuid(uuid: Uuid, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(
        uuid.hyphenated()
            .encode_lower(&mut Uuid::encode_buffer())
            .as_bytes(),
    );
    out.push(b'"');
}

fn push_time(at: DateTime<Utc>, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(at.to_rfc3339_opts(SecondsFormat::Micros, true).as_bytes());
    out.push(b'"');
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    // The display of a JSON value cannot fail, and escapes what must be.
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// The event as it will be read, without parsing what was just written.
pub(crate) fn recorded(
    draft: EventDraft,
    stream: StreamName,
    version: Version,
    command: (CommandId, [u8; 32]),
    position: Position,
    bytes: Bytes,
) -> Recorded {
    let envelope = Envelope {
        id: draft.id,
        stream,
        version,
        event_type: draft.event_type,
        at: draft.at,
        occurred_at: draft.occurred_at,
        sent_at: draft.sent_at,
        by: draft.by,
        on_behalf_of: draft.on_behalf_of,
        channel: draft.channel,
        command_id: command.0,
        command_digest: command.1,
        correlation_id: draft.correlation_id,
        causation_id: draft.causation_id,
        data: draft.data,
    };
    Recorded {
        position,
        envelope,
        bytes,
    }
}
