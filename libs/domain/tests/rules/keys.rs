//! API keys of programs.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ApiKeyId, Detail, Personal,
    account::{
        Account, AccountEvent, AccountKind, ApiKeyIssued,
        change::{API_KEY_DAYS_MAX, API_KEYS_MAX, Change, LABEL_CHARS_MAX, Refusal, decide},
    },
    fault::FaultCode,
    policy::{KeyScope, Role},
};
use uuid::Uuid;

use crate::{
    given::{at, grant, person, start},
    holders::{a_program, after, at_place, faults_of, holding, not_permitted, root, somebody},
};

fn key(number: u128) -> ApiKeyId {
    ApiKeyId(Uuid::from_u128(number))
}

fn tomorrow() -> DateTime<Utc> {
    start() + TimeDelta::days(1)
}

fn issue(label: &str, scopes: &[KeyScope], expires_at: DateTime<Utc>) -> Change {
    Change::IssueKey {
        key: key(1),
        label: label.to_owned(),
        hash: "9f86".to_owned(),
        scopes: scopes.iter().copied().collect(),
        expires_at,
    }
}

fn issued(number: u128, expires_at: DateTime<Utc>) -> AccountEvent {
    AccountEvent::ApiKeyIssued(ApiKeyIssued {
        key: key(number),
        label: Personal::new(person(50), "Import".to_owned()),
        hash: Personal::new(person(50), "9f86".to_owned()),
        scopes: BTreeSet::from([KeyScope::Read]),
        expires_at,
    })
}

fn asked(account: &Account, change: Change) -> Result<Vec<AccountEvent>, Refusal> {
    decide(&root(), account, change, start())
}

#[test]
fn a_program_is_issued_a_key_which_is_revoked_once() {
    for kind in [AccountKind::Service, AccountKind::Operator] {
        let program = a_program(kind, &[]);
        let change = issue("Import", &[KeyScope::Read], tomorrow());
        assert_eq!(asked(&program, change), Ok(vec![issued(1, tomorrow())]));
        let program = after(program, [issued(1, tomorrow())]);
        let known = &program.api_keys[&key(1)];
        assert_eq!(
            (known.label.as_deref(), known.hash.as_deref()),
            (Some("Import"), Some("9f86"))
        );
        assert_eq!((known.issued_at, known.expires_at), (start(), tomorrow()));
        let revoke = || Change::RevokeKey(key(1));
        let revoked = AccountEvent::ApiKeyRevoked { key: key(1) };
        assert_eq!(asked(&program, revoke()), Ok(vec![revoked.clone()]));
        let why = Detail::NoSuchKey;
        assert_eq!(
            asked(&after(program, [revoked]), revoke()),
            Err(Refusal::Absent { why })
        );
    }
}

#[test]
fn a_person_has_no_key_and_every_fault_of_one_is_named() {
    let told = asked(&somebody([], &[]), issue(" ", &[], start()));
    assert_eq!(
        faults_of(told),
        [
            at("/label", FaultCode::Forbidden),
            at("/label", FaultCode::Required),
            at("/scopes", FaultCode::Required),
            at("/expires_at", FaultCode::Value),
        ]
    );
}

#[test]
fn a_key_holds_for_a_year_at_most_and_its_label_ends_at_its_limit() {
    let program = a_program(AccountKind::Service, &[]);
    let last = start() + TimeDelta::days(API_KEY_DAYS_MAX);
    let second = TimeDelta::seconds(1);
    for (expires_at, is) in [
        (start() - second, false),
        (start(), false),
        (start() + second, true),
        (last, true),
        (last + second, false),
    ] {
        assert_eq!(
            asked(&program, issue("Import", &[KeyScope::Read], expires_at)).is_ok(),
            is,
            "{expires_at}"
        );
    }
    for (chars, is) in [(LABEL_CHARS_MAX, true), (LABEL_CHARS_MAX + 1, false)] {
        let change = issue(&"é".repeat(chars), &[KeyScope::Read], tomorrow());
        assert_eq!(asked(&program, change).is_ok(), is, "{chars}");
    }
}

#[test]
fn only_keys_that_hold_are_counted() {
    let numbers = 2..u128::try_from(API_KEYS_MAX).unwrap() + 2;
    let full = after(
        a_program(AccountKind::Service, &[]),
        numbers.map(|number| issued(number, tomorrow())),
    );
    let one_more = || issue("Import", &[KeyScope::Read], tomorrow() + TimeDelta::days(2));
    assert_eq!(full.api_keys.len(), API_KEYS_MAX);
    assert_eq!(
        faults_of(asked(&full, one_more())),
        [at("/label", FaultCode::Length)]
    );
    assert!(decide(&root(), &full, one_more(), tomorrow()).is_ok());
    let revoked = after(full, [AccountEvent::ApiKeyRevoked { key: key(2) }]);
    assert!(asked(&revoked, one_more()).is_ok());
}

#[test]
fn keys_are_issued_by_who_administers_the_program() {
    let program = a_program(AccountKind::Service, &["lycee-a", "commune-a"]);
    let change = || issue("Import", &[KeyScope::Read], tomorrow());
    let of_a_part = holding([at_place(Role::LocalAdmin, "lycee-a")]);
    for viewer in [of_a_part, holding([grant(Role::Auditor)])] {
        let told = decide(&viewer, &program, change(), start());
        assert_eq!(not_permitted(told), Detail::MayNotIssueKeys, "{viewer:?}");
    }
}
