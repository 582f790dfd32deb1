//! Who asks, when, through which door, under which command id: stamped once, at the door.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Detail,
    policy::{KeyScope, Viewer},
    ticket::Rejection,
};
use event_log::{Channel, CommandId, Version};
use uuid::Uuid;

use crate::kernel::error::ExecuteError;

/// The name space of command ids made from idempotency keys (design §3, Idempotency).
const COMMANDS: Uuid = Uuid::from_bytes(*b"guichet-commands");
/// The name space of command ids made from an operator's report, whichever of its accounts sends it.
const REPORTS: Uuid = Uuid::from_bytes(*b"guichet--reports");
/// The name space of command ids made from one-time links.
pub(crate) const LINKS: Uuid = Uuid::from_bytes(*b"guichet----links");

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
    /// The versions of which the caller saw one (`If-Match`); any when absent.
    pub expected_version: Option<ExpectedVersion>,
    /// The sign-in, whose later reads should see this write.
    pub sign_in: Option<Uuid>,
    /// What the API key opens that the call is made with; `None` for a person's own sign-in, which opens all.
    pub scopes: Option<BTreeSet<KeyScope>>,
}

/// Versions of which one must be the one that is there. `If-Match` is a list, and names of it that are no versions of ours
/// are none: an empty list is never met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedVersion(BTreeSet<Version>);

impl ExpectedVersion {
    /// The newest of them that was there before this one.
    fn before(&self, actual: Version) -> Option<Version> {
        self.0.range(..actual).next_back().copied()
    }
}

impl From<Version> for ExpectedVersion {
    fn from(version: Version) -> Self {
        Self(BTreeSet::from([version]))
    }
}

impl FromIterator<Version> for ExpectedVersion {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        Self(versions.into_iter().collect())
    }
}

/// What is asked of one ticket or account: each action on what the ones before it make.
#[derive(Debug, Clone)]
pub struct Asked<A> {
    /// The actions.
    pub actions: Vec<A>,
    /// The versions of which the caller saw one; any when absent.
    pub expected: Option<ExpectedVersion>,
}

/// Refuses when the caller saw another version than this (`If-Match`).
pub(crate) fn expects(expected: Option<&ExpectedVersion>, actual: Version) -> Result<(), ExecuteError> {
    match expected {
        Some(expected) if !expected.0.contains(&actual) => Err(ExecuteError::Stale {
            expected: expected.before(actual).unwrap_or(actual),
            actual,
        }),
        Some(_) | None => Ok(()),
    }
}

impl Call {
    /// Refuses when the caller saw another version than this.
    pub(crate) fn expects(&self, actual: Version) -> Result<(), ExecuteError> {
        expects(self.expected_version.as_ref(), actual)
    }

    /// Refuses a call for somebody else, where nobody acts for anybody: on what is no ticket.
    pub(crate) fn is_for_oneself(&self) -> Result<(), ExecuteError> {
        match self.on_behalf_of {
            Some(_) => {
                let why = Detail::TicketsOnlyForOthers;
                Err(Rejection::NotPermitted { why }.into())
            }
            None => Ok(()),
        }
    }
}

/// The operation that opens a ticket, as a door names it in [`command_id`] and in the digest of a command.
pub const OPENS_TICKET: &str = "POST /v1/tickets";

/// The command id of an idempotency key; a fresh one without a key.
///
/// A key is its account's own. The SOAP door's key for a new ticket is everybody's: it is made of the operator and the
/// operator's own reference (design §3; peers N5), so that one report makes one ticket even when two programs of the
/// operator send it. Only a trusted door may be on the channel [`Channel::Soap`].
#[must_use]
pub fn command_id(
    account: AccountId,
    channel: Channel,
    operation: &str,
    idempotency_key: Option<&str>,
) -> CommandId {
    let is_operators = channel == Channel::Soap && operation == OPENS_TICKET;
    CommandId(match idempotency_key {
        Some(key) if is_operators => Uuid::new_v5(&REPORTS, key.as_bytes()),
        Some(key) => {
            let of_account = Uuid::new_v5(&COMMANDS, account.0.as_bytes());
            Uuid::new_v5(&of_account, key.as_bytes())
        }
        None => Uuid::now_v7(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(account: u128, channel: Channel, operation: &str) -> CommandId {
        command_id(
            AccountId(Uuid::from_u128(account)),
            channel,
            operation,
            Some("soap:1"),
        )
    }

    #[test]
    fn a_report_of_an_operator_is_one_command_whichever_program_sends_it() {
        assert_eq!(
            id(1, Channel::Soap, OPENS_TICKET),
            id(2, Channel::Soap, OPENS_TICKET)
        );
        let comment = "POST /v1/tickets/SAV-1/comments";
        assert_ne!(id(1, Channel::Soap, comment), id(2, Channel::Soap, comment));
    }

    #[test]
    fn nobody_takes_an_operators_key_through_another_door() {
        assert_ne!(
            id(1, Channel::Rest, OPENS_TICKET),
            id(1, Channel::Soap, OPENS_TICKET)
        );
        assert_ne!(
            id(1, Channel::Rest, OPENS_TICKET),
            id(2, Channel::Rest, OPENS_TICKET)
        );
        assert_eq!(
            id(1, Channel::Rest, OPENS_TICKET),
            id(1, Channel::Courier, OPENS_TICKET)
        );
    }

    #[test]
    fn without_a_key_every_command_is_its_own() {
        let account = AccountId(Uuid::from_u128(1));
        let id = || command_id(account, Channel::Rest, OPENS_TICKET, None);
        assert_ne!(id(), id());
    }
}
