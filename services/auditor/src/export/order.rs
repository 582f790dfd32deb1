//! What depends on the order of the events: done one after the other, cheaply.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Event;
use serde::Deserialize;
use serde::de::Error as _;
use transparency::{Checkpoint, Frontier, Hash, Origin};
use views::digest::Decoded;

use super::Depth;
use super::batch::{self, EventLine, Facts, Line, ReadBatch};
use super::ids::Ids;
use super::queue::{Events, Queue};
use super::statistics::Counting;
use super::streams::Streams;
use crate::fault::{Code, Faults};
use crate::scan::{self, NUMBER_MAX, json};
use crate::trust::Keyring;

/// How far `at` may lie behind the latest before it, milliseconds (design §3, Time).
const CLOCK_BEHIND_MAX_MS: i64 = 5_000;

/// The first line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    guichet_export: u64,
    pub(super) origin: String,
    first: u64,
    pub(super) last: u64,
}

impl Header {
    /// The one way in which it may be written.
    fn written(&self) -> String {
        let origin = serde_json::Value::from(self.origin.as_str());
        format!(
            "{{\"guichet_export\":1,\"origin\":{origin},\"first\":1,\"last\":{}}}",
            self.last
        )
    }
}

/// The last line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    pub(super) checkpoint: String,
    /// By the names of views; those of views that are not known here are passed over.
    #[serde(default)]
    digests: BTreeMap<String, String>,
}

impl Ending {
    /// Reads the last line.
    pub(crate) fn read(line: &[u8]) -> Result<Ending, serde_json::Error> {
        json::check_object(line, json::JSON_DEPTH_MAX)?;
        let ending: Ending = serde_json::from_slice(line)?;
        if ending.digests.values().all(|digest| scan::is_digest(digest)) {
            Ok(ending)
        } else {
            Err(serde_json::Error::custom("a digest is not 64 hexadecimal digits"))
        }
    }

    /// The digest of the queue.
    pub(crate) fn queue(&self) -> Option<&str> {
        self.digests.get("queue").map(String::as_str)
    }
}

/// A checkpoint kept from earlier.
#[derive(Debug, Clone)]
pub(super) struct Older {
    /// Where it was read from.
    pub(super) name: String,
    pub(super) note: String,
    /// What it says, before anybody vouched for it.
    pub(super) claimed: Checkpoint,
    /// The root that the export has at its size.
    pub(super) root_here: Option<Hash>,
}

/// Everything that is kept while going through.
#[derive(Default)]
pub(super) struct Order {
    depth: Depth,
    /// Lines of any kind.
    lines: u64,
    pub(super) header: Option<Header>,
    pub(super) ending: Option<Ending>,
    /// The position read last.
    pub(super) last: u64,
    pub(super) frontier: Frontier,
    ids: Ids,
    pub(super) streams: Streams,
    latest: Option<DateTime<Utc>>,
    pub(super) keyring: Keyring,
    pub(super) older: Vec<Older>,
    /// The size of the largest checkpoint whose root was found to be right.
    pub(super) right_up_to: u64,
    /// The queue, folded for its digest.
    pub(super) queue: Option<Queue>,
    /// What of the batch at hand the queue is made from.
    for_queue: Events,
    pub(super) counting: Counting,
    pub(super) sealed: u64,
    /// Events of types that are not known.
    pub(super) passed_over: u64,
    /// Stored bytes of all events.
    pub(super) event_bytes: u64,
    pub(super) faults: Faults,
}

impl Order {
    /// `older` in the order of their sizes.
    pub(super) fn new(depth: Depth, mut older: Vec<Older>) -> Order {
        older.sort_by_key(|older| older.claimed.size);
        let mut order = Order {
            depth,
            older,
            queue: (depth == Depth::Full).then(Queue::start),
            ..Order::default()
        };
        order.note_root();
        order
    }

    /// Takes the next batch and gives its buffer back.
    pub(super) fn take(&mut self, batch: ReadBatch) -> Vec<u8> {
        let ReadBatch {
            bytes,
            lines,
            faults,
            sealed,
            ..
        } = batch;
        self.sealed += sealed;
        if self.queue.is_some() {
            self.for_queue.reserve(lines.len());
        }
        let mut faults = faults.into_iter().peekable();
        for (index, line) in lines.into_iter().enumerate() {
            let position = match &line {
                Line::Event(event) => event.position.max(self.last + 1),
                Line::Other(_) => self.next_line_position(),
            };
            while let Some((_, code, detail)) = faults.next_if(|(at, ..)| *at == index) {
                self.faults.push(position, code, detail);
            }
            self.lines += 1;
            match line {
                Line::Event(event) => self.event(&bytes, event),
                Line::Other(range) => self.other(&bytes, range),
            }
        }
        if let Some(queue) = &self.queue {
            queue.take(mem::take(&mut self.for_queue));
        }
        bytes
    }

    /// The position that a line which tells none stands at.
    fn next_line_position(&self) -> u64 {
        if self.lines == 0 { 0 } else { self.last + 1 }
    }

    fn other(&mut self, bytes: &[u8], range: Range<usize>) {
        let line = &bytes[range];
        let next = self.last + 1;
        if self.ending.is_some() {
            self.faults
                .push(next, Code::Line, "a line stands after the last one");
        } else if self.lines == 1 {
            self.first_line(line);
        } else {
            match Ending::read(line) {
                Ok(ending) => self.ending = Some(ending),
                Err(error) if line.starts_with(b"{\"checkpoint\"") => {
                    let detail = format!("the last line is not one: {error}");
                    self.faults.push(next, Code::Ending, detail);
                }
                Err(_) => {
                    let detail = "the line is not {\"position\":P,\"event\":…}";
                    self.faults.push(next, Code::Line, detail);
                    // It may have been the line of an event: those after it are not to be told for it.
                    self.last = next;
                }
            }
        }
    }

    fn first_line(&mut self, line: &[u8]) {
        match serde_json::from_slice::<Header>(line) {
            Ok(header) => {
                if header.guichet_export != 1
                    || header.first != 1
                    || !(1..=NUMBER_MAX).contains(&header.last)
                    || header.origin.parse::<Origin>().is_err()
                {
                    let detail = "only exports of form 1, of a log with a name, from position 1 to a last one, are known";
                    self.faults.push(0, Code::Header, detail);
                } else if header.written().as_bytes() != line {
                    let detail = "the first line has not its members in order and without spaces";
                    self.faults.push(0, Code::Header, detail);
                }
                self.header = Some(header);
            }
            Err(error) => {
                let detail = format!("the first line is not the header of an export: {error}");
                self.faults.push(0, Code::Header, detail);
            }
        }
    }

    fn event(&mut self, bytes: &[u8], line: EventLine) {
        let position = line.position;
        if self.lines == 1 {
            self.faults
                .push(0, Code::Header, "the first line is not the header of an export");
        }
        if self.ending.is_some() {
            self.faults
                .push(self.last + 1, Code::Line, "an event stands after the last line");
        }
        if position != self.last + 1 {
            let detail = format!("position {position} stands where {} should come", self.last + 1);
            self.faults.push(self.last + 1, Code::Position, detail);
        }
        // One that comes a second time is told where it stands, not where it says.
        let position = position.max(self.last + 1);
        self.last = position;
        self.frontier.push(line.leaf, |_, _| {});
        self.event_bytes += line.stored.len() as u64;
        self.note_root();
        let Some(facts) = line.facts else {
            return;
        };
        self.facts(bytes, position, &facts, line.event);
    }

    fn facts(&mut self, bytes: &[u8], position: u64, facts: &Facts, event: Option<Event>) {
        let text = |range: &Range<usize>| std::str::from_utf8(&bytes[range.clone()]).unwrap_or_default();
        let (stream, event_type) = (text(&facts.stream), text(&facts.event_type));
        if !self.ids.insert(facts.id) {
            let detail = format!("the event id {} was used before", facts.id);
            self.faults.push(position, Code::EventId, detail);
        }
        match self.latest {
            Some(latest) if latest - facts.at > TimeDelta::milliseconds(CLOCK_BEHIND_MAX_MS) => {
                let detail = format!(
                    "it was recorded at {}, {} ms before an event that stands before it",
                    facts.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
                    (latest - facts.at).num_milliseconds()
                );
                self.faults.push(position, Code::Clock, detail);
            }
            Some(_) | None => {}
        }
        self.latest = self.latest.max(Some(facts.at));
        self.counting.take(position, event_type, stream, facts.at);
        let event = match event {
            // What the log says of itself is needed however quickly the rest is read.
            None if self.depth == Depth::Quick && event_type.starts_with("log-") => {
                self.decode(event_type, &bytes[facts.data.clone()], position)
            }
            other => other,
        };
        if let Some(Event::Log(event)) = &event {
            self.keyring.take(position, event.clone(), &mut self.faults);
        } else if stream == "log" {
            let detail = "the stream log has only log-epoch-begun.v1 and log-key-enrolled.v1";
            self.faults.push(position, Code::Stream, detail);
        }
        if self.frontier.size() == 1 && event_type != "log-epoch-begun.v1" {
            self.faults
                .push(position, Code::Stream, "a log begins with log-epoch-begun.v1");
        }
        let is_passed_over =
            self.depth == Depth::Full && event.is_none() && batch::is_passed_over(event_type);
        self.passed_over += u64::from(is_passed_over);
        self.streams.take(
            stream,
            facts,
            position,
            (event.as_ref(), is_passed_over),
            &mut self.faults,
        );
        if let (Some(_), Some(event)) = (&self.queue, event)
            && makes_queue(&event)
        {
            let data = &bytes[facts.data.clone()];
            self.for_queue
                .push(Decoded::new(stream, facts.stamp(position), event, data));
        }
    }

    fn decode(&mut self, event_type: &str, data: &[u8], position: u64) -> Option<Event> {
        batch::read_slowly(data, &mut Vec::new())
            .and_then(|(data, _sealed)| batch::decode(event_type, data))
            .map_err(|(code, detail)| self.faults.push(position, code, detail))
            .ok()
    }

    /// Keeps the root for the checkpoints of this size.
    fn note_root(&mut self) {
        let size = self.frontier.size();
        let first = self.older.partition_point(|older| older.claimed.size < size);
        for older in self.older[first..]
            .iter_mut()
            .take_while(|older| older.claimed.size == size)
        {
            older.root_here = Some(self.frontier.root());
        }
    }
}

/// Whether the queue is made from such an event, or shows its names.
fn makes_queue(event: &Event) -> bool {
    match event {
        Event::Ticket(_) | Event::Account(_) | Event::Organization(_) | Event::Desk(_) => true,
        Event::Name(_) | Event::Person(_) | Event::Log(_) | Event::Audit(_) => false,
    }
}
