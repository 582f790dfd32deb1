//! The fold of the queue: events in memory, and each row that changed written once per transaction.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    TicketKey,
    ticket::{Stamp, TicketEvent},
};
use parking_lot::RwLock;
use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::{
    erase,
    live::Live,
    load,
    pending::{Account, Organization, Past, Pending},
    save,
    ticket::{Effects, KIND_BITS, KINDS, Ticket},
};
use crate::{
    desks::Desks,
    event::{Fact, Told},
    numbers::{day, instant_of, integer},
    view::{Fold, Shared},
};

/// Bits of a text's rowid that tell its slot; the others tell its ticket.
pub(crate) const SLOT_BITS: u32 = 20;
/// Slots of one ticket that can be found; those beyond are not indexed. A ticket has at most 20,000 events.
pub(crate) const SLOTS_MAX: u64 = 1 << SLOT_BITS;
/// The bits of a rowid that tell its slot.
pub(crate) const SLOT_MASK: i64 = (1 << SLOT_BITS) - 1;

/// The version that wrote the text with this rowid.
pub(crate) fn version_of(rowid: i64) -> i64 {
    (rowid & SLOT_MASK) >> KIND_BITS
}

/// May this text have been replaced? Most texts never are, and need not be asked for.
pub(crate) fn is_replaceable(rowid: i64) -> bool {
    (rowid & ((1 << KIND_BITS) - 1)) < KINDS as i64
}

/// What a ticket in memory costs beside its texts, bytes, estimated from above.
const TICKET_BYTES: usize = 3 * 1024;
/// What a text in memory costs beside its words, bytes, estimated from above.
pub(super) const TEXT_BYTES: usize = 128;

/// How much of a row must be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Nothing.
    #[default]
    None,
    /// Version and position: an internal note moves no column that is sorted or filtered by.
    Note,
    /// Any column.
    Row,
}

/// A ticket in memory, with what the file does not have yet.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) ticket: Ticket,
    pub(super) unsaved: Unsaved,
}

/// What the file does not have of a ticket.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unsaved {
    pub(super) stored: bool,
    pub(super) change: Change,
    pub(super) fields: bool,
    pub(super) shares: bool,
    /// Its current row of the past, while that is pending.
    pub(super) past: Option<usize>,
}

/// What the queue's writer has in memory.
pub(super) struct QueueFold {
    desks: Desks,
    tickets: HashMap<TicketKey, Held>,
    pending: Pending,
    bytes: usize,
    /// The tickets as the file has them, which lists are made of.
    live: Arc<RwLock<Live>>,
    /// What was saved, to be taken there when it is committed.
    saved: Saved,
}

#[derive(Default)]
struct Saved {
    tickets: Vec<TicketKey>,
    accounts: Vec<Account>,
    organizations: Vec<Organization>,
}

impl QueueFold {
    /// Goes on from what a file holds.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<QueueFold> {
        Ok(QueueFold {
            desks: load::desks(connection)?,
            tickets: HashMap::new(),
            pending: Pending::default(),
            bytes: 0,
            live: Arc::new(RwLock::new(Live::load(connection)?)),
            saved: Saved::default(),
        })
    }

    fn fold_ticket(
        &mut self,
        connection: &Connection,
        (key, stamp, event): (&TicketKey, &Stamp, &TicketEvent),
        latest: DateTime<Utc>,
    ) -> rusqlite::Result<()> {
        let held = match self.tickets.remove(key) {
            Some(held) => Some(held),
            // The first event of a stream has no row to find.
            None if stamp.version == 1 => None,
            None => load::ticket(connection, key)?
                .map(Held::stored)
                .inspect(|held| self.bytes += weight(&held.ticket)),
        };
        let (before, mut unsaved) = match held {
            Some(held) => (Some(held.ticket), held.unsaved),
            None => (None, Unsaved::default()),
        };
        let face = before
            .as_ref()
            .map(|ticket| (Arc::clone(&ticket.now.face), ticket.position));
        let mut effects = Effects::default();
        let Some(ticket) = Ticket::evolve(before, key, stamp, event, &self.desks, &mut effects) else {
            return Ok(());
        };
        if face.is_none() {
            self.bytes += weight(&ticket);
        }
        unsaved.change = unsaved.change.max(match event.is_internal() {
            true => Change::Note,
            false => Change::Row,
        });
        unsaved.fields |= effects.fields_changed;
        unsaved.shares |= matches!(
            event,
            TicketEvent::Opened(_) | TicketEvent::Shared { .. } | TicketEvent::Unshared { .. }
        );
        self.bytes += self.pending.take(&ticket, effects);
        let past = Past::of(&ticket, day(latest));
        let (index, bytes) = self.pending.push(past, face, unsaved.past);
        unsaved.past = Some(index);
        self.bytes += bytes;
        self.tickets.insert(key.clone(), Held { ticket, unsaved });
        Ok(())
    }
}

impl Fold for QueueFold {
    fn fold(&mut self, connection: &Connection, told: &Told, latest: DateTime<Utc>) -> rusqlite::Result<()> {
        let position = told.position;
        match &told.fact {
            Fact::Ticket(key, stamp, event) => self.fold_ticket(connection, (key, stamp, event), latest)?,
            Fact::Desk(definition, digest) => {
                self.desks.publish(definition);
                self.pending.desks.push((definition.as_ref().clone(), *digest));
            }
            Fact::Account(id, name, commitment) => self.pending.accounts.push(Account {
                id: *id,
                name: name.clone(),
                commitment: commitment.clone(),
                position,
            }),
            Fact::Organization(id, name) => self.pending.organizations.push(Organization {
                id: id.clone(),
                name: name.clone(),
                position,
            }),
            Fact::Nothing => {}
        }
        Ok(())
    }

    fn save(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        let pending = mem::take(&mut self.pending);
        let mut changed: Vec<&mut Held> = self
            .tickets
            .values_mut()
            .filter(|held| held.unsaved.change != Change::None)
            .collect();
        // In the order of the table, of the full text and of the slots, which is the fast one for all.
        changed.sort_unstable_by_key(|held| held.ticket.id);
        save::tickets(transaction, &changed)?;
        save::texts(transaction, &pending.texts)?;
        save::names(transaction, &pending)?;
        save::past(transaction, &pending)?;
        let mut tickets = Vec::with_capacity(changed.len());
        for held in changed {
            held.unsaved = Unsaved::saved();
            tickets.push(held.ticket.key.clone());
        }
        self.saved = Saved {
            tickets,
            accounts: pending.accounts,
            organizations: pending.organizations,
        };
        Ok(())
    }

    fn erase(&mut self, transaction: &Connection, told: &[Told]) -> rusqlite::Result<()> {
        let id = told.first().map_or(0, |told| integer(told.position));
        let days = erase::days(transaction, id)?;
        for told in told {
            let day = days.get(&told.position).copied().unwrap_or_default();
            self.fold(transaction, told, instant_of(day))?;
        }
        erase::ticket(transaction, id, &mut self.pending.texts)?;
        self.save(transaction)
    }

    fn is_swept(&self, connection: &Connection) -> rusqlite::Result<bool> {
        erase::is_swept(connection)
    }

    fn commit(&mut self, transaction: Transaction<'_>) -> rusqlite::Result<()> {
        let saved = mem::take(&mut self.saved);
        let mut live = self.live.write();
        transaction.commit()?;
        for held in saved.tickets.iter().filter_map(|key| self.tickets.get(key)) {
            live.put(&held.ticket)?;
        }
        saved
            .accounts
            .iter()
            .for_each(|account| live.name_account(account));
        saved
            .organizations
            .iter()
            .for_each(|organization| live.name_organization(organization));
        Ok(())
    }

    fn forget(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.tickets.clear();
        self.pending = Pending::default();
        self.saved = Saved::default();
        self.bytes = 0;
        self.desks = load::desks(connection)?;
        Ok(())
    }

    fn shared(&self) -> Shared {
        Arc::clone(&self.live) as Shared
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Held {
    fn stored(ticket: Ticket) -> Held {
        Held {
            ticket,
            unsaved: Unsaved::saved(),
        }
    }
}

impl Unsaved {
    fn saved() -> Unsaved {
        Unsaved {
            stored: true,
            ..Unsaved::default()
        }
    }
}

fn weight(ticket: &Ticket) -> usize {
    TICKET_BYTES + ticket.summary.as_ref().map_or(0, String::len) + fields_bytes(&ticket.fields)
}

pub(super) fn fields_bytes(fields: &BTreeMap<String, Value>) -> usize {
    fields
        .iter()
        .map(|(name, value)| name.len() + TEXT_BYTES + value_bytes(value))
        .sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| TEXT_BYTES + value_bytes(item)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => 0,
    }
}
