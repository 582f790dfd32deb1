//! Following the log.

use event_log::{Closed, Position, TailError};

use crate::drafts::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_has_no_seam_while_others_write() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 150;
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..30).await;
    let last = 30 + WRITERS * EACH;
    let mut tails = Vec::new();
    for after in [0, 10, 30, 500] {
        let mut tail = log.tail(Position(after));
        tails.push(tokio::spawn(async move {
            let mut next = after + 1;
            while next <= last {
                for event in tail.next().await.unwrap() {
                    assert_eq!(event.position, Position(next));
                    next += 1;
                }
                assert_eq!(tail.position(), Position(next - 1));
            }
        }));
    }
    let mut writers = Vec::new();
    for writer in 1..=WRITERS {
        let log = log.clone();
        writers.push(tokio::spawn(async move {
            fill(&log, writer * 1000..writer * 1000 + EACH).await
        }));
    }
    for task in writers.into_iter().chain(tails) {
        task.await.unwrap();
    }
    assert_eq!(log.head(), Position(last));
}

#[tokio::test]
async fn whoever_waits_past_a_position_is_told_the_head() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let waiting = tokio::spawn(log.wait_past(Position(2)));
    fill(&log, 0..2).await;
    assert!(!waiting.is_finished());
    assert_eq!(log.wait_past(Position(1)).await, Ok(Position(2)));
    fill(&log, 2..3).await;
    assert_eq!(waiting.await.unwrap(), Ok(Position(3)));
}

#[tokio::test]
async fn closing_ends_those_who_wait() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..3).await;
    let mut tail = log.tail(Position(0));
    assert_eq!(tail.next().await.unwrap().len(), 3);
    let waiting = log.wait_past(Position(3));
    // Neither a tail nor a future keeps the log open.
    drop(log);
    assert_eq!(waiting.await, Err(Closed));
    assert!(matches!(tail.next().await, Err(TailError::Closed)));
    assert_eq!(open(dir.path()).head(), Position(3));
}
