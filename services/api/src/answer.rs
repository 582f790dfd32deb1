//! From what readers see to the wire: names beside ids, labels in the caller's language.
//!
//! An answer about a ticket is made of what the policy has shown, and of nothing else:
//!
//! ```
//! # use std::sync::Arc;
//! # use api::answer;
//! # use application::{Directory, Loaded, tickets::{Entry, Row}};
//! # use domain::{Language, desk::Desk, policy::Shown};
//! # use domain::ticket::{Context, Stamp, TicketEvent, document::{Approval, AttachedFile}};
//! fn comment(of: &Directory, desk: &Desk, stamp: &Stamp, event: &Shown<&TicketEvent>) {
//!     answer::comment(of, desk, stamp, event, Language::En);
//! }
//! fn ticket(of: &Directory, context: &Context<'_>, ticket: &Shown<Arc<Loaded>>) {
//!     answer::ticket(of, context, ticket, Language::En);
//! }
//! fn row(of: &Directory, row: Shown<Row>) {
//!     answer::row(of, row, true, Language::En);
//! }
//! fn entry(of: &Directory, entry: Shown<Entry>) {
//!     answer::history_entry(of, entry);
//! }
//! ```
//!
//! An event that the policy has not shown, such as an internal note, is not answered: the same function does not compile.
//!
//! ```compile_fail,E0308
//! # use api::answer;
//! # use application::Directory;
//! # use domain::{Language, desk::Desk, ticket::{Stamp, TicketEvent}};
//! fn comment(of: &Directory, desk: &Desk, stamp: &Stamp, event: &TicketEvent) {
//!     answer::comment(of, desk, stamp, event, Language::En);
//! }
//! ```
//!
//! Neither is a ticket,
//!
//! ```compile_fail,E0308
//! # use std::sync::Arc;
//! # use api::answer;
//! # use application::{Directory, Loaded};
//! # use domain::{Language, ticket::Context};
//! fn ticket(of: &Directory, context: &Context<'_>, ticket: &Arc<Loaded>) {
//!     answer::ticket(of, context, ticket, Language::En);
//! }
//! ```
//!
//! a line of a list,
//!
//! ```compile_fail,E0308
//! # use api::answer;
//! # use application::{Directory, tickets::Row};
//! # use domain::Language;
//! fn row(of: &Directory, row: Row) {
//!     answer::row(of, row, true, Language::En);
//! }
//! ```
//!
//! or an entry of a history.
//!
//! ```compile_fail,E0308
//! # use api::answer;
//! # use application::{Directory, tickets::Entry};
//! fn entry(of: &Directory, entry: Entry) {
//!     answer::history_entry(of, entry);
//! }
//! ```

use std::sync::Arc;

use api_types as wire;
use application::{
    Channel, Directory, Loaded,
    tickets::{Entry, Row},
};
use domain::{
    AccountId, Language, OrganizationId, StatusId,
    desk::{Category, Desk},
    policy::{Shown, Side, Sight},
    ticket::{
        self, AllowedAction, Context, Stamp, TicketEvent, Visibility,
        document::{Approval, AttachedFile, Message},
        event::CommentBody,
        rights::{editable, rights},
        state::ApprovalStatus,
        transition,
    },
};
use serde_json::Value;

mod desks;
mod people;

pub use desks::{desk, list_value};
pub use people::{account_in_full, challenge, language, my_profile, organization_in_full, role};

/// An account by id and names.
#[must_use]
pub fn account(directory: &Directory, id: AccountId) -> wire::AccountRef {
    let account = directory.account(id);
    wire::AccountRef {
        id: id.0,
        username: account.as_ref().and_then(|account| account.username.clone()),
        name: account.as_ref().and_then(|account| account.name.clone()),
    }
}

/// An organization by id and name.
#[must_use]
pub fn organization(directory: &Directory, id: &OrganizationId) -> wire::OrganizationRef {
    let name = directory
        .organization(id)
        .map(|organization| organization.name.clone());
    wire::OrganizationRef {
        id: id.to_string(),
        name: name.unwrap_or_else(|| id.to_string()),
    }
}

fn category(category: Category) -> wire::StatusCategory {
    match category {
        Category::New => wire::StatusCategory::New,
        Category::Active => wire::StatusCategory::Active,
        Category::Waiting => wire::StatusCategory::Waiting,
        Category::Done => wire::StatusCategory::Done,
    }
}

/// A status with its label; one that the desk no longer has is shown by its id.
#[must_use]
pub fn status(desk: Option<&Desk>, id: &StatusId, language: Language) -> wire::Status {
    let known = desk.and_then(|desk| desk.status(id));
    wire::Status {
        id: id.to_string(),
        label: known.map_or_else(|| id.to_string(), |status| status.label.text(language).to_owned()),
        category: known.map_or(wire::StatusCategory::Active, |status| category(status.category)),
        response_required: known.is_some_and(|status| status.response_required),
    }
}

/// A side on the wire.
#[must_use]
pub fn side(side: Side) -> wire::Side {
    match side {
        Side::Requester => wire::Side::Requester,
        Side::Agent => wire::Side::Agent,
        Side::Supplier => wire::Side::Supplier,
        Side::System => wire::Side::System,
    }
}

/// An allowed action on the wire.
#[must_use]
pub fn allowed_action(action: &AllowedAction, language: Language) -> wire::AllowedAction {
    wire::AllowedAction {
        id: action.id.clone(),
        label: action.label.text(language).to_owned(),
        requires_comment: action.requires_comment,
        required_fields: action.required_fields.clone(),
    }
}

/// A ticket, for who asks.
#[must_use]
pub fn ticket(
    directory: &Directory,
    context: &Context<'_>,
    loaded: &Shown<Arc<Loaded>>,
    language: Language,
) -> wire::Ticket {
    let (document, desk) = (&loaded.document, context.desk);
    let allowed = transition::allowed(context, &loaded.state);
    let closes = desk.status(&document.status).is_some_and(|status| status.closed);
    let internal = Sight::of(context.viewer, &loaded.state.scope()).is_some_and(Sight::reads_internal);
    wire::Ticket {
        key: loaded.key.to_string(),
        desk: document.desk.to_string(),
        request_type: document.request_type.clone(),
        summary: document.summary.clone(),
        description: document.description.clone(),
        status: status(Some(desk), &document.status, language),
        priority: Some(document.priority.clone()),
        urgency: Some(document.urgency.clone()),
        requester: account(directory, document.requester),
        created_by: account(directory, document.created_by),
        assignee: document.assignee.map(|id| account(directory, id)),
        organization: document
            .organization
            .as_ref()
            .map(|id| organization(directory, id)),
        private: document.private,
        shared_with: document
            .shared_with
            .iter()
            .map(|id| organization(directory, id))
            .collect(),
        notify: document.notify,
        fields: document
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        created_at: document.created_at,
        updated_at: document.updated_at,
        closed_at: closes.then_some(document.status_since),
        version: document.version,
        event_count: if internal {
            document.version
        } else {
            document.public_events
        },
        supplier_updates: document.supplier_updates,
        position: document.position,
        last_message: document.last_message.as_ref().map(last_message),
        last_supplier_message: document.supplier_message.as_ref().map(last_message),
        allowed_actions: allowed
            .iter()
            .map(|action| allowed_action(action, language))
            .collect(),
        allowed_operations: rights(context, &loaded.state)
            .into_iter()
            .map(|right| right.as_str().to_owned())
            .collect(),
        editable: editable(context, &loaded.state),
    }
}

fn last_message(message: &Message) -> wire::LastMessage {
    wire::LastMessage {
        message_type: message.kind.clone(),
        body: message.body.clone(),
        at: message.at,
        side: side(message.side),
    }
}

/// A line of the list.
#[must_use]
pub fn row(directory: &Directory, row: Shown<Row>, with_fields: bool, language: Language) -> wire::TicketRow {
    let row = row.into_inner();
    let desk = directory.desk(&row.desk);
    let fields: wire::Fields = row.fields.into_iter().collect();
    wire::TicketRow {
        key: row.key.to_string(),
        desk: row.desk.to_string(),
        request_type: row.request_type,
        summary: row.summary,
        status: status(desk.as_deref(), &row.status, language),
        priority: Some(row.priority),
        urgency: Some(row.urgency),
        requester: account(directory, row.requester),
        created_by: account(directory, row.created_by),
        assignee: row.assignee.map(|id| account(directory, id)),
        organization: row.organization.as_ref().map(|id| organization(directory, id)),
        private: row.private,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
        event_count: row.event_count,
        position: row.position.0,
        fields: with_fields.then_some(fields),
    }
}

/// A comment, when the event holds one: words of their own, or the reason of a reopening. Automatic words come from the
/// desk's definition.
#[must_use]
pub fn comment(
    directory: &Directory,
    desk: &Desk,
    stamp: &Stamp,
    event: &Shown<&TicketEvent>,
    language: Language,
) -> Option<wire::Comment> {
    let (id, body, visibility) = match **event {
        TicketEvent::Commented(commented) => (
            commented.comment,
            comment_words(desk, &commented.body, language),
            commented.visibility,
        ),
        TicketEvent::Reopened { comment, reason, .. } => (*comment, reason.value.clone(), Visibility::Public),
        TicketEvent::Opened(_)
        | TicketEvent::Described { .. }
        | TicketEvent::Attached(_)
        | TicketEvent::Transitioned(_)
        | TicketEvent::Assigned { .. }
        | TicketEvent::Edited(_)
        | TicketEvent::ApprovalRequested(_)
        | TicketEvent::ApprovalWithdrawn { .. }
        | TicketEvent::ApprovalDecided(_)
        | TicketEvent::Shared { .. }
        | TicketEvent::Unshared { .. } => return None,
    };
    Some(wire::Comment {
        id: id.0,
        body,
        visibility: match visibility {
            Visibility::Public => wire::Visibility::Public,
            Visibility::Internal => wire::Visibility::Internal,
        },
        side: side(event.side()),
        at: stamp.at,
        by: account(directory, stamp.by),
        on_behalf_of: stamp.on_behalf_of.map(|id| account(directory, id)),
        version: stamp.version,
        position: stamp.position,
    })
}

fn comment_words(desk: &Desk, body: &CommentBody, language: Language) -> Option<String> {
    match body {
        CommentBody::Words(words) => words.value.clone(),
        CommentBody::Automatic { automatic } => {
            let of = desk
                .definition()
                .transitions
                .iter()
                .find(|transition| transition.id == *automatic);
            let label = of.and_then(|transition| transition.automatic_comment.as_ref());
            label.map(|label| label.text(language).to_owned())
        }
    }
}

/// An attached file.
#[must_use]
pub fn attachment(directory: &Directory, file: &Shown<&AttachedFile>) -> wire::Attachment {
    wire::Attachment {
        id: file.id.0,
        name: file.name.clone(),
        size: file.size,
        media_type: file.media_type.clone(),
        sha256: file.content_sha256.clone(),
        at: file.at,
        by: account(directory, file.by),
        position: file.position,
    }
}

/// An approval.
#[must_use]
pub fn approval(directory: &Directory, approval: &Shown<&Approval>) -> wire::Approval {
    wire::Approval {
        id: approval.id.0,
        proposal: approval.proposal.clone(),
        status: match approval.status {
            ApprovalStatus::Pending => wire::ApprovalStatus::Pending,
            ApprovalStatus::Accepted => wire::ApprovalStatus::Accepted,
            ApprovalStatus::Refused => wire::ApprovalStatus::Refused,
            ApprovalStatus::Withdrawn => wire::ApprovalStatus::Withdrawn,
        },
        requested_by: account(directory, approval.requested_by),
        requested_at: approval.requested_at,
        decided_by: approval.decided_by.map(|id| account(directory, id)),
        decided_at: approval.decided_at,
        comment: approval.comment.clone(),
    }
}

/// An entry of a history.
#[must_use]
pub fn history_entry(directory: &Directory, entry: Shown<Entry>) -> wire::HistoryEntry {
    let entry = entry.into_inner();
    wire::HistoryEntry {
        position: entry.position,
        version: entry.version,
        event_type: entry.event_type,
        at: entry.at,
        occurred_at: entry.occurred_at,
        sent_at: entry.sent_at,
        by: account(directory, entry.by),
        on_behalf_of: entry.on_behalf_of.map(|id| account(directory, id)),
        channel: match entry.channel {
            Channel::Rest => wire::Channel::Rest,
            Channel::Soap => wire::Channel::Soap,
            Channel::Courier => wire::Channel::Courier,
            Channel::Timer => wire::Channel::Timer,
            Channel::Admin => wire::Channel::Admin,
        },
        text: entry.text,
        changes: entry
            .changes
            .into_iter()
            .map(|change| wire::Change {
                field: change.field,
                from: change.from.unwrap_or(Value::Null),
                to: change.to.unwrap_or(Value::Null),
            })
            .collect(),
    }
}

/// A verdict from the wire.
#[must_use]
pub fn verdict(decision: wire::Decision) -> ticket::Decision {
    match decision {
        wire::Decision::Accept => ticket::Decision::Accept,
        wire::Decision::Refuse => ticket::Decision::Refuse,
    }
}
