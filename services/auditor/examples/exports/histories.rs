//! Histories written anew by whoever holds a key, and keys that are not to be believed.

use domain::epoch::{Endorsement, LogEvent};
use transparency::{SigningKey, endorse};
use uuid::Uuid;

use crate::made::{self, Maker, ORIGIN, checkpoint, ending, file, key, lines};
use crate::table::{AT, Log, Tampered, log_of, other_ciphertext, rewritten, signed};

pub(crate) fn rewritten_histories(log: &Log) -> Vec<Tampered> {
    let at = AT as u64;
    let mut events = log.events.clone();
    events[AT - 1] = other_ciphertext(&events[AT - 1]);
    let by_another = checkpoint(events.iter().map(String::as_str), ORIGIN, &key(7));
    let by_another = file(&lines(&events, &by_another, &log.digest));
    let id = |stored: &str| stored[7..43].to_owned();
    let earlier = id(&log.events[4]);
    let version = |stored: &str, from: u64, to: u64| {
        stored.replacen(&format!("\"version\":{from},"), &format!("\"version\":{to},"), 1)
    };
    vec![
        log.case(
            "rewritten-by-another-key",
            by_another,
            (log.size() + 1, "signature"),
        ),
        Tampered {
            checkpoints: vec![log.prefix(20)],
            ..log.case(
                "rewritten-against-a-checkpoint",
                rewritten(&events, &log.digest),
                (1, "older-checkpoint"),
            )
        },
        Tampered {
            checkpoints: vec![{
                let mut longer = log.events.clone();
                longer.push(longer[0].clone());
                signed(&longer)
            }],
            ..log.case(
                "shorter-than-a-checkpoint",
                file(&log.lines()),
                (log.size() + 1, "older-checkpoint"),
            )
        },
        log.case(
            "version-gap",
            log.with_event(|stored| version(stored, 5, 6)),
            (at, "version"),
        ),
        log.case(
            "event-id-used-twice",
            log.with_event(|stored| stored.replacen(&id(stored), &earlier, 1)),
            (at, "event-id"),
        ),
        log.case(
            "clock-backwards",
            log.with_event(|stored| stored.replacen("\"at\":\"2026-01-01T", "\"at\":\"2025-12-31T", 1)),
            (at, "clock"),
        ),
    ]
}

pub(crate) fn changed_data(log: &Log) -> Vec<Tampered> {
    let at = AT as u64;
    let decoding = |name, file, code| Tampered {
        needs_decoding: true,
        ..log.case(name, file, (at, code))
    };
    vec![
        decoding(
            "sealed-value-without-commitment",
            log.with_event(|stored| stored.replacen("\"commitment\"", "\"committed\"", 1)),
            "sealed",
        ),
        decoding(
            "sealed-value-with-a-short-ciphertext",
            log.with_event(|stored| {
                let start = stored.find("\"ciphertext\":\"").unwrap() + 14;
                let end = start + stored[start..].find('"').unwrap();
                format!("{}AAAA{}", &stored[..start], &stored[end..])
            }),
            "sealed",
        ),
        decoding(
            "unknown-member-in-data",
            log.with_event(|stored| stored.replacen("\"visibility\":", "\"more\":1,\"visibility\":", 1)),
            "data",
        ),
        decoding(
            "event-of-another-kind-in-a-ticket",
            log.with_event(|stored| {
                let start = stored.find(",\"data\":").unwrap();
                format!(
                    "{},\"data\":{{\"organization\":\"commune-a\"}}}}",
                    &stored[..start]
                )
                .replacen("ticket-commented.v1", "account-joined.v1", 1)
            }),
            "stream",
        ),
    ]
}

/// A log in which a second key takes over, endorsed by the first one or not.
pub(crate) fn two_keys(is_endorsed: bool) -> Vec<String> {
    let (first, second) = (key(1), key(2));
    two_keys_endorsed(&second, is_endorsed.then(|| endorse(&first, second.verifier())))
}

fn two_keys_endorsed(second: &SigningKey, signature: Option<String>) -> Vec<String> {
    let mut maker = Maker::new();
    let mut made = made::beginning(&mut maker);
    let event = domain::Event::Log(LogEvent::KeyEnrolled {
        key: second.verifier().to_string(),
        endorsement: signature.map(|signature| Endorsement {
            by: key(1).verifier().to_string(),
            signature,
        }),
    });
    let (event_type, data) = event.encode().unwrap();
    made.push(maker.event("log", event_type, Uuid::nil(), data));
    made.extend(made::ticket(&mut maker, 1));
    let log = log_of(made);
    let note = checkpoint(log.events.iter().map(String::as_str), ORIGIN, second);
    lines(&log.events, &note, &log.digest)
}

/// The log of two keys with the event changed that enrols the second one.
pub(crate) fn two_keys_changed(change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let second = key(2);
    let mut events = events_of(&two_keys(true));
    events[8] = change(&events[8]);
    let note = checkpoint(events.iter().map(String::as_str), ORIGIN, &second);
    let digest = "0".repeat(64);
    file(&lines(&events, &note, &digest))
}

/// The stored bytes in the lines of an export.
fn events_of(lines: &[String]) -> Vec<String> {
    let events = lines[1..lines.len() - 1].iter().zip(1..);
    events
        .map(|(line, position): (&String, u64)| {
            line[format!("{{\"position\":{position},\"event\":").len()..line.len() - 1].to_owned()
        })
        .collect()
}

pub(crate) fn other_keys() -> Vec<Tampered> {
    let second = key(2);
    let case = |name, lines: &[String], code| Tampered {
        name,
        file: file(lines),
        keys: vec![key(1).verifier().to_string()],
        checkpoints: Vec::new(),
        expected: Some((9, code)),
        needs_decoding: false,
    };
    let by_a_third = endorse(&key(3), second.verifier());
    let mut outdated = two_keys(true);
    let end = outdated.len() as u64 - 1;
    let events = events_of(&outdated);
    let digest = made::queue_digest(events.iter().map(String::as_str));
    outdated.pop();
    outdated.push(ending(&signed(&events), &digest));
    vec![
        case("key-without-endorsement", &two_keys(false), "trust"),
        case(
            "key-with-a-false-endorsement",
            &two_keys_endorsed(&second, Some(by_a_third)),
            "endorsement",
        ),
        Tampered {
            expected: Some((end, "signature")),
            ..case("checkpoint-by-a-key-of-before", &outdated, "signature")
        },
    ]
}
