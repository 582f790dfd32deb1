//! What a reader is shown of a ticket: the second fold of its stream.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    event::{ApprovalRequested, Attached, CommentBody, Stamp, TicketEvent, Verdict, Visibility},
    state::{ApprovalStatus, set_fields},
};
use crate::{
    ids::{AccountId, ApprovalId, AttachmentId, CommentId, DeskKey, OrganizationId, PersonId, StatusId},
    policy::Side,
};

/// Does it tell the other side something from the supplier? Agents stand in for the supplier. What only they read tells
/// nothing, and neither do a description in other words, who treats the ticket, and a proposal that makes way.
fn is_update(event: &TicketEvent) -> bool {
    let of_supplier = match event.side() {
        Side::Supplier | Side::Agent => true,
        Side::Requester | Side::System => false,
    };
    let tells = match event {
        TicketEvent::Opened(_)
        | TicketEvent::Described { .. }
        | TicketEvent::Assigned { .. }
        | TicketEvent::ApprovalWithdrawn { .. } => false,
        TicketEvent::Commented(_)
        | TicketEvent::Attached(_)
        | TicketEvent::Transitioned(_)
        | TicketEvent::Edited(_)
        | TicketEvent::ApprovalRequested(_)
        | TicketEvent::ApprovalDecided(_)
        | TicketEvent::Reopened { .. }
        | TicketEvent::Shared { .. }
        | TicketEvent::Unshared { .. } => true,
    };
    of_supplier && tells && !event.is_internal()
}

/// A ticket as it is read. Values of erased persons are `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The desk.
    pub desk: DeskKey,
    /// The version of its definition.
    pub desk_version: u32,
    /// The request type.
    pub request_type: String,
    /// One line.
    pub summary: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The status.
    pub status: StatusId,
    /// Since when it has that status; with a status that closes, when the ticket was closed (seed 001, F48).
    pub status_since: DateTime<Utc>,
    /// The priority.
    pub priority: String,
    /// The urgency.
    pub urgency: String,
    /// Whom it is for.
    pub requester: AccountId,
    /// Who opened it.
    pub created_by: AccountId,
    /// Who treats it.
    pub assignee: Option<AccountId>,
    /// The organization it is for.
    pub organization: Option<OrganizationId>,
    /// Hidden from colleagues.
    pub private: bool,
    /// Mail follow-up wanted.
    pub notify: bool,
    /// Shared with.
    pub shared_with: BTreeSet<OrganizationId>,
    /// The fields.
    pub fields: BTreeMap<String, Value>,
    /// All approvals, oldest first.
    pub approvals: Vec<Approval>,
    /// All files, oldest first.
    pub attachments: Vec<AttachedFile>,
    /// The last public words or action (seed 001 §3.3.2, messageType and messageContent).
    pub last_message: Option<Message>,
    /// The last public words of the supplier's side (seed 001 §3.3.2: an answer holds the supplier's last information).
    /// Nothing but new words of that side takes their place.
    pub supplier_message: Option<Message>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed for everybody who reads it.
    pub updated_at: DateTime<Utc>,
    /// How many events there are.
    pub version: u64,
    /// How many of them everybody who reads the ticket may see; internal notes are left out.
    pub public_events: u64,
    /// Position of the last event.
    pub position: u64,
    /// Updates at the supplier's initiative (seed 001, F47: lastUpdateVersionNumber).
    pub supplier_updates: u64,
    /// The command that opened the ticket, or that was the last such update: its further events are no update more.
    pub told_by: Uuid,
}

/// An approval as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What is proposed.
    pub proposal: Option<String>,
    /// How it stands.
    pub status: ApprovalStatus,
    /// Who asked.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// The comment that came with the decision, or with the request while it is pending.
    pub comment_id: Option<CommentId>,
    /// The words of that comment.
    pub comment: Option<String>,
    /// Position of the last event about it.
    pub position: u64,
}

/// A file as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// Its id.
    pub id: AttachmentId,
    /// Under whose key its bytes are sealed.
    pub subject: PersonId,
    /// The name it was uploaded with.
    pub name: Option<String>,
    /// Size of the uploaded file, bytes.
    pub size: u64,
    /// Media type, told from the content.
    pub media_type: String,
    /// SHA-256 of the uploaded file, hex.
    pub content_sha256: Option<String>,
    /// Name of the sealed bytes in the store.
    pub blob: String,
    /// Who attached it.
    pub by: AccountId,
    /// When.
    pub at: DateTime<Utc>,
    /// Position of its event.
    pub position: u64,
}

/// The last public message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `comment`, or the action followed.
    pub kind: String,
    /// The comment that holds its words.
    pub comment: Option<CommentId>,
    /// The words, if there were any.
    pub body: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// From which side.
    pub side: Side,
}

impl Document {
    /// Folds one event. What came before `ticket-opened` is passed over.
    #[must_use]
    pub fn evolve(document: Option<Document>, stamp: &Stamp, event: &TicketEvent) -> Option<Document> {
        let mut document = match document {
            None => Document::opened(stamp, event)?,
            Some(document) => document.after(stamp, event),
        };
        document.version = stamp.version;
        document.position = stamp.position;
        if !event.is_internal() {
            document.public_events += 1;
            document.updated_at = stamp.at;
        }
        // One update a command, however many events it makes; the opening is none.
        if is_update(event) && stamp.command != document.told_by {
            document.told_by = stamp.command;
            document.supplier_updates += 1;
        }
        Some(document)
    }

    fn after(mut self, stamp: &Stamp, event: &TicketEvent) -> Document {
        let before = self.status.clone();
        self.apply(stamp, event);
        if self.status != before {
            self.status_since = stamp.at;
        }
        self
    }

    fn opened(stamp: &Stamp, event: &TicketEvent) -> Option<Document> {
        let TicketEvent::Opened(opened) = event else {
            return None;
        };
        let mut fields = BTreeMap::new();
        set_fields(&mut fields, &opened.fields);
        let description = opened.description.as_ref().and_then(|text| text.value.clone());
        Some(Document {
            desk: opened.desk.clone(),
            desk_version: opened.desk_version,
            request_type: opened.request_type.clone(),
            summary: opened.summary.value.clone(),
            description,
            status: opened.status.clone(),
            status_since: stamp.at,
            priority: opened.priority.clone(),
            urgency: opened.urgency.clone(),
            requester: opened.requester,
            created_by: stamp.by,
            assignee: None,
            organization: opened.organization.clone(),
            private: opened.private,
            notify: opened.notify,
            shared_with: opened.shared_with.clone(),
            fields,
            approvals: Vec::new(),
            attachments: Vec::new(),
            last_message: None,
            supplier_message: None,
            created_at: stamp.at,
            updated_at: stamp.at,
            version: stamp.version,
            public_events: 0,
            position: stamp.position,
            supplier_updates: 0,
            told_by: stamp.command,
        })
    }

    fn apply(&mut self, stamp: &Stamp, event: &TicketEvent) {
        match event {
            TicketEvent::Opened(_) => {}
            TicketEvent::Described { description, .. } => self.description = description.value.clone(),
            TicketEvent::Commented(commented) => {
                if let (Visibility::Public, CommentBody::Words(body)) =
                    (commented.visibility, &commented.body)
                {
                    self.commented(stamp, commented.side, commented.comment, body.value.clone());
                }
            }
            TicketEvent::Attached(attached) => self.attached(stamp, attached),
            TicketEvent::Transitioned(transitioned) => {
                self.status = transitioned.to.clone();
                set_fields(&mut self.fields, &transitioned.fields);
                self.fields.retain(|name, _| !transitioned.removed.contains(name));
                self.message(
                    stamp,
                    transitioned.side,
                    &transitioned.action,
                    transitioned.comment,
                    None,
                );
            }
            TicketEvent::Assigned { assignee, .. } => self.assignee = *assignee,
            TicketEvent::Edited(edited) => self.edited(edited),
            TicketEvent::ApprovalRequested(requested) => self.requested(stamp, requested),
            TicketEvent::ApprovalWithdrawn { approval, .. } => {
                self.decided(*approval, ApprovalStatus::Withdrawn, None, stamp);
            }
            TicketEvent::ApprovalDecided(decided) => {
                self.status = decided.to.clone();
                self.fields.retain(|name, _| !decided.removed.contains(name));
                let (status, kind) = match decided.decision {
                    Verdict::Accept => (ApprovalStatus::Accepted, "accept"),
                    Verdict::Refuse => (ApprovalStatus::Refused, "refuse"),
                };
                self.decided(decided.approval, status, decided.comment, stamp);
                self.message(stamp, decided.side, kind, decided.comment, None);
            }
            TicketEvent::Reopened {
                side,
                to,
                reason,
                comment,
                removed,
                ..
            } => {
                self.status = to.clone();
                self.fields.retain(|name, _| !removed.contains(name));
                self.message(stamp, *side, "reopen", Some(*comment), reason.value.clone());
            }
            TicketEvent::Shared { organizations, .. } => {
                self.shared_with.extend(organizations.iter().cloned());
            }
            TicketEvent::Unshared { organizations, .. } => {
                self.shared_with.retain(|known| !organizations.contains(known));
            }
        }
    }

    fn requested(&mut self, stamp: &Stamp, requested: &ApprovalRequested) {
        self.status = requested.to.clone();
        self.approvals.push(Approval {
            id: requested.approval,
            proposal: requested.proposal.value.clone(),
            status: ApprovalStatus::Pending,
            requested_by: stamp.by,
            requested_at: stamp.at,
            decided_by: None,
            decided_at: None,
            comment_id: requested.comment,
            comment: None,
            position: stamp.position,
        });
        let proposal = requested.proposal.value.clone();
        self.message(stamp, requested.side, "request_approval", None, proposal);
    }

    fn attached(&mut self, stamp: &Stamp, attached: &Attached) {
        self.attachments.push(AttachedFile {
            id: attached.attachment,
            subject: attached.subject,
            name: attached.name.value.clone(),
            size: attached.size,
            media_type: attached.media_type.clone(),
            content_sha256: attached.content_sha256.value.clone(),
            blob: attached.blob.clone(),
            by: stamp.by,
            at: stamp.at,
            position: stamp.position,
        });
    }

    fn edited(&mut self, edited: &super::event::Edited) {
        let edited = edited.clone();
        if let Some(summary) = edited.summary {
            self.summary = summary.value;
        }
        self.priority = edited.priority.unwrap_or_else(|| self.priority.clone());
        self.urgency = edited.urgency.unwrap_or_else(|| self.urgency.clone());
        self.request_type = edited.request_type.unwrap_or_else(|| self.request_type.clone());
        self.organization = edited.organization.or_else(|| self.organization.clone());
        self.private = edited.private.unwrap_or(self.private);
        self.notify = edited.notify.unwrap_or(self.notify);
        set_fields(&mut self.fields, &edited.fields);
        self.fields.retain(|name, _| !edited.removed.contains(name));
    }

    fn decided(&mut self, id: ApprovalId, status: ApprovalStatus, comment: Option<CommentId>, stamp: &Stamp) {
        if let Some(approval) = self.approvals.iter_mut().find(|approval| approval.id == id) {
            approval.status = status;
            approval.decided_by = Some(stamp.by);
            approval.decided_at = Some(stamp.at);
            approval.comment_id = comment;
            approval.comment = None;
            approval.position = stamp.position;
        }
    }

    fn message(
        &mut self,
        stamp: &Stamp,
        side: Side,
        kind: &str,
        comment: Option<CommentId>,
        body: Option<String>,
    ) {
        let message = Message {
            kind: kind.to_owned(),
            comment,
            body,
            at: stamp.at,
            side,
        };
        let of_supplier = match side {
            Side::Supplier | Side::Agent => true,
            Side::Requester | Side::System => false,
        };
        // The words of an erased person still came: their comment says so.
        if of_supplier && (message.comment.is_some() || message.body.is_some()) {
            self.supplier_message = Some(message.clone());
        }
        self.last_message = Some(message);
    }

    /// A comment that came with an action gives that action its words instead of hiding it.
    fn commented(&mut self, stamp: &Stamp, side: Side, comment: CommentId, body: Option<String>) {
        for approval in self
            .approvals
            .iter_mut()
            .filter(|approval| approval.comment_id == Some(comment))
        {
            approval.comment = body.clone();
        }
        match &mut self.last_message {
            Some(last) if last.comment == Some(comment) => {
                last.body.clone_from(&body);
                let of_supplier = self.supplier_message.as_mut();
                if let Some(words) = of_supplier.filter(|words| words.comment == Some(comment)) {
                    words.body = body;
                }
            }
            Some(_) | None => self.message(stamp, side, "comment", Some(comment), body),
        }
    }
}
