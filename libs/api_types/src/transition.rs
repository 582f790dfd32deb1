//! Transitions: the actions a desk's definition offers on a ticket.

use crate::ticket::Fields;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An action to take. Which ones are possible now, for this caller, is in the ticket's `allowed_actions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"action": "resolve", "comment": "Le câble a été remplacé."}))]
pub struct CreateTransition {
    /// Id of the action, as the desk defines it.
    pub action: String,
    /// What to say with it, at most 24 KiB in UTF-8; some actions require it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Fields that the action sets; some actions require some of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    pub fields: Option<Fields>,
}

/// An action that this reader may take now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "resolve", "label": "Résoudre", "requires_comment": true, "required_fields": []
}))]
pub struct AllowedAction {
    /// Id to send as `action`.
    pub id: String,
    /// What to write on the button, in the language asked for.
    pub label: String,
    /// Whether a comment is required.
    pub requires_comment: bool,
    /// Names of the fields that must be sent with it.
    pub required_fields: Vec<String>,
}
