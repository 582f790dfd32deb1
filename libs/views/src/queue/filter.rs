//! The filters of a query as conditions on one row.

use super::{AssigneeFilter, QueueQuery, columns::category_number};
use crate::sql::{self, Sql};

/// Every filter of the query, save the words to search for.
pub(super) fn filters(query: &QueueQuery) -> Vec<Sql> {
    let mut all = Vec::new();
    if let Some(desk) = &query.desk {
        all.push(Sql::one("t.desk = ?", sql::desk(desk)));
    }
    match query.status.as_slice() {
        [] => {}
        [status] => all.push(Sql::one("t.status = ?", status.clone())),
        several => all.push(Sql::among("t.status IN", several.iter().cloned())),
    }
    if let Some(category) = query.category {
        all.push(Sql::one("t.category = ?", category_number(category)));
    }
    if let Some(requester) = query.requester {
        all.push(Sql::one("t.requester = ?", sql::account(requester)));
    }
    if let Some(created_by) = query.created_by {
        all.push(Sql::one("t.created_by = ?", sql::account(created_by)));
    }
    match query.assignee {
        Some(AssigneeFilter::Account(account)) => all.push(Sql::one("t.assignee = ?", sql::account(account))),
        Some(AssigneeFilter::Nobody) => all.push(Sql::bare("t.assignee IS NULL")),
        None => {}
    }
    if let Some(organization) = &query.organization {
        all.push(Sql::one("t.organization = ?", sql::organization(organization)));
    }
    if let Some(request_type) = &query.request_type {
        all.push(Sql::one("t.type = ?", request_type.clone()));
    }
    if let Some(priority) = &query.priority {
        all.push(Sql::one("t.priority = ?", priority.clone()));
    }
    // Written out, so that the index of what waits for an answer is found.
    for (column, flag) in [
        ("t.private", query.private),
        ("t.response_required", query.response_required),
    ] {
        all.extend(flag.map(|flag| Sql::bare(format!("{column} = {}", i64::from(flag)))));
    }
    for (condition, instant) in [
        ("t.created_at >= ?", query.created_after),
        ("t.created_at < ?", query.created_before),
        ("t.updated_at >= ?", query.updated_after),
    ] {
        all.extend(instant.map(|instant| Sql::one(condition, instant.timestamp_micros())));
    }
    if let Some(technical_id) = &query.technical_id {
        all.push(Sql::one("t.technical_id = ?", technical_id.clone()));
    }
    all
}
