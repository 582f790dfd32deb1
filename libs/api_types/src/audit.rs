//! Proofs: what an auditor needs to verify the log without trusting the server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The proof that an event is in the log that a checkpoint was signed over (RFC 6962 §2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "position": 2,
    "leaf": "GWj5tbIMdRYitDgTtVvnSL+0wJPNSOs2QM21AA2WkHM=",
    "proof": ["bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="],
    "size": 2,
    "checkpoint": "guichet.example/0198c0de70007000800000000000ff01\n2\n+soCkAdfAZN0TAGYLqmLzYGSLVbuMBZWmwMGrNOTTWE=\n\n\u{2014} guichet.example/0198c0de70007000800000000000ff01 AAAA\n"
}))]
pub struct InclusionProof {
    /// Place of the event in the whole log, from 1; its leaf has the index `position - 1`.
    pub position: u64,
    /// SHA-256 of `0x00` and the stored bytes, base64.
    pub leaf: String,
    /// The inclusion path, bottom first, base64.
    pub proof: Vec<String>,
    /// How many events the checkpoint covers.
    pub size: u64,
    /// The signed note (C2SP tlog-checkpoint) whose root the path leads to.
    pub checkpoint: String,
}

/// The proof that a log of one size is the beginning of the log that a checkpoint was signed over (RFC 6962 §2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "from": 1,
    "to": 2,
    "proof": ["GWj5tbIMdRYitDgTtVvnSL+0wJPNSOs2QM21AA2WkHM="],
    "checkpoint": "guichet.example/0198c0de70007000800000000000ff01\n2\n+soCkAdfAZN0TAGYLqmLzYGSLVbuMBZWmwMGrNOTTWE=\n\n\u{2014} guichet.example/0198c0de70007000800000000000ff01 AAAA\n"
}))]
pub struct ConsistencyProof {
    /// The smaller size.
    pub from: u64,
    /// The size of the checkpoint.
    pub to: u64,
    /// The proof, base64.
    pub proof: Vec<String>,
    /// The signed note of the larger size.
    pub checkpoint: String,
}

/// The key that signs checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"key": "guichet.example/0198c0de70007000800000000000ff01+1f3c6ac3+AQ9yUJr2bv5vlpYFvhmW7qIqGbIYKmuBmVVSKmWX6R4L"}))]
pub struct CheckpointKey {
    /// The verifier key (C2SP signed-note). Keep it, and compare it with what others have kept.
    pub key: String,
}

/// One line of the export: a header, an event as stored, or the end with its checkpoint (docs/audit-format.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"position": 43, "event": {"id": "0198c0de-7000-7000-8000-000000000021", "stream": "SUP-12"}}))]
pub struct ExportLine {
    /// Place of the event in the whole log.
    pub position: u64,
    /// The event, its personal values sealed.
    pub event: serde_json::Value,
}

/// An evidence bundle: a ticket's events with their proofs (docs/audit-format.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "guichet_bundle": 1,
    "origin": "guichet.example/0198c0de70007000800000000000ff01",
    "ticket": "SUP-12",
    "checkpoint": "guichet.example/0198c0de70007000800000000000ff01\n2\n+soCkAdfAZN0TAGYLqmLzYGSLVbuMBZWmwMGrNOTTWE=\n\n\u{2014} guichet.example/0198c0de70007000800000000000ff01 AAAA\n",
    "keys": [],
    "events": [{"position": 43, "leaf": "GWj5tbIMdRYitDgTtVvnSL+0wJPNSOs2QM21AA2WkHM=", "proof": []}],
    "accounts": []
}))]
pub struct EvidenceBundle {
    /// The form of the bundle: 1.
    pub guichet_bundle: u32,
    /// The log's name.
    pub origin: String,
    /// The ticket's key.
    pub ticket: String,
    /// The signed note that all proofs lead to.
    pub checkpoint: String,
    /// The events that name the log and its keys.
    pub keys: Vec<serde_json::Value>,
    /// The ticket's events; what its reader may not read is a leaf hash alone.
    pub events: Vec<serde_json::Value>,
    /// The events that name the accounts that acted.
    pub accounts: Vec<serde_json::Value>,
}

/// A person to be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Demande du 2 mars 2026"}))]
pub struct ErasePerson {
    /// Why; kept for ever in the log, sealed for who asks. At most 1,000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// An erasure and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "person": "0198c0de-7000-7000-8000-000000000001",
    "state": "running",
    "at": "2026-03-02T09:30:00Z",
    "position": 44,
    "detail": null
}))]
pub struct Erasure {
    /// Who.
    pub person: uuid::Uuid,
    /// How far it is.
    pub state: ErasureState,
    /// When it was recorded.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Place of its event in the whole log.
    pub position: u64,
    /// What failed, for the people who run the server.
    #[schema(required = true)]
    pub detail: Option<String>,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// The key is destroyed, and screens are made anew without the person.
    Running,
    /// Nothing is left of the person's words.
    Done,
    /// Something could not be cleaned; it is tried again when the server starts.
    Failed,
}
