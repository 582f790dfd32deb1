//! Who a ticket is shared with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Organizations to share a ticket with, beside those it is shared with already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organizations": ["commune-b"]}))]
pub struct ShareTicket {
    /// Ids of organizations the caller is a member of.
    pub organizations: Vec<String>,
}

/// Who a ticket is shared with and in which part: persons and organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [{
    "kind": "person", "id": "0198c0de-7000-7000-8000-000000000001", "name": "Requester 1",
    "parts": ["requester", "creator"]
}, {"kind": "organization", "id": "commune-a", "name": "Commune A", "parts": ["organization"]}]}))]
pub struct ShareList {
    /// Persons first, then organizations, each once.
    pub items: Vec<Sharer>,
}

/// One that a ticket is shared with. Whoever is a member of an organization has part in it for as long as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "kind": "person", "id": "0198c0de-7000-7000-8000-000000000001", "name": "Requester 1",
    "parts": ["requester", "creator"]
}))]
pub struct Sharer {
    /// What it is.
    pub kind: SharerKind,
    /// Id of the account or organization.
    pub id: String,
    /// Its name; `null` once the person is erased.
    #[schema(required = true)]
    pub name: Option<String>,
    /// In which parts. `requester`, `creator` and `assignee` are of a person. Of an organization, `organization` when the ticket is asked
    /// for it and not private, and `shared` when it was shared with it.
    pub parts: Vec<SharePart>,
}

/// What has a part in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "person")]
pub enum SharerKind {
    /// An account.
    Person,
    /// An organization.
    Organization,
}

/// A part in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "requester")]
pub enum SharePart {
    /// Whom it is for.
    Requester,
    /// Who opened it.
    Creator,
    /// Who treats it.
    Assignee,
    /// The organization that it is asked for.
    Organization,
    /// It was shared with it.
    Shared,
}
