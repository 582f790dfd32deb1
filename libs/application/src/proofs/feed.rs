//! The change feed (N4): every event in the order of the log, for those who may read the log.

use chrono::{DateTime, Utc};
use domain::{
    AccountId, DeskKey, Event,
    policy::{LogSight, Shown, Viewer},
};
use event_log::{Position, Recorded, StreamName};
use serde_json::Value;

use crate::{
    kernel::{codec, error::ReadError, room::Reader},
    proofs::Proofs,
};

/// How many events the feed gives at once.
pub const FEED_LIMIT_MAX: usize = 1_000;
/// How many events the feed looks through for one page. A page may hold less than asked for, even nothing, before the
/// log's end is reached; it says where the next one starts.
pub const FEED_SCAN_EVENTS_MAX: usize = 8_192;
/// Bytes of stored events after which a page of the feed ends, whatever its limit.
pub const FEED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How many events the feed reads at once.
const FEED_READ_EVENTS: usize = 128;

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
    pub items: Vec<Shown<FeedItem>>,
    /// Up to where the log was looked through: where the next page starts, even when nothing was found.
    pub next_after: Position,
}

impl Proofs {
    /// Waits until the log goes beyond a position.
    ///
    /// # Errors
    /// When the log is closed.
    pub async fn goes_beyond(&self, position: Position) -> Result<(), ReadError> {
        let passed = self.kernel.log.wait_past(position).await;
        passed.map(drop).map_err(ReadError::internal)
    }
}

impl Reader<'_, Proofs> {
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
        let sight = LogSight::of(viewer).ok_or(ReadError::NotFound)?;
        let mut page = FeedPage {
            items: Vec::new(),
            next_after: after,
        };
        let limit = limit.clamp(1, FEED_LIMIT_MAX);
        let head = self.kernel.log.head();
        let is_far = head.0.saturating_sub(after.0) > FEED_SCAN_EVENTS_MAX as u64;
        let alone = filter.stream.as_ref().filter(|_| is_far);
        let (mut scanned, mut bytes) = (0, 0);
        while scanned < FEED_SCAN_EVENTS_MAX {
            // Without a filter, what is read is what is wanted.
            let wanted = if filter.is_all() {
                (limit - page.items.len()).min(FEED_READ_EVENTS)
            } else {
                FEED_READ_EVENTS
            };
            let read = match alone {
                Some(stream) => self.stream_between(stream, page.next_after, head, wanted)?,
                None => self.kernel.log.read(page.next_after, wanted)?,
            };
            if read.is_empty() {
                // What lies between is of other streams.
                page.next_after = page.next_after.max(if alone.is_some() { head } else { after });
                break;
            }
            scanned += read.len();
            for recorded in read {
                page.next_after = recorded.position;
                if filter.wants(&recorded) {
                    bytes += recorded.bytes.len();
                    page.items.push(sight.show(self.feed_item(&recorded)?));
                }
                if page.items.len() == limit || bytes >= FEED_BYTES_MAX {
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }

    /// Events of a stream between two positions, from its own links.
    fn stream_between(
        &self,
        stream: &StreamName,
        after: Position,
        head: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let before = self.kernel.log.stream_version_at(stream, after)?;
        let mut events = self.kernel.log.read_stream(stream, before, limit)?;
        events.retain(|recorded| recorded.position <= head);
        Ok(events)
    }

    fn feed_item(&self, recorded: &Recorded) -> Result<FeedItem, ReadError> {
        let mut event: Value = serde_json::from_slice(&recorded.bytes).map_err(ReadError::internal)?;
        // A secret never leaves, not even for an auditor: its event shows the sealed form.
        if !Event::is_secret(&recorded.envelope.event_type) {
            event["data"] = codec::opened_data(&self.kernel.vault, recorded)?;
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
            envelope.stream.category() == desk.as_str() || of_desk_itself(envelope.stream.as_str(), desk)
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

/// Is this the stream of the desk, or of a list of it?
fn of_desk_itself(stream: &str, desk: &DeskKey) -> bool {
    let rest = stream
        .strip_prefix("desk-")
        .and_then(|rest| rest.strip_prefix(desk.as_str()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
