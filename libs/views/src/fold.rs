//! The one fold of a ticket's row: pure, used live and by a rebuild alike, so that kept = rebuilt (design §3.5, N3).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    AccountId, DeskKey, OrganizationId, StatusId, TicketKey,
    desk::Category,
    ticket::{
        FieldValue, Stamp, TicketEvent, Visibility,
        event::{CommentBody, Commented, Edited, Opened},
    },
};
use serde_json::Value;

use crate::tables::Desks;

/// The desk field by which a ticket is found exactly (seed 001 §3.3.1).
const TECHNICAL_ID: &str = "technicalId";

/// Where the text of the key and the summary lies among a ticket's texts.
pub(crate) const SLOT_SUMMARY: u64 = 0;
/// Where the description lies.
pub(crate) const SLOT_DESCRIPTION: u64 = 1;
/// Where the texts of the fields lie, together.
pub(crate) const SLOT_FIELDS: u64 = 2;
/// The words of the event that made version 1 would lie one further; those below are kept for what is replaced.
const SLOT_EVENTS: u64 = 15;

/// A status with what its desk said of it when the ticket entered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: StatusId,
    pub(crate) category: Option<Category>,
    pub(crate) response_required: bool,
    pub(crate) rank: Option<u32>,
}

/// A value of a desk's list with its place in it, the lowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranked {
    pub(crate) value: String,
    pub(crate) rank: Option<u32>,
}

/// A ticket as the queue knows it: every logical column, whoever looks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticket {
    /// Position of its opening: unique, rising, and the same in every rebuild.
    pub(crate) id: u64,
    pub(crate) key: TicketKey,
    pub(crate) desk: DeskKey,
    pub(crate) desk_version: u32,
    pub(crate) request_type: String,
    pub(crate) summary: Option<String>,
    pub(crate) standing: Standing,
    pub(crate) priority: Ranked,
    pub(crate) urgency: Ranked,
    pub(crate) requester: AccountId,
    pub(crate) created_by: AccountId,
    pub(crate) assignee: Option<AccountId>,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) private: bool,
    pub(crate) shared_with: BTreeSet<OrganizationId>,
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) version: u64,
    pub(crate) public_events: u64,
    pub(crate) position: u64,
}

/// A text to be found, or to be found no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// Its place among the ticket's texts; a text takes the place of the one before it in the same slot.
    pub(crate) slot: u64,
    /// Only found by those who may read internal notes.
    pub(crate) internal: bool,
    /// The words; `None` when there are none any more.
    pub(crate) words: Option<String>,
}

impl Ticket {
    /// The value of the field by which a ticket is found exactly.
    pub(crate) fn technical_id(&self) -> Option<&str> {
        self.fields.get(TECHNICAL_ID).and_then(Value::as_str)
    }

    /// Folds one event; its texts go to `texts`. What came before `ticket-opened` is passed over.
    pub(crate) fn evolve(
        ticket: Option<Ticket>,
        key: &TicketKey,
        stamp: &Stamp,
        event: TicketEvent,
        desks: &Desks,
        texts: &mut Vec<Text>,
    ) -> Option<Ticket> {
        let internal = event.is_internal();
        let mut ticket = match (ticket, event) {
            (None, TicketEvent::Opened(opened)) => Ticket::opened(key, stamp, *opened, desks, texts),
            (None, _) => return None,
            (Some(mut ticket), event) => {
                ticket.apply(stamp, event, desks, texts);
                ticket
            }
        };
        ticket.version = stamp.version;
        ticket.position = stamp.position;
        if !internal {
            ticket.public_events += 1;
            ticket.updated_at = stamp.at;
        }
        Some(ticket)
    }

    fn opened(
        key: &TicketKey,
        stamp: &Stamp,
        opened: Opened,
        desks: &Desks,
        texts: &mut Vec<Text>,
    ) -> Ticket {
        let facts = desks.get(&opened.desk, opened.desk_version);
        let mut ticket = Ticket {
            id: stamp.position,
            key: key.clone(),
            desk_version: opened.desk_version,
            request_type: opened.request_type,
            summary: opened.summary.value,
            standing: facts.standing(opened.status),
            priority: facts.priority(opened.priority),
            urgency: facts.urgency(opened.urgency),
            desk: opened.desk,
            requester: opened.requester,
            created_by: stamp.by,
            assignee: None,
            organization: opened.organization,
            private: opened.private,
            shared_with: opened.shared_with,
            fields: BTreeMap::new(),
            created_at: stamp.at,
            updated_at: stamp.at,
            version: stamp.version,
            public_events: 0,
            position: stamp.position,
        };
        texts.push(ticket.summary_text());
        if let Some(words) = opened.description.and_then(|description| description.value) {
            texts.push(Text {
                slot: SLOT_DESCRIPTION,
                internal: false,
                words: Some(words),
            });
        }
        ticket.set_fields(opened.fields, &BTreeSet::new(), texts);
        ticket
    }

    fn apply(&mut self, stamp: &Stamp, event: TicketEvent, desks: &Desks, texts: &mut Vec<Text>) {
        let said = |internal, words: Option<String>| Text {
            slot: SLOT_EVENTS + stamp.version,
            internal,
            words,
        };
        match event {
            TicketEvent::Opened(_) | TicketEvent::ApprovalWithdrawn { .. } => {}
            TicketEvent::Described { description, .. } => {
                texts.push(Text {
                    slot: SLOT_DESCRIPTION,
                    internal: false,
                    words: description.value,
                });
            }
            TicketEvent::Commented(Commented { visibility, body, .. }) => match body {
                CommentBody::Words(words) => {
                    texts.push(said(visibility == Visibility::Internal, words.value))
                }
                // The desk's own words, the same on every ticket: finding them would find nothing.
                CommentBody::Automatic { .. } => {}
            },
            TicketEvent::Attached(attached) => texts.push(said(false, attached.name.value)),
            TicketEvent::Transitioned(transitioned) => {
                self.enter(transitioned.to, desks);
                self.set_fields(transitioned.fields, &transitioned.removed, texts);
            }
            TicketEvent::Assigned { assignee, .. } => self.assignee = assignee,
            TicketEvent::Edited(edited) => self.edited(*edited, desks, texts),
            TicketEvent::ApprovalRequested(requested) => {
                self.enter(requested.to, desks);
                texts.push(said(false, requested.proposal.value));
            }
            TicketEvent::ApprovalDecided(decided) => {
                self.enter(decided.to, desks);
                self.set_fields(BTreeMap::new(), &decided.removed, texts);
            }
            TicketEvent::Reopened {
                to, reason, removed, ..
            } => {
                self.enter(to, desks);
                self.set_fields(BTreeMap::new(), &removed, texts);
                texts.push(said(false, reason.value));
            }
            TicketEvent::Shared { organizations, .. } => self.shared_with.extend(organizations),
        }
    }

    fn edited(&mut self, edited: Edited, desks: &Desks, texts: &mut Vec<Text>) {
        let facts = desks.get(&self.desk, self.desk_version);
        if let Some(summary) = edited.summary {
            self.summary = summary.value;
            texts.push(self.summary_text());
        }
        if let Some(priority) = edited.priority {
            self.priority = facts.priority(priority);
        }
        if let Some(urgency) = edited.urgency {
            self.urgency = facts.urgency(urgency);
        }
        if let Some(request_type) = edited.request_type {
            self.request_type = request_type;
        }
        if edited.organization.is_some() {
            self.organization = edited.organization;
        }
        if let Some(private) = edited.private {
            self.private = private;
        }
        self.set_fields(edited.fields, &edited.removed, texts);
    }

    fn enter(&mut self, status: StatusId, desks: &Desks) {
        if self.standing.status != status {
            self.standing = desks.get(&self.desk, self.desk_version).standing(status);
        }
    }

    /// The key stands with the summary, so that a typed key finds its ticket (seed 002, F107).
    fn summary_text(&self) -> Text {
        let words = format!("{}\n{}", self.key, self.summary.as_deref().unwrap_or_default());
        Text {
            slot: SLOT_SUMMARY,
            internal: false,
            words: Some(words),
        }
    }

    fn set_fields(
        &mut self,
        new: BTreeMap<String, FieldValue>,
        removed: &BTreeSet<String>,
        texts: &mut Vec<Text>,
    ) {
        if new.is_empty() && removed.is_empty() {
            return;
        }
        for (name, field) in new {
            let value = match field {
                FieldValue::Personal(personal) => personal.value,
                FieldValue::Open(value) => Some(value),
            };
            match value {
                Some(value) => self.fields.insert(name, value),
                None => self.fields.remove(&name),
            };
        }
        self.fields.retain(|name, _| !removed.contains(name));
        let words: Vec<&str> = self.fields.values().flat_map(words_of).collect();
        let words = (!words.is_empty()).then(|| words.join("\n"));
        texts.push(Text {
            slot: SLOT_FIELDS,
            internal: false,
            words,
        });
    }
}

/// The words of a field: strings, alone or in a list. Instants are left out, since every prefix of a number would find
/// them.
fn words_of(value: &Value) -> Vec<&str> {
    let text = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| DateTime::parse_from_rfc3339(text).is_err())
    };
    match value {
        Value::Array(items) => items
            .iter()
            .filter(|item| text(item))
            .filter_map(Value::as_str)
            .collect(),
        Value::String(words) if text(value) => vec![words],
        Value::String(_) | Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
