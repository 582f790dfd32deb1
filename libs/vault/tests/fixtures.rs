//! The forms that are for ever, as a second implementation wrote them (`fixtures/second_implementation.py`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vault::content::Decryptor;
use vault::{DigestKey, KeyState, LEDGER_FILE_NAME, MasterKey, ValueKey, Vault, open_with_value_key};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn json_fixture(name: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture(name)).unwrap()).unwrap()
}

/// A copy with the mode that a checkout does not keep.
fn private_copy(directory: &TempDir, name: &str) -> PathBuf {
    private_copy_as(directory, name, name)
}

fn private_copy_as(directory: &TempDir, name: &str, copy_name: &str) -> PathBuf {
    let copy = directory.path().join(copy_name);
    fs::copy(fixture(name), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    copy
}

fn fixture_vault(directory: &TempDir) -> Vault {
    let master = MasterKey::load(&private_copy(directory, "master-v1.secret")).unwrap();
    Vault::open(&private_copy(directory, "persons-v1.keys"), master).unwrap()
}

fn uuid_at(value: &Value, pointer: &str) -> Uuid {
    text_at(value, pointer).parse().unwrap()
}

fn text_at<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).unwrap().as_str().unwrap()
}

fn bytes_32(hex: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    assert_eq!(hex.len(), 64);
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap();
    }
    bytes
}

#[test]
fn the_keys_file_of_another_implementation_opens() {
    let directory = TempDir::new().unwrap();
    let vault = fixture_vault(&directory);
    let event = json_fixture("event-v1.json");
    assert_eq!(
        vault.knows(uuid_at(&event, "/value_keys/0/subject")),
        KeyState::Present
    );
    assert_eq!(
        vault.knows(uuid_at(&event, "/destroyed/subject")),
        KeyState::Destroyed
    );
    assert_eq!(vault.knows(Uuid::from_u128(1)), KeyState::Unknown);
    assert_eq!(vault.damaged(), []);
}

#[test]
fn an_event_is_sealed_to_the_bytes_that_another_implementation_made_and_opened_again() {
    let directory = TempDir::new().unwrap();
    let vault = fixture_vault(&directory);
    let event = json_fixture("event-v1.json");
    let event_id = uuid_at(&event, "/event_id");

    let mut data = event["opened"].clone();
    vault.seal_data(event_id, &mut data).unwrap();
    assert_eq!(data, event["sealed"]);

    vault.open_data(event_id, &mut data).unwrap();
    assert_eq!(data, event["opened"]);
}

#[test]
fn every_disclosed_value_key_is_the_one_of_the_other_implementation_and_opens_its_value() {
    let directory = TempDir::new().unwrap();
    let vault = fixture_vault(&directory);
    let event = json_fixture("event-v1.json");
    let event_id = uuid_at(&event, "/event_id");
    let disclosed = event["value_keys"].as_array().unwrap();
    assert_eq!(disclosed.len(), 4);
    for entry in disclosed {
        let subject = uuid_at(entry, "/subject");
        let pointer = text_at(entry, "/pointer");
        let key = vault.value_key(subject, event_id, pointer).unwrap();
        assert_eq!(
            *key.as_bytes(),
            bytes_32(text_at(entry, "/value_key")),
            "{pointer}"
        );

        let inside_data = pointer.strip_prefix("/data").unwrap();
        let sealed = event["sealed"].pointer(inside_data).unwrap();
        let opened = &event["opened"].pointer(inside_data).unwrap()["personal"]["value"];
        let key = ValueKey::from_bytes(*key.as_bytes());
        assert_eq!(
            open_with_value_key(&key, subject, sealed).unwrap(),
            *opened,
            "{pointer}"
        );
    }
}

#[test]
fn a_value_of_a_destroyed_key_opens_as_erased() {
    let directory = TempDir::new().unwrap();
    let vault = fixture_vault(&directory);
    let event = json_fixture("event-v1.json");
    let mut data = json!({"by": event["destroyed"]["sealed"]});
    vault.open_data(uuid_at(&event, "/event_id"), &mut data).unwrap();
    let subject = text_at(&event, "/destroyed/subject");
    assert_eq!(
        data,
        json!({"by": {"personal": {"subject": subject, "erased": true}}})
    );
}

#[test]
fn the_ledger_of_another_implementation_is_obeyed() {
    let directory = TempDir::new().unwrap();
    private_copy_as(&directory, "erasures-v1.ledger", LEDGER_FILE_NAME);
    let vault = fixture_vault(&directory);
    let event = json_fixture("event-v1.json");
    let (ada, desk) = (
        uuid_at(&event, "/value_keys/0/subject"),
        uuid_at(&event, "/opened/notes/1/personal/subject"),
    );
    // The third, `gone`, is noted as destroyed in the keys file.
    assert_eq!(vault.obeyed(), [ada, desk]);
    assert_eq!(vault.torn_ledger_bytes(), 0);
    for erased in [ada, desk, uuid_at(&event, "/destroyed/subject")] {
        assert_eq!(vault.knows(erased), KeyState::Destroyed);
    }
}

#[test]
fn a_line_of_the_ledger_has_the_bytes_that_another_implementation_wrote() {
    let directory = TempDir::new().unwrap();
    let vault = fixture_vault(&directory);
    let event = json_fixture("event-v1.json");
    let ada = uuid_at(&event, "/value_keys/0/subject");
    let desk = uuid_at(&event, "/opened/notes/1/personal/subject");
    vault
        .destroy(ada, "2026-11-25T23:59:59.120Z".parse().unwrap())
        .unwrap();
    vault
        .destroy(desk, "2031-02-28T00:00:00.000001Z".parse().unwrap())
        .unwrap();
    let expected = fs::read_to_string(fixture("erasures-v1.ledger")).unwrap();
    let (_, expected) = expected.split_once('\n').unwrap();
    assert_eq!(fs::read_to_string(vault.ledger()).unwrap(), expected);
}

#[test]
fn content_that_another_implementation_encrypted_is_decrypted() {
    use base64::Engine as _;
    let content = json_fixture("content-v1.json");
    let ciphertext = text_at(&content, "/short/ciphertext");
    let ciphertext = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(ciphertext)
        .unwrap();
    let mut decryptor = Decryptor::new(ValueKey::from_bytes(bytes_32(text_at(&content, "/value_key"))));
    let mut plain = decryptor.push(&ciphertext).unwrap();
    plain.extend(decryptor.finish().unwrap());
    assert_eq!(plain, text_at(&content, "/short/plaintext").as_bytes());
}

#[test]
fn digests_are_those_of_the_other_implementation() {
    let directory = TempDir::new().unwrap();
    let key = DigestKey::load(&private_copy(&directory, "master-v1.secret")).unwrap();
    let digests = json_fixture("digest-v1.json");
    let digests = digests.as_array().unwrap();
    assert_eq!(digests.len(), 5);
    for entry in digests {
        let parts = entry["parts"].as_array().unwrap();
        let parts: Vec<&[u8]> = parts
            .iter()
            .map(|part| part.as_str().unwrap().as_bytes())
            .collect();
        assert_eq!(key.digest(&parts), bytes_32(text_at(entry, "/digest")), "{entry}");
    }
}
