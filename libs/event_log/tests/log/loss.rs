//! Accepting a loss.

use std::fs;
use std::path::Path;

use event_log::{Accepted, Expected, Floor, LogState, Options, Position, accept_loss};

use crate::damage::{turn_a_bit, with_blocks};
use crate::drafts::*;

fn accept(dir: &Path) -> Accepted {
    accept_loss(dir, &Options::default()).unwrap()
}

fn told(epoch: u32, head: u64, lost_to_at_least: u64) -> Accepted {
    Accepted {
        epoch,
        head: Position(head),
        lost_from: Position(head + 1),
        lost_to_at_least: Position(lost_to_at_least),
    }
}

/// The log opens writable, ends there, and goes on.
async fn goes_on(dir: &Path, epoch: u32, head: u64) {
    let log = open(dir);
    assert_eq!(
        (log.state(), log.head(), log.epoch()),
        (LogState::Writable, Position(head), epoch)
    );
    assert_eq!(log.read(Position(0), usize::MAX).unwrap().len() as u64, head);
    assert_eq!(log.read_category("SUP", Position(0)).unwrap().len() as u64, head);
    assert!(!log.append(one(7000 + head, "SUP-9")).await.unwrap().repeated);
    log.close();
    let log = open(dir);
    assert_eq!((log.head(), log.epoch()), (Position(head + 1), epoch));
}

#[tokio::test]
async fn a_log_cut_short_goes_on_where_it_ends() {
    let dir = log_of(20).await;
    with_blocks(dir.path(), |blocks| {
        for key in 18..=20_u64 {
            blocks.remove(key.to_be_bytes()).unwrap();
        }
    });
    assert_eq!(accept(dir.path()), told(1, 17, 20));
    goes_on(dir.path(), 1, 17).await;
    // A second loss is a second epoch.
    assert_eq!(accept(dir.path()), told(2, 18, 18));
    goes_on(dir.path(), 2, 18).await;
}

#[tokio::test]
async fn damage_and_everything_after_it_is_cut_off() {
    for (damaged, index_lost) in [(1, false), (7, true), (7, false), (20, false)] {
        let dir = log_of(20).await;
        turn_a_bit(dir.path(), damaged);
        if index_lost {
            fs::remove_dir_all(dir.path().join("index")).unwrap();
        }
        assert_eq!(accept(dir.path()), told(1, damaged - 1, 20));
        goes_on(dir.path(), 1, damaged - 1).await;
    }
}

#[tokio::test]
async fn a_block_that_is_missing_in_the_middle_ends_the_log() {
    let dir = log_of(20).await;
    with_blocks(dir.path(), |blocks| {
        drop(blocks.remove(7_u64.to_be_bytes()).unwrap())
    });
    assert_eq!(accept(dir.path()), told(1, 6, 20));
    goes_on(dir.path(), 1, 6).await;
}

#[tokio::test]
async fn an_event_that_is_not_the_next_of_its_stream_ends_the_log() {
    let dir = log_of(20).await;
    // The block is sound by itself: it is that of another log, whose streams are others.
    let other = tempfile::tempdir().unwrap();
    let log = open(other.path());
    for number in 0..10 {
        log.append(one(number, "ENT-1")).await.unwrap();
    }
    log.close();
    let mut foreign = None;
    with_blocks(other.path(), |blocks| {
        foreign = blocks.get(8_u64.to_be_bytes()).unwrap()
    });
    with_blocks(dir.path(), |blocks| {
        blocks.insert(8_u64.to_be_bytes(), foreign.unwrap()).unwrap();
    });
    assert_eq!(accept(dir.path()), told(1, 7, 20));
    goes_on(dir.path(), 1, 7).await;
}

#[tokio::test]
async fn a_commit_is_cut_off_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..10).await;
    let data = format!("\"{}\"", "x".repeat(20_000));
    let events: Vec<_> = (100..109).map(|number| draft(number, &data)).collect();
    log.append(commit(100, vec![to("SUP-1", Expected::Any, events)]))
        .await
        .unwrap();
    fill(&log, 20..30).await;
    log.close();
    // The third block of the commit.
    turn_a_bit(dir.path(), 15);
    assert_eq!(accept(dir.path()), told(1, 10, 29));
    goes_on(dir.path(), 1, 10).await;
}

#[tokio::test]
async fn a_log_that_others_have_seen_further_says_how_far() {
    let dir = log_of(5).await;
    let options = Options {
        floors: vec![Floor {
            position: Position(9),
            digest: None,
            source: "the last signed checkpoint".to_owned(),
        }],
        ..Options::default()
    };
    assert_eq!(accept_loss(dir.path(), &options).unwrap(), told(1, 5, 9));
    goes_on(dir.path(), 1, 5).await;
}

#[tokio::test]
async fn a_head_that_cannot_be_understood_still_tells_its_epoch() {
    let dir = log_of(5).await;
    for (text, accepted) in [
        (
            &b"{\"format\":1,\"epoch\":6,\"position\":8,\"dig"[..],
            told(7, 5, 8),
        ),
        // A bit was turned: the text is not UTF-8 any more.
        (
            &b"{\"format\":1,\"epoch\":8,\"position\":9,\"dig\xe5st\":"[..],
            told(9, 5, 9),
        ),
        (&b"nothing"[..], told(1, 5, 5)),
    ] {
        fs::write(dir.path().join("HEAD"), text).unwrap();
        assert!(matches!(open(dir.path()).state(), LogState::ReadOnly { .. }));
        assert_eq!(accept(dir.path()), accepted);
        assert_eq!(open(dir.path()).state(), LogState::Writable);
    }
}
