//! Why a command is refused. No refusal is ever an event.

use crate::{
    fault::Fault,
    ids::StatusId,
    label::{Label, Language},
    messages::Detail,
    organization::ContractRefusal,
};

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The input has faults, all of them listed.
    #[error("the input has {} fault(s)", .0.len())]
    Invalid(Vec<Fault>),
    /// This viewer may read the ticket, but not do this.
    #[error("{}", why.text(Language::En))]
    NotPermitted {
        /// What it may not.
        why: Detail,
    },
    /// No contract allows the new ticket (seed 004, F179).
    #[error("no contract allows this ticket")]
    Contract(#[source] ContractRefusal),
    /// The ticket's status does not allow the action; these are allowed to this viewer.
    #[error("the action {action:?} is not allowed in the status {status}")]
    WrongStatus {
        /// The action asked for.
        action: String,
        /// The status the ticket is in.
        status: StatusId,
        /// What people read of that status.
        label: Label,
        /// What this viewer may do instead.
        allowed: Vec<AllowedAction>,
    },
    /// The declaration stays as it was when the ticket was opened (seed 001 §3.3.2): what is new is told in words.
    #[error("the declaration is fixed at creation: {}", .fields.join(", "))]
    DeclarationFrozen {
        /// JSON pointers of what would have changed.
        fields: Vec<String>,
    },
    /// There is no such approval on this ticket.
    #[error("the ticket has no such approval")]
    UnknownApproval,
    /// The approval has been decided or withdrawn; a decision is final (N17).
    #[error("the approval is no longer pending")]
    ApprovalNotPending,
    /// The ticket is not shared with this organization.
    #[error("the ticket is not shared with this organization")]
    NotShared,
    /// The ticket has as many of something as it may have.
    #[error("{}", why.text(Language::En))]
    Full {
        /// Of what.
        why: Detail,
    },
}

/// An action that a viewer may follow on a ticket now (seed 002, F141).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedAction {
    /// Its id, for `POST …/transitions`.
    pub id: String,
    /// What people read on the button.
    pub label: Label,
    /// A comment must come with it.
    pub requires_comment: bool,
    /// The fields that must come with it.
    pub required_fields: Vec<String>,
}
