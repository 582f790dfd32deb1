//! Times as RFC 3339 writes them and in no other form: what was accepted is shown again, and others must be able to read it.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};

/// An instant. A leap second, which can only be the last of a month, is the second after it.
#[must_use]
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    if !has_form(text.as_bytes()) {
        return None;
    }
    settled(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// The same of an instant that was read without this module: one within a leap second is kept by no database.
#[must_use]
pub(crate) fn settled(read: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let instant = match read.nanosecond().checked_sub(NANOSECONDS) {
        None => read,
        Some(nanoseconds) => {
            let after = read.with_nanosecond(nanoseconds)? + TimeDelta::seconds(1);
            let is_month_begun =
                after.day() == 1 && after.hour() == 0 && after.minute() == 0 && after.second() == 0;
            is_month_begun.then_some(after)?
        }
    };
    // Beyond, four digits would not write it.
    (0..=9_999).contains(&instant.year()).then_some(instant)
}

/// A day, such as `2026-03-01`.
#[must_use]
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    is_day(text.as_bytes())
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

/// In one second.
const NANOSECONDS: u32 = 1_000_000_000;

/// `2026-03-02T09:30:00`, perhaps with a fraction, and `Z` or an offset (RFC 3339 §5.6).
fn has_form(text: &[u8]) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else {
        return false;
    };
    let Some(([b'T' | b't', time @ ..], rest)) = rest.split_at_checked(9) else {
        return false;
    };
    let fraction = match rest {
        [b'.', rest @ ..] => rest.iter().take_while(|byte| byte.is_ascii_digit()).count() + 1,
        _ => 0,
    };
    let is_zone = match &rest[fraction..] {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', offset @ ..] => are(offset, b"00:00"),
        _ => false,
    };
    is_day(day) && are(time, b"00:00:00") && fraction != 1 && is_zone
}

fn is_day(text: &[u8]) -> bool {
    are(text, b"0000-00-00")
}

/// Digits where the form has some, and what else it has.
fn are(text: &[u8], form: &[u8]) -> bool {
    let same = |(byte, form): (&u8, &u8)| {
        if *form == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == form
        }
    };
    text.len() == form.len() && text.iter().zip(form).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault B29: other texts than those of RFC 3339.
    #[test]
    fn an_instant_has_the_form_of_rfc_3339_and_no_other() {
        let shown = |text: &str| instant(text).map(|instant| instant.to_rfc3339());
        for (text, expected) in [
            ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00+00:00"),
            ("2999-01-01t00:00:00z", "2999-01-01T00:00:00+00:00"),
            (
                "2999-01-01T00:00:00.123456+01:00",
                "2998-12-31T23:00:00.123456+00:00",
            ),
            ("2999-01-01T00:00:00-00:00", "2999-01-01T00:00:00+00:00"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
            ("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:00:00.500+00:00"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "2999-01-01",
            "2999-1-1T0:0:0Z",
            "2999- 01 -01T 00: 00 :00Z",
            "2999-01-01T00:00:00 UTC",
            "2999-01-01T00:00:00+0000",
            "2999-01-01T00:00:00+00",
            "2999-01-01T12:34:60Z",
            "2999-01-01 00:00:00Z",
            "2999-01-01T00:00:00",
            "2999-01-01T00:00Z",
            "2999-01-01T00:00:00.Z",
            "2999-01-01T00:00:00,5Z",
            " 2999-01-01T00:00:00Z",
            "2999-01-01T00:00:00Z ",
            "+2999-01-01T00:00:00Z",
            "2999-01-01T00:00:00\u{2212}01:00",
            "2999-02-29T00:00:00Z",
            "2999-13-01T00:00:00Z",
            "2999-01-01T24:00:00Z",
            "2999-01-01T00:60:00Z",
            "2999-01-01T00:00:00+24:00",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+14:00",
            "\u{662}999-01-01T00:00:00Z",
        ] {
            assert_eq!(shown(text), None, "{text:?}");
        }
    }

    /// Fault B29: days.
    #[test]
    fn a_day_has_four_digits_and_two_and_two() {
        assert_eq!(day("2026-03-01"), NaiveDate::from_ymd_opt(2026, 3, 1));
        for text in [
            "2026-1-1",
            "+2026-01-01",
            " 2026-01-01",
            "2026-01-01 ",
            "+262142-12-31",
            "2026-02-29",
            "2026-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(day(text), None, "{text:?}");
        }
    }
}
