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

/// What the history compares of a ticket: as it stood before an event, and after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// What is not set is `None`, so that an opening tells only what was filled in; nothing before the opening.
    columns: Vec<(&'static str, Option<Value>)>,
    fields: BTreeMap<String, Value>,
}

impl Seen {
    /// What is seen of a ticket; of none before it is opened.
    #[must_use]
    pub fn of(document: Option<&Document>) -> Seen {
        Seen {
            columns: document.map(columns).unwrap_or_default(),
            fields: document
                .map(|document| document.fields.clone())
                .unwrap_or_default(),
        }
    }

    pub(super) fn is_opened(&self) -> bool {
        !self.columns.is_empty()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Value> {
        let mut columns = self.columns.iter();
        columns.find_map(|(known, value)| value.as_ref().filter(|_| *known == name))
    }
}

/// Every change of an event, the ticket's own columns first, then its fields by name, then what the event added.
pub(super) fn between(
    before: &Seen,
    after: &Seen,
    event: &TicketEvent,
    desk: &Desk,
    language: Language,
) -> Vec<Change> {
    let change = |field: &dyn Fn() -> String, from: Option<&Value>, to: Option<&Value>| {
        (from != to).then(|| Change {
            field: field(),
            from: from.cloned(),
            to: to.cloned(),
        })
    };
    let columns = after.columns.iter();
    let columns = columns.map(|(name, to)| change(&|| (*name).to_owned(), before.column(name), to.as_ref()));
    let names: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    let fields = names.into_iter().map(|name| {
        let (from, to) = (before.fields.get(name), after.fields.get(name));
        change(&|| format!("fields.{name}"), from, to)
    });
    columns
        .chain(fields)
        .flatten()
        .chain(added(event, desk, language))
        .collect()
}

/// The columns that events change, in the order of the ticket's answer.
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
