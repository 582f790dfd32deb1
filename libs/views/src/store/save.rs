//! The statements that write.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::desk::Category;
use rusqlite::{Connection, named_params, params};

use super::{Change, Checkpoint, Held, Pending};
use crate::{collate, fold::Ticket, schema::TextForm, search};

const INSERT: &str = "
INSERT INTO ticket (id, desk, number, desk_version, type, status, category, response_required, status_rank, priority,
    priority_rank, urgency, urgency_rank, requester, created_by, assignee, organization, private, created_at,
    updated_at, version, public_events, position, technical_id, summary, summary_key, summary_commitment,
    summary_version, description_version, fields_version)
VALUES (:id, :desk, :number, :desk_version, :type, :status, :category, :response_required, :status_rank, :priority,
    :priority_rank, :urgency, :urgency_rank, :requester, :created_by, :assignee, :organization, :private, :created_at,
    :updated_at, :version, :public_events, :position, :technical_id, :summary, :summary_key, :summary_commitment,
    :summary_version, :description_version, :fields_version)";

/// Columns that no event changes are left out, and so are the indexes that hold only those.
const UPDATE: &str = "
UPDATE ticket SET type = :type, status = :status, category = :category, response_required = :response_required,
    status_rank = :status_rank, priority = :priority, priority_rank = :priority_rank, urgency = :urgency,
    urgency_rank = :urgency_rank, assignee = :assignee, organization = :organization, private = :private,
    updated_at = :updated_at, version = :version, public_events = :public_events, position = :position,
    technical_id = :technical_id, summary = :summary, summary_key = :summary_key, desk_version = :desk_version,
    summary_commitment = :summary_commitment, summary_version = :summary_version,
    description_version = :description_version, fields_version = :fields_version
WHERE id = :id";

const UPDATE_NOTE: &str = "UPDATE ticket SET version = ?2, position = ?3 WHERE id = ?1";

/// Writes the rows of tickets, ascending by id.
pub(super) fn tickets(connection: &Connection, changed: &[&Held]) -> rusqlite::Result<()> {
    for held in changed {
        let ticket = &held.ticket;
        let unsaved = held.unsaved;
        match (unsaved.stored, unsaved.change) {
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

fn insert(connection: &Connection, ticket: &Ticket) -> rusqlite::Result<()> {
    let (face, [summary_version, description_version, fields_version]) = (&ticket.face, ticket.written);
    connection.prepare_cached(INSERT)?.execute(named_params! {
        ":id": integer(ticket.id),
        ":desk": ticket.desk.as_str(),
        ":number": integer(ticket.key.number()),
        ":desk_version": face.desk_version,
        ":type": face.request_type,
        ":status": face.standing.status.as_str(),
        ":category": face.standing.category.map(category_number),
        ":response_required": face.standing.response_required,
        ":status_rank": face.standing.rank,
        ":priority": face.priority.value,
        ":priority_rank": face.priority.rank,
        ":urgency": face.urgency.value,
        ":urgency_rank": face.urgency.rank,
        ":requester": ticket.requester.0.as_bytes(),
        ":created_by": ticket.created_by.0.as_bytes(),
        ":assignee": face.assignee.map(|account| account.0.into_bytes()),
        ":organization": face.organization.as_ref().map(|id| id.as_str()),
        ":private": face.private,
        ":created_at": ticket.created_at.timestamp_micros(),
        ":updated_at": ticket.updated_at.timestamp_micros(),
        ":version": integer(ticket.version),
        ":public_events": integer(ticket.public_events),
        ":position": integer(ticket.position),
        ":technical_id": face.technical_id,
        ":summary": ticket.summary,
        ":summary_key": ticket.summary.as_deref().map(collate::key),
        ":summary_commitment": ticket.summary_commitment.as_ref().map(|commitment| &commitment.0),
        ":summary_version": integer(summary_version),
        ":description_version": integer(description_version),
        ":fields_version": integer(fields_version),
    })?;
    Ok(())
}

fn update(connection: &Connection, ticket: &Ticket) -> rusqlite::Result<()> {
    let (face, [summary_version, description_version, fields_version]) = (&ticket.face, ticket.written);
    connection.prepare_cached(UPDATE)?.execute(named_params! {
        ":id": integer(ticket.id),
        ":desk_version": face.desk_version,
        ":type": face.request_type,
        ":status": face.standing.status.as_str(),
        ":category": face.standing.category.map(category_number),
        ":response_required": face.standing.response_required,
        ":status_rank": face.standing.rank,
        ":priority": face.priority.value,
        ":priority_rank": face.priority.rank,
        ":urgency": face.urgency.value,
        ":urgency_rank": face.urgency.rank,
        ":assignee": face.assignee.map(|account| account.0.into_bytes()),
        ":organization": face.organization.as_ref().map(|id| id.as_str()),
        ":private": face.private,
        ":updated_at": ticket.updated_at.timestamp_micros(),
        ":version": integer(ticket.version),
        ":public_events": integer(ticket.public_events),
        ":position": integer(ticket.position),
        ":technical_id": face.technical_id,
        ":summary": ticket.summary,
        ":summary_key": ticket.summary.as_deref().map(collate::key),
        ":summary_commitment": ticket.summary_commitment.as_ref().map(|commitment| &commitment.0),
        ":summary_version": integer(summary_version),
        ":description_version": integer(description_version),
        ":fields_version": integer(fields_version),
    })?;
    Ok(())
}

/// Writes full text, ascending by rowid: FTS5 writes a segment whenever a rowid is not larger than the one before.
pub(super) fn texts(
    connection: &Connection,
    texts: &BTreeMap<(bool, i64), String>,
    form: TextForm,
) -> rusqlite::Result<()> {
    let mut public = connection.prepare_cached("INSERT INTO public_text (rowid, words) VALUES (?1, ?2)")?;
    let mut internal =
        connection.prepare_cached("INSERT INTO internal_text (rowid, words) VALUES (?1, ?2)")?;
    for ((is_internal, rowid), text) in texts {
        let insert = if *is_internal { &mut internal } else { &mut public };
        insert.execute(params![rowid, search::indexed(text, form)])?;
    }
    Ok(())
}

/// Writes what is known of desks, accounts and organizations.
pub(super) fn others(connection: &Connection, pending: &Pending) -> rusqlite::Result<()> {
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

/// Writes how far the log is folded.
pub(super) fn checkpoint(
    connection: &Connection,
    checkpoint: &Checkpoint,
    latest_at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO checkpoint (id, position, digest, latest_at) VALUES (1, ?1, ?2, ?3)",
        )?
        .execute(params![
            integer(checkpoint.position.0),
            checkpoint.digest,
            latest_at.timestamp_micros()
        ])?;
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

pub(super) fn to_sql(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
