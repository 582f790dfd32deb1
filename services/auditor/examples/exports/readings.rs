//! Exports and bundles that two programs could read in two ways: each is signed as it stands, so only the rules of
//! docs/audit-format.md tell what is wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::histories;
use crate::made::{self, ORIGIN, account, file, key, seal_bytes};
use crate::table::{AT, Log, Tampered, log, rewritten, signed};

/// Bytes of an event, at most, as the specification has it.
const EVENT_BYTES_MAX: usize = 65_535;
/// Bytes of a line, at most, as the specification has it.
const LINE_BYTES_MAX: usize = 1024 * 1024;

type Expected = Option<(u64, &'static str)>;

fn row(name: &'static str, file: Vec<u8>, expected: Expected) -> Tampered {
    Tampered {
        name,
        file,
        keys: Vec::new(),
        checkpoints: Vec::new(),
        expected,
        needs_decoding: false,
    }
}

/// Replaces what stands there once.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} stands nowhere in {text}");
    text.replacen(from, to, 1)
}

/// The rows for exports.
pub(crate) fn exports(log: &Log) -> Vec<Tampered> {
    let mut rows = twice(log);
    rows.extend(escapes(log));
    rows.extend(values(log));
    rows.extend(unknown_values(log));
    rows.extend(unknown_types(log));
    rows.extend(sizes(log));
    rows.extend(lines(log));
    rows.extend(first_lines(log));
    rows.extend(last_lines(log));
    rows.extend(epochs(log));
    rows.extend(keys(log));
    rows
}

/// One change of the event at [`AT`], whose fault is told as that of an envelope.
fn of_event(log: &Log, changes: &[(&'static str, &str, &str)]) -> Vec<Tampered> {
    let change = |(name, from, to): &(&'static str, &str, &str)| {
        let file = log.with_event(|stored| replaced(stored, from, to));
        row(name, file, Some((AT as u64, "envelope")))
    };
    changes.iter().map(change).collect()
}

fn twice(log: &Log) -> Vec<Tampered> {
    let channel = r#""channel":"rest""#;
    let visibility = r#""visibility":"internal""#;
    of_event(
        log,
        &[
            (
                "twice-in-envelope",
                channel,
                r#""channel":"rest","channel":"rest""#,
            ),
            (
                "twice-in-envelope-escaped",
                channel,
                r#""channel":"rest","ch\u0061nnel":"rest""#,
            ),
            ("twice-data", r#""data":{"#, r#""data":{},"data":{"#),
            (
                "twice-in-data",
                visibility,
                r#""visibility":"public","visibility":"internal""#,
            ),
            (
                "twice-in-data-escaped",
                visibility,
                r#""visib\u0069lity":"public","visibility":"internal""#,
            ),
            (
                "twice-below-a-list-in-data",
                visibility,
                r#""visibility":"internal","x":[{"y":{"a":1,"a":1}}]"#,
            ),
            (
                "twice-sealed",
                r#""body":{"sealed":"#,
                r#""body":{"sealed":{},"sealed":"#,
            ),
            (
                "twice-commitment",
                r#""commitment":"#,
                r#""commitment":"AAAA","commitment":"#,
            ),
            ("twice-subject", r#""subject":"#, r#""subject":"","subject":"#),
            (
                "twice-ciphertext",
                r#""ciphertext":"#,
                r#""ciphertext":"","ciphertext":"#,
            ),
            ("twice-version-of-a-sealed-value", r#""v":1"#, r#""v":1,"v":1"#),
        ],
    )
}

fn escapes(log: &Log) -> Vec<Tampered> {
    of_event(
        log,
        &[
            ("escaped-name-in-envelope", r#""stream":"#, r#""stre\u0061m":"#),
            (
                "escaped-stream",
                r#""stream":"SUP-1""#,
                r#""stream":"\u0053UP-1""#,
            ),
            ("escaped-type", "ticket-commented.v1", r"ticket-commented\u002ev1"),
            (
                "escaped-channel",
                r#""channel":"rest""#,
                r#""channel":"\u0072est""#,
            ),
            ("escaped-id", r#"{"id":"0"#, r#"{"id":"\u0030"#),
            (
                "half-of-a-surrogate-pair",
                r#""side":"#,
                r#""more":"\ud83d","side":"#,
            ),
            (
                "half-of-a-surrogate-pair-in-a-name",
                r#""side":"#,
                r#""\ude00":1,"side":"#,
            ),
            (
                "reserved-name",
                r#""side":"#,
                r#""$serde_json::private::RawValue":"1","side":"#,
            ),
            ("control-character-in-a-text", r#""side":""#, "\"side\":\"\u{0}"),
        ],
    )
}

fn values(log: &Log) -> Vec<Tampered> {
    let many = format!(r#""more":1{},"side":"#, "0".repeat(399));
    let deep = format!(r#""more":{}{},"side":"#, "[".repeat(10_000), "]".repeat(10_000));
    let too_deep = format!(r#""more":{}{},"side":"#, "[".repeat(101), "]".repeat(101));
    let at = |text: &str| format!(r#","occurred_at":{text},"by":"#);
    let (no_day, no_hour) = (
        at("\"2026-02-30T00:00:00.000000Z\""),
        at("\"2026-02-28T24:00:00.000000Z\""),
    );
    let (no_year, null) = (at("\"0000-02-28T00:00:00.000000Z\""), at("null"));
    of_event(
        log,
        &[
            ("number-beyond-a-double", r#""side":"#, r#""more":1e999,"side":"#),
            ("number-of-400-digits", r#""side":"#, &many),
            ("number-that-is-none", r#""side":"#, r#""more":NaN,"side":"#),
            ("number-with-a-leading-zero", r#""side":"#, r#""more":01,"side":"#),
            ("nested-10000-deep", r#""side":"#, &deep),
            ("nested-103-deep", r#""side":"#, &too_deep),
            ("version-with-a-fraction", r#""version":5,"#, r#""version":5.0,"#),
            ("version-with-an-exponent", r#""version":5,"#, r#""version":5e0,"#),
            ("version-minus-zero", r#""version":5,"#, r#""version":-0,"#),
            (
                "version-beyond-2-62",
                r#""version":5,"#,
                r#""version":4611686018427387905,"#,
            ),
            ("day-that-is-none", r#","by":"#, &no_day),
            ("hour-that-is-none", r#","by":"#, &no_hour),
            ("year-that-is-none", r#","by":"#, &no_year),
            ("time-that-is-null", r#","by":"#, &null),
            ("data-that-is-a-list", r#""data":{"#, r#""data":[{}],"data_":{"#),
        ],
    )
}

/// What is JSON with one reading, but nothing that the type of the event has: only who knows the type finds it.
fn unknown_values(log: &Log) -> Vec<Tampered> {
    let digits = format!(r#""more":1{},"side":"#, "0".repeat(299));
    let deep = format!(r#""more":{}{},"side":"#, "[".repeat(100), "]".repeat(100));
    [
        ("unknown-minus-zero", r#""more":-0,"side":"#),
        ("unknown-number-of-300-digits", &digits),
        ("unknown-nested-102-deep", &deep),
        ("unknown-nul-escaped", r#""more":"\u0000","side":"#),
        ("unknown-surrogate-pair", r#""more":"\ud83d\ude00","side":"#),
    ]
    .into_iter()
    .map(|(name, to)| Tampered {
        needs_decoding: true,
        ..row(
            name,
            log.with_event(|stored| replaced(stored, r#""side":"#, to)),
            Some((AT as u64, "data")),
        )
    })
    .collect()
}

/// Types that only a later version has: what they hold is passed over, once it is JSON. Those of the log itself have no others.
fn unknown_types(log: &Log) -> Vec<Tampered> {
    let of = |name, to: &str, expected: Expected| {
        let to = format!(r#""type":"{to}""#);
        let file = log.with_event(|stored| replaced(stored, r#""type":"ticket-commented.v1""#, &to));
        row(name, file, expected)
    };
    let envelope = Some((AT as u64, "envelope"));
    let praised = r#"ticket-praised.v1"#;
    let twice = log.with_event(|stored| {
        let stored = replaced(stored, "ticket-commented.v1", praised);
        replaced(&stored, r#""side":"#, r#""side":1,"side":"#)
    });
    let sealed = log.with_event(|stored| {
        let stored = replaced(stored, "ticket-commented.v1", praised);
        replaced(&stored, r#""ciphertext":"#, r#""ciphertext":"?","more":"#)
    });
    let (first, other) = (&log.events[8], &log.events[9]);
    let opening = log.events.iter().map(|stored| match stored {
        stored if stored == first => replaced(stored, "ticket-opened.v1", "ticket-begun.v1"),
        stored => stored.clone(),
    });
    assert!(other.contains("SUP-1"));
    let opening: Vec<String> = opening.collect();
    vec![
        of("type-that-is-not-known", praised, None),
        of("type-of-another-version", "ticket-commented.v2", None),
        of(
            "type-of-the-log-elsewhere",
            "log-praised.v1",
            Some((AT as u64, "data")),
        ),
        row("type-that-is-not-known-with-a-member-twice", twice, envelope),
        row("type-that-is-not-known-with-what-is-not-sealed", sealed, None),
        row(
            "type-that-is-not-known-first-of-its-stream",
            rewritten(&opening, &log.digest),
            None,
        ),
        row(
            "type-that-is-not-known-not-signed",
            log.with_line(AT, |line| replaced(line, "ticket-commented.v1", praised)),
            Some((1, "root")),
        ),
    ]
}

fn sizes(log: &Log) -> Vec<Tampered> {
    let at = AT as u64;
    let padded = |bytes: usize| {
        log.with_event(|stored| {
            let spaces = " ".repeat(bytes - stored.len());
            replaced(stored, r#""data":{"#, &format!(r#""data":{{{spaces}"#))
        })
    };
    vec![
        row("event-with-spaces", padded(2_000), None),
        row("event-of-65535-bytes", padded(EVENT_BYTES_MAX), None),
        row(
            "event-of-65536-bytes",
            padded(EVENT_BYTES_MAX + 1),
            Some((at, "envelope")),
        ),
        row("event-of-1-MiB", padded(LINE_BYTES_MAX), Some((at, "line"))),
        row("event-of-3900000-bytes", padded(3_900_000), Some((at, "line"))),
        row(
            "event-that-is-a-list",
            log.with_event(|_| "[]".to_owned()),
            Some((at, "envelope")),
        ),
        row(
            "event-with-its-members-in-a-list",
            log.with_event(|stored| {
                let event: Value = serde_json::from_str(stored).unwrap();
                let names = [
                    "id",
                    "stream",
                    "version",
                    "type",
                    "at",
                    "occurred_at",
                    "sent_at",
                    "by",
                    "on_behalf_of",
                    "channel",
                    "command_id",
                    "command_digest",
                    "correlation_id",
                    "causation_id",
                    "data",
                ];
                let values: Vec<&Value> = names.iter().filter_map(|name| event.get(*name)).collect();
                json!(values).to_string()
            }),
            Some((at, "envelope")),
        ),
    ]
}

fn lines(log: &Log) -> Vec<Tampered> {
    let (at, end) = (AT as u64, log.size() + 1);
    let ended = |place: usize| log.with_line(place, |line| format!("{line}\r"));
    let blank = |place: usize| {
        let mut lines = log.lines();
        lines.insert(place, String::new());
        file(&lines)
    };
    let followed = |bytes: &[u8]| [&file(&log.lines()), bytes].concat();
    let mut unended = file(&log.lines());
    unended.pop();
    let long = |place: usize| log.with_line(place, |line| format!("{}{line}", " ".repeat(3_000_000)));
    vec![
        row(
            "carriage-return-after-the-first-line",
            ended(0),
            Some((0, "header")),
        ),
        row("carriage-return-after-an-event", ended(AT), Some((at, "line"))),
        row(
            "carriage-return-after-the-last-line",
            ended(end as usize),
            Some((end, "line")),
        ),
        row("blank-line-at-the-start", blank(0), Some((0, "header"))),
        row("blank-line-between-events", blank(AT), Some((at, "line"))),
        row("blank-line-at-the-end", followed(b"\n"), Some((end, "line"))),
        row("nul-at-the-end", followed(b"\0"), Some((end, "line"))),
        row("nul-line-at-the-end", followed(b"\0\n"), Some((end, "line"))),
        row("last-line-without-its-end", unended, Some((end, "line"))),
        row("long-first-line", long(0), Some((0, "header"))),
        row("long-line-of-an-event", long(AT), Some((at, "line"))),
        row("long-last-line", long(end as usize), Some((end, "line"))),
        row("nothing", Vec::new(), Some((0, "header"))),
        row("a-line-end-alone", b"\n".to_vec(), Some((0, "header"))),
    ]
}

fn first_lines(log: &Log) -> Vec<Tampered> {
    let last = format!("\"last\":{}", log.size());
    let of = |name, from: &str, to: &str| {
        let file = log.with_line(0, |line| replaced(line, from, to));
        row(name, file, Some((0, "header")))
    };
    let bom = [b"\xef\xbb\xbf", file(&log.lines()).as_slice()].concat();
    vec![
        row("bom-before-an-export", bom, Some((0, "header"))),
        of(
            "twice-in-the-first-line",
            "\"first\":1",
            "\"first\":1,\"first\":1",
        ),
        of("escaped-in-the-first-line", "\"first\"", "\"\\u0066irst\""),
        of("space-in-the-first-line", ":1,", ": 1,"),
        of("origin-with-a-space", ORIGIN, "guichet example"),
        of("origin-with-an-escape", ORIGIN, "guichet\\u001b[2J"),
        of("last-of-2-64", &last, "\"last\":18446744073709551616"),
        of("last-beyond-2-62", &last, "\"last\":4611686018427387905"),
        of("last-with-a-fraction", &last, &format!("{last}.0")),
        of("last-minus-one", &last, "\"last\":-1"),
        of("first-line-in-a-list", "{", "[{"),
    ]
}

fn last_lines(log: &Log) -> Vec<Tampered> {
    let end = log.size() + 1;
    let of = |name, from: &str, to: &str, code: Option<&'static str>| {
        let file = log.with_line(end as usize, |line| replaced(line, from, to));
        row(name, file, code.map(|code| (end, code)))
    };
    let digests = format!("{{\"queue\":\"{}\"}}", log.digest);
    let more = format!("{{\"history\":\"{}\",\"queue\":\"{}\"}}", log.digest, log.digest);
    let twice = format!(
        "{{\"queue\":\"{}\",\"\\u0071ueue\":\"{}\"}}",
        log.digest, log.digest
    );
    let null = format!("{{\"queue\":\"{}\",\"history\":null}}", log.digest);
    let capital = format!(
        "{{\"queue\":\"{}\",\"history\":\"{}\"}}",
        log.digest,
        "A".repeat(64)
    );
    let note = Value::from(log.note.as_str());
    let in_a_list = format!("[{note},{digests}]");
    let line = format!("{{\"checkpoint\":{note},\"digests\":{digests}}}");
    vec![
        of("digest-of-another-view", &digests, &more, None),
        of("digests-left-out", &format!(",\"digests\":{digests}"), "", None),
        of(
            "spaces-in-the-last-line",
            ",\"digests\":",
            " , \"digests\" : ",
            None,
        ),
        of(
            "escaped-name-in-the-last-line",
            "\"digests\"",
            "\"dig\\u0065sts\"",
            None,
        ),
        of("digests-without-any", &digests, "{}", None),
        of("digest-twice", &digests, &twice, Some("ending")),
        of("digest-that-is-null", &digests, &null, Some("ending")),
        of("digest-in-capitals", &digests, &capital, Some("ending")),
        of("digests-that-are-null", &digests, "null", Some("ending")),
        of(
            "digests-in-a-list",
            &digests,
            &format!("[\"{}\"]", log.digest),
            Some("ending"),
        ),
        of(
            "checkpoint-twice",
            "{\"checkpoint\":",
            "{\"checkpoint\":\"\",\"checkpoint\":",
            Some("ending"),
        ),
        of(
            "unknown-member-in-the-last-line",
            ",\"digests\":",
            ",\"more\":1,\"digests\":",
            Some("ending"),
        ),
        of("last-line-in-a-list", &line, &in_a_list, Some("line")),
    ]
}

/// Data of the first event in place of `"epoch":0`, and the code of its fault.
type EpochCase = (&'static str, String, Option<&'static str>);

fn epoch_cases() -> Vec<EpochCase> {
    vec![
        ("epoch-minus-one", r#""epoch":-1"#.to_owned(), Some("data")),
        ("epoch-of-2-32", r#""epoch":4294967296"#.to_owned(), Some("data")),
        (
            "epoch-of-2-64-minus-one",
            r#""epoch":18446744073709551615"#.to_owned(),
            Some("data"),
        ),
        ("epoch-with-a-fraction", r#""epoch":0.0"#.to_owned(), Some("data")),
        ("epoch-minus-zero", r#""epoch":-0"#.to_owned(), Some("data")),
        (
            "epoch-of-2-32-minus-one",
            r#""epoch":4294967295"#.to_owned(),
            None,
        ),
        (
            "epoch-twice",
            r#""epoch":1,"epoch":0"#.to_owned(),
            Some("envelope"),
        ),
        (
            "unknown-member-in-an-epoch",
            r#""epoch":0,"more":1"#.to_owned(),
            Some("data"),
        ),
        (
            "epoch-reason-that-is-null",
            r#""epoch":0,"reason":null"#.to_owned(),
            Some("data"),
        ),
        (
            "epoch-reason-that-is-no-text",
            r#""epoch":0,"reason":1"#.to_owned(),
            Some("data"),
        ),
    ]
}

fn epoch_before_cases() -> Vec<EpochCase> {
    let lost = r#""lost_from":2,"lost_to":3"#;
    let before = |inside: &str| format!(r#""before":{inside},"epoch":0"#);
    vec![
        ("epoch-before-that-is-null", before("null"), Some("data")),
        ("epoch-before-in-a-list", before("[null,2,3]"), Some("data")),
        ("epoch-before", before(&format!("{{{lost}}}")), None),
        (
            "epoch-before-with-a-null",
            before(&format!("{{{lost},\"origin\":null}}")),
            Some("data"),
        ),
        (
            "epoch-before-with-more",
            before(&format!("{{{lost},\"more\":1}}")),
            Some("data"),
        ),
        (
            "epoch-before-lost-minus-one",
            before(r#"{"lost_from":-1,"lost_to":3}"#),
            Some("data"),
        ),
        (
            "epoch-before-lost-2-64",
            before(r#"{"lost_from":2,"lost_to":18446744073709551616}"#),
            Some("data"),
        ),
        (
            "epoch-before-twice",
            before(&format!("{{{lost},\"lost_to\":3}}")),
            Some("envelope"),
        ),
    ]
}

/// The first event, which begins the epoch.
fn epochs(log: &Log) -> Vec<Tampered> {
    let cases = epoch_cases().into_iter().chain(epoch_before_cases());
    let mut rows: Vec<Tampered> = cases
        .map(|(name, to, code)| {
            let mut events = log.events.clone();
            events[0] = replaced(&events[0], r#""epoch":0"#, &to);
            row(name, rewritten(&events, &log.digest), code.map(|code| (1, code)))
        })
        .collect();
    let mut events = log.events.clone();
    events.swap(0, 2);
    rows.push(row(
        "log-that-begins-otherwise",
        rewritten(&events, &log.digest),
        Some((1, "stream")),
    ));
    rows
}

fn key_text(public: [u8; 32]) -> String {
    let bytes = [&[1], public.as_slice()].concat();
    let id = Sha256::new()
        .chain_update(ORIGIN)
        .chain_update("\n")
        .chain_update(&bytes)
        .finalize();
    format!("{ORIGIN}+{}+{}", hex::encode(&id[..4]), STANDARD.encode(bytes))
}

/// The second event, which enrols the key, and the endorsement of a second key at position 9.
fn keys(log: &Log) -> Vec<Tampered> {
    let first = key(1).verifier().to_string();
    let enrolled = |to: &str| {
        let mut events = log.events.clone();
        events[1] = replaced(&events[1], &format!("\"key\":\"{first}\""), to);
        events
    };
    let of = |name, to: &str, code| row(name, rewritten(&enrolled(to), &log.digest), Some((2, code)));
    let (mut two, mut one) = ([0; 32], [0; 32]);
    (two[0], one[0]) = (2, 1);
    let identity = key_text(one);
    // By a key that is the neutral point everything is signed: R is that point too, and S is 0.
    let by_nobody = {
        let events = enrolled(&format!("\"key\":\"{identity}\""));
        let text = signed(&events);
        let text = &text[..text.find("\n\n").unwrap() + 1];
        let id = hex::decode(identity.split('+').nth(1).unwrap()).unwrap();
        let signature = STANDARD.encode([id.as_slice(), &one, &[0; 32]].concat());
        made::lines(&events, &format!("{text}\n— {ORIGIN} {signature}\n"), &log.digest)
    };
    let mut rows = vec![
        of(
            "key-twice",
            &format!(r#""key":"{first}","key":"{first}""#),
            "envelope",
        ),
        of(
            "unknown-member-in-a-key",
            &format!(r#""key":"{first}","more":1"#),
            "data",
        ),
        of(
            "endorsement-that-is-null",
            &format!(r#""endorsement":null,"key":"{first}""#),
            "data",
        ),
        of(
            "key-that-is-no-point",
            &format!("\"key\":\"{}\"", key_text(two)),
            "enrolment",
        ),
        row(
            "key-of-small-order",
            file(&by_nobody),
            Some((log.size() + 1, "signature")),
        ),
    ];
    let endorsed = |name, from: &str, to: &str, code| {
        let file = histories::two_keys_changed(|stored| replaced(stored, from, to));
        row(name, file, Some((9, code)))
    };
    rows.extend([
        endorsed(
            "endorsement-twice",
            r#""endorsement":{"#,
            r#""endorsement":{},"endorsement":{"#,
            "envelope",
        ),
        endorsed(
            "endorsement-by-twice",
            r#"{"by":"#,
            r#"{"by":"","by":"#,
            "envelope",
        ),
        endorsed(
            "endorsement-in-a-list",
            r#""endorsement":{"#,
            r#""endorsement":[],"endorsement_":{"#,
            "data",
        ),
    ]);
    rows
}

/// The rows for bundles. The event of the ticket at 9 is the first of `events`, that at 18 the last.
pub(crate) fn bundles(good: &Value) -> Vec<Tampered> {
    let mut rows = of_documents(good);
    rows.extend(of_entries(good));
    rows.push(sealed_twice());
    rows.extend(of_whole_bundles());
    for row in &mut rows {
        row.keys = vec![key(1).verifier().to_string()];
    }
    rows
}

fn of_documents(good: &Value) -> Vec<Tampered> {
    let text = good.to_string();
    let of =
        |name, from: &str, to: &str| row(name, replaced(&text, from, to).into_bytes(), Some((0, "header")));
    let around = |name, before: &[u8], after: &[u8], expected: Expected| {
        row(name, [before, text.as_bytes(), after].concat(), expected)
    };
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = format!(r#""more":{}{},"ticket":"#, "[".repeat(10_000), "]".repeat(10_000));
    let header = Some((0, "header"));
    vec![
        row(
            "bundle-with-spaces",
            serde_json::to_vec_pretty(good).unwrap(),
            None,
        ),
        around("bundle-with-line-ends-around", b"\r\n\t ", b"\r\n\n", None),
        around("bom-before-a-bundle", b"\xef\xbb\xbf", b"", header),
        around("nul-after-a-bundle", b"", b"\0", header),
        around("bundle-with-another-after-it", b"", b"{}", header),
        around("bundle-in-a-list", b"[", b"]", header),
        row("bundle-in-utf-16", wide, header),
        row("bundle-that-is-nothing", Vec::new(), header),
        row(
            "bundle-that-is-not-utf-8",
            [b"\xff", text.as_bytes()].concat(),
            header,
        ),
        of(
            "bundle-ticket-twice",
            r#""ticket":"#,
            r#""ticket":"SUP-2","ticket":"#,
        ),
        of(
            "bundle-ticket-twice-escaped",
            r#""ticket":"#,
            r#""tick\u0065t":"SUP-2","ticket":"#,
        ),
        of(
            "bundle-position-twice",
            r#""position":9"#,
            r#""position":9,"position":9"#,
        ),
        of(
            "bundle-value-key-twice",
            r#""values":{"#,
            r#""values":{"/data/name":"","#,
        ),
        of(
            "bundle-form-with-a-fraction",
            r#""guichet_bundle":1"#,
            r#""guichet_bundle":1.0"#,
        ),
        of("bundle-form-2", r#""guichet_bundle":1"#, r#""guichet_bundle":2"#),
        of(
            "bundle-ticket-that-is-a-number",
            r#""ticket":"SUP-1""#,
            r#""ticket":1"#,
        ),
        of("bundle-nested-10000-deep", r#""ticket":"#, &deep),
        of(
            "bundle-half-of-a-surrogate-pair",
            r#""ticket":"SUP-1""#,
            r#""ticket":"SUP-1\ud800""#,
        ),
        of(
            "bundle-number-beyond-a-double",
            r#""position":9"#,
            r#""position":9e999"#,
        ),
    ]
}

fn of_entries(good: &Value) -> Vec<Tampered> {
    let of = |name, expected, change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        row(name, bundle.to_string().into_bytes(), Some(expected))
    };
    let event = |name, from: &'static str, to: &'static str| {
        of(name, (14, "envelope"), &|bundle| {
            let changed = replaced(bundle["events"][5]["event"].as_str().unwrap(), from, to);
            bundle["events"][5]["event"] = changed.into();
        })
    };
    let set = |name, expected, member: &'static str, value: Value| {
        of(name, expected, &|bundle| {
            bundle["events"][9][member] = value.clone()
        })
    };
    let mut rows = vec![
        event(
            "bundle-event-with-a-member-twice",
            r#""visibility":"#,
            r#""visibility":"internal","visibility":"#,
        ),
        event(
            "bundle-event-with-an-escaped-stream",
            r#""stream":"SUP-1""#,
            r#""stream":"\u0053UP-1""#,
        ),
        event(
            "bundle-event-with-a-number-too-large",
            r#""side":"#,
            r#""more":1e999,"side":"#,
        ),
        of("bundle-event-of-65536-bytes", (14, "envelope"), &|bundle| {
            let text = bundle["events"][5]["event"].as_str().unwrap();
            let longer = format!("{text}{}", " ".repeat(EVENT_BYTES_MAX + 1 - text.len()));
            bundle["events"][5]["event"] = longer.into();
        }),
        set("bundle-leaf-that-is-null", (18, "line"), "leaf", Value::Null),
        set("bundle-values-that-are-null", (18, "line"), "values", Value::Null),
        set(
            "bundle-unknown-member-in-an-entry",
            (18, "line"),
            "more",
            json!(1),
        ),
        set("bundle-proof-that-is-a-text", (18, "line"), "proof", json!("")),
        of("bundle-entry-in-a-list", (0, "line"), &|bundle| {
            let entry = bundle["events"][9].take();
            bundle["events"][9] = json!([entry["position"], entry["event"], entry["proof"]]);
        }),
        of("bundle-pointer-with-a-false-escape", (10, "value"), &|bundle| {
            let key = bundle["events"][1]["values"]["/data/body"].clone();
            bundle["events"][1]["values"] = json!({"/data/bod~2y": key});
        }),
        of("bundle-value-key-of-an-account-twice", (5, "line"), &|bundle| {
            bundle["accounts"][0]["values"] = json!([]);
        }),
    ];
    rows.extend(of_positions(good));
    rows.extend(of_one_entry(good));
    rows
}

/// Bundles of one event: where that is faulty, the fault is the first, not that nothing is shown.
fn of_one_entry(good: &Value) -> Vec<Tampered> {
    let of = |name, expected: Expected, change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        bundle["events"].as_array_mut().unwrap().truncate(1);
        change(&mut bundle["events"][0]);
        row(name, bundle.to_string().into_bytes(), expected)
    };
    let redacted = |leaf: &'static str| {
        move |entry: &mut Value| {
            let (position, proof) = (entry["position"].clone(), entry["proof"].clone());
            *entry = json!({"position": position, "leaf": leaf, "proof": proof});
        }
    };
    let key = |pointer: &'static str, key: &'static str| {
        move |entry: &mut Value| {
            let mut values = serde_json::Map::new();
            values.insert(pointer.to_owned(), key.into());
            entry["values"] = values.into();
        }
    };
    let (line, value) = (Some((9, "line")), Some((9, "value")));
    let other_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let false_bits = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=";
    vec![
        of("bundle-of-one-event", None, &|_| {}),
        of("bundle-of-a-short-leaf", line, &redacted("AAAA")),
        of("bundle-of-false-bits-in-a-leaf", line, &redacted(false_bits)),
        of("bundle-of-a-false-leaf", Some((9, "proof")), &redacted(other_key)),
        of("bundle-of-a-short-value-key", line, &key("/data/summary", "AAAA")),
        of(
            "bundle-of-false-bits-in-a-value-key",
            line,
            &key("/data/summary", false_bits),
        ),
        of("bundle-of-a-key-for-who-acted", value, &key("/by", other_key)),
        of("bundle-of-a-false-escape", value, &key("/data/~2", other_key)),
        of("bundle-of-a-false-index", value, &key("/data/a/01", other_key)),
        of("bundle-of-another-member", line, &|entry| {
            entry["more"] = 1.into();
        }),
        of("bundle-of-what-is-no-event", Some((9, "envelope")), &|entry| {
            entry["event"] = "{}".into();
        }),
    ]
}

/// A bundle that shows nothing, and one whose event is of a type that is not known.
fn of_whole_bundles() -> Vec<Tampered> {
    let mut redacted = made::bundle(&log().made, "SUP-1");
    let events = redacted["events"].as_array_mut().unwrap();
    events.retain(|entry| entry.get("leaf").is_some());
    let mut made = log().made;
    made[9].stored = replaced(&made[9].stored, "ticket-commented.v1", "ticket-praised.v1");
    let unknown = made::bundle(&made, "SUP-1");
    let mut other_key = unknown.clone();
    other_key["events"][1]["values"]["/data/body"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
    let told = |name, bundle: &Value, expected| row(name, bundle.to_string().into_bytes(), expected);
    vec![
        told("bundle-that-shows-nothing", &redacted, Some((0, "stream"))),
        told("bundle-with-a-type-that-is-not-known", &unknown, None),
        told(
            "bundle-with-another-key-in-a-type-that-is-not-known",
            &other_key,
            Some((10, "value")),
        ),
    ]
}

fn of_positions(good: &Value) -> Vec<Tampered> {
    let set = |name, expected, member: &'static str, value: Value| {
        let mut bundle = good.clone();
        bundle["events"][9][member] = value;
        row(name, bundle.to_string().into_bytes(), Some(expected))
    };
    vec![
        set("bundle-position-0", (0, "line"), "position", json!(0)),
        set("bundle-position-minus-one", (0, "line"), "position", json!(-1)),
        set(
            "bundle-position-with-a-fraction",
            (0, "line"),
            "position",
            json!(18.0),
        ),
        set(
            "bundle-position-beyond-2-62",
            (0, "line"),
            "position",
            json!((1_u64 << 62) + 1),
        ),
        set(
            "bundle-position-above-the-size",
            (1000, "proof"),
            "position",
            json!(1000),
        ),
    ]
}

/// A value whose plaintext has a member twice.
fn sealed_twice() -> Tampered {
    let mut made = log().made;
    let comment = &mut made[9];
    let (_, value_key) = comment.values[0].clone();
    let sealed = seal_bytes(&value_key, account(1), br#"j{"a":1,"a":1}"#.to_vec());
    let start = comment.stored.find(r#"{"sealed":"#).unwrap();
    let end = start + comment.stored[start..].find("}}").unwrap() + 2;
    comment.stored.replace_range(start..end, &sealed.to_string());
    let bundle = made::bundle(&made, "SUP-1");
    row(
        "bundle-value-with-a-member-twice",
        bundle.to_string().into_bytes(),
        Some((10, "value")),
    )
}
