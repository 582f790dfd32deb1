//! The change feed: one line per event.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    pub event: serde_json::Value,
}
