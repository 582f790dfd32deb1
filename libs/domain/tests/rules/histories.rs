//! The folds of accounts and organizations: what happened cannot be refused.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{
    ApiKeyId, ContractId, Event, Language, Personal,
    account::{
        Account, AccountCreated, AccountEvent, AccountKind, AvatarSet, Identity, ProfileChanged,
        ProfileField, SecondFactor,
    },
    organization::{Contract, ContractLevel, Organization, OrganizationEvent},
    policy::Role,
};
use proptest::{prelude::*, sample::select, test_runner::RngSeed};
use uuid::Uuid;

use crate::{
    given::{account, grant, organization, organizations, person, start},
    holders::{a_place, after, founded, somebody},
    stored::expected,
};

fn hers<T>(value: T) -> Personal<T> {
    Personal::new(person(50), value)
}

fn erased<T>() -> Personal<T> {
    Personal {
        subject: person(50),
        value: None,
        commitment: None,
    }
}

fn created(name: &str) -> AccountEvent {
    AccountEvent::Created(AccountCreated {
        kind: AccountKind::Person,
        username: hers(name.to_owned()),
        name: hers(name.to_owned()),
        language: Language::Fr,
    })
}

#[test]
fn an_account_is_folded_from_its_creation_on_and_created_once() {
    let joined = AccountEvent::Joined {
        organization: organization("commune-a"),
    };
    let id = account(50);
    assert_eq!(Account::evolve(None, id, start(), joined.clone()), None);
    let later = start() + TimeDelta::days(1);
    let made = Account::evolve(None, id, later, created("ada")).unwrap();
    let made = after(made, [joined, created("eve")]);
    assert_eq!(
        (made.username.as_deref(), made.name.as_deref()),
        (Some("ada"), Some("ada"))
    );
    assert_eq!((made.version, made.created_at), (3, later));
    assert_eq!(made.organizations, organizations(&["commune-a"]));
}

#[test]
fn a_password_is_the_last_one_and_a_reset_ends_a_lock() {
    let locked = AccountEvent::Locked {
        failures: 5,
        until: start() + TimeDelta::minutes(15),
    };
    let hash = |text: &str| hers(text.to_owned());
    for (event, still_locked) in [
        (AccountEvent::PasswordSet { hash: hash("new") }, true),
        (AccountEvent::PasswordChanged { hash: hash("new") }, true),
        (AccountEvent::PasswordRehashed { hash: hash("new") }, true),
        (AccountEvent::PasswordReset { hash: hash("new") }, false),
    ] {
        let rita = after(
            somebody([], &[]),
            [AccountEvent::PasswordSet { hash: hash("old") }, locked.clone()],
        );
        let rita = after(rita, [event.clone()]);
        assert_eq!(rita.password_hash.as_deref(), Some("new"), "{event:?}");
        assert_eq!(rita.locked_until.is_some(), still_locked, "{event:?}");
    }
    let rita = after(somebody([], &[]), [locked, AccountEvent::Unlocked {}]);
    assert_eq!(rita.locked_until, None);
    let rita = after(rita, [AccountEvent::PasswordSet { hash: erased() }]);
    assert_eq!(rita.password_hash, None);
}

#[test]
fn recovery_codes_are_used_up_one_by_one_and_unknown_ones_change_nothing() {
    let factor = AccountEvent::SecondFactorEnrolled(SecondFactor {
        secret: hers("JBSWY3DPEHPK3PXP".to_owned()),
        recovery: hers(vec!["a".to_owned(), "b".to_owned()]),
    });
    let used = |index| AccountEvent::RecoveryCodeUsed { index };
    let rita = after(
        somebody([], &[]),
        [used(0), factor.clone(), used(1), used(1), used(2), used(u32::MAX)],
    );
    assert_eq!(rita.recovery, [Some("a".to_owned()), None]);
    // A factor enrolled anew brings codes of its own.
    let rita = after(rita, [factor]);
    assert_eq!(rita.recovery, [Some("a".to_owned()), Some("b".to_owned())]);
    let rita = after(rita, [AccountEvent::SecondFactorRemoved {}, used(0)]);
    assert_eq!((rita.second_factor, rita.recovery), (None, vec![]));
}

#[test]
fn an_identity_is_linked_once_per_provider_and_a_picture_is_read_where_it_was_set() {
    let linked = |issuer: &str, subject: Personal<String>| {
        AccountEvent::IdentityLinked(Identity {
            issuer: issuer.to_owned(),
            subject,
        })
    };
    let picture = AccountEvent::AvatarSet(AvatarSet {
        picture: hers("iVBORw0KGgo=".to_owned()),
        media_type: "image/png".to_owned(),
    });
    let rita = after(
        somebody([], &[]),
        [
            linked("idp", hers("1".to_owned())),
            linked("idp", hers("2".to_owned())),
            linked("other", erased()),
            picture,
        ],
    );
    assert_eq!(rita.identities, [("idp".to_owned(), "2".to_owned())].into());
    assert_eq!(rita.avatar, Some(5), "the version of the event that holds it");
    let gone = [
        AccountEvent::IdentityUnlinked {
            issuer: "idp".to_owned(),
        },
        AccountEvent::IdentityUnlinked {
            issuer: "unknown".to_owned(),
        },
        AccountEvent::AvatarRemoved {},
        AccountEvent::ApiKeyRevoked {
            key: ApiKeyId(Uuid::nil()),
        },
        AccountEvent::AddressRefused {},
    ];
    let rita = after(rita, gone);
    assert_eq!(
        (rita.identities.len(), rita.avatar, rita.address, rita.version),
        (0, None, None, 10)
    );
}

#[test]
fn a_field_that_always_has_a_value_is_not_cleared() {
    let cleared = ProfileChanged {
        cleared: [
            ProfileField::Name,
            ProfileField::Language,
            ProfileField::Address,
            ProfileField::Avatar,
        ]
        .into(),
        ..ProfileChanged::default()
    };
    let address = AccountEvent::AddressSet {
        address: hers("rita.r@a.example".to_owned()),
        confirmed: true,
    };
    let rita = after(somebody([], &[]), [address]);
    let cleared = after(rita.clone(), [AccountEvent::ProfileChanged(cleared)]);
    assert_eq!(
        cleared,
        Account {
            version: rita.version + 1,
            ..rita
        }
    );
}

#[test]
fn an_erased_account_keeps_its_id_and_its_times_and_holds_nothing() {
    let everything = accounts_events().into_iter().filter(|event| {
        !matches!(
            event,
            AccountEvent::RoleRevoked { .. } | AccountEvent::Left { .. }
        )
    });
    let rita = after(somebody([grant(Role::Agent)], &["lycee-a"]), everything);
    let erased = rita.erased();
    assert!(erased.erased && erased.disabled && !rita.grants.is_empty());
    assert!(erased.grants.is_empty() && erased.organizations.is_empty());
    assert_eq!(
        (erased.id, erased.version, erased.created_at),
        (rita.id, rita.version, rita.created_at)
    );
    let told = format!("{erased:?}");
    for personal in [
        "rita",
        "Rita",
        "+33",
        "commune-a.example",
        "argon2",
        "JBSWY",
        "9f86d",
        "248289761001",
        "columns",
    ] {
        assert!(!told.contains(personal), "{personal} is still there");
    }
}

#[test]
fn what_was_decided_before_an_erasure_and_comes_after_it_changes_nothing() {
    let erased = somebody([grant(Role::Agent)], &["lycee-a"]).erased();
    let later = after(
        erased.clone(),
        [
            AccountEvent::Enabled {},
            AccountEvent::RoleGranted {
                grant: grant(Role::Admin),
            },
            AccountEvent::AddressSet {
                address: Personal::new(person(50), "rita@elsewhere.example".to_owned()),
                confirmed: true,
            },
        ],
    );
    assert_eq!(
        later,
        Account {
            version: erased.version + 3,
            ..erased
        }
    );
}

#[test]
fn an_organization_is_folded_from_its_creation_on_and_created_once() {
    let renamed = || OrganizationEvent::Renamed { name: "B".to_owned() };
    assert_eq!(Organization::evolve(None, renamed()), None);
    let place = Organization::evolve(
        Some(a_place("a")),
        OrganizationEvent::Created(founded("c", Some("1"))),
    )
    .unwrap();
    assert_eq!(
        place,
        Organization {
            version: 2,
            ..a_place("a")
        }
    );
    let unknown = OrganizationEvent::ContractWithdrawn {
        contract: ContractId(Uuid::nil()),
    };
    assert_eq!(
        Organization::evolve(Some(place), unknown),
        Some(Organization {
            version: 3,
            ..a_place("a")
        })
    );
}

/// Every stored form of an account's events.
fn accounts_events() -> Vec<AccountEvent> {
    let of_accounts = |(_, event)| match event {
        Event::Account(event) => Some(event),
        Event::Ticket(_)
        | Event::Organization(_)
        | Event::Desk(_)
        | Event::Name(_)
        | Event::Person(_)
        | Event::Log(_)
        | Event::Audit(_) => None,
    };
    expected().into_iter().filter_map(of_accounts).collect()
}

fn an_instant() -> impl Strategy<Value = DateTime<Utc>> {
    select(vec![DateTime::<Utc>::MIN_UTC, start(), DateTime::<Utc>::MAX_UTC])
}

fn an_event() -> impl Strategy<Value = AccountEvent> {
    (select(accounts_events()), any::<u32>(), an_instant(), 0..4_u8).prop_map(
        |(event, index, until, kind)| match kind {
            0 => AccountEvent::RecoveryCodeUsed { index: index % 3 },
            1 => AccountEvent::Locked {
                failures: index,
                until,
            },
            _ => event,
        },
    )
}

fn an_organizations_event() -> impl Strategy<Value = OrganizationEvent> {
    (0..7_u8, 0..3_u128, prop::option::of(select(vec!["a", "b"]))).prop_map(|(kind, number, name)| {
        let contract = ContractId(Uuid::from_u128(number));
        let other = name.map(organization);
        match kind {
            0 => OrganizationEvent::Created(founded("a", name)),
            1 => OrganizationEvent::Renamed {
                name: name.unwrap_or_default().to_owned(),
            },
            2 => OrganizationEvent::SirenSet {
                siren: name.map(str::to_owned),
            },
            3 => OrganizationEvent::Moved { parent: other },
            4 => OrganizationEvent::ReferentNamed {
                account: name.map(|_| account(number)),
            },
            5 => OrganizationEvent::ContractSigned {
                contract,
                terms: Contract {
                    reference: String::new(),
                    level: ContractLevel::Standard,
                    valid_from: NaiveDate::MAX,
                    valid_to: NaiveDate::MIN,
                    categories: Default::default(),
                    responsible: None,
                },
            },
            _ => OrganizationEvent::ContractWithdrawn { contract },
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000, rng_seed: RngSeed::Fixed(4), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn an_account_is_folded_from_any_events_in_any_order(
        events in prop::collection::vec(an_event(), 0..40), at in an_instant(),
    ) {
        let mut folded = None;
        for (index, event) in events.iter().enumerate() {
            let is_there = folded.is_some() || matches!(event, AccountEvent::Created(_));
            folded = Account::evolve(folded, account(50), at, event.clone());
            prop_assert_eq!(folded.is_some(), is_there, "after {}", index);
        }
        let first = events.iter().position(|event| matches!(event, AccountEvent::Created(_)));
        let counted = first.map_or(0, |first| events.len() - first);
        prop_assert_eq!(folded.as_ref().map_or(0, |folded| folded.version), counted as u64);
        if let Some(folded) = folded {
            prop_assert_eq!(folded.erased().erased(), folded.erased());
        }
    }

    #[test]
    fn an_organization_is_folded_from_any_events_in_any_order(
        events in prop::collection::vec(an_organizations_event(), 0..40),
    ) {
        let first = events.iter().position(|event| matches!(event, OrganizationEvent::Created(_)));
        let counted = first.map_or(0, |first| events.len() - first);
        let folded = events.into_iter().fold(None, Organization::evolve);
        prop_assert_eq!(folded.map_or(0, |folded| folded.version), counted as u64);
    }
}
