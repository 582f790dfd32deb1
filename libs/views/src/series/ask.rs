//! The series of what a viewer may see.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{DeskKey, Fault, FaultText, StatusId, policy::Visible};
use rusqlite::{Connection, params_from_iter};

use crate::{
    numbers::name,
    queue::QueueError,
    scope::{self, Of, Walk},
    sql::{self, Sql},
};

/// Most days of one series: ten years.
pub const SERIES_DAYS_MAX: i64 = 3_660;

/// By how many the tickets in a status change in a day, which counts from 1970-01-01.
type Changes = BTreeMap<i64, BTreeMap<String, i64>>;

/// Days in their order, each with how many tickets were in each status at its end; statuses without any are left out.
pub type Series = Vec<(NaiveDate, BTreeMap<StatusId, u64>)>;

/// The series of what this viewer may see.
pub(crate) fn series(
    connection: &mut Connection,
    viewer: &Visible,
    desk: Option<&DeskKey>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Series, QueueError> {
    let fault = match (to - from).num_days() {
        ..0 => Some(Fault::new("/to", FaultText::BeforeTheFirstDay)),
        0..SERIES_DAYS_MAX => None,
        SERIES_DAYS_MAX.. => Some(Fault::new("/to", FaultText::DaysMax { max: SERIES_DAYS_MAX })),
    };
    if let Some(fault) = fault {
        return Err(QueueError::Invalid(vec![fault]));
    }
    let last = number(to);
    let changes = changes(connection, viewer, desk, last).map_err(QueueError::Sqlite)?;
    summed(changes, from, to).map_err(QueueError::Sqlite)
}

fn number(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days()
}

/// Desks that the viewer sees whole are counted already; tickets of other scopes are followed one by one.
fn changes(
    connection: &mut Connection,
    viewer: &Visible,
    desk: Option<&DeskKey>,
    last: i64,
) -> rusqlite::Result<Changes> {
    let snapshot = connection.transaction()?;
    let mut changes = Changes::new();
    let mut counted = Sql::one(
        "SELECT day, status, sum(change) FROM status_count WHERE day <= ?",
        last,
    );
    if let Some(desk) = desk {
        counted.add(&Sql::one(" AND desk = ?", sql::desk(desk)));
    }
    if !viewer.all {
        counted.push(" AND ");
        counted.add(&Sql::among("desk IN", viewer.desks.iter().map(sql::desk)));
    }
    counted.push(" GROUP BY day, status");
    let mut statement = snapshot.prepare_cached(&counted.text)?;
    let mut rows = statement.query(params_from_iter(&counted.values))?;
    while let Some(row) = rows.next()? {
        changes
            .entry(row.get(0)?)
            .or_default()
            .insert(row.get(1)?, row.get(2)?);
    }
    if !viewer.all {
        follow(&snapshot, viewer, desk, last, &mut changes)?;
    }
    Ok(changes)
}

fn follow(
    connection: &Connection,
    viewer: &Visible,
    desk: Option<&DeskKey>,
    last: i64,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let mut conditions = vec![Sql::among("t.desk NOT IN", viewer.desks.iter().map(sql::desk))];
    conditions.extend(desk.map(|desk| Sql::one("t.desk = ?", sql::desk(desk))));
    let mut scopes = scope::scopes(viewer, Of::Now);
    scopes.retain(|scope| scope.walk != Walk::Index(scope::BY_DESK));
    let parts = scope::parts(
        &scopes,
        &Sql::bare("SELECT t.id"),
        &conditions,
        |walk| match walk {
            Walk::Index(index) => Sql::bare(format!("ticket t INDEXED BY {index}")),
            Walk::Rows | Walk::Any => Sql::bare("ticket t"),
        },
    );
    if parts.is_empty() {
        return Ok(());
    }
    let all = Sql::union(&parts, "");
    let mut tickets = connection.prepare_cached(&all.text)?;
    let mut tickets = tickets.query(params_from_iter(&all.values))?;
    let mut past = connection
        .prepare_cached("SELECT day, status FROM status_change WHERE ticket = ?1 ORDER BY position")?;
    while let Some(ticket) = tickets.next()? {
        let mut rows = past.query([ticket.get::<_, i64>(0)?])?;
        let mut before: Option<String> = None;
        while let Some(row) = rows.next()? {
            let (day, status): (i64, String) = (row.get(0)?, row.get(1)?);
            if day > last {
                break;
            }
            let changed = changes.entry(day).or_default();
            *changed.entry(status.clone()).or_default() += 1;
            if let Some(before) = before.replace(status) {
                *changed.entry(before).or_default() -= 1;
            }
        }
    }
    Ok(())
}

/// The sums of all changes until the end of each day.
fn summed(changes: Changes, from: NaiveDate, to: NaiveDate) -> rusqlite::Result<Series> {
    let mut series = Series::new();
    let mut counts: BTreeMap<StatusId, i64> = BTreeMap::new();
    let mut changes = changes.into_iter().peekable();
    for day in from.iter_days().take_while(|day| *day <= to) {
        while let Some((_, changed)) = changes.next_if(|(changed_on, _)| *changed_on <= number(day)) {
            for (status, change) in changed {
                *counts.entry(name(1, status)?).or_default() += change;
            }
        }
        let counts = counts.iter().filter_map(|(status, count)| {
            Some((status.clone(), u64::try_from(*count).ok().filter(|n| *n > 0)?))
        });
        series.push((day, counts.collect()));
    }
    Ok(series)
}
