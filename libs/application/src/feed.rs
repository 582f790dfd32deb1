//! The change feed (N4): every event in the order of the log, for those who may read the log.

use chrono::{DateTime, Utc};
use domain::{
    AccountId, DeskKey, Event,
    policy::{
        Viewer,
        administration::{SystemOperation, may},
    },
};
use event_log::{Position, Recorded, StreamName, Version};
use serde_json::Value;

use crate::{codec, error::ReadError, start::Application};

/// How many events the feed gives at once.
pub const FEED_LIMIT_MAX: usize = 1_000;
/// How many events the feed looks through for one page. A page may hold less than asked for, even nothing, before the
/// log's end is reached; it says where the next one starts.
pub const FEED_SCAN_EVENTS_MAX: usize = 8_192;
/// How many events the feed reads at once.
const FEED_READ_EVENTS: usize = 1_024;

/// One event of the feed: as stored, with its personal values put back as this reader may see them.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedItem {
    /// Position in the whole log.
    pub position: Position,
    /// The stored event, opened.
    pub event: Value,
}

/// A span of one of the clocks: from an instant on, and before another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// At or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub before: Option<DateTime<Utc>>,
}

/// What of the feed is asked for; every member narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// Of this stream only.
    pub stream: Option<StreamName>,
    /// Of these types only; all when empty.
    pub types: Vec<String>,
    /// By this account, or on its behalf.
    pub actor: Option<AccountId>,
    /// Of the tickets of this desk, and of the desk itself.
    pub desk: Option<DeskKey>,
    /// By when it was recorded.
    pub at: Span,
    /// By when it happened; events without that clock are left out.
    pub occurred_at: Span,
    /// By when it was sent; events without that clock are left out.
    pub sent_at: Span,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// The events.
    pub items: Vec<FeedItem>,
    /// Up to where the log was looked through: where the next page starts, even when nothing was found.
    pub next_after: Position,
}

impl Application {
    /// A page of the change feed (N4): for those who may read the log. `limit` is taken as at least 1 and at most
    /// [`FEED_LIMIT_MAX`]. A stream alone is read by its own links when that is the shorter way.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for everybody else.
    pub fn feed(
        &self,
        viewer: &Viewer,
        filter: &FeedFilter,
        after: Position,
        limit: usize,
    ) -> Result<FeedPage, ReadError> {
        if !may(viewer, SystemOperation::ReadLog) {
            return Err(ReadError::NotFound);
        }
        let limit = limit.clamp(1, FEED_LIMIT_MAX);
        let head = self.log().head();
        let far = head.0.saturating_sub(after.0) > FEED_SCAN_EVENTS_MAX as u64;
        match &filter.stream {
            Some(stream) if far => {
                let events = self.log().read_stream(stream, Version(0), usize::MAX)?;
                let between = |recorded: &Recorded| after < recorded.position && recorded.position <= head;
                self.feed_page(filter, events.into_iter().filter(between), head, limit)
            }
            Some(_) | None => self.feed_scanned(filter, after, limit),
        }
    }

    fn feed_scanned(
        &self,
        filter: &FeedFilter,
        after: Position,
        limit: usize,
    ) -> Result<FeedPage, ReadError> {
        let mut page = FeedPage {
            items: Vec::new(),
            next_after: after,
        };
        let mut scanned = 0;
        while page.items.len() < limit && scanned < FEED_SCAN_EVENTS_MAX {
            // Without a filter, what is read is what is wanted.
            let wanted = if filter.is_all() {
                limit - page.items.len()
            } else {
                FEED_READ_EVENTS
            };
            let read = self.log().read(page.next_after, wanted.min(FEED_READ_EVENTS))?;
            let Some(last) = read.last().map(|recorded| recorded.position) else {
                break;
            };
            scanned += read.len();
            let more = self.feed_page(filter, read.into_iter(), last, limit - page.items.len())?;
            page.items.extend(more.items);
            page.next_after = more.next_after;
        }
        Ok(page)
    }

    /// What is wanted of some events; `end` is up to where they tell of the log.
    fn feed_page(
        &self,
        filter: &FeedFilter,
        events: impl Iterator<Item = Recorded>,
        end: Position,
        limit: usize,
    ) -> Result<FeedPage, ReadError> {
        let mut items = Vec::new();
        for recorded in events.filter(|recorded| filter.wants(recorded)) {
            items.push(self.feed_item(&recorded)?);
            if items.len() == limit {
                return Ok(FeedPage {
                    items,
                    next_after: recorded.position,
                });
            }
        }
        Ok(FeedPage {
            items,
            next_after: end,
        })
    }

    fn feed_item(&self, recorded: &Recorded) -> Result<FeedItem, ReadError> {
        let mut event: Value = serde_json::from_slice(&recorded.bytes).map_err(ReadError::internal)?;
        // A secret never leaves, not even for an auditor: its event shows the sealed form.
        if !Event::is_secret(&recorded.envelope.event_type) {
            event["data"] = codec::opened_data(self.vault(), recorded)?;
        }
        Ok(FeedItem {
            position: recorded.position,
            event,
        })
    }
}

impl Span {
    fn is_all(&self) -> bool {
        self.from.is_none() && self.before.is_none()
    }

    fn holds(&self, clock: Option<DateTime<Utc>>) -> bool {
        self.is_all()
            || clock.is_some_and(|clock| {
                self.from.is_none_or(|from| clock >= from) && self.before.is_none_or(|before| clock < before)
            })
    }
}

impl FeedFilter {
    fn is_all(&self) -> bool {
        *self == FeedFilter::default()
    }

    fn wants(&self, recorded: &Recorded) -> bool {
        let envelope = &recorded.envelope;
        let of_desk = |desk: &DeskKey| {
            envelope.stream.category() == desk.as_str()
                || envelope.stream.as_str().strip_prefix("desk-") == Some(desk.as_str())
        };
        let of_actor = |actor: &AccountId| envelope.by == actor.0 || envelope.on_behalf_of == Some(actor.0);
        self.stream
            .as_ref()
            .is_none_or(|stream| *stream == envelope.stream)
            && (self.types.is_empty() || self.types.contains(&envelope.event_type))
            && self.actor.as_ref().is_none_or(of_actor)
            && self.desk.as_ref().is_none_or(of_desk)
            && self.at.holds(Some(envelope.at))
            && self.occurred_at.holds(envelope.occurred_at)
            && self.sent_at.holds(envelope.sent_at)
    }
}
