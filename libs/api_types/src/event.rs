//! The change feed: one line per event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// One line of the feed (NDJSON), or the data of one server-sent event whose id is the position.
/// Ask for what follows with `after=<position>`: positions grow and never repeat, so nothing is lost or doubled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "position": 43,
    "event": {
        "id": "0198c0de-7000-7000-8000-000000000021",
        "stream": "SUP-12",
        "version": 2,
        "type": "ticket-commented.v1",
        "at": "2026-03-02T09:30:00.000000Z",
        "by": "0198c0de-7000-7000-8000-000000000001",
        "channel": "rest",
        "command_id": "0198c0de-7000-7000-8000-000000000022",
        "command_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "correlation_id": "0198c0de-7000-7000-8000-000000000023",
        "data": {"body": "Le problème est revenu ce matin."}
    }
}))]
pub struct FeedEvent {
    /// Place in the whole log, from 1.
    pub position: u64,
    /// The stored event, with the personal data this reader may see in clear.
    #[schema(value_type = StoredEvent)]
    pub event: serde_json::Value,
}

/// An event of the log, as docs/audit-format.md has it. Members that are optional are absent where there is nothing to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-000000000021",
    "stream": "SUP-12",
    "version": 2,
    "type": "ticket-commented.v1",
    "at": "2026-03-02T09:30:00.000000Z",
    "by": "0198c0de-7000-7000-8000-000000000001",
    "channel": "rest",
    "command_id": "0198c0de-7000-7000-8000-000000000022",
    "command_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "correlation_id": "0198c0de-7000-7000-8000-000000000023",
    "data": {"body": "Le problème est revenu ce matin."}
}))]
pub struct StoredEvent {
    /// Identity of the event.
    pub id: Uuid,
    /// The stream that it belongs to: the key of a ticket, or `account-`, `organization-`, `desk-` and an id.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub version: u64,
    /// What happened, with its form.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// When it happened, where a trusted channel says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, where a trusted channel says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_at: Option<DateTime<Utc>>,
    /// The account that acted.
    pub by: Uuid,
    /// The account for which it acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_behalf_of: Option<Uuid>,
    /// The door that it came by.
    pub channel: String,
    /// The command that wrote it.
    pub command_id: Uuid,
    /// Keyed digest of what that command asked, 64 hexadecimal digits.
    pub command_digest: String,
    /// The chain of commands that it belongs to.
    pub correlation_id: Uuid,
    /// The event or command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub causation_id: Option<Uuid>,
    /// What happened, in the form of its type.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub data: serde_json::Value,
}
