//! Refusals and failures, as RFC 9457 problems.

use crate::history::HistoryEntry;
use crate::sign_in::Challenge;
use crate::transition::AllowedAction;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a call was not done (`application/problem+json`, RFC 9457). Nothing was written, unless `code` says that the
/// outcome is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/docs/errors/invalid",
    "title": "La demande est incomplète ou incorrecte",
    "status": 422,
    "detail": "Erreurs : 2, détaillées dans « errors ».",
    "code": "invalid",
    "request_id": "0198c0de-7000-7000-8000-0000000000ff",
    "errors": [
        {"pointer": "/summary", "code": "required", "detail": "est obligatoire et n'est pas renseigné"},
        {"pointer": "/organization", "code": "value", "detail": "ne désigne aucune organisation"}
    ]
}))]
pub struct Problem {
    /// A reference to the page that explains this code.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// What kind of problem it is, the same for every occurrence, in the language asked for.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, in the language asked for. Answers of 500 and above carry no cause.
    #[schema(required = true)]
    pub detail: Option<String>,
    /// What a program compares: stable, never translated.
    pub code: String,
    /// Names this call in the server's log.
    pub request_id: String,
    /// All faulty fields, not the first one only; empty when the fault is none of a field.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// With 412 only: the events that made the version sent in `If-Match` an old one, as far as this reader may see, oldest first:
    /// at most 50, a page of the ticket's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Vec<HistoryEntry>>,
    /// With `missed` only, when that does not hold all of them: the `cursor` with which `GET /v1/tickets/{key}/history` goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// With 409 only: what is possible now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<AllowedAction>>,
    /// With `challenge-required` only: what to solve before the next try to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// When it is worth trying again, in seconds from now; the same as the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// One faulty field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"pointer": "/summary", "code": "required", "detail": "est obligatoire et n'est pas renseigné"}))]
pub struct FieldError {
    /// Where it is: a JSON pointer into the body (RFC 6901), or the name of a query parameter.
    pub pointer: String,
    /// What a program compares; `required` when the field is missing or empty.
    pub code: String,
    /// What is wrong, in the language asked for. Its subject is what `pointer` names.
    pub detail: String,
}
