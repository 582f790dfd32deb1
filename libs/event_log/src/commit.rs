//! What a caller asks to be written, and what it is told afterwards.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::envelope::Recorded;
use crate::name::{Prefix, StreamName};
use crate::place::{CommandId, EventId, Position, Version};

/// The door a command came through (design §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The REST door.
    Rest,
    /// The SOAP door.
    Soap,
    /// Mail and webhooks.
    Courier,
    /// A timer of the service itself.
    Timer,
    /// The administration socket.
    Admin,
}

/// One event as its author gives it. The log adds the stream, the version and the command.
#[derive(Debug, Clone)]
pub struct EventDraft {
    /// Identity of the event (UUIDv7).
    pub id: EventId,
    /// Type with its form, such as `ticket-commented.v1`.
    pub event_type: String,
    /// When it was recorded. Kept with microseconds; what is finer is cut off.
    pub at: DateTime<Utc>,
    /// When it happened, where a trusted channel says so.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, where a trusted channel says so.
    pub sent_at: Option<DateTime<Utc>>,
    /// The account that acted.
    pub by: Uuid,
    /// The account for which it acted.
    pub on_behalf_of: Option<Uuid>,
    /// The door.
    pub channel: Channel,
    /// The chain of commands it belongs to.
    pub correlation_id: Uuid,
    /// The event or command that caused it.
    pub causation_id: Option<Uuid>,
    /// The payload. Stored as given, save that line ends between its tokens are removed, so that an event is one line.
    pub data: Box<RawValue>,
}

/// The stream that events go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// This stream.
    Stream(StreamName),
    /// A new stream, with the next number of this prefix.
    NextIn(Prefix),
}

/// What the author knows of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: the events go after whatever is there.
    Any,
    /// Its version; `Version(0)` says that there is no such stream yet.
    Version(Version),
}

/// Events for one stream.
#[derive(Debug, Clone)]
pub struct StreamWrite {
    /// Where they go.
    pub target: Target,
    /// What must hold. Writes of one commit are judged in their order, each seeing those before it.
    pub expected: Expected,
    /// The events, at least one.
    pub events: Vec<EventDraft>,
}

/// Everything one command writes: all of it or nothing.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Identity of the command; a second commit with the same one writes nothing and is answered with what the first wrote.
    pub command_id: CommandId,
    /// Keyed digest of what was asked, so that another request under the same identity is known.
    pub command_digest: [u8; 32],
    /// The writes, at least one.
    pub writes: Vec<StreamWrite>,
}

/// What a command wrote. Its events follow each other in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
    /// The events, in the order of the log.
    pub events: Vec<Recorded>,
    /// Whether this is the answer to what the same `command_id` wrote before.
    pub repeated: bool,
}
