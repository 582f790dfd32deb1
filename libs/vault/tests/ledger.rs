//! The erasure ledger: who was erased stays erased, whatever becomes of the keys file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{KeyState, LEDGER_FILE_NAME, LedgerError, MasterKey, OpenKeysError, Vault};

const EVENT: Uuid = Uuid::from_u128(0xE1);
const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const SLOT_BYTES: usize = 128;

/// The n-th person; keys are minted in this order, so that person n lies in slot n.
fn person(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

struct House {
    directory: TempDir,
    keys: PathBuf,
    ledger: PathBuf,
}

impl House {
    fn new() -> House {
        let directory = TempDir::new().unwrap();
        House {
            keys: directory.path().join("persons.keys"),
            ledger: directory.path().join(LEDGER_FILE_NAME),
            directory,
        }
    }

    fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Vault, OpenKeysError> {
        Vault::open(&self.keys, MasterKey::from_bytes([7; 32]))
    }

    fn ledger_refused(&self) -> LedgerError {
        match self.try_open() {
            Err(OpenKeysError::Ledger { source, .. }) => source,
            other => panic!("{other:?} instead of a refused ledger"),
        }
    }

    fn lines(&self) -> Vec<String> {
        let ledger = fs::read_to_string(&self.ledger).unwrap();
        ledger.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn slot(&self, slot: usize) -> Vec<u8> {
        fs::read(&self.keys).unwrap()[slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES].to_vec()
    }

    /// Whether any file of the directory has any eight bytes of these.
    fn holds_some_of(&self, secret: &[u8]) -> bool {
        fs::read_dir(self.directory.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            secret
                .chunks_exact(8)
                .any(|piece| bytes.windows(8).any(|window| window == piece))
        })
    }
}

/// Nonce, wrapped key and tag of a slot.
fn wrapped(slot: &[u8]) -> &[u8] {
    &slot[24..96]
}

fn sealed(vault: &Vault, subject: Uuid) -> Value {
    let mut data = json!({"name": {"personal": {"subject": subject, "value": "Ada L."}}});
    vault.seal_data(EVENT, &mut data).unwrap();
    data
}

fn opened(vault: &Vault, stored: &Value) -> Value {
    let mut data = stored.clone();
    vault.open_data(EVENT, &mut data).unwrap();
    data
}

fn erased(subject: Uuid) -> Value {
    json!({"name": {"personal": {"subject": subject, "erased": true}}})
}

#[test]
fn an_erasure_is_one_line_and_a_second_of_the_same_person_none() {
    let house = House::new();
    let vault = house.open();
    assert_eq!(vault.ledger(), house.ledger);
    assert_eq!(house.lines(), [] as [String; 0]);
    vault.mint(person(1)).unwrap();
    let at = "2026-11-25T09:30:00.5Z".parse().unwrap();
    assert_eq!(vault.destroy(person(1), at).unwrap(), KeyState::Present);
    assert_eq!(vault.destroy(person(1), NOW).unwrap(), KeyState::Destroyed);
    assert_eq!(vault.destroy(person(2), NOW).unwrap(), KeyState::Unknown);
    let lines = house.lines();
    assert_eq!(lines.len(), 2);
    let start = format!(
        "{{\"guichet_erasure\":1,\"subject\":\"{}\",\"at\":\"2026-11-25T09:30:00.500Z\",\"crc32c\":\"",
        person(1)
    );
    assert!(lines[0].starts_with(&start), "{}", lines[0]);
    let mode = fs::metadata(&house.ledger).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn after_an_erasure_no_file_of_the_directory_has_a_piece_of_the_wrapped_key() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2)]).unwrap();
    let slots = [house.slot(1), house.slot(2)];
    vault.destroy(person(1), NOW).unwrap();
    assert!(!house.holds_some_of(wrapped(&slots[0])));
    assert!(house.holds_some_of(wrapped(&slots[1])), "the other one is there");
}

#[test]
fn an_older_keys_file_that_is_put_back_has_no_key_of_who_was_erased_since() {
    let house = House::new();
    let vault = house.open();
    vault.mint_all(&[person(1), person(2)]).unwrap();
    let stored = [sealed(&vault, person(1)), sealed(&vault, person(2))];
    let older = fs::read(&house.keys).unwrap();
    let slot = house.slot(1);
    vault.mint(person(3)).unwrap();
    vault.destroy(person(1), NOW).unwrap();
    vault.destroy(person(3), NOW).unwrap();
    drop(vault);
    fs::write(&house.keys, older).unwrap();
    assert!(house.holds_some_of(wrapped(&slot)));

    let vault = house.open();
    assert_eq!(
        vault.obeyed(),
        [person(1), person(3)],
        "the file had never heard of the third"
    );
    assert!(
        !house.holds_some_of(wrapped(&slot)),
        "gone before anything is asked"
    );
    assert_eq!(opened(&vault, &stored[0]), erased(person(1)));
    assert_eq!(opened(&vault, &stored[1])["name"]["personal"]["value"], "Ada L.");
    assert!(vault.mint(person(3)).is_err());
    drop(vault);
    let vault = house.open();
    assert!(vault.obeyed().is_empty(), "once is enough");
    assert_eq!(vault.knows(person(1)), KeyState::Destroyed);
    assert_eq!(house.lines().len(), 2);
}

#[test]
fn an_old_copy_of_a_slot_and_a_damaged_one_are_destroyed_as_well() {
    let house = House::new();
    let vault = house.open();
    vault.mint(person(1)).unwrap();
    let copy = house.slot(1);
    vault.destroy(person(1), NOW).unwrap();
    drop(vault);
    let mut damaged = copy.clone();
    damaged[100] ^= 1;
    let mut file = OpenOptions::new().append(true).open(&house.keys).unwrap();
    file.write_all(&[copy.as_slice(), &damaged].concat()).unwrap();

    let vault = house.open();
    assert_eq!(vault.obeyed(), [person(1)]);
    assert_eq!(vault.damaged(), []);
    assert!(!house.holds_some_of(wrapped(&copy)));
}

#[test]
fn every_way_a_last_line_can_be_torn_drops_that_line_only_and_the_next_one_is_whole() {
    let house = House::new();
    let vault = house.open();
    vault.destroy(person(1), NOW).unwrap();
    vault.destroy(person(2), NOW).unwrap();
    drop(vault);
    let older = {
        let empty = House::new();
        drop(empty.open());
        fs::read(&empty.keys).unwrap()
    };
    let lines = house.lines();
    let (first, last) = (&lines[0], &lines[1]);
    for written in 1..last.len() {
        // The rest is missing, or was never filled.
        for fill in [0, last.len() - written] {
            let torn = [first.as_bytes(), &last.as_bytes()[..written], &vec![0; fill]].concat();
            fs::write(&house.keys, &older).unwrap();
            fs::write(&house.ledger, &torn).unwrap();
            let vault = house.open();
            if written == last.len() - 1 && fill == 0 {
                // Nothing is missing but the end of the line.
                assert_eq!(vault.obeyed(), [person(1), person(2)]);
                assert_eq!(vault.torn_ledger_bytes(), 0);
                assert_eq!(house.lines(), lines);
                continue;
            }
            assert_eq!(vault.obeyed(), [person(1)], "{written} bytes and {fill} zeros");
            assert_eq!(vault.torn_ledger_bytes(), (written + fill) as u64);
            assert_eq!(vault.knows(person(2)), KeyState::Unknown);
            vault.destroy(person(2), NOW).unwrap();
            assert_eq!(house.lines(), lines);
        }
    }
}

#[test]
fn a_damaged_line_before_the_last_is_named_and_nobody_is_answered() {
    let house = House::new();
    let vault = house.open();
    for n in 1..=3 {
        vault.destroy(person(n), NOW).unwrap();
    }
    drop(vault);
    let whole = fs::read(&house.ledger).unwrap();
    let second = house.lines()[0].len();
    for at in [second, second + 40, second + 100] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&house.ledger, damaged).unwrap();
        assert!(matches!(
            house.ledger_refused(),
            LedgerError::Damaged { line: 2, .. }
        ));
    }
    // Something else altogether, longer than a line may be.
    fs::write(&house.ledger, [b'x'; 2_000]).unwrap();
    assert!(matches!(
        house.ledger_refused(),
        LedgerError::Damaged { line: 1, .. }
    ));
    fs::write(&house.ledger, whole).unwrap();
    house.open();
}

#[test]
fn a_line_of_a_later_form_is_refused_and_not_taken_for_a_torn_one() {
    let house = House::new();
    drop(house.open());
    let body = "{\"guichet_erasure\":2,\"who\":\"?\"";
    let line = format!(
        "{body},\"crc32c\":\"{:08x}\"}}\n",
        crc32c::crc32c(body.as_bytes())
    );
    fs::write(&house.ledger, line).unwrap();
    assert!(matches!(
        house.ledger_refused(),
        LedgerError::UnknownForm { line: 1, form: 2, .. }
    ));
}

#[test]
fn ledgers_are_joined_by_concatenating_them() {
    let houses = [House::new(), House::new()];
    for (n, house) in (1..).zip(&houses) {
        let vault = house.open();
        vault.destroy(person(n), NOW).unwrap();
        vault.destroy(person(9), NOW).unwrap();
    }
    let joined = [
        fs::read(&houses[0].ledger).unwrap(),
        fs::read(&houses[1].ledger).unwrap(),
    ]
    .concat();
    fs::write(&houses[0].ledger, joined).unwrap();
    assert_eq!(houses[0].open().obeyed(), [person(2)]);
}

#[test]
fn a_ledger_that_others_may_write_is_refused() {
    let house = House::new();
    drop(house.open());
    fs::set_permissions(&house.ledger, fs::Permissions::from_mode(0o622)).unwrap();
    assert!(matches!(
        house.ledger_refused(),
        LedgerError::OpenToOthers { mode: 0o622, .. }
    ));
}

/// A ledger that was lost is made again from whoever remembers; whom it names has one line.
#[test]
fn a_ledger_is_completed_with_those_whom_it_does_not_name() {
    let house = House::new();
    let vault = house.open();
    for n in 1..=3 {
        vault.mint_all(&[person(n)]).unwrap();
        vault.destroy(person(n), NOW).unwrap();
    }
    drop(vault);
    let whole = house.lines();
    let erased: Vec<_> = (1..=3).map(|n| (person(n), NOW)).collect();
    assert_eq!(house.open().complete_ledger(&erased).unwrap(), 0);
    assert_eq!(house.lines(), whole);
    fs::write(&house.ledger, &whole[0]).unwrap();
    let vault = house.open();
    assert_eq!(vault.complete_ledger(&erased).unwrap(), 2);
    assert_eq!(house.lines(), whole);
    // It goes on.
    vault.destroy(person(4), NOW).unwrap();
    assert_eq!(house.lines().len(), 4);
}
