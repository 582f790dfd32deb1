//! Every limit, at it and beyond it.

use event_log::limits::*;
use event_log::{AppendError, EVENT_BYTES_MAX, EventDraft, EventLog, Expected, LogState, Options, Position};

use crate::drafts::*;

async fn refused(log: &EventLog, commit: event_log::Commit) -> AppendError {
    log.append(commit).await.unwrap_err()
}

#[tokio::test]
async fn a_commit_needs_events_and_may_not_have_too_many() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert!(matches!(
        refused(&log, commit(1, vec![])).await,
        AppendError::EmptyCommit
    ));
    let half_empty = vec![
        to("a", Expected::Any, vec![draft(1, "1")]),
        to("b", Expected::Any, vec![]),
    ];
    assert!(matches!(
        refused(&log, commit(1, half_empty)).await,
        AppendError::EmptyCommit
    ));
    let most: Vec<_> = (0..COMMIT_EVENTS_MAX as u64)
        .map(|number| draft(number, "1"))
        .collect();
    let more = vec![
        to("a", Expected::Any, most.clone()),
        to("b", Expected::Any, vec![draft(1, "1")]),
    ];
    assert!(matches!(
        refused(&log, commit(1, more)).await,
        AppendError::TooManyEvents {
            count: 1001,
            max: 1000
        }
    ));
    assert_eq!(
        log.append(commit(1, vec![to("a", Expected::Any, most)]))
            .await
            .unwrap()
            .last,
        Position(1000)
    );
}

/// A payload with which the event takes so many bytes, counted as the limit does.
fn sized(number: u64, bytes: usize) -> EventDraft {
    const ENVELOPE_BYTES: usize = 410;
    draft(number, &format!("\"{}\"", "x".repeat(bytes - ENVELOPE_BYTES)))
}

#[tokio::test]
async fn the_largest_event_fits_and_one_byte_more_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let write = |bytes| vec![to("a", Expected::Any, vec![draft(0, "1"), sized(1, bytes)])];
    let error = refused(&log, commit(1, write(EVENT_BYTES_MAX + 1))).await;
    assert_eq!(
        error.to_string(),
        format!(
            "event 1 of the commit has {} bytes, more than {EVENT_BYTES_MAX}",
            EVENT_BYTES_MAX + 1
        )
    );
    let appended = log.append(commit(1, write(EVENT_BYTES_MAX))).await.unwrap();
    // The limit counts the longest version there could be, 19 digits more than this one has.
    assert_eq!(appended.events[1].bytes.len(), EVENT_BYTES_MAX - 19);
    assert_eq!(log.read(Position(0), 2).unwrap(), appended.events);
}

#[tokio::test]
async fn the_largest_text_stands_in_its_event_sealed_and_in_base64() {
    let sealed = (TEXT_BYTES_MAX + 64).div_ceil(3) * 4;
    assert!(sealed + 4 * 1024 < EVENT_BYTES_MAX);
}

#[tokio::test]
async fn a_commit_of_a_mebibyte_fits_and_one_byte_more_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let size = 32 * 1024;
    let mut events: Vec<_> = (0..32).map(|number| sized(number, size)).collect();
    assert_eq!(events.len() * size, COMMIT_BYTES_MAX);
    let appended = log
        .append(commit(1, vec![to("a", Expected::Any, events.clone())]))
        .await
        .unwrap();
    assert_eq!(appended.events.len(), 32);
    events[7] = sized(7, size + 1);
    let error = refused(&log, commit(2, vec![to("a", Expected::Any, events)])).await;
    assert!(
        matches!(error, AppendError::CommitTooLarge { bytes, max: COMMIT_BYTES_MAX } if bytes == COMMIT_BYTES_MAX + 1),
        "{error}"
    );
}

#[tokio::test]
async fn a_clock_behind_the_log_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let write = |number, ms| commit(number, vec![to("a", Expected::Any, vec![draft_at(number, ms)])]);
    log.append(write(1, 10_000)).await.unwrap();
    log.append(write(2, 10_000 - CLOCK_BEHIND_MAX_MS)).await.unwrap();
    let error = refused(&log, write(3, 9_999 - CLOCK_BEHIND_MAX_MS)).await;
    assert!(
        matches!(
            error,
            AppendError::ClockBehind {
                behind_ms: 5001,
                max_ms: 5000
            }
        ),
        "{error}"
    );
    log.close();
    // The running maximum survives, although the last event is not the latest.
    let log = open(dir.path());
    let error = refused(&log, write(3, 9_999 - CLOCK_BEHIND_MAX_MS)).await;
    assert!(
        matches!(error, AppendError::ClockBehind { behind_ms: 5001, .. }),
        "{error}"
    );
    // A command told before is answered whatever the clock says.
    assert!(log.append(write(2, 0)).await.unwrap().repeated);
    assert_eq!(log.head(), Position(2));
}

#[tokio::test]
async fn a_time_without_four_digits_of_year_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let far = EventDraft {
        occurred_at: Some(chrono::DateTime::<chrono::Utc>::MAX_UTC),
        ..draft(1, "1")
    };
    let error = refused(
        &log,
        commit(1, vec![to("a", Expected::Any, vec![draft(0, "1"), far])]),
    )
    .await;
    assert!(
        matches!(error, AppendError::TimeOutOfRange { event_index: 1 }),
        "{error}"
    );
}

#[tokio::test]
async fn a_full_disk_refuses_commits_and_answers_what_is_known() {
    let dir = log_of(3).await;
    let options = Options {
        disk_reserve_bytes: u64::MAX,
        ..Options::default()
    };
    let log = EventLog::open(dir.path(), options).unwrap();
    let refused = log.append(one(3, "SUP-1")).await.unwrap_err();
    let AppendError::DiskFull {
        free_bytes,
        reserve_bytes: u64::MAX,
    } = refused
    else {
        panic!("{refused}")
    };
    assert!(free_bytes > 0);
    assert!(matches!(
        log.state(),
        LogState::Full {
            reserve_bytes: u64::MAX,
            ..
        }
    ));
    assert!(log.append(one(2, "SUP-3")).await.unwrap().repeated);
    assert_eq!(log.settled().await.unwrap(), Position(3));
    assert_eq!(log.read(Position(0), 10).unwrap().len(), 3);
    assert_eq!(log.write_head().unwrap(), Position(3));
    log.close();
    fill(&open(dir.path()), 3..4).await;
}
