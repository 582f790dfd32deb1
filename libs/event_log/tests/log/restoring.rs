//! Building a log from its archive or an export.

use std::convert::Infallible;
use std::path::Path;

use event_log::{
    EventLog, Expected, LogState, OpenError, Options, Position, RestoreError, Restored, Stored, Version,
    import, restore,
};

use crate::drafts::*;

/// A log of three streams and two events a commit, some of them large.
async fn some_log(dir: &Path, commits: u64) -> EventLog {
    let log = open(dir);
    for number in 0..commits {
        let filler = "x".repeat(usize::try_from(number % 7).unwrap() * 1000);
        let events = (0..2)
            .map(|event| draft(number * 2 + event, &format!("\"{filler}\"")))
            .collect();
        let write = if number % 5 == 0 {
            next_in("SUP", events)
        } else {
            to(&format!("ENT-{}", number % 3 + 1), Expected::Any, events)
        };
        log.append(commit(number, vec![write])).await.unwrap();
    }
    log
}

fn sealed(log: &EventLog, ranges: &[(u64, u64)]) -> Vec<Result<Vec<u8>, Infallible>> {
    let seal = |(first, last): &(u64, u64)| log.segment(Position(*first), Position(*last)).unwrap();
    ranges.iter().map(|range| Ok(seal(range))).collect()
}

/// All that a reader may ask of a log.
fn everything(log: &EventLog, commits: u64) -> impl PartialEq + std::fmt::Debug + use<> {
    let streams: Vec<_> = ["SUP-1", "SUP-2", "ENT-1", "ENT-2", "ENT-3"]
        .iter()
        .map(|stream| log.read_stream(&name(stream), Version(0), usize::MAX).unwrap())
        .collect();
    let commands: Vec<_> = (0..commits)
        .map(|number| {
            log.command(command_id(number))
                .unwrap()
                .map(|(digest, done)| (digest, done.events))
        })
        .collect();
    let categories = ["SUP", "ENT"].map(|category| log.read_category(category, Position(0)).unwrap());
    (
        log.read(Position(0), usize::MAX).unwrap(),
        streams,
        commands,
        categories,
    )
}

#[tokio::test]
async fn a_log_restored_from_its_archive_is_the_same_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = some_log(&dir.path().join("old"), 100).await;
    let segments = sealed(&log, &[(1, 1), (2, 70), (71, 199), (200, 200)]);
    let new = dir.path().join("new");
    let restored = restore(&new, 3, segments).unwrap();
    let last = log.read(Position(199), 1).unwrap();
    assert_eq!(
        restored,
        Restored {
            head: Position(200),
            digest: last[0].digest()
        }
    );
    let copy = open(&new);
    assert_eq!(
        (copy.state(), copy.head(), copy.epoch()),
        (LogState::Writable, Position(200), 3)
    );
    assert_eq!(everything(&copy, 100), everything(&log, 100));
    // Its index came with it, and is the one that the log would make.
    assert_eq!(*copy.open_report(), event_log::OpenReport::default());
    copy.close();
    std::fs::remove_dir_all(new.join("index")).unwrap();
    let copy = open(&new);
    assert_eq!(everything(&copy, 100), everything(&log, 100));
    // Both go on alike.
    let more = || commit(100, vec![next_in("SUP", vec![draft(500, "1")])]);
    let (ours, theirs) = (
        copy.append(more()).await.unwrap(),
        log.append(more()).await.unwrap(),
    );
    assert_eq!(ours.events, theirs.events);
}

#[tokio::test]
async fn a_log_imported_from_its_stored_bytes_is_the_same_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = some_log(&dir.path().join("old"), 50).await;
    let stored = log.read_stored(Position(0), usize::MAX, usize::MAX).unwrap();
    let events = stored.into_iter().map(Ok::<Stored, Infallible>);
    assert_eq!(
        import(&dir.path().join("new"), 0, events).unwrap().head,
        Position(100)
    );
    assert_eq!(
        everything(&open(&dir.path().join("new")), 50),
        everything(&log, 50)
    );
    let empty = import::<Infallible>(&dir.path().join("empty"), 0, []).unwrap();
    assert_eq!((empty.head, empty.digest), (Position(0), [0; 32]));
    assert_eq!(open(&dir.path().join("empty")).head(), Position(0));
}

#[tokio::test]
async fn restoring_ends_at_the_first_segment_that_does_not_follow() {
    let dir = tempfile::tempdir().unwrap();
    let log = some_log(&dir.path().join("old"), 50).await;
    let other = open(&dir.path().join("other"));
    fill(&other, 0..100).await;
    let all = sealed(&log, &[(1, 40), (41, 60), (61, 100)]);
    let foreign = sealed(&other, &[(41, 60)]);
    let second = all[1].clone().unwrap();
    let turned = |at: usize| {
        let mut turned = second.clone();
        turned[at] ^= 1;
        turned
    };
    let mut next_dir = 0;
    let mut ended = |segments: Vec<Vec<u8>>| {
        next_dir += 1;
        let new = dir.path().join(format!("new-{next_dir}"));
        let error = restore::<Infallible>(&new, 0, segments.into_iter().map(Ok)).unwrap_err();
        // What is whole can be read, and takes no writes until somebody accepts the loss (fault S6).
        let log = open(&new);
        let state = log.state();
        let is_held = matches!(
            state,
            LogState::ReadOnly {
                floor: Position(41),
                ..
            }
        );
        assert!(is_held, "{state:?}");
        assert_eq!(log.head(), Position(40));
        assert_eq!(log.read(Position(0), 100).unwrap().len(), 40);
        error
    };
    let [first, _, third] = [0, 1, 2].map(|at: usize| all[at].clone().unwrap());
    let error = ended(vec![first.clone(), third.clone()]);
    assert!(
        matches!(
            error,
            RestoreError::Gap {
                whole_to: Position(40),
                found: Position(61)
            }
        ),
        "{error}"
    );
    let error = ended(vec![first.clone(), foreign[0].clone().unwrap(), third.clone()]);
    assert!(
        matches!(
            error,
            RestoreError::OtherHistory {
                whole_to: Position(40)
            }
        ),
        "{error}"
    );
    for at in [0, 20, second.len() / 2, second.len() - 1] {
        let error = ended(vec![first.clone(), turned(at), third.clone()]);
        assert!(
            matches!(
                error,
                RestoreError::Segment {
                    whole_to: Position(40),
                    ..
                }
            ),
            "{at}: {error}"
        );
    }
}

#[tokio::test]
async fn a_source_that_fails_leaves_what_was_had_before() {
    let dir = tempfile::tempdir().unwrap();
    let log = some_log(&dir.path().join("old"), 50).await;
    let first = log.segment(Position(1), Position(40)).unwrap();
    let new = dir.path().join("new");
    let segments = [Ok(first.clone()), Err(std::io::Error::other("gone"))];
    let error = restore(&new, 0, segments).unwrap_err();
    assert!(
        matches!(&error, RestoreError::Source { whole_to: Position(40), source } if source.to_string() == "gone"),
        "{error}"
    );
    assert_eq!(open(&new).head(), Position(40));
    // A directory that holds something is left alone.
    let error = restore::<Infallible>(&new, 0, [Ok(first)]).unwrap_err();
    assert!(matches!(error, RestoreError::NotEmpty { .. }), "{error}");
    assert_eq!(open(&new).head(), Position(40));
}

#[tokio::test]
async fn events_that_do_not_belong_end_an_import() {
    let dir = tempfile::tempdir().unwrap();
    let log = some_log(&dir.path().join("old"), 10).await;
    let stored = log.read_stored(Position(0), usize::MAX, usize::MAX).unwrap();
    type Change = fn(&mut Stored);
    let changes: [Change; 4] = [
        |event| event.bytes = "{}".into(),
        |event| event.bytes = event.bytes.slice(1..),
        // The event before it, once more: its version is there already.
        |event| {
            event.bytes = String::from_utf8(event.bytes.to_vec())
                .unwrap()
                .replace("\"version\":", "\"version\":1")
                .into()
        },
        |event| event.bytes = format!("{{\"x\":\"{}\"}}", "x".repeat(50_000)).into(),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut events = stored.clone();
        change(&mut events[7]);
        let new = dir.path().join(number.to_string());
        let error = import(&new, 0, events.into_iter().map(Ok::<Stored, Infallible>)).unwrap_err();
        assert!(
            matches!(
                error,
                RestoreError::NotTheNextEvent {
                    whole_to: Position(7)
                }
            ),
            "{number}: {error}"
        );
        assert_eq!(open(&new).head(), Position(7));
    }
}

#[tokio::test]
async fn a_log_that_is_being_built_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("UNFINISHED"), "").unwrap();
    for refused in [
        EventLog::open(dir.path(), Options::default()).unwrap_err(),
        event_log::accept_loss(dir.path(), &Options::default()).unwrap_err(),
    ] {
        assert!(matches!(refused, OpenError::Unfinished { .. }), "{refused}");
    }
}
