//! The list of tickets: what can be asked of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Query parameters of the list of tickets. Every one narrows the list; absent ones do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({"desk": "SUP", "status": ["open", "in_progress"], "sort": "-updated_at", "limit": 50}))]
pub struct TicketQuery {
    /// Key of a desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<String>,
    /// Ids of statuses, the parameter repeated: tickets in any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[param(style = Form, explode = true)]
    pub status: Vec<String>,
    /// Words to find in key, summary, description, fields and comments, whatever their case, accents and forms of writing:
    /// `coeur` finds `Cœur`, `STRASSE` finds `Straße`. Every word must be there; the last one may be the beginning of a
    /// word; words in quotation marks must follow each other; a ticket's key finds what names it. A word with an
    /// apostrophe or hyphen is looked for as such a phrase, and so is a text of a script without spaces (`都庁` finds
    /// `東京都庁`). Symbols, emoji and punctuation are passed over; 422 when there is nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// User name or id of the person it is for; `me` for the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// User name or id of the person who entered it; `me` for the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// User name or id of the one who treats it; `me` for the caller, `none` for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Id of the organization it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Id of a request type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub request_type: Option<String>,
    /// A priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Recorded at or after this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_after: Option<DateTime<Utc>>,
    /// Recorded before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_before: Option<DateTime<Utc>>,
    /// Changed at or after this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_after: Option<DateTime<Utc>>,
    /// Whether the requester is asked to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_required: Option<bool>,
    /// The value of the field that a desk's tickets are found by (`x-lookup` in its forms), exactly: on `SAV`, the reference of
    /// the network outlet (PTO).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<String>,
    /// Columns to sort by, with commas between and `-` before one for the greatest first; `-updated_at` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Names of the desk's own fields to show in each row, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<String>,
    /// How many rows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    #[schema(minimum = 1)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Answer only when this position of the log is on the screen; 503 `view-behind` after 2 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// The list as it stood after this position of the log, or at this RFC 3339 time; only tickets that the caller may
    /// read today are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}
