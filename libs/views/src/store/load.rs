//! The statements that read back what was written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{AccountId, OrganizationId, StatusId, TicketKey, desk::Category};
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Row, types::Type};
use serde_json::Value;
use uuid::Uuid;

use super::{Checkpoint, save::integer};
use crate::{
    fold::{Ranked, Standing, Ticket},
    tables::Desks,
};

/// The columns of a ticket in the order that [`read`] takes them.
pub(crate) const COLUMNS: &str = "t.id, t.desk, t.number, t.desk_version, t.type, t.status, t.category, \
    t.response_required, t.status_rank, t.priority, t.priority_rank, t.urgency, t.urgency_rank, t.requester, \
    t.created_by, t.assignee, t.organization, t.private, t.created_at, t.updated_at, t.version, t.public_events, \
    t.position, t.summary";
/// How many they are.
pub(crate) const COLUMNS_COUNT: usize = 24;

/// Reads a row of [`COLUMNS`]. Shares and fields stand elsewhere and are left empty.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let desk: String = row.get(1)?;
    let key = format!("{desk}-{}", row.get::<_, i64>(2)?);
    Ok(Ticket {
        id: number(row, 0)?,
        key: name(2, key)?,
        desk: name(1, desk)?,
        desk_version: row.get(3)?,
        request_type: row.get(4)?,
        standing: Standing {
            status: name::<StatusId>(5, row.get(5)?)?,
            category: row
                .get::<_, Option<i64>>(6)?
                .map(|number| category(6, number))
                .transpose()?,
            response_required: row.get(7)?,
            rank: row.get(8)?,
        },
        priority: Ranked {
            value: row.get(9)?,
            rank: row.get(10)?,
        },
        urgency: Ranked {
            value: row.get(11)?,
            rank: row.get(12)?,
        },
        requester: AccountId(Uuid::from_bytes(row.get(13)?)),
        created_by: AccountId(Uuid::from_bytes(row.get(14)?)),
        assignee: row
            .get::<_, Option<[u8; 16]>>(15)?
            .map(|id| AccountId(Uuid::from_bytes(id))),
        organization: row
            .get::<_, Option<String>>(16)?
            .map(|id| name(16, id))
            .transpose()?,
        private: row.get(17)?,
        created_at: instant(row, 18)?,
        updated_at: instant(row, 19)?,
        version: number(row, 20)?,
        public_events: number(row, 21)?,
        position: number(row, 22)?,
        summary: row.get(23)?,
        shared_with: BTreeSet::new(),
        fields: BTreeMap::new(),
    })
}

/// One ticket, whole.
pub(super) fn ticket(connection: &Connection, key: &TicketKey) -> rusqlite::Result<Option<Ticket>> {
    let sql = format!("SELECT {COLUMNS} FROM ticket t WHERE t.desk = ?1 AND t.number = ?2");
    let found = connection
        .prepare_cached(&sql)?
        .query_row((key.desk().as_str(), integer(key.number())), read)
        .optional()?;
    let Some(mut ticket) = found else {
        return Ok(None);
    };
    ticket.fields = fields(connection, ticket.id)?;
    ticket.shared_with = shares(connection, ticket.id)?;
    Ok(Some(ticket))
}

/// The fields of one ticket.
pub(crate) fn fields(connection: &Connection, ticket: u64) -> rusqlite::Result<BTreeMap<String, Value>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT fields FROM ticket_field WHERE ticket = ?1")?
        .query_row([integer(ticket)], |row| row.get(0))
        .optional()?;
    match text {
        Some(text) => serde_json::from_str(&text).map_err(|source| damaged(0, source)),
        None => Ok(BTreeMap::new()),
    }
}

/// The organizations that one ticket is shared with.
pub(crate) fn shares(connection: &Connection, ticket: u64) -> rusqlite::Result<BTreeSet<OrganizationId>> {
    connection
        .prepare_cached("SELECT organization FROM ticket_share WHERE ticket = ?1")?
        .query_map([integer(ticket)], |row| name(0, row.get(0)?))?
        .collect()
}

/// How far the log is folded; position 0 in a file without rows.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<Checkpoint> {
    let found = connection
        .query_row("SELECT position, digest FROM checkpoint", [], |row| {
            Ok(Checkpoint {
                position: Position(number(row, 0)?),
                digest: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// All definitions of desks.
pub(super) fn desks(connection: &Connection) -> rusqlite::Result<Desks> {
    let mut desks = Desks::default();
    let mut statement = connection.prepare("SELECT definition FROM desk ORDER BY key, version")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let definition = serde_json::from_str(&text).map_err(|source| damaged(0, source))?;
        desks.publish(&definition);
    }
    Ok(desks)
}

/// A value that this version never writes: the row is damaged.
fn damaged(column: usize, source: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(source))
}

fn name<T>(column: usize, text: String) -> rusqlite::Result<T>
where
    T: TryFrom<String>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(text).map_err(|source| damaged(column, source))
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|source| damaged(column, source))
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let micros: i64 = row.get(column)?;
    DateTime::from_timestamp_micros(micros).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

fn category(column: usize, number: i64) -> rusqlite::Result<Category> {
    match number {
        0 => Ok(Category::New),
        1 => Ok(Category::Active),
        2 => Ok(Category::Waiting),
        3 => Ok(Category::Done),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}
