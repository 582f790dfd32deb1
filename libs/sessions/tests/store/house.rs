//! A database in a directory of its own, and what is put into it.

use std::{
    path::PathBuf,
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};
use sessions::{
    DELIVERIES_MAX, Lifetimes, NewDelivery, NewOnce, NewSignIn, PostError, PostLimit, Sessions, SignIn,
    SignInMethod,
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const ALICE: Uuid = Uuid::from_u128(0xA11CE);
pub(crate) const BOB: Uuid = Uuid::from_u128(0xB0B);

pub(crate) struct House {
    pub(crate) directory: TempDir,
    pub(crate) path: PathBuf,
}

impl House {
    pub(crate) fn new() -> House {
        let directory = TempDir::new().unwrap();
        House {
            path: directory.path().join("sessions.sqlite"),
            directory,
        }
    }

    pub(crate) fn open(&self) -> Sessions {
        Sessions::open(&self.path).unwrap()
    }

    /// The database as an operator's shell sees it; also the quick way to have very many rows.
    pub(crate) fn sql(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// Lets one delivery less wait than may.
    pub(crate) fn all_but_full(&self) {
        self.sql()
            .execute(
                "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
                 INSERT INTO deliveries (effect, made_at, due_at, effect_id)
                 SELECT 'sign-up', ?2, ?2, CAST(printf('%016d', n) AS BLOB) FROM n",
                params![DELIVERIES_MAX - 1, minute(0).timestamp_micros()],
            )
            .unwrap();
    }
}

/// So many minutes after a certain noon.
pub(crate) fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub(crate) fn hash(n: u8) -> [u8; 32] {
    [n; 32]
}

pub(crate) fn lifetimes() -> Lifetimes {
    Lifetimes {
        brief: TimeDelta::minutes(10),
        long: TimeDelta::minutes(100),
        federated: TimeDelta::minutes(60),
    }
}

pub(crate) fn sign_in_id(n: u128) -> Uuid {
    Uuid::from_u128(0x516 << 32 | n)
}

/// Sign-in `n`, begun at minute `n` with the token `n`, which ends at minute 100.
pub(crate) fn new_sign_in(n: u8, account: Uuid) -> NewSignIn {
    NewSignIn {
        id: sign_in_id(n.into()),
        account,
        refresh_hash: hash(n),
        at: minute(n.into()),
        expires_at: minute(100),
        method: SignInMethod::Password,
        stays: true,
        user_agent_hint: Some(format!("Firefox {n}")),
        address: Some(format!("192.0.2.{n}")),
    }
}

pub(crate) fn ids(sign_ins: &[SignIn]) -> Vec<Uuid> {
    sign_ins.iter().map(|sign_in| sign_in.id).collect()
}

/// Entry `n` of the purpose `reset`, made at minute `n`, good until minute 30.
pub(crate) fn new_once(n: u8, account: Option<Uuid>) -> NewOnce {
    NewOnce {
        purpose: "reset".into(),
        hash: hash(n),
        account,
        about: None,
        payload: Some(format!("payload {n}")),
        at: minute(n.into()),
        expires_at: minute(30),
    }
}

/// An id that nothing else in this process has.
pub(crate) fn new_effect() -> Uuid {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(0xEFFEC7, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A delivery of the effect `password-reset`, posted at a minute.
pub(crate) fn new_delivery(minutes: i64, account: Option<Uuid>) -> NewDelivery {
    NewDelivery {
        effect_id: new_effect(),
        account,
        about: None,
        effect: "password-reset".into(),
        payload: Some("fr".into()),
        at: minute(minutes),
        limit: None,
    }
}

/// How many deliveries of the effect `password-reset` count for an account from a minute on.
pub(crate) fn posted(sessions: &Sessions, account: Uuid, since: i64) -> u32 {
    let new = NewDelivery {
        limit: Some(PostLimit {
            since: minute(since),
            max: 0,
        }),
        ..new_delivery(since, Some(account))
    };
    match sessions.post(new) {
        Err(PostError::Enough(count)) => count,
        other => panic!("{other:?}"),
    }
}

/// What two threads are answered that do the same at once.
pub(crate) fn both_at_once<T: Send>(act: impl Fn() -> T + Sync) -> [T; 2] {
    let barrier = Barrier::new(2);
    let act = || {
        barrier.wait();
        act()
    };
    thread::scope(|scope| {
        let other = scope.spawn(act);
        [act(), other.join().unwrap()]
    })
}
