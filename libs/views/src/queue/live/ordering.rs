//! The first tickets of a set in some order. Where a term has few values, the tickets of each are taken in the order of the
//! values until the page is full; otherwise the tickets are looked at one by one.

mod scan;

use std::cmp::Ordering;

use roaring::RoaringBitmap;
use rusqlite::types::Value;

use self::scan::Scan;
use super::{
    Instants, Live, NO_NUMBER, Stored, Texts, Values,
    ranks::{ACCOUNTS, Ranks},
};
use crate::queue::{
    columns::{self, at},
    cursor::Cursor,
    order::{By, Order},
};

/// A set is taken value by value when it has so many times more tickets than there are values.
const TICKETS_PER_VALUE: u64 = 256;

/// And when no more values than these sort alike: many accounts may have no name.
const PLACES_JOINED_MAX: usize = 64;

/// An order over the slots of the tickets in memory.
pub(in crate::queue) struct Ordered<'l> {
    live: &'l Live,
    terms: Vec<Term<'l>>,
    ties_descend: bool,
}

struct Term<'l> {
    key: Key<'l>,
    descending: bool,
}

/// What a term compares.
enum Key<'l> {
    Numbers(&'l [i64]),
    Instants(&'l Instants),
    /// Tickets whose texts begin alike are told apart by the whole text.
    Texts(&'l Texts),
    /// Values that many tickets have.
    Ranked(Ranked<'l>),
    /// How many events are seen: all where internal notes may be read, else the public ones.
    Counts {
        internal: &'l RoaringBitmap,
        all: &'l Values,
        public: &'l Values,
    },
}

struct Ranked<'l> {
    live: &'l Live,
    column: usize,
    values: &'l Values,
    ranks: &'l Ranks,
}

/// Where a page ended.
struct After<'c> {
    parts: Vec<(u64, Option<&'c str>)>,
    id: i64,
}

/// A ticket that may be among the first: its leading part, turned so that less comes first, and its slot.
type Candidate = (u64, u32);

impl Live {
    /// An order for a set of tickets. `internal` are those whose internal notes count as events.
    pub(in crate::queue) fn ordered<'l>(
        &'l self,
        order: &Order,
        set: &RoaringBitmap,
        internal: &'l RoaringBitmap,
    ) -> Ordered<'l> {
        let terms = order.terms().map(|(by, descending)| Term {
            key: self.key(by, set, internal),
            descending,
        });
        Ordered {
            live: self,
            terms: terms.collect(),
            ties_descend: order.ties_descend(),
        }
    }

    fn key<'l>(&'l self, by: By, set: &RoaringBitmap, internal: &'l RoaringBitmap) -> Key<'l> {
        let (version, public) = (const { at("version") }, const { at("public_events") });
        let column = match by {
            By::Column(column) | By::AccountName(column) => column,
            By::OrganizationName => const { at("organization") },
            By::EventCount if set.is_subset(internal) => version,
            By::EventCount if set.is_disjoint(internal) => public,
            By::EventCount => {
                return match (&self.stored[version], &self.stored[public]) {
                    (Stored::Values(all), Stored::Values(public)) => Key::Counts {
                        internal,
                        all,
                        public,
                    },
                    (_, _) => Key::Numbers(&[]),
                };
            }
        };
        match &self.stored[column] {
            Stored::Values(values) => Key::Ranked(Ranked {
                live: self,
                column,
                values,
                ranks: self.ranks(column, values),
            }),
            Stored::Instants(instants) => Key::Instants(instants),
            Stored::Texts(texts) => Key::Texts(texts),
            Stored::Numbers(of) => Key::Numbers(of),
            Stored::Nothing => Key::Numbers(&[]),
        }
    }
}

impl<'l> Ranked<'l> {
    fn rank(&self, slot: u32) -> u64 {
        self.values.place(slot).map_or(0, |place| self.ranks.of(place))
    }

    /// The rank of a value, which no ticket may have any more.
    fn rank_of(&self, key: &[u8]) -> u64 {
        self.ranks
            .of_key(key, |place| self.live.sort_key(self.column, self.values, place))
    }

    /// The tickets of a set whose values are at these places.
    fn group(&self, set: &RoaringBitmap, places: &[u32]) -> RoaringBitmap {
        let mut group = RoaringBitmap::new();
        for slots in places.iter().filter_map(|place| self.values.slots(*place)) {
            group |= set & slots;
        }
        group
    }

    /// Whether a set is quicker taken value by value than ticket by ticket.
    fn is_quick(&self, set: &RoaringBitmap) -> bool {
        self.ranks.widest() <= PLACES_JOINED_MAX && set.len() > TICKETS_PER_VALUE * self.values.len() as u64
    }

    fn key(&self, slot: u32) -> &'l [u8] {
        let place = self.values.place(slot);
        place.map_or(&[], |place| self.live.sort_key(self.column, self.values, place))
    }
}

impl<'l> Key<'l> {
    /// What comes first has less.
    fn first(&self, slot: u32) -> u64 {
        match self {
            Key::Numbers(of) => whole(of.get(slot as usize).copied().unwrap_or(NO_NUMBER)),
            Key::Instants(instants) => whole(instants.at(slot)),
            Key::Texts(texts) => texts.prefix(slot),
            Key::Ranked(ranked) => ranked.rank(slot),
            Key::Counts {
                internal,
                all,
                public,
            } => {
                let counted = if internal.contains(slot) { all } else { public };
                whole(number_of(counted.key(slot)))
            }
        }
    }

    /// What tells tickets apart whose first parts are equal.
    fn text(&self, slot: u32) -> Option<&'l str> {
        match self {
            Key::Texts(texts) => texts.get(slot),
            Key::Numbers(_) | Key::Instants(_) | Key::Ranked(_) | Key::Counts { .. } => None,
        }
    }

    /// The first part and the text of what a cursor holds.
    fn after<'c>(&self, value: &'c Value) -> (u64, Option<&'c str>) {
        match (self, value) {
            (Key::Texts(_), Value::Text(text)) => (prefix(Some(text)), Some(text)),
            (Key::Ranked(ranked), Value::Text(text)) => (ranked.rank_of(text.as_bytes()), None),
            (Key::Ranked(ranked), Value::Integer(number)) => (ranked.rank_of(&number.to_be_bytes()), None),
            (Key::Ranked(ranked), Value::Null | Value::Real(_) | Value::Blob(_)) => {
                (ranked.rank_of(&[]), None)
            }
            (_, Value::Integer(number)) => (whole(*number), None),
            (Key::Texts(_), _) => (prefix(None), None),
            (Key::Numbers(_) | Key::Instants(_) | Key::Counts { .. }, _) => (whole(NO_NUMBER), None),
        }
    }

    /// What a cursor holds of a ticket.
    fn value(&self, slot: u32) -> Value {
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        let number = |number| match number {
            NO_NUMBER => Value::Null,
            number => Value::Integer(number),
        };
        match self {
            Key::Texts(texts) => text(texts.get(slot)),
            Key::Ranked(ranked) if Live::sorts_by_text(ranked.column) => {
                let key = std::str::from_utf8(ranked.key(slot));
                text(key.ok().filter(|key| !key.is_empty()))
            }
            Key::Ranked(ranked) => number(number_of(ranked.key(slot))),
            Key::Numbers(_) | Key::Instants(_) | Key::Counts { .. } => number(back(self.first(slot))),
        }
    }
}

impl Ordered<'_> {
    /// The first slots of a set, at most `max` of those after a cursor.
    pub(in crate::queue) fn first(
        &self,
        set: &RoaringBitmap,
        after: Option<&Cursor>,
        max: usize,
    ) -> Vec<u32> {
        let after = after.map(|cursor| self.after(cursor));
        let mut found = Vec::new();
        if max > 0 {
            self.take(0, set, after.as_ref(), max, &mut found);
        }
        found
    }

    /// What a cursor needs of the ticket in a slot.
    pub(in crate::queue) fn cursor(&self, slot: u32) -> Cursor {
        Cursor {
            values: self.terms.iter().map(|term| term.key.value(slot)).collect(),
            id: self.live.id(slot),
        }
    }

    fn after<'c>(&self, cursor: &'c Cursor) -> After<'c> {
        let part = |(term, value): (&Term<'_>, &'c Value)| {
            let (first, text) = term.key.after(value);
            (turned(first, term.descending), text)
        };
        After {
            parts: self.terms.iter().zip(&cursor.values).map(part).collect(),
            id: cursor.id,
        }
    }

    /// Takes the first of tickets that all terms before this one leave equal, and equal to the cursor when there is one.
    fn take(
        &self,
        depth: usize,
        set: &RoaringBitmap,
        after: Option<&After<'_>>,
        max: usize,
        found: &mut Vec<u32>,
    ) {
        let Some(term) = self.terms.get(depth) else {
            return self.take_by_opening(set, after, max, found);
        };
        let ranked = match &term.key {
            Key::Ranked(ranked) if ranked.is_quick(set) => ranked,
            Key::Ranked(_) | Key::Numbers(_) | Key::Instants(_) | Key::Texts(_) | Key::Counts { .. } => {
                found.extend(self.best(depth, set, after, max - found.len()));
                return;
            }
        };
        let begin = after
            .and_then(|after| after.parts.get(depth))
            .map(|(first, _)| *first);
        for (rank, places) in ranked.ranks.groups(term.descending) {
            let rank = turned(rank, term.descending);
            if begin.is_some_and(|begin| rank < begin) {
                continue;
            }
            let group = ranked.group(set, places);
            let after = after.filter(|_| begin == Some(rank));
            self.take(depth + 1, &group, after, max, found);
            if found.len() >= max {
                return;
            }
        }
    }

    /// Takes tickets in the order of opening.
    fn take_by_opening(
        &self,
        set: &RoaringBitmap,
        after: Option<&After<'_>>,
        max: usize,
        found: &mut Vec<u32>,
    ) {
        let rest = max - found.len();
        match (after, self.ties_descend) {
            (None, false) => found.extend(set.iter().take(rest)),
            (None, true) => found.extend(set.iter().rev().take(rest)),
            (Some(after), false) => found.extend(set.range(self.live.slots_after(after.id)..).take(rest)),
            (Some(after), true) => found.extend(set.range(..self.live.slots_from(after.id)).rev().take(rest)),
        }
    }

    /// The first of tickets that are looked at one by one.
    fn best(&self, depth: usize, set: &RoaringBitmap, after: Option<&After<'_>>, max: usize) -> Vec<u32> {
        let Some(term) = self.terms.get(depth) else {
            return Vec::new();
        };
        let scan = Scan {
            ordered: self,
            depth,
            after,
            max,
        };
        // One loop per kind of key, since it runs once for each ticket of the set.
        match &term.key {
            Key::Numbers(of) => scan.run(set, |slot| {
                whole(of.get(slot as usize).copied().unwrap_or(NO_NUMBER))
            }),
            Key::Instants(instants) => scan.run(set, |slot| whole(instants.at(slot))),
            Key::Texts(texts) => scan.run(set, |slot| texts.prefix(slot)),
            Key::Ranked(ranked) => scan.run(set, |slot| ranked.rank(slot)),
            Key::Counts { .. } => scan.run(set, |slot| term.key.first(slot)),
        }
    }

    /// Does a ticket come after a cursor?
    fn follows(&self, depth: usize, after: &After<'_>, (leading, slot): Candidate) -> bool {
        let terms = self.terms.iter().zip(&after.parts).enumerate().skip(depth);
        for (index, (term, (first, text))) in terms {
            let own = match index == depth {
                true => leading,
                false => turned(term.key.first(slot), term.descending),
            };
            let compared = first
                .cmp(&own)
                .then_with(|| directed(text.cmp(&term.key.text(slot)), term.descending));
            if compared != Ordering::Equal {
                return compared == Ordering::Less;
            }
        }
        directed(after.id.cmp(&self.live.id(slot)), self.ties_descend) == Ordering::Less
    }

    fn compare(&self, depth: usize, a: Candidate, b: Candidate) -> Ordering {
        let mut compared = a.0.cmp(&b.0);
        for (index, term) in self.terms.iter().enumerate().skip(depth) {
            if compared != Ordering::Equal {
                return compared;
            }
            let (a, b) = (a.1, b.1);
            if index > depth {
                compared = directed(term.key.first(a).cmp(&term.key.first(b)), term.descending);
            }
            compared =
                compared.then_with(|| directed(term.key.text(a).cmp(&term.key.text(b)), term.descending));
        }
        compared.then_with(|| directed(a.1.cmp(&b.1), self.ties_descend))
    }
}

impl Live {
    /// Whether the values of a column sort by a text: their own, or the name of what they stand for.
    fn sorts_by_text(column: usize) -> bool {
        columns::is_text(column) || ACCOUNTS.contains(&column)
    }
}

/// The number that a value's bytes stand for.
fn number_of(key: &[u8]) -> i64 {
    key.try_into().map_or(NO_NUMBER, i64::from_be_bytes)
}

fn directed(ordering: Ordering, descending: bool) -> Ordering {
    if descending { ordering.reverse() } else { ordering }
}

fn turned(first: u64, descending: bool) -> u64 {
    if descending { !first } else { first }
}

const SIGN: u64 = 1 << 63;

/// A number in the order of whole numbers without sign, and back.
fn whole(number: i64) -> u64 {
    number.cast_unsigned() ^ SIGN
}

fn back(whole: u64) -> i64 {
    (whole ^ SIGN).cast_signed()
}

/// The beginning of a text, in the order of texts.
pub(super) fn prefix(text: Option<&str>) -> u64 {
    let bytes = text.unwrap_or_default().as_bytes();
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(bytes)
        .for_each(|(first, byte)| *first = *byte);
    u64::from_be_bytes(first)
}
