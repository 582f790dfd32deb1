//! Desks: their statuses, actions, request types and value lists, as data that a frontend can render.

use crate::comment::Side;
use crate::ticket::Status;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A desk in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"key": "SUP", "name": "Support"}))]
pub struct DeskSummary {
    /// Key of the desk and prefix of its tickets' keys.
    pub key: String,
    /// Name in the language asked for.
    pub name: String,
}

/// The desks that this reader may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [{"key": "SUP", "name": "Support"}]}))]
pub struct DeskList {
    /// The desks, by key.
    pub items: Vec<DeskSummary>,
}

/// A desk's definition, labels in the language asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "key": "SUP",
    "name": "Support",
    "version": 1,
    "statuses": [{"id": "open", "label": "Ouvert", "category": "new", "response_required": false}],
    "transitions": [{
        "id": "resolve", "label": "Résoudre", "from": ["open"], "to": "resolved", "who": ["agent"],
        "requires_comment": true, "required_fields": []
    }],
    "request_types": [{"id": "question", "label": "Question", "description": null}],
    "priorities": [{"value": "low", "label": "Basse"}, {"value": "normal", "label": "Normale"}],
    "default_priority": "normal",
    "urgencies": [{"value": "medium", "label": "Moyenne"}],
    "default_urgency": "medium",
    "value_lists": {"product": [{"value": "mail", "label": "Messagerie"}]}
}))]
pub struct Desk {
    /// Key of the desk and prefix of its tickets' keys.
    pub key: String,
    /// Name in the language asked for.
    pub name: String,
    /// Version of the definition. A ticket keeps the version it was made under until the desk moves it.
    pub version: u64,
    /// Every status a ticket can have here.
    pub statuses: Vec<Status>,
    /// Every action, whoever may take it; a ticket's `allowed_actions` tells what is possible now.
    pub transitions: Vec<DeskTransition>,
    /// What can be asked for.
    pub request_types: Vec<RequestType>,
    /// What a ticket's `priority` may be, the least first.
    pub priorities: Vec<ListValue>,
    /// The priority of a ticket that is opened without one.
    pub default_priority: String,
    /// What a ticket's `urgency` may be, the least first.
    pub urgencies: Vec<ListValue>,
    /// The urgency of a ticket that is opened without one.
    pub default_urgency: String,
    /// Lists of possible values by name.
    pub value_lists: BTreeMap<String, Vec<ListValue>>,
}

/// An action of a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "resolve", "label": "Résoudre", "from": ["open"], "to": "resolved", "who": ["agent"],
    "requires_comment": true, "required_fields": []
}))]
pub struct DeskTransition {
    /// Id to send as `action`.
    pub id: String,
    /// What to write on the button.
    pub label: String,
    /// Ids of the statuses it starts from.
    pub from: Vec<String>,
    /// Id of the status it leads to; `null` when the status stays.
    #[schema(required = true)]
    pub to: Option<String>,
    /// The sides that may take it.
    pub who: Vec<Side>,
    /// Whether a comment is required.
    pub requires_comment: bool,
    /// Names of the fields that must be sent with it.
    pub required_fields: Vec<String>,
}

/// Something that can be asked for at a desk. Its form is at `/v1/desks/{key}/types/{type}/schema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "question", "label": "Question", "description": "Poser une question"}))]
pub struct RequestType {
    /// Id to send as `type`.
    pub id: String,
    /// Name in the language asked for.
    pub label: String,
    /// What it is for, in the language asked for.
    #[schema(required = true)]
    pub description: Option<String>,
}

/// One possible value of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"value": "low", "label": "Basse"}))]
pub struct ListValue {
    /// The value to send: a string, or an integer where the form says so.
    pub value: serde_json::Value,
    /// What to show, in the language asked for.
    pub label: String,
}

/// The form of a request type: a JSON Schema 2020-12 of the ticket's `fields`, with titles and help texts in the
/// language asked for. Conditional rules are `if`/`then` and `dependentRequired`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"product": {"type": "string", "title": "Produit"}},
    "required": ["product"]
}))]
pub struct FormSchema(pub serde_json::Value);
