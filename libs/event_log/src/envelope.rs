//! The stored form of an event.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::commit::Channel;
use crate::name::StreamName;
use crate::place::{CommandId, EventId, Position, Version};

/// An event as it is stored: one line of JSON with these keys in this order, absent options left out, times in RFC 3339 UTC with
/// microseconds and `Z`, `command_digest` as 64 hexadecimal digits (design §3, Event envelope). The position is not part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// Identity of the event.
    pub id: EventId,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Its place in the stream.
    pub version: Version,
    /// Type with its form, such as `ticket-commented.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was recorded.
    #[serde(with = "micros")]
    pub at: DateTime<Utc>,
    /// When it happened, where a trusted channel says so.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_micros")]
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, where a trusted channel says so.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_micros")]
    pub sent_at: Option<DateTime<Utc>>,
    /// The account that acted.
    pub by: Uuid,
    /// The account for which it acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Uuid>,
    /// The door.
    pub channel: Channel,
    /// The command that wrote it.
    pub command_id: CommandId,
    /// Keyed digest of what that command asked.
    #[serde(with = "crate::hex_digest")]
    pub command_digest: [u8; 32],
    /// The chain of commands it belongs to.
    pub correlation_id: Uuid,
    /// The event or command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The payload.
    pub data: Box<RawValue>,
}

/// An event of the log, with its place and its bytes. Two are equal when place and bytes are.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Place in the whole log.
    pub position: Position,
    /// The event, decoded.
    pub envelope: Envelope,
    /// The stored bytes, verbatim: what is hashed and exported. A slice of its block, which it keeps in memory.
    pub bytes: Bytes,
}

impl Recorded {
    /// SHA-256 of the stored bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

impl PartialEq for Recorded {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position && self.bytes == other.bytes
    }
}

/// Times with exactly six digits after the second, so that equal instants are equal bytes.
mod micros {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::<Utc>::deserialize(deserializer)
    }
}

/// The same for a time that may be absent; an absent one is left out, never written as `null`.
mod optional_micros {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        at: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::micros::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::<DateTime<Utc>>::deserialize(deserializer)
    }
}
