//! The record of the log: a block of events.

use bytes::Bytes;

use crate::limits::RECORD_BYTES_MAX;
use crate::place::Position;

/// The first bytes of a block: three letters and the number of the format.
const MAGIC: [u8; 4] = *b"GBK\x01";

/// Where the checked part of a block starts.
const CHECKED_FROM: usize = 8;

/// Bytes of a block before its table.
pub(crate) const BLOCK_HEADER_BYTES: usize = 40;

/// Bytes of one entry of the table.
pub(crate) const BLOCK_ENTRY_BYTES: usize = 20;

/// Largest stored event in bytes: what is left of a record that holds it alone.
pub const EVENT_BYTES_MAX: usize = RECORD_BYTES_MAX - BLOCK_HEADER_BYTES - BLOCK_ENTRY_BYTES;

/// Bit 0 of the flags: this is the last block of its group.
const FLAG_LAST_OF_GROUP: u32 = 1;

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// It is not there, although blocks after it are.
    #[error("it is missing")]
    Missing,
    /// It is shorter than its header and table.
    #[error("it is cut off after {bytes} bytes")]
    CutOff {
        /// Bytes found.
        bytes: usize,
    },
    /// It does not start as a block of a known format does.
    #[error("it is of no known format")]
    UnknownFormat,
    /// Its bytes are not those that were written.
    #[error("its checksum does not match")]
    Checksum,
    /// It says that it starts elsewhere than its key does.
    #[error("it says that it starts at position {first}")]
    WrongKey {
        /// The position it names.
        first: u64,
    },
    /// Its table does not describe its bytes.
    #[error("its table does not describe its events")]
    Table,
    /// An event in it is not an envelope, or not the one that the index or a link names.
    #[error("the event is not the one that belongs there")]
    Event,
}

/// A block of consecutive events of one group commit, as stored under its first position (8 bytes, big-endian) in the tree `blocks`.
///
/// | offset | bytes | what (numbers are little-endian) |
/// |---|---|---|
/// | 0 | 4 | `GBK` and the number of the format, 1 |
/// | 4 | 4 | CRC-32C of everything from offset 8 to the end |
/// | 8 | 8 | position of the first event |
/// | 16 | 8 | position of the first event of the group |
/// | 24 | 8 | running maximum of `at` at the end of the block, in microseconds since 1970, signed |
/// | 32 | 4 | number of events, at least 1 |
/// | 36 | 4 | flags; bit 0: the last block of its group |
/// | 40 | 20 each | per event: end of its bytes, counted from the end of the table (4); position of the event before it in its stream, 0 for none (8); the same in its category (8) |
/// | | | the stored bytes of the events, one after the other |
///
/// A block that differs from this in any bit is refused, never read in part.
#[derive(Debug, Clone)]
pub struct Block {
    record: Bytes,
    first: u64,
    group_first: u64,
    running_max_micros: i64,
    count: usize,
    last_of_group: bool,
}

/// The bytes of the number at an offset, which the record is known to hold.
fn number<const N: usize>(record: &[u8], offset: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&record[offset..offset + N]);
    bytes
}

impl Block {
    /// Checks and opens a stored block.
    ///
    /// # Errors
    /// See [`BlockFault`].
    pub fn decode(key: u64, record: Bytes) -> Result<Block, BlockFault> {
        if record.len() < BLOCK_HEADER_BYTES {
            return Err(BlockFault::CutOff { bytes: record.len() });
        }
        if record[..4] != MAGIC {
            return Err(BlockFault::UnknownFormat);
        }
        if crc32c::crc32c(&record[CHECKED_FROM..]) != u32::from_le_bytes(number(&record, 4)) {
            return Err(BlockFault::Checksum);
        }
        let first = u64::from_le_bytes(number(&record, 8));
        if first != key {
            return Err(BlockFault::WrongKey { first });
        }
        let count = u32::from_le_bytes(number(&record, 32));
        let block = Block {
            first,
            group_first: u64::from_le_bytes(number(&record, 16)),
            running_max_micros: i64::from_le_bytes(number(&record, 24)),
            count: usize::try_from(count).unwrap_or(usize::MAX),
            last_of_group: u32::from_le_bytes(number(&record, 36)) & FLAG_LAST_OF_GROUP != 0,
            record,
        };
        if block.table_is_sound() {
            Ok(block)
        } else {
            Err(BlockFault::Table)
        }
    }

    fn table_is_sound(&self) -> bool {
        let table_end = self
            .count
            .checked_mul(BLOCK_ENTRY_BYTES)
            .map(|table| table + BLOCK_HEADER_BYTES);
        let Some(bytes) = table_end.and_then(|end| self.record.len().checked_sub(end)) else {
            return false;
        };
        let ends = || (0..self.count).map(|index| self.end(index));
        let grows = std::iter::once(0)
            .chain(ends())
            .zip(ends())
            .all(|(before, end)| before < end);
        let places = self.group_first <= self.first
            && self.first > 0
            && self.first.checked_add(u64::from(u32::MAX)).is_some();
        self.count > 0 && grows && places && self.end(self.count - 1) == bytes
    }

    fn entry(&self, index: usize) -> usize {
        BLOCK_HEADER_BYTES + index * BLOCK_ENTRY_BYTES
    }

    fn end(&self, index: usize) -> usize {
        usize::try_from(u32::from_le_bytes(number(&self.record, self.entry(index)))).unwrap_or(usize::MAX)
    }

    /// Position of the first event.
    #[must_use]
    pub fn first(&self) -> Position {
        Position(self.first)
    }

    /// Position of the last event.
    #[must_use]
    pub fn last(&self) -> Position {
        Position(self.first + self.count as u64 - 1)
    }

    /// Position of the first event of the group.
    #[must_use]
    pub fn group_first(&self) -> Position {
        Position(self.group_first)
    }

    /// Whether this is the last block of its group.
    #[must_use]
    pub fn is_last_of_group(&self) -> bool {
        self.last_of_group
    }

    /// Running maximum of `at` at the end of the block, in microseconds since 1970.
    #[must_use]
    pub fn running_max_micros(&self) -> i64 {
        self.running_max_micros
    }

    fn index_of(&self, position: Position) -> Option<usize> {
        let index = usize::try_from(position.0.checked_sub(self.first)?).ok()?;
        (index < self.count).then_some(index)
    }

    /// The stored bytes of an event: a slice that keeps the block in memory. `None` when the event lies in another block.
    #[must_use]
    pub fn event(&self, position: Position) -> Option<Bytes> {
        let index = self.index_of(position)?;
        let bytes = self.entry(self.count);
        let start = if index == 0 { 0 } else { self.end(index - 1) };
        Some(self.record.slice(bytes + start..bytes + self.end(index)))
    }

    /// Position of the event before this one in its stream; 0 for none. `None` when the event lies in another block.
    #[must_use]
    pub fn previous_in_stream(&self, position: Position) -> Option<Position> {
        let index = self.index_of(position)?;
        Some(Position(u64::from_le_bytes(number(
            &self.record,
            self.entry(index) + 4,
        ))))
    }

    /// Position of the event before this one in its category; 0 for none. `None` when the event lies in another block.
    #[must_use]
    pub fn previous_in_category(&self, position: Position) -> Option<Position> {
        let index = self.index_of(position)?;
        Some(Position(u64::from_le_bytes(number(
            &self.record,
            self.entry(index) + 12,
        ))))
    }

    /// The stored form of the block.
    #[must_use]
    pub fn record(&self) -> &Bytes {
        &self.record
    }

    /// The block without its events, as no reader lets one in, for the test of what the writer does with it.
    #[cfg(test)]
    pub(crate) fn emptied(self) -> Block {
        Block { count: 0, ..self }
    }
}

/// The events before one in its stream and its category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) stream: u64,
    pub(crate) category: u64,
}

/// Collects the events of one group into blocks.
#[derive(Debug)]
pub(crate) struct BlockBuilder {
    group_first: u64,
    first: u64,
    count: u32,
    running_max_micros: i64,
    table: Vec<u8>,
    bytes: Vec<u8>,
    done: Vec<Block>,
}

impl BlockBuilder {
    pub(crate) fn new(first: u64) -> BlockBuilder {
        BlockBuilder {
            group_first: first,
            first,
            count: 0,
            running_max_micros: i64::MIN,
            table: Vec::new(),
            bytes: Vec::with_capacity(RECORD_BYTES_MAX),
            done: Vec::new(),
        }
    }

    /// Adds the next event, given as pieces of its bytes.
    pub(crate) fn push(&mut self, pieces: &[&[u8]], links: Links, running_max_micros: i64) {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let grown = BLOCK_HEADER_BYTES + self.table.len() + BLOCK_ENTRY_BYTES + self.bytes.len() + length;
        if self.count > 0 && grown > RECORD_BYTES_MAX {
            self.seal(0);
        }
        for piece in pieces {
            self.bytes.extend_from_slice(piece);
        }
        #[expect(
            clippy::expect_used,
            reason = "a table that does not fit its events must not be stored"
        )]
        let end = u32::try_from(self.bytes.len()).expect("a record is at most 48 KiB");
        self.table.extend_from_slice(&end.to_le_bytes());
        self.table.extend_from_slice(&links.stream.to_le_bytes());
        self.table.extend_from_slice(&links.category.to_le_bytes());
        self.count += 1;
        self.running_max_micros = running_max_micros;
    }

    fn seal(&mut self, flags: u32) {
        let mut record = Vec::with_capacity(BLOCK_HEADER_BYTES + self.table.len() + self.bytes.len());
        record.extend_from_slice(&MAGIC);
        record.extend_from_slice(&[0; 4]);
        record.extend_from_slice(&self.first.to_le_bytes());
        record.extend_from_slice(&self.group_first.to_le_bytes());
        record.extend_from_slice(&self.running_max_micros.to_le_bytes());
        record.extend_from_slice(&self.count.to_le_bytes());
        record.extend_from_slice(&flags.to_le_bytes());
        record.append(&mut self.table);
        record.append(&mut self.bytes);
        let checksum = crc32c::crc32c(&record[CHECKED_FROM..]);
        record[4..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
        self.done.push(Block {
            record: Bytes::from(record),
            first: self.first,
            group_first: self.group_first,
            running_max_micros: self.running_max_micros,
            count: usize::try_from(self.count).unwrap_or(usize::MAX),
            last_of_group: flags & FLAG_LAST_OF_GROUP != 0,
        });
        self.first += u64::from(self.count);
        self.count = 0;
    }

    /// The stored blocks of the group, the last one marked. Empty when no event was added.
    pub(crate) fn finish(mut self) -> Vec<Block> {
        if self.count > 0 {
            self.seal(FLAG_LAST_OF_GROUP);
        }
        self.done
    }
}

#[cfg(test)]
mod tests;
