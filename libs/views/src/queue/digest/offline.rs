//! The same rows folded in memory, for who has the events and neither a server nor a key.

use std::collections::{BTreeMap, HashMap};

use domain::{AccountId, Commitment, DeskKey, Event, OrganizationId, TicketKey, ticket::Stamp};
use event_log::{Envelope, Position};

use super::{LineError, Lines};
use crate::{
    desks::Desks,
    event::{self, Fact, ReadEventError},
    queue::ticket::{Effects, Ticket},
    views::Open,
};

/// Folds a log in memory, event by event from the first, and digests the rows that a view would have of it. Decoding an
/// event takes many times as long as folding it and depends on nothing before it: who has many events decodes them on
/// several threads, and hands them over as [`Decoded`] in their order.
///
/// Its `open` needs no key: marking every value as erased, with its commitment, gives the same digest. Holds one row per
/// ticket, about a kibibyte each.
pub struct Offline {
    open: Open,
    desks: Desks,
    tickets: HashMap<TicketKey, Ticket>,
    definitions: BTreeMap<(DeskKey, u32), [u8; 32]>,
    accounts: BTreeMap<AccountId, Option<Commitment>>,
    organizations: BTreeMap<OrganizationId, String>,
    position: Position,
    skipped: u64,
}

/// An event that its reader has decoded for purposes of its own, and what a view takes from it. It can be made on another
/// thread than the one that folds.
#[derive(Debug)]
pub struct Decoded {
    position: Position,
    fact: Result<Fact, ReadEventError>,
}

impl Decoded {
    /// Takes an event of this stream, whose sealed values were put back or marked as erased, both with their
    /// commitments. `data` are the stored bytes of its data.
    #[must_use]
    pub fn new(stream: &str, stamp: Stamp, event: Event, data: &[u8]) -> Decoded {
        Decoded {
            position: Position(stamp.position),
            fact: event::fact(stream, stamp, event, data),
        }
    }
}

/// Why rows could not be digested: one of them cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
#[error("the rows cannot be written for their digest")]
pub struct DigestError(#[source] LineError);

impl Offline {
    /// Nothing folded yet.
    #[must_use]
    pub fn new(open: Open) -> Offline {
        Offline {
            open,
            desks: Desks::default(),
            tickets: HashMap::new(),
            definitions: BTreeMap::new(),
            accounts: BTreeMap::new(),
            organizations: BTreeMap::new(),
            position: Position(0),
            skipped: 0,
        }
    }

    /// Takes the next event of the log. One that cannot be read tells nothing, as in a view, and is counted.
    pub fn fold(&mut self, position: Position, envelope: &Envelope) {
        let fact = event::read(position, envelope, &self.open);
        self.fold_decoded(Decoded { position, fact });
    }

    /// Takes the next event of the log, like [`fold`](Offline::fold), without decoding it a second time.
    pub fn fold_decoded(&mut self, decoded: Decoded) {
        let Decoded { position, fact } = decoded;
        self.position = position;
        let fact = match fact {
            Ok(fact) => fact,
            Err(error) => {
                self.skipped += 1;
                tracing::error!(
                    position = position.0,
                    error = &error as &(dyn std::error::Error + 'static),
                    "an event cannot be read and is missing from the digest"
                );
                return;
            }
        };
        match fact {
            Fact::Ticket(key, stamp, event) => {
                let before = self.tickets.remove(&key);
                let mut effects = Effects::default();
                let after = Ticket::evolve(before, &key, &stamp, &event, &self.desks, &mut effects);
                if let Some(ticket) = after {
                    self.tickets.insert(key, ticket);
                }
            }
            Fact::Desk(definition, digest) => {
                self.desks.publish(&definition);
                self.definitions
                    .insert((definition.key, definition.version), digest);
            }
            Fact::Account(id, _, commitment) => {
                self.accounts.insert(id, commitment);
            }
            Fact::Organization(id, name) => {
                self.organizations.insert(id, name);
            }
            Fact::Nothing => {}
        }
    }

    /// The position of the last event taken; 0 before the first.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// How many events could not be read, and are missing from the rows.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The digest of the rows as they stand, in lower-case hexadecimal. Folding may go on.
    ///
    /// # Errors
    /// See [`DigestError`].
    pub fn finish(&self) -> Result<String, DigestError> {
        self.lines().map_err(DigestError)
    }

    fn lines(&self) -> Result<String, LineError> {
        let mut lines = Lines::new();
        let place = |ticket: &Ticket| ticket.key.number();
        let tickets = self.tickets.values();
        let mut tickets: Vec<(u64, &Ticket)> = tickets.map(|ticket| (place(ticket), ticket)).collect();
        tickets.sort_unstable_by(|(a_number, a), (b_number, b)| {
            a.desk.cmp(&b.desk).then_with(|| a_number.cmp(b_number))
        });
        for (_, ticket) in tickets {
            lines.ticket(ticket)?;
        }
        for ((desk, version), digest) in &self.definitions {
            lines.desk(desk.as_str(), *version, digest)?;
        }
        for (account, commitment) in &self.accounts {
            lines.account(*account, commitment.as_ref())?;
        }
        for (organization, name) in &self.organizations {
            lines.organization(organization.as_str(), name)?;
        }
        Ok(lines.finish())
    }
}
