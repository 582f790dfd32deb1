//! The fields of a ticket as a whole, judged by its request type's form.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{refusal::Rejection, state::State};
use crate::{
    desk::{Form, form::pointer},
    fault::Fault,
    messages::FaultText,
};

/// Faults that the ticket's fields would have after these changes (null takes one away), judged as a whole so that a
/// conditional rule of the form sees the ones that stay (seed 001, F16 and F17). A fault that was there before and is
/// in none of the changed fields is not the change's: a value may be missing because its person was erased.
pub(super) fn faults(
    form: &Form,
    state: &State,
    changes: &Map<String, Value>,
    same_type: bool,
) -> Vec<Fault> {
    let before: Map<String, Value> = state
        .fields
        .iter()
        .filter(|(name, _)| form.has(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut after = before.clone();
    for (name, value) in changes {
        if value.is_null() {
            after.remove(name);
        } else {
            after.insert(name.clone(), value.clone());
        }
    }
    let mut faults = form.faults(&after);
    // What is sent as it stands is no change: it may be a value that has been retired since.
    let changed: BTreeSet<String> = changes
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value))
        .map(|(name, _)| pointer(name))
        .collect();
    let is_changed = |fault: &Fault| {
        let of_field = |name: &String| fault.pointer.strip_prefix(name.as_str());
        changed
            .iter()
            .filter_map(of_field)
            .any(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if same_type {
        let old = form.faults(&before);
        faults.retain(|fault| is_changed(fault) || !old.contains(fault));
    } else {
        faults.retain(|fault| is_changed(fault) || !matches!(fault.text, FaultText::NotInTheList { .. }));
    }
    faults
}

/// Refuses to rewrite what the ticket's form declares once; what stays as it is may be sent again.
pub(super) fn declaration_kept(
    form: Option<&Form>,
    state: &State,
    changes: &Map<String, Value>,
    description: Option<&String>,
) -> Result<(), Rejection> {
    let Some(form) = form else { return Ok(()) };
    let rewritten = |(name, value): &(&String, &Value)| {
        form.is_declared(name) && state.fields.get(*name).unwrap_or(&Value::Null) != *value
    };
    let of_fields = changes.iter().filter(rewritten).map(|(name, _)| pointer(name));
    let described =
        form.declares_description() && description.is_some_and(|new| state.description.as_ref() != Some(new));
    let fields: Vec<String> = described
        .then(|| "/description".to_owned())
        .into_iter()
        .chain(of_fields)
        .collect();
    if fields.is_empty() {
        Ok(())
    } else {
        Err(Rejection::DeclarationFrozen { fields })
    }
}

/// Faults of fields to take away that are neither on the ticket nor in the form: a name misspelt.
pub(super) fn unknown_removed(form: &Form, state: &State, changes: &Map<String, Value>) -> Vec<Fault> {
    changes
        .iter()
        .filter(|(name, value)| value.is_null() && !form.has(name) && !state.fields.contains_key(*name))
        .map(|(name, _)| Fault::new(pointer(name), FaultText::NotAFieldOfTheForm))
        .collect()
}
