//! Workers that end are begun again, and it is told.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
    mpsc,
};

use supervision::{End, PANICKED, RESTARTS_MAX, State, Status, Supervisor};

/// Fault S3: a thread that panicked was gone, and nothing told it.
#[test]
fn a_thread_that_panics_is_begun_again_and_told_of() {
    let supervisor = Supervisor::default();
    let (said, heard) = mpsc::channel();
    let mut runs = 0;
    let thread = supervisor.thread(
        "one",
        || false,
        move |_| {
            runs += 1;
            if runs < 3 {
                panic!("as the test wants it");
            }
            said.send(runs).unwrap();
            End::Done
        },
    );
    assert_eq!(heard.recv().unwrap(), 3);
    thread.unwrap().join().unwrap();
    let status = Status {
        name: "one",
        state: State::Done,
        restarts: 2,
        last_error: Some(PANICKED),
    };
    assert_eq!(supervisor.statuses(), [status]);
}

/// Fault S3, a neighbour: an end that nobody asked for is no less an end.
#[test]
fn a_thread_that_ends_unasked_is_begun_again() {
    let supervisor = Supervisor::default();
    let mut runs = 0;
    let thread = supervisor.thread(
        "one",
        || false,
        move |_| {
            runs += 1;
            if runs == 1 {
                End::Failed("ended")
            } else {
                End::Done
            }
        },
    );
    thread.unwrap().join().unwrap();
    assert_eq!(supervisor.statuses()[0].restarts, 1);
    assert_eq!(supervisor.statuses()[0].last_error, Some("ended"));
}

/// A stop does not wait until a worker that always ends is well.
#[test]
fn a_thread_that_is_to_end_is_not_begun_again() {
    let supervisor = Supervisor::default();
    let over = Arc::new(AtomicBool::new(false));
    let (asked, runs) = (Arc::clone(&over), Arc::new(AtomicU64::new(0)));
    let (counted, (said, heard)) = (Arc::clone(&runs), mpsc::channel());
    let thread = supervisor.thread(
        "one",
        move || asked.load(Ordering::Acquire),
        move |_| {
            counted.fetch_add(1, Ordering::AcqRel);
            let _ = said.send(());
            panic!("as the test wants it");
        },
    );
    heard.recv().unwrap();
    over.store(true, Ordering::Release);
    thread.unwrap().join().unwrap();
    assert_eq!(supervisor.statuses()[0].state, State::Done);
    assert!(runs.load(Ordering::Acquire) < u64::from(RESTARTS_MAX));
}

/// Fault S3: a task that panicked was gone, and nothing told it. The panic may come before the first await.
#[tokio::test]
async fn a_task_that_panics_is_begun_again_and_told_of() {
    let supervisor = Supervisor::default();
    let mut runs = 0;
    let watched = supervisor.watch("one", move |_| {
        runs += 1;
        if runs == 1 {
            panic!("as the test wants it");
        }
        async move {
            tokio::task::yield_now().await;
            if runs == 2 {
                panic!("as the test wants it");
            }
            if runs == 3 {
                End::Failed("ended")
            } else {
                End::Done
            }
        }
    });
    assert_eq!(supervisor.statuses()[0].state, State::Running);
    watched.await;
    assert_eq!(supervisor.statuses()[0].restarts, 3);
    assert_eq!(supervisor.statuses()[0].last_error, Some("ended"));
}

/// While it waits for its restart, it says so.
#[tokio::test]
async fn a_task_that_waits_for_its_restart_is_told_as_restarting() {
    let supervisor = Supervisor::default();
    supervisor.task("one", |_| async { panic!("as the test wants it") });
    tokio::task::yield_now().await;
    assert_eq!(supervisor.statuses()[0].state, State::Restarting);
    assert_eq!(supervisor.statuses()[0].last_error, Some(PANICKED));
}

/// A worker that lives and fails says so, and says when it is well again; the code of the last failure stays.
#[tokio::test]
async fn a_worker_that_fails_and_goes_on_is_told_as_failing() {
    let supervisor = Supervisor::default();
    let told = supervisor.clone();
    supervisor
        .watch("one", move |worker| {
            let told = told.clone();
            async move {
                worker.is_failing("disk-full");
                assert_eq!(told.statuses()[0].state, State::Failing);
                worker.is_well();
                assert_eq!(told.statuses()[0].state, State::Running);
                End::Done
            }
        })
        .await;
    assert_eq!(supervisor.statuses()[0].restarts, 0, "no assertion in it failed");
    assert_eq!(supervisor.statuses()[0].last_error, Some("disk-full"));
}

/// Each worker has one line, in the order in which they began; a worker that is begun under the same name takes the place.
#[test]
fn each_name_is_told_once() {
    let supervisor = Supervisor::default();
    for name in ["one", "other", "one"] {
        let thread = supervisor.thread(name, || false, |_| End::Done);
        thread.unwrap().join().unwrap();
    }
    let names: Vec<&str> = supervisor.statuses().iter().map(|status| status.name).collect();
    assert_eq!(names, ["one", "other"]);
}
