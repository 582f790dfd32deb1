//! Where the log ends, and completing the index from it.

use std::path::Path;

use serde::Deserialize;

use super::{OpenError, io_error};
use crate::block::{Block, BlockFault};
use crate::heads::Heads;
use crate::index::{Covered, Index};
use crate::key::{self, StreamKeys};
use crate::name::StreamName;
use crate::place::{CommandId, Position, Version};
use crate::read::{ReadError, digest_at, digest_in};
use crate::store::Store;

/// Changes collected before they go into the index.
const CHANGES_MAX: usize = 8 * 1024;

/// The readable end of the log.
#[derive(Debug)]
pub(super) struct LogEnd {
    pub(super) head: Position,
    pub(super) running_max_micros: i64,
    /// Keys of the blocks after the head that belong to a group without its end.
    pub(super) torn_blocks: Vec<u64>,
    /// What cannot be read after the head.
    pub(super) damage: Option<ReadError>,
}

/// Goes back from the last block to the last whole group.
pub(super) fn find_end(store: &Store) -> Result<LogEnd, ReadError> {
    find_end_from(store, store.last_key()?)
}

/// The same from the block with a key.
fn find_end_from(store: &Store, mut key: Option<u64>) -> Result<LogEnd, ReadError> {
    let mut end = LogEnd {
        head: Position(0),
        running_max_micros: i64::MIN,
        torn_blocks: Vec::new(),
        damage: None,
    };
    while let Some(last) = key {
        match store
            .block_at(Position(last))
            .and_then(|block| Ok((is_whole(store, &block)?, block)))
        {
            Ok((true, block)) => {
                end.head = block.last();
                end.running_max_micros = block.running_max_micros();
                return Ok(end);
            }
            Ok((false, _)) => end.torn_blocks.push(last),
            Err(error @ ReadError::Damaged { .. }) => end.damage = Some(error),
            Err(error) => return Err(error),
        }
        key = store.key_before(last)?;
    }
    Ok(end)
}

/// Whether a block ends its group and all blocks of the group before it are there.
fn is_whole(store: &Store, last: &Block) -> Result<bool, ReadError> {
    if !last.is_last_of_group() {
        return Ok(false);
    }
    if last.group_first() == last.first() {
        return Ok(true);
    }
    for block in store.blocks_from(last.group_first()) {
        match block {
            Ok(block) if block.first() == last.first() => return Ok(true),
            Ok(block) if block.group_first() != last.group_first() => return Ok(false),
            Ok(_) => {}
            Err(ReadError::Damaged {
                fault: BlockFault::Missing,
                ..
            }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Opens the index, if it is one of this log.
pub(super) fn open_index(
    dir: &Path,
    entries_max: usize,
    store: &Store,
    head: Position,
) -> Result<Index, OpenError> {
    let belongs = |covered: Covered| {
        covered.position <= head
            && digest_at(store, covered.position).is_ok_and(|digest| digest == covered.digest)
    };
    Index::open(dir, entries_max, belongs).map_err(io_error("open", dir))
}

/// The end of the last group up to which every block can be read and every event is the next of its stream; fills an empty index.
pub(crate) fn whole_up_to(store: &Store, index: &Index) -> Result<Position, ReadError> {
    let end = find_end(store)?;
    let replayed = complete(index, store, end.head)?;
    if replayed.damage.is_none() {
        return Ok(end.head);
    }
    if replayed.head == Position(0) {
        return Ok(Position(0));
    }
    let last = store.block_at(replayed.head)?;
    Ok(find_end_from(store, Some(last.first().0))?.head)
}

/// The last position that any block speaks of, be it damaged.
pub(crate) fn last_found(store: &Store) -> Result<Position, ReadError> {
    let Some(key) = store.last_key()? else {
        return Ok(Position(0));
    };
    match store.block_at(Position(key)) {
        Ok(block) => Ok(block.last()),
        Err(ReadError::Damaged { .. }) => Ok(Position(key)),
        Err(error) => Err(error),
    }
}

/// What completing the index came to.
pub(super) struct Replayed {
    pub(super) events: u64,
    /// The last position that could be read.
    pub(super) head: Position,
    pub(super) damage: Option<ReadError>,
}

/// Adds to the index what lies between what it covers and the head, up to the first event that cannot be read.
pub(super) fn complete(index: &Index, store: &Store, head: Position) -> Result<Replayed, ReadError> {
    let mut replayed = Replayed {
        events: 0,
        head: index.covered().position,
        damage: None,
    };
    let mut heads = Heads::over(index);
    let mut covered = index.covered();
    if replayed.head == head {
        return Ok(replayed);
    }
    // What the index covers always ends with a block.
    for block in store.blocks_from(Position(replayed.head.0 + 1)) {
        match block.and_then(|block| add_block(&mut heads, &block).map(|()| block)) {
            Ok(block) => {
                let last = block.last();
                replayed.events += last.0 + 1 - block.first().0;
                replayed.head = last;
                covered = Covered {
                    position: last,
                    digest: digest_in(&block, last)?,
                };
            }
            Err(error @ ReadError::Damaged { .. }) => {
                replayed.damage = Some(error);
                break;
            }
            Err(error) => return Err(error),
        }
        if heads.len() >= CHANGES_MAX || replayed.head >= head {
            let changes = std::mem::replace(&mut heads, Heads::over(index)).into_changes();
            index
                .apply(changes.into_iter(), covered)
                .map_err(ReadError::Index)?;
        }
        if replayed.head >= head {
            return Ok(replayed);
        }
    }
    index
        .apply(heads.into_changes().into_iter(), covered)
        .map_err(ReadError::Index)?;
    let next = Position(replayed.head.0 + 1);
    let missing = ReadError::Damaged {
        key: next.0,
        position: next,
        fault: BlockFault::Missing,
    };
    replayed.damage.get_or_insert(missing);
    Ok(replayed)
}

/// The part of an envelope that the index is made from.
#[derive(Deserialize)]
struct Names {
    stream: StreamName,
    version: Version,
    command_id: CommandId,
}

fn add_block(heads: &mut Heads<'_>, block: &Block) -> Result<(), ReadError> {
    heads.begin();
    let added = add_events(heads, block);
    if added.is_err() {
        heads.take_back();
    }
    added
}

fn add_events(heads: &mut Heads<'_>, block: &Block) -> Result<(), ReadError> {
    for position in (block.first().0..=block.last().0).map(Position) {
        let wrong = || ReadError::Damaged {
            key: block.first().0,
            position,
            fault: BlockFault::Event,
        };
        let bytes = block.event(position).ok_or_else(wrong)?;
        let Ok(names) = serde_json::from_slice::<Names>(&bytes) else {
            return Err(wrong());
        };
        let keys = StreamKeys::of(&names.stream);
        let command = key::command(names.command_id);
        let (version, links) = heads.add_event(&keys, position).map_err(ReadError::Index)?;
        let (first, count) = heads
            .get(command)
            .map_err(ReadError::Index)?
            .unwrap_or((position.0, 0));
        heads.add_command(command, Position(first), count + 1);
        let linked = block.previous_in_stream(position) == Some(Position(links.stream))
            && block.previous_in_category(position) == Some(Position(links.category));
        if version != names.version || !linked {
            return Err(wrong());
        }
    }
    Ok(())
}
