//! Making accounts, and what those who administer them change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use domain::{
    Personal,
    account::{
        Account, AccountEvent, AccountKind, ProfileField, SecondFactor,
        change::{
            Change, GRANTS_MAX, MEMBERSHIPS_MAX, NewAccount, REASON_CHARS_MAX, Refusal, create, decide,
            judge_new,
        },
        profile::{NAME_CHARS_MAX, USERNAME_CHARS_MAX},
    },
    fault::FaultCode,
    organization::Organization,
    policy::{Grant, Role, Viewer},
};

use crate::{
    given::{account, at, grant, organization, organizations, person, start},
    holders::{
        a_place, a_program, after, at_place, faults_of, folded, founded, holding, limited, not_permitted,
        rita, root, somebody,
    },
};

fn referent() -> Viewer {
    holding([at_place(Role::LocalAdmin, "lycee-a")])
}

/// Judges by an administrator's rights where `lycee-a`, `commune-a` and, with SIRENs, `oc-alpha` and `oc-beta` exist.
fn judged(viewer: &Viewer, new: &NewAccount) -> Result<(), Refusal> {
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

fn of(new: NewAccount, names: &[&str]) -> NewAccount {
    NewAccount {
        organizations: organizations(names),
        ..new
    }
}

fn changed(viewer: &Viewer, account: &Account, change: Change) -> Result<Vec<AccountEvent>, Refusal> {
    decide(viewer, account, change, start())
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
            at("/name", FaultCode::Length),
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
            "making accounts",
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
        (&["oc-alpha", "commune-a"], true),
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

fn many_grants(count: usize) -> BTreeSet<Grant> {
    (0..count)
        .map(|number| at_place(Role::Agent, &format!("o{number}")))
        .collect()
}

#[test]
fn roles_and_memberships_end_at_their_limits() {
    let names: Vec<String> = (0..=MEMBERSHIPS_MAX).map(|number| format!("o{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let new = NewAccount {
        grants: many_grants(GRANTS_MAX + 1),
        ..of(rita(), &names)
    };
    let told = faults_of(judged(&root(), &new));
    assert_eq!(
        &told[..2],
        [
            at("/roles", FaultCode::Length),
            at("/organizations", FaultCode::Length)
        ]
    );

    let full = somebody(many_grants(GRANTS_MAX), &names[..MEMBERSHIPS_MAX]);
    let told = changed(&root(), &full, Change::Grant(grant(Role::Agent)));
    assert_eq!(faults_of(told), [at("/role", FaultCode::Length)]);
    let told = changed(&root(), &full, Change::Join(organization(names[MEMBERSHIPS_MAX])));
    assert_eq!(faults_of(told), [at("/organization", FaultCode::Length)]);
    assert_eq!(
        changed(&root(), &full, Change::Grant(at_place(Role::Agent, "o0"))),
        Ok(vec![])
    );
    assert_eq!(
        changed(&root(), &full, Change::Join(organization("o0"))),
        Ok(vec![])
    );
}

#[test]
fn a_change_makes_one_event_and_once_it_is_so_none() {
    let lycee = || organization("lycee-a");
    let reason = || Change::Disable {
        reason: "Partie".to_owned(),
    };
    let enrolled = AccountEvent::SecondFactorEnrolled(SecondFactor {
        secret: Personal::new(person(50), "JBSWY3DPEHPK3PXP".to_owned()),
        recovery: Personal::new(person(50), Vec::new()),
    });
    let locked = AccountEvent::Locked {
        failures: 5,
        until: start() + TimeDelta::seconds(1),
    };
    let fields = BTreeSet::from([ProfileField::Name, ProfileField::Avatar]);
    let address = || "rita.requerante@lycee-a.example".to_owned();
    // What took place before, what is asked, and what it makes.
    let table = [
        (
            vec![],
            Change::Grant(at_place(Role::LocalAdmin, "lycee-a")),
            AccountEvent::RoleGranted {
                grant: at_place(Role::LocalAdmin, "lycee-a"),
            },
        ),
        (
            vec![],
            Change::Revoke(grant(Role::Requester)),
            AccountEvent::RoleRevoked {
                grant: grant(Role::Requester),
            },
        ),
        (
            vec![],
            Change::Join(organization("annexe")),
            AccountEvent::Joined {
                organization: organization("annexe"),
            },
        ),
        (
            vec![],
            Change::Leave(lycee()),
            AccountEvent::Left {
                organization: lycee(),
            },
        ),
        (
            vec![],
            reason(),
            AccountEvent::Disabled {
                reason: Personal::new(person(91), "Partie".to_owned()),
            },
        ),
        (
            vec![AccountEvent::Disabled {
                reason: Personal::new(person(91), "Partie".to_owned()),
            }],
            Change::Enable,
            AccountEvent::Enabled {},
        ),
        (vec![locked], Change::Unlock, AccountEvent::Unlocked {}),
        (
            vec![],
            Change::LockFields(fields.clone()),
            AccountEvent::FieldsLocked { fields },
        ),
        (
            vec![],
            Change::SetAddress(Some(address())),
            AccountEvent::AddressSet {
                address: Personal::new(person(50), address()),
                confirmed: false,
            },
        ),
        (
            vec![AccountEvent::AddressSet {
                address: Personal::new(person(50), address()),
                confirmed: true,
            }],
            Change::SetAddress(None),
            AccountEvent::AddressRemoved {},
        ),
        (
            vec![enrolled],
            Change::RemoveSecondFactor,
            AccountEvent::SecondFactorRemoved {},
        ),
    ];
    for (before, change, made) in table {
        let rita = after(somebody([grant(Role::Requester)], &["lycee-a"]), before);
        assert_eq!(
            changed(&root(), &rita, change.clone()),
            Ok(vec![made.clone()]),
            "{change:?}"
        );
        let rita = after(rita, [made]);
        assert_eq!(
            changed(&root(), &rita, change.clone()),
            Ok(vec![]),
            "{change:?} again"
        );
    }
}

#[test]
fn an_account_that_one_may_not_know_of_does_not_exist() {
    let stranger = holding([at_place(Role::LocalAdmin, "commune-a")]);
    let rita = somebody([], &["lycee-a"]);
    assert_eq!(changed(&stranger, &rita, Change::Enable), Err(Refusal::NotFound));
    assert_eq!(
        changed(&stranger, &rita, Change::Join(organization("commune-a"))),
        Err(Refusal::NotFound)
    );
}

#[test]
fn what_one_may_see_and_not_change_is_said_to_be_not_permitted() {
    let rita = somebody([], &["lycee-a", "commune-a"]);
    let agent = holding([grant(Role::Agent)]);
    for (viewer, change, what) in [
        (
            &agent,
            Change::Grant(grant(Role::Requester)),
            "granting roles to this account",
        ),
        (
            &agent,
            Change::Leave(organization("lycee-a")),
            "changing the memberships of this account",
        ),
        (&agent, Change::Enable, "administering this account"),
        (
            &agent,
            Change::RevokeKey(domain::ApiKeyId(uuid::Uuid::nil())),
            "issuing keys to this account",
        ),
        (&referent(), Change::Unlock, "administering this account"),
        (
            &referent(),
            Change::Grant(at_place(Role::Requester, "commune-a")),
            "granting this role there",
        ),
        (
            &referent(),
            Change::Grant(at_place(Role::Agent, "lycee-a")),
            "granting this role there",
        ),
        (
            &referent(),
            Change::Revoke(grant(Role::Requester)),
            "taking this role back",
        ),
        (
            &referent(),
            Change::Join(organization("lycee-b")),
            "making members of this organization",
        ),
        (
            &referent(),
            Change::Leave(organization("commune-a")),
            "ending this membership",
        ),
    ] {
        assert_eq!(
            not_permitted(changed(viewer, &rita, change.clone())),
            what,
            "{change:?}"
        );
    }
    assert_eq!(
        changed(&referent(), &rita, Change::Leave(organization("lycee-a"))),
        Ok(vec![AccountEvent::Left {
            organization: organization("lycee-a")
        }])
    );
}

#[test]
fn nobody_changes_their_own_roles_nor_standing() {
    let own = Viewer {
        account: account(50),
        ..root()
    };
    let admin = somebody([grant(Role::Admin)], &[]);
    for (change, what) in [
        (
            Change::Grant(grant(Role::Auditor)),
            "granting roles to this account",
        ),
        (
            Change::Revoke(grant(Role::Admin)),
            "granting roles to this account",
        ),
        (
            Change::Disable {
                reason: "Adieu".to_owned(),
            },
            "administering this account",
        ),
        (Change::RemoveSecondFactor, "administering this account"),
        (
            Change::Join(organization("lycee-a")),
            "changing the memberships of this account",
        ),
    ] {
        assert_eq!(
            not_permitted(changed(&own, &admin, change.clone())),
            what,
            "{change:?}"
        );
    }
}

#[test]
fn a_program_of_an_operator_stays_with_one_organization() {
    let alpha = a_program(AccountKind::Operator, &["oc-alpha"]);
    let join = || Change::Join(organization("oc-beta"));
    assert_eq!(
        faults_of(changed(&root(), &alpha, join())),
        [at("/organization", FaultCode::Forbidden)]
    );
    assert_eq!(
        changed(&root(), &alpha, Change::Join(organization("oc-alpha"))),
        Ok(vec![])
    );
    let left = after(
        alpha,
        [AccountEvent::Left {
            organization: organization("oc-alpha"),
        }],
    );
    assert_eq!(
        changed(&root(), &left, join()),
        Ok(vec![AccountEvent::Joined {
            organization: organization("oc-beta")
        }])
    );
}

#[test]
fn a_lock_that_has_ended_is_not_ended_again() {
    let locked = AccountEvent::Locked {
        failures: 5,
        until: start(),
    };
    let rita = after(somebody([], &[]), [locked]);
    assert_eq!(changed(&root(), &rita, Change::Unlock), Ok(vec![]));
    let before = start() - TimeDelta::seconds(1);
    assert_eq!(
        decide(&root(), &rita, Change::Unlock, before),
        Ok(vec![AccountEvent::Unlocked {}])
    );
}

#[test]
fn a_reason_is_given_and_ends_at_its_limit() {
    let disable = |reason: String| changed(&root(), &somebody([], &[]), Change::Disable { reason });
    assert_eq!(disable("é".repeat(REASON_CHARS_MAX)).unwrap().len(), 1);
    for reason in [String::new(), " \n".to_owned(), "é".repeat(REASON_CHARS_MAX + 1)] {
        assert_eq!(faults_of(disable(reason)), [at("/reason", FaultCode::Length)]);
    }
}
