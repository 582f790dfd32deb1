//! Word that the second factor was set up, replaced or taken away.

use domain::account::AccountEvent;

use crate::{
    identity::letters::SECOND_FACTOR_CHANGED,
    reactions::effect::{Reaction, word},
};

pub(super) const REACTION: Reaction = Reaction {
    is_about: |event| {
        matches!(
            event,
            AccountEvent::SecondFactorEnrolled(_) | AccountEvent::SecondFactorRemoved {}
        )
    },
    effects: |happened| word(SECOND_FACTOR_CHANGED, happened.today),
};
