//! Liveness and readiness, for those who run the server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The process answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`.
    pub status: String,
}

/// Whether the server takes work. The HTTP status is 200 when it does and 503 when it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "status": "ready",
    "log": {"state": "writable", "reason": null, "head": 43},
    "views": [{"name": "queue", "position": 43}],
    "proof": {"state": "following", "size": 43, "signed": 40}
}))]
pub struct Readiness {
    /// `ready` or `not_ready`.
    pub status: String,
    /// The event log.
    pub log: LogHealth,
    /// The screens, each with how far it has read.
    pub views: Vec<ViewHealth>,
    /// The Merkle tree over the log.
    pub proof: ProofHealth,
}

/// The tree's progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"state": "following", "size": 43, "signed": 40}))]
pub struct ProofHealth {
    /// `following`; `catching_up` while it is made anew and has not reached what was signed; `broken` when the log is not
    /// the one that was signed, and then the log takes no writes.
    pub state: String,
    /// How many events are in it.
    pub size: u64,
    /// How many events the last checkpoint covers.
    pub signed: u64,
}

/// The event log's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"state": "writable", "reason": null, "head": 43}))]
pub struct LogHealth {
    /// `writable`; `full` when the disk has less free space than is kept in reserve; `stopped` after a failure of the disk,
    /// until the log is opened again, which the server tries every few seconds; `read_only` when it lacks or contradicts what
    /// was seen elsewhere.
    pub state: String,
    /// Why it takes no writes, for the people who run it; `null` when it does.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Last position that is on disk; 0 for an empty log.
    pub head: u64,
}

/// One screen's progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "queue", "position": 43}))]
pub struct ViewHealth {
    /// Name of the screen.
    pub name: String,
    /// Last position it shows.
    pub position: u64,
}
