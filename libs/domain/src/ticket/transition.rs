//! Following an action of the desk, approvals and reopening included.

use serde_json::{Map, Value};

use super::{
    command::{Context, Decision, Text},
    event::{
        ApprovalDecided, ApprovalRequested, CommentBody, Commented, TicketEvent, Transitioned, Visibility,
    },
    refusal::{AllowedAction, Rejection},
    state::{ApprovalStatus, State},
    text,
};
use crate::{
    desk::{Form, Transition, Who},
    fault::{Fault, FaultCode},
    ids::{ApprovalId, CommentId, PersonId},
    personal::Personal,
    policy::{self, Operation, Side},
};

/// How many approvals a ticket may see.
pub const APPROVALS_MAX: usize = 1_000;

fn may(context: &Context<'_>, state: &State, operation: Operation) -> bool {
    policy::may(context.viewer, operation, &state.scope())
}

fn may_follow(context: &Context<'_>, state: &State, transition: &Transition) -> bool {
    transition.who.iter().any(|who| match who {
        Who::Requester => may(context, state, Operation::ActAsRequester),
        Who::Agent => may(context, state, Operation::ActAsAgent),
        Who::Supplier => may(context, state, Operation::ActAsSupplier),
        Who::System => policy::side(context.viewer, &state.scope()) == Side::System,
    })
}

/// Every action that this viewer may follow now, in the order of the desk's definition.
#[must_use]
pub fn allowed(context: &Context<'_>, state: &State) -> Vec<AllowedAction> {
    let mut allowed: Vec<AllowedAction> = context
        .desk
        .transitions_from(&state.status)
        .filter(|(transition, _)| may_follow(context, state, transition))
        .map(|(transition, form)| AllowedAction {
            id: transition.id.clone(),
            label: transition.label.clone(),
            requires_comment: transition.requires_comment,
            required_fields: form.map(Form::required).unwrap_or_default().into_iter().collect(),
        })
        .collect();
    let desk = context.desk.definition();
    let mut push = |id: &str, label: &crate::label::Label, requires_comment| {
        allowed.push(AllowedAction {
            id: id.to_owned(),
            label: label.clone(),
            requires_comment,
            required_fields: Vec::new(),
        });
    };
    if let Some(rule) = &desk.approval
        && state.pending_approval().is_some()
        && may(context, state, Operation::DecideApproval)
    {
        push("accept", &rule.accept_label, false);
        push("refuse", &rule.refuse_label, false);
    }
    if let Some(rule) = &desk.reopen
        && rule.from.contains(&state.status)
        && may_reopen(context, state)
    {
        push("reopen", &rule.label, true);
    }
    allowed
}

fn wrong_status(context: &Context<'_>, state: &State, action: &str) -> Rejection {
    Rejection::WrongStatus {
        action: action.to_owned(),
        status: state.status.clone(),
        allowed: allowed(context, state),
    }
}

fn subject(context: &Context<'_>, state: &State) -> PersonId {
    match policy::side(context.viewer, &state.scope()) {
        // What the requester's side writes belongs to its writer; what is written about them, to the requester.
        Side::Requester => context.viewer.account.person(),
        Side::Agent | Side::Supplier | Side::System => state.requester.person(),
    }
}

/// Somebody's words as an event's personal value.
pub(super) fn words(context: &Context<'_>, state: &State, body: String) -> Personal<String> {
    Personal::new(subject(context, state), body)
}

/// A public comment that comes with something else.
fn comment_event(context: &Context<'_>, state: &State, text: Text) -> TicketEvent {
    TicketEvent::Commented(Commented {
        side: policy::side(context.viewer, &state.scope()),
        comment: text.id,
        visibility: Visibility::Public,
        body: CommentBody::Words(words(context, state, text.body)),
    })
}

fn comment_faults(comment: Option<&Text>, required: bool) -> Vec<Fault> {
    match comment {
        Some(text) => text::faults("/comment", &text.body),
        None if required => vec![Fault::required("/comment")],
        None => Vec::new(),
    }
}

/// Follows an action. `accept`, `refuse` and `reopen` are followed like any other when there is no doubt what they
/// are about, so that a client can offer every allowed action alike.
pub(super) fn follow(
    context: &Context<'_>,
    state: &State,
    action: &str,
    comment: Option<Text>,
    fields: Map<String, Value>,
    automatic: CommentId,
) -> Result<Vec<TicketEvent>, Rejection> {
    let no_fields = || match fields.keys().next() {
        None => Ok(()),
        Some(name) => {
            let detail = "this action takes no fields";
            Err(Rejection::Invalid(vec![Fault::new(format!("/fields/{name}"), FaultCode::Unknown, detail)]))
        }
    };
    match (action, state.pending_approval()) {
        ("accept", Some(id)) => {
            no_fields()?;
            return decide_approval(context, state, id, Decision::Accept, comment);
        }
        ("refuse", Some(id)) => {
            no_fields()?;
            return decide_approval(context, state, id, Decision::Refuse, comment);
        }
        ("reopen", _) => {
            no_fields()?;
            let reason = comment.ok_or_else(|| Rejection::Invalid(vec![Fault::required("/comment")]))?;
            return reopen(context, state, reason.body, "/comment");
        }
        _ => {}
    }
    let (transition, form) = context
        .desk
        .transitions_from(&state.status)
        .find(|(transition, _)| transition.id == action && may_follow(context, state, transition))
        .ok_or_else(|| wrong_status(context, state, action))?;
    let mut faults = comment_faults(comment.as_ref(), transition.requires_comment);
    match form {
        Some(form) => faults.extend(form.faults(&fields)),
        None => faults.extend(no_fields().err().into_iter().flat_map(|rejection| match rejection {
            Rejection::Invalid(faults) => faults,
            Rejection::NotPermitted { .. }
            | Rejection::WrongStatus { .. }
            | Rejection::UnknownApproval
            | Rejection::ApprovalNotPending
            | Rejection::Full { .. } => Vec::new(),
        })),
    }
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    Ok(events(context, state, (transition, form), comment, fields, automatic))
}

/// The events of a transition that nothing forbids.
fn events(
    context: &Context<'_>,
    state: &State,
    (transition, form): (&Transition, Option<&Form>),
    comment: Option<Text>,
    fields: Map<String, Value>,
    automatic: CommentId,
) -> Vec<TicketEvent> {
    let side = policy::side(context.viewer, &state.scope());
    // A value of an end customer can only be sealed for the customer whom the opening named.
    let customer = state.customer.unwrap_or_else(|| state.requester.person());
    let fields = form.map(|form| form.marked(fields, state.requester.person(), customer)).unwrap_or_default();
    let mut events = vec![TicketEvent::Transitioned(Transitioned {
        side,
        action: transition.id.clone(),
        from: state.status.clone(),
        to: transition.to.clone().unwrap_or_else(|| state.status.clone()),
        fields,
    })];
    if transition.assigns_actor && state.assignee.is_none() {
        events.push(TicketEvent::Assigned { side, assignee: Some(context.viewer.account) });
    }
    if transition.automatic_comment.is_some() {
        events.push(TicketEvent::Commented(Commented {
            side: Side::System,
            comment: automatic,
            visibility: Visibility::Public,
            body: CommentBody::Automatic { automatic: transition.id.clone() },
        }));
    }
    events.extend(comment.map(|text| comment_event(context, state, text)));
    events
}

fn may_reopen(context: &Context<'_>, state: &State) -> bool {
    may(context, state, Operation::ActAsRequester) || may(context, state, Operation::ActAsAgent)
}

/// Opens a closed ticket again.
pub(super) fn reopen(
    context: &Context<'_>,
    state: &State,
    reason: String,
    pointer: &str,
) -> Result<Vec<TicketEvent>, Rejection> {
    let rule = context.desk.definition().reopen.as_ref();
    let Some(rule) = rule.filter(|rule| rule.from.contains(&state.status)) else {
        return Err(wrong_status(context, state, "reopen"));
    };
    if !may_reopen(context, state) {
        return Err(Rejection::NotPermitted { what: "reopening this ticket" });
    }
    let faults = text::faults(pointer, &reason);
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    Ok(vec![TicketEvent::Reopened {
        side: policy::side(context.viewer, &state.scope()),
        from: state.status.clone(),
        to: rule.to.clone(),
        reason: words(context, state, reason),
    }])
}

/// Proposes something for approval; a pending proposal is withdrawn by the new one (N17).
pub(super) fn request_approval(
    context: &Context<'_>,
    state: &State,
    id: ApprovalId,
    proposal: String,
    comment: Option<Text>,
) -> Result<Vec<TicketEvent>, Rejection> {
    if !may(context, state, Operation::ActAsAgent) {
        return Err(Rejection::NotPermitted { what: "asking for approval" });
    }
    let rule = context.desk.definition().approval.as_ref();
    let Some(rule) = rule.filter(|rule| rule.from.contains(&state.status)) else {
        return Err(wrong_status(context, state, "request_approval"));
    };
    if state.approvals.len() >= APPROVALS_MAX {
        return Err(Rejection::Full { what: "approvals", max: APPROVALS_MAX });
    }
    let mut faults = text::faults("/proposal", &proposal);
    faults.extend(comment_faults(comment.as_ref(), false));
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    let side = policy::side(context.viewer, &state.scope());
    let withdrawn = state.pending_approval().map(|approval| TicketEvent::ApprovalWithdrawn { side, approval });
    let mut events: Vec<TicketEvent> = withdrawn.into_iter().collect();
    events.push(TicketEvent::ApprovalRequested(ApprovalRequested {
        side,
        approval: id,
        proposal: words(context, state, proposal),
        from: state.status.clone(),
        to: rule.pending.clone(),
    }));
    events.extend(comment.map(|text| comment_event(context, state, text)));
    Ok(events)
}

/// Accepts or refuses a proposal. Final.
pub(super) fn decide_approval(
    context: &Context<'_>,
    state: &State,
    id: ApprovalId,
    decision: Decision,
    comment: Option<Text>,
) -> Result<Vec<TicketEvent>, Rejection> {
    if !may(context, state, Operation::DecideApproval) {
        return Err(Rejection::NotPermitted { what: "deciding an approval" });
    }
    match state.approvals.get(&id) {
        None => return Err(Rejection::UnknownApproval),
        Some(ApprovalStatus::Accepted | ApprovalStatus::Refused | ApprovalStatus::Withdrawn) => {
            return Err(Rejection::ApprovalNotPending);
        }
        Some(ApprovalStatus::Pending) => {}
    }
    let Some(rule) = &context.desk.definition().approval else {
        return Err(Rejection::UnknownApproval);
    };
    let faults = comment_faults(comment.as_ref(), false);
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    // A ticket that left the pending status by another way stays where it is: the decision is recorded all the same.
    let to = match decision {
        _ if state.status != rule.pending => &state.status,
        Decision::Accept => &rule.accepted,
        Decision::Refuse => &rule.refused,
    };
    let mut events = vec![TicketEvent::ApprovalDecided(ApprovalDecided {
        side: policy::side(context.viewer, &state.scope()),
        approval: id,
        decision,
        from: state.status.clone(),
        to: to.clone(),
    })];
    events.extend(comment.map(|text| comment_event(context, state, text)));
    Ok(events)
}
