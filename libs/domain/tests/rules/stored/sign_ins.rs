//! What the fixtures of the events of accounts stand for: passwords, locks, second factors, keys.

use std::collections::BTreeSet;

use chrono::{TimeDelta, TimeZone, Utc};
use domain::{
    ApiKeyId, Event, Personal,
    account::{AccountEvent, ApiKeyIssued, Identity, SecondFactor},
    policy::KeyScope,
};
use uuid::Uuid;

use super::{
    accounts::of_accounts,
    tickets::{erased, hers, words},
};
use crate::given::person;

/// SHA-256 of a text, as a test has it at hand.
const HASHED: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const ALSO_HASHED: &str = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

pub(super) fn passwords() -> Vec<(&'static str, Event)> {
    let hash = || words("$argon2id$v=19$m=19456,t=2,p=1$c2Vs$aGFjaA");
    of_accounts(vec![
        (
            "account-password-set.v1",
            AccountEvent::PasswordSet { hash: hash() },
        ),
        (
            "account-password-changed.v1",
            AccountEvent::PasswordChanged { hash: hash() },
        ),
        (
            "account-password-changed.v1.erased",
            AccountEvent::PasswordChanged { hash: erased() },
        ),
        (
            "account-password-reset.v1",
            AccountEvent::PasswordReset { hash: hash() },
        ),
        (
            "account-password-rehashed.v1",
            AccountEvent::PasswordRehashed { hash: hash() },
        ),
    ])
}

pub(super) fn standing() -> Vec<(&'static str, Event)> {
    of_accounts(vec![
        (
            "account-disabled.v1",
            AccountEvent::Disabled {
                reason: Personal::new(person(10), "Partie à la retraite".to_owned()),
            },
        ),
        (
            "account-disabled.v1.erased",
            AccountEvent::Disabled { reason: erased() },
        ),
        ("account-enabled.v1", AccountEvent::Enabled {}),
        (
            "account-locked.v1",
            AccountEvent::Locked {
                failures: 5,
                until: Utc.with_ymd_and_hms(2026, 3, 2, 9, 15, 0).unwrap(),
            },
        ),
        ("account-unlocked.v1", AccountEvent::Unlocked {}),
        (
            "account-signed-out-everywhere.v1",
            AccountEvent::SignedOutEverywhere {},
        ),
    ])
}

pub(super) fn factors() -> Vec<(&'static str, Event)> {
    let enrolled = |secret, recovery| AccountEvent::SecondFactorEnrolled(SecondFactor { secret, recovery });
    let issuer = || "https://idp.example/realms/ac".to_owned();
    let linked = |subject| {
        AccountEvent::IdentityLinked(Identity {
            issuer: issuer(),
            subject,
        })
    };
    of_accounts(vec![
        (
            "account-second-factor-enrolled.v1",
            enrolled(
                words("JBSWY3DPEHPK3PXP"),
                hers(vec![HASHED.to_owned(), ALSO_HASHED.to_owned()]),
            ),
        ),
        (
            "account-second-factor-enrolled.v1.erased",
            enrolled(erased(), erased()),
        ),
        (
            "account-second-factor-removed.v1",
            AccountEvent::SecondFactorRemoved {},
        ),
        (
            "account-recovery-code-used.v1",
            AccountEvent::RecoveryCodeUsed { index: 1 },
        ),
        ("account-identity-linked.v1", linked(words("248289761001"))),
        ("account-identity-linked.v1.erased", linked(erased())),
        (
            "account-identity-unlinked.v1",
            AccountEvent::IdentityUnlinked { issuer: issuer() },
        ),
    ])
}

pub(super) fn programs() -> Vec<(&'static str, Event)> {
    let key = ApiKeyId(Uuid::from_u128(0x50));
    let in_a_year = Utc.with_ymd_and_hms(2027, 3, 2, 9, 0, 0).unwrap();
    of_accounts(vec![
        (
            "account-api-key-issued.v1",
            AccountEvent::ApiKeyIssued(ApiKeyIssued {
                key,
                label: words("Import de nuit"),
                hash: words(HASHED),
                scopes: BTreeSet::from(KeyScope::ALL),
                expires_at: in_a_year,
            }),
        ),
        (
            "account-api-key-issued.v1.erased",
            AccountEvent::ApiKeyIssued(ApiKeyIssued {
                key,
                label: erased(),
                hash: erased(),
                scopes: BTreeSet::from([KeyScope::Read]),
                expires_at: in_a_year + TimeDelta::milliseconds(250),
            }),
        ),
        ("account-api-key-revoked.v1", AccountEvent::ApiKeyRevoked { key }),
    ])
}
