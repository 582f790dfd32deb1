//! The members of one group, which no test from outside can bring together for certain.

use chrono::DateTime;
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::*;
use crate::commit::{Channel, Commit, EventDraft, StreamWrite, Target};
use crate::encode;
use crate::index::Index;
use crate::place::EventId;

type Asked = oneshot::Receiver<Result<Answer, AppendError>>;

fn member(command: u128, digest: u8, target: Target, expected: Expected, at_ms: i64) -> (Submission, Asked) {
    let draft = EventDraft {
        id: EventId(Uuid::from_u128(command)),
        event_type: "note-taken.v1".to_owned(),
        at: DateTime::from_timestamp_millis(at_ms).unwrap(),
        occurred_at: None,
        sent_at: None,
        by: Uuid::nil(),
        on_behalf_of: None,
        channel: Channel::Timer,
        correlation_id: Uuid::nil(),
        causation_id: None,
        data: RawValue::from_string("{}".to_owned()).unwrap(),
    };
    let writes = vec![StreamWrite {
        target,
        expected,
        events: vec![draft],
    }];
    let mut commit = Commit {
        command_id: CommandId(Uuid::from_u128(command)),
        command_digest: [digest; 32],
        writes,
    };
    let (to, asked) = oneshot::channel();
    (
        Submission::Commit(Box::new(encode::encode(&mut commit).unwrap()), to),
        asked,
    )
}

fn stream(name: &str) -> Target {
    Target::Stream(name.parse().unwrap())
}

fn next_in(prefix: &str) -> Target {
    Target::NextIn(prefix.parse().unwrap())
}

/// Plans the members as one group of an empty log, and answers them as if it were on disk.
fn answers(members: Vec<(Submission, Asked)>) -> (Vec<Block>, Vec<Result<Answer, AppendError>>) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::open::database_for_test(dir.path());
    let index = Index::open(&dir.path().join("index"), 100, |_| true).unwrap();
    let (submissions, asked): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let end = End {
        head: Position(0),
        running_max_micros: i64::MIN,
    };
    let group = plan(submissions, &store, Heads::over(&index), end, None);
    assert!(group.fault.is_none());
    let head = group.blocks.last().map_or(Position(0), Block::last);
    group
        .replies
        .into_iter()
        .for_each(|reply| reply.send(&group.blocks, head));
    let answers = asked
        .into_iter()
        .map(|mut asked| asked.try_recv().unwrap())
        .collect();
    (group.blocks, answers)
}

fn written(answer: &Result<Answer, AppendError>) -> (u64, String, u64) {
    match answer {
        Ok(Answer::Written { first, streams, .. }) => (first.0, streams[0].0.to_string(), streams[0].1.0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_of_one_group_see_each_others_versions_and_numbers() {
    let first = Expected::Version(Version(0));
    let (blocks, answers) = answers(vec![
        member(1, 1, stream("a"), first, 0),
        member(2, 2, stream("a"), first, 0),
        member(3, 3, stream("a"), Expected::Version(Version(1)), 0),
        member(4, 4, next_in("SUP"), first, 0),
        member(5, 5, next_in("SUP"), first, 0),
        member(6, 6, stream("SUP-3"), first, 0),
        member(7, 7, next_in("SUP"), first, 0),
    ]);
    assert_eq!(written(&answers[0]), (1, "a".to_owned(), 1));
    assert!(
        matches!(
            &answers[1],
            Err(AppendError::Conflict {
                actual: Version(1),
                ..
            })
        ),
        "{:?}",
        answers[1]
    );
    assert_eq!(written(&answers[2]), (2, "a".to_owned(), 2));
    assert_eq!(written(&answers[3]), (3, "SUP-1".to_owned(), 1));
    assert_eq!(written(&answers[4]), (4, "SUP-2".to_owned(), 1));
    assert_eq!(written(&answers[5]), (5, "SUP-3".to_owned(), 1));
    assert_eq!(written(&answers[6]), (6, "SUP-4".to_owned(), 1));
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].previous_in_stream(Position(2)), Some(Position(1)));
    assert_eq!(blocks[0].previous_in_stream(Position(6)), Some(Position(0)));
    assert_eq!(blocks[0].previous_in_category(Position(6)), Some(Position(5)));
}

#[test]
fn a_command_twice_in_one_group_is_written_once() {
    let (blocks, answers) = answers(vec![
        member(1, 1, next_in("SUP"), Expected::Any, 0),
        member(1, 1, next_in("SUP"), Expected::Any, 0),
        member(1, 2, next_in("SUP"), Expected::Any, 0),
    ]);
    assert_eq!(written(&answers[0]), (1, "SUP-1".to_owned(), 1));
    assert!(
        matches!(
            answers[1],
            Ok(Answer::Repeated {
                first: Position(1),
                count: 1
            })
        ),
        "{:?}",
        answers[1]
    );
    assert!(
        matches!(answers[2], Err(AppendError::CommandIdReused { .. })),
        "{:?}",
        answers[2]
    );
    assert_eq!(blocks[0].last(), Position(1));
}

#[test]
fn a_clock_is_behind_an_earlier_member_of_its_group() {
    let (_, answers) = answers(vec![
        member(1, 1, stream("a"), Expected::Any, 10_000),
        member(2, 2, stream("a"), Expected::Any, 4_999),
        member(3, 3, stream("a"), Expected::Any, 5_000),
    ]);
    assert!(
        matches!(answers[1], Err(AppendError::ClockBehind { behind_ms: 5001, .. })),
        "{:?}",
        answers[1]
    );
    assert_eq!(written(&answers[2]).0, 2);
}

#[test]
fn a_refused_command_may_come_again_in_the_same_group() {
    let (_, answers) = answers(vec![
        member(1, 1, stream("a"), Expected::Version(Version(1)), 0),
        member(2, 2, stream("a"), Expected::Any, 0),
        member(1, 1, stream("a"), Expected::Version(Version(1)), 0),
    ]);
    assert!(
        matches!(
            answers[0],
            Err(AppendError::Conflict {
                actual: Version(0),
                ..
            })
        ),
        "{:?}",
        answers[0]
    );
    assert_eq!(written(&answers[2]), (2, "a".to_owned(), 2));
}
