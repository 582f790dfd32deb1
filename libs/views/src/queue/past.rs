//! The queue as it stood at a position: where its rows come from.

use event_log::Position;
use rusqlite::{Connection, OptionalExtension, types::Value};

use super::{columns, plan::Sorted};
use crate::{follow::store, numbers::integer, scope::Walk, sql::Sql};

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// A position before the view's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Past {
    /// The position.
    pub(super) position: i64,
    /// Microseconds since 1970: no ticket had been updated then or later.
    updated_before: i64,
}

/// A ticket's row as it stood, under the names of the current one. What never changes, and what the policy looks at now,
/// come from the current row.
fn source_columns() -> String {
    format!(
        "{}, {}, c.organization AS now_organization, c.private AS now_private, p.from_position AS position{}{}, \
         c.summary_commitment AS summary_commitment, c.summary_version AS summary_version, \
         c.description_version AS description_version, c.fields_version AS fields_version",
        columns::selected_fixed(),
        columns::selected_of_past(),
        summary("summary"),
        summary("summary_key"),
    )
}

/// The summary, or the key that it sorts by, as it stood.
fn summary(column: &str) -> String {
    format!(
        ", CASE WHEN c.summary_version <= p.version THEN c.{column} ELSE (SELECT s.{column} FROM past_summary s \
         WHERE s.ticket = c.id AND s.until_version > p.version ORDER BY s.until_version LIMIT 1) END AS {column}"
    )
}

impl Past {
    /// The position asked for; nothing when the view has nothing newer.
    pub(super) fn at(connection: &Connection, as_of: Option<Position>) -> rusqlite::Result<Option<Past>> {
        let Some(as_of) = as_of else {
            return Ok(None);
        };
        if as_of >= store::checkpoint(connection)?.0.position {
            return Ok(None);
        }
        let position = integer(as_of.0);
        let sql = "SELECT day FROM ticket_past WHERE from_position <= ?1 ORDER BY from_position DESC LIMIT 1";
        let day: Option<i64> = connection
            .prepare_cached(sql)?
            .query_row([position], |row| row.get(0))
            .optional()?;
        Ok(Some(Past {
            position,
            updated_before: day.map_or(i64::MIN, |day| (day + 1).saturating_mul(DAY_MICROS)),
        }))
    }

    /// What stands after `FROM`: the tickets that a walk finds, each as it stood. In the order of changes, rows of the
    /// past are walked and those that did not hold then passed over; otherwise tickets are, and their row is looked up.
    pub(super) fn source(&self, walk: Walk, sorted: Sorted) -> Sql {
        let mut source = Sql::bare(format!("(SELECT {} FROM ", source_columns()));
        let values = |values: &[i64]| values.iter().copied().map(Value::Integer).collect();
        let many = matches!(walk, Walk::Any | Walk::Index("ticket_by_desk"));
        if many && sorted == Sorted::ByUpdate {
            source.add(&Sql::with(
                "ticket_past p INDEXED BY past_by_updated CROSS JOIN ticket c WHERE c.id = p.ticket \
                 AND p.updated_at < ? AND p.from_position <= ? AND p.to_position > ?) t",
                values(&[self.updated_before, self.position, self.position]),
            ));
            return source;
        }
        source.push("ticket c");
        match walk {
            Walk::Index("ticket_by_desk") if sorted == Sorted::ByCreation => {
                source.push(" INDEXED BY ticket_by_created");
            }
            Walk::Index(index) => source.push(&format!(" INDEXED BY {index}")),
            Walk::Rows => source.push(" NOT INDEXED"),
            Walk::Any => {}
        }
        source.add(&Sql::with(
            " CROSS JOIN ticket_past p WHERE c.id <= ? AND p.from_position = (SELECT max(q.from_position) \
             FROM ticket_past q WHERE q.ticket = c.id AND q.from_position <= ?)) t",
            values(&[self.position, self.position]),
        ));
        source
    }
}
