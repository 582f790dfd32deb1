//! The shape of a desk's definition, as its TOML file, its event and its JSON answer have it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{DeskKey, StatusId},
    label::Label,
};

/// A desk: what can be asked there, and the life of what is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskDefinition {
    /// Its key, the prefix of its tickets.
    pub key: DeskKey,
    /// Version of this definition, from 1. A ticket keeps the version it was opened under.
    pub version: u32,
    /// Its name.
    pub label: Label,
    /// The status of a new ticket.
    pub initial_status: StatusId,
    /// Priorities, lowest first.
    pub priorities: Vec<Choice>,
    /// The priority when none is given.
    pub default_priority: String,
    /// Urgencies, lowest first (seed 004 §2.3.1 names five).
    pub urgencies: Vec<Choice>,
    /// The urgency when none is given.
    pub default_urgency: String,
    /// All statuses.
    pub statuses: Vec<Status>,
    /// All transitions.
    pub transitions: Vec<Transition>,
    /// How approvals move the ticket; absent when the desk has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approval: Option<ApprovalRule>,
    /// How a closed ticket is reopened; absent when the desk does not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reopen: Option<ReopenRule>,
    /// The request types.
    pub types: Vec<RequestType>,
    /// Value lists for clients (annex R5 of seed 001), by the name of the field; forms repeat the values they check,
    /// in the same order.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub value_lists: BTreeMap<String, Vec<Choice>>,
}

/// One value of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The value on the wire.
    pub id: String,
    /// What people read.
    pub label: Label,
}

/// The four categories that every desk's statuses fall into (design §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Nobody has taken it yet.
    New,
    /// Being worked on.
    Active,
    /// Waiting for somebody else.
    Waiting,
    /// Nothing more to do.
    Done,
}

impl Category {
    /// The category as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Category::New => "new",
            Category::Active => "active",
            Category::Waiting => "waiting",
            Category::Done => "done",
        }
    }
}

/// A status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Its id.
    pub id: StatusId,
    /// What people read.
    pub label: Label,
    /// Its category.
    pub category: Category,
    /// The requester is expected to answer (seed 002 §8.4.1, "= Réponse requise").
    #[serde(default)]
    pub response_required: bool,
    /// The ticket's closing time is set on entering, cleared on leaving.
    #[serde(default)]
    pub closed: bool,
}

/// Who may follow a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The requester's side.
    Requester,
    /// The agents.
    Agent,
    /// The supplier, and the agents in its place.
    Supplier,
    /// The server.
    System,
}

/// An action that people can follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Its id: unique within the statuses it starts from.
    pub id: String,
    /// What people read on the button.
    pub label: Label,
    /// The statuses it starts from.
    pub from: BTreeSet<StatusId>,
    /// The status it leads to; absent when it only informs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<StatusId>,
    /// Who may follow it.
    pub who: BTreeSet<Who>,
    /// A comment must come with it.
    #[serde(default)]
    pub requires_comment: bool,
    /// JSON Schema of the fields that it takes; absent when it takes none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub form: Option<Value>,
    /// Whoever follows it becomes the assignee when there is none (seed 002, F130).
    #[serde(default)]
    pub assigns_actor: bool,
    /// Fields that it takes away: what they told is over (a restored service that is down again).
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub clears: BTreeSet<String>,
    /// A comment that the desk adds by itself (seed 002 §8.5.3).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub automatic_comment: Option<Label>,
}

/// How approvals move a ticket (seed 002 §8.5.7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRule {
    /// The statuses in which an approval can be asked for.
    pub from: BTreeSet<StatusId>,
    /// The status while it is pending.
    pub pending: StatusId,
    /// The status once accepted.
    pub accepted: StatusId,
    /// The status once refused.
    pub refused: StatusId,
    /// What people read on the button that accepts.
    pub accept_label: Label,
    /// What people read on the button that refuses.
    pub refuse_label: Label,
    /// Fields that a refusal takes away: what they told is over.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub clears: BTreeSet<String>,
}

/// How a ticket is reopened (seed 002 §8.5.9): by customer or team, with a reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReopenRule {
    /// The statuses it starts from.
    pub from: BTreeSet<StatusId>,
    /// The status it leads to.
    pub to: StatusId,
    /// What people read on the button.
    pub label: Label,
    /// Fields that it takes away: what they told is over (how a ticket was resolved).
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub clears: BTreeSet<String>,
}

/// A request type with its form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestType {
    /// Its id.
    pub id: String,
    /// What people read.
    pub label: Label,
    /// JSON Schema 2020-12 of `fields`: an object without other members; `x-personal` names whose value a property is
    /// (`requester` or `customer`), `x-open` says that a text names nobody; a text is the requester's unless said. `x-declared`
    /// says that a field stays as it was when the ticket was opened, and `x-declared: ["description"]` on the form, that the
    /// description does (seed 001 §3.3.2).
    pub form: Value,
}

impl DeskDefinition {
    /// The status of that id.
    #[must_use]
    pub fn status(&self, id: &StatusId) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == *id)
    }

    /// The request type of that id.
    #[must_use]
    pub fn request_type(&self, id: &str) -> Option<&RequestType> {
        self.types.iter().find(|request_type| request_type.id == id)
    }
}
