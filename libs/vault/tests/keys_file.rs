//! The file of persons' keys: what is forgotten, what is damaged, whom it opens for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{
    DamagedSlot, KeyState, LEDGER_FILE_NAME, MasterKey, MintError, OpenKeysError, SealError, UnsealError,
    Vault,
};

const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const EVENT: Uuid = Uuid::from_u128(0xE1);
const SLOT_BYTES: usize = 128;

/// The n-th person; keys are minted in this order, so that person n lies in slot n.
fn person(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

struct House {
    _directory: TempDir,
    keys: PathBuf,
}

impl House {
    fn new() -> House {
        let directory = TempDir::new().unwrap();
        House {
            keys: directory.path().join("persons.keys"),
            _directory: directory,
        }
    }

    fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Vault, OpenKeysError> {
        Vault::open(&self.keys, MasterKey::from_bytes([7; 32]))
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.keys).unwrap()
    }

    fn slot(&self, slot: usize) -> Vec<u8> {
        self.bytes()[slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES].to_vec()
    }

    fn overwrite(&self, at: usize, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(&self.keys).unwrap();
        file.write_all_at(bytes, at as u64).unwrap();
    }

    fn flip(&self, at: usize) {
        let byte = self.bytes()[at];
        self.overwrite(at, &[byte ^ 1]);
    }

    /// What holds now must hold for whoever opens the file next, too.
    fn check_now_and_reopened(&self, vault: Vault, check: impl Fn(&Vault)) {
        check(&vault);
        drop(vault);
        check(&self.open());
    }
}

fn data_of(subject: Uuid) -> Value {
    json!({"name": {"personal": {"subject": subject, "value": "Ada L."}}})
}

fn erased(subject: Uuid) -> Value {
    json!({"name": {"personal": {"subject": subject, "erased": true}}})
}

fn sealed(vault: &Vault, subject: Uuid) -> Value {
    let mut data = data_of(subject);
    vault.seal_data(EVENT, &mut data).unwrap();
    data
}

fn opened(vault: &Vault, stored: &Value) -> Value {
    let mut data = stored.clone();
    vault.open_data(EVENT, &mut data).unwrap();
    data
}

#[test]
fn keys_outlive_the_process() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2)]).unwrap();
    let stored = [sealed(&vault, person(1)), sealed(&vault, person(2))];
    drop(vault);
    let vault = house.open();
    assert_eq!(opened(&vault, &stored[0]), data_of(person(1)));
    assert_eq!(opened(&vault, &stored[1]), data_of(person(2)));
    assert_eq!(vault.knows(person(3)), KeyState::Unknown);
}

#[test]
fn a_subject_that_has_a_key_keeps_it_and_costs_no_write() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(1)]).unwrap();
    let (bytes, syncs) = (house.bytes(), vault.syncs());
    assert_eq!(bytes.len(), 2 * SLOT_BYTES, "named twice, minted once");
    vault.mint(person(1)).unwrap();
    assert_eq!((house.bytes(), vault.syncs()), (bytes, syncs));
}

#[test]
fn after_destroying_every_value_is_erased_and_the_key_is_nowhere_in_the_file() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2), person(3)]).unwrap();
    let stored: Vec<Value> = (1..=3).map(|n| sealed(&vault, person(n))).collect();
    let before = house.slot(2);

    assert_eq!(vault.destroy(person(2), NOW).unwrap(), KeyState::Present);

    let bytes = house.bytes();
    for piece in before[24..96].chunks(8) {
        assert!(
            !bytes.windows(8).any(|window| window == piece),
            "nonce, wrapped key or tag are left"
        );
    }
    assert_eq!(house.slot(2)[16], 2);
    assert!(house.slot(2)[17..124].iter().all(|byte| *byte == 0));
    house.check_now_and_reopened(vault, |vault| {
        assert_eq!(vault.knows(person(2)), KeyState::Destroyed);
        assert_eq!(opened(vault, &stored[0]), data_of(person(1)));
        assert_eq!(opened(vault, &stored[1]), erased(person(2)));
        assert_eq!(opened(vault, &stored[2]), data_of(person(3)));
        assert!(vault.value_key(person(2), EVENT, "/data/name").is_none());
    });
}

#[test]
fn an_erased_person_gets_no_second_key_and_nothing_is_written_about_them() {
    let house = House::new();
    let vault = house.open();
    vault.mint(person(1)).unwrap();
    vault.destroy(person(1), NOW).unwrap();
    assert_eq!(vault.destroy(person(1), NOW).unwrap(), KeyState::Destroyed);
    house.check_now_and_reopened(vault, |vault| {
        assert!(matches!(vault.mint(person(1)), Err(MintError::Destroyed(who)) if who == person(1)));
        let mut data = data_of(person(1));
        let error = vault.seal_data(EVENT, &mut data).unwrap_err();
        assert!(matches!(error, SealError::Destroyed { subject, .. } if subject == person(1)));
    });
}

#[test]
fn when_one_of_several_is_refused_none_is_minted() {
    let house = House::new();
    let vault = house.open();
    vault.destroy(person(1), NOW).unwrap();
    let bytes = house.bytes();
    assert!(matches!(
        vault.mint_all(&[person(2), person(1)]),
        Err(MintError::Destroyed(_))
    ));
    assert_eq!(vault.knows(person(2)), KeyState::Unknown);
    assert_eq!(house.bytes(), bytes);
}

#[test]
fn an_erasure_is_repeated_on_an_older_keys_file_that_never_knew_the_person() {
    let house = House::new();
    let vault = house.open();
    vault.mint(person(1)).unwrap();
    drop(vault);
    let older = house.bytes();
    let vault = house.open();
    vault.mint(person(2)).unwrap();
    let stored = sealed(&vault, person(2));
    drop(vault);
    fs::write(&house.keys, older).unwrap();

    let vault = house.open();
    let error = vault.open_data(EVENT, &mut stored.clone()).unwrap_err();
    assert!(matches!(error, UnsealError::UnknownSubject { subject, .. } if subject == person(2)));
    assert_eq!(vault.destroy(person(2), NOW).unwrap(), KeyState::Unknown);
    house.check_now_and_reopened(vault, |vault| {
        assert_eq!(opened(vault, &stored), erased(person(2)));
        assert_eq!(vault.knows(person(1)), KeyState::Present);
    });
}

#[test]
fn another_master_key_is_refused_before_anything_is_read() {
    let house = House::new();
    house.open().mint(person(1)).unwrap();
    let error = Vault::open(&house.keys, MasterKey::from_bytes([8; 32])).unwrap_err();
    assert!(matches!(error, OpenKeysError::WrongMaster { .. }), "{error:?}");
}

#[test]
fn one_process_has_the_file_open_at_a_time() {
    let house = House::new();
    let vault = house.open();
    assert!(matches!(house.try_open(), Err(OpenKeysError::InUse { .. })));
    drop(vault);
    house.open();
}

#[test]
fn the_file_is_for_its_owner_only() {
    let house = House::new();
    drop(house.open());
    assert_eq!(
        fs::metadata(&house.keys).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&house.keys, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        house.try_open(),
        Err(OpenKeysError::OpenToOthers { mode: 0o640, .. })
    ));
}

#[test]
fn only_a_keys_file_of_this_version_opens() {
    let house = House::new();
    drop(house.open());
    let header = house.bytes();
    let opened_as = |at: usize, byte: u8| {
        house.overwrite(0, &header);
        house.overwrite(at, &[byte]);
        house.try_open().unwrap_err()
    };
    assert!(matches!(opened_as(0, b'X'), OpenKeysError::NotAKeysFile { .. }));
    assert!(matches!(
        opened_as(8, 2),
        OpenKeysError::UnknownVersion { version: 2, .. }
    ));
    assert!(matches!(
        opened_as(20, !header[20]),
        OpenKeysError::HeaderDamaged { .. }
    ));
    assert!(matches!(opened_as(100, 1), OpenKeysError::HeaderDamaged { .. }));
    fs::write(&house.keys, b"GUICHKEY").unwrap();
    assert!(matches!(
        house.try_open(),
        Err(OpenKeysError::NotAKeysFile { .. })
    ));
}

#[test]
fn a_damaged_slot_is_named_and_the_others_still_open() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2), person(3)]).unwrap();
    let stored: Vec<Value> = (1..=3).map(|n| sealed(&vault, person(n))).collect();
    drop(vault);
    house.flip(2 * SLOT_BYTES + 50);

    let vault = house.open();
    assert_eq!(
        vault.damaged(),
        [DamagedSlot {
            slot: 2,
            subject_as_read: person(2)
        }]
    );
    assert_eq!(opened(&vault, &stored[0]), data_of(person(1)));
    assert_eq!(
        opened(&vault, &stored[1]),
        erased(person(2)),
        "as long as somebody may repair the file"
    );
    assert_eq!(opened(&vault, &stored[2]), data_of(person(3)));
    assert!(matches!(
        vault.mint(person(2)),
        Err(MintError::Damaged(DamagedSlot { slot: 2, .. }))
    ));
    vault.mint(person(4)).unwrap();
    drop(vault);
    house.flip(2 * SLOT_BYTES + 50);
    let vault = house.open();
    assert_eq!(vault.damaged(), []);
    assert_eq!(
        opened(&vault, &stored[1]),
        data_of(person(2)),
        "damage was not made worse"
    );
    assert_eq!(vault.knows(person(4)), KeyState::Present);
}

#[test]
fn a_person_whose_slot_is_damaged_can_be_given_up() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2)]).unwrap();
    let stored = sealed(&vault, person(1));
    drop(vault);
    house.flip(SLOT_BYTES + 50);
    let vault = house.open();
    assert_eq!(vault.destroy(person(1), NOW).unwrap(), KeyState::Unknown);
    assert_eq!(vault.damaged(), []);
    drop(vault);
    assert!(
        house.slot(1)[17..124].iter().all(|byte| *byte == 0),
        "the damaged key is gone too"
    );
    let vault = house.open();
    assert_eq!(vault.damaged(), []);
    assert_eq!(vault.knows(person(1)), KeyState::Destroyed);
    assert_eq!(opened(&vault, &stored), erased(person(1)));
}

#[test]
fn every_way_a_last_slot_can_be_cut_off_loses_that_slot_only_and_it_is_used_again() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2)]).unwrap();
    let first = sealed(&vault, person(1));
    drop(vault);
    let whole = house.bytes();
    let last = 2 * SLOT_BYTES;
    for written in 0..SLOT_BYTES {
        // The rest of the slot is missing from the file, or there and never written.
        for keeps_length in [false, true] {
            let mut torn = whole[..last + written].to_vec();
            if keeps_length {
                torn.resize(whole.len(), 0);
            }
            // A checksum of which only a part was written cannot be told from damage: then the slot is named.
            let is_told = !keeps_length || written <= SLOT_BYTES - 4;
            fs::write(&house.keys, &torn).unwrap();
            let vault = house.open();
            assert_eq!(
                vault.damaged().is_empty(),
                is_told,
                "{written} bytes, {keeps_length}"
            );
            assert_eq!(vault.knows(person(2)), KeyState::Unknown);
            assert_eq!(opened(&vault, &first), data_of(person(1)));
            vault.mint(person(3)).unwrap();
            drop(vault);
            assert_eq!(
                house.bytes().len(),
                if is_told {
                    whole.len()
                } else {
                    whole.len() + SLOT_BYTES
                }
            );
            assert_eq!(house.open().knows(person(3)), KeyState::Present);
        }
    }
}

#[test]
fn two_slots_that_were_swapped_give_no_key() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2)]).unwrap();
    let stored = sealed(&vault, person(1));
    drop(vault);
    let (one, two) = (house.slot(1), house.slot(2));
    house.overwrite(SLOT_BYTES, &[two, one].concat());
    let vault = house.open();
    let error = vault.open_data(EVENT, &mut stored.clone()).unwrap_err();
    assert!(
        matches!(&error, UnsealError::KeyUnreadable { pointer, .. } if pointer == "/data/name"),
        "{error:?}"
    );
}

#[test]
fn an_erasure_stands_when_an_old_copy_of_the_slot_is_found_elsewhere() {
    let house = House::new();
    let vault = house.open();
    vault.mint(person(1)).unwrap();
    let old = house.slot(1);
    vault.destroy(person(1), NOW).unwrap();
    drop(vault);
    house.overwrite(2 * SLOT_BYTES, &old);
    // With its ledger the copy would be destroyed as well.
    fs::remove_file(house.keys.with_file_name(LEDGER_FILE_NAME)).unwrap();
    let vault = house.open();
    assert_eq!(vault.knows(person(1)), KeyState::Destroyed);
    assert_eq!(
        vault.damaged(),
        [DamagedSlot {
            slot: 2,
            subject_as_read: person(1)
        }]
    );
}
