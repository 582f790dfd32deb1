//! Looking at the tickets of a set one by one, for the first of them.

use std::cmp::Ordering;

use roaring::RoaringBitmap;

use super::{After, Candidate, Key, Ordered, turned, whole};
use crate::queue::live::{BLOCK_SLOTS, slots_of};

/// How many candidates are gathered before the best of them are kept: enough to make that rare.
const CANDIDATES: usize = 4_096;

/// A look at every ticket of a set.
pub(super) struct Scan<'s, 'l> {
    pub(super) ordered: &'s Ordered<'l>,
    pub(super) depth: usize,
    pub(super) after: Option<&'s After<'s>>,
    pub(super) max: usize,
}

impl Scan<'_, '_> {
    pub(super) fn run(&self, set: &RoaringBitmap, first: impl Fn(u32) -> u64) -> Vec<u32> {
        let (ordered, depth, max) = (self.ordered, self.depth, self.max);
        let Some(term) = ordered.terms.get(depth) else {
            return Vec::new();
        };
        let descending = term.descending;
        // Where nothing but the order of opening tells equals apart, the later one is worse.
        let is_last = depth + 1 == ordered.terms.len() && !matches!(term.key, Key::Texts(_));
        let mut best: Vec<Candidate> = Vec::new();
        let mut worst: Option<Candidate> = None;
        let mut take = |slot: u32, worst: &mut Option<Candidate>| {
            let candidate = (turned(first(slot), descending), slot);
            let is_worse = |worst: Candidate| match candidate.0.cmp(&worst.0) {
                Ordering::Less => false,
                Ordering::Equal => is_last || ordered.compare(depth, candidate, worst) == Ordering::Greater,
                Ordering::Greater => true,
            };
            if worst.is_some_and(is_worse)
                || self
                    .after
                    .is_some_and(|after| !ordered.follows(depth, after, candidate))
            {
                return;
            }
            best.push(candidate);
            if best.len() >= max + CANDIDATES {
                let (_, last, _) =
                    best.select_nth_unstable_by(max - 1, |a, b| ordered.compare(depth, *a, *b));
                *worst = Some(*last);
                best.truncate(max);
            }
        };
        for block in self.blocks(descending) {
            if self.is_beyond(block, worst) {
                continue;
            }
            let slots = set.range(slots_of(block));
            if descending {
                slots.rev().for_each(|slot| take(slot, &mut worst));
            } else {
                slots.for_each(|slot| take(slot, &mut worst));
            }
        }
        if best.len() > max {
            best.select_nth_unstable_by(max - 1, |a, b| ordered.compare(depth, *a, *b));
            best.truncate(max);
        }
        best.sort_unstable_by(|a, b| ordered.compare(depth, *a, *b));
        best.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Blocks of slots from the side where the first are expected: most later tickets have later instants.
    fn blocks(&self, descending: bool) -> impl Iterator<Item = usize> + use<> {
        let count = self.ordered.live.ids.len().div_ceil(BLOCK_SLOTS);
        (0..count).map(move |block| if descending { count - 1 - block } else { block })
    }

    /// Does the whole block stand before the cursor, or after the worst that is kept?
    fn is_beyond(&self, block: usize, worst: Option<Candidate>) -> bool {
        let Some(term) = self.ordered.terms.get(self.depth) else {
            return false;
        };
        let Key::Instants(instants) = &term.key else {
            return false;
        };
        let Some((least, greatest)) = instants.bounds.get(block) else {
            return false;
        };
        let (nearest, farthest) = match term.descending {
            true => (greatest, least),
            false => (least, greatest),
        };
        let turned = |at: &i64| turned(whole(*at), term.descending);
        let begins = self.after.and_then(|after| after.parts.get(self.depth));
        worst.is_some_and(|worst| turned(nearest) > worst.0)
            || begins.is_some_and(|(first, _)| turned(farthest) < *first)
    }
}
