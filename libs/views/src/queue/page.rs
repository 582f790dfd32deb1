//! Asking for a page: the rows and the total out of one snapshot.

use domain::policy::Visible;
use event_log::Position;
use rusqlite::{Connection, Row as SqlRow, params_from_iter, types::Value};

use super::{
    QueueError, QueuePage, QueueQuery, Row, TOTAL_MAX, check,
    order::{Order, event_count},
    plan::{Plan, plan},
    scope,
    sql::Sql,
};
use crate::{
    cursor::Cursor,
    store::{load, save::integer},
};

/// A row with its place in the order.
struct Placed {
    row: Row,
    id: u64,
    values: Vec<Value>,
}

/// One page of what this viewer may see.
pub(crate) fn page(
    connection: &mut Connection,
    viewer: &Visible,
    query: &QueueQuery,
) -> Result<QueuePage, QueueError> {
    let faults = check::faults(query);
    if !faults.is_empty() {
        return Err(QueueError::Invalid(faults));
    }
    let internal = scope::internal(viewer);
    let order = Order::of(&query.sort, &internal);
    let cursor = match &query.cursor {
        Some(text) => {
            let cursor = Cursor::decode(text, query).filter(|cursor| order.admits(&cursor.values));
            Some(cursor.ok_or(QueueError::BadCursor)?)
        }
        None => None,
    };
    // Reads of one transaction see one state, so the rows and their total agree.
    let snapshot = connection.transaction().map_err(QueueError::Sqlite)?;
    let plan = plan(&snapshot, viewer, query, &internal).map_err(QueueError::Sqlite)?;
    let limit = query.limit as usize;
    let mut placed = rows(&snapshot, &plan, query, &order, &internal, cursor).map_err(QueueError::Sqlite)?;
    let next_cursor = (placed.len() > limit).then(|| placed.truncate(limit)).and_then(|()| {
        let last = placed.last()?;
        Some(Cursor { values: last.values.clone(), id: integer(last.id) }.encode(query))
    });
    let total = total(&snapshot, &plan).map_err(QueueError::Sqlite)?;
    let rows = placed.into_iter().map(|placed| placed.row).collect();
    Ok(QueuePage { rows, next_cursor, total, total_exact: total < TOTAL_MAX })
}

/// The rows of the page and one more, if there is one.
fn rows(
    connection: &Connection,
    plan: &Plan,
    query: &QueueQuery,
    order: &Order,
    internal: &Sql,
    cursor: Option<Cursor>,
) -> rusqlite::Result<Vec<Placed>> {
    let after = cursor.map(|cursor| order.after(&cursor.values, cursor.id));
    let mut columns = Sql::bare(format!("SELECT {}, ", load::COLUMNS));
    columns.add(&event_count(internal));
    columns.add(&order.selected());
    let mut end = order.clause();
    end.push_str(&format!(" LIMIT {}", query.limit + 1));
    // Each scope gives its first rows, and the first of those are the page.
    let mut all = Sql::default();
    let parts = plan.parts(&columns, after.as_ref());
    for (index, part) in parts.iter().enumerate() {
        if parts.len() > 1 {
            all.push(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        }
        all.add(part);
        if parts.len() > 1 {
            all.push(&end);
            all.push(")");
        }
    }
    all.push(&end);
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
    let ticket = load::read(row)?;
    let event_count: i64 = row.get(load::COLUMNS_COUNT)?;
    let first = load::COLUMNS_COUNT + 1;
    let values = (first..first + order.len()).map(|column| row.get(column)).collect::<Result<_, _>>()?;
    let mut fields = std::collections::BTreeMap::new();
    if !query.fields.is_empty() {
        fields = load::fields(connection, ticket.id)?;
        fields.retain(|name, _| query.fields.contains(name));
    }
    let row = Row {
        key: ticket.key,
        desk: ticket.desk,
        request_type: ticket.request_type,
        summary: ticket.summary,
        status: ticket.standing.status,
        category: ticket.standing.category,
        response_required: ticket.standing.response_required,
        priority: ticket.priority.value,
        urgency: ticket.urgency.value,
        requester: ticket.requester,
        created_by: ticket.created_by,
        assignee: ticket.assignee,
        organization: ticket.organization,
        private: ticket.private,
        created_at: ticket.created_at,
        updated_at: ticket.updated_at,
        version: ticket.version,
        event_count: u64::try_from(event_count).unwrap_or_default(),
        position: Position(ticket.position),
        fields,
    };
    Ok(Placed { row, id: ticket.id, values })
}

/// How many rows there are on all pages, counted up to [`TOTAL_MAX`].
fn total(connection: &Connection, plan: &Plan) -> rusqlite::Result<u64> {
    let mut all = Sql::bare("SELECT count(*) FROM (");
    for (index, part) in plan.parts(&Sql::bare("SELECT 1"), None).into_iter().enumerate() {
        if index > 0 {
            all.push(" UNION ALL ");
        }
        all.add(&part);
    }
    all.push(&format!(" LIMIT {TOTAL_MAX})"));
    let count: i64 = connection
        .prepare_cached(&all.text)?
        .query_row(params_from_iter(&all.values), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

impl Plan {
    /// One statement per scope. Each leaves out what an earlier one has, so that a ticket seen twice counts once.
    fn parts(&self, columns: &Sql, after: Option<&Sql>) -> Vec<Sql> {
        let mut parts = Vec::new();
        for (index, scope) in self.scopes.iter().enumerate() {
            let mut part = columns.clone();
            part.push(" FROM ticket t");
            if let Some(index) = scope.index {
                part.push(&format!(" INDEXED BY {index}"));
            }
            part.push(" WHERE ");
            part.add(&scope.condition);
            for condition in self.conditions.iter().chain(after) {
                part.push(" AND (");
                part.add(condition);
                part.push(")");
            }
            for earlier in &self.scopes[..index] {
                part.push(" AND (");
                part.add(&earlier.condition);
                part.push(") IS NOT TRUE");
            }
            parts.push(part);
        }
        parts
    }
}
