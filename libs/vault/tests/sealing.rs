//! Values sealed inside events: what goes in comes out, and nothing else does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{DEPTH_MAX, MasterKey, PLAINTEXT_BYTES_MAX, SealError, UnsealError, Vault, open_with_value_key};

const ADA: Uuid = Uuid::from_u128(0xADA);
const BOB: Uuid = Uuid::from_u128(0xB0B);
const EVENT: Uuid = Uuid::from_u128(0xE1);
const OTHER_EVENT: Uuid = Uuid::from_u128(0xE2);

/// A vault that knows ADA and BOB, and the directory it lives in.
fn vault() -> (TempDir, Vault) {
    let directory = TempDir::new().unwrap();
    let vault = Vault::open(
        &directory.path().join("persons.keys"),
        MasterKey::from_bytes([7; 32]),
    )
    .unwrap();
    vault.mint_all(&[ADA, BOB]).unwrap();
    (directory, vault)
}

fn personal(subject: Uuid, value: impl Into<Value>) -> Value {
    json!({"personal": {"subject": subject, "value": value.into()}})
}

fn sealed(vault: &Vault, event_id: Uuid, data: &Value) -> Value {
    let mut data = data.clone();
    vault.seal_data(event_id, &mut data).unwrap();
    data
}

/// What opening `data` says, which must be that the value at `pointer` was tampered with.
#[track_caller]
fn assert_refused_at(vault: &Vault, event_id: Uuid, mut data: Value, pointer: &str) {
    match vault.open_data(event_id, &mut data) {
        Err(UnsealError::Tampered { pointer: named, .. }) => assert_eq!(named, pointer),
        other => panic!("{other:?} instead of a refusal at {pointer}"),
    }
}

/// Any JSON of a few levels. Numbers are whole, because the reader may round the last digit of others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("\\PC{0,6}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Data with marks at any depth, some under a key that is itself called `personal`.
fn any_data() -> impl Strategy<Value = Value> {
    let secret = "[A-Z]{12,60}".prop_map(Value::from);
    let value = prop_oneof![secret, any_json()];
    let mark = (prop::bool::ANY, value).prop_map(|(ada, value)| personal(if ada { ADA } else { BOB }, value));
    let plain = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,5}".prop_map(Value::from)
    ];
    prop_oneof![2 => mark, 1 => plain].prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof!["[a-z~/é]{0,4}", Just(String::from("personal"))];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key, inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Every text of capitals inside a mark of `data`.
fn secrets_in(data: &Value, secrets: &mut Vec<String>) {
    match data {
        Value::String(text) if text.len() >= 12 && text.bytes().all(|b| b.is_ascii_uppercase()) => {
            secrets.push(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| secrets_in(item, secrets)),
        Value::Object(members) => members.values().for_each(|member| secrets_in(member, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn runner() -> TestRunner {
    TestRunner::new_with_rng(
        ProptestConfig {
            cases: 400,
            failure_persistence: None,
            ..ProptestConfig::default()
        },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    )
}

#[test]
fn any_data_with_marks_anywhere_opens_to_what_was_sealed() {
    let (_directory, vault) = vault();
    runner()
        .run(&any_data(), |data| {
            let stored = serde_json::to_vec(&sealed(&vault, EVENT, &data)).unwrap();
            let mut read: Value = serde_json::from_slice(&stored).unwrap();
            vault.open_data(EVENT, &mut read).unwrap();
            prop_assert_eq!(read, data);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_eight_bytes_of_a_sealed_text_stand_in_what_is_stored() {
    let (_directory, vault) = vault();
    let seen = std::cell::Cell::new(0);
    runner()
        .run(&any_data(), |data| {
            let stored = serde_json::to_string(&sealed(&vault, EVENT, &data)).unwrap();
            let mut secrets = Vec::new();
            secrets_in(&data, &mut secrets);
            for window in secrets.iter().flat_map(|secret| secret.as_bytes().windows(8)) {
                seen.set(seen.get() + 1);
                prop_assert!(!stored.contains(std::str::from_utf8(window).unwrap()));
            }
            Ok(())
        })
        .unwrap();
    assert!(seen.get() > 1_000, "only {} windows were looked for", seen.get());
}

#[test]
fn sealing_the_same_data_for_the_same_event_gives_the_same_bytes_and_for_another_event_others() {
    let (_directory, vault) = vault();
    let data = json!({"summary": personal(ADA, "Imprimante")});
    assert_eq!(sealed(&vault, EVENT, &data), sealed(&vault, EVENT, &data));
    let other = sealed(&vault, OTHER_EVENT, &data);
    let first = sealed(&vault, EVENT, &data);
    assert_ne!(
        first["summary"]["sealed"]["ciphertext"],
        other["summary"]["sealed"]["ciphertext"]
    );
    assert_ne!(
        first["summary"]["sealed"]["commitment"],
        other["summary"]["sealed"]["commitment"]
    );
}

#[test]
fn every_flipped_bit_of_ciphertext_and_commitment_is_refused_at_its_place() {
    let (_directory, vault) = vault();
    let stored = sealed(
        &vault,
        EVENT,
        &json!({"texts": ["plain", personal(ADA, "Imprimante muette")]}),
    );
    for member in ["ciphertext", "commitment"] {
        let text = stored["texts"][1]["sealed"][member].as_str().unwrap();
        let bytes = STANDARD_NO_PAD.decode(text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut tampered = stored.clone();
            tampered["texts"][1]["sealed"][member] = STANDARD_NO_PAD.encode(flipped).into();
            assert_refused_at(&vault, EVENT, tampered, "/data/texts/1");
        }
    }
}

#[test]
fn base64_that_says_the_same_bytes_in_another_way_is_refused() {
    let (_directory, vault) = vault();
    // 3 plaintext bytes, the tag t and 16 bytes of the cipher's tag: 20 bytes end in 2 unused bits.
    let stored = sealed(&vault, EVENT, &json!({"text": personal(ADA, "abc")}));
    let text = stored["text"]["sealed"]["ciphertext"].as_str().unwrap();
    let last = *text.as_bytes().last().unwrap();
    for other in [
        format!("{text}="),
        format!("{text}\n"),
        format!("{}{}", &text[..text.len() - 1], char::from(last + 1)),
    ] {
        let mut tampered = stored.clone();
        tampered["text"]["sealed"]["ciphertext"] = other.into();
        assert_refused_at(&vault, EVENT, tampered, "/data/text");
    }
}

#[test]
fn two_values_swapped_between_places_are_refused() {
    let (_directory, vault) = vault();
    let stored = sealed(
        &vault,
        EVENT,
        &json!({"from": personal(ADA, "one"), "to": personal(ADA, "two")}),
    );
    let swapped = json!({"from": stored["to"], "to": stored["from"]});
    assert_refused_at(&vault, EVENT, swapped, "/data/from");
}

#[test]
fn a_value_moved_to_another_event_is_refused() {
    let (_directory, vault) = vault();
    let stored = sealed(&vault, EVENT, &json!({"text": personal(ADA, "one")}));
    assert_refused_at(&vault, OTHER_EVENT, stored, "/data/text");
}

#[test]
fn a_value_given_to_another_subject_is_refused() {
    let (_directory, vault) = vault();
    let mut stored = sealed(&vault, EVENT, &json!({"text": personal(ADA, "one")}));
    stored["text"]["sealed"]["subject"] = json!(BOB);
    assert_refused_at(&vault, EVENT, stored, "/data/text");
}

#[test]
fn a_ciphertext_that_decrypts_but_is_not_what_was_committed_to_is_refused() {
    let (_directory, vault) = vault();
    let mut one = sealed(&vault, EVENT, &json!({"text": personal(ADA, "one")}));
    let two = sealed(&vault, EVENT, &json!({"text": personal(ADA, "two")}));
    one["text"]["sealed"]["ciphertext"] = two["text"]["sealed"]["ciphertext"].clone();
    assert_refused_at(&vault, EVENT, one.clone(), "/data/text");
    let key = vault.value_key(ADA, EVENT, "/data/text").unwrap();
    assert!(matches!(
        open_with_value_key(&key, ADA, &one["text"]),
        Err(UnsealError::Tampered { .. })
    ));
}

#[test]
fn a_disclosed_key_opens_its_value_and_no_other_of_the_same_person() {
    let (_directory, vault) = vault();
    let stored = sealed(
        &vault,
        EVENT,
        &json!({"a": personal(ADA, json!({"n": 1})), "b": personal(ADA, "two")}),
    );
    let key = vault.value_key(ADA, EVENT, "/data/a").unwrap();
    assert_eq!(
        open_with_value_key(&key, ADA, &stored["a"]).unwrap(),
        json!({"n": 1})
    );
    assert!(matches!(
        open_with_value_key(&key, ADA, &stored["b"]),
        Err(UnsealError::Tampered { .. })
    ));
    assert!(matches!(
        open_with_value_key(&key, BOB, &stored["a"]),
        Err(UnsealError::OtherSubject {
            expected: BOB,
            found: ADA
        })
    ));
}

#[test]
fn a_mark_inside_a_sealed_value_stays_text_of_the_one_who_wrote_it() {
    let (_directory, vault) = vault();
    let forged = sealed(&vault, EVENT, &json!({"text": personal(BOB, "Bob's secret")}));
    let data = json!({"text": personal(ADA, json!([personal(BOB, "never minted by Bob"), forged["text"]]))});
    let mut opened = sealed(&vault, EVENT, &data);
    vault.open_data(EVENT, &mut opened).unwrap();
    assert_eq!(opened, data);
}

#[test]
fn objects_that_only_look_like_marks_are_plain_data() {
    let (_directory, vault) = vault();
    let schema = json!({
        "properties": {"personal": {"type": "boolean"}},
        "answers": [{"personal": "yes"}, {"sealed": true}, {"sealed": {"type": "string"}}, {"personal": {}}],
        "two": {"personal": {"subject": ADA, "value": 1}, "more": 2},
    });
    let mut data = schema.clone();
    vault.seal_data(EVENT, &mut data).unwrap();
    assert_eq!(data, schema);
    vault.open_data(EVENT, &mut data).unwrap();
    assert_eq!(data, schema);
}

#[test]
fn a_broken_mark_is_refused_instead_of_being_stored_in_clear() {
    let (_directory, vault) = vault();
    let broken = [
        json!({"value": "no subject"}),
        json!({"subject": ADA}),
        json!({"subject": "ada", "value": 1}),
        json!({"subject": ADA, "value": 1, "more": 2}),
        json!({"subject": ADA, "erased": true}),
    ];
    for inside in broken {
        let mut data = json!({"list": [0, {"personal": inside}]});
        let error = vault.seal_data(EVENT, &mut data).unwrap_err();
        assert!(
            matches!(&error, SealError::Malformed { pointer } if pointer == "/data/list/1"),
            "{error:?}"
        );
    }
}

#[test]
fn what_is_sealed_already_is_not_sealed_into_another_event() {
    let (_directory, vault) = vault();
    let mut data = sealed(&vault, EVENT, &json!({"text": personal(ADA, "one")}));
    let error = vault.seal_data(OTHER_EVENT, &mut data).unwrap_err();
    assert!(
        matches!(&error, SealError::AlreadySealed { pointer } if pointer == "/data/text"),
        "{error:?}"
    );
}

#[test]
fn a_sealed_value_of_a_later_form_or_of_none_is_named() {
    let (_directory, vault) = vault();
    let stored = sealed(&vault, EVENT, &json!({"text": personal(ADA, "one")}));
    let mut later = stored.clone();
    later["text"]["sealed"]["v"] = json!(2);
    let error = vault.open_data(EVENT, &mut later).unwrap_err();
    assert!(
        matches!(&error, UnsealError::UnknownForm { pointer, v: 2 } if pointer == "/data/text"),
        "{error:?}"
    );
    for (member, value) in [
        ("subject", json!("ada")),
        ("commitment", json!(1)),
        ("more", json!(1)),
    ] {
        let mut malformed = stored.clone();
        malformed["text"]["sealed"][member] = value;
        let error = vault.open_data(EVENT, &mut malformed).unwrap_err();
        assert!(
            matches!(&error, UnsealError::Malformed { pointer } if pointer == "/data/text"),
            "{error:?}"
        );
    }
}

#[test]
fn a_subject_without_a_key_is_refused_when_sealing_and_when_opening() {
    let (_directory, vault) = vault();
    let stranger = Uuid::from_u128(0x5);
    let mut data = json!({"text": personal(stranger, "one")});
    let error = vault.seal_data(EVENT, &mut data).unwrap_err();
    assert!(matches!(error, SealError::UnknownSubject { subject, .. } if subject == stranger));

    let (_other_directory, other) = self::vault();
    other.mint(stranger).unwrap();
    let mut stored = sealed(&other, EVENT, &data);
    let error = vault.open_data(EVENT, &mut stored).unwrap_err();
    assert!(matches!(error, UnsealError::UnknownSubject { subject, .. } if subject == stranger));
    assert!(vault.value_key(stranger, EVENT, "/data/text").is_none());
}

#[test]
fn the_longest_text_is_sealed_and_one_byte_more_is_refused() {
    let (_directory, vault) = vault();
    // One byte of the plaintext says that it is a text. Control characters would take six bytes each as JSON.
    let longest = "\u{1}".repeat(PLAINTEXT_BYTES_MAX - 1);
    let mut data = json!({"text": personal(ADA, longest.clone())});
    vault.seal_data(EVENT, &mut data).unwrap();
    assert!(
        serde_json::to_vec(&data).unwrap().len() < 48 * 1024,
        "a block of the log takes it"
    );
    vault.open_data(EVENT, &mut data).unwrap();
    assert_eq!(data, json!({"text": personal(ADA, longest.clone())}));

    let mut data = json!({"text": personal(ADA, longest + "x")});
    let error = vault.seal_data(EVENT, &mut data).unwrap_err();
    assert!(matches!(error, SealError::TooLong { bytes, .. } if bytes == PLAINTEXT_BYTES_MAX + 1));
}

#[test]
fn what_is_nested_too_deeply_to_be_read_back_is_refused_inside_a_mark_and_outside() {
    let nest = |levels: usize, core: Value| (0..levels).fold(core, |inner, _| json!([inner]));
    let (_directory, vault) = vault();
    // One level for `data` itself, two for the mark.
    let mut deepest = json!({"deep": personal(ADA, nest(DEPTH_MAX - 3, json!(1)))});
    let given = deepest.clone();
    vault.seal_data(EVENT, &mut deepest).unwrap();
    let mut read = serde_json::from_slice(&serde_json::to_vec(&deepest).unwrap()).unwrap();
    vault.open_data(EVENT, &mut read).unwrap();
    assert_eq!(read, given);
    assert!(serde_json::from_slice::<Value>(&serde_json::to_vec(&given).unwrap()).is_ok());

    // Fault M5: outside a mark, what lies as deep as may be; the mark beside it is sealed.
    let mut deepest = json!({"deep": nest(DEPTH_MAX - 1, json!(1)), "beside": personal(ADA, "Ada")});
    let given = deepest.clone();
    vault.seal_data(EVENT, &mut deepest).unwrap();
    assert_eq!(deepest["deep"], given["deep"]);
    assert!(!deepest.to_string().contains("Ada"), "{deepest}");
    let mut read = serde_json::from_slice(&serde_json::to_vec(&deepest).unwrap()).unwrap();
    vault.open_data(EVENT, &mut read).unwrap();
    assert_eq!(read, given);

    for core in [
        personal(ADA, nest(DEPTH_MAX - 2, json!(1))),
        nest(DEPTH_MAX, json!(1)),
    ] {
        let mut data = json!({"deep": core});
        let error = vault.seal_data(EVENT, &mut data).unwrap_err();
        assert!(matches!(error, SealError::TooDeep { .. }), "{error:?}");
    }
}
