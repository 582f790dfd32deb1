//! The files of the master key and of the digest key.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;
use vault::{Created, DigestKey, MasterKey, SecretFileError, Vault};

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_secret_is_made_once_for_its_owner_only_and_found_again() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.secret");
    let keys = directory.path().join("persons.keys");
    let (master, created) = MasterKey::load_or_create(&path).unwrap();
    assert_eq!(created, Created::New);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!((text.len(), text.ends_with('\n')), (44, true));
    drop(Vault::open(&keys, master).unwrap());

    let (master, created) = MasterKey::load_or_create(&path).unwrap();
    assert_eq!(created, Created::Found);
    drop(Vault::open(&keys, master).unwrap());
    Vault::open(&keys, MasterKey::load(&path).unwrap()).unwrap();
    let names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "no draft is left: {names:?}");
}

#[test]
fn two_secrets_are_not_the_same() {
    let directory = TempDir::new().unwrap();
    let digest = |name: &str| {
        DigestKey::load_or_create(&directory.path().join(name))
            .unwrap()
            .0
            .digest(&[b"x"])
    };
    assert_ne!(digest("one"), digest("two"));
    assert_eq!(digest("one"), digest("one"));
}

#[test]
fn of_many_who_make_the_same_secret_at_once_all_get_the_one_that_lasts() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("digest.secret");
    let barrier = Barrier::new(8);
    let made: Vec<([u8; 32], Created)> = thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let (key, created) = DigestKey::load_or_create(&path).unwrap();
                    (key.digest(&[b"x"]), created)
                })
            })
            .collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert_eq!(
        made.iter()
            .filter(|(_, created)| *created == Created::New)
            .count(),
        1
    );
    let lasting = DigestKey::load(&path).unwrap().digest(&[b"x"]);
    assert!(made.iter().all(|(digest, _)| *digest == lasting));
}

#[test]
fn a_secret_that_others_may_read_is_refused_with_its_mode() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.secret");
    MasterKey::load_or_create(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for error in [
            MasterKey::load(&path).unwrap_err(),
            MasterKey::load_or_create(&path).unwrap_err(),
        ] {
            assert!(matches!(error, SecretFileError::OpenToOthers { mode: named, .. } if named == mode));
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    MasterKey::load(&path).unwrap();
}

#[test]
fn what_is_no_secret_is_refused_and_never_replaced() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.secret");
    let short = "A".repeat(42);
    let long = "A".repeat(300);
    for text in [
        "",
        "\n",
        "not base64 at all",
        &short,
        &long,
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
    ] {
        write_private(&path, text);
        let error = MasterKey::load_or_create(&path).unwrap_err();
        assert!(
            matches!(error, SecretFileError::NotASecret { .. }),
            "{text:?}: {error:?}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(matches!(
        MasterKey::load(&directory.path().join("none")),
        Err(SecretFileError::Io { .. })
    ));
}

#[test]
fn padded_base64_of_common_tools_is_the_same_secret() {
    let directory = TempDir::new().unwrap();
    let (plain, padded) = (directory.path().join("plain"), directory.path().join("padded"));
    write_private(&plain, &format!("{}\n", "A".repeat(43)));
    write_private(&padded, &format!("{}=\n", "A".repeat(43)));
    let digest = |path| DigestKey::load(path).unwrap().digest(&[b"x"]);
    assert_eq!(digest(&plain), digest(&padded));
    assert_eq!(digest(&plain), DigestKey::from_bytes([0; 32]).digest(&[b"x"]));
}

#[test]
fn where_one_part_ends_and_the_next_begins_changes_the_digest() {
    let key = DigestKey::from_bytes([7; 32]);
    let lists: [&[&[u8]]; 5] = [
        &[b"ab", b"c"],
        &[b"a", b"bc"],
        &[b"abc"],
        &[b"abc", b""],
        &[b"", b"abc"],
    ];
    for (index, list) in lists.iter().enumerate() {
        for other in &lists[..index] {
            assert_ne!(key.digest(list), key.digest(other));
        }
    }
}

#[test]
fn no_secret_shows_itself_when_printed() {
    let shown = format!(
        "{:?} {:?} {:?}",
        MasterKey::from_bytes([65; 32]),
        DigestKey::from_bytes([65; 32]),
        vault::ValueKey::from_bytes([65; 32])
    );
    assert_eq!(shown, "MasterKey(…) DigestKey(…) ValueKey(…)");
}

/// Fault U13: the directory of a secret that is not there yet is made, for its owner only.
#[test]
fn the_directory_of_a_new_secret_is_made_for_its_owner_only() {
    let directory = TempDir::new().unwrap();
    let of_key = directory.path().join("etc/guichet");
    let (_, created) = MasterKey::load_or_create(&of_key.join("master.key")).unwrap();
    assert_eq!(created, Created::New);
    for made in [directory.path().join("etc"), of_key] {
        assert_eq!(
            fs::metadata(&made).unwrap().permissions().mode() & 0o777,
            0o700,
            "{}",
            made.display()
        );
    }
}

/// Fault S6: what a crash left while a secret was made goes away when it is made.
#[test]
fn a_draft_that_a_crash_left_goes_away_with_the_secret_that_is_made() {
    let directory = TempDir::new().unwrap();
    let (path, draft) = (
        directory.path().join("master.secret"),
        directory.path().join(".master.secret.0123456789abcdef"),
    );
    fs::write(&draft, "AAAA").unwrap();
    MasterKey::load_or_create(&path).unwrap();
    assert!(!draft.exists());
    let names = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(names, 1);
}
