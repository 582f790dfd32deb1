//! How many tickets were in each status at the end of each day.

mod ask;
mod fold;

use rusqlite::Connection;

pub(crate) use ask::series;
pub use ask::{SERIES_DAYS_MAX, Series};

use crate::view::{Fold, View};

/// The name of the view.
pub(crate) const NAME: &str = "series";

/// The daily counts of statuses.
pub(crate) struct SeriesView;

/// The tables.
///
/// - `ticket`, `ticket_share`: what decides who may see a ticket, and the status that it is in.
/// - `status_change`: when a ticket entered a status. `day` counts from 1970-01-01, UTC, and never goes back: it is that of
///   the latest instant recorded so far.
/// - `status_count`: by how many the tickets of a desk in a status have changed in a day.
const TABLES: &str = "
CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    desk TEXT NOT NULL,
    number INTEGER NOT NULL,
    requester BLOB NOT NULL,
    created_by BLOB NOT NULL,
    organization TEXT,
    private INTEGER NOT NULL,
    status TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX ticket_by_key ON ticket (desk, number);
CREATE TABLE ticket_share (
    ticket INTEGER NOT NULL,
    organization TEXT NOT NULL,
    PRIMARY KEY (ticket, organization)
) STRICT, WITHOUT ROWID;
CREATE TABLE status_change (
    ticket INTEGER NOT NULL,
    position INTEGER NOT NULL,
    day INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (ticket, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE status_count (
    desk TEXT NOT NULL,
    day INTEGER NOT NULL,
    status TEXT NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (desk, day, status)
) STRICT, WITHOUT ROWID;
";

/// One index per scope.
const INDEXES: &str = "
CREATE INDEX ticket_by_requester ON ticket (requester);
CREATE INDEX ticket_by_opener ON ticket (created_by) WHERE created_by <> requester;
CREATE INDEX ticket_by_organization ON ticket (organization) WHERE organization IS NOT NULL;
CREATE INDEX ticket_share_by_organization ON ticket_share (organization, ticket);
";

impl View for SeriesView {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn is_personal(&self) -> bool {
        false
    }

    fn tables(&self) -> String {
        TABLES.to_owned()
    }

    fn indexes(&self) -> &'static str {
        INDEXES
    }

    fn load(&self, _connection: &Connection) -> rusqlite::Result<Box<dyn Fold>> {
        Ok(Box::new(fold::SeriesFold::default()))
    }

    fn rows(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("series_ticket", "SELECT * FROM ticket ORDER BY desk, number"),
            (
                "series_share",
                "SELECT * FROM ticket_share ORDER BY ticket, organization",
            ),
            ("change", "SELECT * FROM status_change ORDER BY ticket, position"),
            (
                "count",
                "SELECT * FROM status_count WHERE change <> 0 ORDER BY desk, day, status",
            ),
        ]
    }
}
