//! The history of a ticket in words: one entry per event that this reader may see.

use crate::ticket::AccountRef;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The way by which something reached Guichet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// This REST contract.
    Rest,
    /// The SOAP door.
    Soap,
    /// Mail and webhooks.
    Courier,
    /// A timer, such as a service level that was missed.
    Timer,
    /// The people who run the server.
    Admin,
}

/// One event, told in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "position": 45,
    "version": 3,
    "type": "ticket-transitioned.v1",
    "at": "2026-03-02T09:35:00Z",
    "occurred_at": null,
    "sent_at": null,
    "by": {"id": "0198c0de-7000-7000-8000-000000000002", "username": "agent", "name": "Agent"},
    "on_behalf_of": null,
    "channel": "rest",
    "text": "L'état est devenu En progression",
    "changes": [{"field": "status", "from": "open", "to": "in_progress"}]
}))]
pub struct HistoryEntry {
    /// Place in the whole log.
    pub position: u64,
    /// Version of the ticket that this event made.
    pub version: u64,
    /// Type of the event, for ever the same.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// When it happened, if a trusted channel told.
    #[schema(required = true)]
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, if a trusted channel told.
    #[schema(required = true)]
    pub sent_at: Option<DateTime<Utc>>,
    /// Who did it.
    pub by: AccountRef,
    /// For whom it was done, when somebody acted in another's name.
    #[schema(required = true)]
    pub on_behalf_of: Option<AccountRef>,
    /// The way it came.
    pub channel: Channel,
    /// One sentence in the language asked for.
    pub text: String,
    /// What it changed, field by field.
    pub changes: Vec<Change>,
}

/// One field that an event changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"field": "status", "from": "open", "to": "in_progress"}))]
pub struct Change {
    /// Name of the field; a desk's own field is `fields.NAME`.
    pub field: String,
    /// Value before; `null` when there was none or when it is erased.
    #[serde(default)]
    #[schema(required = true)]
    pub from: serde_json::Value,
    /// Value after; `null` when it was removed or is erased.
    #[serde(default)]
    #[schema(required = true)]
    pub to: serde_json::Value,
}

/// A page of history, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct HistoryPage {
    /// The entries that this reader may see.
    pub items: Vec<HistoryEntry>,
    /// Cursor of the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}
