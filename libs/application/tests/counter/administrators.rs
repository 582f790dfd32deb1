//! The last account that administers everything stays one.

use std::collections::BTreeSet;

use application::{
    Application, ExecuteError,
    identity::{error::SignInError, provider::AtProvider, tries::Client},
    people::{federation::Federated, first_administrator::InitError},
};
use domain::{
    AccountId, Language,
    account::{Identity, change::Change},
    personal::Personal,
    policy::{Grant, Role, administration::is_administrator},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use tempfile::TempDir;

use crate::world::{NO_PASSWORD, World, at, new_account, settings};

const ISSUER: &str = "https://sso.example";

fn everything() -> Grant {
    Grant {
        role: Role::Admin,
        desk: None,
        organization: None,
    }
}

fn of_sup() -> Grant {
    Grant {
        desk: Some("SUP".parse().unwrap()),
        ..everything()
    }
}

/// What takes an administrator away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Demote,
    Narrow,
    Disable,
    Erase,
    /// The identity provider says at the next sign-in that they are none.
    Claims,
}

const LOSSES: [Loss; 5] = [
    Loss::Demote,
    Loss::Narrow,
    Loss::Disable,
    Loss::Erase,
    Loss::Claims,
];

async fn administrator(world: &World, username: &str, password: Option<&str>) -> AccountId {
    let mut new = new_account(username, Role::Admin, None, "");
    new.password_hash = password.map(str::to_owned);
    let id = new.id;
    let identity = Identity {
        issuer: ISSUER.to_owned(),
        subject: Personal::new(id.person(), username.to_owned()),
    };
    let call = world.application.system_call(at(), event_log::Channel::Admin);
    world
        .application
        .people
        .make_account(&call, new, Some(identity))
        .await
        .unwrap();
    id
}

/// What the provider gave beside the claims.
fn there() -> AtProvider {
    AtProvider {
        provider: "sso".to_owned(),
        id_token: None,
    }
}

fn claims(username: &str) -> Federated {
    Federated {
        issuer: ISSUER.to_owned(),
        subject: username.to_owned(),
        username: username.to_owned(),
        name: username.to_owned(),
        address: None,
        language: Language::Fr,
        grants: BTreeSet::new(),
        managed_grants: BTreeSet::from([everything()]),
        organizations: BTreeSet::new(),
        managed_organizations: BTreeSet::new(),
        creates: false,
    }
}

/// Whether it was done; refused is only what would leave nobody. Who asks is who they were when this is called.
fn lose<'a>(world: &'a World, by: &str, of: &'a str, loss: Loss) -> impl Future<Output = bool> + 'a {
    let call = world.call(by);
    async move {
        let known = world.application.directory().account_by_username(of);
        let Some(id) = known.map(|account| account.id) else {
            return false;
        };
        let had = administers(world, id);
        let reason = "Un essai".to_owned();
        let changes = match loss {
            Loss::Demote => vec![Change::Revoke(everything())],
            Loss::Narrow => vec![Change::Grant(of_sup()), Change::Revoke(everything())],
            Loss::Disable => vec![Change::Disable { reason }],
            Loss::Erase => {
                let erased = world.application.keeping.erase_person(call, id.person(), reason);
                return is_lost(world, id, loss, erased.await.map(drop));
            }
            Loss::Claims => {
                let application = &world.application;
                let signed_in =
                    application
                        .people
                        .sign_in_federated(claims(of), there(), Client::default(), at());
                let signed_in = signed_in.await;
                let known = matches!(signed_in, Ok(_) | Err(SignInError::Refused));
                assert!(known, "who is kept may sign in");
                return had && !administers(world, id);
            }
        };
        let changed = world.application.people.change_account(call, id, changes);
        is_lost(world, id, loss, changed.await.map(drop))
    }
}

fn is_lost(world: &World, id: AccountId, loss: Loss, told: Result<(), ExecuteError>) -> bool {
    match told {
        Ok(()) => true,
        Err(ExecuteError::LastAdministrator) => {
            assert!(administers(world, id), "{loss:?} was refused as that of the last");
            false
        }
        // Somebody else was faster, or it is so already.
        Err(
            ExecuteError::NotFound
            | ExecuteError::Rejected(_)
            | ExecuteError::Absent { .. }
            | ExecuteError::AlreadyDisabled,
        ) => false,
        Err(error) => panic!("{loss:?}: {error:?}"),
    }
}

fn administers(world: &World, id: AccountId) -> bool {
    let account = world.application.directory().account(id).unwrap();
    is_administrator(&account)
}

fn administrators(world: &World) -> Vec<String> {
    let found = world.application.directory().accounts(is_administrator);
    found
        .iter()
        .filter_map(|account| account.username.clone())
        .collect()
}

/// Fault U1: the last administrator could erase themselves, and no command of theirs or of anybody else was held to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_administrator_is_lost_in_no_way_and_by_nobody() {
    let world = World::new().await;
    // Who can no longer be told from an administrator by the rules of rights: their account has no way to sign in.
    administrator_without_password(&world, "robot").await;
    for by in ["admin", "robot"] {
        for loss in LOSSES {
            if by == "admin" && loss != Loss::Erase && loss != Loss::Claims {
                // Nobody demotes or disables themselves: refused before.
                assert!(!lose(&world, by, "admin", loss).await, "{loss:?}");
                continue;
            }
            assert!(!lose(&world, by, "admin", loss).await, "{loss:?} by {by}");
            assert!(administers(&world, world.id_of("admin")), "{loss:?} by {by}");
        }
    }
    let erased = world.application.keeping.erase_person(
        world.call("admin"),
        world.id_of("admin").person(),
        "Je pars".to_owned(),
    );
    assert!(matches!(erased.await, Err(ExecuteError::LastAdministrator)));
    // With another one there, each of them may be lost.
    administrator(&world, "second", Some(NO_PASSWORD)).await;
    assert!(lose(&world, "admin", "admin", Loss::Erase).await);
    assert_eq!(administrators(&world), ["second"]);
    let restarted = world.restarted();
    assert_eq!(administrators(&restarted), ["second"]);
    assert!(restarted.application.people.is_administered());
}

async fn administrator_without_password(world: &World, username: &str) {
    let mut new = new_account(username, Role::Admin, None, "");
    new.password_hash = None;
    world.account(new).await;
}

/// Fault U1: two last administrators who take each other's place at the same time; whatever the two ways are, one is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_undo_each_other_at_once_one_is_left() {
    let world = World::new().await;
    let mut left = "admin".to_owned();
    let mut round = 0;
    for first in LOSSES {
        for second in LOSSES {
            round += 1;
            let other = format!("other-{round}");
            administrator(&world, &other, Some(NO_PASSWORD)).await;
            // Whoever is left of the rounds before may have no identity: a new pair each time.
            let one = format!("one-{round}");
            administrator(&world, &one, None).await;
            assert!(lose(&world, &one, &left, Loss::Erase).await);
            let (a, b) = tokio::join!(
                lose(&world, &one, &other, first),
                lose(&world, &other, &one, second)
            );
            assert!(a != b, "round {round}: {first:?} {a}, {second:?} {b}");
            let remain = administrators(&world);
            assert_eq!(remain, [if a { one } else { other }], "{first:?} {second:?}");
            left = remain.into_iter().next().unwrap();
        }
    }
}

/// Fault U1: a history of random losses, three at once each time; there is always somebody, and they can make others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_random_history_somebody_always_administers() {
    let world = World::new().await;
    let mut chance = StdRng::seed_from_u64(0x0075_0001);
    let (mut done, mut refused) = (0, 0);
    for round in 0..60 {
        if chance.random_bool(0.4) {
            let password = chance.random_bool(0.5).then_some(NO_PASSWORD);
            administrator(&world, &format!("new-{round}"), password).await;
        }
        let names = administrators(&world);
        let mut pick = || {
            let mut name = || names.choose(&mut chance).unwrap().clone();
            let (by, of) = (name(), name());
            (by, of, *LOSSES.choose(&mut chance).unwrap())
        };
        let three = [pick(), pick(), pick()];
        let losing = three.iter().map(|(by, of, loss)| lose(&world, by, of, *loss));
        for lost in futures_util::future::join_all(losing).await {
            *if lost { &mut done } else { &mut refused } += 1;
        }
        assert!(
            world.application.people.is_administered(),
            "round {round}: {three:?}"
        );
    }
    assert!(done >= 10 && refused >= 10, "{done} done, {refused} not");
}

/// Fault U1, a neighbour: claims take the role from one of two, and not from the last; organizations follow all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_take_everything_but_the_last_administrators_role() {
    let world = World::new().await;
    let ada = administrator(&world, "ada", None).await;
    assert!(lose(&world, "ada", "admin", Loss::Erase).await);
    let join = |organizations: &[&str]| Federated {
        organizations: organizations.iter().map(|id| id.parse().unwrap()).collect(),
        managed_organizations: ["commune-a", "commune-b"].map(|id| id.parse().unwrap()).into(),
        ..claims("ada")
    };
    for organizations in [&["commune-a"][..], &["commune-b"]] {
        let signed_in =
            world
                .application
                .people
                .sign_in_federated(join(organizations), there(), Client::default(), at());
        assert!(signed_in.await.is_ok());
        let account = world.application.directory().account(ada).unwrap();
        assert_eq!(account.grants, BTreeSet::from([everything()]));
        let joined: Vec<&str> = account.organizations.iter().map(|id| id.as_str()).collect();
        assert_eq!(joined, organizations);
    }
    administrator(&world, "second", None).await;
    let signed_in = world
        .application
        .people
        .sign_in_federated(join(&[]), there(), Client::default(), at());
    assert!(signed_in.await.is_ok());
    assert!(!administers(&world, ada));
    assert_eq!(administrators(&world), ["second"]);
}

/// Fault U1: `admin init` said that there are accounts already where nobody administered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_is_made_as_long_as_nobody_who_can_sign_in_is_one() {
    let world = World::new().await;
    let make = |world: &World, username: &str| {
        let (application, username) = (world.application.clone(), username.to_owned());
        async move {
            application
                .people
                .make_administrator(&username, "a long enough password".to_owned(), at())
                .await
        }
    };
    assert!(matches!(make(&world, "root").await, Err(InitError::Administered)));
    // A directory where people have accounts and nobody administers, such as one whose administrator an older version erased.
    let dir = TempDir::new().unwrap();
    let application = Application::open(&settings(&dir)).unwrap();
    let world = World { dir, application };
    for username in ["ann", "bob"] {
        world
            .account(new_account(username, Role::Requester, None, NO_PASSWORD))
            .await;
    }
    assert!(!world.application.people.is_administered() && !world.application.directory().is_empty());
    // Neither who cannot sign in nor who administers one desk only is in its way.
    administrator_without_password(&world, "robot").await;
    let mut limited = new_account("limited", Role::Admin, None, NO_PASSWORD);
    limited.grants = BTreeSet::from([of_sup()]);
    world.account(limited).await;
    for taken in ["ann", "ANN", "limited"] {
        let told = make(&world, taken).await;
        assert!(matches!(told, Err(InitError::Taken)), "{taken}: {told:?}");
    }
    make(&world, "root").await.unwrap();
    assert_eq!(administrators(&world), ["root"]);
    assert!(matches!(
        make(&world, "other").await,
        Err(InitError::Administered)
    ));
}
