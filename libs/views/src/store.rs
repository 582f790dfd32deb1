//! The one writer of the file: folds facts in memory, and writes each row that changed once per transaction.

pub(crate) mod load;
pub(crate) mod save;

use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use domain::{
    AccountId, OrganizationId, TicketKey,
    desk::DeskDefinition,
    ticket::{Stamp, TicketEvent},
};
use event_log::Position;
use rusqlite::Connection;
use serde_json::Value;

use crate::{
    collate,
    fold::{SLOT_FIELDS, Text, Ticket},
    read_event::Fact,
    tables::Desks,
};

/// Bits of a text's rowid that tell its slot; the others tell its ticket.
pub(crate) const SLOT_BITS: u32 = 20;
/// Texts of one ticket that can be found: slots beyond are not indexed. A ticket has at most 20,000 events.
pub(crate) const SLOTS_MAX: u64 = 1 << SLOT_BITS;
/// Memory, in bytes, of the tickets that the live writer keeps for their next event.
const LIVE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a ticket in memory costs beside its texts, bytes, estimated from above.
const TICKET_BYTES: usize = 3 * 1024;
/// What a text in memory costs beside its words, bytes, estimated from above.
const TEXT_BYTES: usize = 128;

/// How far the log is folded, and the SHA-256 of the stored bytes of the event there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    pub(crate) digest: [u8; 32],
}

/// How much of a row must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Nothing.
    None,
    /// Version and position: an internal note moves no column that is sorted or filtered by.
    Note,
    /// Any column.
    Row,
}

/// A ticket in memory, with what the file does not have yet.
#[derive(Debug)]
struct Held {
    ticket: Ticket,
    stored: bool,
    change: Change,
    fields_changed: bool,
    shares_changed: bool,
}

/// A text that the file does not have yet.
#[derive(Debug)]
struct PendingText {
    words: Option<String>,
    /// The file has no text in its place.
    fresh: bool,
}

/// What is folded and not yet written, beside tickets.
#[derive(Debug, Default)]
struct Pending {
    texts: BTreeMap<(bool, i64), PendingText>,
    desks: Vec<DeskDefinition>,
    accounts: Vec<(AccountId, Option<String>)>,
    organizations: Vec<(OrganizationId, String)>,
}

/// The writer's side of the file.
pub(crate) struct Store {
    connection: Connection,
    desks: Desks,
    tickets: HashMap<TicketKey, Held>,
    pending: Pending,
    bytes: usize,
    checkpoint: Checkpoint,
}

impl Store {
    /// Takes a file whose tables exist, at the checkpoint that it holds.
    pub(crate) fn new(connection: Connection) -> rusqlite::Result<Store> {
        let checkpoint = load::checkpoint(&connection)?;
        let desks = load::desks(&connection)?;
        Ok(Store {
            connection,
            desks,
            tickets: HashMap::new(),
            pending: Pending::default(),
            bytes: 0,
            checkpoint,
        })
    }

    /// How far the log is folded; committed as well after [`Store::commit`].
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// Memory, in bytes, of what is held and what is not yet written.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives the connection up.
    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }

    /// Folds one fact, in memory.
    pub(crate) fn fold(&mut self, fact: Fact) -> rusqlite::Result<()> {
        match fact {
            Fact::Ticket(key, stamp, event) => self.fold_ticket(key, &stamp, *event)?,
            Fact::Desk(definition) => {
                self.desks.publish(&definition);
                self.pending.desks.push(*definition);
            }
            Fact::Account(account, name) => {
                self.pending
                    .accounts
                    .push((account, name.as_deref().map(collate::key)));
            }
            Fact::Organization(organization, name) => {
                self.pending
                    .organizations
                    .push((organization, collate::key(&name)));
            }
            Fact::Nothing => {}
        }
        Ok(())
    }

    /// Says that everything up to this event has been folded.
    pub(crate) fn reach(&mut self, checkpoint: Checkpoint) {
        self.checkpoint = checkpoint;
    }

    fn fold_ticket(&mut self, key: TicketKey, stamp: &Stamp, event: TicketEvent) -> rusqlite::Result<()> {
        let change = if event.is_internal() {
            Change::Note
        } else {
            Change::Row
        };
        let shares_changed = matches!(event, TicketEvent::Opened(_) | TicketEvent::Shared { .. });
        let held = match self.tickets.remove(&key) {
            Some(held) => Some(held),
            // The first event of a stream has no row to find.
            None if stamp.version == 1 => None,
            None => load::ticket(&self.connection, &key)?.map(Held::stored),
        };
        let (before, was) = match held {
            Some(held) => (
                Some(held.ticket),
                (held.stored, held.change, held.fields_changed, held.shares_changed),
            ),
            None => (None, (false, Change::None, false, false)),
        };
        let mut texts = Vec::new();
        let Some(ticket) = Ticket::evolve(before, &key, stamp, event, &self.desks, &mut texts) else {
            return Ok(());
        };
        let (stored, changed, fields_changed, shares) = was;
        if !stored && changed == Change::None {
            self.bytes += weight(&ticket);
        }
        let held = Held {
            stored,
            change: changed.max(change),
            fields_changed: fields_changed || texts.iter().any(|text| text.slot == SLOT_FIELDS),
            shares_changed: shares || shares_changed,
            ticket,
        };
        for text in texts {
            self.hold_text(held.ticket.id, stored, text);
        }
        self.tickets.insert(key, held);
        Ok(())
    }

    fn hold_text(&mut self, ticket: u64, stored: bool, text: Text) {
        let rowid = (text.slot < SLOTS_MAX && ticket >> (63 - SLOT_BITS) == 0)
            .then(|| i64::try_from(ticket << SLOT_BITS | text.slot).ok())
            .flatten();
        let Some(rowid) = rowid else {
            return;
        };
        self.bytes += TEXT_BYTES + text.words.as_ref().map_or(0, String::len);
        let fresh = !stored || text.slot > SLOT_FIELDS;
        let pending = self.pending.texts.entry((text.internal, rowid));
        pending.or_insert(PendingText { words: None, fresh }).words = text.words;
    }

    /// Writes all that changed, and the checkpoint, in one transaction. After an error nothing of it is written, and
    /// the store stands where the file does.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<()> {
        match self.write() {
            Ok(()) => {
                for held in self.tickets.values_mut() {
                    held.written();
                }
                if self.bytes > LIVE_BYTES_MAX {
                    self.tickets.clear();
                    self.bytes = 0;
                }
                Ok(())
            }
            Err(error) => {
                self.forget()?;
                Err(error)
            }
        }
    }

    /// Drops everything that is folded and not written, and stands where the file does.
    pub(crate) fn forget(&mut self) -> rusqlite::Result<()> {
        self.tickets.clear();
        self.pending = Pending::default();
        self.bytes = 0;
        self.checkpoint = load::checkpoint(&self.connection)?;
        self.desks = load::desks(&self.connection)?;
        Ok(())
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        let pending = mem::take(&mut self.pending);
        let mut changed: Vec<&Held> = self
            .tickets
            .values()
            .filter(|held| held.change != Change::None)
            .collect();
        // In the order of the table and of the full text, which is the fast one for both.
        changed.sort_unstable_by_key(|held| held.ticket.id);
        let transaction = self.connection.transaction()?;
        save::tickets(&transaction, &changed)?;
        save::texts(&transaction, &pending.texts)?;
        save::others(&transaction, &pending)?;
        save::checkpoint(&transaction, &self.checkpoint)?;
        transaction.commit()
    }
}

impl Held {
    fn stored(ticket: Ticket) -> Held {
        Held {
            ticket,
            stored: true,
            change: Change::None,
            fields_changed: false,
            shares_changed: false,
        }
    }

    fn written(&mut self) {
        self.stored = true;
        self.change = Change::None;
        self.fields_changed = false;
        self.shares_changed = false;
    }
}

fn weight(ticket: &Ticket) -> usize {
    let fields = ticket
        .fields
        .iter()
        .map(|(name, value)| name.len() + TEXT_BYTES + value_bytes(value));
    TICKET_BYTES + ticket.summary.as_ref().map_or(0, String::len) + fields.sum::<usize>()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| TEXT_BYTES + value_bytes(item)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => 0,
    }
}
