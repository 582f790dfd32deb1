//! Dates and times as texts: what both RFC 3339 and XML Schema can write.

use chrono::{Datelike, NaiveDate, TimeDelta};

/// Widest offset from UTC, minutes: XML Schema's dateTime knows no wider one (XML Schema part 2 §3.2.7.3).
pub const OFFSET_MINUTES_MAX: i64 = 14 * 60;

/// A date-time of RFC 3339 in its canonical spelling, with a capital `T` and `Z`; `None` when it is none, or when XML
/// Schema's dateTime cannot hold it: the year 0000, a leap second, an offset beyond 14 hours, an instant that in UTC lies
/// outside the years 1 to 9999. Either door then writes what the other one took.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let text = text.to_ascii_uppercase();
    let (day, rest) = text.split_at_checked(10)?;
    let day = date(day)?;
    let (clock, rest) = rest.strip_prefix('T')?.split_at_checked(8)?;
    let [hour, minute, second] = parts(clock, ':', [2, 2, 2])?;
    let rest = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
    };
    let offset = offset_minutes(rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let utc = day.and_hms_opt(hour, minute, second)? - TimeDelta::minutes(offset);
    (1..=9999).contains(&utc.year()).then_some(text)
}

/// A full date of RFC 3339 from the year 1 on.
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    let [year, month, day] = parts(text, '-', [4, 2, 2])?;
    let year = i32::try_from(year).ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

fn offset_minutes(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, clock) = zone.split_at_checked(1)?;
    let [hours, minutes] = parts(clock, ':', [2, 2])?;
    let whole = i64::from(hours) * 60 + i64::from(minutes);
    if minutes > 59 || whole > OFFSET_MINUTES_MAX {
        return None;
    }
    match sign {
        "+" => Some(whole),
        "-" => Some(-whole),
        _ => None,
    }
}

/// Numbers of exactly so many ASCII digits, with this sign between them.
fn parts<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, count) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != count || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults B22 and B25: what one door takes and the other cannot write.
    #[test]
    fn what_xml_schema_cannot_hold_is_no_date_time() {
        for text in [
            "2016-12-31T23:59:60Z",
            "2026-03-02T08:00:00+15:00",
            "2026-03-02T08:00:00-14:01",
            "2026-03-02T08:00:00+23:59",
            "2026-03-02T08:00:00+18:00",
            "2026-03-02T08:00:00+13:60",
            "0000-01-01T00:00:00Z",
            "0000-06-01T00:00:00+14:00",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "2026-03-02T24:00:00Z",
            "2026-02-29T00:00:00Z",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn what_rfc_3339_does_not_write_is_no_date_time() {
        for text in [
            "",
            "2026-03-02",
            "2026-03-02 08:00:00Z",
            "2026-3-2T8:0:0Z",
            "2026-03-02T08:00Z",
            "2026-03-02T08:00:00",
            "2026-03-02T08:00:00.Z",
            "2026-03-02T08:00:00,5Z",
            "2026-03-02T08:00:00 UTC",
            "2026-03-02T08:00:00+0100",
            "2026-03-02T08:00:00\u{2212}01:00",
            "2026-03-02T08:00:00Z ",
            "+2026-03-02T08:00:00Z",
            "2026-03-02T0\u{664}:00:00Z",
            "99999-03-02T08:00:00Z",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_time_is_spelt_in_one_way() {
        for (given, kept) in [
            ("2026-05-04t10:00:00z", "2026-05-04T10:00:00Z"),
            ("2026-05-04T10:00:00z", "2026-05-04T10:00:00Z"),
            ("2026-05-04t10:00:00.250+02:00", "2026-05-04T10:00:00.250+02:00"),
            ("2026-05-04T10:00:00+14:00", "2026-05-04T10:00:00+14:00"),
            ("2026-05-04T10:00:00-14:00", "2026-05-04T10:00:00-14:00"),
            ("2026-05-04T10:00:00-00:00", "2026-05-04T10:00:00-00:00"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(canonical(given).as_deref(), Some(kept), "{given}");
        }
        assert_eq!(date("2028-02-29"), NaiveDate::from_ymd_opt(2028, 2, 29));
        for text in [
            "2026-2-1",
            " 2026-02-01",
            "+2026-02-01",
            "0000-02-01",
            "2026-02-30",
            "20260201",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
