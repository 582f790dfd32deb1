//! Another master key for the same keys.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{
    DamagedSlot, DamagedSlots, KeyState, MasterKey, OpenKeysError, RotateError, Rotated, SecretFileError,
    Vault, rotate_master,
};

const EVENT: Uuid = Uuid::from_u128(0xE1);
const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const SLOT_BYTES: usize = 128;

fn person(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

fn old() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

fn new() -> MasterKey {
    MasterKey::from_bytes([8; 32])
}

fn rotate(keys: &Path, damaged: DamagedSlots) -> Result<Rotated, RotateError> {
    rotate_master(keys, &old(), &new(), damaged)
}

fn key_of(vault: &Vault, subject: Uuid) -> [u8; 32] {
    *vault.value_key(subject, EVENT, "/data").unwrap().as_bytes()
}

/// Persons 1, 2 and 3 in their slots, the second erased, and the keys of the others.
fn house() -> (TempDir, PathBuf, [[u8; 32]; 2]) {
    let directory = TempDir::new().unwrap();
    let keys = directory.path().join("persons.keys");
    let vault = Vault::open(&keys, old()).unwrap();
    vault.mint_all(&[person(1), person(2), person(3)]).unwrap();
    vault.destroy(person(2), NOW).unwrap();
    let known = [key_of(&vault, person(1)), key_of(&vault, person(3))];
    (directory, keys, known)
}

fn names(directory: &TempDir) -> usize {
    fs::read_dir(directory.path()).unwrap().count()
}

#[test]
fn after_a_rotation_only_the_new_master_key_opens_and_every_person_has_their_key() {
    let (directory, keys, known) = house();
    let before = fs::read(&keys).unwrap();
    assert_eq!(
        rotate(&keys, DamagedSlots::Refuse).unwrap(),
        Rotated::Done {
            persons: 2,
            destroyed: 1,
            given_up: vec![]
        }
    );
    assert!(matches!(
        Vault::open(&keys, old()),
        Err(OpenKeysError::WrongMaster { .. })
    ));
    let after = fs::read(&keys).unwrap();
    assert_eq!(after.len(), before.len());
    for slot in [1, 3] {
        for piece in before[slot * SLOT_BYTES + 24..slot * SLOT_BYTES + 96].chunks(8) {
            assert!(
                !after.windows(8).any(|window| window == piece),
                "a piece of the old wrapping is left"
            );
        }
    }
    assert_eq!(names(&directory), 2, "keys and ledger; no draft is left");
    let vault = Vault::open(&keys, new()).unwrap();
    assert_eq!([key_of(&vault, person(1)), key_of(&vault, person(3))], known);
    assert_eq!(vault.knows(person(2)), KeyState::Destroyed);
    vault.mint(person(4)).unwrap();
}

#[test]
fn a_rotation_asked_for_again_is_told_to_be_done_and_with_other_keys_is_refused() {
    let (_directory, keys, _) = house();
    rotate(&keys, DamagedSlots::Refuse).unwrap();
    let bytes = fs::read(&keys).unwrap();
    assert_eq!(rotate(&keys, DamagedSlots::Refuse).unwrap(), Rotated::Already);
    let strangers = rotate_master(
        &keys,
        &old(),
        &MasterKey::from_bytes([9; 32]),
        DamagedSlots::Refuse,
    );
    assert!(matches!(
        strangers,
        Err(RotateError::Open(OpenKeysError::WrongMaster { .. }))
    ));
    assert_eq!(fs::read(&keys).unwrap(), bytes);
}

#[test]
fn while_a_vault_has_the_file_open_nothing_is_rotated() {
    let (_directory, keys, _) = house();
    let vault = Vault::open(&keys, old()).unwrap();
    assert!(matches!(
        rotate(&keys, DamagedSlots::Refuse),
        Err(RotateError::Open(OpenKeysError::InUse { .. }))
    ));
    vault.mint(person(4)).unwrap();
}

#[test]
fn damaged_slots_are_refused_and_when_given_up_they_stay_damaged_without_their_keys() {
    let (directory, keys, known) = house();
    let mut bytes = fs::read(&keys).unwrap();
    bytes[3 * SLOT_BYTES + 60] ^= 1;
    // A copy of the first slot in a place it was not wrapped for: its checksum fits, its key does not unwrap.
    let moved = bytes[SLOT_BYTES..2 * SLOT_BYTES].to_vec();
    bytes.extend_from_slice(&moved);
    fs::write(&keys, &bytes).unwrap();
    let damaged = [(3, person(3)), (4, person(1))].map(|(slot, subject_as_read)| DamagedSlot {
        slot,
        subject_as_read,
    });
    match rotate(&keys, DamagedSlots::Refuse) {
        Err(RotateError::Damaged { slots, .. }) => assert_eq!(slots, damaged),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read(&keys).unwrap(), bytes, "nothing was changed");
    assert_eq!(names(&directory), 2);

    assert_eq!(
        rotate(&keys, DamagedSlots::GiveUp).unwrap(),
        Rotated::Done {
            persons: 1,
            destroyed: 1,
            given_up: damaged.to_vec()
        }
    );
    let after = fs::read(&keys).unwrap();
    assert!(
        after[3 * SLOT_BYTES + 16..3 * SLOT_BYTES + 124]
            .iter()
            .all(|byte| *byte == 0)
    );
    let vault = Vault::open(&keys, new()).unwrap();
    assert_eq!(vault.damaged(), damaged);
    assert_eq!(key_of(&vault, person(1)), known[0]);
    assert_eq!(vault.knows(person(3)), KeyState::Unknown);
    assert!(vault.mint(person(3)).is_err());
}

#[test]
fn what_a_rotation_cut_short_left_beside_the_file_is_removed_and_nothing_else() {
    let (directory, keys, known) = house();
    let beside = |name: &str| directory.path().join(name);
    let draft = beside(".persons.keys.0123456789abcdef");
    fs::copy(&keys, &draft).unwrap();
    let others = [
        ".persons.keys.swp",
        ".persons.keys.0123456789abcdef0",
        "persons.keys.0123456789abcdef",
    ];
    for other in others {
        fs::write(beside(other), b"not ours").unwrap();
    }
    let vault = Vault::open(&keys, old()).unwrap();
    assert!(!draft.exists());
    assert!(others.iter().all(|other| beside(other).exists()));
    assert_eq!(key_of(&vault, person(1)), known[0]);
}

#[test]
fn the_next_master_key_takes_the_place_of_the_current_one_if_it_is_one() {
    let directory = TempDir::new().unwrap();
    let (current, next) = (
        directory.path().join("master.key"),
        directory.path().join("master.key.next"),
    );
    MasterKey::load_or_create(&current).unwrap();
    let before = fs::read(&current).unwrap();
    fs::write(&next, "not a secret").unwrap();
    assert!(MasterKey::promote(&next, &current).is_err());
    assert_eq!(fs::read(&current).unwrap(), before);
    fs::remove_file(&next).unwrap();
    assert!(matches!(
        MasterKey::promote(&next, &current),
        Err(SecretFileError::Io { action: "open", .. })
    ));

    MasterKey::load_or_create(&next).unwrap();
    let secret = fs::read(&next).unwrap();
    MasterKey::promote(&next, &current).unwrap();
    assert_eq!(fs::read(&current).unwrap(), secret);
    assert!(!next.exists());
}
