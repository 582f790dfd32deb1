//! A database of an earlier schema, opened by this program.

use rusqlite::Connection;
use sessions::{OpenError, RotateError, SCHEMA_VERSION, SignIn, SignInMethod, Tries};

use crate::house::{
    ALICE, BOB, House, hash, ids, lifetimes, minute, new_delivery, new_once, posted, sign_in_id,
};

const FIRST: &str = include_str!("../fixtures/schema_1.sql");
const SECOND: &str = include_str!("../fixtures/schema_2.sql");
const THIRD: &str = include_str!("../fixtures/schema_3.sql");
const FOURTH: &str = include_str!("../fixtures/schema_4.sql");
const FIFTH: &str = include_str!("../fixtures/schema_5.sql");
const SIXTH: &str = include_str!("../fixtures/schema_6.sql");

fn house_of_the_first_schema() -> House {
    house_of(FIRST)
}

fn house_of(schema: &str) -> House {
    let house = House::new();
    let database = house.sql();
    database
        .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .unwrap();
    database.execute_batch(schema).unwrap();
    house
}

fn version(database: &Connection) -> i32 {
    database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

fn tables(database: &Connection) -> Vec<(String, String)> {
    let mut statement = database
        .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn sign_ins_of_the_first_schema_go_on_as_those_of_a_password_that_stay() {
    let house = house_of_the_first_schema();
    let sessions = house.open();
    let expected = SignIn {
        id: sign_in_id(1),
        account: ALICE,
        at: minute(1),
        last_used_at: minute(1),
        expires_at: minute(110),
        method: SignInMethod::Password,
        stays: true,
        user_agent_hint: Some("Firefox 1".into()),
        address: None,
    };
    assert_eq!(sessions.sign_ins(ALICE, minute(20)).unwrap(), [expected]);
    assert_eq!(ids(&sessions.sign_ins(BOB, minute(20)).unwrap()), [sign_in_id(3)]);
    let rotation = sessions
        .rotate(hash(3), hash(31), minute(20), lifetimes())
        .unwrap();
    assert_eq!((rotation.stays, rotation.expires_at), (true, minute(120)));
}

#[test]
fn rotations_revocations_and_failures_of_the_first_schema_are_not_forgotten() {
    let house = house_of_the_first_schema();
    let sessions = house.open();
    assert!(sessions.is_revoked(sign_in_id(2)));
    assert!(matches!(
        sessions.rotate(hash(2), hash(21), minute(20), lifetimes()),
        Err(RotateError::Revoked)
    ));
    sessions
        .rotate(hash(11), hash(12), minute(20), lifetimes())
        .unwrap();
    assert!(matches!(
        sessions.rotate(hash(1), hash(13), minute(20), lifetimes()),
        Err(RotateError::Reused { sign_in }) if sign_in == sign_in_id(1)
    ));
    let tries = sessions.tries("alice", "here", minute(0)).unwrap();
    let expected = Tries {
        count: 2,
        last: Some(minute(5)),
        ..Tries::default()
    };
    assert_eq!(tries, expected);
}

#[test]
fn a_database_that_grew_has_the_tables_of_a_new_one_and_opens_again() {
    let grown = house_of_the_first_schema();
    assert_eq!(version(&grown.sql()), 1);
    let sessions = grown.open();
    sessions.put_once(new_once(1, Some(ALICE))).unwrap();
    sessions.post(new_delivery(0, Some(ALICE))).unwrap();
    assert!(sessions.spend(hash(1), minute(5)).unwrap());
    drop(sessions);
    let new = House::new();
    drop(new.open());
    assert_eq!(tables(&grown.sql()), tables(&new.sql()));
    assert_eq!(
        (version(&grown.sql()), version(&new.sql())),
        (SCHEMA_VERSION, SCHEMA_VERSION)
    );
    let sessions = grown.open();
    sessions.take_once("reset", hash(1), minute(5)).unwrap();
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(20)).unwrap()),
        [sign_in_id(1)]
    );
}

#[test]
fn a_migration_that_fails_half_way_changes_nothing_and_succeeds_later() {
    let house = house_of_the_first_schema();
    // In the way of a late statement of the second schema.
    house.sql().execute_batch("CREATE TABLE posted (x)").unwrap();
    let before = tables(&house.sql());
    assert!(matches!(
        sessions::Sessions::open(&house.path),
        Err(OpenError::Database { .. })
    ));
    assert_eq!(version(&house.sql()), 1);
    assert_eq!(tables(&house.sql()), before);
    house.sql().execute_batch("DROP TABLE posted").unwrap();
    let sessions = house.open();
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(20)).unwrap()),
        [sign_in_id(1)]
    );
}

#[test]
fn links_and_mail_of_the_second_schema_still_serve() {
    let house = house_of(SECOND);
    assert_eq!(version(&house.sql()), 2);
    let sessions = house.open();
    assert_eq!(version(&house.sql()), SCHEMA_VERSION);
    assert_eq!(posted(&sessions, ALICE, 3), 1);
    let waiting = sessions.deliveries(0, 9, minute(5)).unwrap();
    let seen: Vec<_> = waiting
        .iter()
        .map(|one| (one.account, one.effect.as_str(), one.attempts, one.about))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(ALICE), "password-reset", 1, None),
            (None, "sign-up", 0, None)
        ]
    );
    let link = sessions.take_once("reset", hash(1), minute(5)).unwrap();
    assert_eq!(
        (link.account, link.payload.as_deref()),
        (Some(ALICE), Some("payload 1"))
    );
    sessions.take_once("reset", hash(2), minute(5)).unwrap();
    let new = House::new();
    drop(new.open());
    assert_eq!(tables(&house.sql()), tables(&new.sql()));
}

#[test]
fn whom_an_entry_of_the_third_schema_is_about_is_still_known() {
    let house = house_of(THIRD);
    assert_eq!(version(&house.sql()), 3);
    let sessions = house.open();
    assert_eq!(version(&house.sql()), SCHEMA_VERSION);
    let tries = sessions.tries("alice", "here", minute(0)).unwrap();
    assert_eq!((tries.count, tries.own), (1, 0));
    sessions.peek_once("sign-up", hash(3), minute(5)).unwrap();
    let about = uuid::Uuid::from_u128(0xADD1);
    sessions.forget_account(ALICE, Some(about)).unwrap();
    assert!(sessions.peek_once("sign-up", hash(3), minute(5)).is_err());
    let new = House::new();
    drop(new.open());
    assert_eq!(tables(&house.sql()), tables(&new.sql()));
}

/// Fault U11: when a token of the fourth schema was replaced nobody knows, so it is not given its successor again.
#[test]
fn a_token_that_was_replaced_in_the_fourth_schema_has_no_grace() {
    let house = house_of(FOURTH);
    assert_eq!(version(&house.sql()), 4);
    let sessions = house.open();
    assert_eq!(version(&house.sql()), SCHEMA_VERSION);
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(20)).unwrap()),
        [sign_in_id(1)]
    );
    let reused = sessions.rotate(hash(1), hash(11), minute(10), lifetimes());
    assert!(matches!(reused, Err(RotateError::Reused { sign_in }) if sign_in == sign_in_id(1)));
    let new = House::new();
    drop(new.open());
    assert_eq!(tables(&house.sql()), tables(&new.sql()));
}

/// How far it was purged nobody knows in the fifth schema; nothing else changes.
#[test]
fn a_database_of_the_fifth_schema_was_never_known_to_be_purged() {
    let house = house_of(FIFTH);
    assert_eq!(version(&house.sql()), 5);
    let sessions = house.open();
    assert_eq!(version(&house.sql()), SCHEMA_VERSION);
    assert_eq!(sessions.purged_through().unwrap(), None);
    assert_eq!(
        ids(&sessions.sign_ins(ALICE, minute(20)).unwrap()),
        [sign_in_id(1)]
    );
    let new = House::new();
    drop(new.open());
    assert_eq!(tables(&house.sql()), tables(&new.sql()));
}

/// What waited in the sixth schema has an effect of its own, and the claim of one makes its link anew: which one it made before
/// nobody wrote down. How far the log was followed nobody knows.
#[test]
fn mail_that_waited_in_the_sixth_schema_is_claimed_and_its_link_replaced() {
    let house = house_of(SIXTH);
    assert_eq!(version(&house.sql()), 6);
    let sessions = house.open();
    assert_eq!(version(&house.sql()), SCHEMA_VERSION);
    assert_eq!(sessions.reacted_through().unwrap(), None);
    assert_eq!(posted(&sessions, ALICE, 0), 1);
    let waiting = sessions.deliveries(0, 9, minute(5)).unwrap();
    let seen: Vec<_> = waiting
        .iter()
        .map(|one| (one.effect.as_str(), one.attempts, one.link))
        .collect();
    assert_eq!(seen, [("password-reset", 1, None), ("password-changed", 0, None)]);
    assert_ne!(waiting[0].effect_id, waiting[1].effect_id);
    let entry = |_: &sessions::Delivery| Some(new_once(2, Some(ALICE)));
    sessions
        .claim(waiting[0].id, minute(5), minute(6), entry)
        .unwrap();
    assert!(sessions.peek_once("reset", hash(1), minute(6)).is_err());
    sessions.peek_once("reset", hash(2), minute(6)).unwrap();
    let new = House::new();
    drop(new.open());
    assert_eq!(tables(&house.sql()), tables(&new.sql()));
}
