//! What is good for one use.

use crate::house::{House, both_at_once, hash, minute};

#[test]
fn a_thing_is_spent_once_and_a_restart_does_not_give_it_back() {
    let house = House::new();
    let sessions = house.open();
    assert!(sessions.spend(hash(1), minute(5)).unwrap());
    assert!(!sessions.spend(hash(1), minute(5)).unwrap());
    assert!(sessions.spend(hash(2), minute(5)).unwrap(), "another");
    drop(sessions);
    let sessions = house.open();
    assert!(!sessions.spend(hash(1), minute(5)).unwrap());
    sessions.purge(minute(4)).unwrap();
    assert!(!sessions.spend(hash(1), minute(5)).unwrap());
}

#[test]
fn of_two_threads_that_spend_one_thing_exactly_one_is_told_that_it_was_good() {
    let house = House::new();
    let sessions = house.open();
    for round in 0..20 {
        let mut good = both_at_once(|| sessions.spend(hash(round), minute(5)).unwrap());
        good.sort_unstable();
        assert_eq!(good, [false, true], "round {round}");
    }
}
