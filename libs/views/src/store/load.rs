//! The statements that read back what was written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{AccountId, Commitment, OrganizationId, StatusId, TicketKey, desk::Category};
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Row, types::Type};
use serde_json::{Number, Value, value::RawValue};
use uuid::Uuid;

use super::{Checkpoint, save::integer};
use crate::{
    fold::{Face, KINDS, Ranked, Standing, Ticket},
    tables::Desks,
};

/// The columns of a ticket in the order that [`read`] takes them.
pub(crate) const COLUMNS: &str = "t.id, t.desk, t.number, t.desk_version, t.type, t.status, t.category, \
    t.response_required, t.status_rank, t.priority, t.priority_rank, t.urgency, t.urgency_rank, t.requester, \
    t.created_by, t.assignee, t.organization, t.private, t.created_at, t.updated_at, t.version, t.public_events, \
    t.position, t.summary";
/// How many they are.
pub(crate) const COLUMNS_COUNT: usize = 24;

/// What [`whole`] takes after [`COLUMNS`].
pub(crate) const MORE_COLUMNS: &str = "t.technical_id, t.summary_commitment, t.summary_version, \
    t.description_version, t.fields_version";

/// Reads a row of [`COLUMNS`]. What stands elsewhere is left empty.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let desk: String = row.get(1)?;
    let key = format!("{desk}-{}", row.get::<_, i64>(2)?);
    let face = Face {
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
        assignee: row
            .get::<_, Option<[u8; 16]>>(15)?
            .map(|id| AccountId(Uuid::from_bytes(id))),
        organization: row
            .get::<_, Option<String>>(16)?
            .map(|id| name(16, id))
            .transpose()?,
        private: row.get(17)?,
        technical_id: None,
    };
    Ok(Ticket {
        id: number(row, 0)?,
        key: name(2, key)?,
        desk: name(1, desk)?,
        requester: AccountId(Uuid::from_bytes(row.get(13)?)),
        created_by: AccountId(Uuid::from_bytes(row.get(14)?)),
        created_at: instant(row, 18)?,
        face: Arc::new(face),
        updated_at: instant(row, 19)?,
        version: number(row, 20)?,
        public_events: number(row, 21)?,
        position: number(row, 22)?,
        summary: row.get(23)?,
        summary_commitment: None,
        shared_with: BTreeSet::new(),
        fields: BTreeMap::new(),
        sealed: BTreeMap::new(),
        written: [0; KINDS],
    })
}

/// Reads a row of [`COLUMNS`] and [`MORE_COLUMNS`], and the rest of the ticket from its tables.
pub(crate) fn whole(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let more = COLUMNS_COUNT;
    let mut ticket = read(row)?;
    Arc::make_mut(&mut ticket.face).technical_id = row.get(more)?;
    ticket.summary_commitment = row
        .get::<_, Option<String>>(more + 1)?
        .map(|text| Commitment(text.into()));
    ticket.written = [
        number(row, more + 2)?,
        number(row, more + 3)?,
        number(row, more + 4)?,
    ];
    (ticket.fields, ticket.sealed) = all_fields(connection, ticket.id)?;
    ticket.shared_with = shares(connection, ticket.id)?;
    Ok(ticket)
}

/// One ticket, whole.
pub(super) fn ticket(connection: &Connection, key: &TicketKey) -> rusqlite::Result<Option<Ticket>> {
    let sql = format!("SELECT {COLUMNS}, {MORE_COLUMNS} FROM ticket t WHERE t.desk = ?1 AND t.number = ?2");
    connection
        .prepare_cached(&sql)?
        .query_row((key.desk().as_str(), integer(key.number())), |row| {
            whole(connection, row)
        })
        .optional()
}

/// The fields of one ticket, as they stand or as they stood at one of its versions.
pub(crate) fn fields(
    connection: &Connection,
    ticket: u64,
    version: Option<u64>,
) -> rusqlite::Result<BTreeMap<String, Value>> {
    let past: Option<String> = match version {
        Some(version) => connection
            .prepare_cached(
                "SELECT fields FROM past_field WHERE ticket = ?1 AND until_version > ?2 \
                 ORDER BY until_version LIMIT 1",
            )?
            .query_row([integer(ticket), integer(version)], |row| row.get(0))
            .optional()?,
        None => None,
    };
    match past {
        Some(text) => values(&text),
        None => Ok(all_fields(connection, ticket)?.0),
    }
}

type Fields = (BTreeMap<String, Value>, BTreeMap<String, Option<Commitment>>);

fn all_fields(connection: &Connection, ticket: u64) -> rusqlite::Result<Fields> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT fields, commitments FROM ticket_field WHERE ticket = ?1")?
        .query_row([integer(ticket)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((fields, commitments)) = found else {
        return Ok(Fields::default());
    };
    let sealed = commitments
        .map(|text| serde_json::from_str(&text).map_err(|source| damaged(1, source)))
        .transpose()?;
    Ok((values(&fields)?, sealed.unwrap_or_default()))
}

/// The fields that were written as this text, to the last bit: JSON's numbers are otherwise read faster than exactly, and
/// a row that is read and written again must not drift from the one that a rebuild writes once.
fn values(text: &str) -> rusqlite::Result<BTreeMap<String, Value>> {
    let raw: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(|source| damaged(0, source))?;
    raw.into_iter()
        .map(|(name, raw)| Ok((name, exact(raw).map_err(|source| damaged(0, source))?)))
        .collect()
}

fn exact(raw: &RawValue) -> serde_json::Result<Value> {
    let value: Value = serde_json::from_str(raw.get())?;
    Ok(match value {
        Value::Array(_) => {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get())?;
            Value::Array(items.into_iter().map(exact).collect::<Result<_, _>>()?)
        }
        Value::Number(number) if number.is_f64() => {
            let read = raw.get().parse().ok().and_then(Number::from_f64);
            Value::Number(read.unwrap_or(number))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => value,
    })
}

/// The organizations that one ticket is shared with.
pub(crate) fn shares(connection: &Connection, ticket: u64) -> rusqlite::Result<BTreeSet<OrganizationId>> {
    connection
        .prepare_cached("SELECT organization FROM ticket_share WHERE ticket = ?1")?
        .query_map([integer(ticket)], |row| name(0, row.get(0)?))?
        .collect()
}

/// How far the log is folded, and the latest instant recorded so far; position 0 in a file without rows.
pub(crate) fn checkpoint(connection: &Connection) -> rusqlite::Result<(Checkpoint, DateTime<Utc>)> {
    let found = connection
        .query_row("SELECT position, digest, latest_at FROM checkpoint", [], |row| {
            let checkpoint = Checkpoint {
                position: Position(number(row, 0)?),
                digest: row.get(1)?,
            };
            Ok((checkpoint, instant(row, 2)?))
        })
        .optional()?;
    Ok(found.unwrap_or((Checkpoint::default(), DateTime::<Utc>::MIN_UTC)))
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

/// A name as its column has it.
pub(crate) fn name<T>(column: usize, text: String) -> rusqlite::Result<T>
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
