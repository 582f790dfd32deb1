//! The statements that write.

use std::collections::BTreeMap;

use domain::desk::Category;
use rusqlite::{Connection, named_params, params};

use super::{Change, Checkpoint, Held, Pending, PendingText};
use crate::{collate, fold::Ticket};

const INSERT: &str = "
INSERT INTO ticket (id, desk, number, desk_version, type, status, category, response_required, status_rank, priority,
    priority_rank, urgency, urgency_rank, requester, created_by, assignee, organization, private, created_at,
    updated_at, version, public_events, position, technical_id, summary, summary_key)
VALUES (:id, :desk, :number, :desk_version, :type, :status, :category, :response_required, :status_rank, :priority,
    :priority_rank, :urgency, :urgency_rank, :requester, :created_by, :assignee, :organization, :private, :created_at,
    :updated_at, :version, :public_events, :position, :technical_id, :summary, :summary_key)";

/// Columns that no event changes are left out, and so are the indexes that hold only those.
const UPDATE: &str = "
UPDATE ticket SET type = :type, status = :status, category = :category, response_required = :response_required,
    status_rank = :status_rank, priority = :priority, priority_rank = :priority_rank, urgency = :urgency,
    urgency_rank = :urgency_rank, assignee = :assignee, organization = :organization, private = :private,
    updated_at = :updated_at, version = :version, public_events = :public_events, position = :position,
    technical_id = :technical_id, summary = :summary, summary_key = :summary_key, desk_version = :desk_version
WHERE id = :id";

const UPDATE_NOTE: &str = "UPDATE ticket SET version = ?2, position = ?3 WHERE id = ?1";

/// Writes the rows of tickets, ascending by id.
pub(super) fn tickets(connection: &Connection, changed: &[&Held]) -> rusqlite::Result<()> {
    for held in changed {
        let ticket = &held.ticket;
        match (held.stored, held.change) {
            (false, _) => insert(connection, ticket)?,
            (true, Change::Row) => update(connection, ticket)?,
            (true, Change::Note | Change::None) => {
                connection.prepare_cached(UPDATE_NOTE)?.execute(params![
                    integer(ticket.id),
                    integer(ticket.version),
                    integer(ticket.position)
                ])?;
            }
        }
        if held.fields_changed && (held.stored || !ticket.fields.is_empty()) {
            let fields = serde_json::to_string(&ticket.fields).map_err(to_sql)?;
            connection
                .prepare_cached("INSERT OR REPLACE INTO ticket_field (ticket, fields) VALUES (?1, ?2)")?
                .execute(params![integer(ticket.id), fields])?;
        }
        if held.shares_changed {
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

fn insert(connection: &Connection, ticket: &Ticket) -> rusqlite::Result<()> {
    connection.prepare_cached(INSERT)?.execute(named_params! {
        ":id": integer(ticket.id),
        ":desk": ticket.desk.as_str(),
        ":number": integer(ticket.key.number()),
        ":desk_version": ticket.desk_version,
        ":type": ticket.request_type,
        ":status": ticket.standing.status.as_str(),
        ":category": ticket.standing.category.map(category_number),
        ":response_required": ticket.standing.response_required,
        ":status_rank": ticket.standing.rank,
        ":priority": ticket.priority.value,
        ":priority_rank": ticket.priority.rank,
        ":urgency": ticket.urgency.value,
        ":urgency_rank": ticket.urgency.rank,
        ":requester": ticket.requester.0.as_bytes(),
        ":created_by": ticket.created_by.0.as_bytes(),
        ":assignee": ticket.assignee.map(|account| account.0.into_bytes()),
        ":organization": ticket.organization.as_ref().map(|id| id.as_str()),
        ":private": ticket.private,
        ":created_at": ticket.created_at.timestamp_micros(),
        ":updated_at": ticket.updated_at.timestamp_micros(),
        ":version": integer(ticket.version),
        ":public_events": integer(ticket.public_events),
        ":position": integer(ticket.position),
        ":technical_id": ticket.technical_id(),
        ":summary": ticket.summary,
        ":summary_key": ticket.summary.as_deref().map(collate::key),
    })?;
    Ok(())
}

fn update(connection: &Connection, ticket: &Ticket) -> rusqlite::Result<()> {
    connection.prepare_cached(UPDATE)?.execute(named_params! {
        ":id": integer(ticket.id),
        ":desk_version": ticket.desk_version,
        ":type": ticket.request_type,
        ":status": ticket.standing.status.as_str(),
        ":category": ticket.standing.category.map(category_number),
        ":response_required": ticket.standing.response_required,
        ":status_rank": ticket.standing.rank,
        ":priority": ticket.priority.value,
        ":priority_rank": ticket.priority.rank,
        ":urgency": ticket.urgency.value,
        ":urgency_rank": ticket.urgency.rank,
        ":assignee": ticket.assignee.map(|account| account.0.into_bytes()),
        ":organization": ticket.organization.as_ref().map(|id| id.as_str()),
        ":private": ticket.private,
        ":updated_at": ticket.updated_at.timestamp_micros(),
        ":version": integer(ticket.version),
        ":public_events": integer(ticket.public_events),
        ":position": integer(ticket.position),
        ":technical_id": ticket.technical_id(),
        ":summary": ticket.summary,
        ":summary_key": ticket.summary.as_deref().map(collate::key),
    })?;
    Ok(())
}

/// Writes full text, ascending by rowid: FTS5 writes a segment whenever a rowid is not larger than the one before.
pub(super) fn texts(
    connection: &Connection,
    texts: &BTreeMap<(bool, i64), PendingText>,
) -> rusqlite::Result<()> {
    for ((internal, rowid), text) in texts {
        let [insert, replace, delete] = if *internal { INTERNAL } else { PUBLIC };
        match (&text.words, text.fresh) {
            (Some(words), true) => {
                connection
                    .prepare_cached(insert)?
                    .execute(params![rowid, words])?;
            }
            (Some(words), false) => {
                connection
                    .prepare_cached(replace)?
                    .execute(params![rowid, words])?;
            }
            (None, true) => {}
            (None, false) => {
                connection.prepare_cached(delete)?.execute(params![rowid])?;
            }
        }
    }
    Ok(())
}

const PUBLIC: [&str; 3] = [
    "INSERT INTO public_text (rowid, words) VALUES (?1, ?2)",
    "INSERT OR REPLACE INTO public_text (rowid, words) VALUES (?1, ?2)",
    "DELETE FROM public_text WHERE rowid = ?1",
];
const INTERNAL: [&str; 3] = [
    "INSERT INTO internal_text (rowid, words) VALUES (?1, ?2)",
    "INSERT OR REPLACE INTO internal_text (rowid, words) VALUES (?1, ?2)",
    "DELETE FROM internal_text WHERE rowid = ?1",
];

/// Writes what is known of desks, accounts and organizations.
pub(super) fn others(connection: &Connection, pending: &Pending) -> rusqlite::Result<()> {
    for definition in &pending.desks {
        let text = serde_json::to_string(definition).map_err(to_sql)?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO desk (key, version, definition) VALUES (?1, ?2, ?3)")?
            .execute(params![definition.key.as_str(), definition.version, text])?;
    }
    for (account, name_key) in &pending.accounts {
        connection
            .prepare_cached("INSERT OR REPLACE INTO account_name (account, name_key) VALUES (?1, ?2)")?
            .execute(params![account.0.as_bytes(), name_key])?;
    }
    for (organization, name_key) in &pending.organizations {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO organization_name (organization, name_key) VALUES (?1, ?2)",
            )?
            .execute(params![organization.as_str(), name_key])?;
    }
    Ok(())
}

/// Writes how far the log is folded.
pub(super) fn checkpoint(connection: &Connection, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO checkpoint (id, position, digest) VALUES (1, ?1, ?2)")?
        .execute(params![integer(checkpoint.position.0), checkpoint.digest])?;
    Ok(())
}

/// The stored number of a category; its order is that of [`Category`].
pub(crate) fn category_number(category: Category) -> i64 {
    match category {
        Category::New => 0,
        Category::Active => 1,
        Category::Waiting => 2,
        Category::Done => 3,
    }
}

/// SQLite's integers are signed. Positions and versions count from 1, one by one, and never come near the edge.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn to_sql(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
