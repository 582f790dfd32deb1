//! The list of tickets: what can be asked of it, and the page that answers (seed 002 §7, F103-F112; seed 003, F167-F170).

mod check;
mod columns;
mod cursor;
pub mod digest;
mod erase;
mod filter;
mod fold;
mod live;
mod load;
mod order;
mod page;
mod past;
mod pending;
mod save;
mod schema;
pub(crate) mod search;
pub(crate) mod ticket;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, DeskKey, Fault, OrganizationId, StatusId, TicketKey, desk::Category, policy::Listed,
};
use event_log::Position;
use rusqlite::Connection;
use serde_json::Value;

pub(crate) use page::page;

use crate::view::{Fold, View};

/// The name of the view.
pub(crate) const NAME: &str = "queue";

/// The tickets, now and as they stood, with their texts for searching.
pub(crate) struct QueueView;

impl View for QueueView {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        schema::VERSION
    }

    fn former_versions(&self) -> &'static [i32] {
        schema::FORMER_VERSIONS
    }

    fn former_name(&self) -> Option<&'static str> {
        Some("views")
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tables(&self) -> String {
        schema::tables()
    }

    fn indexes(&self) -> &'static str {
        schema::INDEXES
    }

    fn tune(&self, connection: &Connection, filling: bool) -> rusqlite::Result<()> {
        schema::tune(connection, filling)
    }

    fn load(&self, connection: &Connection) -> rusqlite::Result<Box<dyn Fold>> {
        Ok(Box::new(fold::QueueFold::load(connection)?))
    }

    fn rows(&self) -> &'static [(&'static str, &'static str)] {
        schema::ROWS
    }
}

/// Most rows of one page.
pub const LIMIT_MAX: u32 = 200;
/// Rows of a page when the caller does not say.
pub const LIMIT_DEFAULT: u32 = 50;
/// Counting stops at this many tickets; the total is then said to be inexact (design §4, "Views on SQLite").
pub const TOTAL_MAX: u64 = 10_001;
/// Most columns that one query sorts by.
pub const SORT_COLUMNS_MAX: usize = 8;
/// Most statuses that one query names.
pub const STATUSES_MAX: usize = 100;
/// Most fields of a desk that one query shows in its rows.
pub const FIELDS_MAX: usize = 100;
/// Longest text to search for, bytes of UTF-8.
pub const SEARCH_BYTES_MAX: usize = 500;
/// Most words and phrases of one search.
pub const SEARCH_TERMS_MAX: usize = 20;

/// Whom a ticket must be given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// This account.
    Account(AccountId),
    /// Nobody yet.
    Nobody,
}

/// The columns that a list can be sorted by.
pub const SORT_COLUMNS: [&str; 17] = [
    "key",
    "desk",
    "type",
    "summary",
    "status",
    "priority",
    "urgency",
    "requester",
    "created_by",
    "assignee",
    "organization",
    "created_at",
    "updated_at",
    "response_required",
    "version",
    "event_count",
    "private",
];

/// One column to sort by. An absent value (no assignee, no organization, an erased summary) is the least of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// One of [`SORT_COLUMNS`].
    pub column: String,
    /// The greatest first.
    pub descending: bool,
}

impl Sort {
    /// Reads a list of columns as the wire has it, `-` before a column for the greatest first: `-priority,updated_at`.
    /// Unknown columns are found when the query is asked.
    #[must_use]
    pub fn list(text: &str) -> Vec<Sort> {
        let one = |part: &str| match part.strip_prefix('-') {
            Some(column) => Sort {
                column: column.to_owned(),
                descending: true,
            },
            None => Sort {
                column: part.to_owned(),
                descending: false,
            },
        };
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(one)
            .collect()
    }
}

/// What is asked of the queue. Every filter narrows the list; absent ones do not.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueQuery {
    /// Tickets of this desk.
    pub desk: Option<DeskKey>,
    /// Tickets in any of these statuses (F167).
    pub status: Vec<String>,
    /// Tickets whose status is of this category.
    pub category: Option<Category>,
    /// Words, `"exact phrases"` or a ticket key to find, folded as [`text::words`] says.
    pub q: Option<String>,
    /// Tickets for this person.
    pub requester: Option<AccountId>,
    /// Tickets that this person opened.
    pub created_by: Option<AccountId>,
    /// Tickets given to somebody, or to nobody.
    pub assignee: Option<AssigneeFilter>,
    /// Tickets of this organization.
    pub organization: Option<OrganizationId>,
    /// Tickets of this request type.
    pub request_type: Option<String>,
    /// Tickets of this priority.
    pub priority: Option<String>,
    /// Private tickets, or those that are not.
    pub private: Option<bool>,
    /// Recorded at or after.
    pub created_after: Option<DateTime<Utc>>,
    /// Recorded before.
    pub created_before: Option<DateTime<Utc>>,
    /// Changed at or after.
    pub updated_after: Option<DateTime<Utc>>,
    /// Tickets whose requester is expected to answer, or not.
    pub response_required: Option<bool>,
    /// Tickets whose look-up field has exactly this value (seed 001 §3.3.1).
    pub lookup: Option<String>,
    /// Names of desk fields to show in each row (seed 002 §7.1, "Colonnes").
    pub fields: Vec<String>,
    /// Columns to sort by; `-updated_at` when empty. Ties are told apart by the order of opening.
    pub sort: Vec<Sort>,
    /// Rows of the page, 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// The queue as it stood at this position: filters, order, columns and total are those of then. Which tickets are
    /// listed, and whether internal notes are searched and counted, is what this viewer may see of them now (design §4).
    /// From the view's own position on, and when absent, the queue as it stands.
    pub as_of: Option<Position>,
    /// Where the page before ended: its `next_cursor`. Only good for the same filters and sort.
    pub cursor: Option<String>,
}

impl Default for QueueQuery {
    /// Everything, last changed first, [`LIMIT_DEFAULT`] rows.
    fn default() -> QueueQuery {
        QueueQuery {
            desk: None,
            status: Vec::new(),
            category: None,
            q: None,
            requester: None,
            created_by: None,
            assignee: None,
            organization: None,
            request_type: None,
            priority: None,
            private: None,
            created_after: None,
            created_before: None,
            updated_after: None,
            response_required: None,
            lookup: None,
            fields: Vec::new(),
            sort: Vec::new(),
            limit: LIMIT_DEFAULT,
            as_of: None,
            cursor: None,
        }
    }
}

/// One page of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuePage {
    /// The tickets, in the order asked for.
    pub rows: Vec<Row>,
    /// Cursor of the next page; `None` on the last one.
    pub next_cursor: Option<String>,
    /// How many tickets match on all pages that this viewer may see; at most [`TOTAL_MAX`] of a search for common words and
    /// of the past.
    pub total: u64,
    /// Whether `total` is exact; otherwise counting stopped at [`TOTAL_MAX`].
    pub total_exact: bool,
}

impl Listed for QueuePage {}

/// A ticket in the list, as it stands at the view's position.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its key.
    pub key: TicketKey,
    /// Its desk.
    pub desk: DeskKey,
    /// Its request type.
    pub request_type: String,
    /// One line; `None` once its person is erased.
    pub summary: Option<String>,
    /// Its status.
    pub status: StatusId,
    /// The status's category; `None` when the desk's definition is not in the log.
    pub category: Option<Category>,
    /// The requester is expected to answer.
    pub response_required: bool,
    /// The customer's priority.
    pub priority: String,
    /// The urgency.
    pub urgency: String,
    /// Whom it is for.
    pub requester: AccountId,
    /// Who opened it.
    pub created_by: AccountId,
    /// Who treats it.
    pub assignee: Option<AccountId>,
    /// The organization it is for.
    pub organization: Option<OrganizationId>,
    /// Hidden from the requester's colleagues.
    pub private: bool,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed for everybody who reads it; an internal note does not move it.
    pub updated_at: DateTime<Utc>,
    /// How many events it has.
    pub version: u64,
    /// How many of them this viewer may see: without the internal notes for those who may not read them (F170).
    pub event_count: u64,
    /// Position of its last event.
    pub position: Position,
    /// Those of the fields asked for that it has.
    pub fields: BTreeMap<String, Value>,
}

/// Why the queue gives no page.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The query is at fault; pointers name its parameters, such as `/sort`. Every fault is listed.
    #[error("the query has {} fault(s)", .0.len())]
    Invalid(Vec<Fault>),
    /// The cursor is damaged, or belongs to other filters or another sort.
    #[error("the cursor does not belong to this query")]
    BadCursor,
    /// The view is being rebuilt from the log; ask again.
    #[error("the view is being rebuilt and stands at position {position}")]
    Rebuilding {
        /// How far the rebuild has come.
        position: Position,
    },
    /// SQLite failed.
    #[error("the view cannot be read")]
    Sqlite(#[source] rusqlite::Error),
    /// The views have been closed.
    #[error("the views are closed")]
    Closed,
}

impl QueueQuery {
    /// Every fault of it, with the parameter that each is found in. A cursor is judged once all else is right: it belongs to a query.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        check::faults(self)
    }
}
