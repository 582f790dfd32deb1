//! Opening a ticket.

use super::{
    command::{Context, Open},
    event::{Opened, TicketEvent},
    refusal::Rejection,
    text::{self, INLINE_TEXT_BYTES_MAX},
};
use crate::{
    desk::{DeskDefinition, Form, definition::Choice},
    fault::{Fault, FaultCode},
    ids::{DeskKey, OrganizationId},
    personal::Personal,
    policy::{self, Role, Scope, Viewer},
};

/// With how many organizations one command may share.
pub const SHARE_WITH_MAX: usize = 50;

/// Decides a new ticket: every fault at once, or the events that open it.
///
/// # Errors
/// [`Rejection::NotPermitted`] when the viewer may not open tickets on this desk, or not for this requester;
/// [`Rejection::Invalid`] with every fault.
pub fn open(context: &Context<'_>, open: Open) -> Result<Vec<TicketEvent>, Rejection> {
    let desk = context.desk.definition();
    let viewer = context.viewer;
    if !viewer.may_open_on(&desk.key) {
        return Err(Rejection::NotPermitted { what: "opening a ticket on this desk" });
    }
    let organization = open.organization.clone().or_else(|| only_one(&open));
    if open.requester != viewer.account && !viewer.may_open_for_others(&desk.key, organization.as_ref()) {
        return Err(Rejection::NotPermitted { what: "opening a ticket for somebody else" });
    }
    let form = context.desk.form(&open.request_type);
    let mut faults = faults(desk, viewer, &open, form);
    faults.extend(operator_faults(context, &open));
    let Some(form) = form.filter(|_| faults.is_empty()) else {
        return Err(Rejection::Invalid(faults));
    };

    let scope = Scope {
        desk: &desk.key,
        requester: open.requester,
        created_by: viewer.account,
        organization: organization.as_ref(),
        private: open.private,
        shared_with: &open.share_with,
    };
    let side = policy::side(viewer, &scope);
    let person = open.requester.person();
    let customer = form.names_customer(&open.fields).then_some(open.customer);
    let inline = open.description.len() <= INLINE_TEXT_BYTES_MAX;
    let description = Personal::new(person, open.description);
    let mut events = vec![TicketEvent::Opened(Box::new(Opened {
        side,
        desk: desk.key.clone(),
        desk_version: desk.version,
        request_type: open.request_type,
        summary: Personal::new(person, open.summary),
        description: inline.then(|| description.clone()),
        status: desk.initial_status.clone(),
        priority: open.priority.unwrap_or_else(|| desk.default_priority.clone()),
        urgency: open.urgency.unwrap_or_else(|| desk.default_urgency.clone()),
        requester: open.requester,
        customer,
        organization,
        private: open.private,
        shared_with: open.share_with,
        notify: open.notify,
        fields: form.marked(open.fields, person, open.customer),
    }))];
    if !inline {
        events.push(TicketEvent::Described { side, description });
    }
    Ok(events)
}

fn only_one(open: &Open) -> Option<OrganizationId> {
    match open.requester_organizations.len() {
        1 => open.requester_organizations.first().cloned(),
        _ => None,
    }
}

fn faults(desk: &DeskDefinition, viewer: &Viewer, open: &Open, form: Option<&Form>) -> Vec<Fault> {
    let mut faults = text::summary_faults("/summary", &open.summary);
    faults.extend(text::faults("/description", &open.description));
    faults.extend(choice_fault("/priority", open.priority.as_ref(), &desk.priorities));
    faults.extend(choice_fault("/urgency", open.urgency.as_ref(), &desk.urgencies));
    match form {
        None => faults.push(unknown_type(desk)),
        Some(form) => faults.extend(form.faults(&open.fields)),
    }
    if let Some(organization) = &open.organization
        && !open.requester_organizations.contains(organization)
    {
        let detail = "the requester is not a member of this organization";
        faults.push(Fault::new("/organization", FaultCode::Forbidden, detail));
    }
    faults.extend(share_faults(viewer, &desk.key, &open.share_with, "/share_with"));
    faults
}

/// The fault of an unknown request type.
pub(super) fn unknown_type(desk: &DeskDefinition) -> Fault {
    let known: Vec<&str> = desk.types.iter().map(|of| of.id.as_str()).collect();
    Fault::new("/type", FaultCode::Value, format!("is not one of the desk's types: {}", known.join(", ")))
}

/// The fault of a value that is not in its list.
pub(super) fn choice_fault(pointer: &str, value: Option<&String>, list: &[Choice]) -> Option<Fault> {
    let value = value?;
    if list.iter().any(|choice| choice.id == *value) {
        return None;
    }
    let known: Vec<&str> = list.iter().map(|choice| choice.id.as_str()).collect();
    Some(Fault::new(pointer, FaultCode::Value, format!("is not one of: {}", known.join(", "))))
}

/// Faults of a share list: one shares with one's own organizations (seed 002 §6.2); those who treat the desk's
/// tickets, with any.
pub(super) fn share_faults<'a>(
    viewer: &Viewer,
    desk: &DeskKey,
    organizations: impl IntoIterator<Item = &'a OrganizationId>,
    pointer: &str,
) -> Vec<Fault> {
    let treats = viewer.may_open_for_others(desk, None);
    let mut faults = Vec::new();
    for (index, organization) in organizations.into_iter().enumerate() {
        if index >= SHARE_WITH_MAX {
            let detail = format!("names at most {SHARE_WITH_MAX} organizations");
            faults.push(Fault::new(pointer, FaultCode::Length, detail));
            break;
        }
        if !treats && !viewer.organizations.contains(organization) {
            let detail = format!("{organization} is not one of your organizations");
            faults.push(Fault::new(format!("{pointer}/{index}"), FaultCode::Forbidden, detail));
        }
    }
    faults
}

/// An operator's program opens tickets under its own SIREN only (seed 001 §3.1.1). The caller tells the SIRENs of
/// the requester's organizations through [`Open::requester_organizations`]; the comparison is made where both are
/// known, so here only the organization must be there.
fn operator_faults(context: &Context<'_>, open: &Open) -> Option<Fault> {
    let operator = context.viewer.has(Role::Operator);
    (operator && open.requester_organizations.is_empty())
        .then(|| Fault::new("/organization", FaultCode::Required, "an operator acts for its organization"))
}
