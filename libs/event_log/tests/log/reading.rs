//! Reading.

use chrono::TimeDelta;
use event_log::{Expected, Position, Version};

use crate::drafts::*;

#[tokio::test]
async fn an_empty_log_answers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert_eq!(log.head(), Position(0));
    assert_eq!(log.read(Position(0), 10).unwrap(), []);
    assert_eq!(log.read(Position(u64::MAX), 10).unwrap(), []);
    assert_eq!(log.read_stream(&name("a"), Version(0), 10).unwrap(), []);
    assert_eq!(log.read_category("a", Position(0)).unwrap(), []);
    assert_eq!(log.stream_version(&name("a")).unwrap(), Version(0));
    assert_eq!(log.position_at(at(0)).unwrap(), Position(0));
    assert!(log.command(command_id(1)).unwrap().is_none());
    assert_eq!(log.settled().await.unwrap(), Position(0));
}

#[tokio::test]
async fn stored_bytes_are_those_of_the_events_within_both_limits() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..30 {
        let data = format!("\"{}\"", "x".repeat(usize::try_from(number).unwrap() * 100));
        let events = (0..3).map(|event| draft(number * 3 + event, &data)).collect();
        log.append(commit(number, vec![to("SUP-1", Expected::Any, events)]))
            .await
            .unwrap();
    }
    let all = log.read(Position(0), usize::MAX).unwrap();
    let one = all[0].bytes.len();
    for (limit, bytes_max) in [
        (usize::MAX, usize::MAX),
        (7, usize::MAX),
        (usize::MAX, 5 * one),
        (4, 5 * one),
        (9, 0),
    ] {
        let mut read = Vec::new();
        while let page = log
            .read_stored(Position(read.len() as u64), limit, bytes_max)
            .unwrap()
            && !page.is_empty()
        {
            let bytes: usize = page.iter().map(|event| event.bytes.len()).sum();
            assert!(page.len() <= limit && (bytes <= bytes_max || page.len() == 1));
            let next = all.get(read.len() + page.len());
            let full = page.len() == limit || next.is_none_or(|next| bytes + next.bytes.len() > bytes_max);
            assert!(full, "{limit} {bytes_max}");
            read.extend(page);
        }
        let wanted = all.iter().map(|event| (event.position, &event.bytes));
        assert!(wanted.eq(read.iter().map(|event| (event.position, &event.bytes))));
    }
    assert_eq!(log.read_stored(Position(3), 0, 100).unwrap(), []);
    assert_eq!(log.read_stored(Position(90), 10, 100).unwrap(), []);
    assert_eq!(log.read_stored(Position(u64::MAX), 10, 100).unwrap(), []);
}

#[tokio::test]
async fn pages_meet_without_gap_or_overlap() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let events: Vec<_> = (0..90).map(|number| draft(number, "{}")).collect();
    for (number, part) in events.chunks(7).enumerate() {
        log.append(commit(
            number as u64,
            vec![to("SUP-1", Expected::Any, part.to_vec())],
        ))
        .await
        .unwrap();
    }
    let all = log.read(Position(0), usize::MAX).unwrap();
    assert_eq!(all.len(), 90);
    for limit in [1, 2, 7, 8, 89, 90, 91] {
        let (mut pages, mut stream_pages) = (Vec::new(), Vec::new());
        while let page = log.read(Position(pages.len() as u64), limit).unwrap()
            && !page.is_empty()
        {
            assert!(page.len() <= limit);
            pages.extend(page);
        }
        while let page = log
            .read_stream(&name("SUP-1"), Version(stream_pages.len() as u64), limit)
            .unwrap()
            && !page.is_empty()
        {
            assert!(page.len() <= limit);
            stream_pages.extend(page);
        }
        assert_eq!(pages, all, "{limit}");
        assert_eq!(stream_pages, all, "{limit}");
    }
    assert_eq!(log.read(Position(3), 0).unwrap(), []);
    assert_eq!(log.read_stream(&name("SUP-1"), Version(3), 0).unwrap(), []);
    assert_eq!(log.read_stream(&name("SUP-1"), Version(u64::MAX), 5).unwrap(), []);
}

/// Long enough for places on the way to be kept, and asked for in every order: cold, warm, from both ends.
#[tokio::test]
async fn a_long_stream_is_read_from_anywhere_and_its_version_is_known_at_every_position() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 0..60 {
        let drafts = |from: u64| (from..from + 7).map(|number| draft(number, "{}")).collect();
        let writes = vec![
            to("SUP-1", Expected::Any, drafts(number * 14)),
            to("SUP-2", Expected::Any, drafts(number * 14 + 7)),
        ];
        log.append(commit(number, writes)).await.unwrap();
    }
    let (stream, whole) = (name("SUP-1"), log.read(Position(0), usize::MAX).unwrap());
    let all: Vec<_> = whole
        .iter()
        .filter(|event| event.envelope.stream == stream)
        .cloned()
        .collect();
    assert_eq!(all.len(), 420);
    let reads_all = || {
        for after in (0..=421).rev().step_by(13).chain((0..421).step_by(17)) {
            for limit in [1, 63, 64, 65, 500] {
                let wanted: Vec<_> = all.iter().skip(after).take(limit).cloned().collect();
                let read = log.read_stream(&stream, Version(after as u64), limit).unwrap();
                assert_eq!(read, wanted, "{limit} after {after}");
            }
        }
    };
    let mut version = 0;
    for event in &whole {
        version += u64::from(event.envelope.stream == stream);
        let found = log.stream_version_at(&stream, event.position).unwrap();
        assert_eq!(found, Version(version), "at {}", event.position);
    }
    reads_all();
    drop(log);
    let log = open(dir.path());
    assert_eq!(log.stream_version_at(&stream, Position(0)).unwrap(), Version(0));
    assert_eq!(log.stream_version_at(&stream, Position(7)).unwrap(), Version(7));
    assert_eq!(
        log.stream_version_at(&stream, Position(u64::MAX)).unwrap(),
        Version(420)
    );
    assert_eq!(
        log.stream_version_at(&name("SUP-3"), Position(7)).unwrap(),
        Version(0)
    );
}

#[tokio::test]
async fn a_category_is_what_stands_before_the_first_hyphen() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for (number, stream) in (1..).zip(["SUP-1", "SUPER-1", "SUP", "SUP-2", "sup-1", "SUP-1", "SUP-a-b"]) {
        log.append(one(number, stream)).await.unwrap();
    }
    let positions = |category: &str, after| -> Vec<u64> {
        log.read_category(category, Position(after))
            .unwrap()
            .iter()
            .map(|event| event.position.0)
            .collect()
    };
    assert_eq!(positions("SUP", 0), [1, 3, 4, 6, 7]);
    assert_eq!(positions("SUP", 4), [6, 7]);
    assert!(positions("SUP", 7).is_empty());
    assert_eq!(positions("SUPER", 0), [2]);
    assert!(positions("SUP-1", 0).is_empty());
}

#[tokio::test]
async fn an_instant_is_the_last_position_whose_running_maximum_is_not_later() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    // The clock goes back at the fourth event and within a commit; equal times follow each other.
    let times = [1000, 2000, 5000, 1000, 4000, 5000, 6000, 3000, 6001, 9000];
    let events: Vec<_> = (0..)
        .zip(times)
        .map(|(number, ms)| draft_at(number, ms))
        .collect();
    for (number, part) in (0..).zip([&events[..1], &events[1..4], &events[4..5], &events[5..10]]) {
        log.append(commit(number, vec![to("a", Expected::Any, part.to_vec())]))
            .await
            .unwrap();
    }
    for ms in (0..10_000).step_by(500).chain([999, 6001, 6000, 5999]) {
        let mut running = i64::MIN;
        let not_later = times.iter().take_while(|at| {
            running = running.max(**at);
            running <= ms
        });
        let expected = not_later.count() as u64;
        assert_eq!(log.position_at(at(ms)).unwrap(), Position(expected), "{ms}");
    }
    // Events are kept to the microsecond, so what is finer does not move an instant.
    assert_eq!(
        log.position_at(at(1000) + TimeDelta::nanoseconds(999)).unwrap(),
        Position(1)
    );
    assert_eq!(
        log.position_at(at(1000) - TimeDelta::nanoseconds(1)).unwrap(),
        Position(0)
    );
}
