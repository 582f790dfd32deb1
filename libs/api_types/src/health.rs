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

/// Whether the server takes work. The HTTP status is 200 when commands are taken and lists are answered, and 503 when not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "status": "ready",
    "log": {"state": "writable", "reason": null, "head": 43},
    "views": [{"name": "queue", "position": 43, "state": "running", "behind_ms": 0}],
    "proof": {"state": "following", "size": 43, "signed": 40},
    "problems": [{
        "code": "worker-failing", "stops": "nothing", "detail": "archive: archive-unwritable, begun again 0 times",
        "advice": "It goes on trying; the process log says what fails."
    }],
    "workers": [{"name": "archive", "state": "failing", "restarts": 0, "last_error": "archive-unwritable"}]
}))]
pub struct Readiness {
    /// In a word.
    pub status: ReadinessStatus,
    /// The event log.
    pub log: LogHealth,
    /// The screens, each with how far it has read.
    pub views: Vec<ViewHealth>,
    /// The Merkle tree over the log.
    pub proof: ProofHealth,
    /// All that is not as it should be; empty when all is well.
    pub problems: Vec<ReadinessProblem>,
    /// What lives as long as the process.
    pub workers: Vec<WorkerHealth>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "log-full", "stops": "commands",
    "detail": "the disk has 1000 bytes free, and 67108864 are kept in reserve",
    "advice": "Make room; commands are then taken again by themselves."
}))]
pub struct ReadinessProblem {
    /// For programs, and for ever: `log-full`, `log-stopped`, `log-read-only`, `keys-missing`, `keys-damaged`,
    /// `accounts-unreadable`, `checkpoints-missing`, `clock-behind`, `clock-leap`, `view-behind`, `view-stopped`, `tree-behind`,
    /// `worker-failing`, `worker-restarting`, `worker-given-up`. There may be more.
    pub code: String,
    /// What does not work.
    pub stops: Stops,
    /// What is the matter, for the people who run it.
    pub detail: String,
    /// What they can do.
    pub advice: String,
}

/// How a thread or task that lives as long as the process fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "views", "state": "running", "restarts": 0, "last_error": null}))]
pub struct WorkerHealth {
    /// Its name.
    pub name: String,
    /// How it fares.
    pub state: WorkerState,
    /// How often it was begun again.
    pub restarts: u64,
    /// The code of what went wrong last, though it may be well since.
    #[schema(required = true)]
    pub last_error: Option<String>,
}

/// The tree's progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"state": "following", "size": 43, "signed": 40}))]
pub struct ProofHealth {
    /// How far it is.
    pub state: ProofState,
    /// How many events are in it.
    pub size: u64,
    /// How many events the last checkpoint covers.
    pub signed: u64,
}

/// The event log's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"state": "writable", "reason": null, "head": 43}))]
pub struct LogHealth {
    /// Whether it takes writes.
    pub state: LogState,
    /// Why it takes no writes, for the people who run it; `null` when it does.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Last position that is on disk; 0 for an empty log.
    pub head: u64,
}

/// One screen's progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "queue", "position": 43, "state": "running", "behind_ms": 0}))]
pub struct ViewHealth {
    /// Name of the screen.
    pub name: String,
    /// Last position it shows.
    pub position: u64,
    /// How what keeps it fares.
    pub state: WorkerState,
    /// For how long it has lacked what the log has, ms. Past 10,000 lists are refused with `view-behind`.
    pub behind_ms: u64,
}

/// Whether the server takes work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessStatus {
    /// Commands are taken and lists are answered.
    Ready,
    /// One of the two does not work.
    NotReady,
}

/// What does not work. The first two make the server not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    /// No command is taken.
    Commands,
    /// Lists are not answered.
    Lists,
    /// Proofs are not answered.
    Proofs,
    /// Everything works.
    Nothing,
}

/// How a thread or task fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// It works.
    Running,
    /// What it does fails, and it goes on trying.
    Failing,
    /// It ended although it should not, and is about to be begun again.
    Restarting,
    /// It ended too often.
    GivenUp,
    /// There is nothing left to do.
    Done,
}

/// How far the Merkle tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofState {
    /// It follows the log.
    Following,
    /// It is made anew and has not reached what was signed.
    CatchingUp,
    /// The log is not the one that was signed; it takes no writes.
    Broken,
}

/// Whether the log takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogState {
    /// It does.
    Writable,
    /// The disk has less free space than is kept in reserve.
    Full,
    /// The disk failed. The server tries every few seconds to open the log again.
    Stopped,
    /// It lacks or contradicts what was seen elsewhere.
    ReadOnly,
}
