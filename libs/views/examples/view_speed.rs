//! Measures the views: `view_speed [tickets] [directory]` writes a log of ten events a ticket, rebuilds the views from
//! it, and asks for pages. Prints figures for this machine.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AccountId, Event, PersonId, Personal,
    desk::DeskEvent,
    policy::{Side, Visible},
    ticket::{
        FieldValue, TicketEvent, Visibility,
        event::{CommentBody, Commented, Opened, Transitioned},
    },
};
use event_log::{
    Channel, CommandId, Commit, EventDraft, EventId, EventLog, Expected, Position, StreamWrite, Target,
};
use serde_json::value::to_raw_value;
use uuid::Uuid;
use views::{AssigneeFilter, Options, QueueQuery, Sort, Views};

const EVENTS_PER_TICKET: u64 = 10;
const TICKETS_PER_COMMIT: u64 = 50;
const PATIENCE: Duration = Duration::from_secs(3_600);
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
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
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

fn personal(words: String) -> Personal<String> {
    Personal::new(PersonId(Uuid::from_u128(1)), words)
}

fn draft(number: u64, at: DateTime<Utc>, by: AccountId, event: &Event) -> EventDraft {
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

fn opening(dice: &mut Dice) -> TicketEvent {
    let sav = dice.roll(3) == 0;
    let requester = dice.account(20_000);
    TicketEvent::Opened(Box::new(Opened {
        side: Side::Requester,
        desk: if sav { "SAV" } else { "SUP" }.parse().unwrap(),
        desk_version: 1,
        request_type: "question".to_owned(),
        summary: personal(dice.words(5)),
        description: Some(personal(dice.words(20))),
        status: if sav { "queued" } else { "open" }.parse().unwrap(),
        priority: if dice.roll(4) == 0 { "high" } else { "normal" }.to_owned(),
        urgency: "medium".to_owned(),
        requester,
        customer: None,
        organization: Some(format!("commune-{}", dice.roll(2_000)).parse().unwrap()),
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

fn later(dice: &mut Dice, sav: bool) -> TicketEvent {
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
            body: CommentBody::Words(personal(dice.words(15))),
        }),
    }
}

/// Fifty tickets at a time are open together, so that their events lie mixed in the log.
fn fill(log: &EventLog, tickets: u64, runtime: &tokio::runtime::Runtime) {
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
    for _ in 0..tickets.div_ceil(TICKETS_PER_COMMIT) {
        let openings = (0..TICKETS_PER_COMMIT).map(|_| {
            let event = opening(&mut dice);
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
        for _ in 1..EVENTS_PER_TICKET {
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

/// Time that this thread has spent on a processor: a machine that others use as well measures the same.
fn thread_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text
        .split_whitespace()
        .next()
        .and_then(|nanos| nanos.parse().ok())
        .unwrap_or_default();
    Duration::from_nanos(nanos)
}

/// The same for all threads that are alive, by name.
fn thread_times() -> String {
    let mut times = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let read = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let nanos: u64 = read("schedstat")
            .split_whitespace()
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or_default();
        if nanos > 100_000_000 {
            times.push(format!("{} {:.1} s", read("comm").trim(), nanos as f64 / 1e9));
        }
    }
    times.join(", ")
}

fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}

fn ask(views: &Views, name: &str, viewer: &Visible, query: &QueueQuery) {
    let mut times = Vec::new();
    let mut page = views.queue(viewer, query).unwrap();
    for _ in 0..200 {
        let begun = thread_time();
        page = views.queue(viewer, query).unwrap();
        times.push(thread_time() - begun);
        if times.iter().sum::<Duration>() > Duration::from_secs(3) {
            break;
        }
    }
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    println!(
        "{name:<55} {:>9.3} ms {:>9.3} ms p99   {} rows of {}{}",
        at(50),
        at(99),
        page.rows.len(),
        page.total,
        if page.total_exact { "" } else { " and more" }
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let tickets: u64 = arguments.next().map_or(100_000, |count| count.parse().unwrap());
    let dir: PathBuf = arguments
        .next()
        .map_or_else(|| PathBuf::from("view_speed"), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let log = EventLog::open(&dir.join("log"), event_log::Options::default()).unwrap();
    if log.head() == Position(0) {
        let begun = Instant::now();
        fill(&log, tickets, &runtime);
        println!(
            "log of {} events written in {:.1} s",
            log.head(),
            begun.elapsed().as_secs_f64()
        );
    }
    let views = rebuild(&dir, &log, &runtime);
    pages(&views);
    live(&views, &log, &runtime);
    views.close();
    log.close();
}

fn rebuild(dir: &Path, log: &EventLog, runtime: &tokio::runtime::Runtime) -> Views {
    let place = dir.join("views");
    if place.exists() {
        fs::remove_dir_all(&place).unwrap();
    }
    let before = resident_mib();
    let begun = Instant::now();
    let views = Views::open(&place, log.clone(), Arc::new(|_, _| Ok(())), Options::default()).unwrap();
    assert!(runtime.block_on(views.at_least(log.head(), PATIENCE)));
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "rebuilt {} events in {seconds:.1} s: {:.0} events/s; file {} MiB; peak memory {} MiB (before: {before})",
        log.head(),
        log.head().0 as f64 / seconds,
        fs::metadata(place.join("views.sqlite")).unwrap().len() >> 20,
        resident_mib()
    );
    println!("processor time since the start: {}", thread_times());
    views
}

fn pages(views: &Views) {
    let all = Visible {
        all: true,
        internal: true,
        ..Visible::default()
    };
    let agent = Visible {
        person: Some(AccountId(Uuid::from_u128(3))),
        desks: ["SUP".parse().unwrap()].into(),
        organizations: ["commune-1".parse().unwrap()].into(),
        internal: true,
        ..Visible::default()
    };
    let requester = Visible {
        person: Some(AccountId(Uuid::from_u128(77))),
        organizations: ["commune-7".parse().unwrap(), "commune-8".parse().unwrap()].into(),
        ..Visible::default()
    };
    let any = QueueQuery::default;
    let q = |words: &str| QueueQuery {
        q: Some(words.to_owned()),
        ..any()
    };
    let sup = || QueueQuery {
        desk: "SUP".parse().ok(),
        ..any()
    };
    let open = || QueueQuery {
        status: vec!["open".into(), "in_progress".into()],
        ..sup()
    };
    let after = views.queue(&all, &open()).unwrap().next_cursor;
    ask(views, "admin: all", &all, &any());
    ask(views, "admin: desk", &all, &sup());
    ask(
        views,
        "admin: desk, two statuses, priority",
        &all,
        &QueueQuery {
            priority: Some("high".into()),
            ..open()
        },
    );
    ask(
        views,
        "admin: desk, two statuses, second page",
        &all,
        &QueueQuery {
            cursor: after,
            ..open()
        },
    );
    ask(
        views,
        "admin: two statuses, any desk",
        &all,
        &QueueQuery { desk: None, ..open() },
    );
    ask(
        views,
        "admin: response required",
        &all,
        &QueueQuery {
            response_required: Some(true),
            ..any()
        },
    );
    ask(
        views,
        "admin: technical id",
        &all,
        &QueueQuery {
            technical_id: Some("FI-12345".into()),
            ..any()
        },
    );
    let mine = Some(AssigneeFilter::Account(AccountId(Uuid::from_u128(3))));
    ask(
        views,
        "admin: given to one agent",
        &all,
        &QueueQuery {
            assignee: mine,
            ..any()
        },
    );
    ask(
        views,
        "admin: given to nobody",
        &all,
        &QueueQuery {
            assignee: Some(AssigneeFilter::Nobody),
            ..any()
        },
    );
    ask(
        views,
        "admin: by created_at",
        &all,
        &QueueQuery {
            sort: Sort::list("-created_at"),
            ..any()
        },
    );
    ask(
        views,
        "admin: by summary",
        &all,
        &QueueQuery {
            sort: Sort::list("summary"),
            ..any()
        },
    );
    ask(
        views,
        "admin: by priority, then update",
        &all,
        &QueueQuery {
            sort: Sort::list("-priority,-updated_at"),
            ..any()
        },
    );
    ask(views, "agent: all", &agent, &any());
    ask(views, "agent: desk and statuses", &agent, &open());
    ask(views, "requester: all", &requester, &any());
    ask(
        views,
        "requester: by summary",
        &requester,
        &QueueQuery {
            sort: Sort::list("summary"),
            ..any()
        },
    );
    ask(views, "admin: key", &all, &q("sup-123"));
    ask(views, "admin: rare word", &all, &q("mot123 "));
    ask(
        views,
        "admin: rare and common word",
        &all,
        &q("mot1234 imprimante"),
    );
    ask(views, "admin: common word", &all, &q("imprimante"));
    ask(views, "admin: two common words", &all, &q("imprimante bourrage"));
    ask(
        views,
        "agent: two common words",
        &agent,
        &q("imprimante bourrage"),
    );
    ask(views, "requester: common word", &requester, &q("imprimante"));
    ask(views, "requester: rare word", &requester, &q("mot1234"));
}

/// One event at a time, waiting for each: what a client that writes and then lists waits for beyond the log.
fn live(views: &Views, log: &EventLog, runtime: &tokio::runtime::Runtime) {
    let mut dice = Dice(11);
    let begin: DateTime<Utc> = "2030-01-01T00:00:00Z".parse().unwrap();
    let at = begin + TimeDelta::seconds(log.head().0.cast_signed());
    let (mut append, mut wait) = (Vec::new(), Vec::new());
    for number in 0..2_000_u64 {
        let stream = format!("SUP-{}", dice.roll(1_000) + 1).parse().unwrap();
        let event = Event::Ticket(later(&mut dice, false));
        let id = u128::from(log.head().0) << 96 | u128::from(number);
        let events = vec![draft(
            number,
            at + TimeDelta::milliseconds(number.cast_signed()),
            AccountId::SYSTEM,
            &event,
        )];
        let write = StreamWrite {
            target: Target::Stream(stream),
            expected: Expected::Any,
            events,
        };
        let commit = Commit {
            command_id: CommandId(Uuid::from_u128(id)),
            command_digest: [0; 32],
            writes: vec![write],
        };
        let begun = Instant::now();
        let appended = runtime.block_on(log.append(commit)).unwrap();
        append.push(begun.elapsed());
        let begun = Instant::now();
        assert!(runtime.block_on(views.at_least(appended.last, PATIENCE)));
        wait.push(begun.elapsed());
    }
    for (name, mut times) in [("append", append), ("view after append", wait)] {
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
        println!(
            "{name}: {:.3} ms, p99 {:.3} ms, most {:.3} ms",
            at(50),
            at(99),
            at(100)
        );
    }
}
