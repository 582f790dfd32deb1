//! From a command to events, or to a refusal.

use std::collections::BTreeSet;

use super::{
    approval,
    command::{Action, Attach, Context, Text},
    edit,
    event::{Attached, Edited, TicketEvent, Visibility},
    open::share_faults,
    refusal::Rejection,
    rights::Right,
    state::State,
    text,
    transition::{self, With},
    words::commented,
};
use crate::{
    fault::Fault,
    ids::OrganizationId,
    messages::{Detail, FaultText},
    personal::Personal,
    policy::{self, Operation, Viewer},
};

/// How many files a ticket may carry.
pub const ATTACHMENTS_MAX: usize = 500;
/// How many events a ticket may have; a ticket that reaches it is brought to an end, and continued in a new one.
pub const EVENTS_MAX: u64 = 20_000;
/// How many events more a full ticket may have for that end: actions, decisions, assignments, and sharing taken back.
pub const EVENTS_RESERVED: u64 = 1_000;

/// Decides one command on a ticket that exists. No events means that nothing is to change.
///
/// # Errors
/// A [`Rejection`]; nothing is written then.
pub fn decide(context: &Context<'_>, state: &State, action: Action) -> Result<Vec<TicketEvent>, Rejection> {
    let max = events_max(&action);
    if state.events >= max {
        return Err(Rejection::Full {
            why: Detail::EventsMax { max },
        });
    }
    match action {
        Action::Comment { text, visibility } => comment(context, state, text, visibility),
        Action::Attach(attach) => self::attach(context, state, *attach),
        Action::Transition {
            action,
            comment,
            fields,
            automatic,
            customer,
        } => transition::follow(
            context,
            state,
            &action,
            With {
                comment,
                fields,
                automatic,
                customer,
            },
        ),
        Action::Assign { assignee } => assign(context, state, assignee.as_deref()),
        Action::Edit(edit) => edit::edit(context, state, *edit),
        Action::RequestApproval {
            id,
            proposal,
            comment,
        } => approval::request(context, state, id, proposal, comment),
        Action::DecideApproval {
            id,
            decision,
            comment,
        } => approval::decide(context, state, id, decision, comment),
        Action::Reopen { reason } => transition::reopen(context, state, reason, "/reason"),
        Action::Share { organizations } => share(context, state, &organizations),
        Action::Unshare { organization } => unshare(context, state, organization),
    }
}

/// What brings a ticket to its end stays possible on a full one, or it would stand in the queue for ever; and what ends the sight
/// of others on it.
fn events_max(action: &Action) -> u64 {
    match action {
        Action::Transition { .. }
        | Action::Assign { .. }
        | Action::DecideApproval { .. }
        | Action::Unshare { .. } => EVENTS_MAX + EVENTS_RESERVED,
        Action::Comment { .. }
        | Action::Attach(_)
        | Action::Edit(_)
        | Action::RequestApproval { .. }
        | Action::Reopen { .. }
        | Action::Share { .. } => EVENTS_MAX,
    }
}

/// Decides several commands in a row as one: each on the state that the ones before it make; all or nothing.
///
/// # Errors
/// The first [`Rejection`]; nothing is written then.
pub fn decide_each(
    context: &Context<'_>,
    state: &State,
    actions: Vec<Action>,
) -> Result<Vec<TicketEvent>, Rejection> {
    let mut state = state.clone();
    let mut all = Vec::new();
    for action in actions {
        let events = decide(context, &state, action)?;
        events.iter().for_each(|event| state.apply(event));
        all.extend(events);
    }
    Ok(all)
}

fn comment(
    context: &Context<'_>,
    state: &State,
    text: Text,
    visibility: Visibility,
) -> Result<Vec<TicketEvent>, Rejection> {
    let (right, operation) = match visibility {
        Visibility::Public => (Right::Comment, Operation::Comment),
        Visibility::Internal => (Right::CommentInternal, Operation::CommentInternal),
    };
    right.held(context, state)?;
    let faults = text::faults("/body", &text.body);
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    let side = policy::side_for(context.viewer, operation, &state.scope());
    Ok(vec![commented(context, state, side, text, visibility)])
}

fn attach(context: &Context<'_>, state: &State, attach: Attach) -> Result<Vec<TicketEvent>, Rejection> {
    Right::Attach.held(context, state)?;
    if state.attachments >= ATTACHMENTS_MAX {
        return Err(Rejection::Full {
            why: Detail::AttachmentsMax { max: ATTACHMENTS_MAX },
        });
    }
    if attach.size == 0 {
        let empty = Fault::new("/file", FaultText::EmptyFile);
        return Err(Rejection::Invalid(vec![empty]));
    }
    let subject = attach.subject;
    Ok(vec![TicketEvent::Attached(Box::new(Attached {
        side: policy::side(context.viewer, &state.scope()),
        attachment: attach.id,
        subject,
        name: Personal::new(subject, ::text::file_name(&attach.name)),
        size: attach.size,
        media_type: attach.media_type,
        content_sha256: Personal::new(subject, attach.content_sha256),
        blob: attach.blob,
        blob_sha256: attach.blob_sha256,
    }))])
}

fn assign(
    context: &Context<'_>,
    state: &State,
    assignee: Option<&Viewer>,
) -> Result<Vec<TicketEvent>, Rejection> {
    let scope = state.scope();
    Right::Assign.held(context, state)?;
    let new = assignee.map(|viewer| viewer.account);
    if new == state.assignee {
        return Ok(Vec::new());
    }
    let treats = |viewer: &Viewer| {
        [Operation::ActAsAgent, Operation::ActAsSupplier]
            .into_iter()
            .any(|operation| policy::may(viewer, operation, &scope))
    };
    if !assignee.is_none_or(treats) {
        return Err(Rejection::Invalid(vec![Fault::new(
            "/assignee",
            FaultText::NotAnAgentHere,
        )]));
    }
    let side = policy::side_for(context.viewer, Operation::ActAsAgent, &scope);
    let mut events = if new.is_some() {
        transition::begun(context, state)
    } else {
        Vec::new()
    };
    events.push(TicketEvent::Assigned { side, assignee: new });
    Ok(events)
}

fn share(
    context: &Context<'_>,
    state: &State,
    organizations: &BTreeSet<OrganizationId>,
) -> Result<Vec<TicketEvent>, Rejection> {
    Right::Share.held(context, state)?;
    let new: BTreeSet<OrganizationId> = organizations.difference(&state.shared_with).cloned().collect();
    let faults = share_faults(context.viewer, &state.scope(), &new, "/organizations");
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let side = policy::side(context.viewer, &state.scope());
    // Shared with its own organization, it is hidden from nobody there any more.
    let told = state.private && state.organization.as_ref().is_some_and(|own| new.contains(own));
    let mut events = vec![TicketEvent::Shared {
        side,
        organizations: new,
    }];
    if told {
        events.push(TicketEvent::Edited(Box::new(Edited {
            private: Some(false),
            ..Edited::nothing(side)
        })));
    }
    Ok(events)
}

/// Who may share a ticket may take it back, from whichever organization it is shared with: it narrows who reads, and gives
/// nobody anything.
fn unshare(
    context: &Context<'_>,
    state: &State,
    organization: OrganizationId,
) -> Result<Vec<TicketEvent>, Rejection> {
    Right::Unshare.held(context, state)?;
    if !state.shared_with.contains(&organization) {
        return Err(Rejection::NotShared);
    }
    let side = policy::side(context.viewer, &state.scope());
    Ok(vec![TicketEvent::Unshared {
        side,
        organizations: BTreeSet::from([organization]),
    }])
}
