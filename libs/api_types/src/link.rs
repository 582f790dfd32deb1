//! Signed links.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Paths to sign, as this server has them: the file of an attachment, a picture of an account, the history of a ticket, or the change
/// feed, with their query. Rights are checked when a link is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"paths": ["/v1/tickets/SUP-12/history", "/v1/accounts/requester-1/avatar"]}))]
pub struct CreateLinks {
    /// 1 to 100 paths.
    #[schema(min_items = 1, max_items = 100)]
    pub paths: Vec<String>,
}

/// Signed links, in the order of the paths.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [{
    "path": "/v1/tickets/SUP-12/history",
    "url": "/v1/tickets/SUP-12/history?link=eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiJndWljaGV0LWxpbmsifQ.c2ln",
    "expires_at": "2026-03-02T09:35:00Z"
}]}))]
pub struct LinkList {
    /// The links.
    pub items: Vec<Link>,
}

/// A signed link: GET it without `Authorization`. It carries the rights of the account that made it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "path": "/v1/tickets/SUP-12/history",
    "url": "/v1/tickets/SUP-12/history?link=eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiJndWljaGV0LWxpbmsifQ.c2ln",
    "expires_at": "2026-03-02T09:35:00Z"
}))]
pub struct Link {
    /// The path as it was given.
    pub path: String,
    /// Where to ask for it, relative to the address of this server.
    pub url: String,
    /// Until when it can be asked for. What was opened in time goes on.
    pub expires_at: DateTime<Utc>,
}
