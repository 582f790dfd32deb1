//! Asking for a page: the rows and the total out of one snapshot.

use domain::policy::Visible;
use rusqlite::{Connection, Row as SqlRow, params_from_iter, types::Value};

use super::{
    QueueError, QueuePage, QueueQuery, Row, TOTAL_MAX, check,
    columns::{self, at},
    cursor::Cursor,
    load,
    order::{Order, event_count},
    past::Past,
    plan::{Plan, Sorted, holds, plan},
    search::{
        Term,
        find::{self, Limits},
    },
};
use crate::{
    numbers::number,
    scope::{self, Of},
    sql::Sql,
};

/// A row with its place in the order.
struct Placed {
    row: Row,
    id: i64,
    values: Vec<Value>,
}

/// One page of what this viewer may see.
pub(crate) fn page(
    connection: &mut Connection,
    viewer: &Visible,
    query: &QueueQuery,
    limits: Limits,
) -> Result<QueuePage, QueueError> {
    let faults = check::faults(query);
    if !faults.is_empty() {
        return Err(QueueError::Invalid(faults));
    }
    // Reads of one transaction see one state, so the rows and their total agree.
    let snapshot = connection.transaction().map_err(QueueError::Sqlite)?;
    let past = Past::at(&snapshot, query.as_of).map_err(QueueError::Sqlite)?;
    let of = if past.is_some() { Of::Past } else { Of::Now };
    let internal = scope::internal(viewer, of);
    let order = Order::of(&query.sort, &internal, past.as_ref());
    let cursor = match &query.cursor {
        Some(text) => {
            let cursor = Cursor::decode(text, query).filter(|cursor| order.admits(&cursor.values));
            Some(cursor.ok_or(QueueError::BadCursor)?)
        }
        None => None,
    };
    let plan =
        plan(&snapshot, viewer, query, &internal, limits, past.as_ref()).map_err(QueueError::Sqlite)?;
    let limit = query.limit as usize;
    let asked = Asked {
        viewer,
        query,
        internal: &internal,
        plan,
    };
    let mut placed = asked
        .rows(&snapshot, &order, cursor)
        .map_err(QueueError::Sqlite)?;
    let next_cursor = (placed.len() > limit)
        .then(|| placed.truncate(limit))
        .and_then(|()| {
            let last = placed.last()?;
            Some(
                Cursor {
                    values: last.values.clone(),
                    id: last.id,
                }
                .encode(query),
            )
        });
    let total = asked.total(&snapshot).map_err(QueueError::Sqlite)?;
    let rows = placed.into_iter().map(|placed| placed.row).collect();
    Ok(QueuePage {
        rows,
        next_cursor,
        total,
        total_exact: total < TOTAL_MAX,
    })
}

/// A query with its plan.
struct Asked<'a> {
    viewer: &'a Visible,
    query: &'a QueueQuery,
    internal: &'a Sql,
    plan: Plan,
}

impl Asked<'_> {
    /// The rows of the page and one more, if there is one.
    fn rows(
        &self,
        connection: &Connection,
        order: &Order,
        cursor: Option<Cursor>,
    ) -> rusqlite::Result<Vec<Placed>> {
        let mut conditions = self.holds();
        conditions.extend(cursor.map(|cursor| order.after(&cursor.values, cursor.id)));
        let mut columns = Sql::bare(format!("SELECT {}, ", columns::selected()));
        columns.add(&event_count(self.internal));
        columns.add(&order.selected());
        let mut end = order.clause();
        end.push_str(&format!(" LIMIT {}", self.query.limit + 1));
        // Each scope gives its first rows, and the first of those are the page.
        let sorted = match self.query.sort.first() {
            Some(sort) if sort.column == "created_at" => Sorted::ByCreation,
            Some(sort) if sort.column == "updated_at" => Sorted::ByUpdate,
            Some(_) => Sorted::Otherwise,
            None => Sorted::ByUpdate,
        };
        let mut parts = self.plan.parts(&columns, &conditions, sorted);
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
            rows.push(self.placed(connection, row, order)?);
        }
        Ok(rows)
    }

    /// How many rows there are on all pages, counted up to [`TOTAL_MAX`].
    fn total(&self, connection: &Connection) -> rusqlite::Result<u64> {
        if let Some(total) = self.plan.total {
            return Ok(total.min(TOTAL_MAX));
        }
        if self.plan.common.is_empty() {
            let mut count = Sql::bare("SELECT count(*) FROM (");
            let parts = self.plan.parts(&Sql::bare("SELECT 1"), &[], Sorted::Otherwise);
            count.add(&Sql::union(&parts, &format!(" LIMIT {TOTAL_MAX})")));
            let mut statement = connection.prepare_cached(&count.text)?;
            let count: i64 = statement.query_row(params_from_iter(&count.values), |row| row.get(0))?;
            return Ok(u64::try_from(count).unwrap_or_default());
        }
        self.total_of_common(connection)
    }

    /// Walks the search, and asks each ticket that it finds for the rest.
    fn total_of_common(&self, connection: &Connection) -> rusqlite::Result<u64> {
        let scopes: Vec<Sql> = self
            .plan
            .scopes
            .iter()
            .map(|scope| scope.condition.clone())
            .collect();
        let mut rest = Sql::one("SELECT 1 FROM ticket t WHERE t.id = ? AND ((?) OR ", 0);
        rest.values.push(Value::Integer(0));
        rest.add(self.internal);
        rest.push(") AND ");
        rest.add(&Sql::any(&scopes));
        rest.push(" AND ");
        rest.add(&Sql::all(&self.plan.conditions));
        let mut statement = connection.prepare_cached(&rest.text)?;
        let terms: Vec<&Term> = self.plan.common.iter().collect();
        let mut total = 0;
        find::each(connection, &terms, self.viewer.internal, |hit| {
            for (place, value) in rest.values.iter_mut().zip([hit.ticket, hit.public.into()]) {
                *place = Value::Integer(value);
            }
            total += u64::from(statement.exists(params_from_iter(&rest.values))?);
            Ok(total < TOTAL_MAX)
        })?;
        Ok(total)
    }

    /// What a search adds whose tickets are not listed.
    fn holds(&self) -> Vec<Sql> {
        self.plan
            .common
            .iter()
            .map(|term| holds(term, self.viewer, self.internal))
            .collect()
    }
}

impl Asked<'_> {
    fn placed(&self, connection: &Connection, row: &SqlRow<'_>, order: &Order) -> rusqlite::Result<Placed> {
        const SEEN: usize = columns::COLUMNS.len();
        let id = row.get(const { at("id") })?;
        let mut shown = load::shown(row)?;
        shown.event_count = number(row, SEEN)?;
        let first = SEEN + 1;
        let values = (first..first + order.len())
            .map(|column| row.get(column))
            .collect::<Result<_, _>>()?;
        if !self.query.fields.is_empty() {
            let version = self.plan.past.is_some().then_some(shown.version);
            shown.fields = load::fields(connection, id, version)?;
            shown.fields.retain(|name, _| self.query.fields.contains(name));
        }
        Ok(Placed {
            row: shown,
            id,
            values,
        })
    }
}
