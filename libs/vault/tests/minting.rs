//! Many who mint and destroy at once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use chrono::{DateTime, Utc};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use vault::{KeyState, MasterKey, MintError, Vault};

/// When people are erased.
const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const EVENT: Uuid = Uuid::from_u128(0xE1);

fn open(keys: &Path) -> Vault {
    Vault::open(keys, MasterKey::from_bytes([7; 32])).unwrap()
}

#[test]
fn whoever_mints_the_same_people_at_once_gets_one_key_each() {
    let directory = TempDir::new().unwrap();
    let keys = directory.path().join("persons.keys");
    let vault = open(&keys);
    let (minters, people) = (8, 200);
    let barrier = Barrier::new(minters);
    thread::scope(|scope| {
        for minter in 0..minters {
            let (vault, barrier) = (vault.clone(), &barrier);
            scope.spawn(move || {
                barrier.wait();
                for n in 0..people {
                    // Each walks the same people from another start.
                    let who = Uuid::from_u128(((n + minter * 25) % people) as u128 + 1);
                    vault.mint(who).unwrap();
                    assert_eq!(vault.knows(who), KeyState::Present);
                }
            });
        }
    });
    assert!(
        vault.syncs() <= people as u64,
        "{} fdatasyncs for {people} people",
        vault.syncs()
    );
    let key_of = |vault: &Vault, n: usize| {
        *vault
            .value_key(Uuid::from_u128(n as u128 + 1), EVENT, "/data")
            .unwrap()
            .as_bytes()
    };
    let minted: Vec<[u8; 32]> = (0..people).map(|n| key_of(&vault, n)).collect();
    assert_eq!(
        minted.iter().collect::<HashSet<_>>().len(),
        people,
        "no key was given twice"
    );
    drop(vault);
    assert_eq!(std::fs::metadata(&keys).unwrap().len(), (people as u64 + 1) * 128);
    let vault = open(&keys);
    assert_eq!((0..people).map(|n| key_of(&vault, n)).collect::<Vec<_>>(), minted);
}

#[test]
fn who_is_destroyed_while_others_mint_and_read_stays_destroyed() {
    let directory = TempDir::new().unwrap();
    let keys = directory.path().join("persons.keys");
    let vault = open(&keys);
    let people: Vec<Uuid> = (1..=100).map(Uuid::from_u128).collect();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                barrier.wait();
                for who in &people {
                    assert!(matches!(vault.mint(*who), Ok(()) | Err(MintError::Destroyed(_))));
                }
            });
        }
        scope.spawn(|| {
            barrier.wait();
            for who in &people {
                vault.destroy(*who, NOW).unwrap();
                assert_eq!(vault.knows(*who), KeyState::Destroyed);
                assert!(vault.value_key(*who, EVENT, "/data").is_none());
            }
        });
        scope.spawn(|| {
            barrier.wait();
            for who in &people {
                let mut data = json!({"personal": {"subject": who, "value": 1}});
                // Sealed or refused, as it comes; never something in between.
                if vault.seal_data(EVENT, &mut data).is_ok() {
                    assert!(data["sealed"]["ciphertext"].is_string());
                }
            }
        });
    });
    assert!(people.iter().all(|who| vault.knows(*who) == KeyState::Destroyed));
    drop(vault);
    let vault = open(&keys);
    assert!(people.iter().all(|who| vault.knows(*who) == KeyState::Destroyed));
    assert_eq!(vault.damaged(), []);
}

#[test]
fn an_opener_is_a_function_of_its_own_that_follows_later_erasures() {
    let directory = TempDir::new().unwrap();
    let who = Uuid::from_u128(1);
    let data = json!({"personal": {"subject": who, "value": "Ada L."}});
    let (open_data, stored, vault) = {
        let vault = open(&directory.path().join("persons.keys"));
        vault.mint(who).unwrap();
        let mut stored = data.clone();
        vault.seal_data(EVENT, &mut stored).unwrap();
        (vault.opener(), stored, vault)
    };
    let elsewhere = open_data.clone();
    let mut opened = stored.clone();
    thread::spawn(move || {
        elsewhere(EVENT, &mut opened).unwrap();
        assert_eq!(opened, data);
    })
    .join()
    .unwrap();
    vault.destroy(who, NOW).unwrap();
    let mut opened = stored;
    open_data(EVENT, &mut opened).unwrap();
    assert_eq!(opened, json!({"personal": {"subject": who, "erased": true}}));
}
