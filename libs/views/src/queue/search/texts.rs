//! Reading the texts of tickets, to see whether they hold what is looked for: quicker than to ask FTS5 for one ticket, and
//! the only quick way to look for words that may go on in many ways.

use rusqlite::Connection;

use super::{Term, find::Hit, gone, tokens};
use crate::{
    numbers::integer,
    queue::fold::{SLOT_BITS, SLOT_MASK},
};

/// Does a ticket hold every term in a text that may be read on it, in internal notes too when `internal`?
pub(crate) fn hit(
    connection: &Connection,
    terms: &[Term],
    internal: bool,
    ticket: i64,
) -> rusqlite::Result<Option<Hit>> {
    let mut left: Vec<&Term> = terms.iter().collect();
    for (table, lasting, is_public) in [("public_text", gone::LASTING, true), ("internal_text", "", false)] {
        if !is_public && !internal {
            break;
        }
        let sql = format!("SELECT words FROM {table} WHERE rowid BETWEEN ?1 AND ?2{lasting} ORDER BY rowid");
        let mut statement = connection.prepare_cached(&sql)?;
        let low = ticket << SLOT_BITS;
        let mut rows = statement.query([low, low | SLOT_MASK])?;
        while let Some(row) = rows.next()? {
            match row.get_ref(0)?.as_str_or_null()? {
                Some(text) => {
                    let words: Vec<&str> = tokens(text).collect();
                    left.retain(|term| !term.is_in(&words));
                }
                None => left = not_in_index(connection, table, lasting, low, left)?,
            }
            if left.is_empty() {
                return Ok(Some(Hit {
                    ticket,
                    public: is_public,
                }));
            }
        }
    }
    Ok(None)
}

/// Those terms that no text of a ticket holds, asked of the index: a file of a former version keeps no texts.
fn not_in_index<'t>(
    connection: &Connection,
    table: &str,
    lasting: &str,
    low: i64,
    terms: Vec<&'t Term>,
) -> rusqlite::Result<Vec<&'t Term>> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {table} WHERE {table} MATCH ?1 AND rowid BETWEEN ?2 AND ?3{lasting})"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut left = Vec::new();
    for term in terms {
        if !statement.query_row((&term.expression, low, low | SLOT_MASK), |row| row.get(0))? {
            left.push(term);
        }
    }
    Ok(left)
}

/// Counts tickets whose public texts hold every term and that count, until there are `max`, or nothing when so many texts are
/// too few to tell.
pub(crate) fn count(
    connection: &Connection,
    terms: &[Term],
    texts_max: usize,
    max: u64,
    counts: impl Fn(i64) -> bool,
) -> rusqlite::Result<Option<u64>> {
    let sql = format!(
        "SELECT rowid, words FROM public_text WHERE TRUE{} ORDER BY rowid LIMIT ?1",
        gone::LASTING
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([integer(texts_max as u64)])?;
    let (mut of, mut left, mut found) = (None, Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let ticket = row.get::<_, i64>(0)? >> SLOT_BITS;
        if of != Some(ticket) {
            of = Some(ticket);
            left = terms.iter().collect();
        }
        if left.is_empty() {
            continue;
        }
        let Some(text) = row.get_ref(1)?.as_str_or_null()? else {
            return Ok(None);
        };
        let words: Vec<&str> = tokens(text).collect();
        left.retain(|term: &&Term| !term.is_in(&words));
        found += u64::from(left.is_empty() && counts(ticket));
        if found >= max {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
