//! Accounts and organizations: changed at once, repeated, moved, and tried by strangers.

use std::collections::BTreeSet;

use application::{
    Call, ExecuteError,
    identity::{error::SignInError, sign_in::Attempt, tries::Client},
    people::accounts::{AccountDraft, NamedGrant},
    tickets::open::NewTicket,
};

use chrono::TimeDelta;
use domain::{
    ContractId, OrganizationId, PersonId,
    account::{change::Change, profile::ProfileEdit},
    audit::AuditData,
    organization::{Contract, ContractLevel, OrganizationCreated, change::Change as Move},
    policy::{Grant, Role, Viewer},
    ticket::{Action, Edit},
};
use event_log::Version;
use views::queue::QueueQuery;

use crate::{
    asking::Asking,
    world::{World, at, new_account, question},
};

fn organization(name: &str) -> OrganizationId {
    name.parse().unwrap()
}

fn limited(role: Role, name: &str) -> Grant {
    Grant {
        role,
        desk: None,
        organization: Some(organization(name)),
    }
}

fn draft(username: &str) -> AccountDraft {
    AccountDraft {
        kind: "person".to_owned(),
        username: username.to_owned(),
        name: format!("Name of {username}"),
        roles: vec![NamedGrant {
            role: "requester".to_owned(),
            ..NamedGrant::default()
        }],
        organizations: vec!["commune-a".to_owned()],
        ..AccountDraft::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_that_come_at_once_do_not_all_pass_before_the_first_has_failed() {
    let world = World::new().await;
    let rules = world.application.identity.sign_in_rules().clone();
    let tries = (0..40).map(|n| {
        let application = world.application.clone();
        async move {
            let attempt = Attempt {
                username: "ann".to_owned(),
                password: format!("guess {n}"),
                ..Attempt::default()
            };
            let door = Client {
                is_door: true,
                ..Client::default()
            };
            application.identity.sign_in(attempt, door, at()).await
        }
    });
    let answers = futures_util::future::join_all(tries.map(tokio::spawn)).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let checked = answers
        .iter()
        .filter(|answer| matches!(answer, Err(SignInError::Refused)));
    assert_eq!(checked.count(), rules.lock_after as usize);
    let locked = answers
        .iter()
        .filter(|answer| matches!(answer, Err(SignInError::Locked { .. })));
    assert_eq!(locked.count(), 40 - rules.lock_after as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_changes_of_one_account_at_once_are_all_there() {
    let world = World::new().await;
    let ann = world.id_of("ann");
    let desks = ["SUP", "SAV"];
    let roles = [Role::Agent, Role::Supplier, Role::Auditor, Role::LocalAdmin];
    let mut wanted = BTreeSet::new();
    for role in roles {
        for desk in desks {
            for of in ["commune-a", "commune-b"] {
                let desk = Some(desk.parse().unwrap());
                wanted.insert(Grant {
                    desk,
                    ..limited(role, of)
                });
            }
        }
    }
    let changes = wanted.iter().map(|grant| {
        let call = world.call("admin");
        world
            .application
            .people
            .change_account(call, ann, vec![Change::Grant(grant.clone())])
    });
    for done in futures_util::future::join_all(changes).await {
        assert!(done.is_ok(), "{done:?}");
    }
    let account = world.application.directory().account(ann).unwrap();
    assert!(account.grants.is_superset(&wanted));
    let restarted = world.restarted();
    assert_eq!(restarted.application.directory().account(ann).unwrap(), account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_who_want_one_user_name_one_gets_it_and_the_others_are_told() {
    let world = World::new().await;
    let wanted = (0..16).map(|n| {
        let name = if n % 2 == 0 { "Newcomer" } else { " newcomer" };
        world
            .application
            .people
            .create_account(world.call("admin"), draft(name))
    });
    let made = futures_util::future::join_all(wanted).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    for refused in made.into_iter().filter_map(Result::err) {
        let told = format!("{refused:?}");
        assert!(told.contains("Taken"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_command_makes_one_account_and_another_under_its_key_is_refused() {
    let world = World::new().await;
    let call = world.keyed("admin", "k1", "one");
    let first = world
        .application
        .people
        .create_account(call.clone(), draft("twice"))
        .await
        .unwrap();
    let head = world.head();
    let again = world
        .application
        .people
        .create_account(call, draft("twice"))
        .await
        .unwrap();
    assert_eq!((again.id, world.head()), (first.id, head));
    let other = world.keyed("admin", "k1", "two");
    let told = world
        .application
        .people
        .create_account(other, draft("other"))
        .await;
    assert!(matches!(told, Err(ExecuteError::KeyReused)), "{told:?}");
    assert_eq!(world.head(), head);
}

/// What was made is told as it is today, and to nobody who may not see it today.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_creation_tells_nothing_to_who_may_not_see_it_any_more() {
    let world = World::new().await;
    let people = &world.application.people;
    let (account, made) = (world.call("admin"), world.call("admin"));
    let new = OrganizationCreated {
        id: organization("region"),
        name: "Région".to_owned(),
        siren: None,
        parent: None,
    };
    people
        .create_account(account.clone(), draft("kept"))
        .await
        .unwrap();
    people
        .create_organization(made.clone(), new.clone())
        .await
        .unwrap();
    let head = world.head();
    let without_roles = |call: &Call| Call {
        viewer: Viewer {
            grants: [].into(),
            ..call.viewer.clone()
        },
        ..call.clone()
    };
    let told = people
        .create_account(without_roles(&account), draft("kept"))
        .await;
    assert!(matches!(told, Err(ExecuteError::NotFound)), "{told:?}");
    let told = people
        .create_organization(without_roles(&made), new.clone())
        .await;
    assert!(matches!(told, Err(ExecuteError::NotFound)), "{told:?}");
    let told = people.create_account(account, draft("kept")).await.unwrap();
    assert_eq!(told.username.as_deref(), Some("kept"));
    assert_eq!(
        people.create_organization(made, new).await.unwrap().name,
        "Région"
    );
    assert_eq!(world.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_rests_on_an_older_version_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let ann = world.id_of("ann");
    let version = world.application.directory().account(ann).unwrap().version;
    let edit = |name: &str| ProfileEdit {
        name: Some(name.to_owned()),
        ..ProfileEdit::default()
    };
    let mut call = world.call("ann");
    call.expected_version = Some(Version(version).into());
    world
        .application
        .people
        .edit_profile(call, ann, edit("Ann Elle"))
        .await
        .unwrap();
    let head = world.head();
    let mut late = world.call("admin");
    late.expected_version = Some(Version(version).into());
    let told = world
        .application
        .people
        .edit_profile(late, ann, edit("Ann Autre"))
        .await;
    assert!(
        matches!(told, Err(ExecuteError::Stale { expected, actual }) if (expected.0, actual.0) == (version, version + 1)),
        "{told:?}"
    );
    let name = world.application.directory().account(ann).unwrap().name.clone();
    assert_eq!((name.as_deref(), world.head()), (Some("Ann Elle"), head));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_an_organization_moves_who_sees_its_tickets_and_writes_none() {
    let world = World::new().await;
    let region = OrganizationCreated {
        id: organization("region"),
        name: "Région".to_owned(),
        siren: None,
        parent: None,
    };
    world
        .application
        .people
        .create_organization(world.call("admin"), region)
        .await
        .unwrap();
    let mut chief = new_account("chief", Role::Requester, None, "");
    chief.grants = [limited(Role::LocalAdmin, "region")].into();
    world.account(chief).await;
    let opened = world
        .application
        .tickets
        .open_ticket(world.call("ann"), question("Une question"))
        .await
        .unwrap();
    let seen = || async {
        let viewer = world.viewer("chief");
        let at_least = Some(world.head());
        let page = world
            .application
            .tickets
            .queue(&viewer, uuid::Uuid::nil(), QueueQuery::default(), at_least, None)
            .await;
        let read = world.application.ticket(&viewer, &opened.loaded.key).is_ok();
        (page.unwrap().total, read)
    };
    assert_eq!(seen().await, (0, false));
    let up = vec![Move::Move(Some(organization("region")))];
    let changed =
        world
            .application
            .people
            .change_organization(world.call("admin"), organization("commune-a"), up);
    changed.await.unwrap();
    assert_eq!(seen().await, (1, true));
    let out = vec![Move::Move(None)];
    let changed =
        world
            .application
            .people
            .change_organization(world.call("admin"), organization("commune-a"), out);
    changed.await.unwrap();
    assert_eq!(seen().await, (0, false));
    let today = world
        .application
        .ticket(&world.viewer("ann"), &opened.loaded.key)
        .unwrap();
    assert_eq!(today.version(), opened.loaded.version());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_ticket_is_done_for_nobody_else() {
    let world = World::new().await;
    let ann = world.id_of("ann");
    let mut call = world.call("admin");
    call.on_behalf_of = Some(ann);
    let told = world
        .application
        .people
        .edit_profile(call, ann, ProfileEdit::default())
        .await;
    assert!(format!("{told:?}").contains("NotPermitted"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_an_erasure_nor_a_reading_of_the_log_names_somebody_who_had_no_part_in_it() {
    let world = World::new().await;
    let head = world.head();
    let for_bob = |username: &str| {
        let mut call = world.call(username);
        call.on_behalf_of = Some(world.id_of("bob"));
        call
    };
    let ann = world.id_of("ann").person();
    let erased = world
        .application
        .keeping
        .erase_person(for_bob("admin"), ann, "Sur demande".to_owned())
        .await;
    assert!(format!("{erased:?}").contains("NotPermitted"), "{erased:?}");
    for what in [
        AuditData::Feed,
        AuditData::Export,
        AuditData::Bundle {
            ticket: "SUP-1".parse().unwrap(),
            redacted: false,
        },
    ] {
        let traced = world
            .application
            .proofs
            .trace_audit(for_bob("auditor"), what)
            .await;
        assert!(format!("{traced:?}").contains("NotPermitted"), "{traced:?}");
    }
    assert_eq!(world.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_a_referent_may_read_what_is_shown_of_them() {
    let world = World::new().await;
    let mut local = new_account("local", Role::Requester, Some("commune-a"), "");
    local.grants = [limited(Role::LocalAdmin, "commune-a")].into();
    local.organizations.insert(organization("commune-b"));
    world.account(local).await;
    let name = |username: &str| {
        let change = Move::NameReferent(Some(world.id_of(username)));
        let (call, id) = (world.call("local"), organization("commune-a"));
        world
            .application
            .people
            .change_organization(call, id, vec![change])
    };
    // A colleague elsewhere, whom one sees and whose address one may not read.
    let told = format!("{:?}", name("bob").await);
    assert!(told.contains("/referent"), "{told}");
    assert!(name("ann").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_of_several_organizations_says_for_which_when_one_is_under_contract() {
    let world = World::new().await;
    let mut both = new_account("both", Role::Requester, Some("commune-a"), "");
    both.organizations.insert(organization("commune-b"));
    world.account(both).await;
    let open = |named: Option<&str>| {
        let new = NewTicket {
            organization: named.map(str::to_owned),
            ..question("Bonjour")
        };
        world.application.tickets.open_ticket(world.call("both"), new)
    };
    assert!(open(None).await.is_ok(), "nobody has a contract");
    let expired = Contract {
        reference: "2020-1".to_owned(),
        level: ContractLevel::Standard,
        valid_from: at().date_naive() - TimeDelta::days(400),
        valid_to: at().date_naive() - TimeDelta::days(30),
        categories: BTreeSet::new(),
        responsible: None,
    };
    let sign = Move::SignContract(ContractId(uuid::Uuid::now_v7()), expired);
    let signed = world.application.people.change_organization(
        world.call("admin"),
        organization("commune-a"),
        vec![sign],
    );
    signed.await.unwrap();
    let told = format!("{:?}", open(None).await);
    assert!(
        told.contains("/organization") && told.contains("RequiredUnderContract"),
        "{told}"
    );
    let told = format!("{:?}", open(Some("commune-a")).await);
    assert!(told.contains("NotValid"), "{told}");
    assert!(open(Some("commune-b")).await.is_ok());
    assert!(
        world.open("bob").await.to_string().starts_with("SUP-"),
        "whose only one has none"
    );
}

/// Fault U18: a ticket that becomes about something else, or another organization's, asked no contract.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_not_made_into_what_no_contract_covers() {
    let world = World::new().await;
    let of_questions = Contract {
        reference: "2026-1".to_owned(),
        level: ContractLevel::Standard,
        valid_from: at().date_naive() - TimeDelta::days(30),
        valid_to: at().date_naive() + TimeDelta::days(30),
        categories: ["SUP/question".to_owned()].into(),
        responsible: None,
    };
    let sign = |of: &str, contract: &Contract| {
        let sign = Move::SignContract(ContractId(uuid::Uuid::now_v7()), contract.clone());
        world
            .application
            .people
            .change_organization(world.call("admin"), organization(of), vec![sign])
    };
    sign("commune-a", &of_questions).await.unwrap();
    let key = world.open("ann").await;
    let edit = |change: fn(&mut Edit)| {
        let mut edit = Edit::nothing(PersonId(uuid::Uuid::now_v7()));
        change(&mut edit);
        world.act(world.call("agent"), &key, Action::Edit(Box::new(edit)))
    };
    let head = world.head();
    let into_an_incident = |edit: &mut Edit| {
        edit.request_type = Some("incident".to_owned());
        edit.fields.insert("product".to_owned(), "Agenda".into());
    };
    let told = format!("{:?}", edit(into_an_incident).await);
    assert!(told.contains("NotCovered") && world.head() == head, "{told}");
    assert!(edit(|edit| edit.priority = Some("high".to_owned())).await.is_ok());
    let to_b = |edit: &mut Edit| edit.organization = Some("commune-b".parse().unwrap());
    assert!(edit(to_b).await.is_ok(), "whose only one has none");
    assert!(edit(into_an_incident).await.is_ok());
    let to_a = |edit: &mut Edit| edit.organization = Some("commune-a".parse().unwrap());
    let told = format!("{:?}", edit(to_a).await);
    assert!(told.contains("NotCovered"), "{told}");
    let back = |edit: &mut Edit| {
        edit.organization = Some("commune-a".parse().unwrap());
        edit.request_type = Some("question".to_owned());
    };
    assert!(edit(back).await.is_ok());
    sign(
        "commune-b",
        &Contract {
            valid_to: at().date_naive() - TimeDelta::days(1),
            ..of_questions
        },
    )
    .await
    .unwrap();
    let told = format!("{:?}", edit(to_b).await);
    assert!(told.contains("NotValid"), "{told}");
}
