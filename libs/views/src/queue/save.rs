//! The statements that write.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{
    columns,
    fold::{Change, Held},
    pending::Pending,
    search,
    ticket::Ticket,
};
use crate::{
    collate,
    numbers::{integer, to_sql},
};

/// What an internal note changes of a row: no column that is sorted or filtered by.
const UPDATE_NOTE: &str = "UPDATE ticket SET version = ?2, position = ?3 WHERE id = ?1";

/// Writes the rows of tickets, ascending by id.
pub(super) fn tickets(connection: &Connection, changed: &[&mut Held]) -> rusqlite::Result<()> {
    let mut upsert = columns::upsert(connection)?;
    for held in changed {
        let (ticket, unsaved) = (&held.ticket, held.unsaved);
        if unsaved.stored && unsaved.change != Change::Row {
            connection.prepare_cached(UPDATE_NOTE)?.execute(params![
                integer(ticket.id),
                integer(ticket.now.version),
                integer(ticket.position)
            ])?;
        } else {
            columns::write(&mut upsert, ticket)?;
        }
        if unsaved.fields {
            fields(connection, ticket)?;
        }
        if unsaved.shares {
            if unsaved.stored {
                connection
                    .prepare_cached("DELETE FROM ticket_share WHERE ticket = ?1")?
                    .execute(params![integer(ticket.id)])?;
            }
            for organization in &ticket.shared_with {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO ticket_share (ticket, organization) VALUES (?1, ?2)",
                    )?
                    .execute(params![integer(ticket.id), organization.as_str()])?;
            }
        }
    }
    Ok(())
}

fn fields(connection: &Connection, ticket: &Ticket) -> rusqlite::Result<()> {
    let fields = serde_json::to_string(&ticket.fields).map_err(to_sql)?;
    let commitments = (!ticket.sealed.is_empty())
        .then(|| serde_json::to_string(&ticket.sealed))
        .transpose()
        .map_err(to_sql)?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO ticket_field (ticket, fields, commitments) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![integer(ticket.id), fields, commitments])?;
    Ok(())
}

/// Writes full text, ascending by rowid: FTS5 writes a segment whenever a rowid is not larger than the one before.
pub(super) fn texts(connection: &Connection, texts: &BTreeMap<(bool, i64), String>) -> rusqlite::Result<()> {
    let mut public = connection.prepare_cached("INSERT INTO public_text (rowid, words) VALUES (?1, ?2)")?;
    let mut internal =
        connection.prepare_cached("INSERT INTO internal_text (rowid, words) VALUES (?1, ?2)")?;
    for ((is_internal, rowid), text) in texts {
        let insert = if *is_internal { &mut internal } else { &mut public };
        insert.execute(params![rowid, search::indexed(text)])?;
    }
    Ok(())
}

/// Writes what is known of desks, accounts and organizations.
pub(super) fn names(connection: &Connection, pending: &Pending) -> rusqlite::Result<()> {
    for (definition, digest) in &pending.desks {
        let text = serde_json::to_string(definition).map_err(to_sql)?;
        let sql = "INSERT OR REPLACE INTO desk (key, version, definition, digest) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute(params![
            definition.key.as_str(),
            definition.version,
            text,
            digest
        ])?;
    }
    for account in &pending.accounts {
        let sql = "INSERT OR REPLACE INTO account_name (account, name_key, commitment, position) \
            VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute(params![
            account.id.0.as_bytes(),
            account.name.as_deref().map(collate::key),
            account.commitment.as_ref().map(|commitment| &commitment.0),
            integer(account.position)
        ])?;
    }
    for organization in &pending.organizations {
        let sql = "INSERT OR REPLACE INTO organization_name (organization, name, name_key, position) \
            VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute(params![
            organization.id.as_str(),
            organization.name,
            collate::key(&organization.name),
            integer(organization.position)
        ])?;
    }
    Ok(())
}

/// Writes what is over, and what holds from now on.
pub(super) fn past(connection: &Connection, pending: &Pending) -> rusqlite::Result<()> {
    let mut end =
        connection.prepare_cached("UPDATE ticket_past SET to_position = ?2 WHERE from_position = ?1")?;
    for (from, to) in &pending.ended {
        end.execute(params![integer(*from), integer(*to)])?;
    }
    let mut insert = columns::insert_past(connection)?;
    for past in &pending.past {
        let own = [
            integer(past.from),
            integer(past.to),
            integer(past.ticket),
            past.day,
        ];
        columns::write_past(&mut insert, own, &past.moment)?;
    }
    let mut gone = connection.prepare_cached("INSERT INTO text_gone (id, until_version) VALUES (?1, ?2)")?;
    for (rowid, version) in &pending.gone {
        gone.execute(params![rowid, integer(*version)])?;
    }
    let mut summary = connection.prepare_cached(
        "INSERT INTO past_summary (ticket, until_version, summary, summary_key) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for past in &pending.summaries {
        let key = past.value.as_deref().map(collate::key);
        summary.execute(params![
            integer(past.ticket),
            integer(past.version),
            past.value,
            key
        ])?;
    }
    let mut fields = connection
        .prepare_cached("INSERT INTO past_field (ticket, until_version, fields) VALUES (?1, ?2, ?3)")?;
    for past in &pending.fields {
        let text = serde_json::to_string(&past.value).map_err(to_sql)?;
        fields.execute(params![integer(past.ticket), integer(past.version), text])?;
    }
    Ok(())
}
