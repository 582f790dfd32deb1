//! What has to happen because of an event (design §3.6): derived from the log after the event is on disk, each thing once. A
//! command handler sends nothing.
//!
//! A reaction is a file below and a line in [`all`]: a pure function from an account before and after a command to effects. The
//! follower gives each effect an id made of event, recipient and effect, and hands it to the sessions in one step with the
//! position that it has reached: however often the process dies, each happens once.

mod address_changed;
mod effect;
pub(crate) mod follower;
mod invitation;
mod life;
mod password_changed;
mod second_factor_changed;
pub(crate) mod sources;
#[cfg(test)]
mod tests;

use self::effect::Reaction;

/// The reactions of the product. What one withdraws it must not take from those after it, so an invitation comes last.
pub(crate) fn all() -> Vec<Reaction> {
    vec![
        address_changed::REACTION,
        password_changed::REACTION,
        second_factor_changed::REACTION,
        invitation::REACTION,
    ]
}
