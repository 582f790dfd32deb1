//! Is a definition whole? Every fault is named.

use std::collections::BTreeSet;

use super::{definition::DeskDefinition, form::Form};
use crate::ids::StatusId;

/// How many statuses a desk may have.
pub const STATUSES_MAX: usize = 64;
/// How many transitions a desk may have.
pub const TRANSITIONS_MAX: usize = 256;
/// How many bytes of JSON a definition may hold: it is one event, in one record of the log.
pub const DEFINITION_BYTES_MAX: usize = 44 * 1024;

/// Action ids that belong to approvals and reopening, so that a client can follow every allowed action alike.
pub const RESERVED_ACTIONS: [&str; 3] = ["accept", "refuse", "reopen"];

/// Every fault of a definition; none when it can be published.
#[must_use]
pub fn faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    let known: BTreeSet<&StatusId> = desk.statuses.iter().map(|status| &status.id).collect();
    if known.len() != desk.statuses.len() {
        faults.push("two statuses have the same id".to_owned());
    }
    if desk.statuses.len() > STATUSES_MAX {
        faults.push(format!("a desk has at most {STATUSES_MAX} statuses"));
    }
    if desk.transitions.len() > TRANSITIONS_MAX {
        faults.push(format!("a desk has at most {TRANSITIONS_MAX} transitions"));
    }
    let bytes = serde_json::to_vec(desk).map(|json| json.len()).unwrap_or(usize::MAX);
    if bytes > DEFINITION_BYTES_MAX {
        faults.push(format!("a definition holds at most {DEFINITION_BYTES_MAX} bytes of JSON, this one {bytes}"));
    }
    for (whence, status) in statuses_used(desk) {
        if !known.contains(status) {
            faults.push(format!("{whence} names the unknown status {status}"));
        }
    }
    for (list, default, what) in [
        (&desk.priorities, &desk.default_priority, "priority"),
        (&desk.urgencies, &desk.default_urgency, "urgency"),
    ] {
        if !list.iter().any(|choice| choice.id == *default) {
            faults.push(format!("the default {what} {default:?} is not in its list"));
        }
    }
    faults.extend(doubled_transitions(desk));
    faults.extend(form_faults(desk));
    faults
}

fn statuses_used(desk: &DeskDefinition) -> Vec<(String, &StatusId)> {
    let mut used = vec![("initial_status".to_owned(), &desk.initial_status)];
    for transition in &desk.transitions {
        let whence = format!("transition {}", transition.id);
        used.extend(transition.from.iter().chain(&transition.to).map(|status| (whence.clone(), status)));
    }
    if let Some(approval) = &desk.approval {
        let statuses = approval.from.iter().chain([&approval.pending, &approval.accepted, &approval.refused]);
        used.extend(statuses.map(|status| ("approval".to_owned(), status)));
    }
    if let Some(reopen) = &desk.reopen {
        used.extend(reopen.from.iter().chain([&reopen.to]).map(|status| ("reopen".to_owned(), status)));
    }
    used
}

fn doubled_transitions(desk: &DeskDefinition) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for transition in &desk.transitions {
        if RESERVED_ACTIONS.contains(&transition.id.as_str()) {
            faults.push(format!("the action id {} is reserved", transition.id));
        }
        if transition.from.is_empty() || transition.who.is_empty() {
            faults.push(format!("transition {} can never be followed", transition.id));
        }
        for from in &transition.from {
            if !seen.insert((&transition.id, from)) {
                faults.push(format!("two transitions {} start from {from}", transition.id));
            }
        }
    }
    faults
}

fn form_faults(desk: &DeskDefinition) -> Vec<String> {
    let of_types = desk.types.iter().map(|of| (format!("type {}", of.id), &of.form));
    let of_transitions =
        desk.transitions.iter().filter_map(|of| Some((format!("transition {}", of.id), of.form.as_ref()?)));
    let mut faults: Vec<String> = of_types
        .chain(of_transitions)
        .flat_map(|(whence, schema)| {
            let faults = Form::compile(schema).err().unwrap_or_default();
            faults.into_iter().map(move |fault| format!("the form of {whence}: {fault}"))
        })
        .collect();
    let ids: BTreeSet<&String> = desk.types.iter().map(|of| &of.id).collect();
    if ids.len() != desk.types.len() || ids.is_empty() {
        faults.push("request types have ids of their own, and there is at least one".to_owned());
    }
    faults
}
