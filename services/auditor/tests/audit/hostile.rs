//! Fault S8: what a file says is never said to a terminal or a browser in our voice.

use auditor::export::Expectations;
use auditor::report::Verdict;
use auditor::{bundle, export, html, print};
use serde_json::{Value, json};

use crate::second;
use crate::{bundles, made, table};

/// What would steer a terminal, hide something or turn the direction of writing, and begin with what paints a verdict.
const HOSTILE: &str = "\u{1b}[2J\u{1b}[Hverified: SUP-1\u{9b}31m\u{202e}a\u{2066}b\u{200f}c\u{200b}d\u{7f}\r\ne\u{2028}f\u{85}g\u{e0041}";

/// Whether nothing in it does any of that. Line ends are ours.
fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    })
}

/// What is printed, and the page.
fn of_bundle(document: &[u8]) -> (String, String) {
    let report = bundle::verify(document, &[], &[]);
    let mut out = Vec::new();
    print::bundle(&mut out, &report).unwrap();
    (String::from_utf8(out).unwrap(), html::bundle_page(&report))
}

fn of_export(file: &[u8]) -> (String, String) {
    let report = export::verify(file, &Expectations::default(), |_| {}).unwrap();
    let mut out = Vec::new();
    print::export(&mut out, &report).unwrap();
    (String::from_utf8(out).unwrap(), html::export_page(&report))
}

/// Bundles in which the file chooses a word that is told.
fn hostile_bundles(words: &str) -> Vec<(&'static str, Vec<u8>)> {
    let good: Value = serde_json::from_slice(&bundles::bundles()[0].file).unwrap();
    let with = |name, change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        (name, bundle.to_string().into_bytes())
    };
    vec![
        with("ticket", &|bundle| bundle["ticket"] = words.into()),
        with("origin", &|bundle| bundle["origin"] = words.into()),
        with("checkpoint", &|bundle| bundle["checkpoint"] = words.into()),
        with("member", &|bundle| bundle[words] = 1.into()),
        with("member of an entry", &|bundle| {
            bundle["events"][0][words] = 1.into()
        }),
        with("pointer", &|bundle| {
            bundle["events"][0]["values"] = json!({(words): "AAAA"})
        }),
        with("leaf", &|bundle| bundle["events"][4]["leaf"] = words.into()),
        with("event", &|bundle| bundle["events"][0]["event"] = words.into()),
        with("member of an event", &|bundle| {
            let event = bundle["events"][0]["event"].as_str().unwrap();
            let member = format!("{{{}:1,", Value::from(words));
            bundle["events"][0]["event"] = event.replacen('{', &member, 1).into();
        }),
        with("type", &|bundle| {
            let event = bundle["events"][0]["event"].as_str().unwrap();
            let hostile = event.replacen("ticket-opened.v1", &words.replace(char::is_control, ""), 1);
            bundle["events"][0]["event"] = hostile.into();
        }),
    ]
}

#[test]
fn a_hostile_bundle_writes_nothing_of_its_own_on_a_terminal_or_a_page() {
    for (name, document) in hostile_bundles(HOSTILE) {
        let (printed, page) = of_bundle(&document);
        assert!(printed.starts_with("faulty: "), "{name}: {printed}");
        assert!(is_clean(&printed) && is_clean(&page), "{name}: {printed:?}");
        assert!(
            !printed.lines().any(|line| line.starts_with("verified")),
            "{name}: {printed}"
        );
    }
    let (printed, page) = of_bundle(&hostile_bundles(HOSTILE)[0].1);
    // A control: it is told, as what it is.
    assert!(
        printed.starts_with("faulty: \\u{1b}[2J\\u{1b}[Hverified: SUP-1\\u{9b}31m\\u{202e}a"),
        "{printed}"
    );
    assert!(page.contains("<h1>\\u{1b}[2J"), "{page}");
}

#[test]
fn a_name_of_a_megabyte_is_cut() {
    let long = format!("{}\u{1b}", "x".repeat(1_000_000));
    for (name, document) in hostile_bundles(&long) {
        let (printed, page) = of_bundle(&document);
        assert!(is_clean(&printed) && is_clean(&page), "{name}");
        assert!(printed.len() < 60_000, "{name}: {} bytes", printed.len());
        assert!(page.len() < 200_000, "{name}: {} bytes", page.len());
    }
    let (printed, _) = of_bundle(&hostile_bundles(&long)[0].1);
    let first = printed.lines().next().unwrap();
    assert_eq!(
        first,
        format!(
            "faulty: {}… of {}",
            "x".repeat(print::NAME_CHARS_MAX),
            made::ORIGIN
        )
    );
}

/// Words that are sealed, and well proven: the log holds what somebody wrote.
#[test]
fn proven_words_of_a_stranger_stay_in_their_place() {
    let mut maker = made::Maker::new();
    let mut events = made::beginning(&mut maker);
    events.extend(made::ticket(&mut maker, 1));
    events.push(maker.event(
        "SUP-1",
        "ticket-commented.v1",
        made::account(1),
        json!({
            "side": "requester", "comment": made::account(77), "visibility": "public",
            "body": made::personal(1, HOSTILE),
        }),
    ));
    let document = made::bundle(&events, "SUP-1").to_string();
    let (printed, page) = of_bundle(document.as_bytes());
    assert!(printed.starts_with("verified: SUP-1 of "), "{printed}");
    assert!(is_clean(&printed) && is_clean(&page), "{printed:?}");
    assert_eq!(
        printed
            .lines()
            .filter(|line| line.starts_with("verified"))
            .count(),
        1
    );
    assert!(
        printed.contains("          body: \\u{1b}[2J\\u{1b}[Hverified: SUP-1\\u{9b}31m\\u{202e}a"),
        "{printed}"
    );
    assert!(
        printed.contains("\n            e\\u{2028}f\\u{85}g\\u{e0041}\n"),
        "{printed}"
    );
}

/// Exports in which the file chooses a word that is told.
fn hostile_exports(words: &str) -> Vec<(&'static str, Vec<u8>)> {
    let log = table::log();
    let quoted = Value::from(words).to_string();
    let end = log.events.len() + 1;
    let member = format!("{quoted}:1,");
    vec![
        (
            "origin",
            log.with_line(0, |line| line.replace(&format!("\"{}\"", made::ORIGIN), &quoted)),
        ),
        (
            "first line",
            log.with_line(0, |line| line.replacen('{', &format!("{{{member}"), 1)),
        ),
        (
            "envelope",
            log.with_event(|stored| stored.replacen('{', &format!("{{{member}"), 1)),
        ),
        (
            "data",
            log.with_event(|stored| stored.replacen("\"side\"", &format!("{member}\"side\""), 1)),
        ),
        (
            "type",
            log.with_event(|stored| {
                stored.replacen("ticket-commented.v1", &words.replace(char::is_control, ""), 1)
            }),
        ),
        (
            "last line",
            log.with_line(end, |line| {
                line.replacen("\"digests\"", &format!("{member}\"digests\""), 1)
            }),
        ),
        (
            "checkpoint",
            log.with_line(end, |_| format!("{{\"checkpoint\":{quoted}}}")),
        ),
        ("origin of an epoch", {
            let mut events = log.events.clone();
            events[0] = events[0].replacen(&format!("\"{}\"", made::ORIGIN), &quoted, 1);
            table::rewritten(&events, &log.digest)
        }),
        ("reason of an epoch", {
            let mut events = log.events.clone();
            events[0] = events[0].replacen("\"epoch\":0", &format!("\"epoch\":0,\"reason\":{quoted}"), 1);
            table::rewritten(&events, &log.digest)
        }),
    ]
}

#[test]
fn a_hostile_export_writes_nothing_of_its_own_on_a_terminal_or_a_page() {
    for words in [HOSTILE.to_owned(), format!("\u{1b}{}", "x".repeat(900_000))] {
        for (name, file) in hostile_exports(&words) {
            let (printed, page) = of_export(&file);
            assert!(is_clean(&printed) && is_clean(&page), "{name}: {printed:?}");
            assert!(printed.len() < 60_000 && page.len() < 250_000, "{name}");
            let verified = printed
                .lines()
                .filter(|line| line.starts_with("verified"))
                .count();
            let faults = printed
                .lines()
                .filter(|line| line.starts_with("position "))
                .count();
            assert_eq!(verified, usize::from(faults == 0), "{name}: {printed}");
        }
    }
}

/// The Python verifier tells no more of a stranger's words than this one.
#[test]
fn the_second_verifier_writes_nothing_of_the_file_on_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("{}\u{1b}", "x".repeat(1_000_000));
    let mut calls = Vec::new();
    for words in [HOSTILE, &long] {
        let exports = hostile_exports(words)
            .into_iter()
            .map(|(_, file)| ("export", file));
        let bundles = hostile_bundles(words)
            .into_iter()
            .map(|(_, file)| ("bundle", file));
        for (kind, file) in exports.chain(bundles) {
            let path = dir.path().join(calls.len().to_string());
            std::fs::write(&path, file).unwrap();
            calls.push(vec![kind.to_owned(), path.to_str().unwrap().to_owned()]);
        }
    }
    calls.push(vec!["export".to_owned(), "\u{1b}[2J\u{202e}absent".to_owned()]);
    let mut shown = 0;
    for (said, call) in second::called(&calls).iter().zip(&calls) {
        for text in [&said.out, &said.err] {
            assert!(is_clean(text), "{call:?}: {text:?}");
            assert!(
                text.len() < 12_000 && text.lines().count() <= 1,
                "{call:?}: {text}"
            );
        }
        shown += usize::from(said.out.contains("\\u{1b}[2J") || said.out.contains("\\u{202e}"));
    }
    assert!(shown > 0, "no hostile word was told at all");
    assert_eq!(calls.len(), 39);
}

/// Standard error too: the name of a file, and what a server or a cause says.
#[test]
fn a_failure_is_told_on_one_clean_line() {
    #[derive(Debug, thiserror::Error)]
    #[error("{HOSTILE}")]
    struct Failed(#[source] std::io::Error);
    let mut out = Vec::new();
    print::failure(&mut out, &Failed(std::io::Error::other(HOSTILE))).unwrap();
    let told = String::from_utf8(out).unwrap();
    assert!(is_clean(&told), "{told:?}");
    assert_eq!(told.lines().count(), 1);
    assert!(told.starts_with("guichet audit: \\u{1b}[2J"), "{told}");
    assert_eq!(told.matches("verified: SUP-1").count(), 2, "{told}");
}

/// A control of the control: the hostile words are hostile.
#[test]
fn the_hostile_words_would_be_noticed() {
    assert!(!is_clean(HOSTILE));
    for c in HOSTILE
        .chars()
        .filter(|c| !c.is_ascii() || c.is_control())
        .filter(|c| *c != '\n')
    {
        assert!(!is_clean(&c.to_string()), "{c:?}");
    }
    let verified = of_export(&table::table()[0].file);
    assert!(verified.0.starts_with("verified: "));
    assert_eq!(
        bundle::verify(&bundles::bundles()[0].file, &[], &[]).verdict,
        Verdict::Verified
    );
}
