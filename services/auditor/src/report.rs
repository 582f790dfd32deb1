//! What an audit found, for programs (JSON) and, by [`crate::html`], for people.

use std::time::Instant;

use serde::Serialize;

use crate::bundle::{AttachmentChecked, Told};
use crate::export::{Depth, Statistics};
use crate::fault::{Code, Fault};
use crate::trust::{Enrolled, Epoch, Trust};

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is wrong.
    Verified,
    /// Something is.
    Faulty,
}

impl Verdict {
    pub(crate) fn of(faults: &[Fault]) -> Verdict {
        if faults.is_empty() {
            Verdict::Verified
        } else {
            Verdict::Faulty
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// How many of them.
    pub count: u64,
    /// Whether all were found in order.
    pub holds: bool,
}

impl Check {
    /// Nothing of the kind was there, and nothing of it is wrong.
    pub(crate) fn is_worth_telling(&self) -> bool {
        self.count > 0 || !self.holds
    }
}

/// Says of each check whether it holds.
pub(crate) struct Checks<'f>(&'f [Fault]);

impl<'f> Checks<'f> {
    pub(crate) fn new(faults: &'f [Fault]) -> Checks<'f> {
        Checks(faults)
    }

    pub(crate) fn of(&self, what: &str, count: u64, codes: &[Code]) -> Check {
        Check {
            what: what.to_owned(),
            count,
            holds: !self.0.iter().any(|fault| codes.contains(&fault.code)),
        }
    }
}

/// A checkpoint and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointSaid {
    /// The log it names.
    pub origin: String,
    /// Events it is over.
    pub size: u64,
    /// The root over them, base64.
    pub root: String,
    /// The whole signed note: worth keeping, since a later export can be held against it.
    pub note: String,
}

/// A checkpoint kept from earlier, held against the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OlderCheckpoint {
    /// Where it came from.
    pub name: String,
    /// Events it is over.
    pub size: u64,
    /// The root it names, base64.
    pub root: String,
    /// Whether the export goes on from it.
    pub holds: bool,
}

/// The digest of the queue at the last position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueDigest {
    /// What the last line says.
    pub claimed: Option<String>,
    /// What the events give; `None` when they were not folded.
    pub computed: Option<String>,
}

/// How long it took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// Seconds.
    pub seconds: f64,
    /// Events a second.
    pub events_per_second: f64,
    /// Bytes of the file a second.
    pub bytes_per_second: f64,
}

impl Timing {
    pub(crate) fn since(started: Instant, events: u64, bytes: u64) -> Timing {
        // A clock that stands still would make the rates infinite, which JSON cannot say.
        let seconds = started.elapsed().as_secs_f64().max(1e-9);
        Timing {
            seconds,
            events_per_second: events as f64 / seconds,
            bytes_per_second: bytes as f64 / seconds,
        }
    }
}

/// What was found in an export.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// The outcome.
    pub verdict: Verdict,
    /// How much was looked at.
    pub depth: Depth,
    /// The origin in force at the last position.
    pub origin: Option<String>,
    /// Events in it.
    pub size: u64,
    /// The root over them, base64.
    pub root: String,
    /// The checkpoint of the last line.
    pub checkpoint: Option<CheckpointSaid>,
    /// Why the key that signed it is believed; `None` when it is not.
    pub trust: Option<Trust>,
    /// The keys that the log enrolled.
    pub keys: Vec<Enrolled>,
    /// The epochs that the log began.
    pub epochs: Vec<Epoch>,
    /// Checkpoints kept from earlier.
    pub older_checkpoints: Vec<OlderCheckpoint>,
    /// The digest of the queue, when one was named or computed.
    pub queue: Option<QueueDigest>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What is wrong, in the order in which a reader meets it.
    pub faults: Vec<Fault>,
    /// How many faults are not listed.
    pub faults_left_out: u64,
    /// Counts and landmarks.
    pub statistics: Statistics,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the events alone, as they are stored.
    pub event_bytes: u64,
    /// How long it took.
    pub timing: Timing,
}

/// What was found in an evidence bundle.
#[derive(Debug, Clone, Serialize)]
pub struct BundleReport {
    /// The outcome.
    pub verdict: Verdict,
    /// The log it is of.
    pub origin: String,
    /// The ticket.
    pub ticket: String,
    /// The checkpoint that all proofs lead to.
    pub checkpoint: Option<CheckpointSaid>,
    /// Why the key that signed it is believed; `None` when it is not.
    pub trust: Option<Trust>,
    /// The keys that the log enrolled up to the checkpoint.
    pub keys: Vec<Enrolled>,
    /// The epochs that the log began.
    pub epochs: Vec<Epoch>,
    /// What happened to the ticket.
    pub history: Vec<Told>,
    /// Files held against what the bundle says of them.
    pub attachments: Vec<AttachmentChecked>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What is wrong, in the order in which a reader meets it.
    pub faults: Vec<Fault>,
    /// How many faults are not listed.
    pub faults_left_out: u64,
    /// How long it took.
    pub timing: Timing,
}

impl BundleReport {
    /// Of a document that says nothing.
    pub(crate) fn empty() -> BundleReport {
        BundleReport {
            verdict: Verdict::Faulty,
            origin: String::new(),
            ticket: String::new(),
            checkpoint: None,
            trust: None,
            keys: Vec::new(),
            epochs: Vec::new(),
            history: Vec::new(),
            attachments: Vec::new(),
            checks: Vec::new(),
            faults: Vec::new(),
            faults_left_out: 0,
            timing: Timing::since(Instant::now(), 0, 0),
        }
    }
}
