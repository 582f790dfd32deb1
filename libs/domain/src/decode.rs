//! From the names and bytes on disk to events, and back.
//!
//! Old forms are read for ever: a type that changes gets a new number here, and the old number an upcast.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    account::AccountEvent,
    audit::AuditEvent,
    desk::{DeskEvent, first_edition},
    epoch::LogEvent,
    ids::AccountId,
    organization::OrganizationEvent,
    person::PersonEvent,
    ticket::TicketEvent,
};

/// Any event of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of a ticket.
    Ticket(TicketEvent),
    /// Of an account.
    Account(AccountEvent),
    /// Of an organization.
    Organization(OrganizationEvent),
    /// Of a desk.
    Desk(DeskEvent),
    /// Of a name that is held once only.
    Name(NameEvent),
    /// Of a person.
    Person(PersonEvent),
    /// Of the log itself.
    Log(LogEvent),
    /// Of who reads the log.
    Audit(AuditEvent),
}

/// What happened to a name that is held once only (a user name). One stream per name, named `unique-<HMAC>`, so that
/// the name itself stays out of the log (design §3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum NameEvent {
    /// `name-reserved.v1`
    Reserved {
        /// The account that holds it.
        holder: AccountId,
    },
}

/// Why stored data is not an event that this version knows.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The type is not known: written by a newer version, or not ours.
    #[error("event type {event_type:?} is not known to this version")]
    UnknownType {
        /// The type as stored.
        event_type: String,
    },
    /// The data does not have the shape of its type.
    #[error("the data of an event of type {event_type:?} does not have that type's shape")]
    Shape {
        /// The type as stored.
        event_type: String,
        /// What was found.
        source: serde_json::Error,
    },
}

/// The name on disk and the variant's name in Rust, one row each.
const TICKET: [(&str, &str); 13] = [
    ("ticket-opened.v1", "Opened"),
    ("ticket-described.v1", "Described"),
    ("ticket-commented.v1", "Commented"),
    ("ticket-attached.v1", "Attached"),
    ("ticket-transitioned.v1", "Transitioned"),
    ("ticket-assigned.v1", "Assigned"),
    ("ticket-edited.v1", "Edited"),
    ("ticket-approval-requested.v1", "ApprovalRequested"),
    ("ticket-approval-withdrawn.v1", "ApprovalWithdrawn"),
    ("ticket-approval-decided.v1", "ApprovalDecided"),
    ("ticket-reopened.v1", "Reopened"),
    ("ticket-shared.v1", "Shared"),
    ("ticket-unshared.v1", "Unshared"),
];
const ACCOUNT: [(&str, &str); 28] = [
    ("account-created.v1", "Created"),
    ("account-password-set.v1", "PasswordSet"),
    ("account-password-changed.v1", "PasswordChanged"),
    ("account-password-reset.v1", "PasswordReset"),
    ("account-password-rehashed.v1", "PasswordRehashed"),
    ("account-role-granted.v1", "RoleGranted"),
    ("account-role-revoked.v1", "RoleRevoked"),
    ("account-joined.v1", "Joined"),
    ("account-left.v1", "Left"),
    ("account-profile-changed.v1", "ProfileChanged"),
    ("account-fields-locked.v1", "FieldsLocked"),
    ("account-address-set.v1", "AddressSet"),
    ("account-address-removed.v1", "AddressRemoved"),
    ("account-address-refused.v1", "AddressRefused"),
    ("account-avatar-set.v1", "AvatarSet"),
    ("account-avatar-removed.v1", "AvatarRemoved"),
    ("account-disabled.v1", "Disabled"),
    ("account-enabled.v1", "Enabled"),
    ("account-locked.v1", "Locked"),
    ("account-unlocked.v1", "Unlocked"),
    ("account-signed-out-everywhere.v1", "SignedOutEverywhere"),
    ("account-second-factor-enrolled.v1", "SecondFactorEnrolled"),
    ("account-second-factor-removed.v1", "SecondFactorRemoved"),
    ("account-recovery-code-used.v1", "RecoveryCodeUsed"),
    ("account-identity-linked.v1", "IdentityLinked"),
    ("account-identity-unlinked.v1", "IdentityUnlinked"),
    ("account-api-key-issued.v1", "ApiKeyIssued"),
    ("account-api-key-revoked.v1", "ApiKeyRevoked"),
];
const ORGANIZATION: [(&str, &str); 7] = [
    ("organization-created.v1", "Created"),
    ("organization-renamed.v1", "Renamed"),
    ("organization-siren-set.v1", "SirenSet"),
    ("organization-moved.v1", "Moved"),
    ("organization-referent-named.v1", "ReferentNamed"),
    ("organization-contract-signed.v1", "ContractSigned"),
    ("organization-contract-withdrawn.v1", "ContractWithdrawn"),
];
const DESK: [(&str, &str); 2] = [
    ("desk-published.v2", "Published"),
    ("desk-list-changed.v1", "ListChanged"),
];
/// The first edition of desk definitions, which is read and no longer written.
const DESK_FIRST_EDITION: &str = "desk-published.v1";
const NAME: [(&str, &str); 1] = [("name-reserved.v1", "Reserved")];
const PERSON: [(&str, &str); 1] = [("person-erased.v1", "Erased")];
const LOG: [(&str, &str); 2] = [
    ("log-epoch-begun.v1", "EpochBegun"),
    ("log-key-enrolled.v1", "KeyEnrolled"),
];
const AUDIT: [(&str, &str); 2] = [
    ("audit-read.v1", "Read"),
    ("audit-clock-accepted.v1", "ClockAccepted"),
];

impl Event {
    /// Every type that this version reads; it writes all but the first edition of desk definitions.
    pub fn types() -> impl Iterator<Item = &'static str> {
        let rows = TICKET
            .iter()
            .chain(&ACCOUNT)
            .chain(&ORGANIZATION)
            .chain(&DESK)
            .chain(&NAME)
            .chain(&PERSON)
            .chain(&LOG)
            .chain(&AUDIT);
        rows.map(|(stored, _)| *stored).chain([DESK_FIRST_EDITION])
    }

    /// The sealed values of this type are secrets: no reader is ever shown them, auditors included.
    #[must_use]
    pub fn is_secret(event_type: &str) -> bool {
        AccountEvent::SECRET.contains(&event_type)
    }

    /// Reads stored data (with its personal values put back) as the event that its type names.
    ///
    /// # Errors
    /// [`DecodeError`] when the type is unknown or the data has another shape.
    pub fn decode(event_type: &str, data: Value) -> Result<Event, DecodeError> {
        let row = |rows: &[(&'static str, &'static str)]| {
            rows.iter()
                .find(|(stored, _)| *stored == event_type)
                .map(|(_, variant)| *variant)
        };
        if event_type == DESK_FIRST_EDITION {
            let first: first_edition::Published = shaped(event_type, data)?;
            let definition = Box::new(first.into());
            Ok(Event::Desk(DeskEvent::Published { definition }))
        } else if let Some(variant) = row(&TICKET) {
            read(event_type, variant, data).map(Event::Ticket)
        } else if let Some(variant) = row(&ACCOUNT) {
            read(event_type, variant, data).map(Event::Account)
        } else if let Some(variant) = row(&ORGANIZATION) {
            read(event_type, variant, data).map(Event::Organization)
        } else if let Some(variant) = row(&DESK) {
            read(event_type, variant, data).map(Event::Desk)
        } else if let Some(variant) = row(&NAME) {
            read(event_type, variant, data).map(Event::Name)
        } else if let Some(variant) = row(&PERSON) {
            read(event_type, variant, data).map(Event::Person)
        } else if let Some(variant) = row(&LOG) {
            read(event_type, variant, data).map(Event::Log)
        } else if let Some(variant) = row(&AUDIT) {
            read(event_type, variant, data).map(Event::Audit)
        } else {
            Err(DecodeError::UnknownType {
                event_type: event_type.to_owned(),
            })
        }
    }

    /// The type as stored, and the data with its personal values marked.
    ///
    /// # Errors
    /// [`DecodeError::UnknownType`] when a variant has no row in the tables above, [`DecodeError::Shape`] when it
    /// cannot be written as JSON; a test writes every variant, so neither happens.
    pub fn encode(&self) -> Result<(&'static str, Value), DecodeError> {
        match self {
            Event::Ticket(event) => write(&TICKET, event),
            Event::Account(event) => write(&ACCOUNT, event),
            Event::Organization(event) => write(&ORGANIZATION, event),
            Event::Desk(event) => write(&DESK, event),
            Event::Name(event) => write(&NAME, event),
            Event::Person(event) => write(&PERSON, event),
            Event::Log(event) => write(&LOG, event),
            Event::Audit(event) => write(&AUDIT, event),
        }
    }
}

fn read<E: DeserializeOwned>(event_type: &str, variant: &str, data: Value) -> Result<E, DecodeError> {
    shaped(
        event_type,
        Value::Object([(variant.to_owned(), data)].into_iter().collect()),
    )
}

fn shaped<T: DeserializeOwned>(event_type: &str, data: Value) -> Result<T, DecodeError> {
    serde_json::from_value(data).map_err(|source| DecodeError::Shape {
        event_type: event_type.to_owned(),
        source,
    })
}

fn write<E: Serialize>(
    rows: &[(&'static str, &'static str)],
    event: &E,
) -> Result<(&'static str, Value), DecodeError> {
    let shape = |source| DecodeError::Shape {
        event_type: "(to be written)".to_owned(),
        source,
    };
    let mut tagged = serde_json::to_value(event).map_err(shape)?;
    for (stored, variant) in rows {
        if let Some(data) = tagged.get_mut(*variant) {
            return Ok((stored, data.take()));
        }
    }
    Err(DecodeError::UnknownType {
        event_type: tagged.to_string(),
    })
}
