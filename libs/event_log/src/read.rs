//! Reading the log: by position, by stream, by category, by command, by instant.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::block::{Block, BlockFault};
use crate::commit::Appended;
use crate::envelope::{Envelope, Recorded};
use crate::index::Index;
use crate::key::{self, Key};
use crate::name::StreamName;
use crate::place::{CommandId, Position, Version};
use crate::shared::Opening;
use crate::store::Store;
use crate::waypoints::{Place, Waypoints};

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A block is not what was written. Restore the log from its archive.
    #[error("the block with key {key}, asked for position {position}, is damaged")]
    Damaged {
        /// The key of the block: its first position.
        key: u64,
        /// The position asked for.
        position: Position,
        /// What is wrong with it.
        #[source]
        fault: BlockFault,
    },
    /// The database holds something that is no block of this log. Restore the log from its archive.
    #[error(
        "the database holds something under the key {key}, which is no position: restore the log from its archive"
    )]
    ForeignKey {
        /// The bytes of the key, in hexadecimal.
        key: String,
    },
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] sled::Error),
    /// The index failed. It is rebuilt when the log is opened again.
    #[error("the index failed")]
    Index(#[source] std::io::Error),
}

/// Reads blocks and keeps the last one, since neighbours often lie in one block.
struct Cursor<'a> {
    store: &'a Store,
    block: Option<Block>,
}

impl<'a> Cursor<'a> {
    fn new(store: &'a Store) -> Cursor<'a> {
        Cursor { store, block: None }
    }

    /// The event, and the block it lies in.
    fn event(&mut self, position: Position) -> Result<(&Block, Bytes), ReadError> {
        let kept = self
            .block
            .take()
            .filter(|block| block.first() <= position && position <= block.last());
        let block = match kept {
            Some(block) => block,
            None => self.store.block_at(position)?,
        };
        let missing = || ReadError::Damaged {
            key: block.first().0,
            position,
            fault: BlockFault::Missing,
        };
        let bytes = block.event(position).ok_or_else(missing)?;
        Ok((self.block.insert(block), bytes))
    }
}

fn wrong_event(block: &Block, position: Position) -> ReadError {
    ReadError::Damaged {
        key: block.first().0,
        position,
        fault: BlockFault::Event,
    }
}

/// An event with its envelope.
fn recorded(block: &Block, position: Position, bytes: Bytes) -> Result<Recorded, ReadError> {
    match serde_json::from_slice::<Envelope>(&bytes) {
        Ok(envelope) => Ok(Recorded {
            position,
            envelope,
            bytes,
        }),
        Err(error) => {
            tracing::error!(%position, %error, "a stored event is no envelope");
            Err(wrong_event(block, position))
        }
    }
}

/// SHA-256 of the stored bytes of the event at a position; zeros for position 0.
pub(crate) fn digest_at(store: &Store, position: Position) -> Result<[u8; 32], ReadError> {
    if position == Position(0) {
        return Ok([0; 32]);
    }
    digest_in(&store.block_at(position)?, position)
}

/// The same of an event of a block.
pub(crate) fn digest_in(block: &Block, position: Position) -> Result<[u8; 32], ReadError> {
    let bytes = block
        .event(position)
        .ok_or_else(|| wrong_event(block, position))?;
    Ok(Sha256::digest(bytes).into())
}

/// An event alone.
pub(crate) fn event(store: &Store, position: Position) -> Result<Recorded, ReadError> {
    let mut cursor = Cursor::new(store);
    let (block, bytes) = cursor.event(position)?;
    recorded(block, position, bytes)
}

/// An event as it is stored, its envelope unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Place in the whole log.
    pub position: Position,
    /// The stored bytes, verbatim: one line of JSON without its end (see [`Envelope`]). A slice of its block, which it keeps in
    /// memory.
    pub bytes: Bytes,
}

/// Hands out the events after a position up to a last one, until told to stop.
fn walk(
    store: &Store,
    after: Position,
    last: Position,
    mut take: impl FnMut(&Block, Position, Bytes) -> Result<ControlFlow<()>, ReadError>,
) -> Result<(), ReadError> {
    if after >= last {
        return Ok(());
    }
    let first = store.block_at(Position(after.0 + 1))?.first();
    for block in store.blocks_from(first) {
        let block = block?;
        for position in block.first().0.max(after.0 + 1)..=block.last().0.min(last.0) {
            let position = Position(position);
            let bytes = block
                .event(position)
                .ok_or_else(|| wrong_event(&block, position))?;
            if take(&block, position, bytes)?.is_break() {
                return Ok(());
            }
        }
        if block.last() >= last {
            return Ok(());
        }
    }
    // Nobody asks for what lies after the head, so the blocks must have reached the last position.
    Err(ReadError::Damaged {
        key: last.0,
        position: last,
        fault: BlockFault::Missing,
    })
}

/// The last of at most `limit` positions after one.
fn last_of(head: Position, after: Position, limit: usize) -> Position {
    Position(head.0.min(after.0.saturating_add(limit as u64)))
}

/// At most `limit` events after a position and up to the head.
pub(crate) fn range(
    store: &Store,
    head: Position,
    after: Position,
    limit: usize,
) -> Result<Vec<Recorded>, ReadError> {
    let mut events = Vec::new();
    walk(
        store,
        after,
        last_of(head, after, limit),
        |block, position, bytes| {
            events.push(recorded(block, position, bytes)?);
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(events)
}

/// The same without reading the envelopes, and at most so many bytes, or one event.
pub(crate) fn stored(
    store: &Store,
    head: Position,
    after: Position,
    limit: usize,
    bytes_max: usize,
) -> Result<Vec<Stored>, ReadError> {
    let mut events: Vec<Stored> = Vec::new();
    let mut room = bytes_max;
    walk(store, after, last_of(head, after, limit), |_, position, bytes| {
        match room.checked_sub(bytes.len()) {
            Some(left) => room = left,
            None if events.is_empty() => room = 0,
            None => return Ok(ControlFlow::Break(())),
        }
        events.push(Stored { position, bytes });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(events)
}

/// At most `limit` events of a stream after a version: back along the links from the nearest place known, kept in order.
pub(crate) fn stream(
    opening: &Opening,
    name: &StreamName,
    after: Version,
    limit: usize,
) -> Result<Vec<Recorded>, ReadError> {
    let Some((key, newest)) = newest(opening, name)? else {
        return Ok(Vec::new());
    };
    let last = newest.0.min(Version(after.0.saturating_add(limit as u64)));
    if last <= after {
        return Ok(Vec::new());
    }
    let mut found = VecDeque::new();
    let mut walk = Walk::from(opening, key, opening.waypoints.at_or_after(key, last, newest));
    while walk.at.0 > after {
        let (version, position) = walk.at;
        let (block, bytes) = walk.cursor.event(position)?;
        if version <= last {
            // A copy, so that a state kept by a caller does not keep whole blocks in memory.
            let event = recorded(block, position, Bytes::copy_from_slice(&bytes))?;
            if event.envelope.stream != *name || event.envelope.version != version {
                return Err(wrong_event(block, position));
            }
            found.push_front(event);
        }
        walk.back()?;
    }
    Ok(found.into())
}

/// The version of a stream after the last of its events up to a position; 0 when it had none.
pub(crate) fn stream_version_at(
    opening: &Opening,
    name: &StreamName,
    position: Position,
) -> Result<Version, ReadError> {
    let Some((key, newest)) = newest(opening, name)? else {
        return Ok(Version(0));
    };
    if newest.1 <= position {
        return Ok(newest.0);
    }
    let mut walk = Walk::from(opening, key, opening.waypoints.first_after(key, position, newest));
    while walk.at.0 > Version(0) && walk.at.1 > position {
        walk.back()?;
    }
    Ok(walk.at.0)
}

/// The key of a stream and its last event, as the index knows it.
fn newest(opening: &Opening, name: &StreamName) -> Result<Option<(Key, Place)>, ReadError> {
    let key = key::stream(name.as_str());
    let found = opening.index.get(key).map_err(ReadError::Index)?;
    Ok(found.map(|(version, position)| (key, (Version(version), Position(position)))))
}

/// A way back along the links of a stream, which keeps the places that it passes.
struct Walk<'a> {
    cursor: Cursor<'a>,
    waypoints: &'a Waypoints,
    key: Key,
    at: Place,
}

impl<'a> Walk<'a> {
    fn from(opening: &'a Opening, key: Key, at: Place) -> Walk<'a> {
        Walk {
            cursor: Cursor::new(&opening.store),
            waypoints: &opening.waypoints,
            key,
            at,
        }
    }

    /// To the event before; to version 0 at position 0 from the first.
    fn back(&mut self) -> Result<(), ReadError> {
        self.waypoints.note(self.key, self.at);
        let (Version(version), position) = self.at;
        let (block, _) = self.cursor.event(position)?;
        let previous = block
            .previous_in_stream(position)
            .filter(|previous| *previous < position);
        let previous = previous.ok_or_else(|| wrong_event(block, position))?;
        self.at = (Version(version - 1), previous);
        Ok(())
    }
}

/// All events of a category after a position.
pub(crate) fn category(
    store: &Store,
    index: &Index,
    name: &str,
    after: Position,
) -> Result<Vec<Recorded>, ReadError> {
    let Some((_, last)) = index.get(key::category(name)).map_err(ReadError::Index)? else {
        return Ok(Vec::new());
    };
    let mut found = VecDeque::new();
    let mut cursor = Cursor::new(store);
    let mut position = Position(last);
    while position > after {
        let (block, bytes) = cursor.event(position)?;
        let event = recorded(block, position, Bytes::copy_from_slice(&bytes))?;
        if event.envelope.stream.category() != name {
            return Err(wrong_event(block, position));
        }
        found.push_front(event);
        let previous = block
            .previous_in_category(position)
            .filter(|previous| *previous < position);
        position = previous.ok_or_else(|| wrong_event(block, position))?;
    }
    Ok(found.into())
}

/// What a command wrote, from the position of its first event and their number.
pub(crate) fn command_events(store: &Store, first: Position, count: u64) -> Result<Vec<Recorded>, ReadError> {
    let last = Position(first.0 + count.saturating_sub(1));
    range(
        store,
        last,
        Position(first.0.saturating_sub(1)),
        usize::try_from(count).unwrap_or(usize::MAX),
    )
}

/// The digest that a command was written with.
pub(crate) fn command_digest(store: &Store, id: CommandId, first: Position) -> Result<[u8; 32], ReadError> {
    let event = event(store, first)?;
    if event.envelope.command_id != id {
        return Err(ReadError::Damaged {
            key: first.0,
            position: first,
            fault: BlockFault::Event,
        });
    }
    Ok(event.envelope.command_digest)
}

/// The digest of a command and what it wrote.
pub(crate) fn command(
    store: &Store,
    index: &Index,
    id: CommandId,
) -> Result<Option<([u8; 32], Appended)>, ReadError> {
    let Some((first, count)) = index.get(key::command(id)).map_err(ReadError::Index)? else {
        return Ok(None);
    };
    let first = Position(first);
    let digest = command_digest(store, id, first)?;
    let events = command_events(store, first, count)?;
    let last = Position(first.0 + count.saturating_sub(1));
    Ok(Some((
        digest,
        Appended {
            first,
            last,
            events,
            repeated: true,
        },
    )))
}

/// The last position up to the head whose running maximum of `at` is not later than an instant.
pub(crate) fn position_at(store: &Store, head: Position, at: DateTime<Utc>) -> Result<Position, ReadError> {
    let at_micros = at.timestamp_micros();
    // Blocks that end before `low` are not later; those that start at `high` or after it are.
    let (mut low, mut high) = (1, head.0 + 1);
    let mut first_later: Option<Block> = None;
    while low < high {
        let block = store.block_at(Position(low.midpoint(high)))?;
        if block.running_max_micros() <= at_micros {
            low = block.last().0 + 1;
        } else {
            high = block.first().0;
            first_later = Some(block);
        }
    }
    let Some(block) = first_later else {
        return Ok(head);
    };
    // All before this block is not later, so within it the first later event alone decides.
    for position in (block.first().0..=block.last().0).map(Position) {
        let bytes = block
            .event(position)
            .ok_or_else(|| wrong_event(&block, position))?;
        let event = serde_json::from_slice::<Instant>(&bytes);
        let Ok(event) = event else {
            return Err(wrong_event(&block, position));
        };
        if event.at.timestamp_micros() > at_micros {
            return Ok(Position(position.0 - 1));
        }
    }
    Err(wrong_event(&block, block.last()))
}

/// The part of an envelope that tells its time.
#[derive(Deserialize)]
struct Instant {
    at: DateTime<Utc>,
}
