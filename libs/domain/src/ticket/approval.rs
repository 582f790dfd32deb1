//! Proposals for approval, and what is decided on them (seed 002 §8.5.7; N17: bound to what was read).

use std::collections::BTreeSet;

use serde_json::Map;

use super::{
    command::{Context, Decision, Text},
    event::{ApprovalDecided, ApprovalRequested, TicketEvent, Visibility},
    refusal::Rejection,
    rights::Right,
    state::{ApprovalStatus, State},
    text,
    transition::{cleared, comment_faults, wrong_status},
    words::{commented, words},
};
use crate::{
    ids::ApprovalId,
    messages::Detail,
    policy::{self, Operation},
};

/// How many approvals a ticket may see.
pub const APPROVALS_MAX: usize = 1_000;

/// Proposes something for approval; a pending proposal is withdrawn by the new one (N17).
pub(super) fn request(
    context: &Context<'_>,
    state: &State,
    id: ApprovalId,
    proposal: String,
    comment: Option<Text>,
) -> Result<Vec<TicketEvent>, Rejection> {
    Right::RequestApproval.held(context, state)?;
    let rule = context.desk.definition().approval.as_ref();
    let Some(rule) = rule.filter(|rule| rule.from.contains(&state.status)) else {
        return Err(wrong_status(context, state, "request_approval"));
    };
    if state.approvals.len() >= APPROVALS_MAX {
        return Err(Rejection::Full {
            why: Detail::ApprovalsMax { max: APPROVALS_MAX },
        });
    }
    let mut faults = text::faults("/proposal", &proposal);
    faults.extend(comment_faults(comment.as_ref(), false));
    if !faults.is_empty() {
        return Err(Rejection::Invalid(faults));
    }
    let side = policy::side_for(context.viewer, Operation::ActAsAgent, &state.scope());
    let withdrawn = state
        .pending_approval()
        .map(|approval| TicketEvent::ApprovalWithdrawn { side, approval });
    let mut events: Vec<TicketEvent> = withdrawn.into_iter().collect();
    events.push(TicketEvent::ApprovalRequested(ApprovalRequested {
        side,
        approval: id,
        proposal: words(context, state, proposal),
        from: state.status.clone(),
        to: rule.pending.clone(),
        comment: comment.as_ref().map(|text| text.id),
    }));
    events.extend(comment.map(|text| commented(context, state, side, text, Visibility::Public)));
    Ok(events)
}

/// Accepts or refuses a proposal. Final.
pub(super) fn decide(
    context: &Context<'_>,
    state: &State,
    id: ApprovalId,
    decision: Decision,
    comment: Option<Text>,
) -> Result<Vec<TicketEvent>, Rejection> {
    Right::DecideApproval.held(context, state)?;
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
    let side = policy::side_for(context.viewer, Operation::DecideApproval, &state.scope());
    // No action leads out of the pending status without withdrawing; should a history say otherwise, the decision is
    // recorded and the ticket stays where it is.
    let to = match decision {
        _ if state.status != rule.pending => &state.status,
        Decision::Accept => &rule.accepted,
        Decision::Refuse => &rule.refused,
    };
    let removed = match decision {
        Decision::Accept => BTreeSet::new(),
        Decision::Refuse => cleared(&rule.clears, state, &Map::new()),
    };
    let mut events = vec![TicketEvent::ApprovalDecided(ApprovalDecided {
        side,
        approval: id,
        decision,
        from: state.status.clone(),
        to: to.clone(),
        removed,
        comment: comment.as_ref().map(|text| text.id),
    })];
    events.extend(comment.map(|text| commented(context, state, side, text, Visibility::Public)));
    Ok(events)
}
