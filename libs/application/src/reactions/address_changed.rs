//! The address before is told that another one is used from now on, and what was mailed there serves no more.

use domain::account::AccountEvent;

use crate::{
    identity::{
        letters::ADDRESS_CHANGED,
        links::{WAYS_IN, address_of},
    },
    reactions::effect::{Effect, Happened, Reaction},
};

pub(super) const REACTION: Reaction = Reaction {
    is_about: |event| {
        matches!(
            event,
            AccountEvent::AddressSet { .. } | AccountEvent::AddressRemoved {}
        )
    },
    effects,
};

fn effects(happened: &Happened<'_>) -> Vec<Effect> {
    let Some(before) = happened.before else {
        return Vec::new();
    };
    let address = address_of(before);
    if address == address_of(happened.after) {
        return Vec::new();
    }
    let told = address.map(|address| Effect::Mail {
        letter: ADDRESS_CHANGED,
        payload: Some(address),
    });
    let mut effects = vec![Effect::Withdraw(&WAYS_IN)];
    effects.extend(told);
    effects
}
