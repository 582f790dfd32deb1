//! The columns of a ticket, each named once: tables, statements and loading follow from [`COLUMNS`].

use std::fmt::Write;

use domain::desk::Category;
use rusqlite::{
    CachedStatement, Connection,
    types::{ToSqlOutput, Value, ValueRef},
};

use super::ticket::{Moment, Ticket};
use crate::{collate, numbers::integer};

/// What a column is made of.
#[derive(Clone, Copy)]
enum Of {
    /// The ticket; no event changes it.
    Fixed(for<'t> fn(&'t Ticket) -> ToSqlOutput<'t>),
    /// The ticket as it is.
    Now(for<'t> fn(&'t Ticket) -> ToSqlOutput<'t>),
    /// The ticket as it is; rows of the past have it too.
    Past(for<'t> fn(&'t Moment) -> ToSqlOutput<'t>),
}

/// A column of `ticket`.
pub(super) struct Column {
    name: &'static str,
    declared: &'static str,
    of: Of,
}

const fn fixed(
    name: &'static str,
    declared: &'static str,
    of: for<'t> fn(&'t Ticket) -> ToSqlOutput<'t>,
) -> Column {
    Column {
        name,
        declared,
        of: Of::Fixed(of),
    }
}

const fn now(
    name: &'static str,
    declared: &'static str,
    of: for<'t> fn(&'t Ticket) -> ToSqlOutput<'t>,
) -> Column {
    Column {
        name,
        declared,
        of: Of::Now(of),
    }
}

const fn past(
    name: &'static str,
    declared: &'static str,
    of: for<'t> fn(&'t Moment) -> ToSqlOutput<'t>,
) -> Column {
    Column {
        name,
        declared,
        of: Of::Past(of),
    }
}

const KEY: &str = "INTEGER PRIMARY KEY";
const NUMBER: &str = "INTEGER NOT NULL";
const NUMBER_OR_NONE: &str = "INTEGER";
const TEXT: &str = "TEXT NOT NULL";
const TEXT_OR_NONE: &str = "TEXT";
const ID: &str = "BLOB NOT NULL";
const ID_OR_NONE: &str = "BLOB";

/// Every column of `ticket`. `id` is the position of the ticket's opening; instants count microseconds since 1970.
pub(super) const COLUMNS: [Column; 30] = [
    fixed("id", KEY, |ticket| count(ticket.id)),
    fixed("desk", TEXT, |ticket| text(ticket.desk.as_str())),
    fixed("number", NUMBER, |ticket| count(ticket.key.number())),
    fixed("requester", ID, |ticket| bytes(ticket.requester.0.as_bytes())),
    fixed("created_by", ID, |ticket| bytes(ticket.created_by.0.as_bytes())),
    fixed("created_at", NUMBER, |ticket| {
        whole(ticket.created_at.timestamp_micros())
    }),
    now("position", NUMBER, |ticket| count(ticket.position)),
    now("summary", TEXT_OR_NONE, |ticket| {
        text_or_none(ticket.summary.as_deref())
    }),
    now("summary_key", TEXT_OR_NONE, |ticket| {
        ticket
            .summary
            .as_deref()
            .map_or(NONE, |summary| owned(collate::key(summary)))
    }),
    now("summary_commitment", TEXT_OR_NONE, |ticket| {
        text_or_none(
            ticket
                .summary_commitment
                .as_ref()
                .map(|commitment| &*commitment.0),
        )
    }),
    now("summary_version", NUMBER, |ticket| count(ticket.written[0])),
    now("description_version", NUMBER, |ticket| count(ticket.written[1])),
    now("fields_version", NUMBER, |ticket| count(ticket.written[2])),
    past("version", NUMBER, |moment| count(moment.version)),
    past("public_events", NUMBER, |moment| count(moment.public_events)),
    past("updated_at", NUMBER, |moment| {
        whole(moment.updated_at.timestamp_micros())
    }),
    past("desk_version", NUMBER, |moment| {
        whole(moment.face.desk_version.into())
    }),
    past("type", TEXT, |moment| text(&moment.face.request_type)),
    past("status", TEXT, |moment| {
        text(moment.face.standing.status.as_str())
    }),
    past("category", NUMBER_OR_NONE, |moment| {
        moment
            .face
            .standing
            .category
            .map_or(NONE, |category| whole(category_number(category)))
    }),
    past("response_required", NUMBER, |moment| {
        flag(moment.face.standing.response_required)
    }),
    past("status_rank", NUMBER_OR_NONE, |moment| {
        rank(moment.face.standing.rank)
    }),
    past("priority", TEXT, |moment| text(&moment.face.priority.value)),
    past("priority_rank", NUMBER_OR_NONE, |moment| {
        rank(moment.face.priority.rank)
    }),
    past("urgency", TEXT, |moment| text(&moment.face.urgency.value)),
    past("urgency_rank", NUMBER_OR_NONE, |moment| {
        rank(moment.face.urgency.rank)
    }),
    past("assignee", ID_OR_NONE, |moment| {
        moment
            .face
            .assignee
            .as_ref()
            .map_or(NONE, |account| bytes(account.0.as_bytes()))
    }),
    past("organization", TEXT_OR_NONE, |moment| {
        text_or_none(moment.face.organization.as_ref().map(|id| id.as_str()))
    }),
    past("private", NUMBER, |moment| flag(moment.face.private)),
    past("technical_id", TEXT_OR_NONE, |moment| {
        text_or_none(moment.face.technical_id.as_deref())
    }),
];

const NONE: ToSqlOutput<'static> = ToSqlOutput::Owned(Value::Null);

fn whole(number: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Integer(number))
}

fn count(number: u64) -> ToSqlOutput<'static> {
    whole(integer(number))
}

fn flag(flag: bool) -> ToSqlOutput<'static> {
    whole(flag.into())
}

fn rank(rank: Option<u32>) -> ToSqlOutput<'static> {
    rank.map_or(NONE, |rank| whole(rank.into()))
}

fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

fn text_or_none(words: Option<&str>) -> ToSqlOutput<'_> {
    words.map_or(NONE, text)
}

fn owned(text: String) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Text(text))
}

fn bytes(bytes: &[u8; 16]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(bytes))
}

/// The stored number of a category; its order is that of [`Category`].
pub(super) fn category_number(category: Category) -> i64 {
    match category {
        Category::New => 0,
        Category::Active => 1,
        Category::Waiting => 2,
        Category::Done => 3,
    }
}

/// The place of a column in [`COLUMNS`], found while this is compiled.
pub(super) const fn at(name: &str) -> usize {
    let mut index = 0;
    while index < COLUMNS.len() {
        if is_same(COLUMNS[index].name.as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("no column has this name")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

fn of_the_past() -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(|column| matches!(column.of, Of::Past(_)))
}

/// `name type, name type, …` of `ticket`, or of what rows of the past have too.
pub(super) fn declarations(past_only: bool) -> String {
    let columns = COLUMNS
        .iter()
        .filter(|column| !past_only || matches!(column.of, Of::Past(_)));
    listed(columns.map(|column| format!("{} {}", column.name, column.declared)))
}

/// All columns of a row `t`, to be read by [`at`].
pub(super) fn selected() -> String {
    listed(COLUMNS.iter().map(|column| format!("t.{}", column.name)))
}

/// The columns of a row `p` of the past under their own names.
pub(super) fn selected_of_past() -> String {
    listed(of_the_past().map(|column| format!("p.{0} AS {0}", column.name)))
}

/// The columns that no event changes, of a row `c`.
pub(super) fn selected_fixed() -> String {
    let fixed = COLUMNS.iter().filter(|column| matches!(column.of, Of::Fixed(_)));
    listed(fixed.map(|column| format!("c.{0} AS {0}", column.name)))
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// The statement that writes a ticket's row, new or not. Columns that no event changes are not written again, nor are the
/// indexes that hold only those.
pub(super) fn upsert(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    let names = listed(COLUMNS.iter().map(|column| column.name.to_owned()));
    let marks = listed(COLUMNS.iter().map(|_| "?".to_owned()));
    let changing = COLUMNS.iter().filter(|column| !matches!(column.of, Of::Fixed(_)));
    let set = listed(changing.map(|column| format!("{0} = excluded.{0}", column.name)));
    let sql = format!("INSERT INTO ticket ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {set}");
    connection.prepare_cached(&sql)
}

/// Writes a ticket's row with [`upsert`].
pub(super) fn write(statement: &mut CachedStatement<'_>, ticket: &Ticket) -> rusqlite::Result<()> {
    for (index, column) in COLUMNS.iter().enumerate() {
        let value = match column.of {
            Of::Fixed(of) | Of::Now(of) => of(ticket),
            Of::Past(of) => of(&ticket.now),
        };
        statement.raw_bind_parameter(index + 1, value)?;
    }
    statement.raw_execute().map(drop)
}

/// The statement that writes a row of the past: four columns of its own, then those of [`write_past`].
pub(super) fn insert_past(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    let mut names = "from_position, to_position, ticket, day".to_owned();
    let mut marks = "?, ?, ?, ?".to_owned();
    for column in of_the_past() {
        // Writing to a string cannot fail.
        let _ = write!(names, ", {}", column.name);
        marks.push_str(", ?");
    }
    connection.prepare_cached(&format!("INSERT INTO ticket_past ({names}) VALUES ({marks})"))
}

/// Writes a row of the past with [`insert_past`].
pub(super) fn write_past(
    statement: &mut CachedStatement<'_>,
    own: [i64; 4],
    moment: &Moment,
) -> rusqlite::Result<()> {
    for (index, value) in own.into_iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    let mut index = own.len();
    for column in of_the_past() {
        if let Of::Past(of) = column.of {
            index += 1;
            statement.raw_bind_parameter(index, of(moment))?;
        }
    }
    statement.raw_execute().map(drop)
}
