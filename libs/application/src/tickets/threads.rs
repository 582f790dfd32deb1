//! What a ticket has in the order of its versions, by pages, oldest or newest first: its events, told as somebody wants them, and
//! its history in words. A page costs what it holds, however long the ticket is: the fold that a history is told against is kept
//! where pages end.

use std::sync::Arc;

use domain::{
    Event, Language,
    policy::{Shown, Viewer},
};
use event_log::{Recorded, Version};
use views::history::{Entry, Happened, Seen, Teller};

use crate::{
    kernel::{
        codec,
        error::ReadError,
        folds::{Loaded, READ_EVENTS},
        room::Reader,
    },
    tickets::Tickets,
};

/// Bytes of stored events after which a page ends, whatever its limit.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// How many events a page looks through; it may hold less than asked for, even nothing, before the ticket's end.
pub const PAGE_EVENTS_MAX: u64 = 2_000;
/// Where a page starts, and which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Oldest first, after this version.
    After(Version),
    /// Newest first, before this version; from the newest on without one.
    Before(Option<Version>),
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What it holds, in its order.
    pub items: Vec<T>,
    /// Where the next page starts; `None` when there is nothing more.
    pub next: Option<Start>,
}

/// Some events of a ticket that follow each other.
struct Chunk<'a> {
    /// The version before the first of them.
    after: Version,
    recorded: &'a [Recorded],
    /// The page is full: only whether there is more is still to be known.
    is_ahead: bool,
}

/// The way of a page through the versions of a ticket.
struct Way {
    is_forward: bool,
    /// What lies after this version is still to be looked at; newest first, what lies up to it.
    at: u64,
    newest: u64,
}

impl Way {
    fn from(start: Start, Version(newest): Version) -> Way {
        let (is_forward, at) = match start {
            Start::After(Version(after)) => (true, after),
            Start::Before(None) => (false, newest),
            Start::Before(Some(Version(before))) => (false, before.saturating_sub(1)),
        };
        Way {
            is_forward,
            at: at.min(newest),
            newest,
        }
    }

    fn left(&self) -> u64 {
        if self.is_forward {
            self.newest - self.at
        } else {
            self.at
        }
    }

    /// The version before the next so many.
    fn after(&self, count: u64) -> Version {
        Version(if self.is_forward { self.at } else { self.at - count })
    }

    fn pass(&mut self, Version(version): Version) {
        self.at = if self.is_forward { version } else { version - 1 };
    }

    fn next(&self) -> Start {
        if self.is_forward {
            Start::After(Version(self.at))
        } else {
            Start::Before(Some(Version(self.at + 1)))
        }
    }
}

impl Reader<'_, Tickets> {
    /// A page of what `show` makes of the events of a ticket, without those that this viewer may not read.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; otherwise see [`ReadError`].
    pub fn events<T>(
        &self,
        viewer: &Viewer,
        loaded: &Loaded,
        (start, limit): (Start, usize),
        show: impl Fn(&Shown<Happened>) -> Option<T>,
    ) -> Result<Page<T>, ReadError> {
        let sight = self.sight(viewer, &loaded.key)?;
        self.page(loaded, start, limit, |chunk| {
            let shown = chunk.recorded.iter().map(|recorded| {
                let happened = self.happened(recorded)?;
                let seen = happened.and_then(|happened| sight.show(happened));
                Ok(seen.and_then(|seen| show(&seen)))
            });
            shown.collect()
        })
    }

    /// A page of the history of a ticket in words.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; otherwise see [`ReadError`].
    pub fn history(
        &self,
        viewer: &Viewer,
        loaded: &Loaded,
        language: Language,
        (start, limit): (Start, usize),
    ) -> Result<Page<Shown<Entry>>, ReadError> {
        let sight = self.sight(viewer, &loaded.key)?;
        let (desk, began) = (self.desk_of(loaded)?, self.kernel.folds.forgotten());
        let teller = Teller {
            names: &self.kernel.directory,
            desk: &desk,
            language,
        };
        self.page(loaded, start, limit, |chunk| {
            // What changed is told against what was there before.
            let mut ticket = self
                .kernel
                .folds
                .at(&loaded.key, chunk.after)?
                .map(Arc::unwrap_or_clone);
            let seen = |ticket: &Option<Loaded>| Seen::of(ticket.as_ref().map(|ticket| &ticket.document));
            let (mut entries, mut before) = (Vec::with_capacity(chunk.recorded.len()), seen(&ticket));
            for recorded in chunk.recorded {
                let Some(happened) = self.happened(recorded)? else {
                    entries.push(None);
                    continue;
                };
                ticket = Loaded::evolve(ticket, &loaded.key, &happened.stamp, &happened.event);
                let after = seen(&ticket);
                let seen = sight.show(happened);
                entries.push(seen.map(|seen| seen.map(|happened| teller.tell(&before, &after, happened))));
                before = after;
            }
            if let Some(ticket) = ticket.filter(|_| !chunk.is_ahead) {
                self.kernel.folds.keep_fold(ticket, began);
            }
            Ok(entries)
        })
    }

    /// Reads from where a page starts to where it ends, and on until it is known whether there is more.
    fn page<T>(
        &self,
        loaded: &Loaded,
        start: Start,
        limit: usize,
        told: impl Fn(&Chunk<'_>) -> Result<Vec<Option<T>>, ReadError>,
    ) -> Result<Page<T>, ReadError> {
        let mut way = Way::from(start, loaded.version());
        let (mut items, mut bytes, mut looked, mut ahead) = (Vec::new(), 0, 0, 1);
        loop {
            if way.left() == 0 {
                return Ok(Page { items, next: None });
            }
            if looked >= PAGE_EVENTS_MAX {
                break;
            }
            let room = limit.saturating_sub(items.len()) as u64;
            let is_ahead = room == 0;
            let wanted = if is_ahead { ahead } else { room };
            let count = wanted.min(READ_EVENTS).min(way.left());
            let after = way.after(count);
            let recorded = self.kernel.folds.events(&loaded.key, after, count)?;
            let shown = told(&Chunk {
                after,
                recorded: &recorded,
                is_ahead,
            })?;
            let mut both: Vec<_> = recorded.iter().zip(shown).collect();
            if !way.is_forward {
                both.reverse();
            }
            for (recorded, item) in both {
                if let Some(item) = item {
                    if items.len() >= limit || bytes >= PAGE_BYTES_MAX {
                        let next = Some(way.next());
                        return Ok(Page { items, next });
                    }
                    bytes += recorded.bytes.len();
                    items.push(item);
                }
                way.pass(recorded.envelope.version);
            }
            looked += count;
            if is_ahead {
                ahead *= 2;
            }
        }
        let next = Some(way.next());
        Ok(Page { items, next })
    }

    /// A recorded event of a ticket, opened; `None` for one that is of no ticket.
    pub(crate) fn happened(&self, recorded: &Recorded) -> Result<Option<Happened>, ReadError> {
        let Event::Ticket(event) = codec::decode(&self.kernel.vault, recorded)? else {
            return Ok(None);
        };
        Ok(Some(Happened {
            stamp: codec::stamp(recorded),
            event_type: recorded.envelope.event_type.clone(),
            channel: recorded.envelope.channel,
            event,
        }))
    }
}
