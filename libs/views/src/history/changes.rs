//! What an event changed, field by field: the document before it against the document after.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Language,
    desk::Desk,
    ticket::{
        Document, TicketEvent,
        event::{CommentBody, Verdict},
    },
};
use serde_json::{Value, json};

use super::Change;

/// Every change of an event, the ticket's own columns first, then its fields by name, then what the event added.
pub(super) fn between(
    before: Option<&Document>,
    after: Option<&Document>,
    event: &TicketEvent,
    desk: &Desk,
    language: Language,
) -> Vec<Change> {
    let columns = |document: Option<&Document>| document.map(columns).unwrap_or_default();
    let (old, new) = (columns(before), columns(after));
    let mut changes: Vec<Change> = old_and_new(&old, &new);
    let none = BTreeMap::new();
    let fields =
        |document: Option<&'_ Document>| document.map_or(none.clone(), |document| document.fields.clone());
    let (old, new) = (fields(before), fields(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (from, to) = (old.get(name).cloned(), new.get(name).cloned());
        if from != to {
            changes.push(Change {
                field: format!("fields.{name}"),
                from,
                to,
            });
        }
    }
    changes.extend(added(event, desk, language));
    changes
}

fn old_and_new(old: &[(&'static str, Option<Value>)], new: &[(&'static str, Option<Value>)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (field, to) in new {
        let from = old
            .iter()
            .find(|(name, _)| name == field)
            .and_then(|(_, value)| value.clone());
        if from != *to {
            changes.push(Change {
                field: (*field).to_owned(),
                from,
                to: to.clone(),
            });
        }
    }
    changes
}

/// The columns that events change, in the order of the ticket's answer. What is not set is `None`, so that an opening
/// tells only what was filled in.
fn columns(document: &Document) -> Vec<(&'static str, Option<Value>)> {
    let flag = |value: bool| value.then_some(Value::Bool(true));
    let shared: Vec<&str> = document.shared_with.iter().map(|id| id.as_str()).collect();
    vec![
        ("type", Some(json!(document.request_type))),
        ("summary", document.summary.as_ref().map(|text| json!(text))),
        (
            "description",
            document.description.as_ref().map(|text| json!(text)),
        ),
        ("status", Some(json!(document.status))),
        ("priority", Some(json!(document.priority))),
        ("urgency", Some(json!(document.urgency))),
        ("requester", Some(json!(document.requester))),
        ("assignee", document.assignee.map(|account| json!(account))),
        ("organization", document.organization.as_ref().map(|id| json!(id))),
        ("private", flag(document.private)),
        ("notify", flag(document.notify)),
        ("shared_with", (!shared.is_empty()).then(|| json!(shared))),
    ]
}

/// What an event added that takes nothing's place. Values of erased persons are `None`.
fn added(event: &TicketEvent, desk: &Desk, language: Language) -> Option<Change> {
    let words = |field: &str, to: Option<&String>| {
        Some(Change {
            field: field.to_owned(),
            from: None,
            to: to.map(|text| json!(text)),
        })
    };
    match event {
        TicketEvent::Commented(commented) => match &commented.body {
            CommentBody::Words(body) => words("comment", body.value.as_ref()),
            CommentBody::Automatic { automatic } => words(
                "comment",
                super::words::automatic(desk, automatic, language).as_ref(),
            ),
        },
        TicketEvent::Attached(attached) => words("attachment", attached.name.value.as_ref()),
        TicketEvent::ApprovalRequested(requested) => words("proposal", requested.proposal.value.as_ref()),
        TicketEvent::ApprovalDecided(decided) => {
            let decision = match decided.decision {
                Verdict::Accept => "accept",
                Verdict::Refuse => "refuse",
            };
            words("decision", Some(&decision.to_owned()))
        }
        TicketEvent::Reopened { reason, .. } => words("reason", reason.value.as_ref()),
        TicketEvent::Opened(_)
        | TicketEvent::Described { .. }
        | TicketEvent::Transitioned(_)
        | TicketEvent::Assigned { .. }
        | TicketEvent::Edited(_)
        | TicketEvent::ApprovalWithdrawn { .. }
        | TicketEvent::Shared { .. }
        | TicketEvent::Unshared { .. } => None,
    }
}
