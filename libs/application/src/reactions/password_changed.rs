//! Word that the password was changed: whoever has stolen a sign-in must not choose one in silence.

use domain::account::AccountEvent;

use crate::{
    identity::letters::PASSWORD_CHANGED,
    reactions::effect::{Reaction, word},
};

pub(super) const REACTION: Reaction = Reaction {
    is_about: |event| {
        matches!(
            event,
            AccountEvent::PasswordChanged { .. } | AccountEvent::PasswordReset { .. }
        )
    },
    effects: |happened| word(PASSWORD_CHANGED, happened.today),
};
