//! The file of keys: its form, its damages, and who may read it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use credentials::tokens::{
    ACCESS_TOKEN_S, KEY_FILE_BYTES_MAX, KeyFileError, ROTATION_GRACE, RotateError, TOKEN_KEYS_MAX,
    TokenError, Tokens,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const AT: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 250_000_000).unwrap();
const LIFETIME: TimeDelta = TimeDelta::seconds(ACCESS_TOKEN_S);

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token-keys.json");
    (directory, path)
}

fn load(path: &Path, at: DateTime<Utc>) -> Tokens {
    Tokens::load_or_create(path, at).unwrap()
}

fn json_at(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

#[test]
fn the_form_is_read_as_another_implementation_writes_it() {
    let (_directory, path) = place();
    write(&path, &fs::read(fixture("token-keys-1.json")).unwrap());
    let expected = json_at(&fixture("tokens-1.json"));
    let rotated: DateTime<Utc> = "2026-03-01T08:00:00Z".parse().unwrap();
    let tokens = load(&path, rotated);
    let keys: Vec<_> = tokens
        .public_keys(rotated)
        .iter()
        .map(|key| json!({"kid": key.kid, "x": key.x}))
        .collect();
    assert_eq!(json!(keys), expected["keys"]);
    let [now, before] = [0, 1].map(|place| expected["tokens"][place].as_str().unwrap().to_owned());
    for token in [&now, &before] {
        let claims = tokens.verify(token, rotated).unwrap();
        assert_eq!(
            claims.sub,
            "01907a2e-0000-7000-8000-000000000001".parse::<Uuid>().unwrap()
        );
        assert_eq!(
            claims.sid,
            "01907a2e-0000-7000-8000-000000000002".parse::<Uuid>().unwrap()
        );
    }
    let end = rotated + ROTATION_GRACE;
    assert!(matches!(tokens.verify(&before, end), Err(TokenError::RefusedKey)));
    // EdDSA is deterministic (RFC 8032): the same claims give the same token.
    let (sub, sid) = (
        Uuid::from_u128(0x01907a2e_0000_7000_8000_000000000001),
        Uuid::from_u128(0x01907a2e_0000_7000_8000_000000000002),
    );
    assert_eq!(tokens.issue(sub, sid, rotated, LIFETIME).unwrap(), now);
}

#[test]
fn the_form_is_written_as_it_is_read() {
    let (_directory, path) = place();
    write(&path, &fs::read(fixture("token-keys-1.json")).unwrap());
    let before = json_at(&path);
    let retired: DateTime<Utc> = "2026-03-01T08:10:00Z".parse().unwrap();
    let kid = load(&path, retired).rotate(retired, ROTATION_GRACE).unwrap();
    let after = json_at(&path);
    assert_eq!(after["form"], "guichet-token-keys/1");
    assert_eq!(after["keys"][0]["kid"], json!(kid));
    assert_eq!(after["keys"][0]["since"], "2026-03-01T08:10:00Z");
    assert_eq!(after["keys"][0].as_object().unwrap().len(), 3);
    let mut first = before["keys"][0].clone();
    first["retired_at"] = json!("2026-03-01T08:10:00Z");
    first["refused_from"] = json!("2026-03-01T08:25:10Z");
    assert_eq!(
        (&after["keys"][1], &after["keys"][2]),
        (&first, &before["keys"][1])
    );
}

#[test]
fn a_damaged_file_is_an_error_that_names_it_and_stays_as_it_is() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    tokens.rotate(AT, ROTATION_GRACE).unwrap();
    let good = json_at(&path);
    let seed = good["keys"][0]["seed"].as_str().unwrap().to_owned();
    let changed = |pointer: &str, value: Value| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        json.to_string().into_bytes()
    };
    let text = good.to_string();
    let swapped = if seed.starts_with('A') { 'B' } else { 'A' };
    let mut twice = good.clone();
    let retired = twice["keys"][1].clone();
    twice["keys"].as_array_mut().unwrap().push(retired);
    let mut many = good.clone();
    let retired = vec![many["keys"][1].clone(); TOKEN_KEYS_MAX];
    many["keys"].as_array_mut().unwrap().extend(retired);
    let damages: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\0\0\0\0".to_vec(),
        text.as_bytes()[..text.len() / 2].to_vec(),
        format!("{text}{text}").into_bytes(),
        format!("{text}{}", " ".repeat(KEY_FILE_BYTES_MAX)).into_bytes(),
        changed("/form", json!("guichet-token-keys/2")),
        changed("/keys", json!([])),
        changed("/keys/0/seed", json!(format!("{swapped}{}", &seed[1..]))),
        changed("/keys/0/seed", json!(&seed[1..])),
        changed("/keys/0/seed", json!({ seed.clone(): 1 })),
        changed("/keys/0/seed", json!(7)),
        changed("/keys/0/kid", json!(seed.clone())),
        changed("/keys/0/since", json!("yesterday")),
        changed("/keys/1/retired_at", json!(null)),
        changed("/keys/1/refused_from", json!(null)),
        changed("/keys/0", good["keys"][1].clone()),
        changed("/keys", json!([good["keys"][1], good["keys"][0]])),
        changed(
            "/keys/0",
            json!({"kid": "", "seed": "", "since": "2026-03-01T08:00:00Z", "more": 1}),
        ),
        twice.to_string().into_bytes(),
        many.to_string().into_bytes(),
    ];
    for damage in damages {
        write(&path, &damage);
        let shown = String::from_utf8_lossy(&damage).into_owned();
        let errors = [
            Tokens::load_or_create(&path, AT).unwrap_err(),
            match tokens.rotate(AT, ROTATION_GRACE) {
                Err(RotateError::File(error)) => error,
                other => panic!("{shown}: {other:?}"),
            },
        ];
        for error in errors {
            assert!(
                matches!(error, KeyFileError::Damaged { .. }),
                "{shown}: {error:?}"
            );
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            assert!(!format!("{error} {error:?}").contains(&seed[1..]), "{error:?}");
        }
        assert_eq!(fs::read(&path).unwrap(), damage, "{shown}");
    }
    write(&path, text.as_bytes());
    load(&path, AT);
}

#[test]
fn a_file_open_to_others_is_refused() {
    let (_directory, path) = place();
    load(&path, AT);
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Tokens::load_or_create(&path, AT).unwrap_err();
        assert!(matches!(error, KeyFileError::OpenToOthers { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("{mode:04o}")), "{error}");
    }
}

#[test]
fn a_file_that_is_gone_is_not_made_anew_by_a_rotation() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    fs::remove_file(&path).unwrap();
    let refused = tokens.rotate(AT, ROTATION_GRACE);
    assert!(matches!(refused, Err(RotateError::File(KeyFileError::Gone(_)))));
    assert!(!path.exists());
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_that_names_it() {
    let (directory, _) = place();
    let nowhere = directory.path().join("missing").join("token-keys.json");
    let error = Tokens::load_or_create(&nowhere, AT).unwrap_err();
    assert!(error.to_string().contains("missing/token-keys.json"), "{error}");
    let error = Tokens::load_or_create(directory.path(), AT).unwrap_err();
    assert!(
        error.to_string().contains(directory.path().to_str().unwrap()),
        "{error}"
    );
}
