//! Pages of lists that lie in memory in the order of their names.

use std::{fmt::Display, str::FromStr};

use domain::FaultText;

use crate::parameters::Parameters;

/// How many items a page has unless told.
pub(crate) const LIMIT: usize = 50;
/// How many items a page has at most.
pub(crate) const LIMIT_MAX: usize = 200;

/// What a list is searched for in names.
pub(super) struct Sought(Vec<String>);

impl Sought {
    /// Reads `q`; nothing when it is not given.
    pub(super) fn take(parameters: &mut Parameters) -> Option<Sought> {
        let words = text::words(&parameters.text("q")?);
        if words.is_empty() {
            parameters.fault("q", FaultText::NothingToSearch);
        }
        Some(Sought(words))
    }

    /// Is each of its words a word of one of these names, or a part of one?
    pub(super) fn is_in<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let names: Vec<String> = names.into_iter().map(text::joined_words).collect();
        // No word holds a space, so none reaches from one word of a name into the next.
        let is_known = |word: &String| names.iter().any(|name| name.contains(word.as_str()));
        self.0.iter().all(is_known)
    }
}

/// Which page: up to so many, after this name.
pub(super) struct Page<K> {
    limit: usize,
    after: Option<K>,
}

impl<K: FromStr + Display + Ord> Page<K> {
    /// Reads `limit` and `cursor`.
    pub(super) fn take(parameters: &mut Parameters, wrong: FaultText) -> Page<K> {
        let limit = parameters.limit(LIMIT, LIMIT_MAX);
        Page {
            limit,
            after: parameters.parsed("cursor", wrong),
        }
    }

    /// The page, how many there are on all pages, and where the next one starts.
    pub(super) fn cut<T>(&self, all: Vec<T>, name: impl Fn(&T) -> K) -> (Vec<T>, u64, Option<String>) {
        let total = all.len() as u64;
        let is_after = |item: &T| self.after.as_ref().is_none_or(|after| name(item) > *after);
        let mut page: Vec<T> = all.into_iter().filter(is_after).take(self.limit + 1).collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let next = page.last().filter(|_| more).map(|last| name(last).to_string());
        (page, total, next)
    }
}
