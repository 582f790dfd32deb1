//! The tickets as they stand, in memory: what lists filter by, sort by and count (ADR 0016). A ticket has a slot, in the order
//! of opening; sets of slots answer filters, and values by slot give the order.
//!
//! Readers hold the lock while they choose the rows of a page, and the writer changes the file and this together, so that
//! both show one moment.

mod loading;
mod matching;
mod ordering;
mod ranks;

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::OnceLock,
};

use domain::OrganizationId;
use roaring::RoaringBitmap;
use rusqlite::types::{Value, ValueRef};

use self::ranks::{ACCOUNTS, Ranks};
use super::{
    columns::{COLUMNS, Listed, at},
    pending::{Account, Organization},
    ticket::Ticket,
};
use crate::collate;

/// Slots of one block, of which the least and the greatest instant are known.
const BLOCK_SLOTS: usize = 2_048;
/// What stands for no number: less than all others.
const NO_NUMBER: i64 = i64::MIN;

/// The tickets of one file.
#[derive(Default)]
pub(crate) struct Live {
    /// The id of the ticket in each slot, ascending.
    ids: Vec<i64>,
    /// All slots.
    all: RoaringBitmap,
    /// One per column of the queue.
    stored: Vec<Stored>,
    /// The slots that are shared with an organization, and the organizations that a slot is shared with.
    shared_with: HashMap<OrganizationId, RoaringBitmap>,
    shares: HashMap<u32, BTreeSet<OrganizationId>>,
    /// By what accounts and organizations sort.
    names: HashMap<Box<[u8]>, String>,
}

/// The values of one column.
enum Stored {
    /// They stand in the file only.
    Nothing,
    Numbers(Vec<i64>),
    Instants(Instants),
    Values(Values),
    Texts(Texts),
}

/// Microseconds since 1970, with the bounds of each block of slots.
#[derive(Default)]
struct Instants {
    of: Vec<i64>,
    /// No instant of the block is earlier than the first or later than the second; they never come closer.
    bounds: Vec<(i64, i64)>,
}

/// Values that many tickets have, each with its slots. One is looked up by its bytes, none by no bytes.
#[derive(Default)]
struct Values {
    /// The place of a value in the two lists after this one.
    places: HashMap<Box<[u8]>, u32>,
    keys: Vec<Box<[u8]>>,
    slots: Vec<RoaringBitmap>,
    of: Vec<u32>,
    /// Their order, once it was asked for.
    ranks: OnceLock<Ranks>,
}

/// Texts that nearly every ticket has one of its own of.
#[derive(Default)]
struct Texts {
    /// One after the other; a text that was replaced stays until half of all is such.
    all: String,
    /// Where the text of a slot begins and ends; both the greatest number for none.
    of: Vec<(u32, u32)>,
    /// How it begins.
    prefixes: Vec<u64>,
    unused: usize,
}

impl Live {
    /// Takes a ticket as it is now.
    pub(super) fn put(&mut self, ticket: &Ticket) -> rusqlite::Result<()> {
        let id = crate::numbers::integer(ticket.id);
        let slot = match self.slot(id) {
            Some(slot) => slot,
            None => self.slot_of_new(id),
        };
        for (column, stored) in COLUMNS.iter().zip(&mut self.stored) {
            stored.put(slot, column.value(ticket))?;
        }
        if self
            .shares
            .get(&slot)
            .is_none_or(|known| *known != ticket.shared_with)
        {
            for organization in self.shares.remove(&slot).unwrap_or_default() {
                if let Some(slots) = self.shared_with.get_mut(&organization) {
                    slots.remove(slot);
                }
            }
            for organization in &ticket.shared_with {
                self.share(slot, organization.clone());
            }
        }
        Ok(())
    }

    /// Takes the name of an account.
    pub(super) fn name_account(&mut self, account: &Account) {
        let id = account.id.0.as_bytes().as_slice().into();
        match &account.name {
            Some(name) => self.names.insert(id, collate::key(name)),
            None => self.names.remove(&id),
        };
        self.rank_anew(&ACCOUNTS);
    }

    /// Takes the name of an organization.
    pub(super) fn name_organization(&mut self, organization: &Organization) {
        let id = organization.id.as_str().as_bytes().into();
        self.names.insert(id, collate::key(&organization.name));
        self.rank_anew(&[at("organization")]);
    }

    fn rank_anew(&mut self, columns: &[usize]) {
        for column in columns {
            if let Some(Stored::Values(values)) = self.stored.get_mut(*column) {
                values.ranks.take();
            }
        }
    }

    /// The id of the ticket in a slot.
    pub(super) fn id(&self, slot: u32) -> i64 {
        self.ids.get(slot as usize).copied().unwrap_or_default()
    }

    /// The slot of a ticket.
    pub(super) fn slot(&self, id: i64) -> Option<u32> {
        let found = self.ids.binary_search(&id).ok()?;
        u32::try_from(found).ok()
    }

    /// The first slot of a later ticket, and of this one or a later one.
    fn slots_after(&self, id: i64) -> u32 {
        slot_at(self.ids.partition_point(|other| *other <= id))
    }

    fn slots_from(&self, id: i64) -> u32 {
        slot_at(self.ids.partition_point(|other| *other < id))
    }

    /// Tickets are opened in the order of their ids.
    fn slot_of_new(&mut self, id: i64) -> u32 {
        debug_assert!(self.ids.last().is_none_or(|last| *last < id));
        let slot = slot_at(self.ids.len());
        self.ids.push(id);
        self.all.insert(slot);
        slot
    }

    fn share(&mut self, slot: u32, organization: OrganizationId) {
        self.shares.entry(slot).or_default().insert(organization.clone());
        self.shared_with.entry(organization).or_default().insert(slot);
    }
}

impl Stored {
    fn new(listed: Listed) -> Stored {
        match listed {
            Listed::No => Stored::Nothing,
            Listed::Number => Stored::Numbers(Vec::new()),
            Listed::Instant => Stored::Instants(Instants::default()),
            Listed::Value => Stored::Values(Values::default()),
            Listed::Text => Stored::Texts(Texts::default()),
        }
    }

    fn values(&self) -> Option<&Values> {
        let Stored::Values(values) = self else {
            return None;
        };
        Some(values)
    }

    fn instants(&self) -> Option<&Instants> {
        let Stored::Instants(instants) = self else {
            return None;
        };
        Some(instants)
    }

    /// Takes the value of a slot, which is one that is there or the next one.
    fn put(&mut self, slot: u32, value: ValueRef<'_>) -> rusqlite::Result<()> {
        match self {
            Stored::Nothing => {}
            Stored::Numbers(of) => set(of, slot, number(value)?),
            Stored::Instants(instants) => instants.put(slot, number(value)?),
            Stored::Values(values) => with_key(value, |key| values.put(slot, key)),
            Stored::Texts(texts) => texts.put(slot, value.as_str_or_null()?),
        }
        Ok(())
    }
}

/// The slots of a block.
fn slots_of(block: usize) -> Range<u32> {
    slot_at(block * BLOCK_SLOTS)..slot_at((block + 1) * BLOCK_SLOTS)
}

/// A place in a list as a slot.
fn slot_at(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn set<T: Copy>(of: &mut Vec<T>, slot: u32, value: T) {
    match of.get_mut(slot as usize) {
        Some(known) => *known = value,
        None => of.push(value),
    }
}

fn number(value: ValueRef<'_>) -> rusqlite::Result<i64> {
    Ok(value.as_i64_or_null()?.unwrap_or(NO_NUMBER))
}

/// The bytes by which a value is looked up.
fn with_key<T>(value: ValueRef<'_>, look: impl FnOnce(&[u8]) -> T) -> T {
    match value {
        ValueRef::Null | ValueRef::Real(_) => look(&[]),
        ValueRef::Integer(number) => look(&number.to_be_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => look(bytes),
    }
}

impl Instants {
    fn put(&mut self, slot: u32, at: i64) {
        set(&mut self.of, slot, at);
        let block = slot as usize / BLOCK_SLOTS;
        match self.bounds.get_mut(block) {
            Some((least, greatest)) => (*least, *greatest) = (at.min(*least), at.max(*greatest)),
            None => self.bounds.push((at, at)),
        }
    }

    fn at(&self, slot: u32) -> i64 {
        self.of.get(slot as usize).copied().unwrap_or(NO_NUMBER)
    }
}

impl Values {
    fn put(&mut self, slot: u32, key: &[u8]) {
        let place = self.place_of(key);
        if let Some(before) = self.place(slot) {
            if before == place {
                return;
            }
            if let Some(slots) = self.slots.get_mut(before as usize) {
                slots.remove(slot);
            }
        }
        set(&mut self.of, slot, place);
        if let Some(slots) = self.slots.get_mut(place as usize) {
            slots.insert(slot);
        }
    }

    /// The place of a value, new or not.
    fn place_of(&mut self, key: &[u8]) -> u32 {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = slot_at(self.keys.len());
        self.places.insert(key.into(), place);
        self.keys.push(key.into());
        self.slots.push(RoaringBitmap::new());
        self.ranks.take();
        place
    }

    /// Takes the value of the next slot, whose place in the sets [`Values::gather`] finds for all at once.
    fn push(&mut self, key: &[u8]) {
        let last = self.of.last().copied();
        let is_same = |place: &u32| self.keys.get(*place as usize).is_some_and(|last| **last == *key);
        let place = last.filter(is_same).unwrap_or_else(|| self.place_of(key));
        self.of.push(place);
    }

    fn gather(&mut self) {
        let mut slots = vec![Vec::new(); self.keys.len()];
        for (slot, place) in self.of.iter().enumerate() {
            if let Some(slots) = slots.get_mut(*place as usize) {
                slots.push(slot_at(slot));
            }
        }
        let sets = slots.into_iter().map(|slots| slots.into_iter().collect());
        self.slots = sets.collect();
    }

    fn with(&self, value: &Value) -> Option<&RoaringBitmap> {
        let place = with_key(value.into(), |key| self.places.get(key))?;
        self.slots(*place)
    }

    fn slots(&self, place: u32) -> Option<&RoaringBitmap> {
        self.slots.get(place as usize)
    }

    /// How many places there are.
    fn len(&self) -> usize {
        self.keys.len()
    }

    /// The place of a slot's value.
    fn place(&self, slot: u32) -> Option<u32> {
        self.of.get(slot as usize).copied()
    }

    /// The bytes of a slot's value.
    fn key(&self, slot: u32) -> &[u8] {
        let key = self.place(slot).and_then(|place| self.keys.get(place as usize));
        key.map_or(&[], AsRef::as_ref)
    }
}

impl Texts {
    const NONE: (u32, u32) = (u32::MAX, u32::MAX);

    fn put(&mut self, slot: u32, text: Option<&str>) {
        if self.get(slot) == text && self.of.len() > slot as usize {
            return;
        }
        self.blot_out(slot);
        let place = match text {
            None => Texts::NONE,
            Some(text) => {
                let begin = self.all.len();
                self.all.push_str(text);
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                (place(begin), place(self.all.len()))
            }
        };
        set(&mut self.of, slot, place);
        set(&mut self.prefixes, slot, ordering::prefix(text));
        if self.unused > self.all.len() / 2 {
            self.compact();
        }
    }

    fn get(&self, slot: u32) -> Option<&str> {
        let (begin, end) = *self.of.get(slot as usize)?;
        self.all.get(begin as usize..end as usize)
    }

    /// Leaves nothing of the text of a slot: its person may be erased.
    fn blot_out(&mut self, slot: u32) {
        let len = self.get(slot).map_or(0, str::len);
        if let Some((begin, end)) = self.of.get(slot as usize).filter(|_| len > 0) {
            let blank = " ".repeat(len);
            self.all.replace_range(*begin as usize..*end as usize, &blank);
            self.unused += len;
        }
    }

    fn prefix(&self, slot: u32) -> u64 {
        self.prefixes.get(slot as usize).copied().unwrap_or_default()
    }

    fn compact(&mut self) {
        let old = std::mem::take(&mut self.all);
        for place in &mut self.of {
            let Some(text) = old.get(place.0 as usize..place.1 as usize) else {
                continue;
            };
            let begin = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.all.push_str(text);
            *place = (begin, u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        }
        self.unused = 0;
    }
}
