//! Copies of the keys, made while the vault is in use, and keys made of them again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{
    BackedUp, BackupError, KeyState, LEDGER_FILE_NAME, LedgerError, MasterKey, OpenKeysError, RestoreError,
    Restored, Vault, restore_keys,
};

const EVENT: Uuid = Uuid::from_u128(0xE1);
const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const SLOT_BYTES: usize = 128;

fn person(n: u64) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
}

fn people(numbers: impl IntoIterator<Item = u64>) -> Vec<Uuid> {
    numbers.into_iter().map(person).collect()
}

fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

fn open(keys: &Path) -> Vault {
    Vault::open(keys, master()).unwrap()
}

/// A place for a keys file in a directory of its own.
fn house() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let keys = directory.path().join("persons.keys");
    (directory, keys)
}

fn key_of(vault: &Vault, subject: Uuid) -> Option<[u8; 32]> {
    vault
        .value_key(subject, EVENT, "/data")
        .map(|key| *key.as_bytes())
}

fn restore(backup: &Path, ledgers: &[&Path], to: &Path) -> Result<Restored, RestoreError> {
    restore_keys(backup, ledgers, to, &master())
}

#[test]
fn a_backup_is_a_keys_file_with_the_same_keys_and_the_same_master() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=3)).unwrap();
    vault.destroy(person(2), NOW).unwrap();
    let copy = directory.path().join("copy.keys");
    let backed_up = vault.backup(&copy).unwrap();
    assert_eq!(
        backed_up,
        BackedUp {
            bytes: 4 * SLOT_BYTES as u64,
            persons: 2,
            damaged: 0
        }
    );
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&keys).unwrap());
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(
        Vault::open(&copy, MasterKey::from_bytes([8; 32])),
        Err(OpenKeysError::WrongMaster { .. })
    ));
    let names = || fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(names(), 3, "keys, ledger and copy; no draft is left");
    assert!(matches!(vault.backup(&copy), Err(BackupError::Exists { .. })));
    assert_eq!(names(), 3);
}

#[test]
fn a_backup_keeps_damage_where_it_is_and_leaves_a_half_written_last_slot_out() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=3)).unwrap();
    let third = key_of(&vault, person(3));
    drop(vault);
    let mut bytes = fs::read(&keys).unwrap();
    let whole = bytes.clone();
    bytes[SLOT_BYTES + 50] ^= 1;
    // A fourth slot of which the checksum is missing.
    bytes.extend_from_slice(&whole[3 * SLOT_BYTES..]);
    let end = bytes.len();
    bytes[end - 4..].fill(0);
    fs::write(&keys, &bytes).unwrap();

    let copy = directory.path().join("copy.keys");
    let backed_up = open(&keys).backup(&copy).unwrap();
    assert_eq!(
        backed_up,
        BackedUp {
            bytes: 4 * SLOT_BYTES as u64,
            persons: 2,
            damaged: 1
        }
    );
    assert_eq!(fs::read(&copy).unwrap(), bytes[..4 * SLOT_BYTES]);

    let (_elsewhere, restored) = house();
    let told = restore(&copy, &[], &restored).unwrap();
    assert_eq!((told.persons, told.damaged), (2, 1));
    assert_eq!(key_of(&open(&restored), person(3)), third);
}

#[test]
fn a_backup_made_while_others_mint_holds_every_key_that_was_there_when_it_began() {
    let (directory, keys) = house();
    let vault = open(&keys);
    // Enough for two turns of copying.
    vault.mint_all(&people(1..=10_000)).unwrap();
    let minted = AtomicU64::new(10_000);
    let is_over = AtomicBool::new(false);
    let began_with: Vec<u64> = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                let last = minted.load(Ordering::Relaxed);
                vault.mint_all(&people(last + 1..=last + 3)).unwrap();
                minted.store(last + 3, Ordering::Release);
            }
        });
        scope.spawn(|| {
            for n in (100..10_000).step_by(500) {
                vault.destroy(person(n), NOW).unwrap();
            }
        });
        let began_with = (0..6).map(|n| {
            let began_with = minted.load(Ordering::Acquire);
            vault.backup(&directory.path().join(format!("{n}.keys"))).unwrap();
            began_with
        });
        let began_with = began_with.collect();
        is_over.store(true, Ordering::Release);
        began_with
    });
    assert!(
        began_with[5] > began_with[0],
        "nobody was minted during {began_with:?}"
    );
    for (n, began_with) in began_with.iter().enumerate() {
        // Elsewhere, so that the ledger is not obeyed.
        let (_elsewhere, copy) = house();
        fs::rename(directory.path().join(format!("{n}.keys")), &copy).unwrap();
        let copy = open(&copy);
        assert_eq!(copy.damaged(), []);
        for number in 1..=*began_with {
            let subject = person(number);
            match vault.knows(subject) {
                KeyState::Present => assert_eq!(copy.knows(subject), KeyState::Present, "{subject}"),
                // Erased before that backup or after it.
                KeyState::Destroyed => assert_ne!(copy.knows(subject), KeyState::Unknown),
                KeyState::Unknown => panic!("{subject} is lost"),
            }
            // Unwrapping every one of them takes a minute unoptimised; those minted meanwhile all are.
            let is_tried = number > 10_000 || number.is_multiple_of(50);
            if is_tried && vault.knows(subject) == KeyState::Present {
                assert_eq!(key_of(&copy, subject), key_of(&vault, subject), "{subject}");
            }
        }
    }
}

#[test]
fn keys_restored_from_a_backup_have_none_of_whom_a_ledger_names() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=4)).unwrap();
    let kept = key_of(&vault, person(4));
    vault.destroy(person(1), NOW).unwrap();
    let backup = directory.path().join("backup.keys");
    vault.backup(&backup).unwrap();
    let wrapped = fs::read(&backup).unwrap()[2 * SLOT_BYTES + 24..2 * SLOT_BYTES + 96].to_vec();
    vault.destroy(person(2), NOW).unwrap();
    // Minted after the backup, and erased.
    vault.mint(person(5)).unwrap();
    vault.destroy(person(5), NOW).unwrap();
    // Another ledger, of an earlier life of these keys.
    let (_other_directory, other) = house();
    open(&other).destroy(person(3), NOW).unwrap();
    let other_ledger = other.with_file_name(LEDGER_FILE_NAME);

    let (_elsewhere, to) = house();
    let told = restore(&backup, &[vault.ledger(), &other_ledger], &to).unwrap();
    assert_eq!(
        told,
        Restored {
            persons: 1,
            destroyed: 4,
            obeyed: 3,
            damaged: 0
        }
    );
    let bytes = fs::read(&to).unwrap();
    assert!(
        wrapped
            .chunks(8)
            .all(|piece| !bytes.windows(8).any(|window| window == piece))
    );
    // As it is, and as it is found the next time.
    for _ in 0..2 {
        let vault = open(&to);
        assert!(vault.obeyed().is_empty(), "nothing was left to obey");
        for erased in [1, 2, 3, 5] {
            assert_eq!(vault.knows(person(erased)), KeyState::Destroyed, "{erased}");
        }
        assert_eq!(key_of(&vault, person(4)), kept);
    }
    // The new house remembers them all, also for the next time.
    let (_third, again) = house();
    let told = restore(&backup, &[&to.with_file_name(LEDGER_FILE_NAME)], &again).unwrap();
    assert_eq!((told.persons, told.obeyed), (1, 3));
}

#[test]
fn the_ledger_that_outlived_its_keys_file_is_obeyed_and_completed() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=3)).unwrap();
    let backup = directory.path().join("backup.keys");
    vault.backup(&backup).unwrap();
    vault.destroy(person(1), NOW).unwrap();
    let ledger = vault.ledger().to_owned();
    drop(vault);
    fs::remove_file(&keys).unwrap();
    let (_other_directory, other) = house();
    open(&other).destroy(person(2), NOW).unwrap();

    restore(
        &backup,
        &[&other.with_file_name(LEDGER_FILE_NAME), &ledger],
        &keys,
    )
    .unwrap();
    let vault = open(&keys);
    let states: Vec<KeyState> = (1..=3).map(|n| vault.knows(person(n))).collect();
    assert_eq!(
        states,
        [KeyState::Destroyed, KeyState::Destroyed, KeyState::Present]
    );
    let lines = fs::read_to_string(&ledger).unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.contains(&person(1).to_string()) && lines.contains(&person(2).to_string()));
}

#[test]
fn restoring_overwrites_nothing_and_makes_nothing_of_what_it_cannot_trust() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=2)).unwrap();
    let backup = directory.path().join("backup.keys");
    vault.backup(&backup).unwrap();
    vault.destroy(person(1), NOW).unwrap();
    vault.destroy(person(2), NOW).unwrap();

    let before = fs::read(&keys).unwrap();
    assert!(matches!(
        restore(&backup, &[], &keys),
        Err(RestoreError::Exists { .. })
    ));
    assert_eq!(fs::read(&keys).unwrap(), before);

    let (elsewhere, to) = house();
    let other_master = restore_keys(&backup, &[], &to, &MasterKey::from_bytes([8; 32]));
    assert!(matches!(
        other_master,
        Err(RestoreError::Backup(OpenKeysError::WrongMaster { .. }))
    ));
    let missing = elsewhere.path().join("no.ledger");
    assert!(matches!(
        restore(&backup, &[&missing], &to),
        Err(RestoreError::Ledger(LedgerError::Io { .. }))
    ));
    let damaged = elsewhere.path().join("damaged.ledger");
    let mut bytes = fs::read(vault.ledger()).unwrap();
    bytes[30] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    assert!(matches!(
        restore(&backup, &[&damaged], &to),
        Err(RestoreError::Ledger(LedgerError::Damaged { line: 1, .. }))
    ));
    assert!(!to.exists());
}

#[test]
fn a_ledger_copied_while_it_was_written_is_obeyed_up_to_its_last_whole_line() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=2)).unwrap();
    let backup = directory.path().join("backup.keys");
    vault.backup(&backup).unwrap();
    vault.destroy(person(1), NOW).unwrap();
    vault.destroy(person(2), NOW).unwrap();
    let torn = directory.path().join("copy.ledger");
    let bytes = fs::read(vault.ledger()).unwrap();
    fs::write(&torn, &bytes[..bytes.len() - 9]).unwrap();
    let (_elsewhere, to) = house();
    let told = restore(&backup, &[&torn], &to).unwrap();
    assert_eq!((told.persons, told.destroyed), (1, 1));
    assert_eq!(open(&to).knows(person(1)), KeyState::Destroyed);
}

/// Fault S6: a backup that was broken off leaves a draft; the next one is made all the same and takes the draft away.
#[test]
fn a_backup_that_was_broken_off_does_not_bar_the_next_one() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=2)).unwrap();
    let copy = directory.path().join("copy.keys");
    let (draft, other) = (
        directory.path().join(".copy.keys.0123456789abcdef"),
        directory.path().join(".copy.keys.of-somebody-else"),
    );
    fs::write(&draft, "half a backup").unwrap();
    fs::write(&other, "mine").unwrap();
    assert_eq!(vault.backup(&copy).unwrap().persons, 2);
    assert!(!draft.exists());
    assert_eq!(fs::read_to_string(other).unwrap(), "mine");
}

/// Fault S6: a keys file that a start made by mistake holds nobody and does not bar the real keys.
#[test]
fn a_keys_file_that_holds_nobody_gives_way_to_a_backup() {
    let (directory, keys) = house();
    let vault = open(&keys);
    vault.mint_all(&people(1..=2)).unwrap();
    let backup = directory.path().join("backup.keys");
    vault.backup(&backup).unwrap();

    let (elsewhere, to) = house();
    let empty = Vault::open(&to, MasterKey::from_bytes([8; 32])).unwrap();
    // Not while a server has it.
    assert!(matches!(
        restore(&backup, &[], &to),
        Err(RestoreError::Exists { .. })
    ));
    drop(empty);
    assert_eq!(restore(&backup, &[], &to).unwrap().persons, 2);
    let restored = open(&to);
    assert_eq!(restored.knows(person(2)), KeyState::Present);
    drop(restored);
    // With somebody in it, it bars.
    assert!(matches!(
        restore(&backup, &[], &to),
        Err(RestoreError::Exists { .. })
    ));
    // And so does a file that is something else, and one that is empty.
    for other in ["a letter to my aunt", ""] {
        let to = elsewhere.path().join("other.keys");
        fs::write(&to, other).unwrap();
        assert!(matches!(
            restore(&backup, &[], &to),
            Err(RestoreError::Exists { .. })
        ));
        assert_eq!(fs::read_to_string(&to).unwrap(), other);
    }
}

/// Fault U12: what a wrong master key is answered with is for people, and has no cipher's words behind it.
#[test]
fn a_wrong_master_key_is_told_in_words() {
    let (_directory, keys) = house();
    drop(open(&keys));
    let error = Vault::open(&keys, MasterKey::from_bytes([8; 32])).unwrap_err();
    let said = format!(
        "the master key is not the one that the keys file {} was made with",
        keys.display()
    );
    assert_eq!(error.to_string(), said);
    assert!(std::error::Error::source(&error).is_none());
}
