//! The trace that reading audit data leaves (design §6).

use serde::{Deserialize, Serialize};

use crate::ids::TicketKey;

/// What an auditor did. One stream per account, named `audit-<uuid>`.
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
