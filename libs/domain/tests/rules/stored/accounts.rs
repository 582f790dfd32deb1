//! What the fixtures of the events of accounts stand for: who they are, what they may, their profiles.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Event, Language,
    account::{AccountCreated, AccountEvent, AccountKind, AvatarSet, ProfileChanged, ProfileField},
    policy::{Grant, Role},
};
use serde_json::json;

use super::tickets::{erased, hers, words};
use crate::given::{grant, organization};

pub(super) fn beginnings() -> Vec<(&'static str, Event)> {
    let created = |kind, username, name, language| {
        Event::Account(AccountEvent::Created(AccountCreated {
            kind,
            username,
            name,
            language,
        }))
    };
    vec![
        (
            "account-created.v1",
            created(
                AccountKind::Person,
                words("rita"),
                words("Rita Requérante"),
                Language::Fr,
            ),
        ),
        (
            "account-created.v1.operator",
            created(
                AccountKind::Operator,
                words("oc-alpha"),
                words("OC Alpha"),
                Language::En,
            ),
        ),
        (
            "account-created.v1.erased",
            created(AccountKind::Service, erased(), erased(), Language::Fr),
        ),
    ]
}

pub(super) fn powers() -> Vec<(&'static str, Event)> {
    let limited = || Grant {
        desk: Some("ENT".parse().unwrap()),
        organization: Some(organization("lycee-a")),
        ..grant(Role::LocalAdmin)
    };
    let of_commune = || organization("commune-a");
    let events = vec![
        (
            "account-role-granted.v1",
            AccountEvent::RoleGranted {
                grant: grant(Role::Requester),
            },
        ),
        (
            "account-role-granted.v1.limited",
            AccountEvent::RoleGranted { grant: limited() },
        ),
        (
            "account-role-revoked.v1",
            AccountEvent::RoleRevoked {
                grant: grant(Role::Requester),
            },
        ),
        (
            "account-role-revoked.v1.limited",
            AccountEvent::RoleRevoked { grant: limited() },
        ),
        (
            "account-joined.v1",
            AccountEvent::Joined {
                organization: of_commune(),
            },
        ),
        (
            "account-left.v1",
            AccountEvent::Left {
                organization: of_commune(),
            },
        ),
    ];
    of_accounts(events)
}

pub(super) fn profiles() -> Vec<(&'static str, Event)> {
    let preferences = BTreeMap::from([
        ("columns".to_owned(), json!(["key", "summary"])),
        ("dense".to_owned(), json!(true)),
    ]);
    let changes = vec![
        (
            "account-profile-changed.v1",
            ProfileChanged {
                language: Some(Language::En),
                ..ProfileChanged::default()
            },
        ),
        (
            "account-profile-changed.v1.full",
            ProfileChanged {
                name: Some(words("Rita Requérante")),
                language: Some(Language::Fr),
                time_zone: Some("Europe/Paris".to_owned()),
                phone: Some(words("+33 1 23 45 67 89")),
                default_view: Some("queue".to_owned()),
                preferences: Some(hers(preferences)),
                cleared: BTreeSet::new(),
            },
        ),
        (
            "account-profile-changed.v1.clearing",
            ProfileChanged {
                cleared: BTreeSet::from([
                    ProfileField::TimeZone,
                    ProfileField::Phone,
                    ProfileField::DefaultView,
                    ProfileField::Preferences,
                ]),
                ..ProfileChanged::default()
            },
        ),
        (
            "account-profile-changed.v1.erased",
            ProfileChanged {
                name: Some(erased()),
                phone: Some(erased()),
                preferences: Some(erased()),
                ..ProfileChanged::default()
            },
        ),
    ];
    let locked = BTreeSet::from([
        ProfileField::Name,
        ProfileField::Language,
        ProfileField::TimeZone,
        ProfileField::Phone,
        ProfileField::DefaultView,
        ProfileField::Preferences,
        ProfileField::Address,
        ProfileField::Avatar,
    ]);
    let locks = [
        ("account-fields-locked.v1", locked),
        ("account-fields-locked.v1.none", BTreeSet::new()),
    ];
    let changes = changes
        .into_iter()
        .map(|(name, changed)| (name, AccountEvent::ProfileChanged(changed)));
    let locks = locks
        .into_iter()
        .map(|(name, fields)| (name, AccountEvent::FieldsLocked { fields }));
    of_accounts(changes.chain(locks).collect())
}

pub(super) fn addresses() -> Vec<(&'static str, Event)> {
    let set = |address, confirmed| AccountEvent::AddressSet { address, confirmed };
    let hers = || words("rita.requerante@commune-a.example");
    let picture = |picture| {
        AccountEvent::AvatarSet(AvatarSet {
            picture,
            media_type: "image/png".to_owned(),
        })
    };
    of_accounts(vec![
        ("account-address-set.v1", set(hers(), true)),
        ("account-address-set.v1.unconfirmed", set(hers(), false)),
        ("account-address-set.v1.erased", set(erased(), true)),
        ("account-address-removed.v1", AccountEvent::AddressRemoved {}),
        ("account-address-refused.v1", AccountEvent::AddressRefused {}),
        ("account-avatar-set.v1", picture(words("iVBORw0KGgo="))),
        ("account-avatar-set.v1.erased", picture(erased())),
        ("account-avatar-removed.v1", AccountEvent::AvatarRemoved {}),
    ])
}

pub(super) fn of_accounts(events: Vec<(&'static str, AccountEvent)>) -> Vec<(&'static str, Event)> {
    let event = |(name, event)| (name, Event::Account(event));
    events.into_iter().map(event).collect()
}
