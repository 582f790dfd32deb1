use super::*;

fn is_read(text: &str) -> bool {
    check(text.as_bytes(), JSON_DEPTH_MAX).is_ok()
}

/// Fault S7: a name is what it says, however it is written.
#[test]
fn a_member_stands_once_at_any_depth() {
    let many: Vec<String> = (0..40).map(|number| format!("\"{number}\":0")).collect();
    let many = many.join(",");
    for (once, twice) in [
        (r#"{"a":1,"b":1}"#, r#"{"a":1,"a":1}"#),
        (r#"{"a":1,"\u0062":1}"#, r#"{"a":1,"\u0061":1}"#),
        (r#"[{"x":[{"a":1,"A":2}]}]"#, r#"[{"x":[{"a":1,"a":2}]}]"#),
        (r#"{"a":{"a":1}}"#, r#"{"a":{"a":1},"a":{"a":1}}"#),
        (r#"{"":0," ":0}"#, r#"{"":0,"":0}"#),
        ("{\"é\":1,\"e\u{301}\":1}", r#"{"é":1,"\u00e9":1}"#),
        (r#"{"\ud83d\ude00":1}"#, "{\"\\ud83d\\ude00\":1,\"😀\":1}"),
        (&format!("{{{many}}}"), &format!("{{{many},\"39\":0}}")),
    ] {
        assert!(is_read(once), "{once}");
        assert!(!is_read(twice), "{twice}");
    }
}

#[test]
fn numbers_are_those_that_every_reader_holds() {
    let digits = |count: usize| format!("1{}", "0".repeat(count - 1));
    for number in [
        "-0",
        "0e999",
        "1e-400",
        "9e307",
        "-9e307",
        "18446744073709551616",
        &digits(308),
    ] {
        assert!(is_read(number), "{number}");
    }
    for number in [
        "1e308",
        "-1e999",
        "1e99999999999",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        &digits(400),
    ] {
        assert!(!is_read(number), "{number}");
    }
}

#[test]
fn texts_are_unicode_and_nothing_stands_around_the_value() {
    for text in [
        r#""\u0000""#,
        r#""\ud83d\ude00""#,
        " [1]\r\n\t",
        "\"\u{7f}\u{feff}\u{ffff}\"",
    ] {
        assert!(is_read(text), "{text:?}");
    }
    for text in [
        &br#""\ud800""#[..],
        br#""\ude00\ud83d""#,
        b"\"\x00\"",
        b"\"\t\"",
        b"\"\xff\"",
        b"\"\xed\xa0\x80\"",
        b"\xef\xbb\xbf{}",
        b"{}\0",
        b"{} {}",
        b"\x0b{}",
        b"",
        b"{\"$serde_json::private::RawValue\":\"{}\"}",
    ] {
        assert!(
            check(text, JSON_DEPTH_MAX).is_err(),
            "{:?}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn objects_and_arrays_lie_at_most_102_deep() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_read(&nested(102)));
    assert!(!is_read(&nested(103)));
    assert!(!is_read(&nested(10_000)));
    assert!(check(nested(127).as_bytes(), PLAINTEXT_DEPTH_MAX).is_ok());
    assert!(check(nested(128).as_bytes(), PLAINTEXT_DEPTH_MAX).is_err());
    let objects = format!("{}1{}", "{\"a\":".repeat(103), "}".repeat(103));
    assert!(!is_read(&objects));
}

#[test]
fn an_object_is_asked_for_where_one_must_stand() {
    assert!(check_object(b" \n{}", JSON_DEPTH_MAX).is_ok());
    for other in ["[]", "1", "\"{}\"", "null"] {
        assert!(check_object(other.as_bytes(), JSON_DEPTH_MAX).is_err(), "{other}");
    }
}
