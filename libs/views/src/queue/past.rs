//! The queue as it stood at a position: rows of the past, found through what never changes of a ticket, and filtered and
//! sorted by SQLite.

use domain::policy::Visible;
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params_from_iter, types::Value};

use super::{
    QueueError, QueuePage, QueueQuery, TOTAL_MAX,
    columns::{self, at},
    cursor::Cursor,
    filter::filters,
    load,
    order::{Order, event_count},
    page::{Placed, paged},
    search::{self, Term, find::Hit},
};
use crate::{
    follow::store,
    numbers::{integer, number},
    scope::{self, Of, Scope, Walk},
    sql::{self, Sql},
};

/// Most scopes that are walked one by one; a viewer with more walks one index and is checked row by row.
const SCOPES_MAX: usize = 64;
/// What a list is sorted by first, as far as that changes which rows are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sorted {
    ByCreation,
    ByUpdate,
    Otherwise,
}

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
    fn source(&self, walk: Walk, sorted: Sorted) -> Sql {
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

/// What is to be looked at: rows in any of the scopes for which all conditions hold.
struct Plan {
    scopes: Vec<Scope>,
    conditions: Vec<Sql>,
}

/// One page of what this viewer may see, as it stood.
pub(super) fn page(
    snapshot: &Connection,
    past: &Past,
    viewer: &Visible,
    query: &QueueQuery,
    (order, cursor, terms): (&Order, Option<&Cursor>, &[Term]),
) -> Result<QueuePage, QueueError> {
    let internal = scope::internal(viewer, Of::Past);
    let asked = || {
        let plan = plan(snapshot, viewer, query, (&internal, terms), past)?;
        let rows = rows(snapshot, past, query, (&plan, order, cursor, &internal))?;
        Ok((rows, total(snapshot, past, &plan)?))
    };
    let (rows, total) = asked().map_err(QueueError::Sqlite)?;
    Ok(paged(rows, query, total, total < TOTAL_MAX))
}

/// Only what never changes of a ticket leads to its row by an index; a search lists every ticket that it finds.
fn plan(
    connection: &Connection,
    viewer: &Visible,
    query: &QueueQuery,
    (internal, terms): (&Sql, &[Term]),
    past: &Past,
) -> rusqlite::Result<Plan> {
    let implied = implied(viewer, query);
    let mut conditions: Vec<Sql> = filters(query).iter().map(super::filter::Filter::sql).collect();
    let visible = (!implied).then(|| scope::visible(viewer, Of::Past));
    if !terms.is_empty() {
        conditions.extend(visible);
        let hits = search::past::find(connection, terms, viewer.internal, past.position)?;
        return Ok(listing(viewer, internal, conditions, &hits));
    }
    let scopes = scope::scopes(viewer, Of::Past);
    let scopes = match by_person(query) {
        Some(found) => {
            conditions.extend(visible);
            found
        }
        None if implied => match &query.desk {
            Some(desk) => vec![Scope::by(scope::BY_DESK, Sql::one("t.desk = ?", sql::desk(desk)))],
            None => everything(),
        },
        None if scopes.len() > SCOPES_MAX => {
            conditions.extend(visible);
            everything()
        }
        None => scopes,
    };
    Ok(Plan { scopes, conditions })
}

/// The plan for a search whose tickets are listed; the conditions still have to hold.
fn listing(viewer: &Visible, internal: &Sql, mut conditions: Vec<Sql>, hits: &[Hit]) -> Plan {
    if hits.iter().any(|hit| !hit.public) && !(viewer.all && viewer.internal) {
        let public = listed(hits.iter().filter(|hit| hit.public));
        conditions.push(Sql::any(&[public, internal.clone()]));
    }
    let scopes = vec![Scope {
        walk: Walk::Rows,
        condition: listed(hits),
    }];
    Plan { scopes, conditions }
}

/// Tickets as one parameter.
fn listed<'a>(hits: impl IntoIterator<Item = &'a Hit>) -> Sql {
    let ids: Vec<i64> = hits.into_iter().map(|hit| hit.ticket).collect();
    Sql::one(
        "t.id IN (SELECT value FROM json_each(?))",
        serde_json::json!(ids).to_string(),
    )
}

/// The tickets of the person whom the query names.
fn by_person(query: &QueueQuery) -> Option<Vec<Scope>> {
    if let Some(requester) = query.requester {
        let condition = Sql::one("t.requester = ?", sql::account(requester));
        return Some(vec![Scope::by("ticket_by_requester", condition)]);
    }
    let account = sql::account(query.created_by?);
    let for_self = Sql::with(
        "t.requester = ? AND t.created_by = ?",
        vec![account.clone(), account.clone()],
    );
    let for_others = Sql::one("t.created_by = ? AND t.created_by <> t.requester", account);
    Some(vec![
        Scope::by("ticket_by_requester", for_self),
        Scope::by("ticket_by_opener", for_others),
    ])
}

/// Every row: SQLite knows which index gives the order, or the range of times, that is asked for.
fn everything() -> Vec<Scope> {
    vec![Scope {
        walk: Walk::Any,
        condition: Sql::bare("TRUE"),
    }]
}

/// Do the filters of this query leave only rows that this viewer may see? A ticket that was an organization's may be
/// another's now; its desk, requester and opener never change.
fn implied(viewer: &Visible, query: &QueueQuery) -> bool {
    let treats_desk = query
        .desk
        .as_ref()
        .is_some_and(|desk| viewer.desks.contains(desk));
    let own =
        viewer.person.is_some() && (query.requester == viewer.person || query.created_by == viewer.person);
    viewer.all || treats_desk || own
}

/// One statement per scope.
fn parts(past: &Past, plan: &Plan, columns: &Sql, conditions: Option<&Sql>, sorted: Sorted) -> Vec<Sql> {
    let all: Vec<&Sql> = plan.conditions.iter().chain(conditions).collect();
    scope::parts(&plan.scopes, columns, all, |walk| past.source(walk, sorted))
}

/// The rows of the page and one more, if there is one.
fn rows(
    connection: &Connection,
    past: &Past,
    query: &QueueQuery,
    (plan, order, cursor, internal): (&Plan, &Order, Option<&Cursor>, &Sql),
) -> rusqlite::Result<Vec<Placed>> {
    let after = cursor.map(|cursor| order.after(&cursor.values, cursor.id, internal, past));
    let mut columns = Sql::bare(format!("SELECT {}, ", columns::selected()));
    columns.add(&event_count(internal));
    columns.add(&order.selected(internal, past));
    let mut end = order.clause();
    end.push_str(&format!(" LIMIT {}", query.limit + 1));
    let sorted = match query.sort.first() {
        Some(sort) if sort.column == "created_at" => Sorted::ByCreation,
        Some(sort) if sort.column == "updated_at" => Sorted::ByUpdate,
        Some(_) => Sorted::Otherwise,
        None => Sorted::ByUpdate,
    };
    let mut parts = parts(past, plan, &columns, after.as_ref(), sorted);
    // Each scope gives its first rows, and the first of those are the page.
    if parts.len() > 1 {
        for part in &mut parts {
            let mut first = Sql::bare("SELECT * FROM (");
            first.add(part);
            first.push(&end);
            first.push(")");
            *part = first;
        }
    }
    let all = Sql::union(&parts, &end);
    let mut statement = connection.prepare_cached(&all.text)?;
    let mut found = statement.query(params_from_iter(&all.values))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(placed(connection, row, query, order)?);
    }
    Ok(rows)
}

fn placed(
    connection: &Connection,
    row: &SqlRow<'_>,
    query: &QueueQuery,
    order: &Order,
) -> rusqlite::Result<Placed> {
    const SEEN: usize = columns::COLUMNS.len();
    let id = row.get(const { at("id") })?;
    let mut shown = load::shown(row)?;
    shown.event_count = number(row, SEEN)?;
    let first = SEEN + 1;
    let values = (first..first + order.len())
        .map(|column| row.get(column))
        .collect::<Result<_, _>>()?;
    shown.fields = load::fields(connection, id, Some(shown.version), &query.fields)?;
    let cursor = Cursor { values, id };
    Ok(Placed { row: shown, cursor })
}

/// How many rows there are on all pages, counted up to [`TOTAL_MAX`].
fn total(connection: &Connection, past: &Past, plan: &Plan) -> rusqlite::Result<u64> {
    let mut count = Sql::bare("SELECT count(*) FROM (");
    let parts = parts(past, plan, &Sql::bare("SELECT 1"), None, Sorted::Otherwise);
    count.add(&Sql::union(&parts, &format!(" LIMIT {TOTAL_MAX})")));
    let mut statement = connection.prepare_cached(&count.text)?;
    let count: i64 = statement.query_row(params_from_iter(&count.values), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}
