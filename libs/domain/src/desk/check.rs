//! Is a definition whole? Every fault is named.

mod forms;

pub use forms::VALUES_HERE_MAX;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    definition::{Category, Choice, DeskDefinition, Who},
    field::Field,
};
use crate::{ids::StatusId, label::Label};

/// How many statuses a desk may have.
pub const STATUSES_MAX: usize = 64;
/// How many transitions a desk may have.
pub const TRANSITIONS_MAX: usize = 256;
/// How many bytes of JSON a definition may hold: it is one event, in one record of the log.
pub const DEFINITION_BYTES_MAX: usize = 44 * 1024;
/// Longest id of an action, a request type or a choice, bytes.
pub const ID_BYTES_MAX: usize = 63;

/// Action ids that belong to approvals and reopening, so that a client can follow every allowed action alike.
pub const RESERVED_ACTIONS: [&str; 3] = ["accept", "refuse", "reopen"];
/// Words that stand beside action ids as the kind of a ticket's last message, so that no action may be called so.
pub const RESERVED_KINDS: [&str; 2] = ["comment", "request_approval"];

/// Every fault of a definition; none when it can be published.
#[must_use]
pub fn faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    if desk.version == 0 {
        faults.push("versions count from 1".to_owned());
    }
    faults.extend(size_faults(desk));
    faults.extend(status_faults(desk));
    faults.extend(choice_faults(desk));
    faults.extend(transition_faults(desk));
    faults.extend(rule_faults(desk));
    faults.extend(type_faults(desk));
    faults.extend(forms::faults(desk));
    faults.extend(clear_faults(desk));
    faults.extend(label_faults(desk));
    faults
}

fn size_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    if desk.statuses.len() > STATUSES_MAX {
        faults.push(format!("a desk has at most {STATUSES_MAX} statuses"));
    }
    if desk.transitions.len() > TRANSITIONS_MAX {
        faults.push(format!("a desk has at most {TRANSITIONS_MAX} transitions"));
    }
    let json = serde_json::to_value(desk).unwrap_or_default();
    let bytes = json.to_string().len();
    if bytes > DEFINITION_BYTES_MAX {
        faults.push(format!(
            "a definition holds at most {DEFINITION_BYTES_MAX} bytes of JSON, this one {bytes}"
        ));
    }
    if holds_mark(&json) {
        let fault = "an object whose only member is an object called personal or sealed would pass for a sealed value";
        faults.push(fault.to_owned());
    }
    faults
}

/// What stores events replaces such objects (design §6.1); a definition must come back as it was.
fn holds_mark(json: &Value) -> bool {
    match json {
        Value::Object(members) => {
            let only = members.iter().next().filter(|_| members.len() == 1);
            only.is_some_and(|(name, value)| (name == "personal" || name == "sealed") && value.is_object())
                || members.values().any(holds_mark)
        }
        Value::Array(items) => items.iter().any(holds_mark),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn status_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    let known: BTreeSet<&StatusId> = desk.statuses.iter().map(|status| &status.id).collect();
    if known.len() != desk.statuses.len() {
        faults.push("two statuses have the same id".to_owned());
    }
    for (whence, status) in statuses_used(desk) {
        if !known.contains(status) {
            faults.push(format!("{whence} names the unknown status {status}"));
        }
    }
    for status in &desk.statuses {
        if status.closed && status.category != Category::Done {
            faults.push(format!("status {} is closed, so its category is done", status.id));
        }
    }
    let reached = reached(desk);
    for status in known.iter().filter(|status| !reached.contains(**status)) {
        faults.push(format!("status {status} can never be reached"));
    }
    faults
}

fn statuses_used(desk: &DeskDefinition) -> Vec<(String, &StatusId)> {
    let mut used = vec![("initial_status".to_owned(), &desk.initial_status)];
    for transition in &desk.transitions {
        let whence = format!("transition {}", transition.id);
        used.extend(
            transition
                .from
                .iter()
                .chain(&transition.to)
                .map(|status| (whence.clone(), status)),
        );
    }
    if let Some(approval) = &desk.approval {
        let statuses = approval
            .from
            .iter()
            .chain([&approval.pending, &approval.accepted, &approval.refused]);
        used.extend(statuses.map(|status| ("approval".to_owned(), status)));
    }
    if let Some(reopen) = &desk.reopen {
        used.extend(
            reopen
                .from
                .iter()
                .chain([&reopen.to])
                .map(|status| ("reopen".to_owned(), status)),
        );
    }
    used
}

/// The statuses that a ticket can come to.
fn reached(desk: &DeskDefinition) -> BTreeSet<&StatusId> {
    let mut steps: Vec<(&StatusId, &StatusId)> = Vec::new();
    for transition in &desk.transitions {
        steps.extend(
            transition
                .from
                .iter()
                .flat_map(|from| transition.to.iter().map(move |to| (from, to))),
        );
    }
    if let Some(approval) = &desk.approval {
        steps.extend(approval.from.iter().map(|from| (from, &approval.pending)));
        steps.extend([&approval.accepted, &approval.refused].map(|to| (&approval.pending, to)));
    }
    if let Some(reopen) = &desk.reopen {
        steps.extend(reopen.from.iter().map(|from| (from, &reopen.to)));
    }
    let mut reached = BTreeSet::from([&desk.initial_status]);
    loop {
        let before = reached.len();
        for (from, to) in &steps {
            if reached.contains(from) {
                reached.insert(to);
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

fn choice_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    for (list, default, what) in [
        (&desk.priorities, &desk.default_priority, "priority"),
        (&desk.urgencies, &desk.default_urgency, "urgency"),
    ] {
        if !list.iter().any(|choice| choice.id == *default) {
            faults.push(format!("the default {what} {default:?} is not in its list"));
        }
    }
    for (name, list) in lists(desk) {
        let ids: BTreeSet<&str> = list.iter().map(|choice| choice.id.as_str()).collect();
        if ids.len() != list.len() {
            faults.push(format!("two values of {name} have the same id"));
        }
        if ids.iter().any(|id| id.is_empty() || id.len() > ID_BYTES_MAX) {
            faults.push(format!(
                "an id of {name} is empty or longer than {ID_BYTES_MAX} bytes"
            ));
        }
    }
    faults
}

fn lists(desk: &DeskDefinition) -> impl Iterator<Item = (&str, &Vec<Choice>)> {
    let own = [("priorities", &desk.priorities), ("urgencies", &desk.urgencies)];
    own.into_iter().chain(
        desk.value_lists
            .iter()
            .map(|(name, list)| (name.as_str(), &list.values)),
    )
}

fn transition_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for transition in &desk.transitions {
        let id = transition.id.as_str();
        if RESERVED_ACTIONS.contains(&id) || RESERVED_KINDS.contains(&id) {
            faults.push(format!("the action id {id} is reserved"));
        }
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            faults.push(format!(
                "the action id {id:?} is empty or longer than {ID_BYTES_MAX} bytes"
            ));
        }
        if transition.from.is_empty() || transition.who.is_empty() {
            faults.push(format!("transition {id} can never be followed"));
        }
        if transition.assigns_actor
            && (transition.who.contains(&Who::Requester) || transition.who.contains(&Who::System))
        {
            faults.push(format!(
                "transition {id} would assign the ticket to somebody who does not treat it"
            ));
        }
        for from in &transition.from {
            if !seen.insert((id, from)) {
                faults.push(format!("two transitions {id} start from {from}"));
            }
        }
    }
    faults
}

fn rule_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(approval) = &desk.approval {
        if approval.from.is_empty() {
            faults.push("an approval can never be asked for".to_owned());
        }
        if approval.pending == approval.accepted || approval.pending == approval.refused {
            faults.push("a decision leads out of the pending status".to_owned());
        }
    }
    if let Some(reopen) = &desk.reopen {
        if reopen.from.is_empty() {
            faults.push("a ticket can never be reopened".to_owned());
        }
        if reopen.from.contains(&reopen.to) {
            faults.push("reopening leads to another status".to_owned());
        }
    }
    faults
}

fn type_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    let ids: BTreeSet<&String> = desk.types.iter().map(|of| &of.id).collect();
    if ids.len() != desk.types.len() || ids.is_empty() {
        faults.push("request types have ids of their own, and there is at least one".to_owned());
    }
    if ids.iter().any(|id| id.is_empty() || id.len() > ID_BYTES_MAX) {
        faults.push(format!(
            "the id of a request type is empty or longer than {ID_BYTES_MAX} bytes"
        ));
    }
    faults
}

/// What is declared once is not taken away either.
fn clear_faults(desk: &DeskDefinition) -> Vec<String> {
    let named = |wanted: fn(&Field) -> bool| {
        let fields = desk.fields.iter().filter(move |(_, field)| wanted(field));
        fields
            .map(|(key, field)| field.name(key))
            .collect::<BTreeSet<_>>()
    };
    let (known, declared) = (named(|_| true), named(|field| field.declared));
    let of_transitions = desk
        .transitions
        .iter()
        .map(|of| (format!("transition {}", of.id), &of.clears));
    let of_rules = [
        desk.approval
            .as_ref()
            .map(|rule| ("approval".to_owned(), &rule.clears)),
        desk.reopen
            .as_ref()
            .map(|rule| ("reopen".to_owned(), &rule.clears)),
    ];
    of_transitions
        .chain(of_rules.into_iter().flatten())
        .flat_map(|(whence, clears)| clears.iter().map(move |name| (whence.clone(), name)))
        .filter_map(|(whence, name)| {
            if !known.contains(name.as_str()) {
                Some(format!("{whence} clears the unknown field {name}"))
            } else if declared.contains(name.as_str()) {
                Some(format!(
                    "{whence} clears the field {name}, which is declared once"
                ))
            } else {
                None
            }
        })
        .collect()
}

fn label_faults(desk: &DeskDefinition) -> Vec<String> {
    let mut labels: Vec<(String, &Label)> = vec![("the desk".to_owned(), &desk.label)];
    labels.extend(desk.help.iter().map(|help| ("the desk".to_owned(), help)));
    labels.extend(
        desk.statuses
            .iter()
            .map(|of| (format!("status {}", of.id), &of.label)),
    );
    for of in &desk.types {
        let own = [&of.label].into_iter().chain(&of.help);
        labels.extend(own.map(|label| (format!("type {}", of.id), label)));
    }
    for (key, of) in &desk.fields {
        let own = [&of.title].into_iter().chain(&of.help).chain(&of.format_help);
        labels.extend(own.map(|label| (format!("field {key}"), label)));
    }
    for of in &desk.transitions {
        let own = [&of.label]
            .into_iter()
            .chain(&of.help)
            .chain(&of.automatic_comment);
        labels.extend(own.map(|label| (format!("transition {}", of.id), label)));
    }
    if let Some(rule) = &desk.approval {
        labels.extend([&rule.accept_label, &rule.refuse_label].map(|label| ("approval".to_owned(), label)));
    }
    labels.extend(desk.reopen.iter().map(|rule| ("reopen".to_owned(), &rule.label)));
    for (name, list) in lists(desk) {
        for of in list {
            let own = [&of.label].into_iter().chain(&of.help);
            labels.extend(own.map(|label| (format!("value {} of {name}", of.id), label)));
        }
    }
    labels
        .into_iter()
        .filter(|(_, label)| {
            ![&label.fr, &label.en]
                .into_iter()
                .all(|text| text::is_filled_in(text))
        })
        .map(|(whence, _)| format!("{whence} has an empty label"))
        .collect()
}
