use super::*;
use serde_json::json;

fn names(wanted: impl Fn(&Field) -> bool) -> Vec<&'static str> {
    FIELDS
        .iter()
        .filter(|field| wanted(field))
        .map(|field| field.name)
        .collect()
}

#[test]
fn create_asks_for_what_the_seed_marks_as_not_optional() {
    assert_eq!(
        names(|field| field.on_create == Mandatory),
        [
            "interactionDate",
            "description",
            "troubleTicketState",
            "troubleDescription",
            "troubleDetectionTime",
            "serviceProviderID",
            "supplierID",
            "troubleTicketType",
            "offerId",
            "serviceProviderTroubleTicketKey",
            "defectClassId",
            "defectDescription",
            "defectPrelocalization",
            "alreadyOperated",
        ]
    );
    assert_eq!(
        names(|field| field.on_create == OneReference),
        ["commercialId", "technicalId"]
    );
    assert_eq!(
        names(|field| field.on_create == WithAppointment),
        ["customerLastName", "customerFirstName", "contactPhoneNumber1"]
    );
}

#[test]
fn get_answers_the_43_fields_of_the_seed_and_no_other() {
    assert_eq!(names(|field| field.in_answer).len(), 43);
    assert_eq!(
        names(|field| !field.in_answer),
        [
            "interactionDate",
            "description",
            "appointmentSuggestion1",
            "appointmentSuggestion2",
            "appointmentSuggestion3"
        ]
    );
}

#[test]
fn values_are_read_by_their_kind() {
    assert_eq!(Boolean.read("1"), Some(json!(true)));
    assert_eq!(Boolean.read("oui"), None);
    assert_eq!(Siren.read("123456782"), Some(json!("123456782")));
    assert_eq!(Siren.read("12345678"), None);
    assert_eq!(Siren.read("12345678é"), None);
    assert_eq!(Short(10).read("ABCDEFGHIJ"), Some(json!("ABCDEFGHIJ")));
    assert_eq!(Short(10).read("ABCDEFGHIJK"), None);
    assert_eq!(
        DateTime.read("2017-05-02T09:30:00"),
        Some(json!("2017-05-02T09:30:00+02:00"))
    );
    assert_eq!(Line.read("two\nlines"), None);
    // A reference stands in the ticket's summary.
    assert_eq!(Line.read("OC-\u{202e}42"), None);
    assert_eq!(Short(10).read("RDV\u{2066}1"), None);
    assert_eq!(Line.read("قسم 1"), Some(json!("قسم 1")));
    assert!(Line.read(&"é".repeat(LINE_CHARS_MAX)).is_some());
    assert_eq!(Line.read(&"é".repeat(LINE_CHARS_MAX + 1)), None);
    assert!(Text.read(&"a".repeat(TEXT_BYTES_MAX)).is_some());
    assert_eq!(Text.read(&"a".repeat(TEXT_BYTES_MAX + 1)), None);
}

/// Faults P13 and B24: one sign at most, and digits.
#[test]
fn an_integer_has_one_sign_at_most_and_digits() {
    for (text, number) in [("1", 1), ("+1", 1), ("-1", -1), ("01", 1), ("-0", 0), ("+007", 7)] {
        assert_eq!(Integer.read(text), Some(json!(number)), "{text}");
    }
    for text in [
        "",
        "+",
        "-",
        "++1",
        "--1",
        "+-1",
        "-+1",
        "1+",
        "1.0",
        "1e0",
        "0x1",
        "1\u{a0}",
        "\u{a0}1",
        "1 2",
        "１",
        "99999999999999999999",
        "abc",
    ] {
        assert_eq!(Integer.read(text), None, "{text:?}");
    }
}

/// Fault B7: LINE SEPARATOR and PARAGRAPH SEPARATOR break lines.
#[test]
fn one_line_is_one_line() {
    for broken in ["a\nb", "a\rb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{7f}b"] {
        assert_eq!(Line.read(broken), None, "{broken:?}");
        assert_eq!(Short(10).read(broken), None, "{broken:?}");
    }
    assert_eq!(Line.read("a\u{a0}b"), Some(json!("a\u{a0}b")));
    assert_eq!(Text.read("a\nb\u{2028}c"), Some(json!("a\nb\u{2028}c")));
    assert_eq!(Text.read("a\u{7f}b"), None);
}

/// Faults B25 and P5: what REST takes is told in the schema's form.
#[test]
fn a_number_without_a_fraction_and_a_date_in_small_letters_are_told() {
    let told = |json: &str| Integer.write(&serde_json::from_str(json).unwrap());
    for (json, text) in [
        ("1", "1"),
        ("1.0", "1"),
        ("1e0", "1"),
        ("-0.0", "0"),
        ("2e3", "2000"),
        ("\"+1\"", "1"),
    ] {
        assert_eq!(told(json).as_deref(), Some(text), "{json}");
    }
    for json in ["1.5", "1e300", "\"1.0\"", "\"++1\"", "true", "null"] {
        assert_eq!(told(json), None, "{json}");
    }
    assert_eq!(
        DateTime.write(&json!("2026-05-04t10:00:00z")).as_deref(),
        Some("2026-05-04T10:00:00+00:00")
    );
}

#[test]
fn a_value_that_would_break_the_schema_is_not_written() {
    assert_eq!(Integer.write(&json!(1)), Some("1".into()));
    assert_eq!(Integer.write(&json!("one")), None);
    assert_eq!(Boolean.write(&json!(false)), Some("false".into()));
    assert_eq!(
        DateTime.write(&json!("2017-05-02T09:30:00Z")),
        Some("2017-05-02T09:30:00+00:00".into())
    );
    assert_eq!(DateTime.write(&json!("demain")), None);
    for invisible in ["  ", "\u{a0}", "\u{200b}", "\u{feff}\u{202e}"] {
        assert_eq!(Line.write(&json!(invisible)), None, "{invisible:?}");
    }
    assert_eq!(Line.write(&json!({"a": 1})), None);
    assert_eq!(Duration.write(&json!("PT4H")), Some("PT4H".into()));
}
