//! What those who administer accounts change of them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{
    Detail, Personal,
    account::{
        Account, AccountEvent, AccountKind, ProfileField, SecondFactor,
        change::{Change, GRANTS_MAX, MEMBERSHIPS_MAX, NewAccount, REASON_CHARS_MAX, Refusal, decide},
        profile::{username_faults, username_key},
    },
    fault::FaultCode,
    policy::{Grant, Role, Viewer},
};

use crate::{
    given::{account, at, grant, organization, person, start},
    holders::{
        a_program, after, at_place, faults_of, holding, not_permitted, referent, rita, root, somebody,
    },
    new_accounts::{judged, of},
};

fn changed(viewer: &Viewer, account: &Account, change: Change) -> Result<Vec<AccountEvent>, Refusal> {
    decide(viewer, account, change, start())
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

/// Changes of account 50 one after the other, each with the event that it makes.
fn changes() -> Vec<(Change, AccountEvent)> {
    let local = || at_place(Role::LocalAdmin, "lycee-a");
    let place = |name: &str| organization(name);
    let hers = |text: &str| Personal::new(person(50), text.to_owned());
    let (reason, address) = ("Partie".to_owned(), "rita.requerante@lycee-a.example".to_owned());
    let fields = || BTreeSet::from([ProfileField::Name, ProfileField::Avatar]);
    let set = AccountEvent::AddressSet {
        address: hers(&address),
        confirmed: false,
    };
    let disabled = AccountEvent::Disabled {
        reason: hers(&reason),
    };
    let requester = || grant(Role::Requester);
    let (annexe, lycee) = (|| place("annexe"), || place("lycee-a"));
    vec![
        (
            Change::Grant(local()),
            AccountEvent::RoleGranted { grant: local() },
        ),
        (
            Change::Revoke(requester()),
            AccountEvent::RoleRevoked { grant: requester() },
        ),
        (
            Change::Join(annexe()),
            AccountEvent::Joined {
                organization: annexe(),
            },
        ),
        (
            Change::Leave(lycee()),
            AccountEvent::Left {
                organization: lycee(),
            },
        ),
        (Change::Disable { reason }, disabled),
        (Change::Enable, AccountEvent::Enabled {}),
        (Change::Unlock, AccountEvent::Unlocked {}),
        (
            Change::LockFields(fields()),
            AccountEvent::FieldsLocked { fields: fields() },
        ),
        (Change::SetAddress(Some(address)), set),
        (Change::SetAddress(None), AccountEvent::AddressRemoved {}),
        (Change::RemoveSecondFactor, AccountEvent::SecondFactorRemoved {}),
    ]
}

/// Fault S9: what was to be taken away and was not there was told as done.
#[test]
fn a_change_makes_one_event_and_once_it_is_so_none_and_what_is_gone_is_told() {
    let enrolled = AccountEvent::SecondFactorEnrolled(SecondFactor {
        secret: Personal::new(person(50), "JBSWY3DPEHPK3PXP".to_owned()),
        recovery: Personal::new(person(50), Vec::new()),
    });
    let until = start() + TimeDelta::seconds(1);
    let locked = AccountEvent::Locked { failures: 5, until };
    let mut rita = after(
        somebody([grant(Role::Requester)], &["lycee-a"]),
        [locked, enrolled],
    );
    for (change, made) in changes() {
        let asked = changed(&root(), &rita, change.clone());
        assert_eq!(asked, Ok(vec![made.clone()]), "{change:?}");
        rita = after(rita, [made]);
        let again = changed(&root(), &rita, change.clone());
        match again_refused(&change) {
            Some(refusal) => assert_eq!(again, Err(refusal), "{change:?} again"),
            None => assert_eq!(again, Ok(vec![]), "{change:?} again"),
        }
    }
}

/// What takes something away finds nothing the second time.
fn again_refused(change: &Change) -> Option<Refusal> {
    let why = match change {
        Change::Disable { .. } => return Some(Refusal::Disabled),
        Change::Revoke(_) => Detail::RoleNotHeld,
        Change::Leave(_) => Detail::NotAMember,
        Change::Enable => Detail::NotDisabled,
        Change::Unlock => Detail::NotLocked,
        Change::RemoveSecondFactor => Detail::NoSecondFactor,
        Change::RevokeKey(_) => Detail::NoSuchKey,
        Change::Grant(_)
        | Change::Join(_)
        | Change::LockFields(_)
        | Change::SetAddress(_)
        | Change::IssueKey { .. } => return None,
    };
    Some(Refusal::Absent { why })
}

/// Fault S9: the key of another account, and one that nobody has, are no key of this account; nor is a role held elsewhere its role.
#[test]
fn what_another_account_holds_is_not_taken_from_this_one() {
    let (program, other) = (
        domain::ApiKeyId(uuid::Uuid::from_u128(1)),
        domain::ApiKeyId(uuid::Uuid::nil()),
    );
    let mut robot = somebody([at_place(Role::Requester, "lycee-a")], &["lycee-a"]);
    robot.kind = AccountKind::Service;
    let issued = AccountEvent::ApiKeyIssued(domain::account::ApiKeyIssued {
        key: program,
        label: Personal::new(person(50), "Export".to_owned()),
        hash: Personal::new(person(50), "00".to_owned()),
        scopes: BTreeSet::new(),
        expires_at: start() + TimeDelta::days(1),
    });
    let robot = after(robot, [issued]);
    for change in [
        Change::RevokeKey(other),
        Change::Revoke(grant(Role::Requester)),
        Change::Revoke(at_place(Role::Requester, "annexe")),
        Change::Leave(organization("annexe")),
    ] {
        let told = changed(&root(), &robot, change.clone());
        assert_eq!(told.err(), again_refused(&change), "{change:?}");
    }
    let gone = changed(&root(), &robot, Change::RevokeKey(program));
    assert_eq!(gone, Ok(vec![AccountEvent::ApiKeyRevoked { key: program }]));
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
            Detail::MayNotGrantRoles,
        ),
        (
            &agent,
            Change::Leave(organization("lycee-a")),
            Detail::MayNotChangeMemberships,
        ),
        (&agent, Change::Enable, Detail::MayNotAdministerAccount),
        (
            &agent,
            Change::RevokeKey(domain::ApiKeyId(uuid::Uuid::nil())),
            Detail::MayNotIssueKeys,
        ),
        (&referent(), Change::Unlock, Detail::MayNotAdministerAccount),
        (
            &referent(),
            Change::Grant(at_place(Role::Requester, "commune-a")),
            Detail::MayNotGrantThere,
        ),
        (
            &referent(),
            Change::Grant(at_place(Role::Agent, "lycee-a")),
            Detail::MayNotGrantThere,
        ),
        (
            &referent(),
            Change::Revoke(grant(Role::Requester)),
            Detail::MayNotRevokeThere,
        ),
        (
            &referent(),
            Change::Join(organization("lycee-b")),
            Detail::MayNotMakeMembers,
        ),
        (
            &referent(),
            Change::Leave(organization("commune-a")),
            Detail::MayNotEndMembership,
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
        (Change::Grant(grant(Role::Auditor)), Detail::MayNotGrantRoles),
        (Change::Revoke(grant(Role::Admin)), Detail::MayNotGrantRoles),
        (
            Change::Disable {
                reason: "Adieu".to_owned(),
            },
            Detail::MayNotAdministerAccount,
        ),
        (Change::RemoveSecondFactor, Detail::MayNotAdministerAccount),
        (
            Change::Join(organization("lycee-a")),
            Detail::MayNotChangeMemberships,
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
    assert_eq!(
        changed(&root(), &rita, Change::Unlock).err(),
        again_refused(&Change::Unlock)
    );
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
    for (reason, code) in [
        (String::new(), FaultCode::Required),
        (" \n".to_owned(), FaultCode::Required),
        ("é".repeat(REASON_CHARS_MAX + 1), FaultCode::Length),
    ] {
        assert_eq!(faults_of(disable(reason)), [at("/reason", code)]);
    }
}

#[test]
fn of_who_is_erased_nothing_is_changed_any_more() {
    let erased = somebody([grant(Role::Requester)], &["lycee-a"]).erased();
    assert!(erased.disabled);
    for (change, what) in [
        (Change::Enable, Detail::MayNotAdministerAccount),
        (
            Change::SetAddress(Some("rita.requerante@lycee-a.example".to_owned())),
            Detail::MayNotAdministerAccount,
        ),
        (Change::Grant(grant(Role::Agent)), Detail::MayNotGrantRoles),
        (
            Change::Join(organization("annexe")),
            Detail::MayNotChangeMemberships,
        ),
    ] {
        assert_eq!(
            not_permitted(changed(&root(), &erased, change.clone())),
            what,
            "{change:?}"
        );
    }
}

#[test]
fn what_ends_sign_ins_is_known_by_its_version() {
    let personal = |text: &str| Personal::new(person(50), text.to_owned());
    let mut rita = somebody([], &[]);
    let ended = rita.sign_ins_ended;
    for event in [
        AccountEvent::PasswordRehashed {
            hash: personal("$argon2id$"),
        },
        AccountEvent::Enabled {},
        AccountEvent::SecondFactorRemoved {},
    ] {
        rita = after(rita, [event]);
        assert_eq!(rita.sign_ins_ended, ended);
    }
    for event in [
        AccountEvent::PasswordChanged {
            hash: personal("$argon2id$"),
        },
        AccountEvent::PasswordReset {
            hash: personal("$argon2id$"),
        },
        AccountEvent::SignedOutEverywhere {},
        AccountEvent::Disabled {
            reason: personal("Partie"),
        },
    ] {
        rita = after(rita, [event.clone()]);
        assert_eq!(rita.sign_ins_ended, rita.version, "{event:?}");
    }
}

#[test]
fn user_names_that_look_alike_are_one_or_are_refused() {
    for (one, other) in [
        ("Rita", " rITA "),
        ("é", "e\u{301}"),
        ("ÉCOLE", "e\u{301}cole"),
        ("rita r", "rita  r"),
        ("ｒｉｔａ", "rita"),
    ] {
        assert_eq!(username_key(one), username_key(other), "{one:?} {other:?}");
    }
    assert_ne!(username_key("rita"), username_key("rito"));
    let faults = |name: &str| username_faults("/username", name).len();
    for fine in [
        "rita",
        "Rita.R-2_x'y",
        "rita@lycee-a.example",
        "Jean Dupont",
        "Élodie",
        "мария",
        "山田たろう",
    ] {
        assert_eq!(faults(fine), 0, "{fine:?}");
    }
    // A zero width space and joiner, a soft hyphen, a wide letter, a space that does not break, a ligature.
    for alike in [
        "ri\u{200b}ta",
        "ri\u{200d}ta",
        "ri\u{ad}ta",
        "ｒita",
        "ri\u{a0}ta",
        "ﬁn",
    ] {
        assert_eq!(faults(alike), 1, "{alike:?}");
    }
    // A Cyrillic letter among Latin ones.
    assert_eq!(faults("r\u{456}ta"), 1);
}
