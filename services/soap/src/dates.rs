//! Dates of the protocol: ISO 8601 as XML Schema writes it, with a zone or, from some clients, without one.

use chrono::{
    DateTime, Duration, FixedOffset, MappedLocalTime, NaiveDateTime, Offset, SecondsFormat, TimeZone, Utc,
};
use chrono_tz::Europe::Paris;

/// Letters of `2017-05-02T09:30:00`, the part that is never optional.
const SECONDS_CHARS: usize = 19;

/// Reads an `xsd:dateTime`. Without a zone it is taken as Paris time, because the protocol is one between French
/// operators; an hour that occurs twice in autumn is the first one, an hour that is skipped in spring is read with
/// the winter offset.
pub(crate) fn read(text: &str) -> Option<DateTime<FixedOffset>> {
    if !has_seconds_shape(text) {
        return None;
    }
    if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
        return Some(zoned);
    }
    in_paris(NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?)
}

/// Chrono reads shorter forms than XML Schema allows, so the digits are counted first.
fn has_seconds_shape(text: &str) -> bool {
    text.len() >= SECONDS_CHARS
        && text
            .bytes()
            .take(SECONDS_CHARS)
            .enumerate()
            .all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                10 => byte == b'T',
                13 | 16 => byte == b':',
                _ => byte.is_ascii_digit(),
            })
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

/// Writes a date with its own offset, seconds at least.
pub(crate) fn write(date: &DateTime<FixedOffset>) -> String {
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
    let mut amount = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() || character == '.' {
            amount.push(character);
            continue;
        }
        let Some((_, after)) = left.split_once(character) else {
            return false;
        };
        let whole = amount.bytes().all(|byte| byte.is_ascii_digit());
        let fraction = seconds && character == 'S' && amount.parse::<f64>().is_ok();
        if amount.is_empty() || !(whole || fraction) {
            return false;
        }
        left = after;
        amount.clear();
    }
    amount.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reread(text: &str) -> Option<String> {
        read(text).map(|date| write(&date))
    }

    #[test]
    fn a_date_keeps_the_zone_it_came_with() {
        assert_eq!(
            reread("2017-05-02T09:30:00+02:00").unwrap(),
            "2017-05-02T09:30:00+02:00"
        );
        assert_eq!(
            reread("2017-05-02T09:30:00.000Z").unwrap(),
            "2017-05-02T09:30:00+00:00"
        );
        assert_eq!(
            reread("2017-05-02T09:30:00.250-05:00").unwrap(),
            "2017-05-02T09:30:00.250-05:00"
        );
    }

    #[test]
    fn a_date_without_zone_is_paris_time_in_summer_and_winter() {
        assert_eq!(
            reread("2017-05-02T09:30:00").unwrap(),
            "2017-05-02T09:30:00+02:00"
        );
        assert_eq!(
            reread("2017-12-02T09:30:00.5").unwrap(),
            "2017-12-02T09:30:00.500+01:00"
        );
    }

    #[test]
    fn the_doubled_hour_is_the_first_and_the_skipped_hour_has_the_winter_offset() {
        assert_eq!(
            reread("2017-10-29T02:30:00").unwrap(),
            "2017-10-29T02:30:00+02:00"
        );
        assert_eq!(
            reread("2017-03-26T02:30:00").unwrap(),
            "2017-03-26T02:30:00+01:00"
        );
    }

    #[test]
    fn what_xml_schema_does_not_allow_is_no_date() {
        for text in [
            "",
            "2017-05-02",
            "02/05/2017 09:30",
            "2017-5-2T9:30:00",
            "2017-05-02T09:30",
            "2017-05-02 09:30:00Z",
            "2017-13-02T09:30:00Z",
            "2017-02-30T09:30:00",
            "2017-05-02T25:00:00Z",
            "2017-05-02T09:30:00+2",
            "2017-05-02T09:30:00Zz",
        ] {
            assert_eq!(reread(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_is_written_in_paris_time() {
        let instant = DateTime::parse_from_rfc3339("2026-03-02T09:30:00.123Z")
            .unwrap()
            .to_utc();
        assert_eq!(write_in_paris(instant), "2026-03-02T10:30:00+01:00");
    }

    #[test]
    fn durations_are_those_of_xml_schema() {
        for text in ["P1D", "PT4H30M", "P1Y2M3DT4H5M6.7S", "-P1D", "PT0S"] {
            assert!(is_duration(text), "{text}");
        }
        for text in [
            "", "P", "PT", "1D", "P1", "P1H", "PT1D", "P1.5D", "PT1M1H", "P1DT", "PT.S", "4 heures",
        ] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
