//! Opening a ticket.

use std::collections::BTreeSet;

use super::{
    command::{Context, Open},
    event::{Opened, TicketEvent},
    refusal::Rejection,
    text::{self, INLINE_TEXT_BYTES_MAX},
};
use crate::{
    desk::{DeskDefinition, Form, Meaning, definition::Choice, form::pointer},
    fault::Fault,
    ids::OrganizationId,
    messages::{Detail, FaultText},
    personal::Personal,
    policy::{self, Role, Scope, Viewer},
};

/// With how many organizations a ticket may be shared.
pub const SHARE_WITH_MAX: usize = 50;

/// Decides a new ticket: every fault at once, or the events that open it.
///
/// # Errors
/// [`Rejection::NotPermitted`] when the viewer may not open tickets on this desk, or not for this requester;
/// [`Rejection::Invalid`] with every fault.
pub fn open(context: &Context<'_>, mut open: Open) -> Result<Vec<TicketEvent>, Rejection> {
    let desk = context.desk.definition();
    let viewer = context.viewer;
    if !viewer.may_open_on(&desk.key) {
        return Err(Rejection::NotPermitted {
            why: Detail::MayNotOpenHere,
        });
    }
    let organization = open.organization.clone().or_else(|| only_one(&open));
    if open.requester != viewer.account && !viewer.may_open_for_others(&desk.key, organization.as_ref()) {
        return Err(Rejection::NotPermitted {
            why: Detail::MayNotOpenForOthers,
        });
    }
    let form = context.desk.form(&open.request_type);
    if let Some(form) = form {
        open.fields = form.canonical(open.fields);
    }
    let faults = faults(desk, viewer, &open, form);
    let Some(form) = form.filter(|_| faults.is_empty()) else {
        return Err(Rejection::Invalid(faults));
    };

    // Shared with its own organization, it is hidden from nobody there.
    let told = organization
        .as_ref()
        .is_some_and(|own| open.share_with.contains(own));
    let private = open.private && !told;
    let scope = Scope {
        desk: &desk.key,
        requester: open.requester,
        created_by: viewer.account,
        organization: organization.as_ref(),
        private,
        shared_with: &open.share_with,
    };
    let side = policy::side(viewer, &scope);
    let customer = form.names_customer(&open.fields).then_some(open.customer);
    let person = customer.unwrap_or_else(|| open.requester.person());
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
        private,
        shared_with: open.share_with,
        notify: open.notify,
        fields: form.marked(open.fields, open.requester.person(), open.customer),
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
    faults.extend(choice_fault(
        "/priority",
        open.priority.as_ref(),
        &desk.priorities,
    ));
    faults.extend(choice_fault("/urgency", open.urgency.as_ref(), &desk.urgencies));
    match form {
        None => faults.push(unknown_type(desk)),
        Some(form) => faults.extend(form.faults(&open.fields)),
    }
    if let Some(organization) = &open.organization
        && !open.requester_organizations.contains(organization)
    {
        faults.push(Fault::new("/organization", FaultText::RequesterNotAMember));
    }
    let scope = Scope {
        desk: &desk.key,
        requester: open.requester,
        created_by: viewer.account,
        organization: open.organization.as_ref(),
        private: open.private,
        shared_with: &open.share_with,
    };
    faults.extend(share_faults(viewer, &scope, &open.share_with, "/share_with"));
    let siren = form.and_then(|form| siren_fault(viewer, &scope, open, form));
    faults.extend(siren.filter(|fault| faults.iter().all(|other| other.pointer != fault.pointer)));
    faults
}

/// The fault of an unknown request type.
pub(super) fn unknown_type(desk: &DeskDefinition) -> Fault {
    let known: Vec<&str> = desk.types.iter().map(|of| of.id.as_str()).collect();
    Fault::new(
        "/type",
        FaultText::NotATypeOfTheDesk {
            types: known.join(", "),
        },
    )
}

/// The fault of a value that is not in its list.
pub(super) fn choice_fault(pointer: &str, value: Option<&String>, list: &[Choice]) -> Option<Fault> {
    let value = value?;
    if list.iter().any(|choice| choice.id == *value) {
        return None;
    }
    let known = list.iter().map(|choice| choice.id.as_str());
    Some(Fault::new(pointer, FaultText::one_of(known)))
}

/// Faults of a share list: one shares with one's own organizations (seed 002 §6.2); those who treat the ticket, with
/// any. The list is a set, so a fault names the organization, not its place.
pub(super) fn share_faults(
    viewer: &Viewer,
    ticket: &Scope<'_>,
    organizations: &BTreeSet<OrganizationId>,
    pointer: &str,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if organizations.len() + ticket.shared_with.difference(organizations).count() > SHARE_WITH_MAX {
        faults.push(Fault::new(pointer, FaultText::SharesMax { max: SHARE_WITH_MAX }));
    }
    if !viewer.may_open_for_others(ticket.desk, ticket.organization) {
        let foreign = organizations
            .difference(&viewer.organizations)
            .map(|organization| {
                Fault::new(
                    pointer,
                    FaultText::NotYourOrganization {
                        organization: organization.to_string(),
                    },
                )
            });
        faults.extend(foreign);
    }
    faults
}

/// A ticket is opened under a SIREN of the requester's own organizations only (seed 001 §3.1.1), but by those who open tickets for
/// others. An operator's program is held to it whatever else it is, and whichever profile it acts in.
fn siren_fault(viewer: &Viewer, ticket: &Scope<'_>, open: &Open, form: &Form) -> Option<Fault> {
    let whole = viewer.outermost();
    let for_others = whole.may_open_for_others(ticket.desk, ticket.organization);
    if for_others && !whole.has(Role::Operator) {
        return None;
    }
    let field = form.meaning(Meaning::OrganizationSiren)?;
    let siren = open.fields.get(field)?.as_str()?;
    (!open.requester_sirens.contains(siren)).then(|| Fault::new(pointer(field), FaultText::NotYourSiren))
}
