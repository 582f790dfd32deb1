//! A file is made anew while it goes on serving, and nothing is left of the old one.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use domain::ticket::{TicketEvent, Visibility};
use event_log::Position;
use parking_lot::Mutex;
use rusqlite::Connection;
use uuid::Uuid;
use views::{Open, QueueQuery};

use crate::world::{World, comment, everything, keyed, keyless, opened, personal};

/// Opens with keys until they are destroyed.
pub(crate) fn until(gone: &Arc<AtomicBool>) -> Open {
    let (gone, keyed, keyless) = (Arc::clone(gone), keyed(), keyless());
    Arc::new(move |id, data| match gone.load(Ordering::SeqCst) {
        true => keyless(id, data),
        false => keyed(id, data),
    })
}

pub(crate) fn files_with(dir: &Path, word: &str) -> Vec<String> {
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| holds(path))
        .map(|path| path.display().to_string())
        .collect()
}

/// The one file of a view, with its name before the count.
fn file_of(dir: &Path, view: &str) -> std::path::PathBuf {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_of = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(view) && name.ends_with(".sqlite")
    };
    let mut files: Vec<_> = files.filter(is_of).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

pub(crate) fn the_file(dir: &Path) -> std::path::PathBuf {
    file_of(dir, "queue")
}

pub(crate) fn terms(dir: &Path, word: &str) -> i64 {
    let file = Connection::open(the_file(dir)).unwrap();
    ["public_text", "internal_text"]
        .map(|table| {
            let sql =
                format!("CREATE VIRTUAL TABLE temp.v_{table} USING fts5vocab('main', '{table}', 'row')");
            file.execute_batch(&sql).unwrap();
            let sql = format!("SELECT count(*) FROM temp.v_{table} WHERE term LIKE ?1 || '%'");
            file.query_row(&sql, [word], |row| row.get::<_, i64>(0)).unwrap()
        })
        .iter()
        .sum()
}

/// A log with a planted word in every place that is shown or searched, the past included.
pub(crate) fn planted(gone: &Arc<AtomicBool>) -> World {
    let mut world = World::new();
    world.open = until(gone);
    world.reopen(|_| {});
    for number in 0..40 {
        let mut opening = opened(&format!("Quetzalcoatl {number}"));
        opening.description = Some(personal("quetzalcoatl décrit"));
        let key = world.ticket(opening);
        world.happens(&key, comment("vu par quetzalcoatl", Visibility::Public));
        world.happens(&key, comment("noté par quetzalcoatl", Visibility::Internal));
        let mut edited = crate::searching::edited();
        edited.summary = Some(personal("Nouveau quetzalcoatl"));
        world.happens(&key, TicketEvent::Edited(Box::new(edited)));
    }
    world
}

#[test]
fn what_is_asked_for_during_a_renewal_is_one_more_afterwards() {
    let gone = Arc::new(AtomicBool::new(false));
    let world = planted(&gone);
    world.catch_up();
    let renewals: Vec<_> = (0..4).map(|_| world.views.renew()).collect();
    world.renew();
    assert!(renewals.iter().all(views::Work::is_done));
    gone.store(true, Ordering::SeqCst);
    world.renew();
    let name = the_file(&world.views_dir());
    // Two or three for the first five, by when the first one began, and one for the last.
    let name = name.file_name().unwrap().to_str().unwrap();
    assert!(
        ["queue-2.sqlite", "queue-3.sqlite", "queue-4.sqlite"].contains(&name),
        "{name}"
    );
    assert_eq!(
        files_with(&world.views_dir(), "quetzalcoatl"),
        Vec::<String>::new()
    );
}

#[test]
fn a_reader_of_the_old_file_reads_it_to_the_end() {
    let gone = Arc::new(AtomicBool::new(false));
    let world = planted(&gone);
    world.catch_up();
    let before = world.dump();
    let reader = Connection::open(the_file(&world.views_dir())).unwrap();
    let count = |reader: &Connection| -> i64 {
        reader
            .query_row("SELECT count(*) FROM ticket", [], |row| row.get(0))
            .unwrap()
    };
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&reader), 40);
    world.renew();
    assert_eq!(count(&reader), 40);
    assert_eq!(world.dump(), before);
}

#[test]
fn an_old_file_that_was_left_behind_is_removed_at_the_next_start() {
    let gone = Arc::new(AtomicBool::new(false));
    let mut world = planted(&gone);
    world.catch_up();
    world.reopen(|dir| {
        fs::copy(dir.join("queue.sqlite"), dir.join("queue-7.sqlite")).unwrap();
        fs::write(dir.join("queue-9.sqlite-rebuild"), "not whole").unwrap();
        fs::write(dir.join("queue.sqlite-wal"), "of the old file").unwrap();
        fs::write(dir.join("other"), "not ours").unwrap();
    });
    assert_eq!(world.found("quetzalcoatl").len(), 40);
    let mut names: Vec<String> = fs::read_dir(world.views_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    assert_eq!(names, ["other", "queue-7.sqlite", "series.sqlite"]);
}

#[test]
fn a_renewal_of_closed_views_says_that_it_is_not_done() {
    let gone = Arc::new(AtomicBool::new(false));
    let world = planted(&gone);
    let views = world.views.clone();
    world.views.clone().close();
    let renewal = views.renew();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(!runtime.block_on(renewal.done()));
}

/// Makes the file of the queue what an earlier release left: version 3, without the texts, under the name of all views.
fn of_the_release_before(dir: &Path) {
    let file = Connection::open(the_file(dir)).unwrap();
    file.execute_batch(
        "CREATE TABLE status_count (desk TEXT, day INTEGER, status TEXT, change INTEGER); PRAGMA user_version = 3",
    )
    .unwrap();
    for table in ["public_text", "internal_text"] {
        let sql = format!(
            "CREATE TABLE kept AS SELECT rowid AS id, words FROM {table};
             DROP TABLE {table};
             CREATE VIRTUAL TABLE {table} USING fts5 (words, content = '', tokenize = 'ascii');
             INSERT INTO {table} (rowid, words) SELECT id, words FROM kept;
             DROP TABLE kept;"
        );
        file.execute_batch(&sql).unwrap();
    }
    drop(file);
    fs::rename(the_file(dir), dir.join("views-5.sqlite")).unwrap();
}

/// Opens everything, but the event with this id only once the other end is gone.
fn held_back(held: Uuid, until: mpsc::Receiver<()>) -> Open {
    let (keyed, until) = (keyed(), Mutex::new(until));
    Arc::new(move |id, data| {
        if id == held {
            let _ = until.lock().recv();
        }
        keyed(id, data)
    })
}

#[test]
fn a_file_of_the_release_before_serves_until_the_new_one_is_there_and_the_other_view_is_left_alone() {
    let mut world = World::new();
    world.ticket(opened("Nœud réseau"));
    world.ticket(opened("Écran noir, 東京都庁"));
    world.catch_up();
    let head = world.log.head();
    let last = world.log.read(Position(head.0 - 1), 1).unwrap().remove(0);
    let (release, until) = mpsc::channel();
    world.open = held_back(last.envelope.id.0, until);
    let dir = world.views_dir();
    world.reopen(of_the_release_before);
    let series = fs::metadata(file_of(&dir, "series")).unwrap().ino();
    assert_eq!(views::floor(&dir).unwrap().position, head);
    // The old file answers, and goes on following the log.
    let added = world.ticket(opened("Bœuf, Straße"));
    assert_eq!(world.queue(&everything(), &QueueQuery::default()).total, 3);
    assert_eq!(world.found("boeuf"), [added.to_string()]);
    assert_eq!(world.found("noeud rés"), ["SUP-1"]);
    assert_eq!(version(&dir), 3);
    drop(release);
    // One more begins after the first one has ended.
    world.renew();
    assert_eq!(version(&dir), 5);
    assert_eq!(world.found("noeud"), ["SUP-1"]);
    assert_eq!(world.found("boeuf strass"), [added.to_string()]);
    let file = Connection::open(the_file(&dir)).unwrap();
    assert!(file.prepare("SELECT 1 FROM status_count").is_err());
    assert_eq!(fs::metadata(file_of(&dir, "series")).unwrap().ino(), series);
    assert!(!dir.join("views-5.sqlite").exists());
}

fn version(dir: &Path) -> i32 {
    let file = Connection::open(the_file(dir)).unwrap();
    file.pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}
