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

/// Faults P9 and B23: the end of a day is the next midnight.
#[test]
fn the_end_of_a_day_is_the_next_midnight() {
    for (text, expected) in [
        ("2026-03-02T24:00:00", "2026-03-03T00:00:00+01:00"),
        ("2026-03-02T24:00:00Z", "2026-03-03T00:00:00+00:00"),
        ("2026-03-02T24:00:00.000+01:00", "2026-03-03T00:00:00+01:00"),
        ("2024-02-28T24:00:00Z", "2024-02-29T00:00:00+00:00"),
        ("2026-12-31T24:00:00-05:00", "2027-01-01T00:00:00-05:00"),
        ("9999-12-30T24:00:00Z", "9999-12-31T00:00:00+00:00"),
    ] {
        assert_eq!(reread(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "2026-03-02T24:00:01",
        "2026-03-02T24:01:00Z",
        "2026-03-02T24:00:00.001Z",
        "2026-03-02T25:00:00Z",
        "9999-12-31T24:00:00Z",
    ] {
        assert_eq!(reread(text), None, "{text}");
    }
}

/// Faults B21, B22 and P4: what is taken can be told again, in its own zone and in UTC.
#[test]
fn a_date_that_no_answer_could_tell_is_refused() {
    for text in [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "9999-12-31T23:59:59+14:00",
        "0001-01-01T14:00:00+14:00",
        "2026-03-02T08:00:00-14:00",
    ] {
        assert!(reread(text).is_some(), "{text}");
    }
    for text in [
        "2016-12-31T23:59:60Z",
        "9999-12-31T23:59:60Z",
        "2026-03-02T08:00:00+15:00",
        "2026-03-02T08:00:00+14:01",
        "2026-03-02T08:00:00-14:01",
        "2026-03-02T08:00:00+23:59",
        "2026-03-02T08:00:00+01:60",
        "0000-01-01T00:00:00Z",
        "0000-01-01T00:00:00",
        "0000-12-31T23:00:00-14:00",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59-14:00",
        "-0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
    ] {
        assert_eq!(reread(text), None, "{text}");
    }
}

#[test]
fn what_xml_schema_does_not_allow_is_no_date() {
    for text in [
        "",
        "T",
        "2017-05-02",
        "02/05/2017 09:30",
        "2017-5-2T9:30:00",
        "2017-05-02T09:30",
        "2017-05-02T09:30Z",
        "2017-05-02 09:30:00Z",
        "2017-05-02t09:30:00Z",
        "2017-05-02T09:30:00z",
        "2017-13-02T09:30:00Z",
        "2017-02-30T09:30:00",
        "2017-05-02T09:30:61Z",
        "2017-05-02T09:30:00.Z",
        "2017-05-02T09:30:00,5Z",
        "2017-05-02T09:30:00+2",
        "2017-05-02T09:30:00+0200",
        "2017-05-02T09:30:00+02",
        "2017-05-02T09:30:00 Z",
        "2017-05-02T09:30:00Zz",
        "2017-05-02T09:30:00\u{2212}02:00",
        "\u{a0}2017-05-02T09:30:00Z",
        "+2017-05-02T09:30:00Z",
        "２017-05-02T09:30:00Z",
    ] {
        assert_eq!(reread(text), None, "{text}");
    }
}

#[test]
fn digits_behind_the_ninth_of_a_fraction_are_cut_off() {
    assert_eq!(
        reread("2017-05-02T09:30:00.1234567899999Z").unwrap(),
        "2017-05-02T09:30:00.123456789+00:00"
    );
}

/// An offset of 9 minutes and 21 seconds cannot be written.
#[test]
fn paris_before_1911_is_written_in_utc() {
    assert_eq!(
        reread("1900-01-01T00:09:21").unwrap(),
        "1900-01-01T00:00:00+00:00"
    );
    assert_eq!(
        reread("0001-01-02T00:09:21").unwrap(),
        "0001-01-02T00:00:00+00:00"
    );
}

/// Faults B22 and P5: whatever is stored is written as XML Schema has it, or not at all.
#[test]
fn what_is_stored_is_told_in_a_form_of_xml_schema() {
    let told = |text: &str| read_stored(text).map(|date| write(&date));
    for (text, expected) in [
        ("2026-05-04t10:00:00z", "2026-05-04T10:00:00+00:00"),
        ("2026-05-04 10:00:00+02:00", "2026-05-04T10:00:00+02:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60.5+01:00", "2017-01-01T00:00:00.500+01:00"),
        ("2026-03-02T08:00:00+15:00", "2026-03-01T17:00:00+00:00"),
        ("2026-03-02T08:00:00-23:59", "2026-03-03T07:59:00+00:00"),
        ("2026-03-02T24:00:00Z", "2026-03-03T00:00:00+00:00"),
    ] {
        assert_eq!(told(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59-14:00",
        "demain",
        "",
    ] {
        assert_eq!(told(text), None, "{text}");
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
        "",
        "P",
        "PT",
        "1D",
        "P1",
        "P1H",
        "PT1D",
        "P1.5D",
        "PT1M1H",
        "P1DT",
        "PT.S",
        "PT5.S",
        "PT.5S",
        "PT1.2.3S",
        "P1\u{e9}",
        "P-1D",
        "P1234567890D",
        "4 heures",
    ] {
        assert!(!is_duration(text), "{text}");
    }
}
