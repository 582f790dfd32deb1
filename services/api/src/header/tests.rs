use actix_web::http::header::{EntityTag, IF_MATCH};
use application::{Version, kernel::call::ExpectedVersion};

use super::*;

fn lines(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name.clone(), HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    headers
}

/// Fault B1: blanks around weights, capitals, several lines, excluded languages.
#[test]
fn the_language_with_the_greatest_weight_is_taken() {
    for (asked, expected) in [
        (&[][..], Language::Fr),
        (&["en"], Language::En),
        (&["EN"], Language::En),
        (&["en; q=0.9"], Language::En),
        (&["en ; q=0.9"], Language::En),
        (&["en;\tq=0.9"], Language::En),
        (&["en;Q=0.8"], Language::En),
        (&["en;q=1.0;x=y"], Language::En),
        (&["en;q=0.9;"], Language::En),
        (&["en-US,en;q=0.5"], Language::En),
        (&["fr; q=0.2, en; q=0.9"], Language::En),
        (&["fr;q=0.1, en;q=0.2"], Language::En),
        (&["de, en; q=0.8, fr; q=0.5"], Language::En),
        (&["de, en-GB;q=0.8, fr;q=0.9"], Language::Fr),
        (&["en, fr"], Language::En),
        (&["fr, en"], Language::Fr),
        (&["de", "en"], Language::En),
        (&["fr;q=0.3", "de", "en;q=0.4"], Language::En),
        (&["fr;q=0, *"], Language::En),
        (&["*;q=0.5, en;q=0.9"], Language::En),
        (&["*, en;q=0.9"], Language::Fr),
        (&["*, en"], Language::En),
        (&["en;q=0, de"], Language::Fr),
        (&["en;q=0, fr;q=0"], Language::Fr),
        (&["en;q=0.001"], Language::En),
        (&["*"], Language::Fr),
        (&["en;q=high"], Language::Fr),
        (&["english"], Language::Fr),
        (&["", ",, en ,"], Language::En),
    ] {
        assert_eq!(language(&lines(&ACCEPT_LANGUAGE, asked)), expected, "{asked:?}");
    }
}

/// Fault B28: weights, capitals and several lines of `Accept`.
#[test]
fn a_stream_is_sent_to_who_would_rather_have_one() {
    for (asked, expected) in [
        (&[][..], false),
        (&["*/*"], false),
        (&["text/event-stream"], true),
        (&["Text/Event-Stream"], true),
        (&["text/event-stream; charset=utf-8"], true),
        (&["text/*"], true),
        (&["*/*", "text/event-stream"], true),
        (&["text/event-stream, */*;q=0.1"], true),
        (&["application/x-ndjson, text/event-stream;q=0.1"], false),
        (&["application/x-ndjson;q=0.1, text/event-stream; q=0.2"], true),
        (&["text/event-stream;q=0, application/x-ndjson"], false),
        (&["text/event-stream;q=0"], false),
        (&["text/event-stream;q=0.0, */*"], false),
        (&["text/event-stream;q=0.1, */*"], false),
        (&["application/json"], false),
        (
            &["text/html;note=\"text/event-stream,\", application/json"],
            false,
        ),
    ] {
        assert_eq!(
            wants_event_stream(&lines(&ACCEPT, asked), &["application/x-ndjson"]),
            expected,
            "{asked:?}"
        );
    }
}

/// Fault B2: lists of tags, foreign tags, several lines.
#[test]
fn a_condition_is_a_list_of_tags() {
    let read = |asked: &[&str]| Tags::read(&lines(&IF_MATCH, asked), &IF_MATCH);
    let of = |versions: &[u64]| -> Option<ExpectedVersion> {
        Some(versions.iter().copied().map(Version).collect())
    };
    for (asked, versions) in [
        (&["\"3\""][..], of(&[3])),
        (&["*"], None),
        (&["W/\"3\""], of(&[3])),
        (&["\"1\", \"9\""], of(&[1, 9])),
        (&["W/\"9\",W/\"1\""], of(&[1, 9])),
        (&["\"9\"", "\"1\""], of(&[1, 9])),
        (&["\"a,b\", \"2\""], of(&[2])),
        (&["\"a\\\", \"2\""], of(&[2])),
        (&["\"abc\""], of(&[])),
        (&["\"\""], of(&[])),
        (&["\"01\", \"+1\", \"1.0\""], of(&[])),
        (&["\"99999999999999999999999\""], of(&[])),
        (&["\"18446744073709551615\""], of(&[u64::MAX])),
    ] {
        assert_eq!(
            read(asked).ok().flatten().unwrap().versions(),
            versions,
            "{asked:?}"
        );
    }
    assert_eq!(read(&[]), Ok(None));
    for unreadable in [
        &["1"][..],
        &["\"1"],
        &["\"1\", 2"],
        &[""],
        &["*, \"1\""],
        &["w/\"1\""],
        &["\" 1\""],
    ] {
        assert!(read(unreadable).is_err(), "{unreadable:?}");
    }
    let tags = read(&["\"a\", W/\"b\""]).unwrap().unwrap();
    assert!(tags.hold(&EntityTag::new_strong("b".to_owned())));
    assert!(!tags.hold(&EntityTag::new_strong("c".to_owned())));
}

#[test]
fn a_parameter_is_read_in_quotes_and_without() {
    let of = |value: &str, name: &str| {
        Parametrized::read(value.as_bytes())
            .parameter(name)
            .map(str::to_owned)
    };
    for (value, name, expected) in [
        ("form-data; name=file", "name", Some("file")),
        ("form-data; Name = \"file\"", "name", Some("file")),
        ("form-data; filename=\"a;b=c, d\"; name=x", "name", Some("x")),
        ("form-data; filename=\"a\\\"b\\\\c\"", "filename", Some("a\"b\\c")),
        (
            "form-data; filename=\"C:\\Users\\x.pdf\"",
            "filename",
            Some("C:\\Users\\x.pdf"),
        ),
        (
            "form-data; filename=\"C:\\\\Users\\\\x.pdf\"",
            "filename",
            Some("C:\\Users\\x.pdf"),
        ),
        ("form-data; filename=\"\"", "filename", Some("")),
        ("form-data; filename=\"open", "filename", Some("open")),
        ("form-data; filename*=UTF-8''a", "filename", None),
        (
            "multipart/form-data; boundary=\"a b\"; charset=utf-8",
            "boundary",
            Some("a b"),
        ),
        ("multipart/form-data;boundary===a=b", "boundary", Some("==a=b")),
    ] {
        assert_eq!(of(value, name).as_deref(), expected, "{value}");
    }
    assert_eq!(
        Parametrized::read(b"form-data; name=\"\xe9t\xe9\"").parameter("name"),
        Some("été")
    );
    assert_eq!(Parametrized::read(b" Form-Data ").value, "form-data");
}

/// Fault B5: whatever is not plain.
#[test]
fn a_body_is_plain_or_encoded() {
    for (codings, expected) in [
        (&[][..], false),
        (&["identity"], false),
        (&["Identity", ""], false),
        (&["gzip"], true),
        (&["identity, gzip"], true),
        (&["identity", "br"], true),
        (&["foo"], true),
    ] {
        assert_eq!(
            is_encoded(&lines(&CONTENT_ENCODING, codings)),
            expected,
            "{codings:?}"
        );
    }
}
