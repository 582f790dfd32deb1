//! From where accounts have signed in.

use sessions::{PLACES_KEPT_DAYS, PLACES_PER_ACCOUNT_MAX, Purged};

use crate::house::{ALICE, BOB, House, minute};

const DAY: i64 = 24 * 60;

#[test]
fn a_place_is_known_of_its_account_for_a_while_and_as_long_as_it_is_not_forgotten() {
    let house = House::new();
    let sessions = house.open();
    sessions.remember_place(ALICE, "office", minute(10)).unwrap();
    sessions.remember_place(ALICE, "office", minute(5)).unwrap();
    sessions.remember_place(BOB, "office", minute(0)).unwrap();
    drop(sessions);
    let sessions = house.open();
    let known = |account, origin, since| sessions.knows_place(account, origin, minute(since)).unwrap();
    assert!(known(ALICE, "office", 10), "the latest counts");
    assert!(!known(ALICE, "office", 11) && !known(ALICE, "home", 0));
    let purged = sessions.purge(minute(PLACES_KEPT_DAYS * DAY)).unwrap();
    let expected = Purged {
        places: 1,
        ..Purged::default()
    };
    assert_eq!(purged, expected, "that of Bob");
    assert!(known(ALICE, "office", 0) && !known(BOB, "office", 0));
    sessions.forget_account(ALICE, None).unwrap();
    assert!(!known(ALICE, "office", 0));
}

#[test]
fn of_one_account_the_places_of_the_latest_sign_ins_are_known() {
    let house = House::new();
    let sessions = house.open();
    let most = i64::from(PLACES_PER_ACCOUNT_MAX);
    for at in 0..=most {
        let origin = format!("place {at}");
        sessions.remember_place(ALICE, &origin, minute(at)).unwrap();
    }
    let known = |at: i64| {
        let origin = format!("place {at}");
        sessions.knows_place(ALICE, &origin, minute(0)).unwrap()
    };
    assert!(!known(0) && known(1) && known(most));
}
