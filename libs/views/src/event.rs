//! From a recorded event to what the views take from it: decoded once for all of them.

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Commitment, DecodeError, Event, OrganizationId, TicketKey,
    account::{AccountEvent, ProfileChanged},
    desk::{DeskDefinition, DeskEvent},
    organization::OrganizationEvent,
    ticket::{Stamp, TicketEvent},
};
use event_log::{Envelope, Position};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::views::{Open, OpenError};

/// How often the personal values of an event are tried before the event is passed over: a failing disk may recover.
const OPEN_TRIES_MAX: u32 = 3;

/// What the views take from one event.
#[derive(Debug)]
pub enum Fact {
    /// Something happened to a ticket.
    Ticket(TicketKey, Stamp, Box<TicketEvent>),
    /// A definition was published, in data of this SHA-256.
    Desk(Box<DeskDefinition>, [u8; 32]),
    /// An account has this name; `None` once its person is erased.
    Account(AccountId, Option<String>, Option<Commitment>),
    /// An organization has this name.
    Organization(OrganizationId, String),
    /// Nothing that a view shows.
    Nothing,
}

/// What one event tells, and when it was recorded.
#[derive(Debug)]
pub struct Told {
    /// Where it stands in the log.
    pub position: u64,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What the views take from it.
    pub fact: Fact,
}

/// Why an event tells nothing. It is passed over and logged: one event must not stop every screen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadEventError {
    #[error("its data is not JSON")]
    Json(#[source] serde_json::Error),
    #[error("its personal values cannot be opened")]
    Open(#[source] OpenError),
    #[error("it is not of a known form")]
    Decode(#[source] DecodeError),
    #[error("its stream {stream:?} has a name of another kind")]
    Stream { stream: String },
}

/// Reads one event. Types that no view needs are not even opened.
pub(crate) fn read(position: Position, envelope: &Envelope, open: &Open) -> Result<Fact, ReadEventError> {
    let event_type = envelope.event_type.as_str();
    let needed = event_type.starts_with("ticket-")
        || event_type.starts_with("desk-")
        || event_type.starts_with("organization-")
        || event_type.starts_with("account-created.")
        || event_type.starts_with("account-profile-changed.");
    if !needed {
        return Ok(Fact::Nothing);
    }
    let event = Event::decode(event_type, opened(envelope, open)?).map_err(ReadEventError::Decode)?;
    let data = envelope.data.get().as_bytes();
    fact(envelope.stream.as_str(), stamp(position, envelope), event, data)
}

/// What a decoded event tells. `data` are the stored bytes of its data.
pub(crate) fn fact(stream: &str, stamp: Stamp, event: Event, data: &[u8]) -> Result<Fact, ReadEventError> {
    let misnamed = || ReadEventError::Stream {
        stream: stream.to_owned(),
    };
    match event {
        Event::Ticket(event) => {
            let key = TicketKey::try_from(stream.to_owned()).ok().ok_or_else(misnamed)?;
            Ok(Fact::Ticket(key, stamp, Box::new(event)))
        }
        Event::Desk(DeskEvent::Published { definition }) => {
            let digest = Sha256::digest(data);
            Ok(Fact::Desk(definition, digest.into()))
        }
        Event::Account(AccountEvent::Created(created)) => Ok(Fact::Account(
            id_in(stream).ok_or_else(misnamed)?,
            created.name.value,
            created.name.commitment,
        )),
        Event::Account(AccountEvent::ProfileChanged(ProfileChanged { name: Some(name), .. })) => Ok(
            Fact::Account(id_in(stream).ok_or_else(misnamed)?, name.value, name.commitment),
        ),
        Event::Desk(DeskEvent::ListChanged { .. })
        | Event::Account(_)
        | Event::Name(_)
        | Event::Person(_)
        | Event::Log(_)
        | Event::Audit(_) => Ok(Fact::Nothing),
        Event::Organization(OrganizationEvent::Created(organization)) => {
            Ok(Fact::Organization(organization.id, organization.name))
        }
        Event::Organization(OrganizationEvent::Renamed { name }) => {
            let id = stream
                .strip_prefix("organization-")
                .and_then(|id| id.parse().ok());
            Ok(Fact::Organization(id.ok_or_else(misnamed)?, name))
        }
        Event::Organization(_) => Ok(Fact::Nothing),
    }
}

/// The account that a stream is of.
fn id_in(stream: &str) -> Option<AccountId> {
    stream.strip_prefix("account-")?.parse().ok()
}

fn opened(envelope: &Envelope, open: &Open) -> Result<Value, ReadEventError> {
    let mut tries = 1;
    loop {
        let mut data = serde_json::from_str(envelope.data.get()).map_err(ReadEventError::Json)?;
        match open(envelope.id.0, &mut data) {
            Ok(()) => return Ok(data),
            Err(error) if tries == OPEN_TRIES_MAX => return Err(ReadEventError::Open(error)),
            Err(_) => tries += 1,
        }
    }
}

/// Who and when, as a fold wants it.
#[must_use]
pub fn stamp(position: Position, envelope: &Envelope) -> Stamp {
    Stamp {
        position: position.0,
        version: envelope.version.0,
        command: envelope.command_id.0,
        at: envelope.at,
        occurred_at: envelope.occurred_at,
        sent_at: envelope.sent_at,
        by: AccountId(envelope.by),
        on_behalf_of: envelope.on_behalf_of.map(AccountId),
    }
}
