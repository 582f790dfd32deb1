//! What the log says of itself: its epochs and the keys that sign its checkpoints (design §4.5; peers N2).

use serde::{Deserialize, Serialize};

/// What happened to the log. One stream, named `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LogEvent {
    /// `log-epoch-begun.v1`: the first event of a log, and the first after a loss was accepted. From here on checkpoints
    /// name this origin.
    EpochBegun {
        /// 0 for a new log, one more with every accepted loss.
        epoch: u32,
        /// The origin of its checkpoints (C2SP tlog-checkpoint).
        origin: String,
        /// The epoch before, and what was lost of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        before: Option<EpochBefore>,
        /// Why the loss was accepted, in the operator's words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
    /// `log-key-enrolled.v1`: a key signs checkpoints from here on, and the keys enrolled before it no longer do.
    KeyEnrolled {
        /// The verifier key (C2SP signed-note).
        key: String,
        /// What ties it to the key before it; absent for the first key, and when the one before was lost.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        endorsement: Option<Endorsement>,
    },
}

/// The epoch that ended with a loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochBefore {
    /// Its origin; absent when the loss took the beginning of the log with it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<String>,
    /// The first position that is lost.
    pub lost_from: u64,
    /// The last position that anybody is known to have seen.
    pub lost_to: u64,
    /// Its last signed checkpoint, whole, when there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checkpoint: Option<String>,
}

/// The word of one signing key for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// The verifier key of the key that signs.
    pub by: String,
    /// Its Ed25519 signature, base64, over `guichet/endorse/1\n<origin>\n<new verifier key>\n`.
    pub signature: String,
}
