//! The archive: sealed segments of the log outside its database (design §4.7).
//!
//! A segment is a Zstandard frame (RFC 8878) with a content checksum around lines of UTF-8, each ended by a line feed:
//!
//! ```text
//! {"guichet_segment":1,"epoch":0,"first":1,"last":2,"before":"<64 digits>"}
//! {"position":1,"event":<stored bytes>}
//! {"position":2,"event":<stored bytes>}
//! {"end":2,"sha256":"<64 digits>"}
//! ```
//!
//! `before` is SHA-256 of the stored bytes of the event before `first`, zeros for the first event of all, so that segments chain.
//! `sha256` is over the bytes of all lines before its own, line feeds included. Digests are lower-case hexadecimal; keys stand in
//! this order and without spaces. The form is read for ever. Where segments are kept is not decided here: this makes and reads bytes.

mod decode;
mod encode;

use crate::place::Position;

pub use decode::{Segment, SegmentError};
pub use encode::SealError;
pub(crate) use encode::{next, seal};

/// The number of the format, the first thing in a segment.
const FORMAT: u32 = 1;

/// Events after which a segment is sealed.
pub const SEGMENT_EVENTS: u64 = 65_536;

/// Bytes of stored events from which on a segment is sealed, if it has fewer than [`SEGMENT_EVENTS`].
pub const SEGMENT_EVENT_BYTES: u64 = 16 * 1024 * 1024;

/// Longest content of a segment in bytes, so that a damaged or foreign file does not fill the memory: four times what sealing makes
/// of [`SEGMENT_EVENT_BYTES`].
pub const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

const SUFFIX: &str = ".guichet.zst";

/// Digits of a position in a file name, so that names sort as positions do.
const NAME_DIGITS: usize = 20;

/// The name of the file of a segment: `<first, 20 digits>-<last, 20 digits>.guichet.zst`.
#[must_use]
pub fn segment_name(first: Position, last: Position) -> String {
    format!("{:0NAME_DIGITS$}-{:0NAME_DIGITS$}{SUFFIX}", first.0, last.0)
}

/// The first and the last position of the segment that a file of this name holds; `None` for a file that is none.
#[must_use]
pub fn parse_segment_name(name: &str) -> Option<(Position, Position)> {
    let (first, last) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let number = |digits: &str| {
        let only_digits = digits.len() == NAME_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        only_digits.then(|| digits.parse().ok()).flatten()
    };
    let (first, last) = (number(first)?, number(last)?);
    (0 < first && first <= last).then_some((Position(first), Position(last)))
}

/// The first line of a segment.
fn header_line(epoch: u32, first: Position, last: Position, before: &[u8; 32]) -> String {
    let before = crate::hex_digest::text(before);
    format!(
        "{{\"guichet_segment\":{FORMAT},\"epoch\":{epoch},\"first\":{first},\"last\":{last},\"before\":\"{before}\"}}\n"
    )
}

/// What stands before the stored bytes in the line of an event.
fn before_event(position: Position) -> String {
    format!("{{\"position\":{position},\"event\":")
}

/// What stands after them.
const AFTER_EVENT: &[u8] = b"}\n";

/// The last line of a segment.
fn end_line(last: Position, digest: &[u8; 32]) -> String {
    let digest = crate::hex_digest::text(digest);
    format!("{{\"end\":{last},\"sha256\":\"{digest}\"}}\n")
}
