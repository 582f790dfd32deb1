//! What can be found out about lines alone, without those before them: done on all processors at once.

use std::ops::Range;

use chrono::{DateTime, Utc};
use domain::{Event, ticket::Stamp};
use event_log::Position;
use serde_json::Value;
use transparency::{Hash, leaf_hash};
use uuid::Uuid;

use super::Depth;
use super::queue::Envelopes;
use crate::fault::Code;
use crate::scan;
use crate::sealed::{self, ValueKeys};

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
    /// The envelopes of what was decoded, for the fold of the queue.
    pub(super) envelopes: Envelopes,
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
    pub(super) data: Range<usize>,
}

impl Facts {
    /// Who and when, for a fold.
    pub(super) fn stamp(&self, position: u64) -> Stamp {
        Stamp {
            position,
            version: self.version,
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
        is_utf8: std::str::from_utf8(&bytes).is_ok(),
        bytes: &bytes,
        depth,
        lines: Vec::with_capacity(bytes.len() / 512),
        faults: Vec::new(),
        scratch: Vec::new(),
        sealed: 0,
        envelopes: Vec::new(),
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
        envelopes,
        ..
    } = reading;
    ReadBatch {
        number,
        bytes,
        lines,
        faults,
        sealed,
        envelopes,
    }
}

struct Reading<'b> {
    bytes: &'b [u8],
    /// The whole batch is.
    is_utf8: bool,
    depth: Depth,
    lines: Vec<Line>,
    faults: Vec<(usize, Code, String)>,
    scratch: Vec<u8>,
    sealed: u64,
    envelopes: Envelopes,
}

impl Reading<'_> {
    fn line(&mut self, range: Range<usize>) {
        let line = &self.bytes[range.clone()];
        let index = self.lines.len();
        if !self.is_utf8 && std::str::from_utf8(line).is_err() {
            self.faults
                .push((index, Code::Line, "the line is not UTF-8".to_owned()));
        }
        let Some((position, stored)) = scan::event_line(line) else {
            self.lines.push(Line::Other(range));
            return;
        };
        let stored_range = range.end - 1 - stored.len()..range.end - 1;
        let (facts, event) = match scan::envelope(stored) {
            Err(fault) => {
                self.faults.push((index, Code::Envelope, fault.to_string()));
                (None, None)
            }
            Ok(envelope) => {
                let event = match self.depth {
                    Depth::Quick => None,
                    Depth::Full => match self.decode(envelope.event_type, &stored[envelope.data.clone()]) {
                        Ok(event) => {
                            self.keep_envelope(position, event_needed(&event), stored);
                            Some(event)
                        }
                        Err((code, detail)) => {
                            self.faults.push((index, code, detail));
                            None
                        }
                    },
                };
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

    /// Keeps the envelope of an event that the queue is made from.
    fn keep_envelope(&mut self, position: u64, is_needed: bool, stored: &[u8]) {
        if is_needed && let Ok(envelope) = serde_json::from_slice(stored) {
            self.envelopes.push((Position(position), envelope));
        }
    }

    fn decode(&mut self, event_type: &str, data: &[u8]) -> Result<Event, (Code, String)> {
        let mut data: Value = serde_json::from_slice(data)
            .map_err(|error| (Code::Envelope, format!("the data is not JSON: {error}")))?;
        let counted = sealed::put_back(&mut data, &NO_KEYS, &mut self.scratch)
            .map_err(|fault| (Code::Sealed, fault.to_string()))?;
        self.sealed += counted.sealed;
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
            data: start + envelope.data.start..start + envelope.data.end,
        }
    }
}

/// Whether the queue is made from such an event, or shows its names.
fn event_needed(event: &Event) -> bool {
    match event {
        Event::Ticket(_) | Event::Account(_) | Event::Organization(_) | Event::Desk(_) => true,
        Event::Name(_) | Event::Person(_) | Event::Log(_) | Event::Audit(_) => false,
    }
}

/// An export discloses no key.
static NO_KEYS: ValueKeys = ValueKeys::new();

/// The event that its type names, from data whose sealed values were put back.
pub(crate) fn decode(event_type: &str, data: Value) -> Result<Event, (Code, String)> {
    Event::decode(event_type, data).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        (Code::Data, format!("{error}{}", cause.unwrap_or_default()))
    })
}
