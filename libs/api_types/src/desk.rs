//! Desks: their statuses, actions, request types and value lists, as data that a frontend can render.

use crate::comment::Side;
use crate::ticket::Status;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

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
    "description": null,
    "transitions": [{
        "id": "resolve", "label": "Résoudre", "description": null, "from": ["open"], "to": "resolved", "who": ["agent"],
        "requires_comment": true, "required_fields": [], "schema": "/v1/desks/SUP/transitions/resolve/schema?from=open"
    }],
    "request_types": [{
        "id": "question", "label": "Question", "description": null, "schema": "/v1/desks/SUP/types/question/schema"
    }],
    "priorities": [{"value": "low", "label": "Basse", "description": null, "parent": null, "retired": false}],
    "default_priority": "low",
    "urgencies": [{"value": "medium", "label": "Moyenne", "description": null, "parent": null, "retired": false}],
    "default_urgency": "medium",
    "value_lists": {"resolution": {
        "apart": false,
        "values": [{"value": "done", "label": "Fait", "description": null, "parent": null, "retired": false}]
    }}
}))]
pub struct Desk {
    /// Key of the desk and prefix of its tickets' keys.
    pub key: String,
    /// Name in the language asked for.
    pub name: String,
    /// What it is for, in the language asked for.
    #[schema(required = true)]
    pub description: Option<String>,
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
    /// The lists that fields choose from, by name.
    pub value_lists: BTreeMap<String, ValueList>,
}

/// A list that fields choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"apart": true, "values": []}))]
pub struct ValueList {
    /// The values stand apart, at `/v1/desks/{key}/lists/{list}/values`, page by page: up to 10,000, which may change without the
    /// desk.
    pub apart: bool,
    /// The values, in the order in which people see them, retired ones included; none when they stand apart.
    pub values: Vec<ListValue>,
}

/// An action of a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "resolve", "label": "Résoudre", "description": null, "from": ["open"], "to": "resolved", "who": ["agent"],
    "requires_comment": true, "required_fields": [], "schema": "/v1/desks/SUP/transitions/resolve/schema?from=open"
}))]
pub struct DeskTransition {
    /// Id to send as `action`.
    pub id: String,
    /// What to write on the button.
    pub label: String,
    /// What it does, in the language asked for.
    #[schema(required = true)]
    pub description: Option<String>,
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
    /// Where its form is read; `null` when it takes no fields.
    #[schema(required = true)]
    pub schema: Option<String>,
}

/// Something that can be asked for at a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "question", "label": "Question", "description": "Poser une question", "schema": "/v1/desks/SUP/types/question/schema"
}))]
pub struct RequestType {
    /// Id to send as `type`.
    pub id: String,
    /// Name in the language asked for.
    pub label: String,
    /// What it is for, in the language asked for.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Where its form is read.
    pub schema: String,
}

/// One possible value of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"value": "low", "label": "Basse", "description": null, "parent": null, "retired": false}))]
pub struct ListValue {
    /// The value to send: a string, or an integer where the form says so.
    pub value: serde_json::Value,
    /// What to show, in the language asked for.
    pub label: String,
    /// More about it, in the language asked for.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Id of the value above it, where the list is a tree.
    #[schema(required = true)]
    pub parent: Option<String>,
    /// No longer to be chosen. What has it keeps it.
    pub retired: bool,
}

/// A page of the values of a list, in the order in which people see them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "items": [{"value": "mail", "label": "Messagerie", "description": null, "parent": null, "retired": false}],
    "next_cursor": null,
    "total": 1
}))]
pub struct ListValuePage {
    /// The values.
    pub items: Vec<ListValue>,
    /// Give it as `cursor` for the next page; `null` on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// How many there are on all pages.
    pub total: u64,
}

/// Query parameters of the values of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({"q": "mess", "limit": 20}))]
pub struct ListValueQuery {
    /// Words of the label in either language, or of the id; parts of words do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Values that stand right under the one of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Only values that stand under no other. Below a value that is retired there may be current ones: who walks down a tree asks with
    /// `state=all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<bool>,
    /// Which values: those that may be chosen (`current`, unless given), those that may no longer be (`retired`), or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How many items at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    #[schema(minimum = 1)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Values to add to a list, or as they are from now on. The others stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"values": [{"value": "mail", "label": {"fr": "Messagerie", "en": "Mail"}}]}))]
pub struct SetListValues {
    /// Up to 200 values, each given once.
    #[schema(max_items = 200)]
    pub values: Vec<NewListValue>,
}

/// A value as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": "mail", "label": {"fr": "Messagerie", "en": "Mail"}, "retired": false}))]
pub struct NewListValue {
    /// Its id, which never changes: one line.
    pub value: String,
    /// What to show, in both languages.
    pub label: Label,
    /// More about it, in both languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Label>,
    /// Id of the value above it, where the list is a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// No longer to be chosen; `false` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<bool>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fr": "Messagerie", "en": "Mail"}))]
pub struct Label {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

/// What came of a change of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"changed": 1, "position": 43}))]
pub struct ListChange {
    /// How many values were added or changed; those that were so already are not counted.
    pub changed: u64,
    /// Where its last event stands in the log; `null` when nothing was changed.
    #[schema(required = true)]
    pub position: Option<u64>,
}

/// A form: a JSON Schema 2020-12 of the member `fields`, in the language asked for, its properties in the order in which people fill
/// them in. Its other members are the rules between its fields (`if`/`then`, `dependentRequired`, …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Question",
    "type": "object",
    "x-order": ["product"],
    "properties": {"product": {"title": "Produit", "type": "string", "x-widget": "text"}},
    "required": ["product"]
}))]
pub struct FormSchema {
    /// The dialect.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// Name of what is asked for, or of the action.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Always `object`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The names of the fields in their order, for those whose JSON has none.
    #[serde(rename = "x-order")]
    pub order: Vec<String>,
    /// The fields, by name.
    pub properties: BTreeMap<String, FormField>,
    /// Names of those that must be filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub required: Option<Vec<String>>,
    /// `["description"]` when the ticket's description stays as it was when the ticket was opened.
    #[serde(rename = "x-declared", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub declared: Option<Vec<String>>,
    /// The rules between its fields.
    #[serde(flatten)]
    pub rules: BTreeMap<String, serde_json::Value>,
}

/// A field of a form: a JSON Schema of its value, with what people read. Its other members are the keywords that limit the value
/// (`format`, `pattern`, `minLength`, `maxLength`, …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"title": "Produit", "type": "string", "maxLength": 120, "x-widget": "text"}))]
pub struct FormField {
    /// Its label.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// The JSON type of its value.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it is shown.
    #[serde(rename = "x-widget")]
    pub widget: String,
    /// The values to choose from, where they are few.
    #[serde(rename = "oneOf", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub one_of: Option<Vec<FormChoice>>,
    /// Where the values to choose from are listed, where they are many.
    #[serde(rename = "x-list", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub list: Option<String>,
    /// What its `pattern` asks for, in words.
    #[serde(rename = "x-format-help", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub format_help: Option<String>,
    /// Whose value it is, when that is somebody's: `requester` or `customer`. A text is the requester's unless said.
    #[serde(rename = "x-personal", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub personal: Option<String>,
    /// A text that names nobody.
    #[serde(rename = "x-open", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub open: Option<bool>,
    /// It stays as it was when the ticket was opened.
    #[serde(rename = "x-declared", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub declared: Option<bool>,
    /// Tickets are found by its exact value: `GET /v1/tickets?lookup=`.
    #[serde(rename = "x-lookup", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lookup: Option<bool>,
    /// What the server reads in it: `resolution` or `organization_siren`.
    #[serde(rename = "x-meaning", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub meaning: Option<String>,
    /// The keywords that limit its value.
    #[serde(flatten)]
    pub limits: BTreeMap<String, serde_json::Value>,
}

/// A value to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"const": "done", "title": "Fait"}))]
pub struct FormChoice {
    /// What is sent: a string, or an integer where the field's type says so.
    #[serde(rename = "const")]
    pub value: serde_json::Value,
    /// What people read.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
}
