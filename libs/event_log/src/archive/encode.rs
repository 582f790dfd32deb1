//! Sealing segments.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::{
    AFTER_EVENT, SEGMENT_BYTES_MAX, SEGMENT_EVENT_BYTES, SEGMENT_EVENTS, before_event, end_line, header_line,
};
use crate::block::EVENT_BYTES_MAX;
use crate::place::Position;
use crate::read::{self, ReadError};
use crate::store::Store;

/// How hard Zstandard tries: its own usual level.
const LEVEL: i32 = zstd::DEFAULT_COMPRESSION_LEVEL;

/// How much is read at once, in bytes of stored events.
const READ_BYTES: usize = 1024 * 1024;

/// Why a segment could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The range is empty, or goes past the head.
    #[error("positions {first} to {last} are no range of a log that ends at {head}")]
    Range {
        /// Asked for.
        first: Position,
        /// Asked for.
        last: Position,
        /// Where the log ends.
        head: Position,
    },
    /// The events of the range are more than a segment may hold ([`super::SEGMENT_BYTES_MAX`]).
    #[error("a segment from {first} on is full before position {position}")]
    TooLarge {
        /// Where the segment starts.
        first: Position,
        /// The event that does not fit.
        position: Position,
    },
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// The compressor failed.
    #[error("the segment could not be compressed")]
    Compress(#[source] io::Error),
}

/// The next range to seal after what is archived; `None` while the log does not have it all yet.
pub(crate) fn next(
    store: &Store,
    head: Position,
    archived: Position,
) -> Result<Option<(Position, Position)>, ReadError> {
    let first = Position(archived.0.saturating_add(1));
    // Even of the largest events, fewer do not fill a segment, and need not be read to know.
    let fewest = SEGMENT_EVENT_BYTES / EVENT_BYTES_MAX as u64;
    if head.0.saturating_sub(archived.0) < fewest {
        return Ok(None);
    }
    let (mut last, mut bytes) = (archived, 0);
    while last < head {
        for event in read::stored(store, head, last, usize::MAX, READ_BYTES)? {
            last = event.position;
            bytes += event.bytes.len() as u64;
            if bytes >= SEGMENT_EVENT_BYTES || last.0 - archived.0 == SEGMENT_EVENTS {
                return Ok(Some((first, last)));
            }
        }
    }
    Ok(None)
}

/// Writes lines into the compressor and into the digest.
struct Lines {
    frame: zstd::Encoder<'static, Vec<u8>>,
    digest: Sha256,
    bytes: u64,
}

impl Lines {
    fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.digest.update(piece);
        self.bytes += piece.len() as u64;
        self.frame.write_all(piece)
    }
}

/// Seals a range of the log.
pub(crate) fn seal(
    store: &Store,
    epoch: u32,
    head: Position,
    (first, last): (Position, Position),
) -> Result<Vec<u8>, SealError> {
    if first == Position(0) || last < first || last > head {
        return Err(SealError::Range { first, last, head });
    }
    let mut frame = zstd::Encoder::new(Vec::new(), LEVEL).map_err(SealError::Compress)?;
    frame.include_checksum(true).map_err(SealError::Compress)?;
    let mut lines = Lines {
        frame,
        digest: Sha256::new(),
        bytes: 0,
    };
    let mut after = Position(first.0 - 1);
    let before = read::digest_at(store, after)?;
    lines
        .push(header_line(epoch, first, last, &before).as_bytes())
        .map_err(SealError::Compress)?;
    while after < last {
        for event in read::stored(store, last, after, usize::MAX, READ_BYTES)? {
            after = event.position;
            [before_event(after).as_bytes(), &event.bytes, AFTER_EVENT]
                .into_iter()
                .try_for_each(|piece| lines.push(piece))
                .map_err(SealError::Compress)?;
            // The last line is short, and a segment far from the limit.
            if lines.bytes > SEGMENT_BYTES_MAX / 2 {
                return Err(SealError::TooLarge {
                    first,
                    position: after,
                });
            }
        }
    }
    let end = end_line(last, &lines.digest.finalize().into());
    lines
        .frame
        .write_all(end.as_bytes())
        .map_err(SealError::Compress)?;
    lines.frame.finish().map_err(SealError::Compress)
}
