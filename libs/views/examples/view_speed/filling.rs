//! A log of tickets, the same in every run.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AccountId, Event, PersonId, Personal,
    desk::DeskEvent,
    policy::Side,
    ticket::{
        FieldValue, TicketEvent, Visibility,
        event::{CommentBody, Commented, Opened, Transitioned},
    },
};
use event_log::{Channel, CommandId, Commit, EventDraft, EventId, EventLog, Expected, StreamWrite, Target};
use serde_json::value::to_raw_value;
use uuid::Uuid;

/// What a log is filled with.
#[derive(Clone, Copy)]
pub(crate) struct Filling {
    pub(crate) tickets: u64,
    /// Events of each ticket after its opening.
    pub(crate) later: u64,
    /// One ticket in so many is of the organization `commune-0`, beside its share of all.
    pub(crate) main_share: u64,
}

const TICKETS_PER_COMMIT: u64 = 50;
const VOCABULARY: [&str; 16] = [
    "imprimante",
    "écran",
    "réseau",
    "bourrage",
    "accueil",
    "serveur",
    "clavier",
    "facture",
    "compte",
    "école",
    "portail",
    "lenteur",
    "erreur",
    "fibre",
    "coupure",
    "signal",
];

/// A small generator, the same numbers in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn word(&mut self) -> &'static str {
        VOCABULARY[usize::try_from(self.roll(16)).unwrap()]
    }

    fn words(&mut self, count: u64) -> String {
        let words: Vec<String> = (0..count)
            .map(|_| {
                if self.roll(4) == 0 {
                    format!("mot{}", self.roll(50_000))
                } else {
                    self.word().into()
                }
            })
            .collect();
        words.join(" ")
    }

    fn account(&mut self, among: u64) -> AccountId {
        AccountId(Uuid::from_u128(u128::from(self.roll(among)) + 1))
    }
}

fn personal(of: AccountId, words: String) -> Personal<String> {
    Personal::new(PersonId(of.0), words)
}

pub(crate) fn draft(number: u64, at: DateTime<Utc>, by: AccountId, event: &Event) -> EventDraft {
    let (event_type, data) = event.encode().unwrap();
    EventDraft {
        id: EventId(Uuid::from_u128(number.into())),
        event_type: event_type.to_owned(),
        at,
        occurred_at: None,
        sent_at: None,
        by: by.0,
        on_behalf_of: None,
        channel: Channel::Rest,
        correlation_id: Uuid::from_u128(number.into()),
        causation_id: None,
        data: to_raw_value(&data).unwrap(),
    }
}

fn opening(dice: &mut Dice, main_share: u64) -> TicketEvent {
    let sav = dice.roll(3) == 0;
    let requester = dice.account(20_000);
    TicketEvent::Opened(Box::new(Opened {
        side: Side::Requester,
        desk: if sav { "SAV" } else { "SUP" }.parse().unwrap(),
        desk_version: 1,
        request_type: "question".to_owned(),
        summary: personal(requester, dice.words(5)),
        description: Some(personal(requester, dice.words(20))),
        status: if sav { "queued" } else { "open" }.parse().unwrap(),
        priority: if dice.roll(4) == 0 { "high" } else { "normal" }.to_owned(),
        urgency: "medium".to_owned(),
        requester,
        customer: None,
        organization: {
            let one = if dice.roll(main_share) == 0 {
                0
            } else {
                dice.roll(2_000)
            };
            Some(format!("commune-{one}").parse().unwrap())
        },
        private: dice.roll(10) == 0,
        shared_with: BTreeSet::new(),
        notify: true,
        fields: [(
            "technicalId".to_owned(),
            FieldValue::Open(format!("FI-{}", dice.roll(1_000_000)).into()),
        )]
        .into(),
    }))
}

pub(crate) fn later(dice: &mut Dice, sav: bool) -> TicketEvent {
    let statuses: &[&str] = if sav {
        &["queued", "open_active", "cleared", "closed", "closed", "closed"]
    } else {
        &[
            "open",
            "in_progress",
            "waiting_customer",
            "resolved",
            "closed",
            "closed",
        ]
    };
    let side = Side::Agent;
    match dice.roll(10) {
        0..=2 => TicketEvent::Transitioned(Transitioned {
            side,
            action: "take".to_owned(),
            from: statuses[0].parse().unwrap(),
            to: statuses[usize::try_from(dice.roll(6)).unwrap()].parse().unwrap(),
            fields: Default::default(),
            removed: Default::default(),
            customer: None,
            comment: None,
        }),
        3..=4 => TicketEvent::Assigned {
            side,
            assignee: Some(dice.account(100)),
        },
        roll => TicketEvent::Commented(Commented {
            side,
            comment: domain::CommentId(Uuid::from_u128(9)),
            visibility: if roll == 5 {
                Visibility::Internal
            } else {
                Visibility::Public
            },
            body: CommentBody::Words(personal(dice.account(20_000), dice.words(15))),
        }),
    }
}

/// Fifty tickets at a time are open together, so that their events lie mixed in the log.
pub(crate) fn fill(log: &EventLog, filling: Filling, runtime: &tokio::runtime::Runtime) {
    let mut dice = Dice(7);
    let mut at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut number = 0;
    let mut commit = |writes: Vec<(Target, AccountId, Event)>, at: &mut DateTime<Utc>| {
        let mut all = Vec::new();
        for (target, by, event) in writes {
            number += 1;
            *at += TimeDelta::milliseconds(100);
            let events = vec![draft(number, *at, by, &event)];
            all.push(StreamWrite {
                target,
                expected: Expected::Any,
                events,
            });
        }
        let command_id = CommandId(Uuid::from_u128(u128::from(number) << 64));
        runtime
            .block_on(log.append(Commit {
                command_id,
                command_digest: [0; 32],
                writes: all,
            }))
            .unwrap()
            .events
    };
    for desk in domain::desk::shipped().unwrap() {
        let definition = Box::new(desk.definition().clone());
        let stream = Target::Stream(format!("desk-{}", definition.key).parse().unwrap());
        commit(
            vec![(
                stream,
                AccountId::SYSTEM,
                Event::Desk(DeskEvent::Published { definition }),
            )],
            &mut at,
        );
    }
    for _ in 0..filling.tickets.div_ceil(TICKETS_PER_COMMIT) {
        let openings = (0..TICKETS_PER_COMMIT).map(|_| {
            let event = opening(&mut dice, filling.main_share);
            let TicketEvent::Opened(opened) = &event else {
                panic!("no opening")
            };
            let target = Target::NextIn(opened.desk.as_str().parse().unwrap());
            (target, opened.requester, Event::Ticket(event))
        });
        let streams: Vec<_> = commit(openings.collect(), &mut at)
            .into_iter()
            .map(|event| event.envelope.stream)
            .collect();
        for _ in 0..filling.later {
            let more = streams.iter().map(|stream| {
                let sav = stream.as_str().starts_with("SAV");
                let event = Event::Ticket(later(&mut dice, sav));
                (Target::Stream(stream.clone()), dice.account(100), event)
            });
            let more = more.collect();
            commit(more, &mut at);
        }
    }
}
