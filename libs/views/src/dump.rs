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
    let sql = format!("SELECT {} FROM ticket t ORDER BY t.desk, t.number", load::COLUMNS);
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ticket = load::read(row)?;
        let line = json!({
            "ticket": ticket.key,
            "opened_at_position": ticket.id,
            "desk": ticket.desk,
            "desk_version": ticket.desk_version,
            "type": ticket.request_type,
            "summary": ticket.summary,
            "status": ticket.standing.status,
            "category": ticket.standing.category,
            "response_required": ticket.standing.response_required,
            "status_rank": ticket.standing.rank,
            "priority": ticket.priority.value,
            "priority_rank": ticket.priority.rank,
            "urgency": ticket.urgency.value,
            "urgency_rank": ticket.urgency.rank,
            "requester": ticket.requester,
            "created_by": ticket.created_by,
            "assignee": ticket.assignee,
            "organization": ticket.organization,
            "private": ticket.private,
            "shared_with": load::shares(&transaction, ticket.id)?,
            "fields": load::fields(&transaction, ticket.id)?,
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
    Ok(out)
}

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
