//! Opening and checking segments.

use std::io::{self, Read};

use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{AFTER_EVENT, FORMAT, SEGMENT_BYTES_MAX, before_event, end_line, header_line};
use crate::place::Position;
use crate::read::Stored;

/// What is wrong with a segment. Nothing of it is used.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// It is no Zstandard frame, or not the one that was written.
    #[error("the compressed frame is damaged")]
    Frame(#[source] io::Error),
    /// Its content is longer than [`super::SEGMENT_BYTES_MAX`].
    #[error("its content is longer than {max} bytes")]
    TooLarge {
        /// Bytes allowed.
        max: u64,
    },
    /// Its first line is not that of a segment.
    #[error("its first line is not that of a segment")]
    Header,
    /// It is of a later format.
    #[error("its format {format} is unknown")]
    UnknownFormat {
        /// The number found.
        format: u32,
    },
    /// The line of an event is missing, or is that of another position, or is none.
    #[error("the line of position {position} is not there")]
    Event {
        /// The position that should be there.
        position: Position,
    },
    /// The last line is not there, or tells another end or another digest than the lines before it have.
    #[error("its last line does not confirm what is before it, up to position {last}")]
    End {
        /// The last position of the segment.
        last: Position,
    },
}

/// An opened segment: what it says of itself is true of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The epoch of the log when it was sealed.
    pub epoch: u32,
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
    /// SHA-256 of the stored bytes of the event before the first; zeros for the first event of all.
    pub before: [u8; 32],
    /// Its events, all of them, ascending; slices of one piece of memory.
    pub events: Vec<Stored>,
}

#[derive(Deserialize)]
struct Header {
    epoch: u32,
    first: Position,
    last: Position,
    #[serde(with = "crate::hex_digest")]
    before: [u8; 32],
}

#[derive(Deserialize)]
struct Format {
    guichet_segment: u32,
}

/// The lines that are left.
struct Lines {
    content: Bytes,
    at: usize,
}

impl Lines {
    /// The next line, its end included.
    fn next(&mut self) -> Option<Bytes> {
        let left = self.content.slice(self.at..);
        let end = left.iter().position(|byte| *byte == b'\n')? + 1;
        self.at += end;
        Some(left.slice(..end))
    }
}

impl Segment {
    /// Opens the bytes of a segment and checks all of it: the frame, every line, the chain's digest at its end.
    ///
    /// # Errors
    /// See [`SegmentError`].
    pub fn open(sealed: &[u8]) -> Result<Segment, SegmentError> {
        let content = decompress(sealed)?;
        let mut lines = Lines { content, at: 0 };
        let header = header(&lines.next().ok_or(SegmentError::Header)?)?;
        let mut events = Vec::new();
        for position in (header.first.0..=header.last.0).map(Position) {
            let bytes = lines.next().and_then(|line| event(&line, position));
            let bytes = bytes.ok_or(SegmentError::Event { position })?;
            events.push(Stored { position, bytes });
        }
        let digest = Sha256::digest(&lines.content[..lines.at]).into();
        let end = lines.content.slice(lines.at..);
        if end != end_line(header.last, &digest).as_bytes() {
            return Err(SegmentError::End { last: header.last });
        }
        Ok(Segment {
            epoch: header.epoch,
            first: header.first,
            last: header.last,
            before: header.before,
            events,
        })
    }

    /// SHA-256 of the stored bytes of the last event: the `before` of the segment that follows.
    #[must_use]
    pub fn digest_at_end(&self) -> [u8; 32] {
        self.events
            .last()
            .map_or(self.before, |event| Sha256::digest(&event.bytes).into())
    }
}

fn decompress(sealed: &[u8]) -> Result<Bytes, SegmentError> {
    let frame = zstd::Decoder::with_buffer(sealed).map_err(SegmentError::Frame)?;
    let mut content = Vec::new();
    frame
        .take(SEGMENT_BYTES_MAX + 1)
        .read_to_end(&mut content)
        .map_err(SegmentError::Frame)?;
    if content.len() as u64 > SEGMENT_BYTES_MAX {
        return Err(SegmentError::TooLarge {
            max: SEGMENT_BYTES_MAX,
        });
    }
    Ok(Bytes::from(content))
}

fn header(line: &[u8]) -> Result<Header, SegmentError> {
    match serde_json::from_slice(line) {
        Ok(Format {
            guichet_segment: format,
        }) if format != FORMAT => {
            return Err(SegmentError::UnknownFormat { format });
        }
        Ok(_) => {}
        Err(_) => return Err(SegmentError::Header),
    }
    let header = serde_json::from_slice(line).ok().filter(|header: &Header| {
        let written = header_line(header.epoch, header.first, header.last, &header.before);
        written.as_bytes() == line && Position(0) < header.first && header.first <= header.last
    });
    header.ok_or(SegmentError::Header)
}

/// The stored bytes in the line of an event.
fn event(line: &Bytes, position: Position) -> Option<Bytes> {
    let before = before_event(position);
    let inner = line.strip_prefix(before.as_bytes())?.strip_suffix(AFTER_EVENT)?;
    (!inner.is_empty()).then(|| line.slice_ref(inner))
}
