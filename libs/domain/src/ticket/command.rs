//! What can be asked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use super::event::Verdict as Decision;
use super::event::Visibility;
use crate::{
    desk::Desk,
    ids::{AccountId, ApprovalId, AttachmentId, CommentId, OrganizationId, PersonId},
    policy::Viewer,
};

/// Who asks, under which desk, and when.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who is signed in.
    pub viewer: &'a Viewer,
    /// The ticket's desk, in the ticket's version.
    pub desk: &'a Desk,
    /// When it is asked, by the clock of the door.
    pub at: DateTime<Utc>,
}

/// A comment's text with the id it will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its id.
    pub id: CommentId,
    /// The words.
    pub body: String,
}

/// A command on a ticket that exists. Ids are chosen by the caller.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Add a comment.
    Comment {
        /// The text.
        text: Text,
        /// Who may read it.
        visibility: Visibility,
    },
    /// Attach a file whose sealed bytes are already durable.
    Attach(Box<Attach>),
    /// Follow an action of the desk.
    Transition {
        /// The action.
        action: String,
        /// A comment with it.
        comment: Option<Text>,
        /// Fields with it.
        fields: Map<String, Value>,
        /// The id of an automatic comment, should the action have one.
        automatic: CommentId,
        /// The id for the end customer, should the fields be the first to name one.
        customer: PersonId,
    },
    /// Give the ticket to somebody, or to nobody.
    Assign {
        /// To whom, with what they hold at this moment: who may not treat the ticket cannot be given it.
        assignee: Option<Box<Viewer>>,
    },
    /// Change what is written on the ticket.
    Edit(Box<Edit>),
    /// Propose something for approval.
    RequestApproval {
        /// The id it will have.
        id: ApprovalId,
        /// What is proposed.
        proposal: String,
        /// A comment with it.
        comment: Option<Text>,
    },
    /// Accept or refuse a proposal.
    DecideApproval {
        /// Which.
        id: ApprovalId,
        /// The decision.
        decision: Decision,
        /// A comment with it.
        comment: Option<Text>,
    },
    /// Open a closed ticket again.
    Reopen {
        /// Why, with the id under which the reason stands among the comments.
        reason: Text,
    },
    /// Share with more organizations.
    Share {
        /// Which.
        organizations: BTreeSet<OrganizationId>,
    },
    /// Take an organization off the list of those that it is shared with.
    Unshare {
        /// Which.
        organization: OrganizationId,
    },
}

/// A new ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The request type.
    pub request_type: String,
    /// One line.
    pub summary: String,
    /// The description.
    pub description: String,
    /// The priority; the desk's default when absent.
    pub priority: Option<String>,
    /// The urgency; the desk's default when absent.
    pub urgency: Option<String>,
    /// Whom it is for: the viewer, or somebody else.
    pub requester: AccountId,
    /// The organizations of the requester.
    pub requester_organizations: BTreeSet<OrganizationId>,
    /// The SIRENs of those organizations (seed 001 §3.1.1): an operator's program opens tickets under these only.
    pub requester_sirens: BTreeSet<String>,
    /// The organization it is for; the requester's only one when absent.
    pub organization: Option<OrganizationId>,
    /// Hidden from colleagues.
    pub private: bool,
    /// Shared from the start.
    pub share_with: BTreeSet<OrganizationId>,
    /// Mail follow-up wanted.
    pub notify: bool,
    /// The form's fields.
    pub fields: Map<String, Value>,
    /// The id for the end customer, should the form name one.
    pub customer: PersonId,
}

/// A file to attach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attach {
    /// The id it will have.
    pub id: AttachmentId,
    /// Under whose key the bytes are sealed.
    pub subject: PersonId,
    /// The name it was uploaded with.
    pub name: String,
    /// Size of the uploaded file, bytes.
    pub size: u64,
    /// Media type, told from the content.
    pub media_type: String,
    /// SHA-256 of the uploaded file, hex.
    pub content_sha256: String,
    /// Name of the sealed bytes in the store.
    pub blob: String,
    /// SHA-256 of the sealed bytes, hex.
    pub blob_sha256: String,
}

/// A change of what is written: only what is `Some`. Start from [`Edit::nothing`].
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The new summary.
    pub summary: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new priority.
    pub priority: Option<String>,
    /// The new urgency.
    pub urgency: Option<String>,
    /// The new request type.
    pub request_type: Option<String>,
    /// The new organization.
    pub organization: Option<OrganizationId>,
    /// Private from now on, or no more.
    pub private: Option<bool>,
    /// Mail follow-up from now on, or no more.
    pub notify: Option<bool>,
    /// Fields to set; null takes one away.
    pub fields: Map<String, Value>,
    /// The id for the end customer, should the fields be the first to name one.
    pub customer: PersonId,
}

impl Edit {
    /// An edit that changes nothing yet.
    #[must_use]
    pub fn nothing(customer: PersonId) -> Self {
        Self {
            summary: None,
            description: None,
            priority: None,
            urgency: None,
            request_type: None,
            organization: None,
            private: None,
            notify: None,
            fields: Map::new(),
            customer,
        }
    }
}
