//! The columns of a ticket, each named once: tables, statements, loading, and what lists hold in memory follow from
//! [`COLUMNS`].

use std::{fmt::Write, sync::LazyLock};

use domain::desk::Category;
use rusqlite::{
    CachedStatement, Connection,
    types::{ToSqlOutput, ValueRef},
};

use super::ticket::{Moment, Ticket};
use crate::numbers::integer;

type OfTicket = for<'t> fn(&'t Ticket) -> ValueRef<'t>;
type OfMoment = for<'t> fn(&'t Moment) -> ValueRef<'t>;

/// What a column is made of.
#[derive(Clone, Copy)]
enum Of {
    /// The ticket; no event changes it.
    Fixed(OfTicket),
    /// The ticket as it is.
    Now(OfTicket),
    /// The ticket as it is; rows of the past have it too.
    Past(OfMoment),
}

/// How lists hold a column in memory, to filter and sort by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    /// Not at all.
    No,
    /// A number.
    Number,
    /// An instant, by which pages are walked.
    Instant,
    /// One of values that many tickets have.
    Value,
    /// A text of the ticket's own.
    Text,
}

/// A column of `ticket`.
pub(super) struct Column {
    name: &'static str,
    declared: &'static str,
    pub(super) listed: Listed,
    of: Of,
}

const fn fixed(name: &'static str, declared: &'static str, listed: Listed, of: OfTicket) -> Column {
    column(name, declared, listed, Of::Fixed(of))
}

const fn now(name: &'static str, declared: &'static str, listed: Listed, of: OfTicket) -> Column {
    column(name, declared, listed, Of::Now(of))
}

const fn past(name: &'static str, declared: &'static str, listed: Listed, of: OfMoment) -> Column {
    column(name, declared, listed, Of::Past(of))
}

const fn column(name: &'static str, declared: &'static str, listed: Listed, of: Of) -> Column {
    Column {
        name,
        declared,
        listed,
        of,
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
#[rustfmt::skip]
pub(super) const COLUMNS: [Column; 30] = [
    fixed("id", KEY, Listed::No, |t| count(t.id)),
    fixed("desk", TEXT, Listed::Value, |t| text(t.desk.as_str())),
    fixed("number", NUMBER, Listed::Number, |t| count(t.key.number())),
    fixed("requester", ID, Listed::Value, |t| ValueRef::Blob(t.requester.0.as_bytes())),
    fixed("created_by", ID, Listed::Value, |t| ValueRef::Blob(t.created_by.0.as_bytes())),
    fixed("created_at", NUMBER, Listed::Instant, |t| ValueRef::Integer(t.created_at.timestamp_micros())),
    now("position", NUMBER, Listed::No, |t| count(t.position)),
    now("summary", TEXT_OR_NONE, Listed::No, |t| text_or_none(t.summary.as_deref())),
    now("summary_key", TEXT_OR_NONE, Listed::Text, |t| text_or_none(t.summary_key.as_deref())),
    now("summary_commitment", TEXT_OR_NONE, Listed::No, |t| {
        text_or_none(t.summary_commitment.as_ref().map(|commitment| &*commitment.0))
    }),
    now("summary_version", NUMBER, Listed::No, |t| count(t.written[0])),
    now("description_version", NUMBER, Listed::No, |t| count(t.written[1])),
    now("fields_version", NUMBER, Listed::No, |t| count(t.written[2])),
    past("version", NUMBER, Listed::Value, |m| count(m.version)),
    past("public_events", NUMBER, Listed::Value, |m| count(m.public_events)),
    past("updated_at", NUMBER, Listed::Instant, |m| ValueRef::Integer(m.updated_at.timestamp_micros())),
    past("desk_version", NUMBER, Listed::No, |m| ValueRef::Integer(m.face.desk_version.into())),
    past("type", TEXT, Listed::Value, |m| text(&m.face.request_type)),
    past("status", TEXT, Listed::Value, |m| text(m.face.standing.status.as_str())),
    past("category", NUMBER_OR_NONE, Listed::Value, |m| {
        number_or_none(m.face.standing.category.map(category_number))
    }),
    past("response_required", NUMBER, Listed::Value, |m| flag(m.face.standing.response_required)),
    past("status_rank", NUMBER_OR_NONE, Listed::Value, |m| number_or_none(m.face.standing.rank)),
    past("priority", TEXT, Listed::Value, |m| text(&m.face.priority.value)),
    past("priority_rank", NUMBER_OR_NONE, Listed::Value, |m| number_or_none(m.face.priority.rank)),
    past("urgency", TEXT, Listed::No, |m| text(&m.face.urgency.value)),
    past("urgency_rank", NUMBER_OR_NONE, Listed::Value, |m| number_or_none(m.face.urgency.rank)),
    past("assignee", ID_OR_NONE, Listed::Value, |m| match &m.face.assignee {
        Some(account) => ValueRef::Blob(account.0.as_bytes()),
        None => ValueRef::Null,
    }),
    past("organization", TEXT_OR_NONE, Listed::Value, |m| {
        text_or_none(m.face.organization.as_ref().map(|id| id.as_str()))
    }),
    past("private", NUMBER, Listed::Value, |m| flag(m.face.private)),
    past("technical_id", TEXT_OR_NONE, Listed::No, |m| text_or_none(m.face.lookup.as_deref())),
];

fn count(number: u64) -> ValueRef<'static> {
    ValueRef::Integer(integer(number))
}

fn flag(flag: bool) -> ValueRef<'static> {
    ValueRef::Integer(flag.into())
}

fn number_or_none(number: Option<impl Into<i64>>) -> ValueRef<'static> {
    number.map_or(ValueRef::Null, |number| ValueRef::Integer(number.into()))
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::Text(text.as_bytes())
}

fn text_or_none(words: Option<&str>) -> ValueRef<'_> {
    words.map_or(ValueRef::Null, text)
}

impl Column {
    /// What a ticket has in it.
    pub(super) fn value<'t>(&self, ticket: &'t Ticket) -> ValueRef<'t> {
        match self.of {
            Of::Fixed(of) | Of::Now(of) => of(ticket),
            Of::Past(of) => of(&ticket.now),
        }
    }
}

/// The name of a column.
pub(super) fn name(column: usize) -> &'static str {
    COLUMNS[column].name
}

/// Whether a ticket may have nothing in a column.
pub(super) fn is_nullable(column: usize) -> bool {
    !COLUMNS[column].declared.ends_with("NOT NULL")
}

/// Whether a column holds text.
pub(super) fn is_text(column: usize) -> bool {
    COLUMNS[column].declared.starts_with(TEXT_OR_NONE)
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
pub(super) fn selected() -> &'static str {
    static SELECTED: LazyLock<String> =
        LazyLock::new(|| listed(COLUMNS.iter().map(|column| format!("t.{}", column.name))));
    &SELECTED
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
        statement.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(column.value(ticket)))?;
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
            statement.raw_bind_parameter(index, ToSqlOutput::Borrowed(of(moment)))?;
        }
    }
    statement.raw_execute().map(drop)
}
