//! The one writer of the file: folds facts in memory, and writes each row that changed once per transaction.

pub(crate) mod load;
mod pending;
pub(crate) mod save;
mod save_past;

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
use event_log::Position;
use rusqlite::Connection;
use serde_json::Value;

use self::pending::{Account, Organization, Past, Pending};
use crate::{
    fold::{Effects, KIND_BITS, KINDS, Ticket},
    read_event::{Fact, Told},
    schema::{self, TextForm},
    tables::Desks,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
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
struct Held {
    ticket: Ticket,
    unsaved: Unsaved,
}

/// What the file does not have of a ticket.
#[derive(Debug, Clone, Copy, Default)]
struct Unsaved {
    stored: bool,
    change: Change,
    fields: bool,
    shares: bool,
    /// Its current row of the past, while that is pending.
    past: Option<usize>,
}

/// The writer's side of the file.
pub(crate) struct Store {
    connection: Connection,
    text_form: TextForm,
    desks: Desks,
    tickets: HashMap<TicketKey, Held>,
    pending: Pending,
    bytes: usize,
    checkpoint: Checkpoint,
    /// The latest instant recorded so far: the time by which the log goes (design §3, "Time").
    latest_at: DateTime<Utc>,
}

impl Store {
    /// Takes a file whose tables exist, at the checkpoint that it holds.
    pub(crate) fn new(connection: Connection) -> rusqlite::Result<Store> {
        let (checkpoint, latest_at) = load::checkpoint(&connection)?;
        let desks = load::desks(&connection)?;
        let text_form = schema::text_form(&connection)?;
        Ok(Store {
            connection,
            text_form,
            desks,
            tickets: HashMap::new(),
            pending: Pending::default(),
            bytes: 0,
            checkpoint,
            latest_at,
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

    /// Folds what one event tells, in memory.
    pub(crate) fn fold(&mut self, told: Told) -> rusqlite::Result<()> {
        let Told { position, at, fact } = told;
        self.latest_at = self.latest_at.max(at);
        match fact {
            Fact::Ticket(key, stamp, event) => self.fold_ticket(key, &stamp, *event)?,
            Fact::Desk(definition, digest) => {
                self.desks.publish(&definition);
                self.pending.desks.push((*definition, digest));
            }
            Fact::Account(id, name, commitment) => self.pending.accounts.push(Account {
                id,
                name,
                commitment,
                position,
            }),
            Fact::Organization(id, name) => {
                self.pending
                    .organizations
                    .push(Organization { id, name, position });
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
        let shares_changed = matches!(
            event,
            TicketEvent::Opened(_) | TicketEvent::Shared { .. } | TicketEvent::Unshared { .. }
        );
        let held = match self.tickets.remove(&key) {
            Some(held) => Some(held),
            // The first event of a stream has no row to find.
            None if stamp.version == 1 => None,
            None => load::ticket(&self.connection, &key)?
                .map(Held::stored)
                .inspect(|held| self.bytes += weight(&held.ticket)),
        };
        let (before, mut unsaved) = match held {
            Some(held) => (Some(held.ticket), held.unsaved),
            None => (None, Unsaved::default()),
        };
        let face = before
            .as_ref()
            .map(|ticket| (Arc::clone(&ticket.face), ticket.position));
        let mut effects = Effects::default();
        let Some(ticket) = Ticket::evolve(before, &key, stamp, event, &self.desks, &mut effects) else {
            return Ok(());
        };
        if face.is_none() {
            self.bytes += weight(&ticket);
        }
        unsaved.change = unsaved.change.max(change);
        unsaved.fields |= effects.fields_changed;
        unsaved.shares |= shares_changed;
        self.bytes += self.pending.take(&ticket, effects);
        let past = Past::of(&ticket, self.latest_at);
        let (index, bytes) = self.pending.push(past, &ticket, face, unsaved.past);
        unsaved.past = Some(index);
        self.bytes += bytes;
        self.tickets.insert(key, Held { ticket, unsaved });
        Ok(())
    }

    /// Writes all that changed, and the checkpoint, in one transaction. After an error nothing of it is written, and
    /// the store stands where the file does.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<()> {
        match self.write() {
            Ok(()) => {
                for held in self.tickets.values_mut() {
                    held.unsaved = Unsaved::saved();
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
        (self.checkpoint, self.latest_at) = load::checkpoint(&self.connection)?;
        self.desks = load::desks(&self.connection)?;
        Ok(())
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        let pending = mem::take(&mut self.pending);
        let mut changed: Vec<&Held> = self
            .tickets
            .values()
            .filter(|held| held.unsaved.change != Change::None)
            .collect();
        // In the order of the table and of the full text, which is the fast one for both.
        changed.sort_unstable_by_key(|held| held.ticket.id);
        let transaction = self.connection.transaction()?;
        save::tickets(&transaction, &changed)?;
        save::texts(&transaction, &pending.texts, self.text_form)?;
        save::others(&transaction, &pending)?;
        save_past::save(&transaction, &pending)?;
        save::checkpoint(&transaction, &self.checkpoint, self.latest_at)?;
        transaction.commit()
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

fn fields_bytes(fields: &BTreeMap<String, Value>) -> usize {
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
