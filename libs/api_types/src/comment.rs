//! Comments: what people write to each other on a ticket.

use crate::ticket::AccountRef;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A comment to add. Two comments commute, so no `If-Match` is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "Le problème est revenu ce matin.", "visibility": "public"}))]
pub struct CreateComment {
    /// The text, at most 24 KiB in UTF-8.
    pub body: String,
    /// Who may read it; `public` unless given. Only those who treat tickets may write an internal note.
    #[serde(default)]
    pub visibility: Visibility,
}

/// Who may read a comment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone who may read the ticket.
    #[default]
    Public,
    /// Only those who treat the ticket. Such a note leaves by no channel: no mail, no feed, no export of a requester.
    Internal,
}

/// The side somebody acts on, for one ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one who asks, or somebody of the same organization.
    Requester,
    /// The team that treats the ticket.
    Agent,
    /// The supplier (OI) of the network, in seed 001.
    Supplier,
    /// Guichet itself: timers and automatic steps.
    System,
}

/// A comment as this reader may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-000000000021",
    "body": "Le problème est revenu ce matin.",
    "visibility": "public",
    "side": "requester",
    "at": "2026-03-02T09:30:00Z",
    "by": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "on_behalf_of": null,
    "version": 2,
    "position": 43
}))]
pub struct Comment {
    /// Identity of the comment: the id of its event.
    pub id: Uuid,
    /// The text; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub body: Option<String>,
    /// Who may read it.
    pub visibility: Visibility,
    /// The side its author was on when writing.
    pub side: Side,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who wrote it.
    pub by: AccountRef,
    /// For whom it was written, when somebody wrote in another's name.
    #[schema(required = true)]
    pub on_behalf_of: Option<AccountRef>,
    /// Version of the ticket that this comment made.
    pub version: u64,
    /// Place in the whole log; send it as `at_least` to read what follows from it.
    pub position: u64,
}

/// A page of comments, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct CommentPage {
    /// The comments that this reader may see.
    pub items: Vec<Comment>,
    /// Cursor of the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}
