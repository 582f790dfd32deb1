//! What is told of sealed values beside their text: commitments for digests, value keys for bundles.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{MasterKey, UnsealError, ValueKey, Vault, erase_data, open_with_value_key};

const ADA: Uuid = Uuid::from_u128(0xADA);
const BOB: Uuid = Uuid::from_u128(0xB0B);
/// When people are erased.
const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const EVENT: Uuid = Uuid::from_u128(0xE1);

fn vault_knowing(people: &[Uuid]) -> (TempDir, Vault) {
    let directory = TempDir::new().unwrap();
    let keys = directory.path().join("persons.keys");
    let vault = Vault::open(&keys, MasterKey::from_bytes([7; 32])).unwrap();
    vault.mint_all(people).unwrap();
    (directory, vault)
}

fn personal(subject: Uuid, value: impl Into<Value>) -> Value {
    json!({"personal": {"subject": subject, "value": value.into()}})
}

/// Three values: Ada's, Bob's, and one of Ada whose name needs escapes in a pointer.
fn data() -> Value {
    json!({
        "a": personal(ADA, "one"),
        "b": [7, personal(BOB, json!({"n": 2}))],
        "c/d": {"~": personal(ADA, Value::Null)},
        "plain": {"personal": "yes"},
    })
}

fn stored_by(vault: &Vault) -> Value {
    let mut stored = data();
    vault.seal_data(EVENT, &mut stored).unwrap();
    stored
}

fn opened_committed(vault: &Vault, stored: &Value) -> Value {
    let mut opened = stored.clone();
    vault.open_data_committed(EVENT, &mut opened).unwrap();
    opened
}

/// `mark` with the commitment that stands at `pointer` of the stored form.
fn with_commitment(mut mark: Value, stored: &Value, pointer: &str) -> Value {
    let commitment = &stored.pointer(pointer).unwrap()["sealed"]["commitment"];
    assert_eq!(commitment.as_str().unwrap().len(), 43, "32 bytes in base64");
    mark["personal"]["commitment"] = commitment.clone();
    mark
}

fn erased(subject: Uuid) -> Value {
    json!({"personal": {"subject": subject, "erased": true}})
}

#[test]
fn a_value_opened_with_its_commitment_has_that_of_its_sealed_form_and_nothing_else_changes() {
    let (_directory, vault) = vault_knowing(&[ADA, BOB]);
    let stored = stored_by(&vault);
    let mut expected = data();
    expected["a"] = with_commitment(personal(ADA, "one"), &stored, "/a");
    expected["b"][1] = with_commitment(personal(BOB, json!({"n": 2})), &stored, "/b/1");
    expected["c/d"]["~"] = with_commitment(personal(ADA, Value::Null), &stored, "/c~1d/~0");
    assert_eq!(opened_committed(&vault, &stored), expected);

    let mut by_function = stored.clone();
    vault.opener_committed()(EVENT, &mut by_function).unwrap();
    assert_eq!(by_function, expected);
}

#[test]
fn an_erased_value_keeps_its_commitment_and_reads_as_to_somebody_without_keys() {
    let (_directory, vault) = vault_knowing(&[ADA, BOB]);
    let stored = stored_by(&vault);
    let before = opened_committed(&vault, &stored);
    vault.destroy(ADA, NOW).unwrap();
    let after = opened_committed(&vault, &stored);
    assert_eq!(after["a"], with_commitment(erased(ADA), &stored, "/a"));
    assert_eq!(after["b"], before["b"]);
    assert_eq!(
        after["a"]["personal"]["commitment"],
        before["a"]["personal"]["commitment"]
    );

    vault.destroy(BOB, NOW).unwrap();
    let mut without_keys = stored.clone();
    erase_data(&mut without_keys).unwrap();
    assert_eq!(without_keys, opened_committed(&vault, &stored));
    assert_eq!(without_keys["plain"], data()["plain"]);
    assert!(!without_keys.to_string().contains("ciphertext"));
}

#[test]
fn a_value_opened_with_its_commitment_is_not_sealed_again_unseen() {
    let (_directory, vault) = vault_knowing(&[ADA, BOB]);
    let mut opened = opened_committed(&vault, &stored_by(&vault));
    assert!(vault.seal_data(EVENT, &mut opened).is_err());
}

#[test]
fn who_erases_without_keys_names_what_is_no_sealed_value_of_this_form() {
    let (_directory, vault) = vault_knowing(&[ADA, BOB]);
    let mut later = stored_by(&vault);
    later["b"][1]["sealed"]["v"] = json!(2);
    assert!(matches!(
        erase_data(&mut later).unwrap_err(),
        UnsealError::UnknownForm { pointer, v: 2 } if pointer == "/data/b/1"
    ));
    let mut broken = stored_by(&vault);
    broken["a"]["sealed"]["commitment"] = json!(1);
    assert!(matches!(
        erase_data(&mut broken).unwrap_err(),
        UnsealError::Malformed { pointer } if pointer == "/data/a"
    ));
}

#[test]
fn every_value_key_that_is_listed_opens_its_value_and_erased_values_have_none() {
    let (_directory, vault) = vault_knowing(&[ADA, BOB]);
    let stored = stored_by(&vault);
    let listed = vault.value_keys(EVENT, &stored).unwrap();
    let places: Vec<(&str, Uuid)> = listed.iter().map(|(at, who, _)| (at.as_str(), *who)).collect();
    assert_eq!(
        places,
        [("/data/a", ADA), ("/data/b/1", BOB), ("/data/c~1d/~0", ADA)]
    );
    for (pointer, subject, key) in &listed {
        let inside_data = pointer.strip_prefix("/data").unwrap();
        let disclosed = ValueKey::from_bytes(*key.as_bytes());
        let value = open_with_value_key(&disclosed, *subject, stored.pointer(inside_data).unwrap()).unwrap();
        assert_eq!(value, data().pointer(inside_data).unwrap()["personal"]["value"]);
    }

    vault.destroy(ADA, NOW).unwrap();
    let listed = vault.value_keys(EVENT, &stored).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].0.as_str(), listed[0].1), ("/data/b/1", BOB));
}

#[test]
fn value_keys_of_a_subject_that_was_never_heard_of_are_an_error_and_not_a_gap() {
    let (_directory, vault) = vault_knowing(&[ADA, BOB]);
    let stored = stored_by(&vault);
    let (_other_directory, other) = vault_knowing(&[ADA]);
    assert!(matches!(
        other.value_keys(EVENT, &stored).unwrap_err(),
        UnsealError::UnknownSubject { subject: BOB, pointer } if pointer == "/data/b/1"
    ));
}
