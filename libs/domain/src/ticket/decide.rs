//! From a command to events, or to a refusal.

use super::{
    command::{Action, Attach, Context, Text},
    edit,
    event::{Attached, CommentBody, Commented, Stamp, TicketEvent, Visibility},
    open::share_faults,
    refusal::Rejection,
    state::State,
    text,
    transition::{self, words},
};
use crate::{
    fault::{Fault, FaultCode},
    personal::Personal,
    policy::{self, Operation},
};

/// How many files a ticket may carry.
pub const ATTACHMENTS_MAX: usize = 500;
/// How many events a ticket may have; a ticket that reaches it is read, and continued in a new one.
pub const EVENTS_MAX: u64 = 20_000;

/// Decides one command on a ticket that exists. No events means that nothing is to change.
///
/// # Errors
/// A [`Rejection`]; nothing is written then.
pub fn decide(context: &Context<'_>, state: &State, action: Action) -> Result<Vec<TicketEvent>, Rejection> {
    if state.events >= EVENTS_MAX {
        return Err(Rejection::Full { what: "events", max: EVENTS_MAX as usize });
    }
    match action {
        Action::Comment { text, visibility } => comment(context, state, text, visibility),
        Action::Attach(attach) => self::attach(context, state, *attach),
        Action::Transition { action, comment, fields, automatic } => {
            transition::follow(context, state, &action, comment, fields, automatic)
        }
        Action::Assign { assignee } => {
            if !policy::may(context.viewer, Operation::ActAsAgent, &state.scope()) {
                return Err(Rejection::NotPermitted { what: "assigning this ticket" });
            }
            let side = policy::side(context.viewer, &state.scope());
            let same = state.assignee == assignee;
            Ok(if same { Vec::new() } else { vec![TicketEvent::Assigned { side, assignee }] })
        }
        Action::Edit(edit) => edit::edit(context, state, *edit),
        Action::RequestApproval { id, proposal, comment } => {
            transition::request_approval(context, state, id, proposal, comment)
        }
        Action::DecideApproval { id, decision, comment } => {
            transition::decide_approval(context, state, id, decision, comment)
        }
        Action::Reopen { reason } => transition::reopen(context, state, reason, "/reason"),
        Action::Share { organizations } => {
            if !policy::may(context.viewer, Operation::EditOwn, &state.scope()) {
                return Err(Rejection::NotPermitted { what: "sharing this ticket" });
            }
            let faults = share_faults(context.viewer, &state.desk, &organizations, "/organizations");
            if !faults.is_empty() {
                return Err(Rejection::Invalid(faults));
            }
            let side = policy::side(context.viewer, &state.scope());
            let organizations = organizations.difference(&state.shared_with).cloned().collect();
            let event = TicketEvent::Shared { side, organizations };
            let nothing = matches!(&event, TicketEvent::Shared { organizations, .. } if organizations.is_empty());
            Ok(if nothing { Vec::new() } else { vec![event] })
        }
    }
}

/// Decides several commands in a row as one: each on the state that the ones before it make; all or nothing.
///
/// # Errors
/// The first [`Rejection`]; nothing is written then.
pub fn decide_each(
    context: &Context<'_>,
    state: &State,
    stamp: &Stamp,
    actions: Vec<Action>,
) -> Result<Vec<TicketEvent>, Rejection> {
    let mut state = state.clone();
    let mut all = Vec::new();
    for action in actions {
        let events = decide(context, &state, action)?;
        for event in &events {
            state = State::evolve(Some(state.clone()), stamp, event).unwrap_or(state);
        }
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
    let operation = match visibility {
        Visibility::Public => Operation::Comment,
        Visibility::Internal => Operation::CommentInternal,
    };
    if !policy::may(context.viewer, operation, &state.scope()) {
        return Err(Rejection::NotPermitted { what: "writing such a comment on this ticket" });
    }
    let faults = text::faults("/body", &text.body);
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    Ok(vec![TicketEvent::Commented(Commented {
        side: policy::side(context.viewer, &state.scope()),
        comment: text.id,
        visibility,
        body: CommentBody::Words(words(context, state, text.body)),
    })])
}

fn attach(context: &Context<'_>, state: &State, attach: Attach) -> Result<Vec<TicketEvent>, Rejection> {
    if !policy::may(context.viewer, Operation::Comment, &state.scope()) {
        return Err(Rejection::NotPermitted { what: "attaching a file to this ticket" });
    }
    if state.attachments >= ATTACHMENTS_MAX {
        return Err(Rejection::Full { what: "attachments", max: ATTACHMENTS_MAX });
    }
    if attach.size == 0 {
        return Err(Rejection::Invalid(vec![Fault::new("/file", FaultCode::Length, "is empty")]));
    }
    let subject = attach.subject;
    Ok(vec![TicketEvent::Attached(Box::new(Attached {
        side: policy::side(context.viewer, &state.scope()),
        attachment: attach.id,
        subject,
        name: Personal::new(subject, attach.name),
        size: attach.size,
        media_type: attach.media_type,
        content_sha256: Personal::new(subject, attach.content_sha256),
        blob: attach.blob,
        blob_sha256: attach.blob_sha256,
    }))])
}
