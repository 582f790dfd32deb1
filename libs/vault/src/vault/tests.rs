//! What only the inside of a vault can show: who shares a write, and what a failed one leaves.

use std::path::PathBuf;
use std::thread;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::*;

/// When people are erased.
const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

fn vault_in(directory: &TempDir) -> (PathBuf, Vault) {
    let path = directory.path().join("persons.keys");
    let vault = Vault::open(&path, MasterKey::from_bytes([7; 32])).unwrap();
    (path, vault)
}

fn person(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

#[test]
fn all_who_mint_while_the_disk_is_busy_share_one_fdatasync() {
    let directory = TempDir::new().unwrap();
    let (_, vault) = vault_in(&directory);
    // As long as this turn lasts, somebody else is writing.
    let busy = vault.inner.turns.take().unwrap();
    thread::scope(|scope| {
        let minters: Vec<_> = (1..=40)
            .map(|n| {
                let vault = &vault;
                // Every person is wanted by two.
                scope.spawn(move || vault.mint(person(n / 2 + 1)))
            })
            .collect();
        while vault.inner.turns.waiting() < 40 {
            thread::yield_now();
        }
        assert_eq!(vault.syncs(), 0);
        assert_eq!(
            vault.knows(person(1)),
            KeyState::Unknown,
            "not before it is on disk"
        );
        busy.settle();
        for minter in minters {
            minter.join().unwrap().unwrap();
        }
    });
    assert!((1..=21).all(|n| vault.knows(person(n)) == KeyState::Present));
    assert_eq!(vault.syncs(), 1);
}

#[test]
fn a_key_wanted_by_somebody_waiting_is_not_minted_once_the_person_is_destroyed() {
    let directory = TempDir::new().unwrap();
    let (_, vault) = vault_in(&directory);
    let busy = vault.inner.turns.take().unwrap();
    thread::scope(|scope| {
        let minter = scope.spawn(|| vault.mint_all(&[person(1), person(2)]));
        while vault.inner.turns.waiting() < 2 {
            thread::yield_now();
        }
        // The writer that is busy destroys one of the two.
        vault.inner.forget(person(1), 1);
        busy.settle();
        assert!(matches!(minter.join().unwrap(), Err(MintError::Destroyed(who)) if who == person(1)));
    });
    vault.mint(person(3)).unwrap();
    assert_eq!(vault.knows(person(1)), KeyState::Destroyed);
}

#[test]
fn a_failed_write_stops_all_writing_and_nothing_of_it_is_used() {
    let directory = TempDir::new().unwrap();
    let (path, mut vault) = vault_in(&directory);
    vault.mint(person(1)).unwrap();
    Arc::get_mut(&mut vault.inner)
        .unwrap()
        .file
        .make_read_only(&path)
        .unwrap();

    assert!(matches!(vault.mint(person(2)), Err(MintError::Io(_))));
    assert_eq!(vault.knows(person(2)), KeyState::Unknown);
    assert!(matches!(vault.mint(person(2)), Err(MintError::Stopped)));
    assert!(matches!(
        vault.destroy(person(1), NOW),
        Err(DestroyError::Stopped)
    ));
    vault.mint(person(1)).unwrap();
    assert!(
        vault.value_key(person(1), person(9), "/data").is_some(),
        "reading goes on"
    );
}

#[test]
fn an_erasure_that_the_keys_file_refused_takes_the_key_out_of_use_and_is_completed_when_opened_anew() {
    let directory = TempDir::new().unwrap();
    let (path, mut vault) = vault_in(&directory);
    vault.mint(person(1)).unwrap();
    assert!(vault.value_key(person(1), person(9), "/data").is_some());
    Arc::get_mut(&mut vault.inner)
        .unwrap()
        .file
        .make_read_only(&path)
        .unwrap();

    assert!(matches!(vault.destroy(person(1), NOW), Err(DestroyError::Io(_))));
    assert!(vault.value_key(person(1), person(9), "/data").is_none());
    assert!(
        matches!(vault.destroy(person(1), NOW), Err(DestroyError::Stopped)),
        "it was never done"
    );
    drop(vault);
    let (_, vault) = vault_in(&directory);
    assert_eq!(vault.obeyed(), [person(1)]);
    assert_eq!(vault.destroy(person(1), NOW).unwrap(), KeyState::Destroyed);
}

#[test]
fn an_erasure_that_the_ledger_refused_takes_the_key_out_of_use_and_must_be_asked_for_again() {
    let directory = TempDir::new().unwrap();
    let (_, mut vault) = vault_in(&directory);
    vault.mint(person(1)).unwrap();
    Arc::get_mut(&mut vault.inner)
        .unwrap()
        .ledger
        .make_read_only()
        .unwrap();

    assert!(matches!(
        vault.destroy(person(1), NOW),
        Err(DestroyError::Ledger(_))
    ));
    assert!(vault.value_key(person(1), person(9), "/data").is_none());
    assert!(matches!(
        vault.destroy(person(1), NOW),
        Err(DestroyError::Stopped)
    ));
    drop(vault);
    let (_, vault) = vault_in(&directory);
    assert!(vault.obeyed().is_empty());
    assert_eq!(vault.destroy(person(1), NOW).unwrap(), KeyState::Present);
}

#[test]
fn two_backups_at_once_are_refused_and_one_after_the_other_are_not() {
    let directory = TempDir::new().unwrap();
    let (_, vault) = vault_in(&directory);
    *vault.inner.destroyed_meanwhile.lock() = Some(Vec::new());
    let copy = |name: &str| vault.backup(&directory.path().join(name));
    assert!(matches!(copy("one.keys"), Err(BackupError::Running)));
    *vault.inner.destroyed_meanwhile.lock() = None;
    copy("one.keys").unwrap();
    copy("two.keys").unwrap();
    assert!(vault.inner.destroyed_meanwhile.lock().is_none());
}

#[test]
fn a_destroyed_key_is_not_among_the_recent_ones() {
    let directory = TempDir::new().unwrap();
    let (_, vault) = vault_in(&directory);
    vault.mint(person(1)).unwrap();
    assert!(vault.value_key(person(1), person(9), "/data").is_some());
    assert!(vault.inner.recent.lock().get(person(1)).is_some());
    vault.destroy(person(1), NOW).unwrap();
    assert!(vault.inner.recent.lock().get(person(1)).is_none());
}
