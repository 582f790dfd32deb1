//! Paging: cursors, never offsets, so that a list that changes meanwhile neither repeats nor skips.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Query parameters of what a ticket has in the order of its versions, by pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({"limit": 50, "cursor": "eyJwIjo0M30", "at_least": 43}))]
pub struct PageQuery {
    /// How many items at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    #[schema(minimum = 1)]
    pub limit: Option<u32>,
    /// `version` for the oldest first, which it is unless given, or `-version` for the newest first. What comes meanwhile is never
    /// repeated and never skipped, whichever way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(example = "-version")]
    pub sort: Option<String>,
    /// The `next_cursor` of the page before, in the same order; absent for the first page. A page may hold less than `limit`, even
    /// nothing, before the last: the last is the one without `next_cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only what came after this version of the ticket, the oldest first: in place of a cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Answer only when this position of the log is reached; 503 `view-behind` after 2 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// The ticket as it stood after this position of the log, or at this RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}
