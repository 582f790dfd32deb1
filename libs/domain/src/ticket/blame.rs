//! Which event set each field of a ticket: the third fold of its stream (peers N16).

use std::collections::{BTreeMap, BTreeSet};

use super::event::{FieldValue, Stamp, TicketEvent};
use crate::ids::StatusId;

/// The event that a field has its value from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBy {
    /// Who and when.
    pub stamp: Stamp,
    /// The field was taken away: it has no value since.
    pub removed: bool,
}

/// Every field that a ticket has or had, by the name that its history uses (`summary`, `fields.technicalId`), with the
/// event that it has its value from. An event that repeats a value is not its source, where events tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blame {
    /// By name.
    pub fields: BTreeMap<String, SetBy>,
}

impl Blame {
    /// Folds one event.
    #[must_use]
    pub fn evolve(mut self, stamp: &Stamp, event: &TicketEvent) -> Blame {
        match event {
            TicketEvent::Opened(opened) => {
                for field in [
                    "desk",
                    "type",
                    "summary",
                    "description",
                    "status",
                    "priority",
                    "urgency",
                    "requester",
                    "created_by",
                    "organization",
                    "private",
                    "notify",
                    "shared_with",
                ] {
                    self.set(stamp, field);
                }
                self.set_fields(stamp, &opened.fields, &BTreeSet::new());
            }
            TicketEvent::Described { .. } => self.set(stamp, "description"),
            TicketEvent::Transitioned(transitioned) => {
                self.moved(stamp, &transitioned.from, &transitioned.to);
                self.set_fields(stamp, &transitioned.fields, &transitioned.removed);
            }
            TicketEvent::Assigned { .. } => self.set(stamp, "assignee"),
            TicketEvent::Edited(edited) => {
                for (field, is_set) in [
                    ("summary", edited.summary.is_some()),
                    ("priority", edited.priority.is_some()),
                    ("urgency", edited.urgency.is_some()),
                    ("type", edited.request_type.is_some()),
                    ("organization", edited.organization.is_some()),
                    ("private", edited.private.is_some()),
                    ("notify", edited.notify.is_some()),
                ] {
                    if is_set {
                        self.set(stamp, field);
                    }
                }
                self.set_fields(stamp, &edited.fields, &edited.removed);
            }
            TicketEvent::ApprovalRequested(requested) => self.moved(stamp, &requested.from, &requested.to),
            TicketEvent::ApprovalDecided(decided) => {
                self.moved(stamp, &decided.from, &decided.to);
                self.set_fields(stamp, &BTreeMap::new(), &decided.removed);
            }
            TicketEvent::Reopened {
                from, to, removed, ..
            } => {
                self.moved(stamp, from, to);
                self.set_fields(stamp, &BTreeMap::new(), removed);
            }
            TicketEvent::Shared { .. } | TicketEvent::Unshared { .. } => self.set(stamp, "shared_with"),
            TicketEvent::Commented(_) | TicketEvent::Attached(_) | TicketEvent::ApprovalWithdrawn { .. } => {}
        }
        self
    }

    fn moved(&mut self, stamp: &Stamp, from: &StatusId, to: &StatusId) {
        if from != to {
            self.set(stamp, "status");
        }
    }

    fn set(&mut self, stamp: &Stamp, field: impl Into<String>) {
        let set = SetBy {
            stamp: stamp.clone(),
            removed: false,
        };
        self.fields.insert(field.into(), set);
    }

    fn set_fields(&mut self, stamp: &Stamp, new: &BTreeMap<String, FieldValue>, removed: &BTreeSet<String>) {
        for name in new.keys() {
            self.set(stamp, format!("fields.{name}"));
        }
        for name in removed {
            // What was never there was not taken away.
            if let Some(known) = self.fields.get_mut(&format!("fields.{name}"))
                && !known.removed
            {
                *known = SetBy {
                    stamp: stamp.clone(),
                    removed: true,
                };
            }
        }
    }
}
