//! Finding tickets by the texts that they had at a position.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::{
    Term,
    find::Hit,
    gone::{self, Gone},
};
use crate::queue::fold::{SLOT_BITS, version_of};

/// The version of a ticket at a position.
const VERSION: &str = "SELECT version FROM ticket_past WHERE from_position = \
    (SELECT max(from_position) FROM ticket_past WHERE ticket = ?1 AND from_position <= ?2)";

/// Tickets with whether public texts alone hold what is looked for.
type Holding = BTreeMap<i64, bool>;

/// The tickets, ascending, that held every term at a position, in internal notes too when `internal`. Walks all texts of
/// each term: some millions a second, and as many tickets as hold one.
pub(crate) fn find(
    connection: &Connection,
    terms: &[Term],
    internal: bool,
    position: i64,
) -> rusqlite::Result<Vec<Hit>> {
    let mut versions = Versions {
        statement: connection.prepare_cached(VERSION)?,
        position,
        known: HashMap::new(),
    };
    let mut all: Option<Holding> = None;
    for term in terms {
        let mut holding = Holding::new();
        let tables = if internal {
            &["public_text", "internal_text"][..]
        } else {
            &["public_text"]
        };
        for table in tables {
            let public = *table == "public_text";
            walk(connection, table, term, &mut versions, all.as_ref(), |ticket| {
                *holding.entry(ticket).or_default() |= public;
            })?;
        }
        all = Some(match all {
            Some(before) => {
                let public = |ticket| before.get(ticket).copied().unwrap_or_default();
                holding
                    .iter_mut()
                    .for_each(|(ticket, own)| *own &= public(ticket));
                holding
            }
            None => holding,
        });
    }
    let all = all.unwrap_or_default().into_iter();
    Ok(all.map(|(ticket, public)| Hit { ticket, public }).collect())
}

/// Tells each ticket, of those that are left, that held a term in a table.
fn walk(
    connection: &Connection,
    table: &str,
    term: &Term,
    versions: &mut Versions<'_>,
    left: Option<&Holding>,
    mut tell: impl FnMut(i64),
) -> rusqlite::Result<()> {
    let sql = format!("SELECT rowid FROM {table} WHERE {table} MATCH ?1 ORDER BY rowid");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([&term.expression])?;
    let mut next_gone = connection.prepare_cached(gone::NEXT)?;
    let mut gone = Gone::new(&mut next_gone);
    let mut told = None;
    while let Some(row) = rows.next()? {
        let rowid: i64 = row.get(0)?;
        let ticket = rowid >> SLOT_BITS;
        if ticket > versions.position {
            break;
        }
        if told == Some(ticket) || left.is_some_and(|left| !left.contains_key(&ticket)) {
            continue;
        }
        let Some(version) = versions.of(ticket)? else {
            continue;
        };
        if version_of(rowid) <= version && gone.until(rowid)?.is_none_or(|until| until > version) {
            told = Some(ticket);
            tell(ticket);
        }
    }
    Ok(())
}

/// The versions of tickets at a position, each looked up once.
struct Versions<'c> {
    statement: CachedStatement<'c>,
    position: i64,
    known: HashMap<i64, Option<i64>>,
}

impl Versions<'_> {
    fn of(&mut self, ticket: i64) -> rusqlite::Result<Option<i64>> {
        if let Some(known) = self.known.get(&ticket) {
            return Ok(*known);
        }
        let version = self
            .statement
            .query_row([ticket, self.position], |row| row.get(0))
            .optional()?;
        self.known.insert(ticket, version);
        Ok(version)
    }
}
