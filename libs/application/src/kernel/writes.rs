//! What a command writes, and what it has written.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    DeskKey, Event, TicketKey,
    account::{Account, AccountEvent},
    organization::{Organization, OrganizationEvent},
    ticket::{Stamp, TicketEvent},
};
use event_log::{Appended, Expected, Position, Prefix, StreamName, Target, Version};
use uuid::Uuid;

use crate::kernel::{codec, error::ExecuteError, folds::Loaded};

/// Where events go.
#[derive(Debug, Clone)]
pub(crate) enum To {
    /// The stream of this name.
    Stream(String),
    /// A new ticket, whose key the log's writer allots.
    NewTicket(DeskKey),
}

impl To {
    pub(super) fn target(&self) -> Result<Target, ExecuteError> {
        Ok(match self {
            To::Stream(name) => {
                let name = StreamName::try_from(name.clone());
                Target::Stream(name.map_err(ExecuteError::internal)?)
            }
            To::NewTicket(desk) => {
                let prefix = Prefix::try_from(desk.as_str().to_owned());
                Target::NextIn(prefix.map_err(ExecuteError::internal)?)
            }
        })
    }
}

/// Events for one stream, decided on a version of it.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) to: To,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<Event>,
}

impl Write {
    /// Events for a stream that has this version.
    pub(crate) fn after(version: u64, stream: String, events: Vec<Event>) -> Write {
        Write {
            to: To::Stream(stream),
            expected: Expected::Version(Version(version)),
            events,
        }
    }

    /// One event for a stream, whatever is there.
    pub(crate) fn trace(stream: String, event: Event) -> Write {
        Write {
            to: To::Stream(stream),
            expected: Expected::Any,
            events: vec![event],
        }
    }

    /// Events that open a ticket.
    pub(crate) fn to_new_ticket(desk: DeskKey, events: Vec<TicketEvent>) -> Write {
        Write {
            to: To::NewTicket(desk),
            expected: Expected::Version(Version(0)),
            events: events.into_iter().map(Event::Ticket).collect(),
        }
    }

    /// Events of a ticket; nothing when there are none.
    pub(crate) fn to_ticket(key: &TicketKey, version: Version, events: Vec<TicketEvent>) -> Vec<Write> {
        let events = events.into_iter().map(Event::Ticket).collect();
        Write::some(version.0, key.to_string(), events)
    }

    /// Events of an account; nothing when there are none.
    pub(crate) fn to_account(account: &Account, events: Vec<AccountEvent>) -> Vec<Write> {
        let events = events.into_iter().map(Event::Account).collect();
        Write::some(account.version, format!("account-{}", account.id), events)
    }

    /// Events of an organization; nothing when there are none.
    pub(crate) fn to_organization(organization: &Organization, events: Vec<OrganizationEvent>) -> Vec<Write> {
        let events = events.into_iter().map(Event::Organization).collect();
        let stream = format!("organization-{}", organization.id);
        Write::some(organization.version, stream, events)
    }

    /// Events for a stream that has this version; nothing when there are none.
    pub(crate) fn some(version: u64, stream: String, events: Vec<Event>) -> Vec<Write> {
        match events.is_empty() {
            true => Vec::new(),
            false => vec![Write::after(version, stream, events)],
        }
    }

    /// The name of the stream, where it has one already.
    pub(crate) fn stream(&self) -> Option<&str> {
        match &self.to {
            To::Stream(name) => Some(name),
            To::NewTicket(_) => None,
        }
    }
}

/// What a command wrote.
#[derive(Debug)]
pub(crate) struct Written {
    /// Where its last event stands.
    pub(crate) last: Position,
    /// By the names of the streams their new events, each with where it stands.
    pub(crate) streams: BTreeMap<String, Vec<(Stamp, Event)>>,
}

impl Written {
    pub(super) fn new(appended: &Appended, events: impl IntoIterator<Item = Event>) -> Written {
        let mut streams: BTreeMap<String, Vec<(Stamp, Event)>> = BTreeMap::new();
        for (recorded, event) in appended.events.iter().zip(events) {
            let stream = recorded.envelope.stream.as_str().to_owned();
            let events = streams.entry(stream).or_default();
            events.push((codec::stamp(recorded), event));
        }
        Written {
            last: appended.last,
            streams,
        }
    }

    /// What it wrote to a ticket.
    pub(crate) fn of_ticket(&self, key: &TicketKey) -> Vec<(Stamp, TicketEvent)> {
        let mut found = Vec::new();
        for (stamp, event) in self.streams.get(key.as_str()).into_iter().flatten() {
            if let Event::Ticket(event) = event {
                found.push((stamp.clone(), event.clone()));
            }
        }
        found
    }

    /// What it wrote to accounts.
    pub(crate) fn of_accounts(&self) -> impl Iterator<Item = &AccountEvent> {
        self.streams.values().flatten().filter_map(|(_, event)| {
            let Event::Account(event) = event else {
                return None;
            };
            Some(event)
        })
    }
}

/// What came of a command.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Its events are on disk.
    Now(Written),
    /// They were before: the same command was carried out.
    Before(Written),
    /// There was nothing to change; the tickets that say so.
    Nothing(Vec<Arc<Loaded>>),
}

/// What came of something that may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    Now,
    /// It was there before; nothing was written.
    Before,
}

impl Outcome {
    /// What stands in the log of this command, whenever it was written.
    pub(crate) fn written(&self) -> Option<&Written> {
        match self {
            Outcome::Now(written) | Outcome::Before(written) => Some(written),
            Outcome::Nothing(_) => None,
        }
    }

    /// Whether a command that makes something made it.
    pub(crate) fn made(&self) -> Made {
        match self {
            Outcome::Now(_) | Outcome::Before(_) => Made::Now,
            Outcome::Nothing(_) => Made::Before,
        }
    }

    /// The id of the stream of this kind that it wrote to.
    pub(crate) fn id_in(&self, prefix: &str) -> Option<Uuid> {
        let id = |name: &String| name.strip_prefix(prefix)?.parse().ok();
        self.written()?.streams.keys().find_map(id)
    }
}
