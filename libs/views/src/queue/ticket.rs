//! The one fold of a ticket's row: pure, used for one event and for the whole log alike, so that kept = rebuilt (design
//! §3.5, N3).

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Commitment, DeskKey, OrganizationId, Personal, StatusId, TicketKey,
    desk::Category,
    ticket::{
        FieldValue, Stamp, TicketEvent, Visibility,
        event::{CommentBody, Commented, Edited, Opened},
    },
};
use serde_json::Value;

use crate::{collate, desks::Desks};

/// Texts of a ticket that take each other's place.
pub(crate) const KINDS: usize = 3;
/// The key and the summary.
const SUMMARY: usize = 0;
/// The description.
const DESCRIPTION: usize = 1;
/// The texts of the fields, together.
const FIELDS: usize = 2;
/// What an event says and nothing replaces: a comment, a file's name, a reason.
const WORDS: usize = 3;

/// Bits of a slot that tell which kind of text it holds; the others tell the version that wrote it.
pub(crate) const KIND_BITS: u32 = 2;

/// The place of a text among those of its ticket: the version of the ticket that wrote it, and its kind.
fn slot(version: u64, kind: usize) -> u64 {
    version << KIND_BITS | kind as u64
}

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

/// What of a ticket is filtered by and seldom changes: its rows of the past share it while it does not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Face {
    pub(crate) desk_version: u32,
    pub(crate) request_type: String,
    pub(crate) standing: Standing,
    pub(crate) priority: Ranked,
    pub(crate) urgency: Ranked,
    pub(crate) assignee: Option<AccountId>,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) private: bool,
    /// The value of the field by which a ticket is found exactly.
    pub(crate) lookup: Option<String>,
}

/// What its rows of the past hold of a ticket too, each as of one event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    pub(crate) version: u64,
    /// Without the internal notes.
    pub(crate) public_events: u64,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) face: Arc<Face>,
}

/// A ticket as the queue knows it: every logical column, whoever looks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticket {
    /// Position of its opening: unique, rising, and the same in every rebuild.
    pub(crate) id: u64,
    pub(crate) key: TicketKey,
    pub(crate) desk: DeskKey,
    pub(crate) requester: AccountId,
    pub(crate) created_by: AccountId,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) now: Moment,
    pub(crate) summary: Option<String>,
    /// What it sorts by.
    pub(crate) summary_key: Option<String>,
    /// Stands for the summary in digests, before and after its erasure.
    pub(crate) summary_commitment: Option<Commitment>,
    pub(crate) shared_with: BTreeSet<OrganizationId>,
    /// The fields that can be read.
    pub(crate) fields: BTreeMap<String, Value>,
    /// The commitments of the personal fields, of those erased too.
    pub(crate) sealed: BTreeMap<String, Option<Commitment>>,
    /// Position of its last event.
    pub(crate) position: u64,
    /// Which version wrote the text of each kind that holds now; 0 when there is none.
    pub(crate) written: [u64; KINDS],
}

/// A text to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// Its place among the ticket's texts, see [`KIND_BITS`].
    pub(crate) slot: u64,
    /// Only found by those who may read internal notes.
    pub(crate) internal: bool,
    /// The words.
    pub(crate) words: String,
}

/// What an event put an end to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    /// The text in this slot is found no more.
    Text(u64),
    /// The summary was this.
    Summary(Option<String>),
    /// The fields were these.
    Fields(BTreeMap<String, Value>),
}

/// What an event does beside the ticket's row.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) texts: Vec<Text>,
    pub(crate) ended: Vec<Ended>,
    pub(crate) fields_changed: bool,
}

impl Ticket {
    /// Folds one event. What came before `ticket-opened` is passed over.
    pub(crate) fn evolve(
        ticket: Option<Ticket>,
        key: &TicketKey,
        stamp: &Stamp,
        event: &TicketEvent,
        desks: &Desks,
        effects: &mut Effects,
    ) -> Option<Ticket> {
        let mut ticket = match (ticket, event) {
            (None, TicketEvent::Opened(opened)) => {
                Ticket::opened(key, stamp, Opened::clone(opened), desks, effects)
            }
            (None, _) => return None,
            (Some(mut ticket), event) => {
                ticket.apply(stamp, event.clone(), desks, effects);
                ticket
            }
        };
        ticket.position = stamp.position;
        ticket.now.version = stamp.version;
        if !event.is_internal() {
            ticket.now.public_events += 1;
            ticket.now.updated_at = stamp.at;
        }
        Some(ticket)
    }

    fn opened(
        key: &TicketKey,
        stamp: &Stamp,
        opened: Opened,
        desks: &Desks,
        effects: &mut Effects,
    ) -> Ticket {
        let facts = desks.get(&opened.desk, opened.desk_version);
        let face = Face {
            desk_version: opened.desk_version,
            request_type: opened.request_type,
            standing: facts.standing(opened.status),
            priority: facts.priority(opened.priority),
            urgency: facts.urgency(opened.urgency),
            assignee: None,
            organization: opened.organization,
            private: opened.private,
            lookup: None,
        };
        let mut ticket = Ticket {
            id: stamp.position,
            key: key.clone(),
            desk: opened.desk,
            requester: opened.requester,
            created_by: stamp.by,
            created_at: stamp.at,
            now: Moment {
                version: stamp.version,
                public_events: 0,
                updated_at: stamp.at,
                face: Arc::new(face),
            },
            summary_key: opened.summary.value.as_deref().map(collate::key),
            summary: opened.summary.value,
            summary_commitment: opened.summary.commitment,
            shared_with: opened.shared_with,
            fields: BTreeMap::new(),
            sealed: BTreeMap::new(),
            position: stamp.position,
            written: [0; KINDS],
        };
        ticket.replace(SUMMARY, Some(ticket.summary_words()), stamp, effects);
        if let Some(description) = opened.description {
            ticket.replace(DESCRIPTION, description.value, stamp, effects);
        }
        ticket.set_fields(opened.fields, &BTreeSet::new(), desks, (stamp, effects));
        ticket
    }

    fn apply(&mut self, stamp: &Stamp, event: TicketEvent, desks: &Desks, effects: &mut Effects) {
        let (words, internal) = match event {
            TicketEvent::Opened(_) | TicketEvent::ApprovalWithdrawn { .. } => return,
            TicketEvent::Described { description, .. } => {
                return self.replace(DESCRIPTION, description.value, stamp, effects);
            }
            TicketEvent::Commented(Commented { visibility, body, .. }) => match body {
                CommentBody::Words(words) => (words, visibility == Visibility::Internal),
                // The desk's own words, the same on every ticket: finding them would find nothing.
                CommentBody::Automatic { .. } => return,
            },
            TicketEvent::Attached(attached) => (attached.name, false),
            TicketEvent::Transitioned(transitioned) => {
                self.enter(transitioned.to, desks);
                return self.set_fields(
                    transitioned.fields,
                    &transitioned.removed,
                    desks,
                    (stamp, effects),
                );
            }
            TicketEvent::Assigned { assignee, .. } => {
                return self.face_mut().assignee = assignee;
            }
            TicketEvent::Edited(edited) => return self.edited(*edited, desks, stamp, effects),
            TicketEvent::ApprovalRequested(requested) => {
                self.enter(requested.to, desks);
                (requested.proposal, false)
            }
            TicketEvent::ApprovalDecided(decided) => {
                self.enter(decided.to, desks);
                return self.set_fields(BTreeMap::new(), &decided.removed, desks, (stamp, effects));
            }
            TicketEvent::Reopened {
                to, reason, removed, ..
            } => {
                self.enter(to, desks);
                self.set_fields(BTreeMap::new(), &removed, desks, (stamp, effects));
                (reason, false)
            }
            TicketEvent::Shared { organizations, .. } => return self.shared_with.extend(organizations),
            TicketEvent::Unshared { organizations, .. } => {
                return self.shared_with.retain(|known| !organizations.contains(known));
            }
        };
        if let Some(words) = words.value {
            let slot = slot(stamp.version, WORDS);
            effects.texts.push(Text {
                slot,
                internal,
                words,
            });
        }
    }

    fn edited(&mut self, edited: Edited, desks: &Desks, stamp: &Stamp, effects: &mut Effects) {
        if let Some(Personal {
            value, commitment, ..
        }) = edited.summary
        {
            self.summary_key = value.as_deref().map(collate::key);
            effects
                .ended
                .push(Ended::Summary(mem::replace(&mut self.summary, value)));
            self.summary_commitment = commitment;
            self.replace(SUMMARY, Some(self.summary_words()), stamp, effects);
        }
        let facts = desks.get(&self.desk, self.now.face.desk_version);
        let face = Arc::make_mut(&mut self.now.face);
        if let Some(priority) = edited.priority {
            face.priority = facts.priority(priority);
        }
        if let Some(urgency) = edited.urgency {
            face.urgency = facts.urgency(urgency);
        }
        if let Some(request_type) = edited.request_type {
            face.request_type = request_type;
        }
        if edited.organization.is_some() {
            face.organization = edited.organization;
        }
        if let Some(private) = edited.private {
            face.private = private;
        }
        self.set_fields(edited.fields, &edited.removed, desks, (stamp, effects));
    }

    fn face_mut(&mut self) -> &mut Face {
        Arc::make_mut(&mut self.now.face)
    }

    fn enter(&mut self, status: StatusId, desks: &Desks) {
        if self.now.face.standing.status != status {
            let standing = desks.get(&self.desk, self.now.face.desk_version).standing(status);
            self.face_mut().standing = standing;
        }
    }

    /// The key stands with the summary, so that a typed key finds its ticket (seed 002, F107).
    fn summary_words(&self) -> String {
        format!("{}\n{}", self.key, self.summary.as_deref().unwrap_or_default())
    }

    /// Puts a text in the place of the one of its kind that holds until now.
    fn replace(&mut self, kind: usize, words: Option<String>, stamp: &Stamp, effects: &mut Effects) {
        let Some(written) = self.written.get_mut(kind) else {
            return;
        };
        if *written != 0 {
            effects.ended.push(Ended::Text(slot(*written, kind)));
        }
        *written = if words.is_some() { stamp.version } else { 0 };
        effects.texts.extend(words.map(|words| Text {
            slot: slot(stamp.version, kind),
            internal: false,
            words,
        }));
    }

    fn set_fields(
        &mut self,
        new: BTreeMap<String, FieldValue>,
        removed: &BTreeSet<String>,
        desks: &Desks,
        (stamp, effects): (&Stamp, &mut Effects),
    ) {
        if new.is_empty() && removed.is_empty() {
            return;
        }
        if stamp.position != self.id {
            effects.ended.push(Ended::Fields(self.fields.clone()));
        }
        effects.fields_changed = true;
        for (name, field) in new {
            let value = match field {
                FieldValue::Personal(personal) => {
                    self.sealed.insert(name.clone(), personal.commitment);
                    personal.value
                }
                FieldValue::Open(value) => {
                    self.sealed.remove(&name);
                    Some(value)
                }
            };
            match value {
                Some(value) => self.fields.insert(name, value),
                None => self.fields.remove(&name),
            };
        }
        self.fields.retain(|name, _| !removed.contains(name));
        self.sealed.retain(|name, _| !removed.contains(name));
        let mut names = desks.get(&self.desk, self.now.face.desk_version).lookups();
        let lookup = names.find_map(|name| self.fields.get(name)?.as_str());
        if self.now.face.lookup.as_deref() != lookup {
            let lookup = lookup.map(str::to_owned);
            self.face_mut().lookup = lookup;
        }
        let words: Vec<&str> = self.fields.values().flat_map(words_of).collect();
        let words = (!words.is_empty()).then(|| words.join("\n"));
        self.replace(FIELDS, words, stamp, effects);
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
