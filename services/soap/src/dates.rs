//! Dates of the protocol: ISO 8601 as XML Schema writes it, with a zone or, from some clients, without one.

use chrono::{
    DateTime, Datelike, Duration, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset,
    SecondsFormat, TimeZone, Timelike, Utc,
};
use chrono_tz::Europe::Paris;
use std::ops::RangeInclusive;

/// The years that an answer can tell, in the date's own zone and in UTC: XML Schema 1.0 has no year 0000, and clients of many
/// languages end at 9999.
const YEARS: RangeInclusive<i32> = 1..=9999;
/// Largest offset from UTC, seconds (XML Schema 1.1 Part 2, 3.3.7: 14 hours).
const OFFSET_S_MAX: i32 = 14 * 3600;
/// Nanoseconds of a second; more of them are chrono's sign of a leap second.
const SECOND_NS: u32 = 1_000_000_000;
/// Digits of a fraction that count; further ones are cut off.
const FRACTION_DIGITS: usize = 9;
/// Most digits of one amount of a duration: validators count in 32 bits.
const AMOUNT_DIGITS_MAX: usize = 9;

/// Reads an `xsd:dateTime` (XML Schema 1.1 Part 2, 3.3.7, years 0001 to 9999). Without a zone it is taken as Paris time,
/// because the protocol is one between French operators; an hour that occurs twice in autumn is the first one, an hour
/// that is skipped in spring is read with the winter offset. `24:00:00` is the next midnight.
pub(crate) fn read(text: &str) -> Option<DateTime<FixedOffset>> {
    let (date, rest) = text.split_once('T')?;
    let (clock, zone) = match rest.find(['Z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let local = read_local(date, clock)?;
    let read = match zone {
        "" => in_paris(local)?,
        zone => read_offset(zone)?.from_local_datetime(&local).single()?,
    };
    Some(read).filter(is_told)
}

/// Reads what the API gave, which may be any RFC 3339 text: a leap second is the second after it, and an offset that XML
/// Schema does not have becomes UTC.
pub(crate) fn read_stored(text: &str) -> Option<DateTime<FixedOffset>> {
    let read = match read(text) {
        Some(read) => read,
        None => DateTime::parse_from_rfc3339(text.trim()).ok()?,
    };
    let read = match read.nanosecond().checked_sub(SECOND_NS) {
        Some(over) => read
            .with_nanosecond(over)?
            .checked_add_signed(Duration::seconds(1))?,
        None => read,
    };
    let utc = || read.to_utc().fixed_offset();
    let has_such_offset = read.offset().local_minus_utc().abs() <= OFFSET_S_MAX;
    let read = if has_such_offset && YEARS.contains(&read.year()) {
        read
    } else {
        utc()
    };
    Some(read).filter(is_told)
}

fn is_told(date: &DateTime<FixedOffset>) -> bool {
    YEARS.contains(&date.year()) && YEARS.contains(&date.to_utc().year())
}

/// `2017-05-02` and `09:30:00.5`.
fn read_local(date: &str, clock: &str) -> Option<NaiveDateTime> {
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, digits)) => (clock, read_fraction(digits)?),
        None => (clock, 0),
    };
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if (hour, minute, second, fraction) == (24, 0, 0, 0) {
        return Some(date.succ_opt()?.and_time(NaiveTime::MIN));
    }
    date.and_hms_nano_opt(hour, minute, second, fraction)
}

/// Nanoseconds of the digits behind the point.
fn read_fraction(digits: &str) -> Option<u32> {
    if !is_digits(digits) {
        return None;
    }
    let counted: String = digits
        .chars()
        .chain(std::iter::repeat('0'))
        .take(FRACTION_DIGITS)
        .collect();
    counted.parse().ok()
}

/// `Z`, or `+02:00`, at most 14 hours.
fn read_offset(zone: &str) -> Option<FixedOffset> {
    if zone == "Z" {
        return FixedOffset::east_opt(0);
    }
    let (sign, amount) = match zone.strip_prefix('-') {
        Some(amount) => (-1, amount),
        None => (1, zone.strip_prefix('+')?),
    };
    let [hours, minutes] = numbers(amount, ':', [2, 2])?;
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    (minutes < 60 && seconds <= OFFSET_S_MAX)
        .then(|| FixedOffset::east_opt(sign * seconds))
        .flatten()
}

/// Numbers of so many digits each, with a character between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut read = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in read.iter_mut().zip(digits) {
        let part = parts
            .next()
            .filter(|part| part.len() == digits && is_digits(part))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(read)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn in_paris(local: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
    let offset = match Paris.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => offset.fix(),
        MappedLocalTime::None => {
            let before = local.checked_sub_signed(Duration::hours(3))?;
            Paris.offset_from_local_datetime(&before).earliest()?.fix()
        }
    };
    offset.from_local_datetime(&local).single()
}

/// Writes a date with its own offset, seconds at least. An offset that is no whole number of minutes, as Paris had until
/// 1911, cannot be written: such a date is written in UTC.
pub(crate) fn write(date: &DateTime<FixedOffset>) -> String {
    let whole_minutes = date.offset().local_minus_utc() % 60 == 0;
    let date = if whole_minutes {
        *date
    } else {
        date.to_utc().fixed_offset()
    };
    date.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Writes an instant in Paris time, with its offset.
pub(crate) fn write_in_paris(instant: DateTime<Utc>) -> String {
    instant
        .with_timezone(&Paris)
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Whether a text is an `xsd:duration`, such as `P1DT2H`.
pub(crate) fn is_duration(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let Some(rest) = unsigned.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    !(date.is_empty() && time.is_empty()) && are_amounts(date, "YMD", false) && are_amounts(time, "HMS", true)
}

/// Amounts with units in that order, each at most once; only seconds may have a fraction.
fn are_amounts(text: &str, units: &str, seconds: bool) -> bool {
    let mut left = units;
    let mut rest = text;
    while let Some(at) = rest.find(|character: char| character.is_ascii_alphabetic()) {
        let (amount, unit) = (&rest[..at], &rest[at..=at]);
        let Some((_, after)) = left.split_once(unit) else {
            return false;
        };
        let is_amount = match amount.split_once('.') {
            Some((whole, fraction)) => seconds && unit == "S" && is_few(whole) && is_few(fraction),
            None => is_few(amount),
        };
        if !is_amount {
            return false;
        }
        (left, rest) = (after, &rest[at + 1..]);
    }
    rest.is_empty()
}

fn is_few(digits: &str) -> bool {
    is_digits(digits) && digits.len() <= AMOUNT_DIGITS_MAX
}

#[cfg(test)]
mod tests;
