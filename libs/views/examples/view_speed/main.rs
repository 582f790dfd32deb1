//! Measures the views: `view_speed [tickets] [directory]` writes a log of ten events a ticket, makes the views from
//! it where they are not there, and asks for pages. `view_speed lists [tickets] [directory]` asks for every kind of page, `view_speed erasing` erases persons.
//! Prints figures for this machine.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

mod erasing;
mod filling;
mod lists;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountId, Event, policy::Visible};
use event_log::{CommandId, Commit, EventLog, Expected, Position, StreamWrite, Target};
use uuid::Uuid;
use views::{AssigneeFilter, Open, Options, QueueQuery, Sort, Views, digest::Offline};

use erasing::Erased;
use filling::{Dice, Filling, draft, fill, later};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PATIENCE: Duration = Duration::from_secs(3_600);

/// Time that this thread has spent on a processor: a machine that others use as well measures the same.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
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

fn size_mib(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum::<u64>()
        >> 20
}

fn ask(views: &Views, name: &str, viewer: &Visible, query: &QueueQuery) {
    let page = views.queue(viewer, query).unwrap();
    let (begun, worked, mut asked) = (Instant::now(), thread_time(), 0);
    while asked < 300 && begun.elapsed() < Duration::from_secs(3) {
        views.queue(viewer, query).unwrap();
        asked += 1;
    }
    let each = |time: Duration| time.as_secs_f64() * 1_000.0 / f64::from(asked);
    println!(
        "{name:<45} {:>9.3} ms of processor, {:>9.3} ms passed; {} rows of {}{}",
        each(thread_time() - worked),
        each(begun.elapsed()),
        page.rows.len(),
        page.total,
        if page.total_exact { "" } else { " and more" }
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let erasing = arguments.next_if(|first| first == "erasing").is_some();
    let lists = erasing || arguments.next_if(|first| first == "lists").is_some();
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
        let (later, main_share) = if lists { (0, 4) } else { (9, u64::MAX) };
        let filling = Filling {
            tickets,
            later,
            main_share,
        };
        fill(&log, filling, &runtime);
        println!(
            "log of {} events written in {:.1} s",
            log.head(),
            begun.elapsed().as_secs_f64()
        );
    }
    let erased = Erased::default();
    let open = erasing::opener(&erased);
    if lists && dir.join("views").exists() {
        reopen(&dir, &log);
    }
    let views = open_or_rebuild(&dir, &log, open, &runtime);
    if lists {
        if erasing {
            erasing::measure(&views, &log, &erased, &runtime);
        } else {
            lists::measure(&views);
        }
        views.close();
        log.close();
        return;
    }
    pages(&views);
    past(&views, &log);
    digests(&views, &log);
    live(&views, &log, &runtime);
    views.close();
    log.close();
}

/// A start on what is there: until the first page is answered.
fn reopen(dir: &Path, log: &EventLog) {
    let begun = Instant::now();
    let views = Views::open(
        &dir.join("views"),
        log.clone(),
        Arc::new(|_, _| Ok(())),
        Options::default(),
    )
    .unwrap();
    let viewer = Visible {
        all: true,
        ..Visible::default()
    };
    while views.queue(&viewer, &QueueQuery::default()).is_err() {
        std::thread::yield_now();
    }
    println!(
        "opened again: {:.2} s until the first page, resident {} MiB at most",
        begun.elapsed().as_secs_f64(),
        resident_mib()
    );
    views.close();
}

fn open_or_rebuild(dir: &Path, log: &EventLog, open: Open, runtime: &tokio::runtime::Runtime) -> Views {
    let place = dir.join("views");
    let is_there = place.exists();
    let before = resident_mib();
    let begun = Instant::now();
    let views = Views::open(&place, log.clone(), open, Options::default()).unwrap();
    assert!(runtime.block_on(views.at_least(log.head(), PATIENCE)));
    let seconds = begun.elapsed().as_secs_f64();
    if is_there {
        return views;
    }
    println!(
        "rebuilt {} events in {seconds:.1} s: {:.0} events/s; files {} MiB; peak memory {} MiB (before: {before})",
        log.head(),
        log.head().0 as f64 / seconds,
        size_mib(&place),
        resident_mib()
    );
    println!("processor time since the start: {}", thread_times());
    views
}

/// Pages of half the log ago, and a year of counts.
fn past(views: &Views, log: &EventLog) {
    let admin = Visible {
        all: true,
        internal: true,
        ..Visible::default()
    };
    let colleague = Visible {
        person: Some(AccountId(Uuid::from_u128(77))),
        organizations: ["commune-7".parse().unwrap(), "commune-8".parse().unwrap()].into(),
        ..Visible::default()
    };
    for (who, viewer) in [("admin", &admin), ("requester", &colleague)] {
        for (name, page) in PAGES {
            let mut query = QueueQuery {
                as_of: Some(Position(log.head().0 / 2)),
                ..QueueQuery::default()
            };
            page(&mut query);
            ask(views, &format!("as of, {who}: {name}"), viewer, &query);
        }
        let from = "2025-06-01".parse().unwrap();
        let begun = Instant::now();
        let days = views
            .series(viewer, None, from, from + TimeDelta::days(365))
            .unwrap();
        println!(
            "series of {} days for {who}: {:.3} ms",
            days.len(),
            begun.elapsed().as_secs_f64() * 1_000.0
        );
    }
}

/// The digest of the file, that of a fold without one, and a renewal.
fn digests(views: &Views, log: &EventLog) {
    let begun = Instant::now();
    let (position, digest) = views.digest().unwrap();
    println!("digest of the file: {:.2} s", begun.elapsed().as_secs_f64());
    let mut offline = Offline::new(Arc::new(|_, _| Ok(())));
    let (mut at, mut spent) = (Position(0), Duration::ZERO);
    while at < position {
        let events = log.read(at, 4_096).unwrap();
        let begun = thread_time();
        for recorded in &events {
            offline.fold(recorded.position, &recorded.envelope);
        }
        spent += thread_time() - begun;
        at = events.last().unwrap().position;
    }
    let begun = thread_time();
    assert_eq!(offline.finish().unwrap(), digest);
    println!(
        "folded without a file: {:.0} events/s of processor, then digested in {:.2} s",
        position.0 as f64 / spent.as_secs_f64(),
        (thread_time() - begun).as_secs_f64()
    );
    let viewer = Visible {
        all: true,
        ..Visible::default()
    };
    let begun = Instant::now();
    let renewal = views.renew();
    let mut asked = 0_u32;
    while !renewal.is_done() {
        views.queue(&viewer, &QueueQuery::default()).unwrap();
        asked += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    println!(
        "renewed in {:.1} s, with {asked} pages asked for meanwhile",
        begun.elapsed().as_secs_f64()
    );
}

type Page = (&'static str, fn(&mut QueueQuery));

fn open_on_sup(query: &mut QueueQuery) {
    query.desk = "SUP".parse().ok();
    query.status = vec!["open".into(), "in_progress".into()];
}

const PAGES: [Page; 18] = [
    ("all", |_| {}),
    ("desk", |q| q.desk = "SUP".parse().ok()),
    ("desk, two statuses", open_on_sup),
    ("desk, two statuses, priority", |q| {
        open_on_sup(q);
        q.priority = Some("high".into());
    }),
    ("two statuses, any desk", |q| {
        q.status = vec!["open".into(), "in_progress".into()]
    }),
    ("response required", |q| q.response_required = Some(true)),
    ("technical id", |q| q.lookup = Some("FI-12345".into())),
    ("given to one agent", |q| {
        q.assignee = Some(AssigneeFilter::Account(AccountId(Uuid::from_u128(3))))
    }),
    ("given to nobody", |q| q.assignee = Some(AssigneeFilter::Nobody)),
    ("by created_at", |q| q.sort = Sort::list("-created_at")),
    ("by summary", |q| q.sort = Sort::list("summary")),
    ("by priority, then update", |q| {
        q.sort = Sort::list("-priority,-updated_at")
    }),
    ("key", |q| q.q = Some("sup-123".into())),
    ("rare word", |q| q.q = Some("mot4321".into())),
    ("less rare beginning", |q| q.q = Some("mot123".into())),
    ("rare and common word", |q| {
        q.q = Some("mot1234 imprimante".into())
    }),
    ("common word", |q| q.q = Some("imprimante".into())),
    ("two common words", |q| q.q = Some("imprimante bourrage".into())),
];

fn pages(views: &Views) {
    let admin = Visible {
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
    for (who, viewer) in [("admin", admin), ("agent", agent), ("requester", requester)] {
        for (name, page) in PAGES {
            let mut query = QueueQuery::default();
            page(&mut query);
            ask(views, &format!("{who}: {name}"), &viewer, &query);
        }
    }
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
