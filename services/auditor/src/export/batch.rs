//! What can be found out about lines alone, without those before them: done on all processors at once. Decoding is the
//! dear part of verifying, so it is done here and once: the folds of the streams and of the queue share the events.

use std::ops::Range;

use chrono::{DateTime, Utc};
use domain::{Event, ticket::Stamp};
use serde_json::Value;
use transparency::{ENTRY_BYTES_MAX, Hash, leaf_hash};
use uuid::Uuid;

use super::{Depth, LINE_BYTES_MAX};
use crate::fault::Code;
use crate::scan::{self, json};
use crate::sealed::{self, ValueKeys, erased};

/// Whole lines of an export, in order.
pub(super) struct Batch {
    /// Its place among the batches.
    pub(super) number: u64,
    /// The lines, each with its end.
    pub(super) bytes: Vec<u8>,
}

/// A batch with what its lines say.
pub(super) struct ReadBatch {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) lines: Vec<Line>,
    /// What is wrong with a line alone: its place in the batch, and what.
    pub(super) faults: Vec<(usize, Code, String)>,
    /// Sealed values whose form was checked.
    pub(super) sealed: u64,
}

/// One line.
#[expect(clippy::large_enum_variant, reason = "all lines but two are those of events")]
pub(super) enum Line {
    /// That of an event.
    Event(EventLine),
    /// Another one: the header, the last line, or neither.
    Other(Range<usize>),
}

/// The line of an event.
pub(super) struct EventLine {
    pub(super) position: u64,
    pub(super) leaf: Hash,
    /// The stored bytes.
    pub(super) stored: Range<usize>,
    /// `None` when the stored bytes are not an event.
    pub(super) facts: Option<Facts>,
    /// The decoded event, when that was asked for and went well.
    pub(super) event: Option<Event>,
}

/// What the envelope says; texts as their places in the batch.
pub(super) struct Facts {
    pub(super) id: Uuid,
    pub(super) stream: Range<usize>,
    pub(super) version: u64,
    pub(super) event_type: Range<usize>,
    pub(super) at: DateTime<Utc>,
    pub(super) occurred_at: Option<DateTime<Utc>>,
    pub(super) sent_at: Option<DateTime<Utc>>,
    pub(super) by: Uuid,
    pub(super) on_behalf_of: Option<Uuid>,
    pub(super) command: Uuid,
    pub(super) data: Range<usize>,
}

impl Facts {
    /// Who and when, for a fold.
    pub(super) fn stamp(&self, position: u64) -> Stamp {
        Stamp {
            position,
            version: self.version,
            command: self.command,
            at: self.at,
            occurred_at: self.occurred_at,
            sent_at: self.sent_at,
            by: domain::AccountId(self.by),
            on_behalf_of: self.on_behalf_of.map(domain::AccountId),
        }
    }
}

/// Reads the lines of a batch.
pub(super) fn read(batch: Batch, depth: Depth) -> ReadBatch {
    let Batch { number, bytes } = batch;
    let mut reading = Reading {
        text: std::str::from_utf8(&bytes).ok(),
        bytes: &bytes,
        depth,
        lines: Vec::with_capacity(bytes.len() / 512),
        faults: Vec::new(),
        scratch: Vec::new(),
        sealed: 0,
    };
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', &bytes) {
        reading.line(start..end);
        start = end + 1;
    }
    if start < bytes.len() {
        let index = reading.lines.len();
        reading
            .faults
            .push((index, Code::Line, "the line has no end".to_owned()));
        reading.line(start..bytes.len());
    }
    let Reading {
        lines,
        faults,
        sealed,
        ..
    } = reading;
    ReadBatch {
        number,
        bytes,
        lines,
        faults,
        sealed,
    }
}

struct Reading<'b> {
    bytes: &'b [u8],
    /// The same, when all of it is UTF-8.
    text: Option<&'b str>,
    depth: Depth,
    lines: Vec<Line>,
    faults: Vec<(usize, Code, String)>,
    scratch: Vec<u8>,
    sealed: u64,
}

impl Reading<'_> {
    fn line(&mut self, range: Range<usize>) {
        let line = &self.bytes[range.clone()];
        let index = self.lines.len();
        if self.text.is_none() && std::str::from_utf8(line).is_err() {
            self.faults
                .push((index, Code::Line, "the line is not UTF-8".to_owned()));
        }
        if line.ends_with(b"\r") {
            let detail = "the line ends with a carriage return".to_owned();
            self.faults.push((index, Code::Line, detail));
        }
        if line.len() > LINE_BYTES_MAX {
            let detail = format!("the line is longer than {LINE_BYTES_MAX} bytes");
            self.faults.push((index, Code::Line, detail));
            self.lines.push(Line::Other(range));
            return;
        }
        let Some((position, stored)) = scan::event_line(line) else {
            self.lines.push(Line::Other(range));
            return;
        };
        let stored_range = range.end - 1 - stored.len()..range.end - 1;
        if stored.len() > ENTRY_BYTES_MAX {
            let detail = format!("the event has more than {ENTRY_BYTES_MAX} bytes");
            self.faults.push((index, Code::Envelope, detail));
        }
        let (facts, event) = match scan::envelope(stored) {
            Err(fault) => {
                self.faults.push((index, Code::Envelope, fault.to_string()));
                (None, None)
            }
            Ok(envelope) => {
                let data = &envelope.data;
                let data = stored_range.start + data.start..stored_range.start + data.end;
                let event = match self.depth {
                    Depth::Quick => check_data(&self.bytes[data.clone()]).map(|()| None),
                    Depth::Full => self.decode(envelope.event_type, data.clone()).map(Some),
                };
                // Nothing but that it is JSON is asked of what is passed over. This way round, the others cost nothing more.
                let event = match event {
                    Err(_) if is_passed_over(envelope.event_type) => {
                        check_data(&self.bytes[data]).map(|()| None)
                    }
                    event => event,
                };
                let event = event.unwrap_or_else(|(code, detail)| {
                    self.faults.push((index, code, detail));
                    None
                });
                (Some(self.facts(&envelope, stored_range.start)), event)
            }
        };
        self.lines.push(Line::Event(EventLine {
            position,
            leaf: leaf_hash(stored),
            stored: stored_range,
            facts,
            event,
        }));
    }

    fn decode(&mut self, event_type: &str, data: Range<usize>) -> Result<Event, (Code, String)> {
        let text = self.text.and_then(|text| text.get(data.clone()));
        let read = text.and_then(|text| erased::read(text, &mut self.scratch));
        let (data, sealed) = match read {
            Some(read) => read,
            // The slow way says what is wrong, if anything is.
            None => read_slowly(&self.bytes[data], &mut self.scratch)?,
        };
        self.sealed += sealed;
        decode(event_type, data)
    }

    /// The texts of an envelope are parts of the batch, so their places follow from the addresses.
    fn facts(&self, envelope: &scan::Envelope<'_>, start: usize) -> Facts {
        let place = |text: &str| {
            let start = text.as_ptr().addr() - self.bytes.as_ptr().addr();
            start..start + text.len()
        };
        Facts {
            id: envelope.id,
            stream: place(envelope.stream),
            version: envelope.version,
            event_type: place(envelope.event_type),
            at: envelope.at,
            occurred_at: envelope.occurred_at,
            sent_at: envelope.sent_at,
            by: envelope.by,
            on_behalf_of: envelope.on_behalf_of,
            command: envelope.command,
            data: start + envelope.data.start..start + envelope.data.end,
        }
    }
}

/// The data of an event with its sealed values marked as erased, for an export discloses no key, and how many there are.
pub(super) fn read_slowly(data: &[u8], scratch: &mut Vec<u8>) -> Result<(Value, u64), (Code, String)> {
    check_data(data)?;
    let mut data = serde_json::from_slice(data)
        .map_err(|error| (Code::Envelope, format!("the data is not JSON: {error}")))?;
    let counted = sealed::put_back(&mut data, &ValueKeys::new(), scratch)
        .map_err(|fault| (Code::Sealed, fault.to_string()))?;
    Ok((data, counted.sealed))
}

/// That the data of an event has one reading.
pub(crate) fn check_data(data: &[u8]) -> Result<(), (Code, String)> {
    json::check_object(data, json::DATA_DEPTH_MAX)
        .map_err(|error| (Code::Envelope, format!("the data is not JSON: {error}")))
}

/// Whether this verifier does not know the type, which it passes over then (docs/audit-format.md §1). Those of the log itself are
/// known to every verifier.
pub(crate) fn is_passed_over(event_type: &str) -> bool {
    !event_type.starts_with("log-") && !Event::types().any(|known| known == event_type)
}

/// The event that its type names, from data whose sealed values were put back.
pub(crate) fn decode(event_type: &str, data: Value) -> Result<Event, (Code, String)> {
    if event_type.starts_with("log-") {
        log_data(&data).map_err(|detail| (Code::Data, detail.to_owned()))?;
    }
    Event::decode(event_type, data).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        (Code::Data, format!("{error}{}", cause.unwrap_or_default()))
    })
}

/// What every verifier reads, it reads in one form: what is left out is not `null`, and what has members is no list.
fn log_data(data: &Value) -> Result<(), &'static str> {
    let Value::Object(members) = data else {
        return Err("the data is not an object");
    };
    for (name, member) in members {
        match (name.as_str(), member) {
            (_, Value::Null) => return Err("a member that is left out is not written as null"),
            ("before" | "endorsement", Value::Object(inside)) => {
                if inside.values().any(Value::is_null) {
                    return Err("a member that is left out is not written as null");
                }
            }
            ("before" | "endorsement", _) => return Err("`before` and `endorsement` are objects"),
            (_, _) => {}
        }
    }
    Ok(())
}
