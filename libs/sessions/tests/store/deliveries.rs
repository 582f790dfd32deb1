//! Mail on its way out.

use chrono::TimeDelta;
use rusqlite::params;
use sessions::{
    ClaimError, DELIVERIES_MAX, DELIVERY_EFFECT_BYTES_MAX, DELIVERY_KEPT_HOURS, DELIVERY_PAYLOAD_BYTES_MAX,
    Delivery, NewDelivery, NewOnce, POSTED_PER_EFFECT_MAX, PostError, PostLimit, Sessions, Settled,
};

use crate::house::{ALICE, BOB, House, both_at_once, hash, minute, new_delivery, new_once, posted};

fn waiting(sessions: &Sessions, minutes: i64) -> Vec<u64> {
    numbers(&sessions.deliveries(0, 100, minute(minutes)).unwrap())
}

/// No one-time entry belongs to the delivery.
fn no_entry(_: &Delivery) -> Option<NewOnce> {
    None
}

fn numbers(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.id).collect()
}

#[test]
fn what_was_posted_waits_in_order_page_by_page_and_outlives_a_restart() {
    let house = House::new();
    let sessions = house.open();
    let new = [3, 1, 2].map(|at| new_delivery(at, Some(ALICE)));
    let ids: Vec<u64> = new
        .iter()
        .map(|new| sessions.post(new.clone()).unwrap())
        .collect();
    assert_eq!(ids, [1, 2, 3]);
    drop(sessions);
    let sessions = house.open();
    assert_eq!(waiting(&sessions, 3), ids);
    assert_eq!(waiting(&sessions, 2), [2, 3], "1 is due at minute 3");
    assert_eq!(numbers(&sessions.deliveries(0, 2, minute(3)).unwrap()), [1, 2]);
    assert_eq!(numbers(&sessions.deliveries(2, 2, minute(3)).unwrap()), [3]);
    assert_eq!(sessions.deliveries(u64::MAX, 2, minute(3)).unwrap(), []);
    let expected = Delivery {
        id: 2,
        effect_id: new[1].effect_id,
        account: Some(ALICE),
        about: None,
        effect: "password-reset".into(),
        payload: Some("fr".into()),
        made_at: minute(1),
        due_at: minute(1),
        attempts: 0,
        claimed_until: None,
        link: None,
    };
    assert_eq!(sessions.deliveries(1, 1, minute(3)).unwrap(), [expected]);
}

#[test]
fn a_claimed_delivery_is_nobody_elses_until_the_claim_runs_out() {
    let house = House::new();
    let sessions = house.open();
    let id = sessions.post(new_delivery(0, None)).unwrap();
    let too_early = sessions.claim(id, minute(-1), minute(1), no_entry);
    assert!(matches!(too_early, Err(ClaimError::NotWaiting)));
    let claimed = sessions.claim(id, minute(0), minute(2), no_entry).unwrap();
    assert_eq!((claimed.attempts, claimed.claimed_until), (1, Some(minute(2))));
    assert_eq!(waiting(&sessions, 1), Vec::<u64>::new());
    let refused = sessions.claim(id, minute(1), minute(3), no_entry);
    assert!(matches!(refused, Err(ClaimError::NotWaiting)));
    assert_eq!(waiting(&sessions, 2), [id]);
    let claimed = sessions.claim(id, minute(2), minute(4), no_entry).unwrap();
    assert_eq!((claimed.attempts, claimed.claimed_until), (2, Some(minute(4))));
    for none in [id + 1, u64::MAX] {
        let refused = sessions.claim(none, minute(5), minute(6), no_entry);
        assert!(matches!(refused, Err(ClaimError::NotWaiting)), "{none}");
    }
}

#[test]
fn of_two_threads_that_claim_one_delivery_exactly_one_is_given_it() {
    let house = House::new();
    let sessions = house.open();
    for round in 0..20 {
        let id = sessions.post(new_delivery(0, None)).unwrap();
        let outcomes = both_at_once(|| sessions.claim(id, minute(1), minute(2), no_entry));
        let given = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let refused = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(ClaimError::NotWaiting)))
            .count();
        assert_eq!((given, refused), (1, 1), "round {round}");
    }
}

#[test]
fn what_was_delivered_or_refused_is_gone_and_its_number_is_not_given_again() {
    let house = House::new();
    let sessions = house.open();
    for settled in [Settled::Delivered, Settled::Refused] {
        let id = sessions.post(new_delivery(0, Some(ALICE))).unwrap();
        let claimed = sessions.claim(id, minute(0), minute(1), no_entry).unwrap();
        assert_eq!(
            sessions.settle_delivery(id, settled, minute(1)).unwrap(),
            Some(claimed)
        );
        assert_eq!(
            sessions.settle_delivery(id, settled, minute(1)).unwrap(),
            None,
            "settled before"
        );
        assert_eq!(waiting(&sessions, 600), Vec::<u64>::new());
        assert!(sessions.post(new_delivery(700, None)).unwrap() > id);
    }
    assert_eq!(
        sessions
            .settle_delivery(u64::MAX, Settled::Failed, minute(1))
            .unwrap(),
        None
    );
}

#[test]
fn a_failed_delivery_is_due_later_and_later_but_never_later_than_in_an_hour() {
    let house = House::new();
    let sessions = house.open();
    let id = sessions.post(new_delivery(0, None)).unwrap();
    let mut at = 0;
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        let claimed = sessions.claim(id, minute(at), minute(at + 5), no_entry).unwrap();
        let before = sessions.settle_delivery(id, Settled::Failed, minute(at)).unwrap();
        assert_eq!(before, Some(claimed));
        assert_eq!(waiting(&sessions, at + wait - 1), Vec::<u64>::new());
        at += wait;
        let due = sessions.deliveries(0, 1, minute(at)).unwrap();
        assert_eq!((due[0].due_at, due[0].claimed_until), (minute(at), None));
    }
    assert_eq!(
        sessions
            .claim(id, minute(at), minute(at + 5), no_entry)
            .unwrap()
            .attempts,
        9
    );
}

#[test]
fn a_delivery_that_fails_a_day_after_it_was_posted_is_given_up() {
    let house = House::new();
    let sessions = house.open();
    let day = DELIVERY_KEPT_HOURS * 60;
    let just_before = minute(day) - TimeDelta::microseconds(1);
    let kept = sessions.post(new_delivery(0, None)).unwrap();
    let given_up = sessions.post(new_delivery(0, None)).unwrap();
    sessions
        .settle_delivery(kept, Settled::Failed, just_before)
        .unwrap();
    let settled = sessions
        .settle_delivery(given_up, Settled::Failed, minute(day))
        .unwrap();
    assert_eq!(settled.map(|delivery| delivery.id), Some(given_up));
    assert_eq!(waiting(&sessions, day + 1), [kept]);
}

#[test]
fn effect_and_payload_have_a_longest_length_in_bytes() {
    let house = House::new();
    let sessions = house.open();
    let with = |effect_bytes: usize, payload_bytes: usize| NewDelivery {
        effect: "é".repeat(effect_bytes / 2) + &"x".repeat(effect_bytes % 2),
        payload: Some("p".repeat(payload_bytes)),
        ..new_delivery(0, Some(ALICE))
    };
    let refused = sessions.post(with(DELIVERY_EFFECT_BYTES_MAX + 1, 0));
    assert!(
        matches!(refused, Err(PostError::EffectTooLong(bytes)) if bytes == DELIVERY_EFFECT_BYTES_MAX + 1)
    );
    let refused = sessions.post(with(2, DELIVERY_PAYLOAD_BYTES_MAX + 1));
    assert!(
        matches!(refused, Err(PostError::PayloadTooLong(bytes)) if bytes == DELIVERY_PAYLOAD_BYTES_MAX + 1)
    );
    let longest = with(DELIVERY_EFFECT_BYTES_MAX, DELIVERY_PAYLOAD_BYTES_MAX);
    sessions.post(longest.clone()).unwrap();
    let kept = sessions.deliveries(0, 9, minute(0)).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0].effect, &kept[0].payload),
        (&longest.effect, &longest.payload)
    );
}

#[test]
fn when_too_many_wait_a_further_one_is_refused_until_one_is_settled() {
    let house = House::new();
    let sessions = house.open();
    house.all_but_full();
    let last = sessions.post(new_delivery(0, Some(ALICE))).unwrap();
    assert_eq!(last, u64::from(DELIVERIES_MAX));
    let refused = sessions.post(new_delivery(0, Some(ALICE)));
    assert!(matches!(refused, Err(PostError::Full)));
    sessions
        .settle_delivery(1, Settled::Delivered, minute(1))
        .unwrap();
    assert_eq!(posted(&sessions, ALICE, 0), 1, "what was refused does not count");
    sessions.post(new_delivery(1, Some(ALICE))).unwrap();
}

#[test]
fn what_was_posted_counts_by_account_and_effect_whatever_became_of_it() {
    let house = House::new();
    let sessions = house.open();
    for at in [0, 10, 20] {
        let id = sessions.post(new_delivery(at, Some(ALICE))).unwrap();
        sessions
            .settle_delivery(id, Settled::Delivered, minute(at))
            .unwrap();
    }
    sessions.post(new_delivery(20, Some(BOB))).unwrap();
    sessions.post(new_delivery(20, None)).unwrap();
    let other_effect = NewDelivery {
        effect: "password-changed".into(),
        ..new_delivery(20, Some(ALICE))
    };
    sessions.post(other_effect).unwrap();
    let since = [0, 1, 20, 21].map(|at| posted(&sessions, ALICE, at));
    assert_eq!(since, [3, 2, 1, 0]);
    assert_eq!(posted(&sessions, BOB, 0), 1);
}

#[test]
fn of_one_account_and_effect_the_newest_thousand_count() {
    let house = House::new();
    let sessions = house.open();
    sessions.post(new_delivery(0, Some(BOB))).unwrap();
    house
        .sql()
        .execute(
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
             INSERT INTO posted (account, effect, at) SELECT ?2, 'password-reset', ?3 FROM n",
            params![
                POSTED_PER_EFFECT_MAX,
                ALICE.as_bytes(),
                minute(0).timestamp_micros()
            ],
        )
        .unwrap();
    sessions.post(new_delivery(1, Some(ALICE))).unwrap();
    let counts = [0, 1].map(|at| posted(&sessions, ALICE, at));
    assert_eq!(counts, [POSTED_PER_EFFECT_MAX, 1]);
    assert_eq!(posted(&sessions, BOB, 0), 1);
}

#[test]
fn of_two_threads_at_the_limit_one_posts_and_the_other_is_told() {
    let house = House::new();
    let sessions = house.open();
    let limited = |about| NewDelivery {
        about,
        limit: Some(PostLimit {
            since: minute(0),
            max: 1,
        }),
        ..new_delivery(0, None)
    };
    for round in 0..20 {
        let about = Some(uuid::Uuid::from_u128(round));
        let outcomes = both_at_once(|| sessions.post(limited(about)));
        let posted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let told = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(PostError::Enough(1))))
            .count();
        assert_eq!((posted, told), (1, 1), "round {round}");
    }
    // Who is nobody in particular is not counted.
    sessions.post(limited(None)).unwrap();
    sessions.post(limited(None)).unwrap();
}

#[test]
fn the_entry_of_a_delivery_is_made_with_its_claim_or_not_at_all() {
    let house = House::new();
    let sessions = house.open();
    let entry = |_: &Delivery| Some(new_once(1, Some(ALICE)));
    let id = sessions.post(new_delivery(0, Some(ALICE))).unwrap();
    sessions.claim(id, minute(1), minute(2), entry).unwrap();
    sessions.peek_once("reset", hash(1), minute(2)).unwrap();
    // Withdrawn with what it had made, and it makes nothing any more.
    assert_eq!(sessions.withdraw(ALICE, &["password-reset", "reset"]).unwrap(), 2);
    let refused = sessions.claim(id, minute(3), minute(4), entry);
    assert!(matches!(refused, Err(ClaimError::NotWaiting)), "{refused:?}");
    assert!(sessions.peek_once("reset", hash(1), minute(4)).is_err());
    // An entry that cannot be made leaves the delivery waiting.
    sessions.put_once(new_once(1, Some(BOB))).unwrap();
    let id = sessions.post(new_delivery(4, Some(ALICE))).unwrap();
    let refused = sessions.claim(id, minute(4), minute(5), entry);
    assert!(matches!(refused, Err(ClaimError::Once(_))), "{refused:?}");
    assert_eq!(waiting(&sessions, 4), [id]);
}

/// The link of a mail that goes twice is the same, as long as it has not served.
#[test]
fn a_delivery_claimed_again_makes_its_entry_anew_unless_it_has_served() {
    let house = House::new();
    let sessions = house.open();
    let entry = |_: &Delivery| Some(new_once(1, Some(ALICE)));
    let id = sessions.post(new_delivery(0, Some(ALICE))).unwrap();
    sessions.claim(id, minute(1), minute(2), entry).unwrap();
    // It has expired at minute 30, and lives on with the delivery that waits.
    assert_eq!(sessions.purge(minute(31)).unwrap().one_time, 0);
    let longer = |_: &Delivery| {
        Some(NewOnce {
            expires_at: minute(90),
            ..new_once(1, Some(ALICE))
        })
    };
    let again = sessions.claim(id, minute(32), minute(33), longer).unwrap();
    assert_eq!((again.attempts, again.link), (2, Some(hash(1))));
    sessions.take_once("reset", hash(1), minute(34)).unwrap();
    let served = sessions.claim(id, minute(35), minute(36), longer);
    assert!(matches!(served, Err(ClaimError::NotWaiting)), "{served:?}");
    assert!(sessions.peek_once("reset", hash(1), minute(36)).is_err());
    assert_eq!(waiting(&sessions, 40), Vec::<u64>::new());
}

#[test]
fn the_entry_of_a_later_delivery_stands_whichever_is_claimed_first() {
    let house = House::new();
    let sessions = house.open();
    let entry_of = |n: u8, made: i64| {
        move |_: &Delivery| {
            Some(NewOnce {
                at: minute(made),
                ..new_once(n, Some(ALICE))
            })
        }
    };
    let [first, second] = [1, 2].map(|at| sessions.post(new_delivery(at, Some(ALICE))).unwrap());
    sessions
        .claim(second, minute(3), minute(4), entry_of(2, 2))
        .unwrap();
    let late = sessions.claim(first, minute(3), minute(4), entry_of(1, 1));
    assert!(matches!(late, Err(ClaimError::NotWaiting)), "{late:?}");
    sessions.peek_once("reset", hash(2), minute(4)).unwrap();
    // Once it was claimed, the entry of the earlier one gives way to that of the later one, and does not come back.
    let third = sessions.post(new_delivery(5, Some(ALICE))).unwrap();
    sessions
        .claim(third, minute(5), minute(6), entry_of(3, 5))
        .unwrap();
    let again = sessions.claim(second, minute(7), minute(8), entry_of(2, 2));
    assert!(matches!(again, Err(ClaimError::NotWaiting)), "{again:?}");
    sessions.peek_once("reset", hash(3), minute(8)).unwrap();
    assert_eq!(waiting(&sessions, 9), [third]);
}
