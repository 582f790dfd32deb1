//! Opening after a stop, a kill, and damage.

use std::fs;
use std::path::Path;

use event_log::{
    AppendError, BlockFault, EventLog, Expected, Floor, LogState, OpenError, Options, Position, ReadError,
    Version,
};

use crate::drafts::*;

/// A directory with a log of so many events of one commit each, closed.
async fn log_of(events: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..events).await;
    log.close();
    dir
}

/// Changes the blocks behind the log's back.
fn with_blocks(dir: &Path, change: impl FnOnce(&sled::Tree)) {
    let db = sled::Config::new()
        .path(dir.join("sled"))
        .segment_size(4 * 1024 * 1024)
        .open()
        .unwrap();
    change(&db.open_tree("blocks").unwrap());
    db.flush().unwrap();
}

fn turn_a_bit(dir: &Path, key: u64) {
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
        other @ (LogState::Writable | LogState::Poisoned { .. }) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_log_opened_again_is_the_same() {
    let dir = log_of(20).await;
    let log = open(dir.path());
    assert_eq!(log.state(), LogState::Writable);
    assert_eq!(log.head(), Position(20));
    assert_eq!(log.epoch(), 0);
    // A clean stop leaves nothing to replay.
    assert_eq!(*log.open_report(), event_log::OpenReport::default());
    assert_eq!(log.stream_version(&name("SUP-1")).unwrap(), Version(7));
    fill(&log, 20..23).await;
    assert_eq!(log.read(Position(0), 100).unwrap().len(), 23);
}

#[tokio::test]
async fn nothing_answered_is_lost_by_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir.path().join("live"));
    fill(&log, 0..50).await;
    copy(&dir.path().join("live"), &dir.path().join("killed"));
    let after = open(&dir.path().join("killed"));
    assert_eq!(after.state(), LogState::Writable);
    assert_eq!(after.open_report().index_events_replayed, 50);
    assert_eq!(
        after.read(Position(0), 100).unwrap(),
        log.read(Position(0), 100).unwrap()
    );
    assert_eq!(after.read_category("SUP", Position(0)).unwrap().len(), 50);
    assert!(after.append(one(49, "SUP-2")).await.unwrap().repeated);
}

#[tokio::test]
async fn head_lags_behind_by_no_more_than_it_may() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let stored = || -> u64 {
        let text = fs::read_to_string(dir.path().join("HEAD")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["position"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(stored(), 0);
    let events: Vec<_> = (0..700).map(|number| draft(number, "{}")).collect();
    for number in 0..4 {
        let appended = log
            .append(commit(number, vec![to("a", Expected::Any, events.clone())]))
            .await
            .unwrap();
        assert!(appended.last.0 - stored() <= event_log::limits::HEAD_LAG_EVENTS_MAX);
    }
    assert_eq!(log.write_head().unwrap(), Position(2800));
    assert_eq!(stored(), 2800);
    fill(&log, 10..13).await;
    log.close();
    assert_eq!(stored(), 2803);
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
    let floor = |position: u64, digest| Floor {
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
    let log = with(vec![floor(3, seen[2].digest()), floor(5, seen[4].digest())]);
    assert_eq!(log.state(), LogState::Writable);
    log.close();
    let log = with(vec![floor(3, seen[3].digest()), floor(5, seen[4].digest())]);
    let (reason, position) = read_only(&log);
    assert_eq!(position, Position(3));
    assert!(
        reason.starts_with("the event at position 3 is not the one that the last signed checkpoint has seen"),
        "{reason}"
    );
    log.close();
    let log = with(vec![floor(9, [0; 32])]);
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
async fn a_partial_snapshot_is_removed_before_the_database_is_opened() {
    let dir = log_of(3).await;
    let partial = dir.path().join("sled/snap.0000000000000ABC.generating");
    fs::write(&partial, b"half").unwrap();
    let log = open(dir.path());
    assert_eq!(log.head(), Position(3));
    assert_eq!(
        log.open_report().partial_snapshots_removed,
        std::slice::from_ref(&partial)
    );
    assert!(!partial.exists());
}

#[tokio::test]
async fn a_database_with_blobs_is_refused() {
    let dir = log_of(3).await;
    fs::write(dir.path().join("sled/blobs/1"), b"blob").unwrap();
    let refused = EventLog::open(dir.path(), Options::default()).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Blobs { path } if path.ends_with("blobs")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_large_log_makes_no_blobs() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let data = format!("\"{}\"", "x".repeat(47_000));
    for number in 0..10 {
        let events = (0..20).map(|event| draft(number * 20 + event, &data)).collect();
        log.append(commit(number, vec![to("a", Expected::Any, events)]))
            .await
            .unwrap();
    }
    log.close();
    assert_eq!(fs::read_dir(dir.path().join("sled/blobs")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_with_a_broken_snapshot_is_set_aside_and_read_without_it() {
    let dir = log_of(20).await;
    // sled writes its snapshot when it is opened on a log that has grown.
    open(dir.path()).close();
    let snapshots: Vec<_> = fs::read_dir(dir.path().join("sled"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap."))
        .collect();
    assert_eq!(snapshots.len(), 1);
    let bytes = fs::read(&snapshots[0]).unwrap();
    fs::write(&snapshots[0], &bytes[..bytes.len() / 2]).unwrap();
    let log = open(dir.path());
    assert_eq!(log.state(), LogState::Writable);
    assert_eq!(log.read(Position(0), 100).unwrap().len(), 20);
    let aside = dir.path().join("sled.damaged-1");
    assert_eq!(log.open_report().set_aside.as_deref(), Some(&*aside));
    assert_eq!(
        fs::read(aside.join(snapshots[0].file_name().unwrap()))
            .unwrap()
            .len(),
        bytes.len() / 2
    );
    fill(&log, 20..25).await;
    log.close();
    assert_eq!(open(dir.path()).open_report().set_aside, None);
}

#[tokio::test]
async fn a_kill_while_setting_aside_is_completed_or_undone() {
    let dir = log_of(5).await;
    let path = |name: &str| dir.path().join(name);
    // Between the two renames: the copy takes its place.
    fs::rename(path("sled"), path("sled.retry")).unwrap();
    let log = open(dir.path());
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 5);
    log.close();
    // Before the first: the copy is not complete.
    fs::create_dir(path("sled.retry")).unwrap();
    let log = open(dir.path());
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 5);
    assert!(!path("sled.retry").exists());
}

#[tokio::test]
async fn a_lost_or_damaged_index_is_rebuilt_as_it_was() {
    for damage in ["removed", "damaged", "older"] {
        let dir = tempfile::tempdir().unwrap();
        let options = || Options {
            index_memory_entries: 40,
            ..Options::default()
        };
        let log = EventLog::open(dir.path(), options()).unwrap();
        fill(&log, 0..100).await;
        log.close();
        copy(&dir.path().join("index"), &dir.path().join("older"));
        let log = EventLog::open(dir.path(), options()).unwrap();
        fill(&log, 100..300).await;
        log.append(commit(300, vec![next_in("SUP", vec![draft(300, "1")])]))
            .await
            .unwrap();
        let streams = ["SUP-1", "SUP-2", "SUP-3", "SUP-4", "SUP-5"];
        let all = |log: &EventLog| {
            let streams: Vec<_> = streams
                .iter()
                .map(|stream| log.read_stream(&name(stream), Version(0), 1000).unwrap())
                .collect();
            let commands: Vec<_> = (0..=301)
                .map(|number| log.command(command_id(number)).unwrap())
                .collect();
            (streams, commands, log.read_category("SUP", Position(0)).unwrap())
        };
        let before = all(&log);
        log.close();
        let index = dir.path().join("index");
        match damage {
            "removed" => fs::remove_dir_all(&index).unwrap(),
            "damaged" => fs::write(index.join("MANIFEST"), b"not a manifest").unwrap(),
            _ => {
                fs::remove_dir_all(&index).unwrap();
                fs::rename(dir.path().join("older"), &index).unwrap();
            }
        }
        let log = EventLog::open(dir.path(), options()).unwrap();
        assert_eq!(all(&log), before);
        assert_eq!(log.open_report().index_rebuilt, damage != "older");
        assert_eq!(
            log.open_report().index_events_replayed,
            if damage == "older" { 201 } else { 301 }
        );
        let appended = log
            .append(commit(301, vec![next_in("SUP", vec![draft(301, "1")])]))
            .await
            .unwrap();
        assert_eq!(appended.events[0].envelope.stream.as_str(), "SUP-5");
    }
}

#[tokio::test]
async fn a_log_in_use_is_refused_after_a_bounded_wait() {
    let dir = log_of(3).await;
    let log = open(dir.path());
    let options = Options {
        lock_wait_ms: 50,
        ..Options::default()
    };
    let refused = EventLog::open(dir.path(), options).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    log.close();
    assert_eq!(open(dir.path()).head(), Position(3));
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
    assert_eq!(log.wait_past(Position(4)).await, Err(event_log::Closed));
    // What was answered is still served, and all of it is there after opening again.
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 4);
    log.close();
    fs::remove_dir(dir.path().join("HEAD.tmp")).unwrap();
    let log = open(dir.path());
    assert_eq!(log.state(), LogState::Writable);
    fill(&log, 4..5).await;
    assert_eq!(log.head(), Position(5));
}
