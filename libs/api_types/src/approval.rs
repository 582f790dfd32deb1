//! Approvals: a proposal that the requester accepts or refuses.

use crate::ticket::AccountRef;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A proposal to put before the requester. A new proposal withdraws the pending one, because an approval is bound
/// to exactly what was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"proposal": "Remplacer le poste par un modèle récent.", "comment": "Devis joint."}))]
pub struct CreateApproval {
    /// What is proposed, at most 24 KiB in UTF-8.
    pub proposal: String,
    /// What to say with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A decision on a pending proposal. It is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "accept", "comment": "D'accord."}))]
pub struct DecideApproval {
    /// Accept or refuse.
    pub decision: Decision,
    /// What to say with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Accept or refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go ahead.
    Accept,
    /// Propose something else.
    Refuse,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    /// Waiting for a decision.
    Pending,
    /// Accepted.
    Accepted,
    /// Refused.
    Refused,
    /// Replaced by a later proposal, or no longer wanted.
    Withdrawn,
}

/// A proposal and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-000000000041",
    "proposal": "Remplacer le poste par un modèle récent.",
    "status": "accepted",
    "requested_by": {"id": "0198c0de-7000-7000-8000-000000000002", "username": "agent", "name": "Agent"},
    "requested_at": "2026-03-02T10:00:00Z",
    "decided_by": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "decided_at": "2026-03-02T11:00:00Z",
    "comment": "D'accord."
}))]
pub struct Approval {
    /// Identity of the proposal.
    pub id: Uuid,
    /// What is proposed; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub proposal: Option<String>,
    /// What became of it.
    pub status: ApprovalStatus,
    /// Who proposed.
    pub requested_by: AccountRef,
    /// When it was proposed.
    pub requested_at: DateTime<Utc>,
    /// Who decided; `null` while pending.
    #[schema(required = true)]
    pub decided_by: Option<AccountRef>,
    /// When it was decided; `null` while pending.
    #[schema(required = true)]
    pub decided_at: Option<DateTime<Utc>>,
    /// The words that came with the decision.
    #[schema(required = true)]
    pub comment: Option<String>,
}

/// All proposals of a ticket, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": []}))]
pub struct ApprovalList {
    /// The proposals.
    pub items: Vec<Approval>,
}
