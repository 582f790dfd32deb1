//! The database: whose it is, and what is on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;
use sessions::{OpenError, SCHEMA_VERSION, Sessions};
use tempfile::TempDir;
use uuid::Uuid;

#[test]
fn a_database_of_a_later_version_is_refused_with_both_numbers_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sessions.sqlite");
    drop(Sessions::open(&path).unwrap());
    let later = SCHEMA_VERSION + 1;
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", later)
        .unwrap();
    let before = fs::read(&path).unwrap();
    let error = Sessions::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found, .. } if found == later));
    let text = error.to_string();
    let (found, known) = (format!("schema {later}"), format!("knows {SCHEMA_VERSION}"));
    assert!(text.contains(&found) && text.contains(&known), "{text}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sessions.sqlite");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(Sessions::open(&path), Err(OpenError::Foreign { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(
        &path,
        "certainly no database, but long enough to be looked at ".repeat(10),
    )
    .unwrap();
    assert!(matches!(Sessions::open(&path), Err(OpenError::Database { .. })));
    let missing = directory.path().join("no/such/directory/sessions.sqlite");
    assert!(matches!(Sessions::open(&missing), Err(OpenError::Create { .. })));
}

#[test]
fn the_database_its_log_and_its_index_are_for_their_owner_only() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sessions.sqlite");
    let sessions = Sessions::open(&path).unwrap();
    sessions.revoke(Uuid::from_u128(1)).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 3, "database, write-ahead log and its index");
}

#[test]
fn an_empty_file_that_a_crash_left_becomes_a_database() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sessions.sqlite");
    fs::write(&path, "").unwrap();
    drop(Sessions::open(&path).unwrap());
    let database = Connection::open(&path).unwrap();
    let version: i32 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    let mode: String = database
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!((version, mode.as_str()), (SCHEMA_VERSION, "wal"));
}
