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
/// Files follow the same rule.
#[must_use]
pub fn subject(context: &Context<'_>, state: &State) -> PersonId {
    match (state.customer, policy::side(context.viewer, &state.scope())) {
        (Some(customer), _) => customer,
        (None, Side::Requester) => context.viewer.account.person(),
        (None, Side::Agent | Side::Supplier | Side::System) => state.requester.person(),
    }
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
