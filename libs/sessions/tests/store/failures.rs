//! Failed tries to sign in, counted.

use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use sessions::{
    FAILURE_KEY_BYTES_MAX, FAILURES_KEPT_HOURS, FAILURES_PER_KEY_MAX, FailureError, Purged, Sessions, Tries,
};
use tempfile::TempDir;

fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000 + seconds, 0).unwrap()
}

const HERE: &str = "here";

/// So many, all of them from here.
fn tries(count: u32, last: Option<DateTime<Utc>>) -> Tries {
    Tries {
        count,
        last,
        own: count,
        own_last: last,
    }
}

fn open(directory: &TempDir) -> Sessions {
    Sessions::open(&directory.path().join("sessions.sqlite")).unwrap()
}

#[test]
fn failures_are_counted_by_key_and_since_a_time_and_outlive_a_restart() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    let counts: Vec<u32> = [0, 10, 10]
        .map(|at| sessions.record_failure("alice", HERE, second(at)).unwrap().count)
        .into_iter()
        .collect();
    assert_eq!(counts, [1, 2, 3], "two in one instant are two");
    assert_eq!(sessions.record_failure("bob", HERE, second(20)).unwrap().count, 1);
    drop(sessions);
    let sessions = open(&directory);
    let since = [0, 1, 10, 11].map(|at| sessions.tries("alice", HERE, second(at)).unwrap().count);
    assert_eq!(since, [3, 2, 2, 0]);
    assert_eq!(sessions.tries("carol", HERE, second(0)).unwrap().count, 0);
}

#[test]
fn a_success_clears_the_failures_of_that_key_only() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    sessions.record_failure("alice", HERE, second(0)).unwrap();
    sessions.record_failure("bob", HERE, second(0)).unwrap();
    sessions.clear_failures("alice", None).unwrap();
    assert_eq!(sessions.tries("alice", HERE, second(0)).unwrap().count, 0);
    assert_eq!(sessions.tries("bob", HERE, second(0)).unwrap().count, 1);
    assert_eq!(
        sessions.record_failure("alice", HERE, second(1)).unwrap().count,
        1
    );
}

#[test]
fn one_key_fills_no_more_than_its_share_and_the_newest_failures_stay() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    let last = i64::from(FAILURES_PER_KEY_MAX) + 2;
    sessions.record_failure("bob", HERE, second(0)).unwrap();
    let counts: Vec<u32> = (1..=last)
        .map(|at| sessions.record_failure("alice", HERE, second(at)).unwrap().count)
        .collect();
    assert_eq!(counts[998..], [999, 1_000, 1_000, 1_000]);
    assert_eq!(
        sessions.tries("alice", HERE, second(0)).unwrap().count,
        FAILURES_PER_KEY_MAX
    );
    assert_eq!(
        sessions.tries("alice", HERE, second(4)).unwrap().count,
        FAILURES_PER_KEY_MAX - 1,
        "1 and 2 are gone"
    );
    assert_eq!(sessions.tries("bob", HERE, second(0)).unwrap().count, 1);
}

#[test]
fn a_key_that_is_too_long_is_refused_and_not_counted() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    let longest = "k".repeat(FAILURE_KEY_BYTES_MAX);
    assert_eq!(
        sessions.record_failure(&longest, HERE, second(0)).unwrap().count,
        1
    );
    let longer = longest + "k";
    let refused = sessions.record_failure(&longer, HERE, second(0));
    assert!(matches!(refused, Err(FailureError::KeyTooLong(bytes)) if bytes == FAILURE_KEY_BYTES_MAX + 1));
    assert_eq!(sessions.tries(&longer, HERE, second(0)).unwrap().count, 0);
}

#[test]
fn failures_are_purged_after_a_day() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    sessions.record_failure("alice", HERE, second(0)).unwrap();
    sessions.record_failure("alice", HERE, second(1)).unwrap();
    let day_later = second(0) + TimeDelta::hours(FAILURES_KEPT_HOURS);
    assert_eq!(
        sessions.purge(day_later - TimeDelta::microseconds(1)).unwrap(),
        Purged::default()
    );
    assert_eq!(
        sessions.purge(day_later).unwrap(),
        Purged {
            failures: 1,
            ..Purged::default()
        }
    );
    assert_eq!(sessions.tries("alice", HERE, second(0)).unwrap().count, 1);
}

#[test]
fn no_failure_of_many_threads_is_lost_and_each_is_told_another_count() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    let mut counts: Vec<u32> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let sessions = sessions.clone();
                let count = move |at| sessions.record_failure("alice", HERE, second(at)).unwrap().count;
                scope.spawn(move || (0..25).map(count).collect::<Vec<u32>>())
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    counts.sort_unstable();
    assert_eq!(counts, (1..=100).collect::<Vec<u32>>());
}

#[test]
fn tries_tell_how_many_failed_since_a_time_and_when_the_latest_did() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    for at in [10, 30, 20] {
        sessions.record_failure("alice", HERE, second(at)).unwrap();
    }
    sessions.record_failure("bob", HERE, second(40)).unwrap();
    let since = [10, 11, 30, 31].map(|at| sessions.tries("alice", HERE, second(at)).unwrap());
    let last = Some(second(30));
    let expected = [tries(3, last), tries(2, last), tries(1, last), Tries::default()];
    assert_eq!(since, expected);
    assert_eq!(
        sessions.tries("carol", HERE, second(0)).unwrap(),
        Tries::default()
    );
}

#[test]
fn what_failed_elsewhere_is_told_apart_and_a_success_here_does_not_clear_it() {
    let directory = TempDir::new().unwrap();
    let sessions = open(&directory);
    for (origin, at) in [("there", 0), (HERE, 1), ("there", 2)] {
        sessions.record_failure("alice", origin, second(at)).unwrap();
    }
    let expected = Tries {
        count: 3,
        last: Some(second(2)),
        own: 1,
        own_last: Some(second(1)),
    };
    assert_eq!(sessions.tries("alice", HERE, second(0)).unwrap(), expected);
    sessions.clear_failures("alice", Some(HERE)).unwrap();
    let expected = Tries {
        count: 2,
        last: Some(second(2)),
        ..Tries::default()
    };
    assert_eq!(sessions.tries("alice", HERE, second(0)).unwrap(), expected);
    sessions.clear_failures("alice", None).unwrap();
    assert_eq!(
        sessions.tries("alice", "there", second(0)).unwrap(),
        Tries::default()
    );
}
