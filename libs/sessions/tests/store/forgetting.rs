//! An erased person.

use std::fs;

use sessions::{NewDelivery, NewOnce, NewSignIn, OnceError, RotateError, Sessions, Settled};
use uuid::Uuid;

use crate::house::{
    ALICE, BOB, House, hash, ids, lifetimes, minute, new_delivery, new_once, new_sign_in, posted, sign_in_id,
};

#[test]
fn a_forgotten_account_has_no_sign_in_entry_or_delivery_left_and_others_keep_theirs() {
    let house = House::new();
    let sessions = house.open();
    for (n, account) in [(1, ALICE), (2, ALICE), (3, BOB)] {
        sessions.issue(new_sign_in(n, account)).unwrap();
    }
    sessions.revoke(sign_in_id(1)).unwrap();
    for (n, account) in [(1, Some(ALICE)), (2, Some(BOB)), (3, None)] {
        sessions.put_once(new_once(n, account)).unwrap();
        sessions.post(new_delivery(0, account)).unwrap();
    }
    assert_eq!(sessions.forget_account(ALICE, None).unwrap(), [sign_in_id(2)]);
    assert_eq!(
        sessions.forget_account(ALICE, None).unwrap(),
        Vec::<Uuid>::new(),
        "again"
    );

    assert!(sessions.is_revoked(sign_in_id(1)) && sessions.is_revoked(sign_in_id(2)));
    assert!(matches!(
        sessions.rotate(hash(2), hash(21), minute(10), lifetimes()),
        Err(RotateError::Revoked)
    ));
    assert!(matches!(
        sessions.peek_once("reset", hash(1), minute(10)),
        Err(OnceError::Unknown)
    ));
    assert_eq!(posted(&sessions, ALICE, 0), 0);

    assert_eq!(ids(&sessions.sign_ins(BOB, minute(10)).unwrap()), [sign_in_id(3)]);
    for n in [2, 3] {
        sessions.peek_once("reset", hash(n), minute(10)).unwrap();
    }
    let waiting = sessions.deliveries(0, 9, minute(10)).unwrap();
    let accounts: Vec<Option<Uuid>> = waiting.iter().map(|delivery| delivery.account).collect();
    assert_eq!(accounts, [Some(BOB), None]);
    assert_eq!(posted(&sessions, BOB, 0), 1);
}

/// Numbers without order, so that rows lie among those of others and move when theirs do (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn hash(&mut self) -> [u8; 32] {
        let mut hash = [0; 32];
        for part in hash.chunks_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes());
        }
        hash
    }
}

/// A sign-in, an entry and a delivery that bear this mark.
fn leave_marks(sessions: &Sessions, numbers: &mut Numbers, account: Uuid, mark: &str) {
    let padding = "-".repeat((numbers.next() % 60) as usize);
    let sign_in = NewSignIn {
        id: Uuid::from_u64_pair(numbers.next(), numbers.next()),
        refresh_hash: numbers.hash(),
        user_agent_hint: Some(format!("{mark}{padding}{mark}")),
        address: Some(mark.into()),
        ..new_sign_in(1, account)
    };
    sessions.issue(sign_in).unwrap();
    let payload = Some(format!("{mark}{}", "-".repeat((numbers.next() % 3_000) as usize)));
    let once = NewOnce {
        purpose: format!("purpose {}", numbers.next() % 50),
        hash: numbers.hash(),
        payload: payload.clone(),
        ..new_once(1, Some(account))
    };
    sessions.put_once(once).unwrap();
    let delivery = NewDelivery {
        payload,
        ..new_delivery(0, Some(account))
    };
    let id = sessions.post(delivery).unwrap();
    let other = 1 + numbers.next() % id;
    sessions
        .settle_delivery(other, Settled::Delivered, minute(1))
        .unwrap();
}

#[test]
fn what_a_forgotten_account_left_stands_nowhere_in_the_files() {
    let house = House::new();
    let sessions = house.open();
    let mut numbers = Numbers(10);
    for _ in 0..250 {
        let (account, mark) = [(ALICE, "of-alice"), (BOB, "of-bob")][(numbers.next() % 2) as usize];
        leave_marks(&sessions, &mut numbers, account, mark);
    }
    let found = |mark: &str| -> usize {
        fs::read_dir(house.directory.path())
            .unwrap()
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .map(|bytes| {
                let places = bytes.windows(mark.len());
                places.filter(|place| *place == mark.as_bytes()).count()
            })
            .sum()
    };
    assert!(
        found("of-alice") > 300 && found("of-bob") > 300,
        "found where they stand"
    );
    sessions.forget_account(ALICE, None).unwrap();
    assert_eq!(found("of-alice"), 0);
    assert!(found("of-bob") > 300);
}

#[test]
fn what_is_about_the_same_person_from_before_they_had_an_account_is_forgotten_too() {
    let house = House::new();
    let sessions = house.open();
    let (hers, his) = (Uuid::from_u128(0xADD1), Uuid::from_u128(0xADD2));
    for (n, about) in [(1, Some(hers)), (2, Some(his)), (3, None)] {
        sessions
            .put_once(NewOnce {
                about,
                ..new_once(n, None)
            })
            .unwrap();
        sessions
            .post(NewDelivery {
                about,
                ..new_delivery(0, None)
            })
            .unwrap();
    }
    sessions.forget_account(ALICE, Some(hers)).unwrap();
    let gone = sessions.peek_once("reset", hash(1), minute(5));
    assert!(matches!(gone, Err(OnceError::Unknown)), "{gone:?}");
    for n in [2, 3] {
        sessions.peek_once("reset", hash(n), minute(5)).unwrap();
    }
    let waiting = sessions.deliveries(0, 9, minute(5)).unwrap();
    let about: Vec<Option<Uuid>> = waiting.iter().map(|delivery| delivery.about).collect();
    assert_eq!(about, [Some(his), None]);
    assert_eq!((posted(&sessions, hers, 0), posted(&sessions, his, 0)), (0, 1));
}
