//! Tickets: what is asked, by whom, and where it stands.

use crate::comment::Side;
use crate::nullable::present;
use crate::transition::AllowedAction;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A desk's own fields by name; their form is the request type's JSON Schema.
pub type Fields = serde_json::Map<String, serde_json::Value>;

/// A ticket to create. `type` and `fields` follow the desk's form, served at `/v1/desks/{key}/types/{type}/schema`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "desk": "SUP",
    "type": "question",
    "summary": "L'imprimante de l'accueil n'imprime plus",
    "description": "Depuis lundi, elle affiche « bourrage » sans bourrage.",
    "priority": "normal"
}))]
pub struct CreateTicket {
    /// Key of the desk.
    pub desk: String,
    /// Id of the request type.
    #[serde(rename = "type")]
    pub request_type: String,
    /// One line that names the matter.
    pub summary: String,
    /// The matter in full, at most 24 KiB in UTF-8.
    pub description: String,
    /// How important it is, a value of the desk's list. Only those who treat tickets change it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// How urgent it is for the requester, a value of the desk's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    /// Id of the organization it is asked for; needed when the requester has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// User name or id of the person it is asked for. Both persons are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// A private ticket is not shown to the requester's organization, unless it is shared with it; `false` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Ids of further organizations that may follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_with: Option<Vec<String>>,
    /// Whether the requester wants mail about it; `true` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<bool>,
    /// The desk's own fields. A date-time follows RFC 3339, within the years 1 to 9999, without a leap second and at most 14
    /// hours from UTC; it is kept with a capital `T` and `Z`. A whole number is kept without a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    pub fields: Option<Fields>,
}

/// What to change on a ticket; members that are absent stay as they are. Send `If-Match` to be told of changes that
/// somebody else made meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"priority": "high", "assignee": "agent", "fields": {"product": null}}))]
pub struct EditTicket {
    /// New summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub summary: Option<String>,
    /// New description, at most 24 KiB in UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// New priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub priority: Option<String>,
    /// New urgency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub urgency: Option<String>,
    /// New request type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_type: Option<String>,
    /// Id of the new organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organization: Option<String>,
    /// Whether it is private from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub private: Option<bool>,
    /// Mail follow-up from now on, or no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notify: Option<bool>,
    /// User name or id of the one who treats it; `null` takes it from whoever has it. A new ticket is begun by it, as by the
    /// desk's action that takes one.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<Option<String>>,
    /// Fields to set; a field that is `null` is removed. Those that the form marks `x-declared` stay as they were when the
    /// ticket was opened (409 `declaration-frozen`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>, nullable = false)]
    pub fields: Option<Fields>,
    /// Ids of organizations to share with beside those it is shared with already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub share_with: Option<Vec<String>>,
}

/// Why a ticket is opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Le problème est revenu ce matin."}))]
pub struct ReopenTicket {
    /// The reason, at most 24 KiB in UTF-8; it becomes a comment.
    pub reason: String,
}

/// A person, by an id that outlives the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"
}))]
pub struct AccountRef {
    /// Id of the account, the same for ever.
    pub id: Uuid,
    /// User name; `null` once the person is erased.
    #[schema(required = true)]
    pub username: Option<String>,
    /// Name to show; `null` once the person is erased.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "commune-a", "name": "Commune A"}))]
pub struct OrganizationRef {
    /// Id of the organization.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A status of a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "open", "label": "Ouvert", "category": "new", "response_required": false}))]
pub struct Status {
    /// Id, as the desk defines it.
    pub id: String,
    /// Label in the language asked for.
    pub label: String,
    /// What it means on every desk.
    pub category: StatusCategory,
    /// Whether the requester is asked to answer.
    pub response_required: bool,
}

/// What a status means, whatever the desk calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusCategory {
    /// Nobody has taken it yet.
    New,
    /// Somebody works on it.
    Active,
    /// It waits for somebody else.
    Waiting,
    /// Nothing more is to be done.
    Done,
}

/// The last message exchanged between the sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "comment", "body": "Le problème est revenu ce matin.", "at": "2026-03-02T09:30:00Z", "side": "requester"
}))]
pub struct LastMessage {
    /// What carried it: `comment`, or the id of the action it came with.
    #[serde(rename = "type")]
    pub message_type: String,
    /// The text; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub body: Option<String>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// The side that wrote it.
    pub side: Side,
}

/// A ticket as this reader may see it. `ETag` is its version in quotes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "key": "SUP-12",
    "desk": "SUP",
    "type": "question",
    "summary": "L'imprimante de l'accueil n'imprime plus",
    "description": "Depuis lundi, elle affiche « bourrage » sans bourrage.",
    "status": {"id": "open", "label": "Ouvert", "category": "new", "response_required": false},
    "priority": "normal",
    "urgency": null,
    "requester": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "created_by": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "assignee": null,
    "organization": {"id": "commune-a", "name": "Commune A"},
    "private": false,
    "shared_with": [],
    "notify": true,
    "fields": {},
    "created_at": "2026-03-02T09:29:00Z",
    "updated_at": "2026-03-02T09:30:00Z",
    "closed_at": null,
    "version": 2,
    "event_count": 2,
    "supplier_updates": 0,
    "position": 43,
    "last_message": {
        "type": "comment", "body": "Toujours en panne.", "at": "2026-03-02T09:30:00Z", "side": "requester"
    },
    "last_supplier_message": null,
    "allowed_actions": [{
        "id": "withdraw", "label": "Annuler la demande", "requires_comment": false, "required_fields": []
    }],
    "allowed_operations": ["comment", "attach", "edit", "share"],
    "editable": ["summary", "description", "private", "notify"]
}))]
pub struct Ticket {
    /// Key, such as `SUP-12`: the desk's key and a number without gaps.
    pub key: String,
    /// Key of the desk.
    pub desk: String,
    /// Id of the request type.
    #[serde(rename = "type")]
    pub request_type: String,
    /// One line that names the matter; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub summary: Option<String>,
    /// The matter in full; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// How important it is, as those who treat it see it.
    #[schema(required = true)]
    pub priority: Option<String>,
    /// How urgent it is for the requester.
    #[schema(required = true)]
    pub urgency: Option<String>,
    /// The person it is for.
    pub requester: AccountRef,
    /// The person who entered it: the requester, or who did it for them.
    pub created_by: AccountRef,
    /// The one who treats it; `null` when nobody does.
    #[schema(required = true)]
    pub assignee: Option<AccountRef>,
    /// The organization it is asked for.
    #[schema(required = true)]
    pub organization: Option<OrganizationRef>,
    /// Whether it is hidden from the requester's organization; no longer once it is shared with it. The organizations of
    /// `shared_with` see it all the same.
    pub private: bool,
    /// Further organizations that follow it.
    pub shared_with: Vec<OrganizationRef>,
    /// Whether the requester wants mail about it.
    pub notify: bool,
    /// The desk's own fields.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub fields: Fields,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its last event was recorded.
    pub updated_at: DateTime<Utc>,
    /// When it was closed; `null` while it is not.
    #[schema(required = true)]
    pub closed_at: Option<DateTime<Utc>>,
    /// Number of its events so far; send it in `If-Match`.
    pub version: u64,
    /// Number of its events that this reader may see.
    pub event_count: u64,
    /// Number of updates at the supplier's initiative.
    pub supplier_updates: u64,
    /// Place in the whole log of its last event; send it as `at_least` to read what follows from it.
    pub position: u64,
    /// The last message exchanged; `null` when there was none.
    #[schema(required = true)]
    pub last_message: Option<LastMessage>,
    /// The last public words of those who treat it, whoever wrote or acted since; `null` when there were none.
    #[serde(default)]
    #[schema(required = true)]
    pub last_supplier_message: Option<LastMessage>,
    /// The actions of its desk that this reader may follow now.
    pub allowed_actions: Vec<AllowedAction>,
    /// What else this reader may ask of it now. What is not listed is refused: 403 to who may never ask it, 409 while the ticket does
    /// not take it. Nothing is listed for an API key without the scope `write`.
    #[serde(default)]
    #[schema(required = true)]
    pub allowed_operations: Vec<String>,
    /// The members that this reader may change with `PATCH`, a field of the form as `fields.<name>`.
    #[serde(default)]
    #[schema(required = true)]
    pub editable: Vec<String>,
}

/// A ticket in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "key": "SUP-12",
    "desk": "SUP",
    "type": "question",
    "summary": "L'imprimante de l'accueil n'imprime plus",
    "status": {"id": "open", "label": "Ouvert", "category": "new", "response_required": false},
    "priority": "normal",
    "urgency": null,
    "requester": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "created_by": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "assignee": null,
    "organization": {"id": "commune-a", "name": "Commune A"},
    "private": false,
    "created_at": "2026-03-02T09:29:00Z",
    "updated_at": "2026-03-02T09:30:00Z",
    "version": 2,
    "event_count": 2,
    "position": 43
}))]
pub struct TicketRow {
    /// Key, such as `SUP-12`.
    pub key: String,
    /// Key of the desk.
    pub desk: String,
    /// Id of the request type.
    #[serde(rename = "type")]
    pub request_type: String,
    /// One line that names the matter; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub summary: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// How important it is, as those who treat it see it.
    #[schema(required = true)]
    pub priority: Option<String>,
    /// How urgent it is for the requester.
    #[schema(required = true)]
    pub urgency: Option<String>,
    /// The person it is for.
    pub requester: AccountRef,
    /// The person who entered it: the requester, or who did it for them.
    pub created_by: AccountRef,
    /// The one who treats it; `null` when nobody does.
    #[schema(required = true)]
    pub assignee: Option<AccountRef>,
    /// The organization it is asked for.
    #[schema(required = true)]
    pub organization: Option<OrganizationRef>,
    /// Whether it is hidden from the requester's organization.
    pub private: bool,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its last event was recorded.
    pub updated_at: DateTime<Utc>,
    /// Number of its events so far.
    pub version: u64,
    /// Number of its events that this reader may see.
    pub event_count: u64,
    /// Place in the whole log of its last event.
    pub position: u64,
    /// The desk's own fields named in the query's `fields`; absent when none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    pub fields: Option<Fields>,
}

/// A page of tickets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null, "total": 0, "total_exact": true}))]
pub struct TicketPage {
    /// The tickets that this reader may see, in the order asked for.
    pub items: Vec<TicketRow>,
    /// Cursor of the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// How many tickets match, on all pages.
    pub total: u64,
    /// Whether `total` is exact; when `false` at least that many match, and counting stopped there.
    pub total_exact: bool,
}
