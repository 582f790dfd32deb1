//! The first tickets of a set in some order.

use std::cmp::Ordering;

use roaring::RoaringBitmap;
use rusqlite::types::Value;

use super::{BLOCK_SLOTS, Live, NO_NUMBER, Stored, slots_of};
use crate::queue::{
    columns::{self, at},
    cursor::Cursor,
    order::{By, Order},
};

/// How many candidates are gathered before the best of them are kept: enough to make that rare.
const CANDIDATES: usize = 4_096;

/// An order over the slots of the tickets in memory.
pub(in crate::queue) struct Ordered<'l> {
    live: &'l Live,
    terms: Vec<Term<'l>>,
    ties_descend: bool,
    /// Of the instants that lead the order: no block of slots has one beyond these.
    bounds: Option<&'l [(i64, i64)]>,
}

/// One term. Tickets whose first parts are equal are told apart by the text, when there is one.
struct Term<'l> {
    first: Box<dyn Fn(u32) -> u64 + 'l>,
    text: Option<Box<dyn Fn(u32) -> Option<&'l str> + 'l>>,
    descending: bool,
}

/// Where a page ended.
struct After<'c> {
    parts: Vec<(u64, Option<&'c str>)>,
    id: i64,
}

/// A ticket that may be among the first: its leading part, turned so that less comes first, and its slot.
type Candidate = (u64, u32);

impl Live {
    /// The tickets in an order. `internal` are those whose internal notes count as events.
    pub(in crate::queue) fn ordered<'l>(&'l self, order: &Order, internal: &'l RoaringBitmap) -> Ordered<'l> {
        let terms: Vec<_> = order
            .terms()
            .map(|(by, descending)| self.term(by, descending, internal))
            .collect();
        let leading = order.terms().next().map(|(by, _)| by);
        let bounds = match leading {
            Some(By::Column(column)) => self.stored[column].instants(),
            Some(By::AccountName(_) | By::OrganizationName | By::EventCount) | None => None,
        };
        let bounds = bounds.map(|instants| instants.bounds.as_slice());
        Ordered {
            live: self,
            terms,
            ties_descend: order.ties_descend(),
            bounds,
        }
    }

    fn term<'l>(&'l self, by: By, descending: bool, internal: &'l RoaringBitmap) -> Term<'l> {
        let numbers = |column: usize| move |slot| whole(self.number(column, slot));
        let first: Box<dyn Fn(u32) -> u64 + 'l> = match by {
            By::Column(column) => match &self.stored[column] {
                Stored::Texts(texts) => {
                    return Term {
                        first: Box::new(|slot| prefix(texts.get(slot))),
                        text: Some(Box::new(|slot| texts.get(slot))),
                        descending,
                    };
                }
                Stored::Values(values) if columns::is_text(column) => {
                    return listed(&values.of, texts(values.keys()), descending);
                }
                Stored::Values(values) => {
                    let of_place: Vec<u64> = values.keys().map(|key| whole(number_of(key))).collect();
                    let place = |slot: u32| {
                        values
                            .of
                            .get(slot as usize)
                            .map_or(usize::MAX, |place| *place as usize)
                    };
                    Box::new(move |slot| of_place.get(place(slot)).copied().unwrap_or_default())
                }
                Stored::Nothing | Stored::Numbers(_) | Stored::Instants(_) | Stored::Accounts(_) => {
                    Box::new(numbers(column))
                }
            },
            By::AccountName(column) => return self.by_name(column, descending),
            By::OrganizationName => {
                let Stored::Values(values) = &self.stored[const { at("organization") }] else {
                    return self.by_name(const { at("organization") }, descending);
                };
                let named = |id: &'l [u8]| self.name(id).or_else(|| std::str::from_utf8(id).ok());
                let names = values.keys().map(|id| named(id).filter(|name| !name.is_empty()));
                return listed(&values.of, names, descending);
            }
            By::EventCount => {
                let (all, public) = (
                    numbers(const { at("version") }),
                    numbers(const { at("public_events") }),
                );
                Box::new(move |slot| {
                    if internal.contains(slot) {
                        all(slot)
                    } else {
                        public(slot)
                    }
                })
            }
        };
        Term {
            first,
            text: None,
            descending,
        }
    }

    fn by_name(&self, column: usize, descending: bool) -> Term<'_> {
        match &self.stored[column] {
            Stored::Accounts(accounts) => {
                let names = accounts.accounts.iter().map(|id| self.name(id));
                listed(&accounts.of, names, descending)
            }
            Stored::Values(values) => listed(&values.of, values.keys().map(|id| self.name(id)), descending),
            Stored::Nothing | Stored::Numbers(_) | Stored::Instants(_) | Stored::Texts(_) => {
                listed(&[], [], descending)
            }
        }
    }

    fn name(&self, id: &[u8]) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    fn number(&self, column: usize, slot: u32) -> i64 {
        let at = slot as usize;
        match &self.stored[column] {
            Stored::Numbers(of) => of.get(at).copied(),
            Stored::Instants(instants) => instants.of.get(at).copied(),
            Stored::Nothing | Stored::Values(_) | Stored::Accounts(_) | Stored::Texts(_) => None,
        }
        .unwrap_or(NO_NUMBER)
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
        let Some(leading) = self.terms.first().filter(|_| max > 0) else {
            return Vec::new();
        };
        let after = after.map(|cursor| self.after(cursor));
        let mut best: Vec<Candidate> = Vec::new();
        let mut worst: Option<Candidate> = None;
        let mut take = |slot: u32| {
            let candidate = (turned((leading.first)(slot), leading.descending), slot);
            let is_worse = |worst: Candidate| match candidate.0.cmp(&worst.0) {
                Ordering::Less => false,
                Ordering::Equal => self.compare(&candidate, &worst) == Ordering::Greater,
                Ordering::Greater => true,
            };
            if worst.is_some_and(is_worse)
                || after
                    .as_ref()
                    .is_some_and(|after| !self.follows(after, candidate))
            {
                return worst;
            }
            best.push(candidate);
            if best.len() >= max + CANDIDATES {
                let (_, last, _) = best.select_nth_unstable_by(max - 1, |a, b| self.compare(a, b));
                worst = Some(*last);
                best.truncate(max);
            }
            worst
        };
        let mut limit = None;
        for block in self.blocks() {
            if self.is_beyond(block, after.as_ref(), limit) {
                continue;
            }
            let slots = set.range(slots_of(block));
            if leading.descending {
                slots.rev().for_each(|slot| limit = take(slot));
            } else {
                slots.for_each(|slot| limit = take(slot));
            }
        }
        if best.len() > max {
            best.select_nth_unstable_by(max - 1, |a, b| self.compare(a, b));
            best.truncate(max);
        }
        best.sort_unstable_by(|a, b| self.compare(a, b));
        best.into_iter().map(|(_, slot)| slot).collect()
    }

    /// What a cursor needs of the ticket in a slot.
    pub(in crate::queue) fn cursor(&self, slot: u32) -> Cursor {
        let value = |term: &Term<'_>| match &term.text {
            Some(text) => text(slot).map_or(Value::Null, |text| Value::Text(text.to_owned())),
            None => match number((term.first)(slot)) {
                NO_NUMBER => Value::Null,
                number => Value::Integer(number),
            },
        };
        Cursor {
            values: self.terms.iter().map(value).collect(),
            id: self.live.id(slot),
        }
    }

    /// Blocks of slots from the side where the first are expected: most later tickets have later instants.
    fn blocks(&self) -> impl Iterator<Item = usize> {
        let count = self.live.ids.len().div_ceil(BLOCK_SLOTS);
        let descending = self.terms.first().is_some_and(|term| term.descending);
        (0..count).map(move |block| if descending { count - 1 - block } else { block })
    }

    /// Does the whole block stand before the cursor, or after the worst that is kept?
    fn is_beyond(&self, block: usize, after: Option<&After<'_>>, worst: Option<Candidate>) -> bool {
        let (Some(bounds), Some(term)) = (
            self.bounds.and_then(|bounds| bounds.get(block)),
            self.terms.first(),
        ) else {
            return false;
        };
        let (nearest, farthest) = match term.descending {
            true => (bounds.1, bounds.0),
            false => (bounds.0, bounds.1),
        };
        let turned = |at| turned(whole(at), term.descending);
        let begins = after.and_then(|after| after.parts.first());
        worst.is_some_and(|worst| turned(nearest) > worst.0)
            || begins.is_some_and(|(first, _)| turned(farthest) < *first)
    }

    fn after<'c>(&self, cursor: &'c Cursor) -> After<'c> {
        let part = |(term, value): (&Term<'_>, &'c Value)| {
            let (first, text) = match value {
                Value::Integer(number) => (whole(*number), None),
                Value::Text(text) => (prefix(Some(text)), Some(text.as_str())),
                Value::Null | Value::Real(_) | Value::Blob(_) if term.text.is_some() => (prefix(None), None),
                Value::Null | Value::Real(_) | Value::Blob(_) => (whole(NO_NUMBER), None),
            };
            (turned(first, term.descending), text)
        };
        After {
            parts: self.terms.iter().zip(&cursor.values).map(part).collect(),
            id: cursor.id,
        }
    }

    /// Does a ticket come after a cursor?
    fn follows(&self, after: &After<'_>, (leading, slot): Candidate) -> bool {
        for (index, (term, (first, text))) in self.terms.iter().zip(&after.parts).enumerate() {
            let own = match index {
                0 => leading,
                _ => turned((term.first)(slot), term.descending),
            };
            let compared = first.cmp(&own).then_with(|| match &term.text {
                Some(own) => directed(text.cmp(&own(slot)), term.descending),
                None => Ordering::Equal,
            });
            if compared != Ordering::Equal {
                return compared == Ordering::Less;
            }
        }
        directed(after.id.cmp(&self.live.id(slot)), self.ties_descend) == Ordering::Less
    }

    fn compare(&self, a: &Candidate, b: &Candidate) -> Ordering {
        let mut compared = a.0.cmp(&b.0);
        for (index, term) in self.terms.iter().enumerate() {
            if compared != Ordering::Equal {
                return compared;
            }
            let (a, b) = (a.1, b.1);
            if index > 0 {
                compared = directed((term.first)(a).cmp(&(term.first)(b)), term.descending);
            }
            if let Some(text) = &term.text {
                compared = compared.then_with(|| directed(text(a).cmp(&text(b)), term.descending));
            }
        }
        compared.then_with(|| directed(a.1.cmp(&b.1), self.ties_descend))
    }
}

/// A term over values that many tickets have: each is looked at once.
fn listed<'l>(of: &'l [u32], texts: impl IntoIterator<Item = Option<&'l str>>, descending: bool) -> Term<'l> {
    let texts: Vec<Option<&str>> = texts.into_iter().collect();
    let prefixes: Vec<u64> = texts.iter().map(|text| prefix(*text)).collect();
    let place = |slot: u32| of.get(slot as usize).map_or(usize::MAX, |place| *place as usize);
    Term {
        first: Box::new(move |slot| prefixes.get(place(slot)).copied().unwrap_or_default()),
        text: Some(Box::new(move |slot| texts.get(place(slot)).copied().flatten())),
        descending,
    }
}

fn texts<'l>(keys: impl Iterator<Item = &'l [u8]>) -> impl Iterator<Item = Option<&'l str>> {
    keys.map(|key| std::str::from_utf8(key).ok())
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

fn number(whole: u64) -> i64 {
    (whole ^ SIGN).cast_signed()
}

/// The beginning of a text, in the order of texts.
fn prefix(text: Option<&str>) -> u64 {
    let bytes = text.unwrap_or_default().as_bytes();
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(bytes)
        .for_each(|(first, byte)| *first = *byte);
    u64::from_be_bytes(first)
}
