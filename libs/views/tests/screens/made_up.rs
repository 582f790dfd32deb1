//! A view that only this test knows, made of one file and one registration: it is followed, rebuilt, renewed, erased from
//! and given up like the others.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::ticket::{TicketEvent, Visibility};
use event_log::Position;
use rusqlite::Connection;
use views::{
    Options, QueueError, QueueQuery,
    event::{Fact, Told},
    view::{self, Fold, View},
};

use crate::world::{World, comment, everything, opened};

/// How many events each ticket has had, and the summary that it was opened with.
struct Counts {
    version: AtomicI32,
}

#[derive(Default)]
struct CountsFold {
    pending: Vec<(String, Option<String>)>,
}

impl View for Counts {
    fn name(&self) -> &'static str {
        "counts"
    }

    fn version(&self) -> i32 {
        self.version.load(Ordering::SeqCst)
    }

    fn former_versions(&self) -> &'static [i32] {
        &[1]
    }

    fn is_personal(&self) -> bool {
        true
    }

    fn tables(&self) -> String {
        "CREATE TABLE events (ticket TEXT PRIMARY KEY, count INTEGER NOT NULL, summary TEXT) STRICT"
            .to_owned()
    }

    fn indexes(&self) -> &'static str {
        "CREATE INDEX by_count ON events (count)"
    }

    fn load(&self, _connection: &Connection) -> rusqlite::Result<Box<dyn Fold>> {
        Ok(Box::new(CountsFold::default()))
    }

    fn rows(&self) -> &'static [(&'static str, &'static str)] {
        &[("counts", "SELECT * FROM events ORDER BY ticket")]
    }
}

impl Fold for CountsFold {
    fn fold(&mut self, _: &Connection, told: &Told, _: DateTime<Utc>) -> rusqlite::Result<()> {
        if let Fact::Ticket(key, _, event) = &told.fact {
            let mut summary = None;
            if let TicketEvent::Opened(opened) = event.as_ref() {
                summary.clone_from(&opened.summary.value);
            }
            self.pending.push((key.to_string(), summary));
        }
        Ok(())
    }

    fn save(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        let mut count = transaction.prepare(
            "INSERT INTO events (ticket, count, summary) VALUES (?1, 1, ?2) ON CONFLICT DO UPDATE SET count = count + 1",
        )?;
        for (ticket, summary) in self.pending.drain(..) {
            count.execute((ticket, summary))?;
        }
        Ok(())
    }

    fn erase(&mut self, transaction: &Connection, told: &[Told]) -> rusqlite::Result<()> {
        for told in told {
            if let Fact::Ticket(key, stamp, _) = &told.fact
                && stamp.version == 1
            {
                transaction.execute("DELETE FROM events WHERE ticket = ?1", [key.as_str()])?;
            }
            self.fold(transaction, told, told.at)?;
        }
        self.save(transaction)
    }

    fn forget(&mut self, _: &Connection) -> rusqlite::Result<()> {
        self.pending.clear();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.pending.len() * 64
    }
}

fn with(version: i32) -> Options {
    let counts = Counts {
        version: version.into(),
    };
    Options {
        views: view::all()
            .into_iter()
            .chain([Arc::new(counts) as Arc<dyn View>])
            .collect(),
        ..Options::default()
    }
}

fn some_tickets() -> World {
    let mut world = World::with(with(1));
    for summary in ["Écran noir", "Clavier muet"] {
        let key = world.ticket(opened(summary));
        world.happens(&key, comment("vu", Visibility::Public));
    }
    world
}

/// The one number that a statement gives.
fn number(world: &World, sql: &str) -> i64 {
    let number = |connection: &mut Connection| {
        connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(QueueError::Sqlite)
    };
    // A file that is given up is shut a moment after it is asked: it is waited for again then.
    loop {
        match world.views.ask("counts", number) {
            Err(QueueError::Rebuilding { .. }) => world.wait_for_view("counts", world.log.head()),
            answered => return answered.unwrap(),
        }
    }
}

fn counted(world: &World) -> i64 {
    world.wait_for_view("counts", world.log.head());
    number(world, "SELECT coalesce(sum(count), 0) FROM events")
}

fn version_of(world: &World) -> i64 {
    number(world, "PRAGMA user_version")
}

fn summaries(world: &World) -> i64 {
    number(world, "SELECT count(summary) FROM events")
}

#[test]
fn it_follows_and_goes_on_after_a_start() {
    let mut world = some_tickets();
    assert_eq!(counted(&world), 4);
    world.reopen(|dir| assert!(dir.join("counts.sqlite").exists()));
    world.ticket(opened("Souris"));
    assert_eq!(counted(&world), 5);
}

#[test]
fn it_is_made_anew_when_its_file_is_gone_and_the_others_are_not() {
    let mut world = some_tickets();
    world.catch_up();
    counted(&world);
    let dump = world.dump();
    let mut others = Vec::new();
    world.reopen(|dir| {
        others = ["queue.sqlite", "series.sqlite"]
            .map(|name| fs::metadata(dir.join(name)).unwrap().modified())
            .into();
        fs::remove_file(dir.join("counts.sqlite")).unwrap();
    });
    assert_eq!(counted(&world), 4);
    assert_eq!(world.dump(), dump);
    let dir = world.views_dir();
    for (name, before) in ["queue.sqlite", "series.sqlite"].iter().zip(others) {
        assert_eq!(
            fs::metadata(dir.join(name)).unwrap().modified().unwrap(),
            before.unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_view_that_was_not_there_before_is_made_while_the_others_answer() {
    let mut world = World::new();
    world.ticket(opened("Écran noir"));
    world.catch_up();
    world.options = with(1);
    world.reopen(|_| {});
    assert_eq!(
        world
            .views
            .queue(&everything(), &QueueQuery::default())
            .unwrap()
            .total,
        1
    );
    assert_eq!(counted(&world), 1);
    let states = world.views.states();
    let names: Vec<_> = states
        .iter()
        .map(|state| (state.name, state.position, state.is_open))
        .collect();
    let head = world.log.head();
    assert_eq!(
        names,
        [
            ("queue", head, true),
            ("series", head, true),
            ("counts", head, true)
        ]
    );
}

#[test]
fn a_version_that_rose_serves_until_the_new_one_is_there() {
    let mut world = some_tickets();
    counted(&world);
    world.options = with(2);
    world.reopen(|_| {});
    // Whichever of the two is asked, nobody is refused.
    assert_eq!(counted(&world), 4);
    world.renew();
    assert_eq!((version_of(&world), counted(&world)), (2, 4));
}

#[test]
fn a_damaged_file_is_given_up_and_the_others_answer_meanwhile() {
    let world = some_tickets();
    counted(&world);
    let damage = |_: &mut Connection| -> Result<(), QueueError> {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        Err(QueueError::Sqlite(rusqlite::Error::SqliteFailure(code, None)))
    };
    let refused = world.views.ask("counts", damage).unwrap_err();
    assert!(matches!(refused, QueueError::Rebuilding { .. }), "{refused}");
    assert_eq!(
        world
            .views
            .queue(&everything(), &QueueQuery::default())
            .unwrap()
            .total,
        2
    );
    assert_eq!(counted(&world), 4);
}

#[test]
fn what_is_erased_is_gone_from_it_too() {
    let mut world = some_tickets();
    counted(&world);
    world.open = crate::world::keyless();
    world.reopen(|_| {});
    assert_eq!(summaries(&world), 2);
    world.erase();
    assert_eq!((summaries(&world), counted(&world)), (0, 4));
}

#[test]
fn there_is_no_view_of_another_name() {
    let world = some_tickets();
    assert!(!world.is_view_at("other", Position(0), Duration::ZERO));
    let refused = world.views.ask("other", |_| Ok(())).unwrap_err();
    assert!(matches!(refused, QueueError::Closed), "{refused}");
}
