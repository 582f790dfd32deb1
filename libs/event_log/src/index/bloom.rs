//! A Bloom filter over keys, which are uniform already: most lookups of new commands then touch no disk.

use crate::key::Key;

const BITS_PER_KEY: u64 = 10;
const PROBES: u64 = 7;

/// About one key in a hundred that is absent is reported as perhaps present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bloom {
    words: Vec<u64>,
}

impl Bloom {
    /// A filter for up to so many keys.
    pub(super) fn for_keys(keys: u64) -> Bloom {
        let words = (keys * BITS_PER_KEY).div_ceil(64).max(1);
        Bloom {
            words: vec![0; usize::try_from(words).unwrap_or(usize::MAX)],
        }
    }

    pub(super) fn from_words(words: Vec<u64>) -> Bloom {
        Bloom { words }
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The bits of a key: steps of one half of it, starting at the other, spread over the filter by multiplication.
    fn bits(&self, key: Key) -> impl Iterator<Item = (usize, u64)> + use<> {
        let bits = self.words.len() as u128 * 64;
        let (start, step) = ((key >> 64) as u64, key as u64 | 1);
        (0..PROBES).map(move |probe| {
            let spread = start.wrapping_add(step.wrapping_mul(probe));
            let bit = ((u128::from(spread) * bits) >> 64) as usize;
            (bit / 64, 1 << (bit % 64))
        })
    }

    pub(super) fn insert(&mut self, key: Key) {
        for (word, bit) in self.bits(key) {
            self.words[word] |= bit;
        }
    }

    pub(super) fn may_hold(&self, key: Key) -> bool {
        self.bits(key).all(|(word, bit)| self.words[word] & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        crate::key::stream(&format!("s-{number}"))
    }

    #[test]
    fn no_key_is_lost_and_few_are_invented() {
        let mut bloom = Bloom::for_keys(10_000);
        (0..10_000).for_each(|number| bloom.insert(key(number)));
        assert!((0..10_000).all(|number| bloom.may_hold(key(number))));
        let invented = (10_000..20_000)
            .filter(|number| bloom.may_hold(key(*number)))
            .count();
        assert!(invented < 200, "{invented} of 10000");
    }
}
