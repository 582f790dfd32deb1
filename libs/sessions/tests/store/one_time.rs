//! What serves once.

use chrono::TimeDelta;
use rusqlite::params;
use sessions::{
    NewOnce, ONCE_PAYLOAD_BYTES_MAX, ONCE_PURPOSE_BYTES_MAX, ONCE_WITHOUT_ACCOUNT_MAX, Once, OnceError,
    PutOnceError,
};

use crate::house::{ALICE, BOB, House, both_at_once, hash, minute, new_once};

#[test]
fn an_entry_is_taken_once_and_outlives_a_restart_until_then() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    drop(sessions);
    let sessions = house.open();
    let expected = Once {
        account: Some(ALICE),
        payload: Some("payload 1".into()),
        made_at: minute(1),
    };
    for _ in 0..2 {
        assert_eq!(sessions.peek_once("reset", hash(1), minute(5)).unwrap(), expected);
    }
    assert_eq!(sessions.take_once("reset", hash(1), minute(5)).unwrap(), expected);
    for again in [
        sessions.take_once("reset", hash(1), minute(5)),
        sessions.peek_once("reset", hash(1), minute(5)),
    ] {
        assert!(matches!(again, Err(OnceError::Unknown)), "{again:?}");
    }
}

#[test]
fn a_hash_serves_its_own_purpose_only() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    let other = NewOnce {
        purpose: "confirm".into(),
        payload: None,
        account: None,
        ..new_once(1, None)
    };
    assert!(matches!(
        sessions.take_once("confirm", hash(1), minute(5)),
        Err(OnceError::Unknown)
    ));
    sessions.put_once(other).unwrap();
    let confirmed = sessions.take_once("confirm", hash(1), minute(5)).unwrap();
    assert_eq!((confirmed.account, confirmed.payload), (None, None));
    sessions.take_once("reset", hash(1), minute(5)).unwrap();
}

#[test]
fn an_entry_serves_no_more_from_the_instant_it_expires_at_and_says_so_each_time() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    for late in [
        sessions.peek_once("reset", hash(1), minute(30)),
        sessions.take_once("reset", hash(1), minute(30)),
        sessions.take_once("reset", hash(1), minute(30)),
        sessions.peek_once_of("reset", ALICE, minute(30)),
    ] {
        assert!(matches!(late, Err(OnceError::Expired)), "{late:?}");
    }
    let just_before = minute(30) - TimeDelta::microseconds(1);
    sessions.take_once("reset", hash(1), just_before).unwrap();
}

#[test]
fn the_newer_entry_of_an_account_and_purpose_replaces_the_older_and_no_other() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    sessions.put_once(new_once(2, Some(BOB))).unwrap();
    sessions.put_once(new_once(3, None)).unwrap();
    let other_purpose = NewOnce {
        purpose: "confirm".into(),
        ..new_once(4, Some(ALICE))
    };
    sessions.put_once(other_purpose).unwrap();
    sessions.put_once(new_once(5, Some(ALICE))).unwrap();
    let old = sessions.take_once("reset", hash(1), minute(6));
    assert!(matches!(old, Err(OnceError::Unknown)));
    for (purpose, n) in [("reset", 2), ("reset", 3), ("confirm", 4), ("reset", 5)] {
        sessions.take_once(purpose, hash(n), minute(6)).unwrap();
    }
}

#[test]
fn an_entry_with_a_hash_of_another_is_refused_and_replaces_nothing() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    sessions.put_once(new_once(2, Some(BOB))).unwrap();
    for account in [Some(ALICE), None] {
        let refused = sessions.put_once(new_once(2, account));
        assert!(matches!(refused, Err(PutOnceError::Taken(_))), "{refused:?}");
    }
    sessions.take_once("reset", hash(1), minute(5)).unwrap();
    assert_eq!(
        sessions.take_once("reset", hash(2), minute(5)).unwrap().account,
        Some(BOB)
    );
}

#[test]
fn an_entry_is_found_by_its_account_too() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    sessions.put_once(new_once(2, None)).unwrap();
    for unknown in [
        sessions.peek_once_of("reset", BOB, minute(5)),
        sessions.peek_once_of("confirm", ALICE, minute(5)),
    ] {
        assert!(matches!(unknown, Err(OnceError::Unknown)), "{unknown:?}");
    }
    let peeked = sessions.peek_once_of("reset", ALICE, minute(5)).unwrap();
    let taken = sessions.take_once("reset", hash(1), minute(5)).unwrap();
    assert_eq!(peeked, taken);
    assert_eq!(taken.payload.as_deref(), Some("payload 1"));
    let gone = sessions.peek_once_of("reset", ALICE, minute(5));
    assert!(matches!(gone, Err(OnceError::Unknown)), "{gone:?}");
}

#[test]
fn what_is_withdrawn_serves_no_more_and_the_rest_does() {
    let house = House::new();
    let sessions = house.open();
    let put = |n, purpose: &str, account| {
        let new = NewOnce {
            purpose: purpose.into(),
            ..new_once(n, account)
        };
        sessions.put_once(new).unwrap();
    };
    put(1, "reset", Some(ALICE));
    put(2, "confirm", Some(ALICE));
    put(3, "second-factor", Some(ALICE));
    put(4, "reset", Some(BOB));
    put(5, "reset", None);
    assert_eq!(sessions.withdraw(ALICE, &["confirm"]).unwrap(), 1);
    assert_eq!(sessions.withdraw(ALICE, &["confirm"]).unwrap(), 0);
    let confirm = sessions.peek_once("confirm", hash(2), minute(6));
    assert!(matches!(confirm, Err(OnceError::Unknown)));
    sessions.peek_once("reset", hash(1), minute(6)).unwrap();
    assert_eq!(
        sessions
            .withdraw(ALICE, &["second-factor", "reset", "unheard-of"])
            .unwrap(),
        2
    );
    let reset = sessions.peek_once("reset", hash(1), minute(6));
    assert!(matches!(reset, Err(OnceError::Unknown)));
    for n in [4, 5] {
        sessions.take_once("reset", hash(n), minute(6)).unwrap();
    }
}

#[test]
fn purpose_and_payload_have_a_longest_length_in_bytes() {
    let house = House::new();
    let sessions = house.open();
    let with = |purpose_bytes: usize, payload_bytes: usize| NewOnce {
        // Two bytes a character: bytes are counted.
        purpose: "é".repeat(purpose_bytes / 2) + &"x".repeat(purpose_bytes % 2),
        payload: Some("p".repeat(payload_bytes)),
        ..new_once(1, None)
    };
    let refused = sessions.put_once(with(ONCE_PURPOSE_BYTES_MAX + 1, 0));
    assert!(
        matches!(refused, Err(PutOnceError::PurposeTooLong(bytes)) if bytes == ONCE_PURPOSE_BYTES_MAX + 1)
    );
    let refused = sessions.put_once(with(2, ONCE_PAYLOAD_BYTES_MAX + 1));
    assert!(
        matches!(refused, Err(PutOnceError::PayloadTooLong(bytes)) if bytes == ONCE_PAYLOAD_BYTES_MAX + 1)
    );
    let longest = with(ONCE_PURPOSE_BYTES_MAX, ONCE_PAYLOAD_BYTES_MAX);
    let (purpose, payload) = (longest.purpose.clone(), longest.payload.clone());
    sessions.put_once(longest).unwrap();
    assert_eq!(
        sessions.take_once(&purpose, hash(1), minute(5)).unwrap().payload,
        payload
    );
}

#[test]
fn without_account_the_oldest_of_a_purpose_makes_room_and_those_of_accounts_stay() {
    let house = House::new();
    let sessions = house.open();
    let micros = |minutes| minute(minutes).timestamp_micros();
    house
        .sql()
        .execute(
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
             INSERT INTO one_time (purpose, hash, made_at, expires_at)
             SELECT 'reset', CAST(printf('%032d', n) AS BLOB), ?2 + n, ?3 FROM n",
            params![ONCE_WITHOUT_ACCOUNT_MAX - 1, micros(0), micros(30)],
        )
        .unwrap();
    let filled = |n: u32| <[u8; 32]>::try_from(format!("{n:032}").as_bytes()).unwrap();
    let known = |hash| sessions.peek_once("reset", hash, minute(10)).is_ok();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    let other_purpose = NewOnce {
        purpose: "confirm".into(),
        ..new_once(2, None)
    };
    sessions.put_once(other_purpose).unwrap();
    sessions.put_once(new_once(3, None)).unwrap();
    assert!(known(filled(1)), "the last place");

    // Although the clock went back, the one to come stays.
    let earlier = NewOnce {
        at: minute(-5),
        ..new_once(4, None)
    };
    sessions.put_once(earlier).unwrap();
    assert!(!known(filled(1)) && known(filled(2)) && known(hash(4)));
    sessions.put_once(new_once(5, None)).unwrap();
    assert!(!known(hash(4)) && known(filled(2)) && known(hash(5)));
    sessions.put_once(new_once(6, None)).unwrap();
    assert!(!known(filled(2)) && known(filled(3)));
    assert!(known(hash(1)), "that of an account");
    sessions.peek_once("confirm", hash(2), minute(10)).unwrap();
    let rows: u32 = house
        .sql()
        .query_row(
            "SELECT count(*) FROM one_time WHERE account IS NULL AND purpose = 'reset'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(rows, ONCE_WITHOUT_ACCOUNT_MAX);
}

#[test]
fn of_two_threads_that_take_one_entry_exactly_one_is_given_it() {
    let house = House::new();
    let sessions = house.open();
    for round in 0..20 {
        sessions.put_once(new_once(round, Some(ALICE))).unwrap();
        let outcomes = both_at_once(|| sessions.take_once("reset", hash(round), minute(25)));
        let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let unknown = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(OnceError::Unknown)))
            .count();
        assert_eq!((taken, unknown), (1, 1), "round {round}");
    }
}
