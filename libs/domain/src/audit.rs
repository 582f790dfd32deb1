//! The trace that reading audit data leaves (design §6).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::TicketKey;

/// What auditors did, in one stream per account, named `audit-<uuid>`; and what they must know of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum AuditEvent {
    /// `audit-read.v1`: once for an export or a bundle, and once an hour for whoever reads the feed.
    Read {
        /// What was read.
        what: AuditData,
        /// Up to which position of the log.
        up_to: u64,
    },
    /// `audit-clock-accepted.v1`: an operator takes the clock as it is although it has leapt, or lies behind the log. In the stream
    /// `audit-clock`.
    ClockAccepted {
        /// Why, in the operator's words.
        reason: String,
        /// What the clock said. The event's own `at` may be later.
        clock: DateTime<Utc>,
        /// By how much it had leapt, s; negative when it went back, absent when it had not leapt.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        leapt_s: Option<i64>,
        /// By how much it lay behind the last event of the log, s; 0 when it did not.
        behind_s: i64,
    },
}

/// Audit data that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AuditData {
    /// The whole log.
    Export,
    /// The evidence bundle of a ticket.
    Bundle {
        /// Which ticket.
        ticket: TicketKey,
        /// Without what its reader may not see.
        redacted: bool,
    },
    /// Pages or a live stream of the change feed, within the hour that begins with this event.
    Feed,
}
