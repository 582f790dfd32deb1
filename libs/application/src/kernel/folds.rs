//! Tickets in memory: what is on disk, folded once and kept while it is wanted.

use std::sync::Arc;

use domain::{
    Event, TicketKey,
    policy::OfTicket,
    ticket::{Blame, Document, Stamp, State, TicketEvent},
};
use event_log::{EventLog, Position, Recorded, StreamName, Version};
use moka::{ops::compute::Op, sync::Cache};
use parking_lot::RwLock;
use serde_json::Value;
use vault::Vault;

use crate::kernel::{codec, error::ReadError};

/// Memory that folded tickets may take, bytes, counted by their texts.
pub const CACHE_BYTES_MAX: u64 = 48 * 1024 * 1024;
/// Memory that tickets as they were may take, bytes, counted alike.
pub const FOLDS_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Of every how many events of a long ticket it is kept as it was after them.
const FOLD_EVENTS: u64 = 16;
/// Of how many tickets it is kept which event set each field.
const BLAMES_MAX: u64 = 1_000;
/// How many events of a ticket are read at once.
pub(crate) const READ_EVENTS: u64 = 64;

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
    pub(crate) fn evolve(
        loaded: Option<Loaded>,
        key: &TicketKey,
        stamp: &Stamp,
        event: &TicketEvent,
    ) -> Option<Loaded> {
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

/// Nothing of a ticket itself is internal: notes are events.
impl OfTicket for Loaded {
    fn is_internal(&self) -> bool {
        false
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

/// All tickets, read through caches.
pub struct Folds {
    log: EventLog,
    vault: Vault,
    /// Each as it is now.
    cache: Cache<TicketKey, Arc<Loaded>>,
    /// Some as they were after a version: where somebody may read on.
    folds: Cache<(TicketKey, u64), Arc<Loaded>>,
    /// Which event set each field, up to a version. Events are told by ids, so nobody is in here.
    blames: Cache<TicketKey, Arc<(u64, Blame)>>,
    /// How often all was forgotten: what was begun before is not kept.
    forgotten: RwLock<u64>,
}

/// The stream of a ticket has its key as name.
///
/// # Errors
/// [`ReadError::Internal`], which cannot happen while keys are stream names.
pub fn stream(key: &TicketKey) -> Result<StreamName, ReadError> {
    StreamName::try_from(key.as_str().to_owned()).map_err(ReadError::internal)
}

/// Of what the log had a moment ago, something is missing.
#[derive(Debug, thiserror::Error)]
#[error("the ticket has {there} events after version {after}, and should have {count}")]
struct Missing {
    after: u64,
    count: u64,
    there: usize,
}

impl Folds {
    /// Tickets of this log.
    #[must_use]
    pub fn new(log: EventLog, vault: Vault) -> Self {
        let cache = Cache::builder()
            .weigher(|_, loaded: &Arc<Loaded>| loaded.bytes())
            .max_capacity(CACHE_BYTES_MAX);
        let folds = Cache::builder()
            .weigher(|_, loaded: &Arc<Loaded>| loaded.bytes())
            .max_capacity(FOLDS_BYTES_MAX);
        Self {
            log,
            vault,
            cache: cache.build(),
            folds: folds.build(),
            blames: Cache::new(BLAMES_MAX),
            forgotten: RwLock::default(),
        }
    }

    /// The ticket as it is on disk now, if it is in memory. What is kept counts only as far as the log's index agrees, so that
    /// nobody is shown less than the log, the feed or another answer has shown before.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the index cannot be read.
    pub fn kept(&self, key: &TicketKey) -> Result<Option<Arc<Loaded>>, ReadError> {
        let newest = self.log.stream_version(&stream(key)?)?;
        Ok(self.cache.get(key).filter(|kept| kept.version() >= newest))
    }

    /// The ticket as it is on disk now.
    ///
    /// # Errors
    /// [`ReadError::NotFound`], or [`ReadError::Internal`].
    pub fn load(&self, key: &TicketKey) -> Result<Arc<Loaded>, ReadError> {
        let began = self.forgotten();
        let newest = self.log.stream_version(&stream(key)?)?;
        let from = match self.cache.get(key) {
            Some(kept) if kept.version() >= newest => return Ok(kept),
            Some(kept) => Some(kept),
            None => self.fold_before(key, newest),
        };
        let loaded = self.fold(from.map(Arc::unwrap_or_clone), key, newest, FOLD_EVENTS)?;
        let loaded = Arc::new(loaded.ok_or(ReadError::NotFound)?);
        self.keep(&loaded, began);
        Ok(loaded)
    }

    /// The ticket as it was after a version; `None` after 0.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read.
    pub(crate) fn at(&self, key: &TicketKey, version: Version) -> Result<Option<Arc<Loaded>>, ReadError> {
        let newest = self.cache.get(key).filter(|kept| kept.version() <= version);
        let kept = self.fold_before(key, version);
        let nearest = newest.into_iter().chain(kept).max_by_key(|kept| kept.version());
        match nearest {
            Some(kept) if kept.version() == version => Ok(Some(kept)),
            from => Ok(self
                .fold(from.map(Arc::unwrap_or_clone), key, version, FOLD_EVENTS)?
                .map(Arc::new)),
        }
    }

    /// The ticket as it was after the event at a position.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it was not opened yet, or [`ReadError::Internal`].
    pub fn load_as_of(&self, key: &TicketKey, position: Position) -> Result<Arc<Loaded>, ReadError> {
        let version = self.log.stream_version_at(&stream(key)?, position)?;
        self.at(key, version)?.ok_or(ReadError::NotFound)
    }

    /// Which event set each field of a ticket, up to a version.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read.
    pub(crate) fn blame(&self, key: &TicketKey, version: Version) -> Result<Blame, ReadError> {
        let kept = self.blames.get(key).filter(|kept| kept.0 <= version.0);
        let (mut at, mut blame) = kept.map(Arc::unwrap_or_clone).unwrap_or_default();
        while at < version.0 {
            for recorded in self.events(key, Version(at), READ_EVENTS.min(version.0 - at))? {
                if let Event::Ticket(event) = codec::decode(&self.vault, &recorded)? {
                    blame = blame.evolve(&codec::stamp(&recorded), &event);
                }
                at = recorded.envelope.version.0;
            }
        }
        let made = Arc::new((at, blame.clone()));
        self.blames.entry_by_ref(key).and_compute_with(|kept| match kept {
            Some(kept) if kept.value().0 >= at => Op::Nop,
            Some(_) | None => Op::Put(made),
        });
        Ok(blame)
    }

    /// So many events of a ticket after a version, which are there.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read.
    pub(crate) fn events(
        &self,
        key: &TicketKey,
        after: Version,
        count: u64,
    ) -> Result<Vec<Recorded>, ReadError> {
        let limit = usize::try_from(count).map_err(ReadError::internal)?;
        let events = self.log.read_stream(&stream(key)?, after, limit)?;
        match events.len() == limit {
            true => Ok(events),
            false => Err(ReadError::internal(Missing {
                after: after.0,
                count,
                there: events.len(),
            })),
        }
    }

    /// Drops everything that is kept: somebody was erased, and what is kept still knows them.
    pub fn forget(&self) {
        let mut forgotten = self.forgotten.write();
        *forgotten += 1;
        self.cache.invalidate_all();
        self.folds.invalidate_all();
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
        let began = self.forgotten();
        let first = events.first().map_or(0, |(stamp, _)| stamp.version);
        let last = events.last().map_or(0, |(stamp, _)| stamp.version);
        let before = self.cache.get(key);
        let known = before.as_ref().map_or(0, |loaded| loaded.document.version);
        let mut loaded = before.filter(|_| known < first).map(Arc::unwrap_or_clone);
        if known + 1 == first {
            for (stamp, event) in events {
                loaded = Loaded::evolve(loaded, key, stamp, event);
            }
        } else if loaded.is_some() {
            // Those in between are on their way here, and each wants the ticket as it was after it.
            loaded = self.fold(loaded, key, Version(last), 1)?;
        } else {
            loaded = self.at(key, Version(last))?.map(Arc::unwrap_or_clone);
        }
        let loaded = Arc::new(loaded.ok_or(ReadError::NotFound)?);
        self.keep(&loaded, began);
        Ok(loaded)
    }

    /// Keeps a ticket unless a newer one is kept: who read slowly must not put the past back.
    fn keep(&self, loaded: &Arc<Loaded>, began: u64) {
        let forgotten = self.forgotten.read();
        if *forgotten != began {
            return;
        }
        self.cache
            .entry(loaded.key.clone())
            .and_compute_with(|kept| match kept {
                Some(kept) if kept.value().version() >= loaded.version() => Op::Nop,
                Some(_) | None => Op::Put(loaded.clone()),
            });
    }

    /// How often all was forgotten: for [`Folds::keep_fold`], asked before anything is read.
    pub(crate) fn forgotten(&self) -> u64 {
        *self.forgotten.read()
    }

    /// Keeps a ticket as it was, since somebody may go on from there.
    pub(crate) fn keep_fold(&self, loaded: Loaded, began: u64) {
        let forgotten = self.forgotten.read();
        if *forgotten == began {
            let place = (loaded.key.clone(), loaded.document.version);
            self.folds.insert(place, Arc::new(loaded));
        }
    }

    /// The nearest that is kept of a ticket as it was after a version or before.
    fn fold_before(&self, key: &TicketKey, Version(version): Version) -> Option<Arc<Loaded>> {
        let whole = version - version % FOLD_EVENTS;
        let places =
            std::iter::once(version).chain((FOLD_EVENTS..=whole).rev().step_by(FOLD_EVENTS as usize));
        places
            .map(|version| (key.clone(), version))
            .find_map(|place| self.folds.get(&place))
    }

    /// Folds a ticket on up to a version, and keeps it as it was on the way after every so many events.
    fn fold(
        &self,
        from: Option<Loaded>,
        key: &TicketKey,
        Version(until): Version,
        every: u64,
    ) -> Result<Option<Loaded>, ReadError> {
        let began = self.forgotten();
        let mut loaded = from;
        let mut at = loaded.as_ref().map_or(0, |loaded| loaded.document.version);
        while at < until {
            for recorded in self.events(key, Version(at), READ_EVENTS.min(until - at))? {
                if let Event::Ticket(event) = codec::decode(&self.vault, &recorded)? {
                    loaded = Loaded::evolve(loaded, key, &codec::stamp(&recorded), &event);
                }
                at = recorded.envelope.version.0;
                if let Some(loaded) = loaded.as_ref().filter(|_| at.is_multiple_of(every)) {
                    self.keep_fold(loaded.clone(), began);
                }
            }
        }
        Ok(loaded)
    }
}
