//! What may leave of tickets and of the log. Only the policy makes a [`Shown`], and answers, feed, bundles and exports are made of
//! nothing else: whoever forgets to ask the policy writes code that does not compile. It does not stop who wants to leak.
//!
//! ```
//! # use domain::{policy::{Scope, Shown, Sight, Viewer}, ticket::TicketEvent};
//! fn shown(viewer: &Viewer, ticket: &Scope<'_>, event: TicketEvent) -> Option<Shown<TicketEvent>> {
//!     Sight::of(viewer, ticket)?.show(event)
//! }
//! ```
//!
//! Nobody else makes one:
//!
//! ```compile_fail,E0423
//! # use domain::{policy::Shown, ticket::TicketEvent};
//! fn shown(event: TicketEvent) -> Shown<TicketEvent> {
//!     Shown(event)
//! }
//! ```
//!
//! nor a sight that sees more than it was given:
//!
//! ```compile_fail,E0451
//! # use domain::policy::Sight;
//! fn all() -> Sight {
//!     Sight { internal: true }
//! }
//! ```

use std::{ops::Deref, sync::Arc};

use super::{
    Operation, Scope, Viewer, Visible,
    administration::{self, SystemOperation},
    may, visible,
};
use crate::{
    account::Account,
    ticket::{TicketEvent, document::AttachedFile},
};

/// Something that a viewer may see. There is no way to one but through the policy: a [`Sight`], a [`ListSight`], a [`LogSight`],
/// [`shown_to_author`] or [`shown_to_holder`].
#[derive(Debug, Clone, PartialEq)]
pub struct Shown<T>(T);

impl<T> Shown<T> {
    /// What is made of it, such as an answer.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Shown<U> {
        Shown(make(self.0))
    }

    /// A part of it.
    pub fn part<U: ?Sized>(&self, part: impl FnOnce(&T) -> &U) -> Shown<&U> {
        Shown(part(&self.0))
    }

    /// The items of a part of it.
    pub fn each<'a, U: 'a>(
        &'a self,
        part: impl FnOnce(&'a T) -> &'a [U],
    ) -> impl Iterator<Item = Shown<&'a U>> {
        part(&self.0).iter().map(Shown)
    }

    /// The thing itself, on its way out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> IntoIterator for Shown<Vec<T>> {
    type Item = Shown<T>;
    type IntoIter = std::iter::Map<std::vec::IntoIter<T>, fn(T) -> Shown<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(Shown)
    }
}

impl<T> Deref for Shown<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A ticket, or something of one.
pub trait OfTicket {
    /// Whether only those who may read internal notes may see it.
    fn is_internal(&self) -> bool;
}

/// An attachment is never internal.
impl OfTicket for AttachedFile {
    fn is_internal(&self) -> bool {
        false
    }
}

impl<T: OfTicket> OfTicket for &T {
    fn is_internal(&self) -> bool {
        T::is_internal(self)
    }
}

impl<T: OfTicket> OfTicket for Arc<T> {
    fn is_internal(&self) -> bool {
        T::is_internal(self)
    }
}

impl OfTicket for TicketEvent {
    fn is_internal(&self) -> bool {
        TicketEvent::is_internal(self)
    }
}

/// What a viewer may see of one ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    internal: bool,
}

impl Sight {
    /// What this viewer may see of a ticket; `None` when it does not exist for them. Even for a past version, today's
    /// policy decides.
    #[must_use]
    pub fn of(viewer: &Viewer, ticket: &Scope<'_>) -> Option<Sight> {
        may(viewer, Operation::Read, ticket).then(|| Sight {
            internal: may(viewer, Operation::ReadInternal, ticket),
        })
    }

    /// Whether internal notes are among it.
    #[must_use]
    pub fn reads_internal(self) -> bool {
        self.internal
    }

    /// Something of the ticket, if it may be seen.
    #[must_use]
    pub fn show<T: OfTicket>(self, thing: T) -> Option<Shown<T>> {
        (self.internal || !thing.is_internal()).then_some(Shown(thing))
    }
}

/// What a command has left, shown to whoever gave it, even if they may no longer see the ticket because of it.
#[must_use]
pub fn shown_to_author<T: OfTicket>(thing: T) -> Shown<T> {
    Shown(thing)
}

/// An account, shown to its holder.
#[must_use]
pub fn shown_to_holder(account: &Account) -> Shown<&Account> {
    Shown(account)
}

/// What a view finds within a [`Visible`], and nothing else.
pub trait Listed {}

/// What a viewer may see of lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSight(Visible);

impl ListSight {
    /// What this viewer may see of lists.
    #[must_use]
    pub fn of(viewer: &Viewer) -> ListSight {
        ListSight(visible(viewer))
    }

    /// The sets that a view filters by.
    #[must_use]
    pub fn visible(&self) -> &Visible {
        &self.0
    }

    /// What a view has found within these sets.
    #[must_use]
    pub fn show<T: Listed>(&self, found: T) -> Shown<T> {
        Shown(found)
    }
}

/// The whole log, for those who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSight(());

impl LogSight {
    /// `None` when this viewer may not read the log.
    #[must_use]
    pub fn of(viewer: &Viewer) -> Option<LogSight> {
        administration::may(viewer, SystemOperation::ReadLog).then_some(LogSight(()))
    }

    /// Something of the log.
    #[must_use]
    pub fn show<T>(self, thing: T) -> Shown<T> {
        Shown(thing)
    }
}
