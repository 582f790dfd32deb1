//! Opening after a stop, a kill, and what sled leaves behind.

use std::fs;

use event_log::{EventLog, Expected, LogState, OpenError, Options, Position, Version};

use crate::drafts::*;

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
async fn settings_of_the_database_that_were_cut_off_are_written_anew() {
    let dir = log_of(20).await;
    let settings = dir.path().join("sled/conf");
    let whole = fs::read(&settings).unwrap();
    for cut in 0..whole.len() {
        fs::write(&settings, &whole[..cut]).unwrap();
        let log = open(dir.path());
        assert_eq!(
            (log.state(), log.head()),
            (LogState::Writable, Position(20)),
            "cut at {cut}"
        );
        assert_eq!(log.open_report().set_aside, None);
        log.close();
        assert_eq!(fs::read(&settings).unwrap(), whole);
    }
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
async fn head_is_written_though_nobody_asks() {
    let dir = log_of(3).await;
    let log = open(dir.path());
    fill(&log, 3..5).await;
    while !fs::read_to_string(dir.path().join("HEAD"))
        .unwrap()
        .contains("\"position\":5,")
    {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_log_that_has_grown_much_leaves_a_snapshot_and_opens_without_reading_it_all() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..101 {
        let events = (0..1000)
            .map(|event| draft(number * 1000 + event, "{}"))
            .collect();
        drop(log.append(commit(number, vec![to("a", Expected::Any, events)])));
    }
    assert_eq!(log.settled().await.unwrap(), Position(101_000));
    log.close();
    let snapshots = fs::read_dir(dir.path().join("sled")).unwrap();
    assert!(
        snapshots
            .into_iter()
            .any(|file| file.unwrap().file_name().to_str().unwrap().starts_with("snap."))
    );
    let log = open(dir.path());
    assert_eq!(log.open_report().index_events_replayed, 0);
    assert_eq!(log.stream_version(&name("a")).unwrap(), Version(101_000));
    assert_eq!(
        log.read_stream(&name("a"), Version(100_990), 100).unwrap().len(),
        10
    );
}
