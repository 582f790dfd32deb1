//! Following an action of the desk, and reopening.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    approval,
    command::{Context, Decision, Text},
    event::{CommentBody, Commented, TicketEvent, Transitioned, Visibility},
    fields,
    refusal::{AllowedAction, Rejection},
    state::State,
    text,
    words::{self, commented, words},
};
use crate::{
    desk::{
        Form, Transition, Who,
        check::RESERVED_ACTIONS,
        definition::Category,
        form::{pointer, tidy},
    },
    fault::Fault,
    ids::{CommentId, PersonId},
    label::Label,
    messages::{Detail, FaultText},
    policy::{self, Operation, Side},
};

fn may(context: &Context<'_>, state: &State, operation: Operation) -> bool {
    policy::may(context.viewer, operation, &state.scope())
}

/// The side from which this viewer may follow a transition; `None` when they may not.
fn side_in(context: &Context<'_>, state: &State, transition: &Transition) -> Option<Side> {
    let scope = state.scope();
    let by = |operation| {
        may(context, state, operation).then(|| policy::side_for(context.viewer, operation, &scope))
    };
    transition.who.iter().find_map(|who| match who {
        Who::Requester => by(Operation::ActAsRequester),
        Who::Agent => by(Operation::ActAsAgent),
        Who::Supplier => by(Operation::ActAsSupplier),
        Who::System => Some(policy::side(context.viewer, &scope)).filter(|side| *side == Side::System),
    })
}

/// Every action that this viewer may follow now, in the order of the desk's definition.
#[must_use]
pub fn allowed(context: &Context<'_>, state: &State) -> Vec<AllowedAction> {
    let mut allowed: Vec<AllowedAction> = context
        .desk
        .transitions_from(&state.status)
        .filter(|(transition, _)| side_in(context, state, transition).is_some())
        .map(|(transition, form)| AllowedAction {
            id: transition.id.clone(),
            label: transition.label.clone(),
            requires_comment: transition.requires_comment,
            required_fields: form.map(Form::required).unwrap_or_default().into_iter().collect(),
        })
        .collect();
    let desk = context.desk.definition();
    let mut push = |id: &str, label: &Label, requires_comment| {
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

/// What people read of the ticket's status; its id when the desk has it no longer.
fn status_label(context: &Context<'_>, state: &State) -> Label {
    let named = || Label {
        fr: state.status.to_string(),
        en: state.status.to_string(),
    };
    let status = context.desk.status(&state.status);
    status.map_or_else(named, |status| status.label.clone())
}

pub(super) fn wrong_status(context: &Context<'_>, state: &State, action: &str) -> Rejection {
    Rejection::WrongStatus {
        action: action.to_owned(),
        status: state.status.clone(),
        label: status_label(context, state),
        allowed: allowed(context, state),
    }
}

pub(super) fn comment_faults(comment: Option<&Text>, required: bool) -> Vec<Fault> {
    match comment {
        Some(text) => text::faults("/comment", &text.body),
        None if required => vec![Fault::required("/comment")],
        None => Vec::new(),
    }
}

/// Faults of fields given to an action that takes none.
fn no_fields(fields: &Map<String, Value>) -> Vec<Fault> {
    let unknown = |name: &String| Fault::new(pointer(name), FaultText::TakesNoFields);
    fields.keys().map(unknown).collect()
}

/// What comes with an action.
pub(super) struct With {
    pub(super) comment: Option<Text>,
    pub(super) fields: Map<String, Value>,
    pub(super) automatic: CommentId,
    pub(super) customer: PersonId,
}

/// Follows an action. `accept`, `refuse` and `reopen` are followed like any other when there is no doubt what they
/// mean, so that a client can follow every allowed action alike.
pub(super) fn follow(
    context: &Context<'_>,
    state: &State,
    action: &str,
    mut with: With,
) -> Result<Vec<TicketEvent>, Rejection> {
    if RESERVED_ACTIONS.contains(&action) {
        return follow_reserved(context, state, action, with);
    }
    let from_here = context
        .desk
        .transitions_from(&state.status)
        .find(|(transition, _)| transition.id == action);
    let Some((transition, form)) = from_here else {
        return Err(not_from_here(context, state, action));
    };
    let Some(side) = side_in(context, state, transition) else {
        return Err(Rejection::NotPermitted {
            why: Detail::MayNotFollowAction,
        });
    };
    if let Some(form) = form {
        with.fields = form.canonical(with.fields);
    }
    let of_ticket = context.desk.form(&state.request_type);
    fields::declaration_kept(of_ticket, state, &with.fields, None)?;
    let mut faults = comment_faults(with.comment.as_ref(), transition.requires_comment);
    match form {
        Some(form) => {
            faults.extend(form.faults(&with.fields));
            faults.extend(ticket_faults(context, state, &with.fields));
            tidy(&mut faults);
        }
        None => faults.extend(no_fields(&with.fields)),
    }
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    Ok(events(context, state, side, (transition, form), with))
}

/// What the ticket's own form says of its fields once the action has set some of them.
fn ticket_faults(context: &Context<'_>, state: &State, changes: &Map<String, Value>) -> Vec<Fault> {
    let Some(form) = context.desk.form(&state.request_type) else {
        return Vec::new();
    };
    let known: Map<String, Value> = changes
        .iter()
        .filter(|(name, _)| form.has(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if known.is_empty() {
        Vec::new()
    } else {
        fields::faults(form, state, &known, true)
    }
}

/// Why an action that does not start from the ticket's status cannot be followed: the desk has no such action, this
/// viewer may never follow it, or the status does not allow it now.
fn not_from_here(context: &Context<'_>, state: &State, action: &str) -> Rejection {
    let transitions = &context.desk.definition().transitions;
    let mut named = transitions
        .iter()
        .filter(|transition| transition.id == action)
        .peekable();
    if named.peek().is_none() {
        let fault = Fault::new("/action", FaultText::NotAnActionOfTheDesk);
        return Rejection::Invalid(vec![fault]);
    }
    if named.all(|transition| side_in(context, state, transition).is_none()) {
        return Rejection::NotPermitted {
            why: Detail::MayNotFollowAction,
        };
    }
    wrong_status(context, state, action)
}

fn follow_reserved(
    context: &Context<'_>,
    state: &State,
    action: &str,
    with: With,
) -> Result<Vec<TicketEvent>, Rejection> {
    let decides = action != "reopen";
    if decides && !may(context, state, Operation::DecideApproval) {
        return Err(Rejection::NotPermitted {
            why: Detail::MayNotDecide,
        });
    }
    let mut faults = no_fields(&with.fields);
    let decision = match (action, state.pending_approval()) {
        ("accept", Some(id)) => Some((id, Decision::Accept)),
        ("refuse", Some(id)) => Some((id, Decision::Refuse)),
        ("reopen", _) => {
            faults.extend(comment_faults(with.comment.as_ref(), true));
            None
        }
        _ => return Err(wrong_status(context, state, action)),
    };
    match (decision, with.comment) {
        _ if !faults.is_empty() => Err(Rejection::Invalid(faults)),
        (Some((id, decision)), comment) => approval::decide(context, state, id, decision, comment),
        (None, Some(reason)) => reopen(context, state, reason, "/comment"),
        (None, None) => Err(Rejection::Invalid(vec![Fault::required("/comment")])),
    }
}

/// Those of the fields to clear that the ticket has.
pub(super) fn cleared(
    clears: &BTreeSet<String>,
    state: &State,
    kept: &Map<String, Value>,
) -> BTreeSet<String> {
    let stands = |name: &&String| state.fields.contains_key(*name) && !kept.contains_key(*name);
    clears.iter().filter(stands).cloned().collect()
}

/// The events of a transition that nothing forbids.
fn events(
    context: &Context<'_>,
    state: &State,
    side: Side,
    (transition, form): (&Transition, Option<&Form>),
    with: With,
) -> Vec<TicketEvent> {
    let names_customer = form.is_some_and(|form| form.names_customer(&with.fields));
    let customer = words::customer(state, with.customer);
    let minted = (names_customer && state.customer != Some(customer)).then_some(customer);
    let removed = cleared(&transition.clears, state, &with.fields);
    let fields = form.map(|form| form.marked(with.fields, words::requester(context, state), customer));
    let to = transition.to.clone().unwrap_or_else(|| state.status.clone());
    let mut events = Vec::new();
    // A ticket that goes on without the decision that was asked for takes its question back (N17).
    if to != state.status
        && let Some(approval) = state.pending_approval()
    {
        events.push(TicketEvent::ApprovalWithdrawn { side, approval });
    }
    events.push(TicketEvent::Transitioned(Transitioned {
        side,
        action: transition.id.clone(),
        from: state.status.clone(),
        to,
        fields: fields.unwrap_or_default(),
        removed,
        customer: minted,
        comment: with.comment.as_ref().map(|text| text.id),
    }));
    if transition.assigns_actor && state.assignee.is_none() {
        events.push(TicketEvent::Assigned {
            side,
            assignee: Some(context.viewer.account),
        });
    }
    if transition.automatic_comment.is_some() {
        events.push(TicketEvent::Commented(Commented {
            side: Side::System,
            comment: with.automatic,
            visibility: Visibility::Public,
            body: CommentBody::Automatic {
                automatic: transition.id.clone(),
            },
        }));
    }
    events.extend(
        with.comment
            .map(|text| commented(context, state, side, text, Visibility::Public)),
    );
    events
}

/// What an assignment does besides to a ticket that nobody has begun (seed 002, F130): it takes the way that taking the
/// ticket takes, where that asks for nothing more.
pub(super) fn begun(context: &Context<'_>, state: &State) -> Vec<TicketEvent> {
    let status = context.desk.status(&state.status);
    if status.is_none_or(|status| status.category != Category::New) {
        return Vec::new();
    }
    let asks_nothing = |(transition, form): &(&Transition, Option<&Form>)| {
        transition.assigns_actor
            && !transition.requires_comment
            && transition.automatic_comment.is_none()
            && form.is_none_or(|form| form.required().is_empty())
    };
    let mut ways = context.desk.transitions_from(&state.status).filter(asks_nothing);
    let way = ways.find_map(|(transition, _)| {
        let side = side_in(context, state, transition)?;
        Some((transition, transition.to.clone()?, side))
    });
    let Some((transition, to, side)) = way else {
        return Vec::new();
    };
    let withdrawn = state
        .pending_approval()
        .map(|approval| TicketEvent::ApprovalWithdrawn { side, approval });
    let taken = TicketEvent::Transitioned(Transitioned {
        side,
        action: transition.id.clone(),
        from: state.status.clone(),
        to,
        fields: BTreeMap::new(),
        removed: cleared(&transition.clears, state, &Map::new()),
        customer: None,
        comment: None,
    });
    withdrawn.into_iter().chain([taken]).collect()
}

fn may_reopen(context: &Context<'_>, state: &State) -> bool {
    may(context, state, Operation::ActAsRequester) || may(context, state, Operation::ActAsAgent)
}

/// Opens a closed ticket again, by the requester's side or those who treat it (seed 002 §8.5.10).
pub(super) fn reopen(
    context: &Context<'_>,
    state: &State,
    reason: Text,
    pointer: &str,
) -> Result<Vec<TicketEvent>, Rejection> {
    if !may_reopen(context, state) {
        return Err(Rejection::NotPermitted {
            why: Detail::MayNotReopen,
        });
    }
    let rule = context.desk.definition().reopen.as_ref();
    let Some(rule) = rule.filter(|rule| rule.from.contains(&state.status)) else {
        return Err(wrong_status(context, state, "reopen"));
    };
    let faults = text::faults(pointer, &reason.body);
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    let side = if may(context, state, Operation::ActAsRequester) {
        policy::side(context.viewer, &state.scope())
    } else {
        policy::side_for(context.viewer, Operation::ActAsAgent, &state.scope())
    };
    Ok(vec![TicketEvent::Reopened {
        side,
        from: state.status.clone(),
        to: rule.to.clone(),
        reason: words(context, state, reason.body),
        comment: reason.id,
        removed: cleared(&rule.clears, state, &Map::new()),
    }])
}
