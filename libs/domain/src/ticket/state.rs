//! What rules read of a ticket, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::event::{CommentBody, FieldValue, Stamp, TicketEvent};
use crate::{
    ids::{AccountId, ApprovalId, DeskKey, OrganizationId, PersonId, StatusId},
    personal::Personal,
    policy::Scope,
};

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// Waiting for a decision.
    Pending,
    /// Accepted.
    Accepted,
    /// Refused.
    Refused,
    /// A newer proposal took its place.
    Withdrawn,
}

/// A ticket as rules read it.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The desk.
    pub desk: DeskKey,
    /// The version of its definition.
    pub desk_version: u32,
    /// The request type.
    pub request_type: String,
    /// The status.
    pub status: StatusId,
    /// One line, `None` once erased: an edit that says the same changes nothing.
    pub summary: Option<String>,
    /// The description, `None` once erased: an edit that says the same changes nothing.
    pub description: Option<String>,
    /// The priority.
    pub priority: String,
    /// The urgency.
    pub urgency: String,
    /// Whom it is for.
    pub requester: AccountId,
    /// The end customer, if any: the one named last.
    pub customer: Option<PersonId>,
    /// Persons whose values on this ticket are gone: nothing more can be sealed for them.
    pub erased: BTreeSet<PersonId>,
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
    /// The fields' values; erased ones are absent.
    pub fields: BTreeMap<String, Value>,
    /// All approvals.
    pub approvals: BTreeMap<ApprovalId, ApprovalStatus>,
    /// How many files are attached.
    pub attachments: usize,
    /// How many events there are.
    pub events: u64,
}

impl State {
    /// What the policy looks at.
    #[must_use]
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            desk: &self.desk,
            requester: self.requester,
            created_by: self.created_by,
            organization: self.organization.as_ref(),
            private: self.private,
            shared_with: &self.shared_with,
        }
    }

    /// The approval that waits for a decision.
    #[must_use]
    pub fn pending_approval(&self) -> Option<ApprovalId> {
        self.approvals
            .iter()
            .find(|(_, status)| **status == ApprovalStatus::Pending)
            .map(|(id, _)| *id)
    }

    /// Folds one event. What came before `ticket-opened` is passed over.
    #[must_use]
    pub fn evolve(state: Option<State>, stamp: &Stamp, event: &TicketEvent) -> Option<State> {
        let Some(mut state) = state else {
            return State::opened(stamp, event);
        };
        state.apply(event);
        Some(state)
    }

    fn opened(stamp: &Stamp, event: &TicketEvent) -> Option<State> {
        let TicketEvent::Opened(opened) = event else {
            return None;
        };
        let mut state = State {
            desk: opened.desk.clone(),
            desk_version: opened.desk_version,
            request_type: opened.request_type.clone(),
            status: opened.status.clone(),
            summary: opened.summary.value.clone(),
            description: opened.description.as_ref().and_then(|text| text.value.clone()),
            priority: opened.priority.clone(),
            urgency: opened.urgency.clone(),
            requester: opened.requester,
            customer: opened.customer,
            erased: erased(event),
            created_by: stamp.by,
            assignee: None,
            organization: opened.organization.clone(),
            private: opened.private,
            notify: opened.notify,
            shared_with: opened.shared_with.clone(),
            fields: BTreeMap::new(),
            approvals: BTreeMap::new(),
            attachments: 0,
            events: 1,
        };
        set_fields(&mut state.fields, &opened.fields);
        Some(state)
    }

    /// Folds one event of a ticket that is open. No rule reads its place in the log, so it may have none yet.
    pub fn apply(&mut self, event: &TicketEvent) {
        self.events += 1;
        self.erased.extend(erased(event));
        match event {
            TicketEvent::Opened(_) | TicketEvent::Commented(_) => {}
            TicketEvent::Described { description, .. } => self.description = description.value.clone(),
            TicketEvent::Attached(_) => self.attachments += 1,
            TicketEvent::Transitioned(transitioned) => {
                self.status = transitioned.to.clone();
                self.customer = transitioned.customer.or(self.customer);
                set_fields(&mut self.fields, &transitioned.fields);
                self.fields.retain(|name, _| !transitioned.removed.contains(name));
            }
            TicketEvent::Assigned { assignee, .. } => self.assignee = *assignee,
            TicketEvent::Edited(edited) => {
                let edited = edited.as_ref().clone();
                set_fields(&mut self.fields, &edited.fields);
                self.fields.retain(|name, _| !edited.removed.contains(name));
                self.customer = edited.customer.or(self.customer);
                if let Some(summary) = edited.summary {
                    self.summary = summary.value;
                }
                self.priority = edited.priority.unwrap_or_else(|| self.priority.clone());
                self.urgency = edited.urgency.unwrap_or_else(|| self.urgency.clone());
                self.request_type = edited.request_type.unwrap_or_else(|| self.request_type.clone());
                self.organization = edited.organization.or_else(|| self.organization.clone());
                self.private = edited.private.unwrap_or(self.private);
                self.notify = edited.notify.unwrap_or(self.notify);
            }
            TicketEvent::ApprovalRequested(requested) => {
                self.status = requested.to.clone();
                self.approvals.insert(requested.approval, ApprovalStatus::Pending);
            }
            TicketEvent::ApprovalWithdrawn { approval, .. } => {
                self.approvals.insert(*approval, ApprovalStatus::Withdrawn);
            }
            TicketEvent::ApprovalDecided(decided) => {
                self.status = decided.to.clone();
                self.fields.retain(|name, _| !decided.removed.contains(name));
                let status = match decided.decision {
                    super::event::Verdict::Accept => ApprovalStatus::Accepted,
                    super::event::Verdict::Refuse => ApprovalStatus::Refused,
                };
                self.approvals.insert(decided.approval, status);
            }
            TicketEvent::Reopened { to, removed, .. } => {
                self.status = to.clone();
                self.fields.retain(|name, _| !removed.contains(name));
            }
            TicketEvent::Shared { organizations, .. } => {
                self.shared_with.extend(organizations.iter().cloned());
            }
            TicketEvent::Unshared { organizations, .. } => {
                self.shared_with.retain(|known| !organizations.contains(known));
            }
        }
    }
}

/// Whose values in this event are gone.
fn erased(event: &TicketEvent) -> BTreeSet<PersonId> {
    let (texts, fields): (Vec<&Personal<String>>, Option<&BTreeMap<String, FieldValue>>) = match event {
        TicketEvent::Opened(opened) => (
            opened.description.iter().chain([&opened.summary]).collect(),
            Some(&opened.fields),
        ),
        TicketEvent::Described { description, .. } => (vec![description], None),
        TicketEvent::Commented(commented) => match &commented.body {
            CommentBody::Words(words) => (vec![words], None),
            CommentBody::Automatic { .. } => (Vec::new(), None),
        },
        TicketEvent::Attached(attached) => (vec![&attached.name, &attached.content_sha256], None),
        TicketEvent::Transitioned(transitioned) => (Vec::new(), Some(&transitioned.fields)),
        TicketEvent::Edited(edited) => (edited.summary.iter().collect(), Some(&edited.fields)),
        TicketEvent::ApprovalRequested(requested) => (vec![&requested.proposal], None),
        TicketEvent::Reopened { reason, .. } => (vec![reason], None),
        TicketEvent::Assigned { .. }
        | TicketEvent::ApprovalWithdrawn { .. }
        | TicketEvent::ApprovalDecided(_)
        | TicketEvent::Shared { .. }
        | TicketEvent::Unshared { .. } => (Vec::new(), None),
    };
    let of_texts = texts
        .into_iter()
        .filter(|text| text.value.is_none())
        .map(|text| text.subject);
    let of_fields = fields
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter_map(|field| match field {
            FieldValue::Personal(Personal {
                subject, value: None, ..
            }) => Some(*subject),
            FieldValue::Personal(Personal { value: Some(_), .. }) | FieldValue::Open(_) => None,
        });
    of_texts.chain(of_fields).collect()
}

/// Sets values by name; an erased value is no value.
pub(super) fn set_fields(fields: &mut BTreeMap<String, Value>, new: &BTreeMap<String, FieldValue>) {
    for (name, field) in new {
        match field.value() {
            Some(value) => fields.insert(name.clone(), value.clone()),
            None => fields.remove(name),
        };
    }
}
