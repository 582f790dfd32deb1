//! The shape of a desk's definition, second edition, as its TOML file and its event have it. Definitions are events and are read
//! for ever: the first edition is read by `first_edition`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::{Field, Meaning};
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
    /// What it is for; absent when the name says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Label>,
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
    /// The fields that forms are made of, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, Field>,
    /// The lists that fields choose their values from (annex R5 of seed 001), by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub value_lists: BTreeMap<String, ValueList>,
}

/// The values of a list: here, or in a stream of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueList {
    /// The values, in the order in which people see them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub values: Vec<Choice>,
    /// The values are events of the stream `desk-<KEY>-<list>`: for lists that are long, or change without the desk.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub apart: bool,
}

/// One value of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The value on the wire.
    pub id: String,
    /// What people read.
    pub label: Label,
    /// More about it; absent when the label says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Label>,
    /// The value above it, where a list is a tree.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<String>,
    /// No longer chosen. What has it keeps it, with its label.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub retired: bool,
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
    /// What it does; absent when the label says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Label>,
    /// The fields that it takes; absent when it takes none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub form: Option<FormDefinition>,
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
    /// What it is for; absent when the label says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Label>,
    /// What is asked.
    pub form: FormDefinition,
}

/// A form: fields of the desk in an order, and what holds between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormDefinition {
    /// Keys of the desk's fields, in the order in which people fill them in.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Names of those that must be filled in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub required: BTreeSet<String>,
    /// What else must hold, as keywords of JSON Schema 2020-12 (`if`, `then`, `dependentRequired`, …) about fields by name.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub rules: Map<String, Value>,
    /// The ticket's description stays as it was when the ticket was opened (seed 001 §3.3.2).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub declares_description: bool,
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

    /// The field of that name on tickets; of several variants, the first by key.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<&Field> {
        let mut named = self.fields.iter().filter(|(key, field)| field.name(key) == name);
        named.next().map(|(_, field)| field)
    }

    /// The name of the field that has this meaning, when one does.
    #[must_use]
    pub fn field_meaning(&self, meaning: Meaning) -> Option<&str> {
        let mut meant = self
            .fields
            .iter()
            .filter(|(_, field)| field.meaning == Some(meaning));
        meant.next().map(|(key, field)| field.name(key))
    }

    /// A value of a list as requests send it: a text, or an integer where a field that chooses from it is one.
    #[must_use]
    pub fn value_in(&self, list: &str, id: &str) -> Value {
        let mut choosing = self
            .fields
            .values()
            .filter(|field| field.list.as_deref() == Some(list));
        choosing
            .next()
            .map_or_else(|| Value::from(id), |field| field.value(id))
    }

    /// The name of the list that a field chooses from, when that stands apart.
    pub(super) fn list_apart<'d>(&self, field: &'d Field) -> Option<&'d String> {
        let name = field.list.as_ref()?;
        Some(name).filter(|name| self.value_lists.get(*name).is_some_and(|list| list.apart))
    }

    /// The values that a field may choose, when their list stands here.
    pub(super) fn choices_here(&self, field: &Field) -> Option<impl Iterator<Item = &Choice>> {
        let list = self.value_lists.get(field.list.as_ref()?)?;
        (!list.apart).then(|| list.values.iter().filter(|choice| !choice.retired))
    }

    /// The fields of a form with their keys, in its order. Keys that the desk lacks are passed over.
    pub fn fields_of<'d>(&'d self, form: &'d FormDefinition) -> impl Iterator<Item = (&'d str, &'d Field)> {
        let known = |key: &'d String| Some((key.as_str(), self.fields.get(key)?));
        form.fields.iter().filter_map(known)
    }
}
