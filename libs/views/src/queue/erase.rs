//! Taking a ticket's rows away, so that they are written anew without the values of somebody who was erased.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{
    Connection,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    fold::{SLOT_BITS, SLOT_MASK},
    load, search,
};
use crate::numbers::number;

/// The day of each row of a ticket's past, by its position: that of the latest instant recorded by then, which the ticket's
/// events alone do not tell.
pub(super) fn days(connection: &Connection, ticket: i64) -> rusqlite::Result<HashMap<u64, i64>> {
    let sql = "SELECT from_position, day FROM ticket_past WHERE ticket = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let days = statement.query_map([ticket], |row| Ok((number(row, 0)?, row.get(1)?)))?;
    days.collect()
}

/// Takes away what is written anew of a ticket: all but its row, which is replaced, and those of the texts that stay as they
/// are, which are left out of `texts`.
pub(super) fn ticket(
    connection: &Connection,
    ticket: i64,
    texts: &mut BTreeMap<(bool, i64), String>,
) -> rusqlite::Result<()> {
    for table in ["ticket_past", "ticket_field", "past_summary", "past_field"] {
        let sql = format!("DELETE FROM {table} WHERE ticket = ?1");
        connection.prepare_cached(&sql)?.execute([ticket])?;
    }
    let low = ticket << SLOT_BITS;
    let high = low | SLOT_MASK;
    connection
        .prepare_cached("DELETE FROM text_gone WHERE id BETWEEN ?1 AND ?2")?
        .execute([low, high])?;
    for (table, is_internal) in [("public_text", false), ("internal_text", true)] {
        let sql = format!("SELECT rowid, words FROM {table} WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid");
        let mut statement = connection.prepare_cached(&sql)?;
        let known = statement.query_map([low, high], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let known: Vec<(i64, String)> = known.collect::<Result<_, _>>()?;
        let sql = format!("DELETE FROM {table} WHERE rowid = ?1");
        let mut delete = connection.prepare_cached(&sql)?;
        for (rowid, words) in known {
            let place = (is_internal, rowid);
            if texts
                .get(&place)
                .is_some_and(|text| search::indexed(text) == words)
            {
                texts.remove(&place);
            } else {
                delete.execute([rowid])?;
            }
        }
    }
    Ok(())
}

/// Whether what parts the pages of the full text begins a word that is there. FTS5 takes an erased word out of its page, and leaves it
/// as what the page was found by.
pub(super) fn is_swept(connection: &Connection) -> rusqlite::Result<bool> {
    // FTS5 may go on reading after the last question, and the writer must not.
    let connection = load::reader(connection)?;
    for table in ["public_text", "internal_text"] {
        connection.execute_batch(&format!(
            "CREATE VIRTUAL TABLE temp.{table}_words USING fts5vocab('main', '{table}', 'instance')"
        ))?;
        let mut next = connection.prepare(&format!(
            "SELECT term FROM temp.{table}_words WHERE term >= ?1 LIMIT 1"
        ))?;
        // The first byte says which index it is of.
        let mut parting = connection.prepare(&format!("SELECT substr(term, 2) FROM {table}_idx"))?;
        let mut rows = parting.query([])?;
        while let Some(row) = rows.next()? {
            // A part of a word, which may end within a character.
            let beginning = row.get_ref(0)?.as_bytes_or_null()?.unwrap_or_default();
            let mut words = next.query([ToSqlOutput::Borrowed(ValueRef::Text(beginning))])?;
            let word = words.next()?.map(|row| row.get_ref(0)).transpose()?;
            let is_there = match word {
                Some(word) => word.as_bytes()?.starts_with(beginning),
                None => false,
            };
            if !is_there && !beginning.is_empty() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
