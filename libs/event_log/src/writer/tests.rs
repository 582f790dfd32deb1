//! What happens when the disk fails.

use std::fs::File;
use std::path::Path;

use tokio::sync::oneshot;

use super::*;
use crate::append::{self, AppendError};
use crate::block::{BlockBuilder, Links};
use crate::group::Reply;
use crate::head_file::HeadKeeper;
use crate::index::Index;
use crate::open::{OpenReport, database_for_test};
use crate::queue::Submission;
use crate::shared::LogState;
use crate::space::{Shortage, Space};
use crate::store::Store;
use crate::waypoints::Waypoints;

/// An empty log over a store.
fn shared(dir: &Path, store: Store) -> Arc<Shared> {
    let index = Index::open(&dir.join("index"), 100, |_| true).unwrap();
    let keeper = HeadKeeper::new(dir.join("HEAD"), 0, (Position(0), [0; 32]), Position(0));
    let opening = Opening {
        store,
        index,
        head_keeper: keeper,
        space: Space::of(dir, 0).unwrap(),
        waypoints: Waypoints::default(),
        head: Position(0),
    };
    Arc::new(Shared::new(opening, OpenReport::default(), 0, LogState::Writable))
}

fn enqueue(shared: &Shared, number: u128) -> oneshot::Receiver<Result<crate::queue::Answer, AppendError>> {
    let mut commit = crate::queue::tests::commit(number, "{}");
    let (to, asked) = oneshot::channel();
    let encoded = crate::encode::encode(&mut commit).unwrap();
    shared
        .queue
        .push(Submission::Commit(Box::new(encoded), to))
        .unwrap();
    asked
}

const START: End = End {
    head: Position(0),
    running_max_micros: i64::MIN,
};

/// Runs both threads until the queue has ended.
fn run_both(shared: &Arc<Shared>) {
    let (syncer, groups, finished) = Syncer::new();
    let opening = shared.opening().unwrap();
    let (opening, finished) = (&*opening, &finished);
    std::thread::scope(|threads| {
        threads.spawn(move || run_syncer(shared, opening, &groups, finished));
        run(shared, opening, syncer, START);
    });
}

#[test]
fn a_failed_sync_stops_the_log_for_good() {
    let dir = tempfile::tempdir().unwrap();
    // A character device takes no sync: the call fails as that of a broken disk does.
    let store = database_for_test(dir.path()).with_data_file(File::open("/dev/null").unwrap());
    let shared = shared(dir.path(), store);
    let (mut first, mut second) = (enqueue(&shared, 1), enqueue(&shared, 2));
    let (to, mut settled) = oneshot::channel();
    shared.queue.push(Submission::Settled(to)).unwrap();
    run_both(&shared);
    for asked in [&mut first, &mut second] {
        let told = asked.try_recv().unwrap().unwrap_err();
        assert!(
            matches!(&told, AppendError::Stopped { reason } if reason.contains("sync")),
            "{told}"
        );
    }
    assert!(settled.try_recv().unwrap().is_err());
    assert!(matches!(shared.state(), LogState::Poisoned { .. }));
    // Nobody sees what may not be on disk, and nobody may write after it.
    assert_eq!(shared.head(), Position(0));
    // Whoever waits for more waits on: the log may be opened anew in place.
    assert!(shared.progress().borrow().open);
    let (to, _asked) = oneshot::channel();
    let refused = shared.queue.push(Submission::Settled(to)).unwrap_err();
    assert!(matches!(refused, AppendError::Stopped { .. }), "{refused}");
}

/// Only faulty memory makes such a group. HEAD would promise the digest of nothing, and the log would be read-only for ever.
#[test]
fn a_group_without_the_event_that_head_would_name_stops_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let shared = shared(dir.path(), database_for_test(dir.path()));
    let opening = shared.opening().unwrap();
    let mut builder = BlockBuilder::new(7);
    let links = Links {
        stream: 0,
        category: 0,
    };
    builder.push(&[b"{}"], links, 0);
    let (to, mut settled) = oneshot::channel();
    let group = Group {
        blocks: vec![builder.finish().remove(0).emptied()],
        changes: Arc::default(),
        running_max_micros: 0,
        replies: vec![Reply::Settled { to }],
        fault: None,
    };
    let reason = finish(&shared, &opening, group).unwrap_err();
    assert!(
        reason.contains("HEAD") && reason.contains("memory may be faulty") && reason.contains("position 6"),
        "{reason}"
    );
    let stopped = LogState::Poisoned { reason };
    assert_eq!(shared.state(), stopped);
    assert!(matches!(
        settled.try_recv().unwrap(),
        Err(AppendError::Stopped { .. })
    ));
    assert_eq!(shared.head(), Position(0));
    assert_eq!(opening.head_keeper.latest(), (Position(0), [0; 32]));
}

#[test]
fn an_invariant_that_does_not_hold_stops_the_log_and_says_which() {
    let dir = tempfile::tempdir().unwrap();
    let shared = shared(dir.path(), database_for_test(dir.path()));
    let size = "48 KiB";
    guarded(&shared, || panic!("a record is at most {size}"));
    let reason = "a thread that writes the log panicked: a record is at most 48 KiB".to_owned();
    assert_eq!(shared.state(), LogState::Poisoned { reason });
}

#[test]
fn a_working_disk_answers_and_publishes() {
    let dir = tempfile::tempdir().unwrap();
    let shared = shared(dir.path(), database_for_test(dir.path()));
    let (mut first, mut second) = (enqueue(&shared, 1), enqueue(&shared, 2));
    shared.queue.end(Ended::Closed);
    run_both(&shared);
    assert!(first.try_recv().unwrap().is_ok());
    assert!(second.try_recv().unwrap().is_ok());
    assert_eq!(shared.head(), Position(2));
    assert_eq!(shared.state(), LogState::Writable);
}

/// Fault M6: a writer that panicked and whose panic is not noted yet: whoever waited is told that the log has stopped, so that they ask
/// again under the same command, and not that it is closed or read-only.
#[test]
fn whoever_waits_for_a_writer_that_panicked_unnoticed_is_told_that_the_log_has_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let shared = shared(dir.path(), database_for_test(dir.path()));
    let mut asked = enqueue(&shared, 1);
    let writer = std::thread::scope(|threads| {
        let writer = threads.spawn(|| {
            let _group = shared.queue.take();
            panic!("as the test wants it");
        });
        writer.join()
    });
    assert!(writer.is_err());
    assert!(
        matches!(asked.try_recv(), Err(oneshot::error::TryRecvError::Closed)),
        "nobody answers any more"
    );
    assert_eq!(shared.state(), LogState::Writable, "nobody has noted it");
    let told = append::stopped(&shared);
    assert!(
        matches!(&told, AppendError::Stopped { reason } if reason.contains("panicked")),
        "{told}"
    );
    shared.note_space(Some(Shortage {
        free_bytes: 1,
        reserve_bytes: 2,
    }));
    let told = append::stopped(&shared);
    assert!(matches!(&told, AppendError::Stopped { .. }), "full: {told}");
    shared.queue.end(Ended::Closed);
    let told = append::stopped(&shared);
    assert!(matches!(&told, AppendError::Closed), "closed: {told}");
}

/// Fault M6, its neighbours: what is noted is told with its own reason.
#[test]
fn whoever_waits_for_a_log_that_ended_is_told_why() {
    let dir = tempfile::tempdir().unwrap();
    let poisoned = shared(dir.path(), database_for_test(dir.path()));
    poisoned.poison("the disk is gone");
    let told = append::stopped(&poisoned);
    assert!(
        matches!(&told, AppendError::Stopped { reason } if reason == "the disk is gone"),
        "{told}"
    );
    poisoned.hold("it is another log", Position(7));
    let told = append::stopped(&poisoned);
    assert!(
        matches!(&told, AppendError::ReadOnly { reason, floor: Position(7) } if reason == "it is another log"),
        "{told}"
    );
}
