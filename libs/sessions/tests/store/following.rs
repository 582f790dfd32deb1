//! What follows from events, each thing once.

use sessions::{Consequence, PostError, Sessions, Settled, What};
use uuid::Uuid;

use crate::house::{ALICE, BOB, House, hash, minute, new_delivery, new_effect, new_once, posted};

fn mail(account: Uuid, minutes: i64) -> Consequence {
    Consequence {
        effect_id: new_effect(),
        account,
        at: minute(minutes),
        what: What::Post {
            effect: "password-reset",
            payload: None,
        },
    }
}

fn withdrawal(account: Uuid, minutes: i64) -> Consequence {
    Consequence {
        what: What::Withdraw(&["reset", "password-reset"]),
        ..mail(account, minutes)
    }
}

fn everybody(_: Uuid) -> bool {
    true
}

fn effects(sessions: &Sessions) -> Vec<Uuid> {
    let waiting = sessions.deliveries(0, 100, minute(60)).unwrap();
    waiting.iter().map(|one| one.effect_id).collect()
}

#[test]
fn the_position_is_kept_with_what_follows_and_each_thing_happens_once() {
    let house = House::new();
    let sessions = house.open();
    assert_eq!(sessions.reacted_through().unwrap(), None);
    let (one, two) = (mail(ALICE, 1), mail(BOB, 2));
    assert_eq!(
        sessions
            .follow(7, &[one.clone(), two.clone()], everybody)
            .unwrap(),
        2
    );
    drop(sessions);
    let sessions = house.open();
    assert_eq!(sessions.reacted_through().unwrap(), Some(7));
    assert_eq!(effects(&sessions), [one.effect_id, two.effect_id]);
    // From an older position again, also when the delivery is gone.
    let first = sessions.deliveries(0, 1, minute(3)).unwrap()[0].id;
    sessions
        .settle_delivery(first, Settled::Delivered, minute(3))
        .unwrap();
    let three = mail(ALICE, 3);
    let again = [one.clone(), two.clone(), three.clone()];
    assert_eq!(sessions.follow(8, &again, everybody).unwrap(), 1);
    assert_eq!(effects(&sessions), [two.effect_id, three.effect_id]);
    assert_eq!(posted(&sessions, ALICE, 0), 2);
    // The position goes back with a log that was cut.
    assert_eq!(sessions.follow(4, &[], everybody).unwrap(), 0);
    assert_eq!(sessions.reacted_through().unwrap(), Some(4));
}

#[test]
fn a_withdrawal_takes_what_came_before_it_and_happens_once() {
    let house = House::new();
    let sessions = house.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    let before = sessions.post(new_delivery(1, Some(ALICE))).unwrap();
    let others = sessions.post(new_delivery(1, Some(BOB))).unwrap();
    let later = sessions.post(new_delivery(3, Some(ALICE))).unwrap();
    let (withdrawn, after) = (withdrawal(ALICE, 2), mail(ALICE, 2));
    let all = [withdrawn, after.clone()];
    assert_eq!(sessions.follow(2, &all, everybody).unwrap(), 2);
    assert!(sessions.peek_once("reset", hash(1), minute(2)).is_err());
    let left: Vec<u64> = sessions
        .deliveries(0, 9, minute(3))
        .unwrap()
        .iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(left[..2], [others, later], "{before} is gone");
    assert_eq!(left.len(), 3);
    assert_eq!(sessions.follow(2, &all, everybody).unwrap(), 0);
    assert!(
        effects(&sessions).contains(&after.effect_id),
        "it was not withdrawn"
    );
}

#[test]
fn nothing_follows_for_an_account_that_is_not_wanted_and_the_position_moves() {
    let house = House::new();
    let sessions = house.open();
    let (erased, other) = (mail(ALICE, 1), mail(BOB, 1));
    let done = sessions.follow(2, &[erased, other.clone()], |account| account != ALICE);
    assert_eq!(done.unwrap(), 1);
    assert_eq!(effects(&sessions), [other.effect_id]);
    assert_eq!(sessions.reacted_through().unwrap(), Some(2));
}

#[test]
fn when_too_many_wait_nothing_follows_and_the_position_stays() {
    let house = House::new();
    let sessions = house.open();
    sessions.follow(1, &[], everybody).unwrap();
    house.all_but_full();
    let all = [mail(ALICE, 1), mail(BOB, 1)];
    let refused = sessions.follow(3, &all, everybody);
    assert!(matches!(refused, Err(PostError::Full)), "{refused:?}");
    assert_eq!(sessions.reacted_through().unwrap(), Some(1));
    assert_eq!(posted(&sessions, ALICE, 0), 0, "all of it or nothing");
    sessions
        .settle_delivery(1, Settled::Delivered, minute(1))
        .unwrap();
    assert_eq!(sessions.follow(3, &all, everybody).unwrap(), 2);
    assert_eq!(sessions.reacted_through().unwrap(), Some(3));
}
