//! Changing what is written on a ticket.

use serde_json::{Map, Value};

use super::{
    command::{Context, Edit},
    event::{Edited, TicketEvent},
    fields,
    open::{choice_fault, unknown_type},
    refusal::Rejection,
    rights::{Right, edits_as_agent},
    state::State,
    text,
    words::{self, words},
};
use crate::{
    fault::Fault,
    messages::{Detail, FaultText},
    policy::{self, Operation, Side},
};

/// Decides an edit: what changes becomes one event (a new description one of its own); what does not is left out.
pub(super) fn edit(context: &Context<'_>, state: &State, edit: Edit) -> Result<Vec<TicketEvent>, Rejection> {
    let of_agents = edit.priority.is_some()
        || edit.urgency.is_some()
        || edit.request_type.is_some()
        || edit.organization.is_some()
        || !edit.fields.is_empty();
    Right::Edit.held(context, state)?;
    if of_agents && !edits_as_agent(context, state) {
        let why = Detail::MayNotEdit;
        return Err(Rejection::NotPermitted { why });
    }
    let edit = canonical(context, state, edit);
    let today = context.desk.form(&state.request_type);
    fields::declaration_kept(today, state, &edit.fields, edit.description.as_ref())?;
    let faults = faults(context, state, &edit);
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    let operation = if of_agents {
        Operation::ActAsAgent
    } else {
        Operation::EditOwn
    };
    let side = policy::side_for(context.viewer, operation, &state.scope());
    let mut events = Vec::new();
    let description = edit
        .description
        .clone()
        .filter(|new| Some(new) != state.description.as_ref());
    if let Some(edited) = edited(context, state, side, edit) {
        events.push(TicketEvent::Edited(Box::new(edited)));
    }
    if let Some(description) = description {
        let description = words(context, state, description);
        events.push(TicketEvent::Described { side, description });
    }
    Ok(events)
}

/// The edit with its fields as the form that will hold keeps them.
fn canonical(context: &Context<'_>, state: &State, mut edit: Edit) -> Edit {
    let request_type = edit.request_type.as_ref().unwrap_or(&state.request_type);
    if let Some(form) = context.desk.form(request_type) {
        edit.fields = form.canonical(edit.fields);
    }
    edit
}

fn faults(context: &Context<'_>, state: &State, edit: &Edit) -> Vec<Fault> {
    let desk = context.desk.definition();
    let mut faults = Vec::new();
    if let Some(summary) = &edit.summary {
        faults.extend(text::summary_faults("/summary", summary));
    }
    if let Some(description) = &edit.description {
        faults.extend(text::faults("/description", description));
    }
    faults.extend(choice_fault(
        "/priority",
        edit.priority.as_ref(),
        &desk.priorities,
    ));
    faults.extend(choice_fault("/urgency", edit.urgency.as_ref(), &desk.urgencies));
    let request_type = edit.request_type.as_ref().unwrap_or(&state.request_type);
    let same_type = *request_type == state.request_type;
    match context.desk.form(request_type) {
        None => faults.push(unknown_type(desk)),
        Some(form) if !edit.fields.is_empty() || !same_type => {
            faults.extend(fields::faults(form, state, &edit.fields, same_type));
            faults.extend(fields::unknown_removed(form, state, &edit.fields));
        }
        Some(_) => {}
    }
    if edit.organization.as_ref().is_some_and(|new| {
        Some(new) != state.organization.as_ref()
            && !context.viewer.may_open_for_others(&state.desk, Some(new))
    }) {
        faults.push(Fault::new("/organization", FaultText::TreatsNoTicketsThere));
    }
    faults
}

fn edited(context: &Context<'_>, state: &State, side: Side, edit: Edit) -> Option<Edited> {
    let request_type = edit.request_type.filter(|new| *new != state.request_type);
    let form = context
        .desk
        .form(request_type.as_ref().unwrap_or(&state.request_type));
    let (removed, set): (Map<_, _>, Map<_, _>) = edit
        .fields
        .into_iter()
        .filter(|(name, value)| state.fields.get(name).unwrap_or(&Value::Null) != value)
        .partition(|(_, value)| value.is_null());
    let names_customer = form.is_some_and(|form| form.names_customer(&set));
    let customer = words::customer(state, edit.customer);
    let minted = (names_customer && state.customer != Some(customer)).then_some(customer);
    let summary = edit.summary.filter(|new| Some(new) != state.summary.as_ref());
    let edited = Edited {
        side,
        summary: summary.map(|summary| words(context, state, summary)),
        priority: edit.priority.filter(|new| *new != state.priority),
        urgency: edit.urgency.filter(|new| *new != state.urgency),
        request_type,
        organization: edit
            .organization
            .filter(|new| Some(new) != state.organization.as_ref()),
        private: edit.private.filter(|new| *new != state.private),
        notify: edit.notify.filter(|new| *new != state.notify),
        fields: form
            .map(|form| form.marked(set, words::requester(context, state), customer))
            .unwrap_or_default(),
        removed: removed.into_iter().map(|(name, _)| name).collect(),
        customer: minted,
    };
    (edited != Edited::nothing(side)).then_some(edited)
}
