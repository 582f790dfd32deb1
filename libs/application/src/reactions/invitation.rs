//! Whoever is given an account, or another address before they ever came, is mailed a link to choose their password.

use domain::account::AccountEvent;

use crate::{
    identity::{deliveries::is_invited, letters::INVITATION},
    reactions::effect::{Effect, Happened, Reaction, word},
};

pub(super) const REACTION: Reaction = Reaction {
    is_about: |event| matches!(event, AccountEvent::Created(_) | AccountEvent::AddressSet { .. }),
    effects,
};

fn effects(happened: &Happened<'_>) -> Vec<Effect> {
    if !is_invited(happened.after) || !is_invited(happened.today) {
        return Vec::new();
    }
    word(INVITATION, happened.today)
}
