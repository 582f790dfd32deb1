//! What can have happened to a ticket. The names and shapes here are on disk for ever: a change is a new version of
//! the type and an upcast in [`decode`](crate::decode), with a stored fixture of the old form. Unknown members are
//! refused: a version that does not know a member must not tell a reader half of what happened.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    ids::{AccountId, ApprovalId, AttachmentId, CommentId, DeskKey, OrganizationId, PersonId, StatusId},
    personal::Personal,
    policy::Side,
};

/// What happened, without who and when (those stand in the envelope).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TicketEvent {
    /// `ticket-opened.v1`
    Opened(Box<Opened>),
    /// `ticket-described.v1`: a description too long to stand beside others, or a new one.
    Described {
        /// The side it came from.
        side: Side,
        /// The whole description.
        description: Personal<String>,
    },
    /// `ticket-commented.v1`
    Commented(Commented),
    /// `ticket-attached.v1`
    Attached(Box<Attached>),
    /// `ticket-transitioned.v1`: an action of the desk was followed, with or without a change of status.
    Transitioned(Transitioned),
    /// `ticket-assigned.v1`
    Assigned {
        /// The side it came from.
        side: Side,
        /// Who treats it now; nobody when absent.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        assignee: Option<AccountId>,
    },
    /// `ticket-edited.v1`
    Edited(Box<Edited>),
    /// `ticket-approval-requested.v1`
    ApprovalRequested(ApprovalRequested),
    /// `ticket-approval-withdrawn.v1`: a newer proposal took its place, or the ticket went on without a decision, so
    /// that a decision is always on what was read (N17).
    ApprovalWithdrawn {
        /// The side it came from.
        side: Side,
        /// Which request.
        approval: ApprovalId,
    },
    /// `ticket-approval-decided.v1`
    ApprovalDecided(ApprovalDecided),
    /// `ticket-reopened.v1`
    Reopened {
        /// The side it came from.
        side: Side,
        /// The status before.
        from: StatusId,
        /// The status after.
        to: StatusId,
        /// Why (seed 002 §8.5.9).
        reason: Personal<String>,
        /// The id under which the reason stands among the public comments; no `ticket-commented.v1` repeats it.
        comment: CommentId,
        /// Fields taken away, as the desk's rule says: what described the end is over.
        #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
        removed: BTreeSet<String>,
    },
    /// `ticket-shared.v1`
    Shared {
        /// The side it came from.
        side: Side,
        /// The organizations added.
        organizations: BTreeSet<OrganizationId>,
    },
    /// `ticket-unshared.v1`: it is shared with these no longer. Whom it was shared with stands in the events before, so that the
    /// trace of who could read it stays.
    Unshared {
        /// The side it came from.
        side: Side,
        /// The organizations taken off the list.
        organizations: BTreeSet<OrganizationId>,
    },
}

/// The data of `ticket-opened.v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The side it came from.
    pub side: Side,
    /// The desk.
    pub desk: DeskKey,
    /// The version of the desk's definition that holds for this ticket.
    pub desk_version: u32,
    /// The request type.
    #[serde(rename = "type")]
    pub request_type: String,
    /// One line.
    pub summary: Personal<String>,
    /// The description, when it is short enough to stand here; otherwise `ticket-described.v1` follows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<Personal<String>>,
    /// The first status.
    pub status: StatusId,
    /// The priority that the customer gave (seed 002, F120).
    pub priority: String,
    /// The urgency (seed 004 §2.3.1).
    pub urgency: String,
    /// Whom it is for.
    pub requester: AccountId,
    /// The end customer without an account, when the form names one (design §6.1).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer: Option<PersonId>,
    /// The organization it is for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organization: Option<OrganizationId>,
    /// Hidden from colleagues.
    pub private: bool,
    /// Shared at creation (seed 002 §6.1).
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub shared_with: BTreeSet<OrganizationId>,
    /// Mail follow-up wanted (seed 004, F189).
    pub notify: bool,
    /// The form's fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, FieldValue>,
}

/// The value of a form field: open, or personal as the form says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Sealed for a person.
    Personal(Personal<Value>),
    /// A scalar or a list of scalars; never an object, so that it cannot be taken for a mark.
    Open(Value),
}

impl FieldValue {
    /// The value, `None` once erased.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            FieldValue::Personal(personal) => personal.value.as_ref(),
            FieldValue::Open(value) => Some(value),
        }
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    /// An object is a mark and nothing else, so that a value that was not put back is never shown as if it were one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value {
            Value::Object(_) => serde_json::from_value(value)
                .map(FieldValue::Personal)
                .map_err(D::Error::custom),
            Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
                Err(D::Error::custom("a field is a scalar or a list of scalars"))
            }
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Ok(FieldValue::Open(value))
            }
        }
    }
}

/// Who may read a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody who may read the ticket.
    #[default]
    Public,
    /// Those who treat it.
    Internal,
}

/// The data of `ticket-commented.v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commented {
    /// The side it came from (seed 002, F122).
    pub side: Side,
    /// Its id.
    pub comment: CommentId,
    /// Who may read it.
    pub visibility: Visibility,
    /// The text; of an automatic comment, open: it names nobody.
    pub body: CommentBody,
}

/// The text of a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CommentBody {
    /// Somebody's words.
    Words(Personal<String>),
    /// Words of the desk's definition, added by an action (seed 002 §8.5.3).
    Automatic {
        /// The action whose comment it is; its text stands in the desk's definition of that version.
        automatic: String,
    },
}

/// The data of `ticket-attached.v1`. The file's bytes lie sealed in the attachment store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// The side it came from.
    pub side: Side,
    /// Its id.
    pub attachment: AttachmentId,
    /// The person under whose key the bytes are sealed.
    pub subject: PersonId,
    /// The name it was uploaded with, without any path.
    pub name: Personal<String>,
    /// Size of the uploaded file, bytes.
    pub size: u64,
    /// Media type, told from the content.
    pub media_type: String,
    /// SHA-256 of the uploaded file, hex.
    pub content_sha256: Personal<String>,
    /// Name of the sealed bytes in the store.
    pub blob: String,
    /// SHA-256 of the sealed bytes, hex.
    pub blob_sha256: String,
}

/// The data of `ticket-transitioned.v1`. What came with it follows in the same commit, as events of their own: who
/// took the ticket, the desk's automatic comment, the comment of whoever acted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transitioned {
    /// The side it came from.
    pub side: Side,
    /// The action followed.
    pub action: String,
    /// The status before.
    pub from: StatusId,
    /// The status after; the same when the action only informs.
    pub to: StatusId,
    /// Fields set by the action.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, FieldValue>,
    /// Fields taken away by the action, as the desk's definition says.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub removed: BTreeSet<String>,
    /// The end customer, when these fields are the first to name one, or the first since the last one was erased.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer: Option<PersonId>,
    /// The comment that came with it; it follows as an event of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comment: Option<CommentId>,
}

/// The data of `ticket-edited.v1`: only what changed, with its new value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// The side it came from.
    pub side: Side,
    /// The new summary.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub summary: Option<Personal<String>>,
    /// The new priority.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub priority: Option<String>,
    /// The new urgency.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub urgency: Option<String>,
    /// The new request type (seed 004, F194).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub request_type: Option<String>,
    /// The new organization.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organization: Option<OrganizationId>,
    /// Private from now on, or no more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub private: Option<bool>,
    /// Mail follow-up from now on, or no more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notify: Option<bool>,
    /// Fields with their new value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, FieldValue>,
    /// Fields taken away.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub removed: BTreeSet<String>,
    /// The end customer, when these fields are the first to name one, or the first since the last one was erased.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer: Option<PersonId>,
}

impl Edited {
    /// An edit of nothing.
    #[must_use]
    pub fn nothing(side: Side) -> Self {
        Self {
            side,
            summary: None,
            priority: None,
            urgency: None,
            request_type: None,
            organization: None,
            private: None,
            notify: None,
            fields: BTreeMap::new(),
            removed: BTreeSet::new(),
            customer: None,
        }
    }
}

/// The data of `ticket-approval-requested.v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRequested {
    /// The side it came from.
    pub side: Side,
    /// Its id.
    pub approval: ApprovalId,
    /// What is proposed.
    pub proposal: Personal<String>,
    /// The status before.
    pub from: StatusId,
    /// The status after.
    pub to: StatusId,
    /// The comment that came with it; it follows as an event of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comment: Option<CommentId>,
}

/// Accepted or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accepted.
    Accept,
    /// Refused.
    Refuse,
}

/// The data of `ticket-approval-decided.v1`. Final: the id names one proposal, whose text never changes (N17).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalDecided {
    /// The side it came from.
    pub side: Side,
    /// Which request.
    pub approval: ApprovalId,
    /// The decision.
    pub decision: Verdict,
    /// The status before.
    pub from: StatusId,
    /// The status after.
    pub to: StatusId,
    /// Fields taken away by a refusal, as the desk's rule says.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub removed: BTreeSet<String>,
    /// The comment that came with it; it follows as an event of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comment: Option<CommentId>,
}

/// Who and when, as the envelope gives it to a fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Position in the whole log; 1 for the first event.
    pub position: u64,
    /// Version of the ticket after this event; 1 for the first.
    pub version: u64,
    /// The command that made it: one command makes one or several events.
    pub command: Uuid,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// When it happened, if somebody trusted said so.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, if a trusted channel said so.
    pub sent_at: Option<DateTime<Utc>>,
    /// Who acted.
    pub by: AccountId,
    /// For whom.
    pub on_behalf_of: Option<AccountId>,
}

impl TicketEvent {
    /// The side it came from.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            TicketEvent::Opened(opened) => opened.side,
            TicketEvent::Commented(commented) => commented.side,
            TicketEvent::Attached(attached) => attached.side,
            TicketEvent::Transitioned(transitioned) => transitioned.side,
            TicketEvent::Edited(edited) => edited.side,
            TicketEvent::ApprovalRequested(requested) => requested.side,
            TicketEvent::ApprovalDecided(decided) => decided.side,
            TicketEvent::Described { side, .. }
            | TicketEvent::Assigned { side, .. }
            | TicketEvent::ApprovalWithdrawn { side, .. }
            | TicketEvent::Reopened { side, .. }
            | TicketEvent::Shared { side, .. }
            | TicketEvent::Unshared { side, .. } => *side,
        }
    }

    /// Must not be shown to those who may not read internal notes.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            TicketEvent::Commented(Commented {
                visibility: Visibility::Internal,
                ..
            })
        )
    }
}
