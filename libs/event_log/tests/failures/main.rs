//! What happens when the disk fails under the log: `cargo test -p event_log --test failures`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../log/drafts.rs"]
#[expect(dead_code, reason = "the drafts of the other tests")]
mod drafts;

use std::fs;

use event_log::{
    AppendError, Closed, EventLog, Expected, LogState, OpenError, Options, Position, TailError, Version,
};
use fail::FailScenario;

use crate::drafts::*;

fn reason(log: &EventLog) -> String {
    match log.state() {
        LogState::Poisoned { reason } => reason,
        other @ (LogState::Writable | LogState::Full { .. } | LogState::ReadOnly { .. }) => {
            panic!("{other:?}")
        }
    }
}

/// Arms a point, writes until the log stops, disarms it, and returns the numbers of the commits that were answered well.
async fn fill_until_stopped(log: &EventLog, point: &str, action: &str, from: u64) -> Vec<u64> {
    let mut answered = Vec::new();
    fail::cfg(point, action).unwrap();
    for number in from.. {
        // Two at once, so that both threads of the writer are in it.
        let two = [0, 1].map(|more| log.append(one(number * 2 + more, "SUP-1")));
        let mut stopped = false;
        for (more, asked) in (0..).zip(two) {
            match asked.await {
                Ok(_) => answered.push(number * 2 + more),
                Err(AppendError::Stopped { .. }) => stopped = true,
                Err(other) => panic!("{other}"),
            }
        }
        if stopped {
            break;
        }
    }
    fail::remove(point);
    answered
}

/// All that was answered can be read. What was synced when the log stopped may be read too, before it counts for the head: returns
/// how far the stream could be read, which is never gone afterwards.
fn reads_go_on(log: &EventLog, head: Position) -> Position {
    let events = log.read(Position(0), usize::MAX).unwrap().len() as u64;
    let stream = log.read_stream(&name("SUP-1"), Version(0), usize::MAX).unwrap();
    let read = stream.len() as u64;
    assert!(
        head.0 <= events && events <= read && read <= head.0 + 2,
        "{head}: {events}, {read}"
    );
    Position(read)
}

/// Nothing that was answered is missing, and versions have no gap. Returns the number of events.
fn whole(log: &EventLog, answered: &[u64]) -> usize {
    let events = log.read_stream(&name("SUP-1"), Version(0), usize::MAX).unwrap();
    for (event, at) in events.iter().zip(1..) {
        assert_eq!(
            (event.position, event.envelope.version),
            (Position(at), Version(at))
        );
    }
    for number in answered {
        assert!(log.command(command_id(*number)).unwrap().is_some(), "{number}");
    }
    events.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_and_comes_back_loses_nothing_answered() {
    let scenario = FailScenario::setup();
    for (point, action) in [
        ("event_log::sync", "7*off->return"),
        ("event_log::flush", "7*off->return"),
        ("event_log::put", "7*off->return"),
        ("event_log::sync", "7*off->panic"),
        ("event_log::head", "return"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path());
        let other = log.clone();
        let mut tail = log.tail(Position(0));
        let mut seen = 0;
        let mut answered = Vec::new();
        for round in 1..=3_u64 {
            answered.extend(fill_until_stopped(&log, point, action, round * 10_000).await);
            let head = log.head();
            let told = reason(&log);
            assert!(!told.is_empty(), "{point}");
            assert_eq!(reads_go_on(&log, head), head, "{point}");
            while seen < head.0 {
                seen += tail.next().await.unwrap().len() as u64;
            }
            let waiting = tokio::spawn(log.wait_past(Position(head.0 + 2)));
            assert!(matches!(
                log.append(one(1, "a")).await,
                Err(AppendError::Stopped { .. })
            ));

            log.reopen().unwrap();
            assert_eq!(log.state(), LogState::Writable, "{point}");
            assert!(log.head() >= head);
            let number = round * 1_000_000;
            let appended = other
                .append(commit(
                    number,
                    vec![to(
                        "SUP-1",
                        Expected::Any,
                        (0..3).map(|event| draft(event, "1")).collect(),
                    )],
                ))
                .await
                .unwrap();
            assert!(!appended.repeated);
            answered.push(number);
            // Whoever waited through the failure is told.
            assert_eq!(waiting.await.unwrap().unwrap(), log.head());
            assert_eq!(tail.next().await.unwrap()[0].position, Position(seen + 1));
            seen = tail.position().0;
        }
        let events = whole(&log, &answered);
        log.close();
        assert_eq!(other.wait_past(Position(1 << 40)).await, Err(Closed));
        let log = open(dir.path());
        assert_eq!(whole(&log, &answered), events);
    }
    scenario.teardown();
}

#[tokio::test]
async fn a_commit_under_way_when_the_log_stopped_is_written_once_when_asked_again() {
    let scenario = FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..5).await;
    fail::cfg("event_log::sync", "return").unwrap();
    assert!(matches!(
        log.append(one(5, "SUP-1")).await,
        Err(AppendError::Stopped { .. })
    ));
    assert_eq!(log.head(), Position(5));
    fail::remove("event_log::sync");
    log.reopen().unwrap();
    // The disk had it after all, so it is found now; had it not, it would be written now.
    assert!(log.append(one(5, "SUP-1")).await.unwrap().repeated);
    assert_eq!(log.head(), Position(6));
    scenario.teardown();
}

#[tokio::test]
async fn what_was_answered_and_is_gone_after_a_failure_makes_the_log_read_only() {
    let scenario = FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir.path().join("log"));
    fill(&log, 0..5).await;
    log.write_head().unwrap();
    fail::cfg("event_log::sync", "return").unwrap();
    log.append(one(5, "SUP-1")).await.unwrap_err();
    fail::remove("event_log::sync");
    // As if the disk had forgotten: the database of another, shorter log takes the place of this one.
    let shorter = open(&dir.path().join("shorter"));
    fill(&shorter, 0..3).await;
    shorter.close();
    fs::remove_dir_all(dir.path().join("log/sled")).unwrap();
    copy(&dir.path().join("shorter/sled"), &dir.path().join("log/sled"));
    fs::remove_file(dir.path().join("log/HEAD")).unwrap();
    log.reopen().unwrap();
    let LogState::ReadOnly { reason, floor } = log.state() else {
        panic!("{:?}", log.state())
    };
    assert_eq!(floor, Position(5));
    assert!(
        reason.contains("whoever was answered") && reason.contains("2 events are missing"),
        "{reason}"
    );
    assert!(matches!(
        log.append(one(9, "a")).await,
        Err(AppendError::ReadOnly { .. })
    ));
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 3);
    scenario.teardown();
}

#[tokio::test]
async fn a_log_that_does_not_open_anew_says_so_until_it_does() {
    let scenario = FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..3).await;
    fail::cfg("event_log::sync", "return").unwrap();
    log.append(one(3, "a")).await.unwrap_err();
    // Still failing: opening syncs as well.
    let refused = log.reopen().unwrap_err();
    assert!(matches!(refused, OpenError::Io { .. }), "{refused}");
    assert!(matches!(log.state(), LogState::Poisoned { .. }));
    assert!(matches!(
        log.append(one(4, "a")).await,
        Err(AppendError::Stopped { .. })
    ));
    assert!(matches!(
        log.tail(Position(0)).next().await,
        Err(TailError::Closed)
    ));
    fail::remove("event_log::sync");
    log.reopen().unwrap();
    fill(&log, 4..6).await;
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 6);
    log.reopen().unwrap();
    assert_eq!(log.state(), LogState::Writable);
    let other = log.clone();
    log.close();
    assert!(matches!(other.reopen(), Err(OpenError::Closed)));
    scenario.teardown();
}

#[tokio::test]
async fn a_log_held_while_it_has_stopped_stays_read_only() {
    let scenario = FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..3).await;
    fail::cfg("event_log::sync", "return").unwrap();
    log.append(one(3, "a")).await.unwrap_err();
    fail::remove("event_log::sync");
    log.hold("it differs", Position(2));
    log.reopen().unwrap();
    assert_eq!(
        log.state(),
        LogState::ReadOnly {
            reason: "it differs".to_owned(),
            floor: Position(2)
        }
    );
    scenario.teardown();
}

/// A log whose reserve is 8 MB, where the fault point says how much is free.
fn with_reserve(dir: &std::path::Path) -> EventLog {
    let options = Options {
        disk_reserve_bytes: 8_000_000,
        ..Options::default()
    };
    fail::cfg("event_log::space", "return(8000000)").unwrap();
    EventLog::open(dir, options).unwrap()
}

#[tokio::test]
async fn a_disk_that_fills_up_refuses_commits_until_there_is_space_again() {
    let scenario = FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = with_reserve(dir.path());
    fill(&log, 0..3).await;
    fail::cfg("event_log::space", "return(7999999)").unwrap();
    // A look is trusted for a while; afterwards, or after as many bytes, it is repeated.
    let mut number = 3;
    let refused = loop {
        match log.append(one(number, "a")).await {
            Ok(_) => number += 1,
            Err(refused) => break refused,
        }
    };
    assert!(
        matches!(
            refused,
            AppendError::DiskFull {
                free_bytes: 7_999_999,
                reserve_bytes: 8_000_000
            }
        ),
        "{refused}"
    );
    let full = LogState::Full {
        free_bytes: 7_999_999,
        reserve_bytes: 8_000_000,
    };
    assert_eq!(log.state(), full);
    assert_eq!(log.read(Position(0), usize::MAX).unwrap().len() as u64, number);
    // The next commit finds the space, without anything being done.
    fail::cfg("event_log::space", "return(8000000)").unwrap();
    assert!(!log.append(one(number, "a")).await.unwrap().repeated);
    assert_eq!(log.state(), LogState::Writable);
    scenario.teardown();
}

#[tokio::test]
async fn a_stopped_log_is_not_closed_to_be_opened_on_a_full_disk() {
    let scenario = FailScenario::setup();
    let dir = tempfile::tempdir().unwrap();
    let log = with_reserve(dir.path());
    fill(&log, 0..3).await;
    fail::cfg("event_log::put", "return(28)").unwrap();
    let told = log.append(one(3, "a")).await.unwrap_err();
    assert!(
        matches!(&told, AppendError::Stopped { reason } if reason.contains("No space left")),
        "{told}"
    );
    fail::remove("event_log::put");
    fail::cfg("event_log::space", "return(0)").unwrap();
    let refused = log.reopen().unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::DiskFull {
                free_bytes: 0,
                reserve_bytes: 8_000_000
            }
        ),
        "{refused}"
    );
    assert!(matches!(log.state(), LogState::Poisoned { .. }));
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 3);
    fail::cfg("event_log::space", "return(8000000)").unwrap();
    log.reopen().unwrap();
    fill(&log, 3..5).await;
    assert_eq!(log.head(), Position(5));
    scenario.teardown();
}

/// Arms a point, writes until the log stops, and waits until it says that it has: a thread that panics lets those who wait go first.
async fn killed(log: &EventLog, point: &str, from: u64) -> Vec<u64> {
    let answered = fill_until_stopped(log, point, "5*off->panic", from).await;
    while !matches!(log.state(), LogState::Poisoned { .. }) {
        tokio::task::yield_now().await;
    }
    answered
}

/// Fault S3: each thread of the log is killed once. Whoever waits is told that the log has stopped, it opens again, and nothing that was
/// answered is lost.
#[tokio::test(flavor = "multi_thread")]
async fn each_thread_of_the_log_may_die_and_comes_back() {
    let scenario = FailScenario::setup();
    for point in [
        "event_log::writer",
        "event_log::syncer",
        "event_log::head_keeper",
        "event_log::index",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            // So that the thread of the index has much to do.
            index_memory_entries: 2,
            ..Options::default()
        };
        let log = EventLog::open(dir.path(), options).unwrap();
        let mut answered = Vec::new();
        for round in 1..=2_u64 {
            answered.extend(killed(&log, point, round * 10_000).await);
            let told = reason(&log);
            assert!(told.contains("panicked"), "{point}: {told}");
            let read = reads_go_on(&log, log.head());
            log.reopen().unwrap();
            assert_eq!(log.state(), LogState::Writable, "{point}");
            assert!(log.head() >= read, "{point}: {read} was read, and is gone");
            log.append(one(round * 1_000_000, "SUP-1")).await.unwrap();
            answered.push(round * 1_000_000);
        }
        let events = whole(&log, &answered);
        log.close();
        let log = open(dir.path());
        assert_eq!(whole(&log, &answered), events, "{point}");
    }
    scenario.teardown();
}
