//! All logical rows as text.

use std::fmt::Write;

use rusqlite::Connection;
use serde_json::json;

use crate::store::load;

/// One line of JSON per row: tickets by key, then desks, accounts and organizations by theirs. What is no logical
/// column stays out: ids, sort keys that follow from a value, full text.
pub(crate) fn dump(connection: &mut Connection) -> rusqlite::Result<String> {
    let transaction = connection.transaction()?;
    let mut out = String::new();
    let sql = format!(
        "SELECT {}, {} FROM ticket t ORDER BY t.desk, t.number",
        load::COLUMNS,
        load::MORE_COLUMNS
    );
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ticket = load::whole(&transaction, row)?;
        let face = &ticket.face;
        let line = json!({
            "ticket": ticket.key,
            "opened_at_position": ticket.id,
            "desk": ticket.desk,
            "desk_version": face.desk_version,
            "type": face.request_type,
            "summary": ticket.summary,
            "summary_commitment": ticket.summary_commitment,
            "commitments": ticket.sealed,
            "technical_id": face.technical_id,
            "status": face.standing.status,
            "category": face.standing.category,
            "response_required": face.standing.response_required,
            "status_rank": face.standing.rank,
            "priority": face.priority.value,
            "priority_rank": face.priority.rank,
            "urgency": face.urgency.value,
            "urgency_rank": face.urgency.rank,
            "requester": ticket.requester,
            "created_by": ticket.created_by,
            "assignee": face.assignee,
            "organization": face.organization,
            "private": face.private,
            "shared_with": ticket.shared_with,
            "fields": ticket.fields,
            "created_at": ticket.created_at,
            "updated_at": ticket.updated_at,
            "version": ticket.version,
            "public_events": ticket.public_events,
            "position": ticket.position,
        });
        push(&mut out, &line);
    }
    named(
        &transaction,
        &mut out,
        "desk",
        "SELECT key || ' ' || version, definition FROM desk ORDER BY key, version",
    )?;
    let accounts = "SELECT lower(hex(account)), name_key FROM account_name ORDER BY account";
    named(&transaction, &mut out, "account", accounts)?;
    let organizations = "SELECT organization, name_key FROM organization_name ORDER BY organization";
    named(&transaction, &mut out, "organization", organizations)?;
    for (kind, sql) in PAST {
        named(&transaction, &mut out, kind, sql)?;
    }
    Ok(out)
}

/// What the view holds of the past, as pairs of a key and a value.
const PAST: [(&str, &str); 5] = [
    (
        "past",
        "SELECT from_position || '', json_array(to_position, ticket, day, version, public_events, updated_at, desk_version, \
         type, status, category, response_required, status_rank, priority, priority_rank, urgency, urgency_rank, \
         hex(assignee), organization, private, technical_id) FROM ticket_past ORDER BY from_position",
    ),
    (
        "past_summary",
        "SELECT ticket || ' ' || until_version, summary FROM past_summary ORDER BY ticket, until_version",
    ),
    (
        "past_fields",
        "SELECT ticket || ' ' || until_version, fields FROM past_field ORDER BY ticket, until_version",
    ),
    (
        "gone",
        "SELECT id || '', until_version || '' FROM text_gone ORDER BY id",
    ),
    (
        "count",
        "SELECT desk || ' ' || day || ' ' || status, change || '' FROM status_count \
         WHERE change <> 0 ORDER BY desk, day, status",
    ),
];

fn named(connection: &Connection, out: &mut String, kind: &str, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, value): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        push(out, &json!({ kind: name, "value": value }));
    }
    Ok(())
}

fn push(out: &mut String, line: &serde_json::Value) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{line}");
}
