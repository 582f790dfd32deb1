//! The ring of keys: rotations, restarts, and the file that outlives them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use credentials::tokens::{
    ACCESS_TOKEN_S, KEY_FILE_BYTES_MAX, ROTATION_GRACE, ROTATION_GRACE_MAX, RotateError, TOKEN_KEYS_MAX,
    TokenError, Tokens,
};
use serde_json::Value;
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

fn issue(tokens: &Tokens, at: DateTime<Utc>) -> String {
    tokens
        .issue(Uuid::from_u128(7), Uuid::from_u128(8), at, LIFETIME)
        .unwrap()
}

fn kids(tokens: &Tokens, at: DateTime<Utc>) -> Vec<String> {
    tokens.public_keys(at).into_iter().map(|key| key.kid).collect()
}

fn json_at(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn kids_in_file(path: &Path) -> Vec<String> {
    let keys = json_at(path)["keys"].as_array().unwrap().clone();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_rotated_key_verifies_until_its_grace_is_over_and_not_a_moment_longer() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let old = kids(&tokens, AT);
    let before = issue(&tokens, AT);
    let remembered = issue(&tokens, AT + TimeDelta::seconds(1));
    tokens.verify(&remembered, AT).unwrap();
    let grace = TimeDelta::seconds(60);
    let new = tokens.rotate(AT, grace).unwrap();
    assert_eq!(kids(&tokens, AT), [new.clone(), old[0].clone()]);
    let after = issue(&tokens, AT);
    let last = AT + grace - TimeDelta::nanoseconds(1);
    for token in [&before, &remembered, &after] {
        assert!(tokens.verify(token, last).is_ok());
    }
    // Both would hold for another 14 minutes by their own times.
    let end = AT + grace;
    for token in [&before, &remembered] {
        assert!(matches!(tokens.verify(token, end), Err(TokenError::RefusedKey)));
    }
    assert!(tokens.verify(&after, end).is_ok());
    assert_eq!(kids(&tokens, last).len(), 2);
    assert_eq!(kids(&tokens, end), [new]);
}

#[test]
fn with_the_usual_grace_every_token_lives_out_its_time() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let before = issue(&tokens, AT);
    tokens.rotate(AT, ROTATION_GRACE).unwrap();
    let end = DateTime::from_timestamp(AT.timestamp() + ACCESS_TOKEN_S + 5, 0).unwrap();
    assert!(tokens.verify(&before, end - TimeDelta::nanoseconds(1)).is_ok());
    assert!(matches!(tokens.verify(&before, end), Err(TokenError::Time)));
    assert_eq!(ROTATION_GRACE, TimeDelta::seconds(910));
}

#[test]
fn a_rotation_without_grace_refuses_every_token_signed_before() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let oldest = issue(&tokens, AT);
    tokens.rotate(AT, ROTATION_GRACE).unwrap();
    let old = issue(&tokens, AT);
    tokens.verify(&oldest, AT).unwrap();
    tokens.verify(&old, AT).unwrap();
    let new = tokens.rotate(AT, TimeDelta::zero()).unwrap();
    for token in [&oldest, &old] {
        assert!(matches!(tokens.verify(token, AT), Err(TokenError::RefusedKey)));
    }
    assert_eq!(kids(&tokens, AT), std::slice::from_ref(&new));
    assert_eq!(kids_in_file(&path), [new]);
    // Somebody who has not seen them verified is told no more.
    assert!(matches!(
        load(&path, AT).verify(&old, AT),
        Err(TokenError::UnknownKey)
    ));
}

#[test]
fn an_older_key_is_taken_no_longer_than_the_newest_grace() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let oldest = issue(&tokens, AT);
    tokens.rotate(AT, ROTATION_GRACE).unwrap();
    let old = issue(&tokens, AT);
    tokens.rotate(AT, TimeDelta::seconds(10)).unwrap();
    let tokens = load(&path, AT);
    for token in [&oldest, &old] {
        assert!(tokens.verify(token, AT + TimeDelta::seconds(9)).is_ok());
        let refused = tokens.verify(token, AT + TimeDelta::seconds(10));
        assert!(matches!(refused, Err(TokenError::RefusedKey)));
    }
}

#[test]
fn a_restart_changes_nothing() {
    let (_directory, path) = place();
    let (before, after, new);
    {
        let tokens = load(&path, AT);
        before = issue(&tokens, AT);
        new = tokens.rotate(AT, ROTATION_GRACE).unwrap();
        after = issue(&tokens, AT);
    }
    let written = fs::read(&path).unwrap();
    let tokens = load(&path, AT + TimeDelta::seconds(1));
    assert_eq!(fs::read(&path).unwrap(), written);
    assert_eq!(kids(&tokens, AT)[0], new);
    for token in [&before, &after] {
        assert!(tokens.verify(token, AT).is_ok());
    }
    assert!(issue(&tokens, AT) == after, "another key signs");
    let end = AT + ROTATION_GRACE;
    assert!(matches!(tokens.verify(&before, end), Err(TokenError::RefusedKey)));
}

#[test]
fn a_refused_key_leaves_the_file_at_the_next_load_or_rotation() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let first = kids(&tokens, AT)[0].clone();
    let second = tokens.rotate(AT, ROTATION_GRACE).unwrap();
    assert_eq!(kids_in_file(&path), [second.clone(), first.clone()]);
    load(&path, AT + ROTATION_GRACE - TimeDelta::nanoseconds(1));
    assert_eq!(kids_in_file(&path), [second.clone(), first]);
    load(&path, AT + ROTATION_GRACE);
    assert_eq!(kids_in_file(&path), std::slice::from_ref(&second));

    let third = tokens.rotate(AT, ROTATION_GRACE).unwrap();
    let fourth = tokens.rotate(AT + ROTATION_GRACE, ROTATION_GRACE).unwrap();
    assert_eq!(kids_in_file(&path), [fourth, third]);
}

#[test]
fn the_file_is_its_owners_alone_and_nothing_else_is_left_beside_it() {
    let (directory, path) = place();
    // A crash while writing left this.
    let draft = directory.path().join(".token-keys.json.draft");
    fs::write(&draft, "half").unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o644)).unwrap();
    let tokens = load(&path, AT);
    for _ in 0..2 {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        let names: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["token-keys.json"]);
        tokens.rotate(AT, ROTATION_GRACE).unwrap();
    }
}

#[test]
fn many_who_start_at_once_agree_on_one_key() {
    let (_directory, path) = place();
    let kids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| kids(&load(&path, AT), AT)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(kids.iter().all(|one| *one == kids[0]), "{kids:?}");
    assert_eq!(kids[0], kids_in_file(&path));
}

#[test]
fn of_two_processes_none_undoes_the_rotation_of_the_other() {
    let (_directory, path) = place();
    let (one, other) = (load(&path, AT), load(&path, AT));
    let of_one = one.rotate(AT, ROTATION_GRACE).unwrap();
    let token = issue(&one, AT);
    // It has not seen the rotation yet, and says so rather than take a key on trust.
    assert!(matches!(other.verify(&token, AT), Err(TokenError::UnknownKey)));
    let of_other = other.rotate(AT, ROTATION_GRACE).unwrap();
    assert_eq!(kids_in_file(&path)[..2], [of_other, of_one]);
    assert!(other.verify(&token, AT).is_ok());
    assert!(load(&path, AT).verify(&token, AT).is_ok());
}

#[test]
fn rotations_at_once_all_last() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let mut made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| tokens.rotate(AT, ROTATION_GRACE).unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let in_file = kids_in_file(&path);
    assert_eq!(kids(&tokens, AT), in_file);
    let mut newest = in_file[..8].to_vec();
    made.sort();
    newest.sort();
    assert_eq!(made, newest);
}

#[test]
fn a_ring_that_is_full_says_so_and_stays_as_it_is() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    for _ in 1..TOKEN_KEYS_MAX {
        tokens.rotate(AT, ROTATION_GRACE).unwrap();
    }
    let full = kids_in_file(&path);
    assert_eq!(full.len(), TOKEN_KEYS_MAX);
    assert!(fs::metadata(&path).unwrap().len() < KEY_FILE_BYTES_MAX as u64 / 2);
    assert!(matches!(
        tokens.rotate(AT, ROTATION_GRACE),
        Err(RotateError::TooManyKeys)
    ));
    assert_eq!((kids_in_file(&path), kids(&tokens, AT)), (full.clone(), full));
    let only = tokens.rotate(AT, TimeDelta::zero()).unwrap();
    assert_eq!(kids_in_file(&path), [only]);
}

#[test]
fn a_grace_has_its_limits() {
    let (_directory, path) = place();
    let tokens = load(&path, AT);
    let written = fs::read(&path).unwrap();
    for grace in [
        TimeDelta::nanoseconds(-1),
        ROTATION_GRACE_MAX + TimeDelta::nanoseconds(1),
        TimeDelta::MAX,
    ] {
        assert!(
            matches!(tokens.rotate(AT, grace), Err(RotateError::Grace)),
            "{grace}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), written);
    tokens.rotate(AT, ROTATION_GRACE_MAX).unwrap();
}
