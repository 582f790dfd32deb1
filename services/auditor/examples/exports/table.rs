//! Exports with one thing wrong each, and where that must be found.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::histories;
use crate::made::{self, Made, Maker, ORIGIN, account, checkpoint, ending, file, key, key_of, lines};
use crate::readings;

/// What is tampered with, mostly: the internal note on SUP-1, which has events of its ticket before it and after it.
pub(crate) const AT: usize = 13;

/// An export or bundle, and what must be found.
pub(crate) struct Tampered {
    pub(crate) name: &'static str,
    pub(crate) file: Vec<u8>,
    pub(crate) keys: Vec<String>,
    pub(crate) checkpoints: Vec<String>,
    /// Position and code of the first fault; none when nothing is wrong.
    pub(crate) expected: Option<(u64, &'static str)>,
    /// Only a reader that decodes the data of events can find it.
    pub(crate) needs_decoding: bool,
}

/// A good log, taken apart.
pub(crate) struct Log {
    pub(crate) made: Vec<Made>,
    pub(crate) events: Vec<String>,
    pub(crate) note: String,
    pub(crate) digest: String,
}

fn three_tickets() -> (Maker, Vec<Made>) {
    let mut maker = Maker::new();
    let mut made = made::beginning(&mut maker);
    for number in 1..=3 {
        made.extend(made::ticket(&mut maker, number));
    }
    (maker, made)
}

/// The log that all begin from: 38 events, three tickets.
pub(crate) fn log() -> Log {
    log_of(three_tickets().1)
}

pub(crate) fn log_of(made: Vec<Made>) -> Log {
    let events: Vec<String> = made.iter().map(|made| made.stored.clone()).collect();
    let note = signed(&events);
    let digest = made::queue_digest(events.iter().map(String::as_str));
    Log {
        made,
        events,
        note,
        digest,
    }
}

pub(crate) fn signed(events: &[String]) -> String {
    checkpoint(events.iter().map(String::as_str), ORIGIN, &key(1))
}

/// The events replaced, the tree and the checkpoint made anew: what whoever holds the key could do.
pub(crate) fn rewritten(events: &[String], digest: &str) -> Vec<u8> {
    file(&lines(events, &signed(events), digest))
}

impl Log {
    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.events, &self.note, &self.digest)
    }

    pub(crate) fn case(&self, name: &'static str, file: Vec<u8>, expected: (u64, &'static str)) -> Tampered {
        Tampered {
            name,
            file,
            keys: Vec::new(),
            checkpoints: Vec::new(),
            expected: Some(expected),
            needs_decoding: false,
        }
    }

    /// The file with one line replaced, its place counted from 0 for the header.
    pub(crate) fn with_line(&self, place: usize, change: impl FnOnce(&str) -> String) -> Vec<u8> {
        let mut lines = self.lines();
        let changed = change(&lines[place]);
        assert_ne!(changed, lines[place]);
        lines[place] = changed;
        file(&lines)
    }

    /// The log rewritten with one event replaced.
    pub(crate) fn with_event(&self, change: impl FnOnce(&str) -> String) -> Vec<u8> {
        let mut events = self.events.clone();
        let changed = change(&events[AT - 1]);
        assert_ne!(changed, events[AT - 1]);
        events[AT - 1] = changed;
        rewritten(&events, &self.digest)
    }

    pub(crate) fn size(&self) -> u64 {
        self.events.len() as u64
    }

    pub(crate) fn prefix(&self, size: usize) -> String {
        signed(&self.events[..size])
    }
}

/// Another letter of base64 in the middle of the first ciphertext.
pub(crate) fn other_ciphertext(text: &str) -> String {
    let at = text.find("\"ciphertext\":\"").unwrap() + 20;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut changed = text.to_owned();
    changed.replace_range(at..=at, other);
    changed
}

/// The whole table.
pub(crate) fn table() -> Vec<Tampered> {
    let log = log();
    let mut table = good(&log);
    table.extend(changed_bytes(&log));
    table.extend(changed_order(&log));
    table.extend(changed_ends(&log));
    table.extend(changed_signatures(&log));
    table.extend(histories::rewritten_histories(&log));
    table.extend(histories::changed_data(&log));
    table.extend(histories::other_keys());
    table.extend(readings::exports(&log));
    table
}

fn good(log: &Log) -> Vec<Tampered> {
    let untouched = |name| Tampered {
        name,
        file: file(&log.lines()),
        keys: Vec::new(),
        checkpoints: Vec::new(),
        expected: None,
        needs_decoding: false,
    };
    let two_keys = histories::two_keys(true);
    vec![
        untouched("untouched"),
        Tampered {
            keys: vec![key(1).verifier().to_string()],
            checkpoints: vec![log.prefix(2), log.prefix(17), log.note.clone()],
            ..untouched("untouched-with-key-and-checkpoints")
        },
        Tampered {
            file: file(&two_keys),
            keys: vec![key(1).verifier().to_string()],
            ..untouched("untouched-with-two-keys")
        },
    ]
}

fn changed_bytes(log: &Log) -> Vec<Tampered> {
    let at = AT as u64;
    let flipped = log.with_line(AT, other_ciphertext);
    let mut not_utf8 = file(&log.lines());
    let place: usize = log.lines()[..AT].iter().map(|line| line.len() + 1).sum();
    not_utf8[place + log.lines()[AT].len() - 10] = 0xff;
    vec![
        log.case("flipped-byte-in-data", flipped.clone(), (1, "root")),
        Tampered {
            checkpoints: vec![log.prefix(12), log.prefix(16)],
            ..log.case(
                "flipped-byte-between-checkpoints",
                flipped,
                (13, "older-checkpoint"),
            )
        },
        log.case(
            "flipped-byte-in-envelope",
            log.with_line(AT, |line| line.replacen("\"rest\"", "\"rust\"", 1)),
            (at, "envelope"),
        ),
        log.case(
            "flipped-byte-in-actor",
            log.with_line(AT, |line| {
                let by = |number| format!("\"by\":\"{}\"", account(number));
                line.replacen(&by(2), &by(3), 1)
            }),
            (1, "root"),
        ),
        log.case("byte-that-is-no-text", not_utf8, (at, "line")),
        log.case(
            "unknown-member-in-envelope",
            log.with_event(|stored| stored.replacen(",\"data\":", ",\"more\":1,\"data\":", 1)),
            (at, "envelope"),
        ),
        log.case(
            "line-of-another-form",
            log.with_line(AT, |line| line.replacen(':', ": ", 1)),
            (at, "line"),
        ),
    ]
}

fn changed_order(log: &Log) -> Vec<Tampered> {
    let at = AT as u64;
    let mut dropped = log.lines();
    dropped.remove(AT);
    let mut swapped = log.lines();
    swapped.swap(AT, AT + 1);
    let mut doubled = log.lines();
    doubled.insert(AT, doubled[AT].clone());
    let mut events = log.events.clone();
    events.remove(AT - 1);
    let closed_up = lines(&events, &log.note, &log.digest);
    let mut events = log.events.clone();
    events.swap(AT - 1, AT);
    let renumbered = lines(&events, &log.note, &log.digest);
    vec![
        log.case("dropped-event", file(&dropped), (at, "position")),
        log.case("dropped-event-closed-up", file(&closed_up), (at, "version")),
        log.case("swapped-lines", file(&swapped), (at, "position")),
        log.case("swapped-events-renumbered", file(&renumbered), (at, "version")),
        log.case("doubled-event", file(&doubled), (at + 1, "position")),
    ]
}

fn changed_ends(log: &Log) -> Vec<Tampered> {
    let (size, last) = (log.size(), log.events.len() + 1);
    let mut added = log.lines();
    let mut longer = three_tickets();
    let organization = json!({"id": "commune-b", "name": "Commune B"});
    let more = longer
        .0
        .event(
            "organization-commune-b",
            "organization-created.v1",
            Uuid::nil(),
            organization,
        )
        .stored;
    added.insert(last, format!(r#"{{"position":{},"event":{more}}}"#, size + 1));
    let mut admitted = added.clone();
    admitted[0] = admitted[0].replace(&format!("\"last\":{size}"), &format!("\"last\":{}", size + 1));
    let mut cut = log.lines();
    cut.drain(last - 5..last);
    let mut torn = log.lines();
    torn.truncate(last - 5);
    let mut unended = log.lines();
    unended.pop();
    let mut goes_on = log.lines();
    goes_on.push("{}".to_owned());
    vec![
        log.case("added-event", file(&added), (size + 1, "size")),
        log.case("added-event-and-first-line", file(&admitted), (size + 2, "size")),
        log.case("cut-tail", file(&cut), (size - 4, "size")),
        log.case("torn-tail", file(&torn), (size - 4, "ending")),
        log.case("no-last-line", file(&unended), (size + 1, "ending")),
        log.case("line-after-the-last", file(&goes_on), (size + 1, "line")),
        log.case(
            "first-line-of-another-form",
            log.with_line(0, |line| line.replace("\"first\":1", "\"first\":2")),
            (0, "header"),
        ),
        log.case(
            "first-line-of-another-log",
            log.with_line(0, |line| line.replace(ORIGIN, "guichet.example/other")),
            (size + 1, "origin"),
        ),
        log.case("no-first-line", file(&log.lines()[1..]), (0, "header")),
    ]
}

fn changed_signatures(log: &Log) -> Vec<Tampered> {
    let end = log.size() + 1;
    let with_note = |note: &str| {
        let mut lines = log.lines();
        lines.pop();
        lines.push(ending(note, &log.digest));
        file(&lines)
    };
    let events = || log.events.iter().map(String::as_str);
    let elsewhere = "guichet.example/other";
    let mut flipped = log.note.clone();
    let place = flipped.len() - 20;
    let other = if &flipped[place..=place] == "A" { "B" } else { "A" };
    flipped.replace_range(place..=place, other);
    let mut digest = log.digest.clone();
    let other = if digest.starts_with('0') { "1" } else { "0" };
    digest.replace_range(0..1, other);
    let mut other_digest = log.lines();
    other_digest.pop();
    other_digest.push(ending(&log.note, &digest));
    vec![
        log.case("changed-signature", with_note(&flipped), (end, "signature")),
        log.case(
            "checkpoint-of-another-log",
            with_note(&checkpoint(events(), elsewhere, &key_of(elsewhere, 1))),
            (end, "origin"),
        ),
        log.case(
            "checkpoint-by-another-key",
            with_note(&checkpoint(events(), ORIGIN, &key(7))),
            (end, "signature"),
        ),
        Tampered {
            needs_decoding: true,
            ..log.case("changed-digest", file(&other_digest), (end, "digest"))
        },
        Tampered {
            keys: vec![key(7).verifier().to_string()],
            ..log.case("another-key-given", file(&log.lines()), (0, "trust"))
        },
    ]
}

/// The table as JSON for other verifiers: for each file what to give with it and what must be found.
pub(crate) fn described(cases: &[(String, Tampered)]) -> Value {
    let described = cases.iter().map(|(file, case)| {
        let mut members: BTreeMap<&str, Value> = BTreeMap::from([
            ("file", file.as_str().into()),
            ("name", case.name.into()),
            ("keys", case.keys.clone().into()),
            ("checkpoints", case.checkpoints.clone().into()),
            ("needs_decoding", case.needs_decoding.into()),
        ]);
        let (position, code) = case.expected.unzip();
        members.insert("position", position.into());
        members.insert("code", code.into());
        json!(members)
    });
    described.collect::<Vec<Value>>().into()
}
