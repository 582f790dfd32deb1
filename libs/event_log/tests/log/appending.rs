//! Writing.

use event_log::{AppendError, Channel, EventDraft, Expected, Position, Version};
use uuid::Uuid;

use crate::drafts::*;

#[tokio::test]
async fn events_come_back_as_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let full = EventDraft {
        occurred_at: Some(at(-1)),
        sent_at: Some(at(-2)),
        on_behalf_of: Some(Uuid::from_u64_pair(9, 1)),
        channel: Channel::Soap,
        causation_id: Some(Uuid::from_u64_pair(9, 2)),
        event_type: "with \"quotes\" and é".to_owned(),
        ..draft(1, r#"{"b":1, "a":[1.50,"é"]}"#)
    };
    let appended = log
        .append(commit(
            1,
            vec![to("desk-SUP", version(0), vec![full, draft(2, "null")])],
        ))
        .await
        .unwrap();
    assert_eq!(
        (appended.first, appended.last, appended.repeated),
        (Position(1), Position(2), false)
    );
    assert_eq!(log.head(), Position(2));
    let read = log.read(Position(0), 10).unwrap();
    assert_eq!(read, appended.events);
    assert_eq!(log.read_stream(&name("desk-SUP"), Version(0), 10).unwrap(), read);
    for (told, read) in appended.events.iter().zip(&read) {
        assert_eq!(serde_json::to_vec(&told.envelope).unwrap(), told.bytes);
        assert_eq!(serde_json::to_vec(&read.envelope).unwrap(), told.bytes);
        assert_eq!(format!("{:?}", told.envelope), format!("{:?}", read.envelope));
    }
    assert_eq!(read[0].envelope.data.get(), r#"{"b":1, "a":[1.50,"é"]}"#);
    assert_eq!(read[0].envelope.at, at(0));
    assert_eq!(read[1].envelope.version, Version(2));
}

#[tokio::test]
async fn the_slower_of_two_writers_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let fast = log.append(commit(1, vec![to("SUP-1", version(0), vec![draft(1, "1")])]));
    let slow = log.append(commit(2, vec![to("SUP-1", version(0), vec![draft(2, "2")])]));
    let refused = slow.await.unwrap_err();
    assert!(
        matches!(&refused, AppendError::Conflict { stream, expected: Version(0), actual: Version(1) } if stream.as_str() == "SUP-1"),
        "{refused}"
    );
    // The refusal came after what it was refused for was on disk.
    assert_eq!(log.head(), Position(1));
    assert_eq!(fast.await.unwrap().last, Position(1));
    let too_far = log
        .append(commit(3, vec![to("SUP-1", version(2), vec![draft(3, "3")])]))
        .await
        .unwrap_err();
    assert_eq!(too_far.to_string(), "stream SUP-1 is at version 1, not 2");
}

#[tokio::test]
async fn a_commit_is_written_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.append(one(1, "SUP-1")).await.unwrap();
    let writes = vec![
        next_in("SUP", vec![draft(2, "2")]),
        to("unique-a", version(0), vec![draft(3, "3")]),
        to("SUP-1", version(0), vec![draft(4, "4")]),
    ];
    let refused = log.append(commit(2, writes.clone())).await.unwrap_err();
    assert!(matches!(refused, AppendError::Conflict { .. }), "{refused}");
    assert_eq!(log.head(), Position(1));
    assert_eq!(log.stream_version(&name("unique-a")).unwrap(), Version(0));
    assert!(log.command(command_id(2)).unwrap().is_none());
    // A refusal is not history: the same command may come again, and the number was not used up.
    let appended = log.append(commit(2, writes[..2].to_vec())).await.unwrap();
    assert_eq!(appended.events[0].envelope.stream.as_str(), "SUP-2");
    assert_eq!((appended.first, appended.last), (Position(2), Position(3)));
}

#[tokio::test]
async fn the_writes_of_one_commit_see_those_before_them() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let writes = vec![
        next_in("SUP", vec![draft(1, "1"), draft(2, "2")]),
        next_in("SUP", vec![draft(3, "3")]),
        to("SUP-1", version(2), vec![draft(4, "4")]),
    ];
    let appended = log.append(commit(1, writes)).await.unwrap();
    let places: Vec<_> = appended
        .events
        .iter()
        .map(|event| (event.envelope.stream.to_string(), event.envelope.version.0))
        .collect();
    assert_eq!(
        places,
        [
            ("SUP-1".to_owned(), 1),
            ("SUP-1".to_owned(), 2),
            ("SUP-2".to_owned(), 1),
            ("SUP-1".to_owned(), 3)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_creators_get_numbers_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let mut creators = Vec::new();
    for creator in 0..64_u64 {
        let log = log.clone();
        creators.push(tokio::spawn(async move {
            let mut names = Vec::new();
            for round in 0..20 {
                let number = creator * 100 + round;
                let appended = log
                    .append(commit(number, vec![next_in("SUP", vec![draft(number, "{}")])]))
                    .await
                    .unwrap();
                names.push(appended.events[0].envelope.stream.to_string());
            }
            names
        }));
    }
    let mut names = Vec::new();
    for creator in creators {
        names.extend(creator.await.unwrap());
    }
    let mut numbers: Vec<u64> = names
        .iter()
        .map(|name| name.strip_prefix("SUP-").unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=1280).collect::<Vec<_>>());
    let in_order: Vec<_> = log
        .read(Position(0), 2000)
        .unwrap()
        .iter()
        .map(|event| event.envelope.stream.to_string())
        .collect();
    assert_eq!(
        in_order,
        (1..=1280)
            .map(|number| format!("SUP-{number}"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_number_given_by_hand_is_not_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.append(one(1, "SUP-41")).await.unwrap();
    log.append(one(2, "SUP-7")).await.unwrap();
    for expected in ["SUP-42", "SUP-43"] {
        let number = log.head().0 + 1;
        let appended = log
            .append(commit(number, vec![next_in("SUP", vec![draft(number, "{}")])]))
            .await
            .unwrap();
        assert_eq!(appended.events[0].envelope.stream.as_str(), expected);
    }
    log.append(one(9, "SAV-999999999999999")).await.unwrap();
    let refused = log
        .append(commit(10, vec![next_in("SAV", vec![draft(10, "{}")])]))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, AppendError::PrefixExhausted { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_command_told_twice_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let told = commit(
        1,
        vec![
            next_in("SUP", vec![draft(1, "1"), draft(2, "2")]),
            to("desk-x", version(0), vec![draft(3, "3")]),
        ],
    );
    let first = log.append(told.clone()).await.unwrap();
    fill(&log, 10..20).await;
    let assert_repeated = |again: event_log::Appended| {
        assert!(again.repeated);
        assert_eq!((again.first, again.last), (Position(1), Position(3)));
        assert_eq!(again.events, first.events);
    };
    // The expected version of the second telling no longer holds, and does not matter.
    assert_repeated(log.append(told.clone()).await.unwrap());
    let (digest, known) = log.command(command_id(1)).unwrap().unwrap();
    assert_eq!(digest, told.command_digest);
    assert_repeated(known);
    log.close();
    let log = open(dir.path());
    assert_repeated(log.append(told.clone()).await.unwrap());
    let other = event_log::Commit {
        command_digest: [200; 32],
        ..told
    };
    let refused = log.append(other).await.unwrap_err();
    assert!(
        matches!(refused, AppendError::CommandIdReused { .. }),
        "{refused}"
    );
    assert_eq!(log.head(), Position(13));
}

#[tokio::test]
async fn the_order_of_calls_is_the_order_of_the_log_even_if_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for number in 1..=500 {
        drop(log.append(one(number, "SUP-1")));
    }
    let settled = log.settled();
    assert_eq!(settled.await.unwrap(), Position(500));
    let events = log.read_stream(&name("SUP-1"), Version(0), 1000).unwrap();
    let ids: Vec<u64> = events
        .iter()
        .map(|event| event.envelope.id.0.as_u64_pair().1)
        .collect();
    assert_eq!(ids, (1..=500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stored_event_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let data = "{\r\n  \"a\": \"line\\nend\",\n  \"b\": [1,\n2]\n}";
    let appended = log
        .append(commit(1, vec![to("a", Expected::Any, vec![draft(1, data)])]))
        .await
        .unwrap();
    assert_eq!(
        appended.events[0].envelope.data.get(),
        "{  \"a\": \"line\\nend\",  \"b\": [1,2]}"
    );
    assert!(!appended.events[0].bytes.contains(&b'\n'));
    assert_eq!(log.read(Position(0), 1).unwrap(), appended.events);
}

#[tokio::test]
async fn a_commit_larger_than_a_block_keeps_together() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    log.append(one(1, "a-1")).await.unwrap();
    let data = format!("\"{}\"", "x".repeat(9_000));
    let events: Vec<_> = (10..110).map(|number| draft(number, &data)).collect();
    let told = commit(
        2,
        vec![
            to("a-1", version(1), events[..50].to_vec()),
            to("b-1", version(0), events[50..].to_vec()),
        ],
    );
    let appended = log.append(told.clone()).await.unwrap();
    assert_eq!(
        (appended.first, appended.last, appended.events.len()),
        (Position(2), Position(101), 100)
    );
    assert_eq!(log.read(Position(1), 1000).unwrap(), appended.events);
    assert_eq!(
        log.read_stream(&name("a-1"), Version(1), 1000).unwrap(),
        appended.events[..50]
    );
    assert_eq!(
        log.read_stream(&name("a-1"), Version(30), 3).unwrap(),
        appended.events[29..32]
    );
    assert_eq!(
        log.read_category("b", Position(0)).unwrap(),
        appended.events[50..]
    );
    log.close();
    let log = open(dir.path());
    assert_eq!(log.append(told).await.unwrap().events, appended.events);
    assert_eq!(log.open_report().torn_blocks, Vec::<u64>::new());
}

#[tokio::test]
async fn every_handle_is_told_that_the_log_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let other = log.clone();
    let enqueued = log.append(one(1, "a"));
    log.close();
    // What was enqueued before is written.
    assert_eq!(enqueued.await.unwrap().last, Position(1));
    assert!(matches!(
        other.append(one(2, "a")).await,
        Err(AppendError::Closed)
    ));
    assert!(matches!(other.settled().await, Err(AppendError::Closed)));
    assert!(matches!(other.write_head(), Err(AppendError::Closed)));
    assert!(matches!(
        other.read(Position(0), 1),
        Err(event_log::ReadError::Closed)
    ));
    // The lock is free although a handle lives.
    assert_eq!(open(dir.path()).head(), Position(1));
}
