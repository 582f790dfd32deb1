//! The streams: their versions, and the folds of what happened in them.

use std::collections::HashMap;

use domain::account::Account;
use domain::desk::DeskEvent;
use domain::ticket::{State, TicketEvent};
use domain::{AccountId, Event, OrganizationId, PersonId, TicketKey};

use super::batch::Facts;
use crate::fault::{Code, Faults};

/// One stream as far as it was read.
#[derive(Debug, Default)]
struct Stream {
    version: u64,
    events: u64,
    folded: Option<Folded>,
    /// An event of it was passed over: what comes after may rest on that, so it is not folded.
    has_unknown: bool,
}

/// What the rules know of a stream.
#[derive(Debug)]
enum Folded {
    Ticket(Box<State>),
    Account(Box<Account>),
}

/// All streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    streams: HashMap<Box<str>, Stream>,
    /// Events that were folded.
    pub(super) folded: u64,
}

impl Streams {
    /// Takes the next event: its version must follow, and when it is decoded it must belong there. `event` is it as far as it was
    /// decoded, and whether it was passed over because its type is not known.
    pub(super) fn take(
        &mut self,
        name: &str,
        facts: &Facts,
        position: u64,
        (event, is_passed_over): (Option<&Event>, bool),
        faults: &mut Faults,
    ) {
        let stream = match self.streams.get_mut(name) {
            Some(stream) => stream,
            None => self.streams.entry(name.into()).or_default(),
        };
        if facts.version != stream.version + 1 {
            let detail = format!(
                "{name} has version {} where {} should come",
                facts.version,
                stream.version + 1
            );
            faults.push(position, Code::Version, detail);
        }
        stream.version = stream.version.max(facts.version);
        stream.events += 1;
        stream.has_unknown |= is_passed_over;
        if let Some(event) = event {
            self.folded += 1;
            stream.fold(name, facts, position, event, faults);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.streams.len() as u64
    }

    /// Those with most events, and how many they have.
    pub(super) fn largest(&self, limit: usize) -> Vec<(String, u64)> {
        let mut all: Vec<(u64, &str)> = self
            .streams
            .iter()
            .map(|(name, stream)| (stream.events, &**name))
            .collect();
        all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        all.truncate(limit);
        all.into_iter()
            .map(|(events, name)| (name.to_owned(), events))
            .collect()
    }
}

impl Stream {
    fn fold(&mut self, name: &str, facts: &Facts, position: u64, event: &Event, faults: &mut Faults) {
        // Where an event of a ticket belonged, the next one does.
        let is_next = matches!((&self.folded, event), (Some(Folded::Ticket(_)), Event::Ticket(_)));
        if !is_next && !belongs(name, event) {
            let detail = format!("an event of this type does not belong into the stream {name}");
            faults.push(position, Code::Stream, detail);
            return;
        }
        if self.has_unknown {
            return;
        }
        match event {
            Event::Ticket(event) => self.fold_ticket(name, facts, position, event, faults),
            Event::Account(event) => {
                let before = match self.folded.take() {
                    Some(Folded::Account(account)) => Some(*account),
                    Some(Folded::Ticket(_)) | None => None,
                };
                let id = name
                    .strip_prefix("account-")
                    .and_then(|id| id.parse::<AccountId>().ok());
                let at = facts.stamp(position).at;
                let after = id.and_then(|id| Account::evolve(before, id, at, event.clone()));
                if after.is_none() {
                    faults.push(
                        position,
                        Code::Stream,
                        format!("{name} does not start with account-created.v1"),
                    );
                }
                self.folded = after.map(|account| Folded::Account(Box::new(account)));
            }
            Event::Organization(_)
            | Event::Desk(_)
            | Event::Name(_)
            | Event::Person(_)
            | Event::Log(_)
            | Event::Audit(_) => {}
        }
    }

    fn fold_ticket(
        &mut self,
        name: &str,
        facts: &Facts,
        position: u64,
        event: &TicketEvent,
        faults: &mut Faults,
    ) {
        let before = match self.folded.take() {
            Some(Folded::Ticket(state)) => Some(*state),
            Some(Folded::Account(_)) | None => None,
        };
        match (&before, event) {
            (Some(_), TicketEvent::Opened(_)) => {
                faults.push(position, Code::Stream, format!("{name} is opened a second time"));
            }
            (None, TicketEvent::Opened(opened)) => {
                if name.split('-').next() != Some(opened.desk.as_str()) {
                    let detail = format!("{name} is opened on the desk {}", opened.desk.as_str());
                    faults.push(position, Code::Stream, detail);
                }
            }
            (None, _) => {
                faults.push(
                    position,
                    Code::Stream,
                    format!("{name} does not start with ticket-opened.v1"),
                );
            }
            (Some(_), _) => {}
        }
        self.folded =
            State::evolve(before, &facts.stamp(position), event).map(|state| Folded::Ticket(Box::new(state)));
    }
}

/// Whether a stream of that name holds events of that kind.
fn belongs(name: &str, event: &Event) -> bool {
    let after = |prefix| name.strip_prefix(prefix);
    match event {
        Event::Ticket(_) => name.parse::<TicketKey>().is_ok(),
        Event::Account(_) => after("account-").is_some_and(|id| id.parse::<AccountId>().is_ok()),
        Event::Organization(_) => {
            after("organization-").is_some_and(|id| id.parse::<OrganizationId>().is_ok())
        }
        Event::Desk(DeskEvent::Published { definition }) => after("desk-") == Some(definition.key.as_str()),
        Event::Desk(DeskEvent::ListChanged { desk, list, .. }) => name == format!("desk-{desk}-{list}"),
        Event::Name(_) => after("unique-").is_some(),
        Event::Person(_) => after("person-").is_some_and(|id| id.parse::<PersonId>().is_ok()),
        Event::Log(_) => name == "log",
        Event::Audit(_) => after("audit-").is_some_and(|id| id.parse::<AccountId>().is_ok()),
    }
}
