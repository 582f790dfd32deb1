//! Who asks, when, through which door, under which command id: stamped once, at the door.

use chrono::{DateTime, Utc};
use domain::{AccountId, policy::Viewer};
use event_log::{Channel, CommandId, Version};
use uuid::Uuid;

/// The name space of command ids made from idempotency keys (design §3, Idempotency).
const COMMANDS: Uuid = Uuid::from_bytes(*b"guichet-commands");

/// One call of a command, as the door stamped it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who is signed in, with today's rights.
    pub viewer: Viewer,
    /// For whom, when not for themselves.
    pub on_behalf_of: Option<AccountId>,
    /// When the door took it: the only reading of the clock.
    pub at: DateTime<Utc>,
    /// When it happened, as a trusted channel says.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, as a trusted channel says.
    pub sent_at: Option<DateTime<Utc>>,
    /// The door.
    pub channel: Channel,
    /// The command's identity.
    pub command_id: CommandId,
    /// Keyed digest of what is asked.
    pub command_digest: [u8; 32],
    /// The request's id, for logs.
    pub correlation_id: Uuid,
    /// The version that the caller saw (`If-Match`).
    pub expected_version: Option<Version>,
    /// The sign-in, whose later reads should see this write.
    pub sign_in: Option<Uuid>,
}

/// The command id of an account's idempotency key; a fresh one without a key.
#[must_use]
pub fn command_id(account: AccountId, idempotency_key: Option<&str>) -> CommandId {
    CommandId(match idempotency_key {
        Some(key) => {
            let of_account = Uuid::new_v5(&COMMANDS, account.0.as_bytes());
            Uuid::new_v5(&of_account, key.as_bytes())
        }
        None => Uuid::now_v7(),
    })
}
