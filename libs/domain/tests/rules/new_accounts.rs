//! Making accounts: by whom, and with what.

use std::collections::BTreeMap;

use domain::{
    Detail,
    account::{
        AccountKind,
        change::{NewAccount, Refusal, create, judge_new},
        profile::{NAME_CHARS_MAX, USERNAME_CHARS_MAX},
    },
    fault::FaultCode,
    organization::Organization,
    policy::{Grant, Role, Viewer},
};

use crate::{
    given::{at, grant, organizations, start},
    holders::{
        a_place, at_place, faults_of, folded, founded, holding, limited, not_permitted, referent, rita, root,
    },
};

/// Judges by an administrator's rights where `lycee-a`, `commune-a` and, with SIRENs, `oc-alpha` and `oc-beta` exist.
pub(crate) fn judged(viewer: &Viewer, new: &NewAccount) -> Result<(), Refusal> {
    let with_siren = |name, siren| {
        let created = domain::organization::OrganizationEvent::Created(founded(name, Some(siren)));
        Organization::evolve(None, created).unwrap()
    };
    let known = [
        a_place("lycee-a"),
        a_place("commune-a"),
        with_siren("oc-alpha", "123456782"),
        with_siren("oc-beta", "111222337"),
    ];
    let named: BTreeMap<_, _> = known.iter().map(|place| (place.id.clone(), place)).collect();
    judge_new(viewer, new, &named)
}

pub(crate) fn of(new: NewAccount, names: &[&str]) -> NewAccount {
    NewAccount {
        organizations: organizations(names),
        ..new
    }
}

#[test]
fn an_account_begins_with_all_that_it_was_given() {
    let new = NewAccount {
        address: Some("rita.requerante@commune-a.example".to_owned()),
        address_confirmed: true,
        password_hash: Some("$argon2id$".to_owned()),
        grants: [grant(Role::Requester), at_place(Role::LocalAdmin, "lycee-a")].into(),
        ..of(rita(), &["commune-a", "lycee-a"])
    };
    assert_eq!(judged(&root(), &new), Ok(()));
    let made = folded(new.id, create(new.clone()));
    assert_eq!((made.username, made.name), (Some(new.username), Some(new.name)));
    assert_eq!((made.grants, made.organizations), (new.grants, new.organizations));
    assert_eq!(made.password_hash, new.password_hash);
    assert_eq!(
        made.address.map(|address| (address.address, address.confirmed)),
        new.address.map(|it| (it, true))
    );
    assert_eq!(
        (made.version, made.created_at, made.disabled),
        (7, start(), false)
    );
}

#[test]
fn every_fault_of_a_new_account_is_named_at_once() {
    let new = NewAccount {
        username: " ".to_owned(),
        name: "R\nR".to_owned(),
        address: Some("contact@commune-a.example".to_owned()),
        ..of(rita(), &["nowhere"])
    };
    assert_eq!(
        faults_of(judged(&root(), &new)),
        [
            at("/username", FaultCode::Required),
            at("/name", FaultCode::Format),
            at("/address", FaultCode::Value),
            at("/organizations", FaultCode::Value),
        ]
    );
}

#[test]
fn names_end_at_their_limits_and_a_user_name_is_no_id() {
    let long = |chars| "é".repeat(chars);
    let ids = [
        "me",
        " me",
        "00000000-0000-0000-0000-000000000001",
        "0000000000000000000000000000000a",
    ];
    let taken = NewAccount {
        username: long(USERNAME_CHARS_MAX),
        name: long(NAME_CHARS_MAX),
        ..rita()
    };
    assert_eq!(judged(&root(), &taken), Ok(()));
    let longer = NewAccount {
        username: long(USERNAME_CHARS_MAX + 1),
        name: long(NAME_CHARS_MAX + 1),
        ..rita()
    };
    assert_eq!(
        faults_of(judged(&root(), &longer)),
        [at("/username", FaultCode::Length), at("/name", FaultCode::Length)]
    );
    for id in ids {
        let new = NewAccount {
            username: id.to_owned(),
            ..rita()
        };
        assert_eq!(
            faults_of(judged(&root(), &new)),
            [at("/username", FaultCode::Format)],
            "{id}"
        );
    }
}

#[test]
fn accounts_are_made_by_administrators_within_their_limits() {
    for role in [
        Role::Requester,
        Role::Agent,
        Role::Operator,
        Role::Supplier,
        Role::Auditor,
    ] {
        assert_eq!(
            not_permitted(judged(&holding([grant(role)]), &rita())),
            Detail::MayNotMakeAccounts,
            "{role:?}"
        );
    }
    let elsewhere = at("/organizations", FaultCode::Forbidden);
    assert_eq!(judged(&referent(), &of(rita(), &["lycee-a"])), Ok(()));
    assert_eq!(
        faults_of(judged(&referent(), &rita())),
        [at("/organizations", FaultCode::Required)]
    );
    assert_eq!(
        faults_of(judged(&referent(), &of(rita(), &["commune-a", "lycee-a"]))),
        std::slice::from_ref(&elsewhere)
    );
    let of_a_desk = holding([limited(Role::Admin, Some("SUP"), None)]);
    assert_eq!(
        faults_of(judged(&of_a_desk, &of(rita(), &["lycee-a"]))),
        [elsewhere]
    );
    let of_a_region = holding([at_place(Role::Admin, "region")]);
    assert_eq!(judged(&of_a_region, &of(rita(), &["lycee-a"])), Ok(()));
}

#[test]
fn a_new_account_holds_no_role_that_its_maker_could_not_grant() {
    let with = |grants: &[Grant]| NewAccount {
        grants: grants.iter().cloned().collect(),
        ..of(rita(), &["lycee-a"])
    };
    let new = with(&[
        at_place(Role::Requester, "lycee-a"),
        grant(Role::Agent),
        at_place(Role::LocalAdmin, "lycee-a"),
    ]);
    // Roles are in the order of a set: requester, agent, local administrator.
    assert_eq!(
        faults_of(judged(&referent(), &new)),
        [at("/roles/1", FaultCode::Forbidden)]
    );
    assert_eq!(judged(&root(), &new), Ok(()));
}

#[test]
fn programs_are_made_by_administrators_of_everything_and_an_operators_has_one_siren() {
    let program = |kind, names| NewAccount {
        kind,
        ..of(rita(), names)
    };
    for kind in [AccountKind::Service, AccountKind::Operator] {
        let told = faults_of(judged(&referent(), &program(kind, &["lycee-a"])));
        assert_eq!(told.first(), Some(&at("/kind", FaultCode::Forbidden)), "{kind:?}");
    }
    assert_eq!(judged(&root(), &program(AccountKind::Service, &[])), Ok(()));
    for (names, is_one) in [
        (&["oc-alpha"][..], true),
        (&["oc-alpha", "commune-a"], false),
        (&[], false),
        (&["commune-a"], false),
        (&["oc-alpha", "oc-beta"], false),
    ] {
        let judged = judged(&root(), &program(AccountKind::Operator, names));
        if is_one {
            assert_eq!(judged, Ok(()), "{names:?}");
        } else {
            assert_eq!(
                faults_of(judged),
                [at("/organizations", FaultCode::Value)],
                "{names:?}"
            );
        }
    }
}

#[test]
fn a_program_may_have_the_address_of_an_office() {
    let with = |kind| NewAccount {
        kind,
        address: Some("contact@commune-a.example".to_owned()),
        ..rita()
    };
    assert_eq!(judged(&root(), &with(AccountKind::Service)), Ok(()));
    assert_eq!(
        faults_of(judged(&root(), &with(AccountKind::Person))),
        [at("/address", FaultCode::Value)]
    );
}
