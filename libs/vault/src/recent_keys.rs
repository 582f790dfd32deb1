//! The unwrapped keys of the people met last, so that folding a log does not unwrap one key a thousand times.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::value_key::PersonKey;

/// How many people's keys are held unwrapped at once. At about 150 bytes each (key, counters, two table entries) that
/// is at most 1.3 MB, whatever the number of people.
pub const RECENT_KEYS_MAX: usize = 8_192;

/// Two generations: a key that is asked for moves to the young one; when that is full it becomes the old one, and what
/// was old and not asked for since is wiped. Close enough to least-recently-used, in a few lines.
#[derive(Default)]
pub(crate) struct RecentKeys {
    young: HashMap<Uuid, Arc<PersonKey>>,
    old: HashMap<Uuid, Arc<PersonKey>>,
}

impl RecentKeys {
    pub(crate) fn get(&mut self, subject: Uuid) -> Option<Arc<PersonKey>> {
        if let Some(key) = self.young.get(&subject) {
            return Some(Arc::clone(key));
        }
        let key = self.old.remove(&subject)?;
        self.insert(subject, Arc::clone(&key));
        Some(key)
    }

    pub(crate) fn insert(&mut self, subject: Uuid, key: Arc<PersonKey>) {
        if self.young.len() >= RECENT_KEYS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, key);
    }

    pub(crate) fn remove(&mut self, subject: Uuid) {
        self.young.remove(&subject);
        self.old.remove(&subject);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Arc<PersonKey> {
        Arc::new(PersonKey::new(&[byte; 32]))
    }

    #[test]
    fn a_key_asked_for_again_and_again_stays_while_a_crowd_passes_and_the_bound_holds() {
        let mut recent = RecentKeys::default();
        let regular = Uuid::from_u128(1);
        recent.insert(regular, key(7));
        for passer_by in 0..3 * RECENT_KEYS_MAX as u128 {
            recent.insert(Uuid::from_u128(1_000 + passer_by), key(0));
            if passer_by.is_multiple_of(1_000) {
                assert!(recent.get(regular).is_some());
            }
            assert!(recent.len() <= RECENT_KEYS_MAX);
        }
        assert!(
            recent.get(Uuid::from_u128(1_000)).is_none(),
            "who passed first is wiped"
        );
    }

    #[test]
    fn a_removed_key_is_in_neither_generation() {
        let mut recent = RecentKeys::default();
        let (young, old) = (Uuid::from_u128(1), Uuid::from_u128(2));
        recent.insert(old, key(2));
        recent.old = std::mem::take(&mut recent.young);
        recent.insert(young, key(1));
        recent.remove(old);
        recent.remove(young);
        assert!(recent.get(old).is_none() && recent.get(young).is_none());
        assert_eq!(recent.len(), 0);
    }
}
