//! Asking: tickets, comments, history, lists, the change feed. Every read passes the policy.

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, Event, Language, TicketKey,
    desk::Desk,
    policy::{self, Operation, Viewer},
    ticket::{Stamp, TicketEvent},
};
use event_log::{Position, Recorded, StreamName, Version};
use serde_json::Value;
use uuid::Uuid;
use views::{
    history::{Entry, Happened, Names, history},
    queue::{QueueError, QueuePage, QueueQuery},
};

use crate::{
    codec,
    directory::Directory,
    error::ReadError,
    start::Application,
    tickets::{self, Loaded},
};

/// How long a read waits for the position that its caller named, ms (design §3.4).
pub const AT_LEAST_WAIT_MS: u64 = 2_000;
/// How long a read waits for the same sign-in's last write, ms (design §3.4).
pub const OWN_WRITE_WAIT_MS: u64 = 500;
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

/// What of the feed is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// Of this stream only.
    pub stream: Option<StreamName>,
    /// Of these types only; all when empty.
    pub types: Vec<String>,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// The events.
    pub items: Vec<FeedItem>,
    /// Up to where the log was looked through: where the next page starts, even when nothing was found.
    pub next_after: Position,
}

impl Names for Directory {
    fn name(&self, account: AccountId) -> Option<String> {
        self.account(account)?.name.clone()
    }
}

impl Application {
    /// A ticket, for a viewer who may read it.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it is another's: what one may not see does not exist.
    pub fn ticket(&self, viewer: &Viewer, key: &TicketKey) -> Result<Arc<Loaded>, ReadError> {
        let loaded = self.tickets().load(key)?;
        if policy::may(viewer, Operation::Read, &loaded.state.scope()) {
            Ok(loaded)
        } else {
            Err(ReadError::NotFound)
        }
    }

    /// The desk definition that a ticket lives under.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it was never published, which the log's order forbids.
    pub fn desk_of(&self, loaded: &Loaded) -> Result<Arc<Desk>, ReadError> {
        let state = &loaded.state;
        self.directory()
            .desk_version(&state.desk, state.desk_version)
            .ok_or(ReadError::NotFound)
    }

    /// Events of a ticket after a version, opened, without those that this viewer may not read.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; otherwise see [`ReadError`].
    pub fn events_of(
        &self,
        viewer: &Viewer,
        loaded: &Loaded,
        after: Version,
    ) -> Result<Vec<(Stamp, TicketEvent)>, ReadError> {
        let internal = reads_internal(viewer, loaded)?;
        let happened = self.happened(&loaded.key, after)?;
        let seen = happened
            .into_iter()
            .filter(|one| internal || !one.event.is_internal());
        Ok(seen.map(|one| (one.stamp, one.event)).collect())
    }

    /// The history of a ticket in words, after a version.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; otherwise see [`ReadError`].
    pub fn history_of(
        &self,
        viewer: &Viewer,
        loaded: &Loaded,
        language: Language,
        after: Version,
    ) -> Result<Vec<Entry>, ReadError> {
        let internal = reads_internal(viewer, loaded)?;
        let desk = self.desk_of(loaded)?;
        // What changed is told against what was there before, so the fold starts at the first event.
        let happened = self.happened(&loaded.key, Version(0))?;
        let mut entries = history(&happened, self.directory(), &desk, language, internal);
        entries.retain(|entry| entry.version > after.0);
        Ok(entries)
    }

    fn happened(&self, key: &TicketKey, after: Version) -> Result<Vec<Happened>, ReadError> {
        let recorded = self.log().read_stream(&tickets::stream(key)?, after, usize::MAX);
        let mut happened = Vec::new();
        for recorded in recorded.map_err(ReadError::internal)? {
            if let Event::Ticket(event) = codec::decode(self.vault(), &recorded)? {
                happened.push(Happened {
                    stamp: codec::stamp(&recorded),
                    event_type: recorded.envelope.event_type.clone(),
                    channel: recorded.envelope.channel,
                    event,
                });
            }
        }
        Ok(happened)
    }

    /// A page of the list, once the view has seen what the caller must see.
    ///
    /// # Errors
    /// [`ReadError::Behind`] when the position named is not reached in time, or the view is being rebuilt;
    /// [`ReadError::Invalid`] with every fault of the question.
    pub async fn queue(
        &self,
        viewer: &Viewer,
        sign_in: Uuid,
        query: QueueQuery,
        at_least: Option<Position>,
    ) -> Result<QueuePage, ReadError> {
        if let Some(position) = at_least
            && !self
                .views()
                .at_least(position, Duration::from_millis(AT_LEAST_WAIT_MS))
                .await
        {
            return Err(ReadError::Behind);
        }
        if let Some(position) = self.last_write(sign_in) {
            // A courtesy to plain clients: when the view is slower than that, they see what it has.
            self.views()
                .at_least(position, Duration::from_millis(OWN_WRITE_WAIT_MS))
                .await;
        }
        let (views, visible) = (self.views().clone(), policy::visible(viewer));
        let page = tokio::task::spawn_blocking(move || views.queue(&visible, &query)).await;
        page.map_err(ReadError::internal)?.map_err(|error| match error {
            QueueError::Invalid(faults) => ReadError::Invalid(faults),
            bad @ QueueError::BadCursor => ReadError::Invalid(vec![domain::Fault::new(
                "cursor",
                domain::fault::FaultCode::Value,
                bad.to_string(),
            )]),
            QueueError::Rebuilding { .. } => ReadError::Behind,
            other @ (QueueError::Sqlite(_) | QueueError::Closed) => ReadError::internal(other),
        })
    }

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
        if !viewer.may_read_log() {
            return Err(ReadError::NotFound);
        }
        let limit = limit.clamp(1, FEED_LIMIT_MAX);
        let head = self.log().head();
        let far = head.0.saturating_sub(after.0) > FEED_SCAN_EVENTS_MAX as u64;
        match &filter.stream {
            Some(stream) if far => {
                let events = self
                    .log()
                    .read_stream(stream, Version(0), usize::MAX)
                    .map_err(ReadError::internal)?;
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
            let read = self
                .log()
                .read(page.next_after, wanted.min(FEED_READ_EVENTS))
                .map_err(ReadError::internal)?;
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
        // A password hash never leaves, not even for an auditor: its event shows the sealed form.
        if recorded.envelope.event_type != "account-password-set.v1" {
            event["data"] = codec::opened_data(self.vault(), recorded)?;
        }
        Ok(FeedItem {
            position: recorded.position,
            event,
        })
    }
}

/// Whether this viewer also reads internal notes; who may not read the ticket finds nothing.
fn reads_internal(viewer: &Viewer, loaded: &Loaded) -> Result<bool, ReadError> {
    let scope = loaded.state.scope();
    if !policy::may(viewer, Operation::Read, &scope) {
        return Err(ReadError::NotFound);
    }
    Ok(policy::may(viewer, Operation::ReadInternal, &scope))
}

impl FeedFilter {
    fn is_all(&self) -> bool {
        self.stream.is_none() && self.types.is_empty()
    }

    fn wants(&self, recorded: &Recorded) -> bool {
        self.stream
            .as_ref()
            .is_none_or(|stream| *stream == recorded.envelope.stream)
            && (self.types.is_empty() || self.types.contains(&recorded.envelope.event_type))
    }
}
