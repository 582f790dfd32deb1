//! Which event ids were used.

use std::collections::HashSet;

use uuid::Uuid;

/// The ids met so far. They are UUIDv7, so nearly all come in rising order: those need no look-up at all, and lie in a
/// list that is sorted by itself.
#[derive(Debug, Default)]
pub(super) struct Ids {
    rising: Vec<Uuid>,
    others: HashSet<Uuid>,
}

impl Ids {
    /// Adds an id; `false` when it was there.
    pub(super) fn insert(&mut self, id: Uuid) -> bool {
        if self.rising.last().is_none_or(|last| *last < id) {
            self.rising.push(id);
            return true;
        }
        self.rising.binary_search(&id).is_err() && self.others.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_is_new_once(ids in prop::collection::vec(0_u128..64, 0..100)) {
            let (mut ours, mut plain) = (Ids::default(), HashSet::new());
            for id in ids {
                prop_assert_eq!(ours.insert(Uuid::from_u128(id)), plain.insert(id));
            }
        }
    }
}
