//! Sign-ins and their refresh tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::Barrier;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use sessions::{
    IssueError, NewSignIn, Purged, REVOKED_KEPT_MINUTES, RotateError, Rotation, Sessions, SignIn,
    USER_AGENT_HINT_BYTES_MAX,
};
use tempfile::TempDir;
use uuid::Uuid;

const ALICE: Uuid = Uuid::from_u128(0xA11CE);
const BOB: Uuid = Uuid::from_u128(0xB0B);

struct House {
    _directory: TempDir,
    path: PathBuf,
}

impl House {
    fn new() -> House {
        let directory = TempDir::new().unwrap();
        House {
            path: directory.path().join("sessions.sqlite"),
            _directory: directory,
        }
    }

    fn open(&self) -> Sessions {
        Sessions::open(&self.path).unwrap()
    }
}

/// So many minutes after a certain noon.
fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn hash(n: u8) -> [u8; 32] {
    [n; 32]
}

fn sign_in_id(n: u128) -> Uuid {
    Uuid::from_u128(0x516 << 32 | n)
}

/// Sign-in `n`, begun at minute `n` with the token `n`, which ends at minute 100.
fn new_sign_in(n: u8, account: Uuid) -> NewSignIn {
    NewSignIn {
        id: sign_in_id(n.into()),
        account,
        refresh_hash: hash(n),
        at: minute(n.into()),
        expires_at: minute(100),
        user_agent_hint: Some(format!("Firefox {n}")),
    }
}

fn ids(sign_ins: &[SignIn]) -> Vec<Uuid> {
    sign_ins.iter().map(|sign_in| sign_in.id).collect()
}

#[test]
fn a_sign_in_is_given_back_and_listed_to_its_account_alone_the_newest_first() {
    let sessions = House::new();
    let sessions = sessions.open();
    let first = sessions.issue(new_sign_in(1, ALICE)).unwrap();
    assert_eq!(
        first,
        SignIn {
            id: sign_in_id(1),
            account: ALICE,
            at: minute(1),
            expires_at: minute(100),
            user_agent_hint: Some("Firefox 1".into()),
        }
    );
    let second = sessions
        .issue(NewSignIn {
            user_agent_hint: None,
            ..new_sign_in(2, ALICE)
        })
        .unwrap();
    sessions.issue(new_sign_in(3, BOB)).unwrap();
    assert_eq!(sessions.sign_ins(ALICE, minute(50)).unwrap(), [second, first]);
    assert_eq!(ids(&sessions.sign_ins(BOB, minute(99)).unwrap()), [sign_in_id(3)]);
    assert_eq!(sessions.sign_ins(BOB, minute(100)).unwrap(), [], "over");
}

#[test]
fn a_long_user_agent_is_cut_off_between_two_characters() {
    let house = House::new();
    let hint = "é".repeat(USER_AGENT_HINT_BYTES_MAX);
    let new = NewSignIn {
        user_agent_hint: Some(format!("x{hint}")),
        ..new_sign_in(1, ALICE)
    };
    let kept = house.open().issue(new).unwrap().user_agent_hint.unwrap();
    assert_eq!(kept, format!("x{}", &hint[..USER_AGENT_HINT_BYTES_MAX - 2]));
    assert_eq!(kept.len(), USER_AGENT_HINT_BYTES_MAX - 1);
}

#[test]
fn neither_an_id_nor_a_token_is_given_twice_and_a_refused_sign_in_leaves_nothing() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let same_id = NewSignIn {
        refresh_hash: hash(2),
        ..new_sign_in(1, BOB)
    };
    assert!(matches!(sessions.issue(same_id), Err(IssueError::Taken(_))));
    let same_token = NewSignIn {
        refresh_hash: hash(1),
        ..new_sign_in(2, BOB)
    };
    assert!(matches!(sessions.issue(same_token), Err(IssueError::Taken(_))));
    assert_eq!(sessions.sign_ins(BOB, minute(5)).unwrap(), []);
    assert!(matches!(
        sessions.rotate(hash(2), hash(3), minute(5), minute(200)),
        Err(RotateError::Unknown)
    ));
}

#[test]
fn a_rotated_token_is_replaced_and_the_sign_in_lasts_as_long_as_the_new_one() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let rotation = sessions
        .rotate(hash(1), hash(11), minute(50), minute(150))
        .unwrap();
    let expected = Rotation {
        sign_in: sign_in_id(1),
        account: ALICE,
        expires_at: minute(150),
    };
    assert_eq!(rotation, expected);
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(149)).unwrap()),
        [sign_in_id(1)]
    );
    let rotation = sessions
        .rotate(hash(11), hash(12), minute(149), minute(249))
        .unwrap();
    assert_eq!(rotation.expires_at, minute(249));
}

#[test]
fn a_token_is_refused_from_the_instant_it_ends_at_and_one_never_issued_always() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let at_end = sessions.rotate(hash(1), hash(2), minute(100), minute(200));
    assert!(matches!(at_end, Err(RotateError::Expired)));
    assert!(matches!(
        sessions.rotate(hash(9), hash(2), minute(5), minute(200)),
        Err(RotateError::Unknown)
    ));
    let just_before = minute(100) - TimeDelta::microseconds(1);
    sessions
        .rotate(hash(1), hash(2), just_before, minute(200))
        .unwrap();
}

#[test]
fn a_token_used_twice_revokes_the_sign_in_of_thief_and_owner_and_no_other() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions.issue(new_sign_in(2, ALICE)).unwrap();
    sessions
        .rotate(hash(1), hash(11), minute(10), minute(110))
        .unwrap();
    assert!(!sessions.is_revoked(sign_in_id(1)));

    // At once, without any grace.
    let reused = sessions.rotate(hash(1), hash(12), minute(10), minute(110));
    assert!(matches!(reused, Err(RotateError::Reused { sign_in }) if sign_in == sign_in_id(1)));
    assert!(sessions.is_revoked(sign_in_id(1)));
    for token in [1, 11] {
        let after = sessions.rotate(hash(token), hash(13), minute(11), minute(111));
        assert!(matches!(after, Err(RotateError::Revoked)), "token {token}");
    }
    assert!(matches!(
        sessions.rotate(hash(12), hash(13), minute(11), minute(111)),
        Err(RotateError::Unknown)
    ));
    assert!(!sessions.is_revoked(sign_in_id(2)));
    sessions
        .rotate(hash(2), hash(21), minute(11), minute(111))
        .unwrap();
}

#[test]
fn an_old_token_shown_again_after_its_end_still_counts_as_stolen() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions
        .rotate(hash(1), hash(11), minute(99), minute(199))
        .unwrap();
    let reused = sessions.rotate(hash(1), hash(12), minute(120), minute(220));
    assert!(matches!(reused, Err(RotateError::Reused { .. })));
    assert!(sessions.is_revoked(sign_in_id(1)));
}

#[test]
fn a_new_token_that_was_used_before_is_refused_and_the_old_one_stays_good() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions.issue(new_sign_in(2, BOB)).unwrap();
    for taken in [1, 2] {
        let refused = sessions.rotate(hash(1), hash(taken), minute(10), minute(110));
        assert!(matches!(refused, Err(RotateError::HashTaken(_))), "token {taken}");
    }
    sessions
        .rotate(hash(1), hash(11), minute(10), minute(110))
        .unwrap();
}

#[test]
fn of_two_threads_that_rotate_one_token_exactly_one_wins_and_the_other_is_told_of_reuse() {
    let house = House::new();
    let sessions = house.open();
    for round in 0..20_u8 {
        sessions.issue(new_sign_in(round, ALICE)).unwrap();
        let barrier = Barrier::new(2);
        let outcomes: Vec<Result<Rotation, RotateError>> = thread::scope(|scope| {
            let threads: Vec<_> = [100, 200]
                .map(|base| {
                    let (sessions, barrier) = (&sessions, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        sessions.rotate(hash(round), hash(base + round), minute(50), minute(150))
                    })
                })
                .into_iter()
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sign_in = sign_in_id(round.into());
        let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let told = |outcome: &&Result<Rotation, RotateError>| matches!(outcome, Err(RotateError::Reused { sign_in: named }) if *named == sign_in);
        assert_eq!(
            (winners, outcomes.iter().filter(told).count()),
            (1, 1),
            "round {round}"
        );
        assert!(sessions.is_revoked(sign_in));
    }
}

#[test]
fn a_revoked_sign_in_rotates_no_more_and_is_revoked_once() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions.issue(new_sign_in(2, ALICE)).unwrap();
    assert!(sessions.revoke(sign_in_id(1)).unwrap());
    assert!(!sessions.revoke(sign_in_id(1)).unwrap(), "it was already");
    assert!(!sessions.revoke(sign_in_id(9)).unwrap(), "there is none");
    assert!(matches!(
        sessions.rotate(hash(1), hash(11), minute(10), minute(110)),
        Err(RotateError::Revoked)
    ));
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(10)).unwrap()),
        [sign_in_id(2)]
    );
    assert!(sessions.is_revoked(sign_in_id(1)));
    assert!(!sessions.is_revoked(sign_in_id(2)) && !sessions.is_revoked(sign_in_id(9)));
}

#[test]
fn signing_out_everywhere_ends_all_sign_ins_of_that_account_only() {
    let house = House::new();
    let sessions = house.open();
    for (n, account) in [(1, ALICE), (2, ALICE), (3, ALICE), (4, BOB)] {
        sessions.issue(new_sign_in(n, account)).unwrap();
    }
    sessions.revoke(sign_in_id(2)).unwrap();
    let mut ended = sessions.revoke_account(ALICE).unwrap();
    ended.sort();
    assert_eq!(ended, [sign_in_id(1), sign_in_id(3)]);
    assert_eq!(sessions.revoke_account(ALICE).unwrap(), Vec::<Uuid>::new());
    let revoked: Vec<bool> = (1..=4).map(|n| sessions.is_revoked(sign_in_id(n))).collect();
    assert_eq!(revoked, [true, true, true, false]);
    sessions
        .rotate(hash(4), hash(41), minute(10), minute(110))
        .unwrap();
}

#[test]
fn a_restart_forgets_neither_tokens_nor_rotations_nor_revocations() {
    let house = House::new();
    let sessions = house.open();
    for n in 1..=4 {
        sessions.issue(new_sign_in(n, ALICE)).unwrap();
    }
    sessions
        .rotate(hash(1), hash(11), minute(10), minute(110))
        .unwrap();
    sessions.revoke(sign_in_id(2)).unwrap();
    sessions
        .rotate(hash(3), hash(31), minute(10), minute(110))
        .unwrap();
    sessions
        .rotate(hash(3), hash(32), minute(10), minute(110))
        .unwrap_err();
    drop(sessions);

    let sessions = house.open();
    let revoked: Vec<bool> = (1..=4).map(|n| sessions.is_revoked(sign_in_id(n))).collect();
    assert_eq!(revoked, [false, true, true, false]);
    sessions
        .rotate(hash(11), hash(12), minute(11), minute(111))
        .unwrap();
    let reused = sessions.rotate(hash(1), hash(13), minute(11), minute(111));
    assert!(matches!(reused, Err(RotateError::Reused { .. })));
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(12)).unwrap()),
        [sign_in_id(4)]
    );
}

#[test]
fn purging_removes_what_is_over_and_keeps_a_revocation_until_no_access_token_can_be_left() {
    let house = House::new();
    let sessions = house.open();
    for n in 1..=3 {
        sessions.issue(new_sign_in(n, ALICE)).unwrap();
    }
    sessions
        .rotate(hash(3), hash(31), minute(99), minute(300))
        .unwrap();
    sessions.revoke(sign_in_id(1)).unwrap();
    assert_eq!(sessions.purge(minute(99)).unwrap(), Purged::default());

    // At minute 100 the tokens 1, 2 and 3 end; the sign-ins 1 and 2 are kept for a while.
    let purged = sessions.purge(minute(100)).unwrap();
    assert_eq!(
        purged,
        Purged {
            sign_ins: 0,
            refresh_tokens: 3,
            failures: 0
        }
    );
    let late = minute(100 + REVOKED_KEPT_MINUTES);
    assert_eq!(
        sessions.purge(late - TimeDelta::microseconds(1)).unwrap(),
        Purged::default()
    );
    assert!(sessions.is_revoked(sign_in_id(1)));
    assert!(matches!(
        sessions.rotate(hash(2), hash(21), late, minute(300)),
        Err(RotateError::Unknown)
    ));

    let purged = sessions.purge(late).unwrap();
    assert_eq!(
        purged,
        Purged {
            sign_ins: 2,
            refresh_tokens: 0,
            failures: 0
        }
    );
    assert!(
        !sessions.is_revoked(sign_in_id(1)),
        "nothing is left that it could refuse"
    );
    assert_eq!(ids(&sessions.sign_ins(ALICE, late).unwrap()), [sign_in_id(3)]);
    sessions.rotate(hash(31), hash(32), late, minute(400)).unwrap();
}
