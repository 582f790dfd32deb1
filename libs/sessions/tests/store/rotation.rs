//! Refresh tokens, each used once.

use std::sync::Barrier;
use std::thread;

use chrono::TimeDelta;
use sessions::{NewSignIn, ROTATED_GRACE_S, RotateError, Rotation, SignInMethod};

use crate::house::{ALICE, BOB, House, hash, ids, lifetimes, minute, new_sign_in, sign_in_id};

#[test]
fn a_rotated_token_is_replaced_and_the_sign_in_lasts_as_long_as_the_new_one() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let rotation = sessions
        .rotate(hash(1), hash(11), minute(50), lifetimes())
        .unwrap();
    let expected = Rotation {
        sign_in: sign_in_id(1),
        account: ALICE,
        expires_at: minute(150),
        stays: true,
    };
    assert_eq!(rotation, expected);
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(149)).unwrap()),
        [sign_in_id(1)]
    );
    let rotation = sessions
        .rotate(hash(11), hash(12), minute(149), lifetimes())
        .unwrap();
    assert_eq!(rotation.expires_at, minute(249));
}

#[test]
fn a_token_is_refused_from_the_instant_it_ends_at_and_one_never_issued_always() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let at_end = sessions.rotate(hash(1), hash(2), minute(100), lifetimes());
    assert!(matches!(at_end, Err(RotateError::Expired)));
    assert!(matches!(
        sessions.rotate(hash(9), hash(2), minute(5), lifetimes()),
        Err(RotateError::Unknown)
    ));
    let just_before = minute(100) - TimeDelta::microseconds(1);
    sessions
        .rotate(hash(1), hash(2), just_before, lifetimes())
        .unwrap();
}

#[test]
fn a_token_used_twice_revokes_the_sign_in_of_thief_and_owner_and_no_other() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions.issue(new_sign_in(2, ALICE)).unwrap();
    sessions
        .rotate(hash(1), hash(11), minute(10), lifetimes())
        .unwrap();
    assert!(!sessions.is_revoked(sign_in_id(1)));

    // At once too: this is not the successor that the first one was given.
    let reused = sessions.rotate(hash(1), hash(12), minute(10), lifetimes());
    assert!(matches!(reused, Err(RotateError::Reused { sign_in }) if sign_in == sign_in_id(1)));
    assert!(sessions.is_revoked(sign_in_id(1)));
    for token in [1, 11] {
        let after = sessions.rotate(hash(token), hash(13), minute(11), lifetimes());
        assert!(matches!(after, Err(RotateError::Revoked)), "token {token}");
    }
    assert!(matches!(
        sessions.rotate(hash(12), hash(13), minute(11), lifetimes()),
        Err(RotateError::Unknown)
    ));
    assert!(!sessions.is_revoked(sign_in_id(2)));
    sessions
        .rotate(hash(2), hash(21), minute(11), lifetimes())
        .unwrap();
}

#[test]
fn an_old_token_shown_again_after_its_end_still_counts_as_stolen() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions
        .rotate(hash(1), hash(11), minute(99), lifetimes())
        .unwrap();
    let reused = sessions.rotate(hash(1), hash(12), minute(120), lifetimes());
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
        let refused = sessions.rotate(hash(1), hash(taken), minute(10), lifetimes());
        assert!(matches!(refused, Err(RotateError::HashTaken(_))), "token {taken}");
    }
    sessions
        .rotate(hash(1), hash(11), minute(10), lifetimes())
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
                        sessions.rotate(hash(round), hash(base + round), minute(50), lifetimes())
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
fn only_who_asked_to_stay_signed_in_does_so_for_long() {
    let house = House::new();
    let sessions = house.open();
    for (n, stays) in [(1, true), (2, false)] {
        let new = NewSignIn {
            stays,
            ..new_sign_in(n, ALICE)
        };
        sessions.issue(new).unwrap();
    }
    let long = sessions
        .rotate(hash(1), hash(11), minute(50), lifetimes())
        .unwrap();
    assert_eq!((long.stays, long.expires_at), (true, minute(150)));
    // Also when it ends earlier than the token before would have.
    let brief = sessions
        .rotate(hash(2), hash(21), minute(50), lifetimes())
        .unwrap();
    assert_eq!((brief.stays, brief.expires_at), (false, minute(60)));
    let refused = sessions.rotate(hash(21), hash(22), minute(60), lifetimes());
    assert!(matches!(refused, Err(RotateError::Expired)));
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(60)).unwrap()),
        [sign_in_id(1)]
    );
}

#[test]
fn a_sign_in_was_last_used_when_its_token_was_last_rotated() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let last_used = || sessions.sign_ins(ALICE, minute(50)).unwrap()[0].last_used_at;
    assert_eq!(last_used(), minute(1));
    sessions
        .rotate(hash(1), hash(11), minute(40), lifetimes())
        .unwrap();
    assert_eq!(last_used(), minute(40));
    sessions
        .rotate(hash(9), hash(12), minute(45), lifetimes())
        .unwrap_err();
    assert_eq!(last_used(), minute(40));
}

#[test]
fn a_federated_sign_in_ends_as_a_whole_however_often_its_token_is_rotated() {
    let house = House::new();
    let sessions = house.open();
    let federated = NewSignIn {
        method: SignInMethod::Federated,
        stays: false,
        expires_at: minute(11),
        ..new_sign_in(1, ALICE)
    };
    sessions.issue(federated).unwrap();
    let mut at = 1;
    for n in 1..7 {
        at += 9;
        let rotation = sessions
            .rotate(hash(n), hash(n + 1), minute(at), lifetimes())
            .unwrap();
        assert_eq!(rotation.expires_at, minute((at + 10).min(61)), "rotation {n}");
    }
    let over = sessions.rotate(hash(7), hash(8), minute(61), lifetimes());
    assert!(matches!(over, Err(RotateError::Expired)), "{over:?}");
}

/// Fault U11: two windows that refresh at once, or an answer that was lost, do not end the sign-in.
#[test]
fn a_replaced_token_gives_the_same_successor_for_10_seconds() {
    assert_eq!(ROTATED_GRACE_S, 10);
    let house = House::new();
    let sessions = house.open();
    let later = |micros: i64| minute(50) + TimeDelta::microseconds(micros);
    for (n, after, is_given) in [
        (1, 0, true),
        (2, 9_999_999, true),
        (3, 10_000_000, false),
        // A clock that was set back meanwhile.
        (4, -3_000_000, true),
    ] {
        sessions.issue(new_sign_in(n, ALICE)).unwrap();
        let first = sessions
            .rotate(hash(n), hash(100 + n), minute(50), lifetimes())
            .unwrap();
        let second = sessions.rotate(hash(n), hash(100 + n), later(after), lifetimes());
        match second {
            // It lasts no longer for having been asked for twice.
            Ok(second) => assert_eq!((second, is_given), (first, true), "{after}"),
            Err(RotateError::Reused { .. }) => assert!(!is_given, "{after}"),
            Err(other) => panic!("{after}: {other}"),
        }
        assert_eq!(sessions.is_revoked(sign_in_id(n.into())), !is_given, "{after}");
        let next = sessions.rotate(hash(100 + n), hash(200 + n), minute(51), lifetimes());
        assert_eq!(next.is_ok(), is_given, "{after}");
    }
}

/// Fault U11: many at once are answered alike.
#[test]
fn of_many_threads_that_ask_for_one_successor_all_are_given_it() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let barrier = Barrier::new(8);
    let given: Vec<Rotation> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    sessions
                        .rotate(hash(1), hash(11), minute(50), lifetimes())
                        .unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(given, vec![given[0]; 8]);
    assert!(!sessions.is_revoked(sign_in_id(1)));
}

/// Fault U11: who has the successor and used it proves that the token before was copied.
#[test]
fn a_replaced_token_whose_successor_was_used_revokes_the_sign_in_at_once() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions.issue(new_sign_in(2, BOB)).unwrap();
    for (old, new) in [(1, 11), (11, 12)] {
        sessions
            .rotate(hash(old), hash(new), minute(50), lifetimes())
            .unwrap();
    }
    let reused = sessions.rotate(hash(1), hash(11), minute(50), lifetimes());
    assert!(matches!(reused, Err(RotateError::Reused { sign_in }) if sign_in == sign_in_id(1)));
    let after = sessions.rotate(hash(12), hash(13), minute(50), lifetimes());
    assert!(matches!(after, Err(RotateError::Revoked)));

    // Another's token is no successor, however fresh.
    sessions.issue(new_sign_in(3, BOB)).unwrap();
    sessions
        .rotate(hash(2), hash(21), minute(50), lifetimes())
        .unwrap();
    let others = sessions.rotate(hash(2), hash(3), minute(50), lifetimes());
    assert!(matches!(others, Err(RotateError::Reused { .. })));
    // A sign-in that was ended stays so within the grace.
    sessions
        .rotate(hash(3), hash(31), minute(50), lifetimes())
        .unwrap();
    sessions.revoke(sign_in_id(3)).unwrap();
    let ended = sessions.rotate(hash(3), hash(31), minute(50), lifetimes());
    assert!(matches!(ended, Err(RotateError::Revoked)));
}
