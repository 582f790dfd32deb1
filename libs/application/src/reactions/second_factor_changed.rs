//! Word that the second factor was set up, replaced or taken away.

use domain::account::AccountEvent;

use super::{Reaction, word};
use crate::deliveries::SECOND_FACTOR_CHANGED;

pub(super) const REACTION: Reaction = Reaction {
    is_about: |event| {
        matches!(
            event,
            AccountEvent::SecondFactorEnrolled(_) | AccountEvent::SecondFactorRemoved {}
        )
    },
    effects: |happened| word(SECOND_FACTOR_CHANGED, happened.today),
};
