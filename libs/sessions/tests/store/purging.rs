//! What is over is removed.

use chrono::{DateTime, TimeDelta, Utc};
use sessions::{
    DELIVERY_KEPT_HOURS, NewOnce, OnceError, POSTED_KEPT_HOURS, Purged, REVOKED_KEPT_MINUTES, RotateError,
    Sessions, Settled,
};

use crate::house::{
    ALICE, House, hash, ids, lifetimes, minute, new_delivery, new_once, new_sign_in, posted, sign_in_id,
};

#[test]
fn purging_removes_what_is_over_and_keeps_a_revocation_until_no_access_token_can_be_left() {
    let house = House::new();
    let sessions = house.open();
    for n in 1..=3 {
        sessions.issue(new_sign_in(n, ALICE)).unwrap();
    }
    sessions
        .rotate(hash(3), hash(31), minute(99), lifetimes())
        .unwrap();
    sessions.revoke(sign_in_id(1)).unwrap();
    assert_eq!(sessions.purge(minute(99)).unwrap(), Purged::default());

    // At minute 100 the tokens 1, 2 and 3 end; the sign-ins 1 and 2 are kept for a while.
    let purged = sessions.purge(minute(100)).unwrap();
    assert_eq!(
        purged,
        Purged {
            refresh_tokens: 3,
            ..Purged::default()
        }
    );
    let late = minute(100 + REVOKED_KEPT_MINUTES);
    assert_eq!(
        sessions.purge(late - TimeDelta::microseconds(1)).unwrap(),
        Purged::default()
    );
    assert!(sessions.is_revoked(sign_in_id(1)));
    assert!(matches!(
        sessions.rotate(hash(2), hash(21), late, lifetimes()),
        Err(RotateError::Unknown)
    ));

    let purged = sessions.purge(late).unwrap();
    assert_eq!(
        purged,
        Purged {
            sign_ins: 2,
            ..Purged::default()
        }
    );
    assert!(
        !sessions.is_revoked(sign_in_id(1)),
        "nothing is left that it could refuse"
    );
    assert_eq!(ids(&sessions.sign_ins(ALICE, late).unwrap()), [sign_in_id(3)]);
    sessions.rotate(hash(31), hash(32), late, lifetimes()).unwrap();
}

/// A microsecond earlier nothing is over, at `end` this much.
fn purged_at(sessions: &Sessions, end: DateTime<Utc>, expected: Purged) {
    let before = end - TimeDelta::microseconds(1);
    assert_eq!(sessions.purge(before).unwrap(), Purged::default());
    assert_eq!(sessions.purge(end).unwrap(), expected);
    assert_eq!(sessions.purge(end).unwrap(), Purged::default(), "once");
}

#[test]
fn entries_are_purged_when_they_expire_and_spent_things_when_they_end() {
    let house = House::new();
    let sessions = house.open();
    for (n, account) in [(1, Some(ALICE)), (2, None)] {
        sessions.put_once(new_once(n, account)).unwrap();
    }
    let later = NewOnce {
        expires_at: minute(31),
        ..new_once(3, None)
    };
    sessions.put_once(later).unwrap();
    let one_time = Purged {
        one_time: 2,
        ..Purged::default()
    };
    purged_at(&sessions, minute(30), one_time);
    assert!(matches!(
        sessions.peek_once("reset", hash(1), minute(5)),
        Err(OnceError::Unknown)
    ));
    assert_eq!(
        sessions.peek_once("reset", hash(3), minute(5)).unwrap().made_at,
        minute(3)
    );

    sessions.spend(hash(1), minute(20)).unwrap();
    let spent = Purged {
        spent: 1,
        ..Purged::default()
    };
    purged_at(&sessions, minute(20), spent);
    assert!(
        sessions.spend(hash(1), minute(40)).unwrap(),
        "good for nothing by itself"
    );
}

#[test]
fn a_delivery_that_nobody_made_is_purged_after_a_day_unless_it_is_claimed_just_now() {
    let house = House::new();
    let sessions = house.open();
    let unclaimed = sessions.post(new_delivery(0, None)).unwrap();
    let claimed = sessions.post(new_delivery(0, None)).unwrap();
    let day_later = minute(DELIVERY_KEPT_HOURS * 60);
    sessions
        .claim(
            claimed,
            minute(DELIVERY_KEPT_HOURS * 60 - 1),
            day_later + TimeDelta::minutes(1),
            |_| None,
        )
        .unwrap();
    let one = Purged {
        deliveries: 1,
        ..Purged::default()
    };
    purged_at(&sessions, day_later, one);
    assert_eq!(
        sessions
            .settle_delivery(unclaimed, Settled::Delivered, day_later)
            .unwrap(),
        None
    );
    purged_at(&sessions, day_later + TimeDelta::minutes(1), one);
    assert_eq!(
        sessions
            .settle_delivery(claimed, Settled::Delivered, day_later)
            .unwrap(),
        None
    );
}

#[test]
fn that_something_was_posted_is_forgotten_after_a_day() {
    let house = House::new();
    let sessions = house.open();
    let id = sessions.post(new_delivery(0, Some(ALICE))).unwrap();
    sessions
        .settle_delivery(id, Settled::Delivered, minute(0))
        .unwrap();
    let one = Purged {
        posted: 1,
        ..Purged::default()
    };
    purged_at(&sessions, minute(POSTED_KEPT_HOURS * 60), one);
    assert_eq!(posted(&sessions, ALICE, 0), 0);
}

/// A clock that says more than an earlier purge knew of is held against it, after a restart too.
#[test]
fn how_far_it_was_purged_is_kept_and_never_goes_back() {
    let house = House::new();
    let sessions = house.open();
    assert_eq!(sessions.purged_through().unwrap(), None);
    for (purged, through) in [(20, 20), (10, 20), (30, 30)] {
        sessions.purge(minute(purged)).unwrap();
        assert_eq!(sessions.purged_through().unwrap(), Some(minute(through)));
    }
    drop(sessions);
    assert_eq!(house.open().purged_through().unwrap(), Some(minute(30)));
}
