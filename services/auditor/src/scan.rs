//! Reading the lines of an export and the envelopes of events, without copying and without building a tree of JSON.
//!
//! The writer puts the members of an envelope in one order without spaces (docs/audit-format.md), so they are cut out
//! where they must stand. What is written otherwise is read again by a strict parser, which takes the members in any
//! order and refuses unknown ones; only what that refuses too is a fault.

pub(crate) mod json;
mod strict;

use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

pub(crate) use strict::EnvelopeFault;

/// What every line of an event starts with.
const POSITION: &[u8] = b"{\"position\":";
/// What follows the position.
const EVENT: &[u8] = b",\"event\":";

/// The largest position or version that is read: far above what a log can hold, and one more never overflows.
pub(crate) const NUMBER_MAX: u64 = 1 << 62;

/// The line of an event: its position, and the stored bytes of the event as they stand.
pub(crate) fn event_line(line: &[u8]) -> Option<(u64, &[u8])> {
    let mut cursor = Cursor {
        rest: line.strip_suffix(b"}")?,
    };
    cursor.literal(POSITION)?;
    let position = cursor.number()?;
    cursor.literal(EVENT)?;
    Some((position, cursor.rest))
}

/// An envelope, borrowed from the stored bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Envelope<'e> {
    pub(crate) id: Uuid,
    pub(crate) stream: &'e str,
    pub(crate) version: u64,
    pub(crate) event_type: &'e str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) occurred_at: Option<DateTime<Utc>>,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) by: Uuid,
    pub(crate) on_behalf_of: Option<Uuid>,
    pub(crate) command: Uuid,
    /// The payload: where it stands in the stored bytes.
    pub(crate) data: Range<usize>,
}

/// Reads the envelope of an event. The data is an object; what stands in it is checked by whoever reads it.
pub(crate) fn envelope(stored: &[u8]) -> Result<Envelope<'_>, EnvelopeFault> {
    match written_order(stored) {
        Some(envelope) => Ok(envelope),
        None => strict::envelope(stored),
    }
}

/// The envelope, when its members stand as the writer puts them.
fn written_order(stored: &[u8]) -> Option<Envelope<'_>> {
    let mut cursor = Cursor { rest: stored };
    cursor.literal(b"{\"id\":")?;
    let id = cursor.uuid()?;
    cursor.literal(b",\"stream\":\"")?;
    let stream = cursor.text()?;
    cursor.literal(b",\"version\":")?;
    let version = cursor.number()?;
    cursor.literal(b",\"type\":\"")?;
    let event_type = cursor.text()?;
    cursor.literal(b",\"at\":")?;
    let at = cursor.time()?;
    let occurred_at = cursor.optional(b",\"occurred_at\":", Cursor::time)?;
    let sent_at = cursor.optional(b",\"sent_at\":", Cursor::time)?;
    cursor.literal(b",\"by\":")?;
    let by = cursor.uuid()?;
    let on_behalf_of = cursor.optional(b",\"on_behalf_of\":", Cursor::uuid)?;
    cursor.literal(b",\"channel\":\"")?;
    let channel = cursor.text()?;
    cursor.literal(b",\"command_id\":")?;
    let command = cursor.uuid()?;
    cursor.literal(b",\"command_digest\":\"")?;
    let digest = cursor.text()?;
    cursor.literal(b",\"correlation_id\":")?;
    cursor.uuid()?;
    cursor.optional(b",\"causation_id\":", Cursor::uuid)?;
    cursor.literal(b",\"data\":")?;
    let start = stored.len() - cursor.rest.len();
    let data = start..start + value_length(cursor.rest)?;
    let is_whole = stored.get(data.end..) == Some(b"}");
    let is_known = is_channel(channel) && is_digest(digest) && is_stream_name(stream);
    (is_whole && is_known && !event_type.is_empty()).then_some(Envelope {
        id,
        stream,
        version,
        event_type,
        at,
        occurred_at,
        sent_at,
        by,
        on_behalf_of,
        command,
        data,
    })
}

/// The doors that a command can come through.
fn is_channel(text: &str) -> bool {
    matches!(text, "rest" | "soap" | "courier" | "timer" | "admin")
}

/// 64 small hexadecimal digits.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// 1 to 120 letters, digits, `.`, `_`, `-`.
fn is_stream_name(text: &str) -> bool {
    (1..=120).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// How long the JSON object is that `bytes` start with. Only its braces and strings are looked at: whoever wants to
/// know more decodes it.
fn value_length(bytes: &[u8]) -> Option<usize> {
    // Every payload of ours is an object; others are for the strict parser.
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        at += memchr::memchr3(b'"', b'{', b'}', bytes.get(at..)?)?;
        match bytes.get(at)? {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => at = end_of_string(bytes, at + 1)?,
        }
        at += 1;
    }
}

/// Where the quote stands that ends the string which starts at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// A UUID in the one way in which it may be written: hyphenated, in small letters.
pub(crate) fn written_uuid(text: &[u8]) -> Option<Uuid> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let mut number: u128 = 0;
    for (at, byte) in text.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = HEX[usize::from(*byte)];
        if digit == NO_DIGIT {
            return None;
        }
        number = number << 4 | u128::from(digit);
    }
    Some(Uuid::from_u128(number))
}

struct Cursor<'e> {
    rest: &'e [u8],
}

impl<'e> Cursor<'e> {
    fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Absent, or there and well formed.
    fn optional<T>(&mut self, name: &[u8], read: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.literal(name) {
            Some(()) => read(self).map(Some),
            None => Some(None),
        }
    }

    /// A number from 1 to [`NUMBER_MAX`] without leading zeros.
    fn number(&mut self) -> Option<u64> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (text, rest) = self.rest.split_at(digits);
        let first = *text.first()?;
        let mut number: u64 = 0;
        for digit in text {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        }
        self.rest = rest;
        (first != b'0' && number <= NUMBER_MAX).then_some(number)
    }

    /// What stands before the next quote, when it has no escapes; the quote is passed over.
    fn text(&mut self) -> Option<&'e str> {
        let end = self.rest.iter().position(|byte| *byte == b'"')?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        if text.iter().any(|byte| *byte == b'\\' || *byte < b' ') {
            return None;
        }
        std::str::from_utf8(text).ok()
    }

    /// A UUID as it is written: hyphenated, in small letters, between quotes.
    fn uuid(&mut self) -> Option<Uuid> {
        let (text, rest) = self.rest.split_first_chunk::<38>()?;
        self.rest = rest;
        written_uuid(text.strip_prefix(b"\"")?.strip_suffix(b"\"")?)
    }

    /// An instant with six digits after the second, in UTC, between quotes.
    fn time(&mut self) -> Option<DateTime<Utc>> {
        let (text, rest) = self.rest.split_first_chunk::<29>()?;
        self.rest = rest;
        let digits = |range: Range<usize>| {
            text[range].iter().try_fold(0_u32, |number, byte| {
                byte.is_ascii_digit()
                    .then(|| number * 10 + u32::from(byte - b'0'))
            })
        };
        let is_formed = [
            (0, b'"'),
            (5, b'-'),
            (8, b'-'),
            (11, b'T'),
            (14, b':'),
            (17, b':'),
            (20, b'.'),
        ]
        .iter()
        .all(|(at, byte)| text[*at] == *byte)
            && text[27..] == *b"Z\"";
        if !is_formed {
            return None;
        }
        let year = i32::try_from(digits(1..5)?).ok()?;
        // Not every reader has a year 0.
        let date = NaiveDate::from_ymd_opt(year, digits(6..8)?, digits(9..11)?).filter(|_| year > 0)?;
        let (hour, minute, second) = (digits(12..14)?, digits(15..17)?, digits(18..20)?);
        Some(
            date.and_hms_micro_opt(hour, minute, second, digits(21..27)?)?
                .and_utc(),
        )
    }
}

/// Says that a byte is no digit.
const NO_DIGIT: u8 = 0xff;

/// The value of each small hexadecimal digit.
static HEX: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

#[cfg(test)]
mod tests;
