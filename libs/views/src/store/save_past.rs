//! The statements that write the past.

use rusqlite::{Connection, params};

use super::{
    pending::{Past, Pending},
    save::{category_number, integer, to_sql},
};
use crate::collate;

const INSERT: &str = "
INSERT INTO ticket_past (from_position, to_position, ticket, day, version, public_events, updated_at, desk_version,
    type, status, category, response_required, status_rank, priority, priority_rank, urgency, urgency_rank, assignee,
    organization, private, technical_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

const COUNT: &str = "
INSERT INTO status_count (desk, day, status, change) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET change = change + excluded.change";

/// Writes what is over, and what holds from now on.
pub(super) fn save(connection: &Connection, pending: &Pending) -> rusqlite::Result<()> {
    let mut end =
        connection.prepare_cached("UPDATE ticket_past SET to_position = ?2 WHERE from_position = ?1")?;
    for (from, to) in &pending.ended {
        end.execute(params![integer(*from), integer(*to)])?;
    }
    let mut insert = connection.prepare_cached(INSERT)?;
    for past in &pending.past {
        row(&mut insert, past)?;
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
    let mut count = connection.prepare_cached(COUNT)?;
    for ((desk, day, status), change) in pending.counts.iter().filter(|(_, change)| **change != 0) {
        count.execute(params![desk.as_str(), day, status.as_str(), change])?;
    }
    Ok(())
}

fn row(insert: &mut rusqlite::Statement<'_>, past: &Past) -> rusqlite::Result<()> {
    let face = &past.face;
    insert.execute(params![
        integer(past.from),
        integer(past.to),
        integer(past.ticket),
        past.day,
        integer(past.version),
        integer(past.public_events),
        past.updated_at.timestamp_micros(),
        face.desk_version,
        face.request_type,
        face.standing.status.as_str(),
        face.standing.category.map(category_number),
        face.standing.response_required,
        face.standing.rank,
        face.priority.value,
        face.priority.rank,
        face.urgency.value,
        face.urgency.rank,
        face.assignee.as_ref().map(|account| account.0.as_bytes()),
        face.organization.as_ref().map(|id| id.as_str()),
        face.private,
        face.technical_id,
    ])?;
    Ok(())
}
