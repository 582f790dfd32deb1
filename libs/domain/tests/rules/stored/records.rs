//! What the fixtures of the events of names, of persons, of the log itself and of its readers stand for.

use domain::{
    Event, NameEvent,
    audit::{AuditData, AuditEvent},
    epoch::{Endorsement, EpochBefore, LogEvent},
    person::PersonEvent,
};

use super::tickets::words;
use crate::given::account;

pub(super) fn names() -> Vec<(&'static str, Event)> {
    vec![(
        "name-reserved.v1",
        Event::Name(NameEvent::Reserved { holder: account(1) }),
    )]
}

/// What the log says of persons, of itself and of its readers.
pub(super) fn records() -> Vec<(&'static str, Event)> {
    let begun = |epoch, origin: &str, before, reason: Option<&str>| {
        Event::Log(LogEvent::EpochBegun {
            epoch,
            origin: origin.to_owned(),
            before,
            reason: reason.map(str::to_owned),
        })
    };
    let enrolled = |endorsement| {
        let key = "guichet.example/log+1f3c6ac3+AQ9yUJr2bv5vlpYFvhmW7qIqGbIYKmuBmVVSKmWX6R4L".to_owned();
        Event::Log(LogEvent::KeyEnrolled { key, endorsement })
    };
    let read = |what| Event::Audit(AuditEvent::Read { what, up_to: 42 });
    let clock = |leapt_s| {
        Event::Audit(AuditEvent::ClockAccepted {
            reason: "L'horloge était en avance d'un jour".to_owned(),
            clock: "2026-03-02T10:00:00Z".parse().unwrap(),
            leapt_s,
            behind_s: 86_400,
        })
    };
    let bundle = AuditData::Bundle {
        ticket: "SUP-12".parse().unwrap(),
        redacted: true,
    };
    vec![
        (
            "person-erased.v1",
            Event::Person(PersonEvent::Erased {
                reason: words("Demande du 2 mars"),
            }),
        ),
        ("log-epoch-begun.v1", begun(0, "guichet.example/log", None, None)),
        (
            "log-epoch-begun.v1.after-loss",
            begun(
                1,
                "guichet.example/log/1",
                Some(EpochBefore {
                    origin: Some("guichet.example/log".to_owned()),
                    lost_from: 41,
                    lost_to: 57,
                    checkpoint: Some("guichet.example/log\n57\nAAAA\n\n— k AAAA\n".to_owned()),
                }),
                Some("the disk of the first machine is gone"),
            ),
        ),
        ("log-key-enrolled.v1", enrolled(None)),
        (
            "log-key-enrolled.v1.endorsed",
            enrolled(Some(Endorsement {
                by: "guichet.example/log+aaaaaaaa+AQ==".to_owned(),
                signature: "c2lnbmF0dXJl".to_owned(),
            })),
        ),
        ("audit-read.v1", read(AuditData::Export)),
        ("audit-read.v1.bundle", read(bundle)),
        ("audit-read.v1.feed", read(AuditData::Feed)),
        ("audit-clock-accepted.v1", clock(None)),
        ("audit-clock-accepted.v1.leapt", clock(Some(-7_200))),
    ]
}
