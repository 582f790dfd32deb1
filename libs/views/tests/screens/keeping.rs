//! The file is disposable: kept, damaged or deleted, it answers the same.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::ticket::Visibility;
use event_log::Position;
use rusqlite::Connection;
use serde_json::json;
use views::{Open, Options, QueueError, QueueQuery, Views};

use crate::world::{World, comment, everything, keys, opened};

fn some_tickets() -> World {
    let mut world = World::new();
    for summary in ["Écran noir", "Bourrage papier", "Clavier muet"] {
        let key = world.ticket(opened(summary));
        world.happens(&key, comment("redémarré sans succès", Visibility::Public));
        world.happens(&key, comment("déjà vu hier", Visibility::Internal));
    }
    world
}

#[test]
fn a_ticket_just_written_is_on_the_page_that_waits_for_it() {
    let mut world = World::new();
    assert!(!world.is_at_least(Position(world.log.head().0 + 1), Duration::ZERO));
    let key = world.ticket(opened("Écran noir"));
    let page = world.queue(&everything(), &QueueQuery::default());
    assert_eq!(keys(&page), [key.to_string()]);
    assert_eq!(world.views.position(), world.log.head());
    assert_eq!((page.total, page.total_exact, page.next_cursor), (1, true, None));
}

#[test]
fn a_deleted_file_comes_back_byte_for_byte() {
    let mut world = some_tickets();
    let (dump, found) = (world.dump(), world.found("redémarré"));
    let page = world.queue(
        &everything(),
        &QueueQuery {
            limit: 2,
            ..QueueQuery::default()
        },
    );
    world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
    assert_eq!(world.dump(), dump);
    assert_eq!(world.found("redémarré"), found);
    assert_eq!(
        world.queue(
            &everything(),
            &QueueQuery {
                limit: 2,
                ..QueueQuery::default()
            }
        ),
        page
    );
}

#[test]
fn a_kept_file_goes_on_from_its_checkpoint() {
    let mut world = some_tickets();
    let dump = world.dump();
    let Ok(file) = Connection::open(world.views_dir().join("queue.sqlite")) else {
        panic!("no file")
    };
    world.reopen(|_| {
        // What only this file says shows that it was kept.
        file.execute("UPDATE ticket SET summary = 'kept' WHERE number = 1", [])
            .unwrap();
        drop(file);
    });
    let key = world.ticket(opened("Souris"));
    let page = world.queue(
        &everything(),
        &QueueQuery {
            sort: views::Sort::list("key"),
            ..QueueQuery::default()
        },
    );
    assert_eq!(page.rows[0].summary.as_deref(), Some("kept"));
    assert_eq!(page.rows[3].key, key);
    // A row and a row of the past in the queue, a row and a change of status in the series; the count of those that are
    // open has risen.
    assert_eq!(world.dump().lines().count(), dump.lines().count() + 4);
}

#[test]
fn a_file_that_is_no_database_is_rebuilt() {
    let mut world = some_tickets();
    let dump = world.dump();
    world
        .reopen(|dir| fs::write(dir.join("queue.sqlite"), "not a database at all, but long enough").unwrap());
    assert_eq!(world.dump(), dump);
}

#[test]
fn a_file_of_another_form_is_rebuilt() {
    let mut world = some_tickets();
    let dump = world.dump();
    world.reopen(|dir| {
        let file = Connection::open(dir.join("queue.sqlite")).unwrap();
        file.execute("DELETE FROM ticket", []).unwrap();
        file.pragma_update(None, "user_version", 0).unwrap();
    });
    assert_eq!(world.dump(), dump);
}

#[test]
fn a_view_ahead_of_its_log_is_rebuilt() {
    let mut world = some_tickets();
    let dump = world.dump();
    world.reopen(|dir| {
        let file = Connection::open(dir.join("queue.sqlite")).unwrap();
        file.execute("UPDATE checkpoint SET position = position + 10", [])
            .unwrap();
        file.execute("DELETE FROM ticket WHERE number = 2", []).unwrap();
    });
    assert_eq!(world.dump(), dump);
}

#[test]
fn a_view_of_another_log_of_the_same_length_is_rebuilt() {
    let mut world = some_tickets();
    let dump = world.dump();
    world.reopen(|dir| {
        let file = Connection::open(dir.join("queue.sqlite")).unwrap();
        file.execute("UPDATE checkpoint SET digest = zeroblob(32)", [])
            .unwrap();
        file.execute("DELETE FROM ticket WHERE number = 2", []).unwrap();
    });
    assert_eq!(world.dump(), dump);
}

#[test]
fn a_directory_in_the_place_of_a_file_is_removed() {
    for name in [
        "queue.sqlite",
        "queue.sqlite-wal",
        "queue.sqlite-rebuild",
        "queue-7.sqlite-rebuild",
    ] {
        let mut world = some_tickets();
        let dump = world.dump();
        for _ in 0..2 {
            world.reopen(|dir| {
                let place = dir.join(name);
                if place.is_file() {
                    fs::remove_file(&place).unwrap();
                }
                fs::create_dir_all(place.join("inside")).unwrap();
            });
            assert_eq!(world.dump(), dump, "{name}");
        }
    }
}

#[test]
fn a_rebuild_that_was_interrupted_leaves_nothing_behind() {
    let mut world = some_tickets();
    let dump = world.dump();
    world.reopen(|dir| {
        fs::rename(dir.join("queue.sqlite"), dir.join("queue.sqlite-rebuild")).unwrap();
        fs::write(
            dir.join("queue.sqlite-wal"),
            "a write-ahead log of the file before",
        )
        .unwrap();
    });
    assert_eq!(world.dump(), dump);
    assert!(!world.views_dir().join("queue.sqlite-rebuild").exists());
}

#[test]
fn damage_found_while_running_is_mended() {
    let mut world = some_tickets();
    let dump = world.dump();
    let path = world.views_dir().join("queue.sqlite");
    world.reopen(|_| {});
    world.catch_up();
    // No reader has opened the file yet. Its first page is left, so that it opens: every table is damaged.
    let bytes = fs::metadata(&path).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xA5; usize::try_from(bytes).unwrap() - 4096])
        .unwrap();
    assert!(matches!(world.views.dump(), Err(QueueError::Rebuilding { .. })));
    let mut answers = std::iter::repeat_with(|| {
        world.catch_up();
        world.views.dump()
    });
    let answer = answers.find(|answer| !matches!(answer, Err(QueueError::Rebuilding { .. })));
    assert_eq!(answer.unwrap().unwrap(), dump);
}

#[test]
fn what_is_erased_is_gone_after_a_rebuild() {
    let mut world = some_tickets();
    world.catch_up();
    let gone = Arc::new(AtomicBool::new(false));
    let destroyed = Arc::clone(&gone);
    world.open = Arc::new(move |_, data| {
        if destroyed.load(Ordering::Relaxed) && data["summary"]["personal"]["value"] == "Clavier muet" {
            let subject = data["summary"]["personal"]["subject"].clone();
            data["summary"] = json!({"personal": {"subject": subject, "erased": true}});
        }
        Ok(())
    });
    world.reopen(|_| {});
    assert_eq!(world.found("clavier"), ["SUP-3"]);
    gone.store(true, Ordering::Relaxed);
    world.views.rebuild();
    let mut answers = std::iter::repeat_with(|| {
        world.catch_up();
        world.views.dump()
    });
    let dump = answers
        .find(|answer| answer.as_ref().is_ok_and(|dump| !dump.contains("Clavier")))
        .unwrap()
        .unwrap();
    assert!(dump.contains("Bourrage"));
    assert_eq!(world.found("clavier"), Vec::<String>::new());
    assert_eq!(world.found("sup-3"), ["SUP-3"]);
    // The file that was given up is removed once nobody reads it, which the next renewal waits for.
    world.renew();
    for file in fs::read_dir(world.views_dir()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let holds = bytes
            .windows(7)
            .any(|window| window.eq_ignore_ascii_case(b"clavier"));
        assert!(!holds);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = some_tickets();
    world.catch_up();
    let key = world.ticket(opened("Souris"));
    assert_eq!(world.found("souris"), [key.to_string()]);
    for file in fs::read_dir(world.views_dir()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{:?}",
            file.file_name()
        );
    }
}

#[test]
fn closed_views_say_so() {
    let world = some_tickets();
    world.views.clone().close();
    let error = world
        .views
        .queue(&everything(), &QueueQuery::default())
        .unwrap_err();
    assert!(matches!(error, QueueError::Closed), "{error}");
}

#[test]
fn the_views_are_a_floor_for_the_log() {
    let mut world = some_tickets();
    world.catch_up();
    let head = world.log.head();
    let last = world.log.read(Position(head.0 - 1), 1).unwrap().remove(0);
    let dir = world.views_dir();
    world.reopen(|dir| {
        let floor = views::floor(dir).unwrap();
        assert_eq!((floor.position, floor.digest), (head, Some(last.digest())));
    });
    assert_eq!(views::floor(&dir).unwrap().position, head);
    assert_eq!(views::floor(&dir.join("elsewhere")), None);
}

#[test]
fn an_event_that_cannot_be_opened_is_skipped_and_counted() {
    let mut world = World::new();
    let key = world.ticket(opened("Écran noir"));
    world.happens(&key, comment("scellé", Visibility::Public));
    world.happens(&key, comment("lisible", Visibility::Public));
    world.catch_up();
    let refuse: Open = Arc::new(|_, data| match data.to_string().contains("scellé") {
        true => Err(views::OpenError("the seal does not hold".into())),
        false => Ok(()),
    });
    world.open = refuse;
    world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
    assert_eq!(world.found("lisible"), [key.to_string()]);
    assert_eq!(world.found("scellé"), Vec::<String>::new());
    assert_eq!(world.views.skipped(), 1);
}

#[test]
fn a_rebuild_in_small_pieces_is_the_same() {
    let world = some_tickets();
    let dump = world.dump();
    let small = Options {
        rebuild_bytes_max: 1,
        ..Options::default()
    };
    let other = world.dir.path().join("small");
    let views = Views::open(&other, world.log.clone(), world.open.clone(), small).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for view in ["queue", "series"] {
        let followed = views.view_is_at(view, world.log.head(), Duration::from_secs(60));
        assert!(runtime.block_on(followed));
    }
    assert_eq!(views.dump().unwrap(), dump);
}
