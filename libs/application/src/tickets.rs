//! Tickets in memory: what is on disk, folded once and kept while it is wanted.

use std::sync::Arc;

use domain::{
    Event, TicketKey,
    ticket::{Document, Stamp, State, TicketEvent},
};
use event_log::{EventLog, Position, StreamName, Version};
use moka::{ops::compute::Op, sync::Cache};
use serde_json::Value;
use vault::Vault;

use crate::{codec, error::ReadError};

/// Memory that folded tickets may take, bytes, counted by their texts.
pub const CACHE_BYTES_MAX: u64 = 48 * 1024 * 1024;
/// How many events of a stream are read at once.
const READ_EVENTS: usize = 1_000;

/// A ticket, both folds of it, as it is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Its key.
    pub key: TicketKey,
    /// What rules read.
    pub state: State,
    /// What readers see.
    pub document: Document,
}

impl Loaded {
    /// The version, which is the number of events.
    #[must_use]
    pub fn version(&self) -> Version {
        Version(self.document.version)
    }

    /// The ticket after one more event; `None` when there is no ticket before nor after.
    fn evolve(loaded: Option<Loaded>, key: &TicketKey, stamp: &Stamp, event: &TicketEvent) -> Option<Loaded> {
        let (state, document) = loaded.map(|loaded| (loaded.state, loaded.document)).unzip();
        Some(Loaded {
            key: key.clone(),
            state: State::evolve(state, stamp, event)?,
            document: Document::evolve(document, stamp, event)?,
        })
    }

    fn bytes(&self) -> u32 {
        let document = &self.document;
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let fields: usize = document.fields.values().map(text_bytes).sum();
        let approvals = document.approvals.iter();
        let approvals: usize = approvals
            .map(|approval| 200 + length(&approval.proposal) + length(&approval.comment))
            .sum();
        // Description and fields stand in both folds.
        let texts =
            2 * (length(&document.description) + fields) + approvals + document.attachments.len() * 500;
        u32::try_from(2_048 + texts).unwrap_or(u32::MAX)
    }
}

/// About what a field takes.
fn text_bytes(value: &Value) -> usize {
    const EACH_BYTES: usize = 64;
    EACH_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(text_bytes).sum(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| name.len() + text_bytes(member))
                .sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

/// All tickets, read through a cache.
pub struct Tickets {
    log: EventLog,
    vault: Vault,
    cache: Cache<TicketKey, Arc<Loaded>>,
}

/// The stream of a ticket has its key as name.
///
/// # Errors
/// [`ReadError::Internal`], which cannot happen while keys are stream names.
pub fn stream(key: &TicketKey) -> Result<StreamName, ReadError> {
    StreamName::try_from(key.as_str().to_owned()).map_err(ReadError::internal)
}

impl Tickets {
    /// Tickets of this log.
    #[must_use]
    pub fn new(log: EventLog, vault: Vault) -> Self {
        let cache = Cache::builder()
            .weigher(|_, loaded: &Arc<Loaded>| loaded.bytes())
            .max_capacity(CACHE_BYTES_MAX)
            .build();
        Self { log, vault, cache }
    }

    /// The ticket as it is on disk now. What is kept counts only as far as the log's index agrees, so that nobody is
    /// shown less than the log, the feed or another answer has shown before.
    ///
    /// # Errors
    /// [`ReadError::NotFound`], or [`ReadError::Internal`].
    pub fn load(&self, key: &TicketKey) -> Result<Arc<Loaded>, ReadError> {
        let newest = self.log.stream_version(&stream(key)?)?;
        let kept = self.cache.get(key);
        if let Some(kept) = &kept
            && kept.version() >= newest
        {
            return Ok(kept.clone());
        }
        let loaded = self.fold(kept.map(Arc::unwrap_or_clone), key, newest.0)?;
        let loaded = Arc::new(loaded.ok_or(ReadError::NotFound)?);
        self.keep(&loaded);
        Ok(loaded)
    }

    /// The ticket as it was after the event at a position.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it was not opened yet, or [`ReadError::Internal`].
    pub fn load_as_of(&self, key: &TicketKey, position: Position) -> Result<Loaded, ReadError> {
        let recorded = self.log.read_stream(&stream(key)?, Version(0), usize::MAX)?;
        let until = recorded
            .iter()
            .take_while(|recorded| recorded.position <= position);
        let mut loaded = None;
        for recorded in until {
            if let Event::Ticket(event) = codec::decode(&self.vault, recorded)? {
                loaded = Loaded::evolve(loaded, key, &codec::stamp(recorded), &event);
            }
        }
        loaded.ok_or(ReadError::NotFound)
    }

    /// Drops everything that is kept: somebody was erased, and what is kept still knows them.
    pub fn forget(&self) {
        self.cache.invalidate_all();
    }

    /// Takes note of events of this ticket that are on disk now. Called for the events of a stream in any order: what
    /// is missing in between is read.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read.
    pub fn publish(
        &self,
        key: &TicketKey,
        events: &[(Stamp, TicketEvent)],
    ) -> Result<Arc<Loaded>, ReadError> {
        let first = events.first().map_or(0, |(stamp, _)| stamp.version);
        let last = events.last().map_or(0, |(stamp, _)| stamp.version);
        let before = self.cache.get(key);
        let known = before.as_ref().map_or(0, |loaded| loaded.document.version);
        let mut loaded = before.filter(|_| known < first).map(Arc::unwrap_or_clone);
        if known + 1 == first {
            for (stamp, event) in events {
                loaded = Loaded::evolve(loaded, key, stamp, event);
            }
        } else {
            loaded = self.fold(loaded, key, last)?;
        }
        let loaded = Arc::new(loaded.ok_or(ReadError::NotFound)?);
        self.keep(&loaded);
        Ok(loaded)
    }

    /// Keeps a ticket unless a newer one is kept: who read slowly must not put the past back.
    fn keep(&self, loaded: &Arc<Loaded>) {
        self.cache
            .entry(loaded.key.clone())
            .and_compute_with(|kept| match kept {
                Some(kept) if kept.value().version() >= loaded.version() => Op::Nop,
                Some(_) | None => Op::Put(loaded.clone()),
            });
    }

    fn fold(&self, from: Option<Loaded>, key: &TicketKey, until: u64) -> Result<Option<Loaded>, ReadError> {
        let name = stream(key)?;
        let mut loaded = from;
        loop {
            let after = loaded.as_ref().map_or(0, |loaded| loaded.document.version);
            let wanted = usize::try_from(until.saturating_sub(after))
                .unwrap_or(usize::MAX)
                .min(READ_EVENTS);
            if wanted == 0 {
                return Ok(loaded);
            }
            let page = self.log.read_stream(&name, Version(after), wanted)?;
            for recorded in &page {
                if let Event::Ticket(event) = codec::decode(&self.vault, recorded)? {
                    loaded = Loaded::evolve(loaded, key, &codec::stamp(recorded), &event);
                }
            }
            if page.len() < wanted || loaded.is_none() {
                return Ok(loaded);
            }
        }
    }
}
