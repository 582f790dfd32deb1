//! Whose words are whose: the person under whose key somebody's words are sealed (design §6.1).

use super::{
    command::{Context, Text},
    event::{CommentBody, Commented, TicketEvent, Visibility},
    state::State,
};
use crate::{
    ids::PersonId,
    personal::Personal,
    policy::{self, Side},
};

/// The person whom words on a ticket belong to, so that erasing that person takes the words away. On a ticket about
/// an end customer they are the customer's, whoever writes: an operator's program is nobody to erase. Otherwise what
/// the requester's side writes belongs to its writer, and what is written to or about the requester, to the requester.
/// For a person erased meanwhile nothing can be sealed any more: such words are their writer's. Files follow the same
/// rule.
#[must_use]
pub fn subject(context: &Context<'_>, state: &State) -> PersonId {
    let writer = context.viewer.account.person();
    let of_side = match policy::side(context.viewer, &state.scope()) {
        Side::Requester => writer,
        Side::Agent | Side::Supplier | Side::System => state.requester.person(),
    };
    let standing = |person: &PersonId| !state.erased.contains(person);
    [state.customer, Some(of_side)]
        .into_iter()
        .flatten()
        .find(standing)
        .unwrap_or(writer)
}

/// The person for whom fields of the requester are sealed.
pub(super) fn requester(context: &Context<'_>, state: &State) -> PersonId {
    let requester = state.requester.person();
    if state.erased.contains(&requester) {
        context.viewer.account.person()
    } else {
        requester
    }
}

/// The person for whom fields of the end customer are sealed: the ticket's customer, or the one minted now when it has
/// none or that one was erased.
pub(super) fn customer(state: &State, minted: PersonId) -> PersonId {
    state
        .customer
        .filter(|customer| !state.erased.contains(customer))
        .unwrap_or(minted)
}

/// Somebody's words as an event's personal value.
pub(super) fn words(context: &Context<'_>, state: &State, body: String) -> Personal<String> {
    Personal::new(subject(context, state), body)
}

/// A comment as an event.
pub(super) fn commented(
    context: &Context<'_>,
    state: &State,
    side: Side,
    text: Text,
    visibility: Visibility,
) -> TicketEvent {
    TicketEvent::Commented(Commented {
        side,
        comment: text.id,
        visibility,
        body: CommentBody::Words(words(context, state, text.body)),
    })
}
