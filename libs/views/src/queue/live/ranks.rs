//! The order of the values of a column.

use super::{Live, Values};
use crate::queue::columns::at;

/// Columns of accounts, which sort by name.
pub(super) const ACCOUNTS: [usize; 3] = [at("requester"), at("created_by"), at("assignee")];

/// Values that sort alike share a rank; ranks are even, so that a value that is no more stands between two of them.
#[derive(Default)]
pub(super) struct Ranks {
    /// By place.
    of: Vec<u32>,
    /// Places, ascending by rank.
    sorted: Vec<u32>,
    /// How many places at most share a rank.
    widest: usize,
}

impl Ranks {
    /// Ranks places by their keys.
    fn new<'k>(count: usize, key: impl Fn(u32) -> &'k [u8]) -> Ranks {
        let mut sorted: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        sorted.sort_unstable_by_key(|place| key(*place));
        let mut ranks = Ranks {
            of: vec![0; count],
            sorted,
            widest: 0,
        };
        let (mut rank, mut before) = (0, None);
        for place in &ranks.sorted {
            if before != Some(key(*place)) {
                (rank, before) = (rank + 2, Some(key(*place)));
            }
            ranks.of[*place as usize] = rank;
        }
        ranks.widest = ranks
            .groups(false)
            .map(|(_, places)| places.len())
            .max()
            .unwrap_or(0);
        ranks
    }

    pub(super) fn widest(&self) -> usize {
        self.widest
    }

    /// The rank of a place.
    pub(super) fn of(&self, place: u32) -> u64 {
        self.of.get(place as usize).copied().unwrap_or_default().into()
    }

    /// The rank that a key has, or would have.
    pub(super) fn of_key<'k>(&self, wanted: &[u8], key: impl Fn(u32) -> &'k [u8]) -> u64 {
        let at = self.sorted.partition_point(|place| key(*place) < wanted);
        match self.sorted.get(at) {
            Some(place) if key(*place) == wanted => self.of(*place),
            Some(place) => self.of(*place) - 1,
            None => u64::from(u32::MAX),
        }
    }

    /// Ranks with the places that have them.
    pub(super) fn groups(&self, descending: bool) -> impl Iterator<Item = (u64, &[u32])> {
        let mut groups = self.sorted.chunk_by(|a, b| self.of(*a) == self.of(*b));
        std::iter::from_fn(move || {
            let places = if descending {
                groups.next_back()
            } else {
                groups.next()
            };
            places.map(|places| (places.first().map_or(0, |place| self.of(*place)), places))
        })
    }
}

impl Live {
    /// The order of a column's values, found when it is first asked for after a change.
    pub(super) fn ranks<'l>(&'l self, column: usize, values: &'l Values) -> &'l Ranks {
        let key = |place| self.sort_key(column, values, place);
        values.ranks.get_or_init(|| Ranks::new(values.len(), key))
    }

    /// By what a value sorts; the absent ones have nothing and come first. Numbers that sort so are never negative.
    pub(super) fn sort_key<'l>(&'l self, column: usize, values: &'l Values, place: u32) -> &'l [u8] {
        let key = values.keys.get(place as usize).map_or(&[][..], AsRef::as_ref);
        let name = || self.names.get(key).map(String::as_bytes);
        match column {
            column if ACCOUNTS.contains(&column) => name().unwrap_or_default(),
            column if column == const { at("organization") } => name().unwrap_or(key),
            _ => key,
        }
    }
}
