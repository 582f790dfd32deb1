//! The end of sign-ins.

use sessions::RotateError;
use uuid::Uuid;

use crate::house::{ALICE, BOB, House, hash, ids, lifetimes, minute, new_sign_in, sign_in_id};

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
        sessions.rotate(hash(1), hash(11), minute(10), lifetimes()),
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
        .rotate(hash(4), hash(41), minute(10), lifetimes())
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
        .rotate(hash(1), hash(11), minute(10), lifetimes())
        .unwrap();
    sessions.revoke(sign_in_id(2)).unwrap();
    sessions
        .rotate(hash(3), hash(31), minute(10), lifetimes())
        .unwrap();
    sessions
        .rotate(hash(3), hash(32), minute(10), lifetimes())
        .unwrap_err();
    drop(sessions);

    let sessions = house.open();
    let revoked: Vec<bool> = (1..=4).map(|n| sessions.is_revoked(sign_in_id(n))).collect();
    assert_eq!(revoked, [false, true, true, false]);
    sessions
        .rotate(hash(11), hash(12), minute(11), lifetimes())
        .unwrap();
    let reused = sessions.rotate(hash(1), hash(13), minute(11), lifetimes());
    assert!(matches!(reused, Err(RotateError::Reused { .. })));
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(12)).unwrap()),
        [sign_in_id(4)]
    );
}

#[test]
fn nobody_ends_the_sign_in_of_another() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    assert!(!sessions.revoke_own(BOB, sign_in_id(1)).unwrap());
    assert!(!sessions.is_revoked(sign_in_id(1)));
    assert!(sessions.revoke_own(ALICE, sign_in_id(1)).unwrap());
    assert!(sessions.is_revoked(sign_in_id(1)));
    assert!(
        !sessions.revoke_own(ALICE, sign_in_id(1)).unwrap(),
        "it was already"
    );
    assert!(
        !sessions.revoke_own(ALICE, sign_in_id(9)).unwrap(),
        "there is none"
    );
}

#[test]
fn signing_out_everywhere_else_leaves_this_sign_in_and_those_of_others() {
    let house = House::new();
    let sessions = house.open();
    for (n, account) in [(1, ALICE), (2, ALICE), (3, ALICE), (4, BOB)] {
        sessions.issue(new_sign_in(n, account)).unwrap();
    }
    sessions.revoke(sign_in_id(1)).unwrap();
    assert_eq!(
        sessions.revoke_others(ALICE, sign_in_id(2)).unwrap(),
        [sign_in_id(3)]
    );
    let revoked: Vec<bool> = (1..=4).map(|n| sessions.is_revoked(sign_in_id(n))).collect();
    assert_eq!(revoked, [true, false, true, false]);
    // A sign-in that is not this account's keeps nothing.
    assert_eq!(
        sessions.revoke_others(ALICE, sign_in_id(4)).unwrap(),
        [sign_in_id(2)]
    );
    assert!(!sessions.is_revoked(sign_in_id(4)));
}
