//! Opening and reading after loss and damage.

use std::fs;
use std::path::Path;

use event_log::{
    AppendError, BlockFault, EventLog, Expected, Floor, LogState, OpenError, Options, Position, ReadError,
    Version, accept_loss,
};

use crate::drafts::*;

/// Changes the blocks behind the log's back.
pub(crate) fn with_blocks(dir: &Path, change: impl FnOnce(&sled::Tree)) {
    let db = sled::Config::new()
        .path(dir.join("sled"))
        .segment_size(4 * 1024 * 1024)
        .open()
        .unwrap();
    change(&db.open_tree("blocks").unwrap());
    db.flush().unwrap();
}

pub(crate) fn turn_a_bit(dir: &Path, key: u64) {
    with_blocks(dir, |blocks| {
        let mut record = blocks.get(key.to_be_bytes()).unwrap().unwrap().to_vec();
        let last = record.len() - 1;
        record[last] ^= 1;
        blocks.insert(key.to_be_bytes(), record).unwrap();
    });
}

fn read_only(log: &EventLog) -> (String, Position) {
    match log.state() {
        LogState::ReadOnly { reason, floor } => (reason, floor),
        other @ (LogState::Writable | LogState::Full { .. } | LogState::Poisoned { .. }) => {
            panic!("{other:?}")
        }
    }
}

#[tokio::test]
async fn a_log_that_ends_before_its_head_is_read_only() {
    let dir = log_of(20).await;
    with_blocks(dir.path(), |blocks| {
        for key in 18..=20_u64 {
            blocks.remove(key.to_be_bytes()).unwrap();
        }
    });
    let log = open(dir.path());
    let (reason, floor) = read_only(&log);
    assert_eq!(floor, Position(20));
    assert!(
        reason.contains("ends at position 17") && reason.contains("3 events are missing"),
        "{reason}"
    );
    assert!(reason.contains("HEAD") && reason.contains("restore"), "{reason}");
    let refused = log.append(one(99, "a")).await.unwrap_err();
    assert!(
        matches!(
            refused,
            AppendError::ReadOnly {
                floor: Position(20),
                ..
            }
        ),
        "{refused}"
    );
    assert!(matches!(log.write_head(), Err(AppendError::ReadOnly { .. })));
    // What is there is served, and the index does not speak of what is gone.
    assert_eq!(log.settled().await.unwrap(), Position(17));
    assert_eq!(log.read(Position(0), 100).unwrap().len(), 17);
    assert_eq!(log.read_category("SUP", Position(0)).unwrap().len(), 17);
    assert!(log.command(command_id(19)).unwrap().is_none());
    assert!(log.open_report().index_rebuilt);
    log.close();
    // HEAD still tells: opening did not forget.
    assert_eq!(read_only(&open(dir.path())).1, Position(20));
}

#[tokio::test]
async fn a_log_that_differs_from_what_was_seen_is_read_only() {
    let dir = log_of(5).await;
    let log = open(dir.path());
    let seen = log.read(Position(0), 5).unwrap();
    log.close();
    let floor = |position: u64, digest: Option<[u8; 32]>| Floor {
        position: Position(position),
        digest,
        source: "the last signed checkpoint".to_owned(),
    };
    let with = |floors| {
        EventLog::open(
            dir.path(),
            Options {
                floors,
                ..Options::default()
            },
        )
        .unwrap()
    };
    let log = with(vec![
        floor(3, Some(seen[2].digest())),
        floor(4, None),
        floor(5, Some(seen[4].digest())),
    ]);
    assert_eq!(log.state(), LogState::Writable);
    log.close();
    let log = with(vec![
        floor(3, Some(seen[3].digest())),
        floor(5, Some(seen[4].digest())),
    ]);
    let (reason, position) = read_only(&log);
    assert_eq!(position, Position(3));
    assert!(
        reason.starts_with("the event at position 3 is not the one that the last signed checkpoint has seen"),
        "{reason}"
    );
    log.close();
    let log = with(vec![floor(9, None)]);
    let (reason, position) = read_only(&log);
    assert_eq!(position, Position(9));
    assert!(
        reason.contains("the last signed checkpoint has seen position 9: 4 events are missing"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_head_that_cannot_be_understood_makes_the_log_read_only() {
    let dir = log_of(3).await;
    fs::write(dir.path().join("HEAD"), "{\"position\":").unwrap();
    let (reason, _) = read_only(&open(dir.path()));
    assert!(reason.contains("HEAD cannot be understood"), "{reason}");
    fs::remove_file(dir.path().join("HEAD")).unwrap();
    let log = open(dir.path());
    assert_eq!(log.state(), LogState::Writable);
    assert!(log.open_report().head_file_missing);
}

#[tokio::test]
async fn a_damaged_block_is_named_and_never_read_in_part() {
    let dir = log_of(20).await;
    turn_a_bit(dir.path(), 7);
    let log = open(dir.path());
    assert_eq!(log.read(Position(0), 6).unwrap().len(), 6);
    let error = log.read(Position(0), 20).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::Damaged {
                key: 7,
                position: Position(7),
                fault: BlockFault::Checksum
            }
        ),
        "{error:?}"
    );
    let error = log.read_stream(&name("SUP-1"), Version(0), 20).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { key: 7, .. }), "{error:?}");
    assert_eq!(log.read(Position(7), 100).unwrap().len(), 13);
    let mut tail = log.tail(Position(0));
    assert!(matches!(
        tail.next().await,
        Err(event_log::TailError::Read(ReadError::Damaged { key: 7, .. }))
    ));
}

#[tokio::test]
async fn a_missing_block_is_named() {
    let dir = log_of(20).await;
    with_blocks(dir.path(), |blocks| {
        drop(blocks.remove(7_u64.to_be_bytes()).unwrap())
    });
    let error = open(dir.path()).read(Position(0), 20).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::Damaged {
                key: 7,
                position: Position(7),
                fault: BlockFault::Missing
            }
        ),
        "{error:?}"
    );
}

/// Taken for position 0, it would have made the log look empty, and accepting the loss would have cut off all of it.
#[tokio::test]
async fn a_key_that_is_no_position_is_named_and_nothing_is_cut_off() {
    let dir = log_of(20).await;
    with_blocks(dir.path(), |blocks| {
        drop(blocks.insert(b"zz", &b"no block"[..]).unwrap());
    });
    let opened = EventLog::open(dir.path(), Options::default()).map(drop);
    let accepted = accept_loss(dir.path(), &Options::default()).map(drop);
    for refused in [opened, accepted] {
        let error = refused.unwrap_err();
        assert!(
            matches!(&error, OpenError::Read(ReadError::ForeignKey { key }) if key == "7a7a"),
            "{error:?}"
        );
    }
    with_blocks(dir.path(), |blocks| drop(blocks.remove(b"zz").unwrap()));
    let log = open(dir.path());
    assert_eq!((log.state(), log.head()), (LogState::Writable, Position(20)));
}

#[tokio::test]
async fn a_key_between_two_positions_is_named_by_who_reads_there() {
    let dir = log_of(20).await;
    let between = [0, 0, 0, 0, 0, 0, 0, 7, 1];
    with_blocks(dir.path(), |blocks| {
        drop(blocks.insert(between, &b"no block"[..]).unwrap());
    });
    let log = open(dir.path());
    assert_eq!(log.read(Position(0), 7).unwrap().len(), 7);
    let error = log.read(Position(0), 20).unwrap_err();
    assert!(
        matches!(&error, ReadError::ForeignKey { key } if key == "000000000000000701"),
        "{error:?}"
    );
    assert_eq!(log.read(Position(7), 100).unwrap().len(), 13);
}

#[tokio::test]
async fn damage_met_while_opening_makes_the_log_read_only_up_to_it() {
    for (damaged, index_lost) in [(20, false), (20, true), (12, true)] {
        let dir = log_of(20).await;
        turn_a_bit(dir.path(), damaged);
        if index_lost {
            fs::remove_dir_all(dir.path().join("index")).unwrap();
        }
        let log = open(dir.path());
        let (reason, floor) = read_only(&log);
        assert_eq!(floor, Position(damaged));
        assert!(
            reason.contains(&format!("the block with key {damaged}")) && reason.contains("checksum"),
            "{reason}"
        );
        assert_eq!(log.head(), Position(damaged - 1));
        assert_eq!(
            log.read_category("SUP", Position(0)).unwrap().len() as u64,
            damaged - 1
        );
    }
}

#[tokio::test]
async fn a_group_without_its_end_is_left_out() {
    let data = format!("\"{}\"", "x".repeat(20_000));
    for removed in ["last", "middle"] {
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path());
        fill(&log, 0..10).await;
        log.close();
        let head = fs::read(dir.path().join("HEAD")).unwrap();
        let log = open(dir.path());
        let events: Vec<_> = (100..109).map(|number| draft(number, &data)).collect();
        log.append(commit(100, vec![to("SUP-1", Expected::Any, events)]))
            .await
            .unwrap();
        log.close();
        // Nobody had been told of it, so HEAD did not speak of it either.
        fs::write(dir.path().join("HEAD"), head).unwrap();
        with_blocks(dir.path(), |blocks| {
            let keys: Vec<u64> = blocks
                .iter()
                .keys()
                .map(|key| u64::from_be_bytes(key.unwrap().as_ref().try_into().unwrap()))
                .collect();
            assert_eq!(keys[10..], [11, 13, 15, 17, 19]);
            let key = if removed == "last" { 19_u64 } else { 13 };
            blocks.remove(key.to_be_bytes()).unwrap();
        });
        let log = open(dir.path());
        assert_eq!(log.state(), LogState::Writable);
        assert_eq!(log.head(), Position(10));
        let torn: &[u64] = if removed == "last" {
            &[17, 15, 13, 11]
        } else {
            &[19, 17, 15, 11]
        };
        assert_eq!(log.open_report().torn_blocks, torn);
        assert_eq!(log.stream_version(&name("SUP-1")).unwrap(), Version(4));
        log.append(one(100, "SUP-1")).await.unwrap();
        log.close();
        let log = open(dir.path());
        assert_eq!(log.open_report().torn_blocks, Vec::<u64>::new());
        assert_eq!(log.read(Position(0), 100).unwrap().len(), 11);
    }
}

#[tokio::test]
async fn a_head_that_cannot_be_written_stops_the_log() {
    let dir = log_of(3).await;
    let log = open(dir.path());
    fill(&log, 3..4).await;
    fs::create_dir(dir.path().join("HEAD.tmp")).unwrap();
    let told = log.write_head().unwrap_err();
    assert!(
        matches!(&told, AppendError::Stopped { reason } if reason.contains("HEAD")),
        "{told}"
    );
    assert!(matches!(log.state(), LogState::Poisoned { .. }));
    assert!(matches!(
        log.append(one(4, "a")).await,
        Err(AppendError::Stopped { .. })
    ));
    assert!(matches!(log.settled().await, Err(AppendError::Stopped { .. })));
    let waiting = log.wait_past(Position(4));
    // What was answered is still served, and all of it is there after opening again.
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 4);
    log.close();
    assert_eq!(waiting.await, Err(event_log::Closed));
    fs::remove_dir(dir.path().join("HEAD.tmp")).unwrap();
    let log = open(dir.path());
    assert_eq!(log.state(), LogState::Writable);
    fill(&log, 4..5).await;
    assert_eq!(log.head(), Position(5));
}

#[tokio::test]
async fn a_log_held_while_it_runs_refuses_what_waits_and_serves_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..5).await;
    let (has_written, written_first) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn({
        let log = log.clone();
        async move {
            let (mut written, mut refused, mut has_written) = (5, 0, Some(has_written));
            // Many at once, again and again until the log is held.
            for batch in 0.. {
                let numbers = (0..50).map(|number| 5 + batch * 50 + number);
                let asked: Vec<_> = numbers.map(|number| log.append(one(number, "a"))).collect();
                for asked in asked {
                    match asked.await {
                        Ok(_) => written += 1,
                        Err(AppendError::ReadOnly { reason, floor }) => {
                            assert_eq!(
                                (&*reason, floor),
                                ("the checkpoint at 4 is of another log", Position(4))
                            );
                            refused += 1;
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
                if let Some(has_written) = has_written.take() {
                    has_written.send(()).unwrap();
                }
                if refused > 0 {
                    break;
                }
            }
            (written, refused)
        }
    });
    written_first.await.unwrap();
    log.hold("the checkpoint at 4 is of another log", Position(4));
    let head = log.head();
    let (written, refused) = asking.await.unwrap();
    // What is not refused is on disk, and nothing moves once the call has returned.
    assert_eq!(written, head.0);
    assert!(
        written >= 5 + 50 && refused > 0,
        "{written} written, {refused} refused"
    );
    assert!(matches!(
        log.append(one(100_000, "a")).await,
        Err(AppendError::ReadOnly { .. })
    ));
    assert_eq!(log.settled().await.unwrap(), head);
    // The first reason stays.
    log.hold("another", Position(9));
    log.reopen().unwrap();
    assert_eq!(
        read_only(&log),
        ("the checkpoint at 4 is of another log".to_owned(), Position(4))
    );
    assert_eq!(log.read(Position(0), usize::MAX).unwrap().len() as u64, head.0);
    log.close();
    let log = open(dir.path());
    assert_eq!((log.state(), log.head()), (LogState::Writable, head));
    assert_eq!(log.open_report().index_events_replayed, 0);
}
