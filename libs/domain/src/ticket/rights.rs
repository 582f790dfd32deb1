//! What somebody may ask of a ticket beside the actions of its desk: told to clients, and judged by when they ask.

use super::{
    approval::APPROVALS_MAX,
    command::Context,
    decide::{ATTACHMENTS_MAX, EVENTS_MAX, EVENTS_RESERVED},
    refusal::Rejection,
    state::State,
};
use crate::{
    desk::Form,
    messages::Detail,
    named::named,
    policy::{self, Operation},
};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Comment in public.
    Comment,
    /// Write an internal note.
    CommentInternal,
    /// Attach a file.
    Attach,
    /// Change members of the ticket; [`editable`] names them.
    Edit,
    /// Say who treats it.
    Assign,
    /// Share it with more organizations.
    Share,
    /// Share it with an organization no longer.
    Unshare,
    /// Ask for an approval.
    RequestApproval,
    /// Accept or refuse what is proposed.
    DecideApproval,
}

named!(Right {
    Comment = "comment",
    CommentInternal = "comment_internal",
    Attach = "attach",
    Edit = "edit",
    Assign = "assign",
    Share = "share",
    Unshare = "unshare",
    RequestApproval = "request_approval",
    DecideApproval = "decide_approval",
});

/// Members that whoever may edit a ticket may change.
const OWN_MEMBERS: [&str; 4] = ["summary", "description", "private", "notify"];
/// Members that those who treat it change, and its fields.
const AGENTS_MEMBERS: [&str; 4] = ["type", "priority", "urgency", "organization"];

impl Right {
    /// What the policy asks of whoever does this, and what others are told.
    fn asks(self) -> (Operation, Detail) {
        match self {
            Right::Comment => (Operation::Comment, Detail::MayNotComment),
            Right::CommentInternal => (Operation::CommentInternal, Detail::MayNotComment),
            Right::Attach => (Operation::Comment, Detail::MayNotAttach),
            Right::Edit => (Operation::EditOwn, Detail::MayNotEdit),
            Right::Assign => (Operation::ActAsAgent, Detail::MayNotAssign),
            Right::Share => (Operation::EditOwn, Detail::MayNotShare),
            Right::Unshare => (Operation::EditOwn, Detail::MayNotChangeShares),
            Right::RequestApproval => (Operation::ActAsAgent, Detail::MayNotAskApproval),
            Right::DecideApproval => (Operation::DecideApproval, Detail::MayNotDecide),
        }
    }

    /// Refuses who may never do this on this ticket.
    pub(super) fn held(self, context: &Context<'_>, state: &State) -> Result<(), Rejection> {
        let (operation, why) = self.asks();
        if policy::may(context.viewer, operation, &state.scope()) {
            Ok(())
        } else {
            Err(Rejection::NotPermitted { why })
        }
    }

    /// May this viewer do this now?
    fn is_allowed(self, context: &Context<'_>, state: &State) -> bool {
        self.held(context, state).is_ok() && self.is_open(context, state)
    }

    /// Does the ticket, as it is now, take such a request?
    fn is_open(self, context: &Context<'_>, state: &State) -> bool {
        let has_room = state.events < EVENTS_MAX;
        let has_last_room = state.events < EVENTS_MAX + EVENTS_RESERVED;
        match self {
            Right::Comment | Right::CommentInternal | Right::Edit | Right::Share => has_room,
            Right::Attach => has_room && state.attachments < ATTACHMENTS_MAX,
            Right::Assign => has_last_room,
            Right::Unshare => has_last_room && !state.shared_with.is_empty(),
            Right::RequestApproval => {
                let rule = context.desk.definition().approval.as_ref();
                let starts_here = rule.is_some_and(|rule| rule.from.contains(&state.status));
                has_room && starts_here && state.approvals.len() < APPROVALS_MAX
            }
            Right::DecideApproval => has_last_room && state.pending_approval().is_some(),
        }
    }
}

/// What this viewer may ask of the ticket now.
#[must_use]
pub fn rights(context: &Context<'_>, state: &State) -> Vec<Right> {
    let all = Right::ALL.into_iter();
    all.filter(|right| right.is_allowed(context, state)).collect()
}

/// May this viewer change what those who treat the ticket change?
pub(super) fn edits_as_agent(context: &Context<'_>, state: &State) -> bool {
    policy::may(context.viewer, Operation::ActAsAgent, &state.scope())
}

/// The members of the ticket that this viewer may change now; a field of its form as `fields.<name>`.
#[must_use]
pub fn editable(context: &Context<'_>, state: &State) -> Vec<String> {
    let mut members = Vec::new();
    let form = context.desk.form(&state.request_type);
    if Right::Edit.is_allowed(context, state) {
        let frozen = form.is_some_and(Form::declares_description);
        let own = OWN_MEMBERS
            .into_iter()
            .filter(|member| !(frozen && *member == "description"));
        members.extend(own.map(str::to_owned));
        if edits_as_agent(context, state) {
            members.extend(AGENTS_MEMBERS.map(str::to_owned));
            let fields = form.into_iter().flat_map(Form::changeable);
            members.extend(fields.map(|name| format!("fields.{name}")));
        }
    }
    if Right::Assign.is_allowed(context, state) {
        members.push("assignee".to_owned());
    }
    members
}
