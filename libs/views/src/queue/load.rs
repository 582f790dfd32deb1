//! The statements that read back what was written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{AccountId, Commitment, OrganizationId, TicketKey, desk::Category};
use event_log::Position;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use serde_json::{Number, Value, value::RawValue};
use uuid::Uuid;

use super::{
    Row as Shown,
    columns::{at, selected},
    ticket::{Face, Moment, Ranked, Standing, Ticket},
};
use crate::{
    desks::Desks,
    numbers::{damaged, instant, integer, name, number},
};

/// Another connection to the same file, which only reads.
pub(super) fn reader(connection: &Connection) -> rusqlite::Result<Connection> {
    let path = connection.path().unwrap_or_default();
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Reads what a list shows of a row of [`selected`]. How many events the viewer may see, and the fields, stand elsewhere.
pub(super) fn shown(row: &Row<'_>) -> rusqlite::Result<Shown> {
    Ok(Shown {
        key: key(row)?,
        desk: name(at("desk"), row.get(const { at("desk") })?)?,
        request_type: row.get(const { at("type") })?,
        summary: row.get(const { at("summary") })?,
        status: name(at("status"), row.get(const { at("status") })?)?,
        category: category(row)?,
        response_required: row.get(const { at("response_required") })?,
        priority: row.get(const { at("priority") })?,
        urgency: row.get(const { at("urgency") })?,
        requester: account(row, const { at("requester") })?,
        created_by: account(row, const { at("created_by") })?,
        assignee: assignee(row)?,
        organization: organization(row)?,
        private: row.get(const { at("private") })?,
        created_at: instant(row, const { at("created_at") })?,
        updated_at: instant(row, const { at("updated_at") })?,
        version: number(row, const { at("version") })?,
        event_count: 0,
        position: Position(number(row, const { at("position") })?),
        fields: BTreeMap::new(),
    })
}

/// Reads a whole ticket from a row of [`selected`] and from its other tables.
pub(super) fn whole(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let rank = |column| row.get::<_, Option<u32>>(column);
    let face = Face {
        desk_version: row.get(const { at("desk_version") })?,
        request_type: row.get(const { at("type") })?,
        standing: Standing {
            status: name(at("status"), row.get(const { at("status") })?)?,
            category: category(row)?,
            response_required: row.get(const { at("response_required") })?,
            rank: rank(const { at("status_rank") })?,
        },
        priority: Ranked {
            value: row.get(const { at("priority") })?,
            rank: rank(const { at("priority_rank") })?,
        },
        urgency: Ranked {
            value: row.get(const { at("urgency") })?,
            rank: rank(const { at("urgency_rank") })?,
        },
        assignee: assignee(row)?,
        organization: organization(row)?,
        private: row.get(const { at("private") })?,
        lookup: row.get(const { at("technical_id") })?,
    };
    let id = number(row, const { at("id") })?;
    let (fields, sealed) = all_fields(connection, integer(id))?;
    let commitment: Option<String> = row.get(const { at("summary_commitment") })?;
    Ok(Ticket {
        id,
        key: key(row)?,
        desk: name(at("desk"), row.get(const { at("desk") })?)?,
        requester: account(row, const { at("requester") })?,
        created_by: account(row, const { at("created_by") })?,
        created_at: instant(row, const { at("created_at") })?,
        now: Moment {
            version: number(row, const { at("version") })?,
            public_events: number(row, const { at("public_events") })?,
            updated_at: instant(row, const { at("updated_at") })?,
            face: Arc::new(face),
        },
        summary: row.get(const { at("summary") })?,
        summary_key: row.get(const { at("summary_key") })?,
        summary_commitment: commitment.map(|text| Commitment(text.into())),
        shared_with: shares(connection, id)?,
        fields,
        sealed,
        position: number(row, const { at("position") })?,
        written: [
            number(row, const { at("summary_version") })?,
            number(row, const { at("description_version") })?,
            number(row, const { at("fields_version") })?,
        ],
    })
}

fn key(row: &Row<'_>) -> rusqlite::Result<TicketKey> {
    let desk: String = row.get(const { at("desk") })?;
    let number: i64 = row.get(const { at("number") })?;
    name(at("number"), format!("{desk}-{number}"))
}

fn account(row: &Row<'_>, column: usize) -> rusqlite::Result<AccountId> {
    Ok(AccountId(Uuid::from_bytes(row.get(column)?)))
}

fn assignee(row: &Row<'_>) -> rusqlite::Result<Option<AccountId>> {
    let id: Option<[u8; 16]> = row.get(const { at("assignee") })?;
    Ok(id.map(|id| AccountId(Uuid::from_bytes(id))))
}

fn organization(row: &Row<'_>) -> rusqlite::Result<Option<OrganizationId>> {
    let id: Option<String> = row.get(const { at("organization") })?;
    id.map(|id| name(at("organization"), id)).transpose()
}

fn category(row: &Row<'_>) -> rusqlite::Result<Option<Category>> {
    const COLUMN: usize = at("category");
    let number: Option<i64> = row.get(COLUMN)?;
    let category = |number| match number {
        0 => Ok(Category::New),
        1 => Ok(Category::Active),
        2 => Ok(Category::Waiting),
        3 => Ok(Category::Done),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(COLUMN, other)),
    };
    number.map(category).transpose()
}

/// One ticket, whole.
pub(super) fn ticket(connection: &Connection, key: &TicketKey) -> rusqlite::Result<Option<Ticket>> {
    let sql = format!(
        "SELECT {} FROM ticket t WHERE t.desk = ?1 AND t.number = ?2",
        selected()
    );
    connection
        .prepare_cached(&sql)?
        .query_row((key.desk().as_str(), integer(key.number())), |row| {
            whole(connection, row)
        })
        .optional()
}

/// Those of the named fields that one ticket has, or had at one of its versions.
pub(super) fn fields(
    connection: &Connection,
    ticket: i64,
    version: Option<u64>,
    names: &[String],
) -> rusqlite::Result<BTreeMap<String, Value>> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let past: Option<String> = match version {
        Some(version) => connection
            .prepare_cached(
                "SELECT fields FROM past_field WHERE ticket = ?1 AND until_version > ?2 \
                 ORDER BY until_version LIMIT 1",
            )?
            .query_row([ticket, integer(version)], |row| row.get(0))
            .optional()?,
        None => None,
    };
    let mut fields = match past {
        Some(text) => values(&text)?,
        None => all_fields(connection, ticket)?.0,
    };
    fields.retain(|name, _| names.contains(name));
    Ok(fields)
}

type Fields = (BTreeMap<String, Value>, BTreeMap<String, Option<Commitment>>);

fn all_fields(connection: &Connection, ticket: i64) -> rusqlite::Result<Fields> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT fields, commitments FROM ticket_field WHERE ticket = ?1")?
        .query_row([ticket], |row| Ok((row.get(0)?, row.get(1)?)))
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
fn shares(connection: &Connection, ticket: u64) -> rusqlite::Result<BTreeSet<OrganizationId>> {
    connection
        .prepare_cached("SELECT organization FROM ticket_share WHERE ticket = ?1")?
        .query_map([integer(ticket)], |row| name(0, row.get(0)?))?
        .collect()
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
