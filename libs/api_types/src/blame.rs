//! Which event set each field of a ticket.

use crate::ticket::AccountRef;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A field with the event that it has its value from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "field": "priority",
    "value": "high",
    "removed": false,
    "position": 45,
    "version": 3,
    "at": "2026-03-02T09:35:00Z",
    "by": {"id": "0198c0de-7000-7000-8000-000000000002", "username": "agent", "name": "Agent"},
    "on_behalf_of": null
}))]
pub struct FieldBlame {
    /// Name of the field, as the history has it; a desk's own field is `fields.NAME`.
    pub field: String,
    /// Its value, as the ticket's answer has it; `null` when it has none or it is erased.
    #[serde(default)]
    #[schema(required = true)]
    pub value: serde_json::Value,
    /// The event took the field away.
    pub removed: bool,
    /// Place of the event in the whole log.
    pub position: u64,
    /// Version of the ticket that the event made.
    pub version: u64,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: AccountRef,
    /// For whom it was done, when somebody acted in another's name.
    #[schema(required = true)]
    pub on_behalf_of: Option<AccountRef>,
}

/// Every field of a ticket, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": []}))]
pub struct BlamePage {
    /// The fields.
    pub items: Vec<FieldBlame>,
}
