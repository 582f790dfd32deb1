//! The bounds of the queue.

use chrono::DateTime;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::*;
use crate::commit::{Channel, Commit, EventDraft, Expected, StreamWrite, Target};
use crate::encode;
use crate::place::{CommandId, EventId};

pub(crate) fn commit(number: u128, data: &str) -> Commit {
    let draft = EventDraft {
        id: EventId(Uuid::from_u128(number)),
        event_type: "note-taken.v1".to_owned(),
        at: DateTime::from_timestamp_millis(0).unwrap(),
        occurred_at: None,
        sent_at: None,
        by: Uuid::nil(),
        on_behalf_of: None,
        channel: Channel::Rest,
        correlation_id: Uuid::nil(),
        causation_id: None,
        data: RawValue::from_string(data.to_owned()).unwrap(),
    };
    let target = Target::Stream("a".parse().unwrap());
    let writes = vec![StreamWrite {
        target,
        expected: Expected::Any,
        events: vec![draft],
    }];
    Commit {
        command_id: CommandId(Uuid::from_u128(number)),
        command_digest: [0; 32],
        writes,
    }
}

fn submission(number: u128, data: &str) -> Submission {
    let (to, _) = oneshot::channel();
    Submission::Commit(Box::new(encode::encode(&mut commit(number, data)).unwrap()), to)
}

#[test]
fn a_full_queue_says_that_it_is_busy_and_takes_more_once_emptied() {
    let queue = Queue::default();
    for number in 0..QUEUE_COMMITS_MAX {
        queue.push(submission(number as u128, "{}")).unwrap();
    }
    let refused = queue.push(submission(9_999, "{}")).unwrap_err();
    assert!(
        matches!(
            refused,
            AppendError::Busy {
                waiting: QUEUE_COMMITS_MAX
            }
        ),
        "{refused}"
    );
    // To wait for what is enqueued is never refused.
    let (to, _asked) = oneshot::channel();
    queue.push(Submission::Settled(to)).unwrap();
    let mut taken = 0;
    while taken < QUEUE_COMMITS_MAX + 1 {
        taken += queue.take().unwrap().len();
    }
    queue.push(submission(9_999, "{}")).unwrap();
    queue.end(Ended::Closed);
    assert_eq!(queue.take().unwrap().len(), 1);
    assert!(queue.take().is_none());
}

#[test]
fn the_bytes_that_wait_are_bounded() {
    let queue = Queue::default();
    let data = format!("\"{}\"", "x".repeat(47_000));
    let bytes = submission(0, &data).bytes();
    let fitting = QUEUE_BYTES_MAX / bytes;
    for number in 0..fitting {
        queue.push(submission(number as u128, &data)).unwrap();
    }
    assert!(matches!(
        queue.push(submission(9_999, &data)),
        Err(AppendError::Busy { .. })
    ));
    // A group takes what fits it, and leaves the rest in order.
    assert_eq!(queue.take().unwrap().len(), GROUP_BYTES_MAX / bytes);
    queue.push(submission(9_999, &data)).unwrap();
}
