//! Signing in and out, and the demo world.

use std::collections::{BTreeMap, BTreeSet};

use application::{
    Application,
    demo::DEMO_PASSWORD,
    identity::{
        error::SignInError,
        sign_in::{Attempt, SignedIn},
        tries::Client,
    },
};

use chrono::TimeDelta;
use credentials::tokens::ACCESS_TOKEN_S;
use domain::policy::{Grant, Role};

use crate::world::{World, at, new_account};

const PASSWORD: &str = "a long enough password";

async fn world() -> World {
    let world = World::new().await;
    let hash = world
        .application
        .identity
        .hash(PASSWORD.to_owned())
        .await
        .unwrap();
    world
        .account(new_account("Eve", Role::Requester, None, &hash))
        .await;
    world
}

async fn sign_in(application: &Application, username: &str, password: &str) -> Result<SignedIn, SignInError> {
    let attempt = Attempt {
        username: username.to_owned(),
        password: password.to_owned(),
        ..Attempt::default()
    };
    application
        .identity
        .sign_in(attempt, Client::default(), at())
        .await
}

fn is_refused<T>(result: Result<T, SignInError>) -> bool {
    matches!(result, Err(SignInError::Refused))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_name_and_password_together_sign_in() {
    let world = world().await;
    let application = &world.application;
    let sign_in = |name: &'static str, password: &'static str| sign_in(application, name, password);
    assert!(is_refused(sign_in("eve", "another password").await));
    assert!(is_refused(sign_in("nobody", PASSWORD).await));
    assert!(is_refused(sign_in("ann", PASSWORD).await));
    assert!(is_refused(sign_in("eve", "").await));
    let signed_in = sign_in(" eVe ", PASSWORD).await.unwrap();
    let actor = application.identity.actor(&signed_in.access_token, at()).unwrap();
    assert_eq!(actor.account.username.as_deref(), Some("Eve"));
    assert_eq!(*actor.viewer, world.viewer("eve"));
    let over = at() + TimeDelta::seconds(ACCESS_TOKEN_S + 60);
    assert!(
        application
            .identity
            .actor(&signed_in.access_token, over)
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_good_once_and_used_twice_it_ends_the_sign_in() {
    let world = world().await;
    let application = &world.application;
    let first = sign_in(application, "eve", PASSWORD).await.unwrap();
    let other = sign_in(application, "eve", PASSWORD).await.unwrap();
    let second = application
        .identity
        .refresh(&first.refresh_token, at())
        .await
        .unwrap();
    assert!(application.identity.actor(&second.access_token, at()).is_some());
    // Fault U11: at once it is the same client in another window, 10 seconds later nobody knows who it is.
    let again = at() + TimeDelta::milliseconds(9_999);
    let again = application
        .identity
        .refresh(&first.refresh_token, again)
        .await
        .unwrap();
    assert_eq!(again.refresh_token, second.refresh_token);
    let later = at() + TimeDelta::seconds(10);
    assert!(is_refused(
        application.identity.refresh(&first.refresh_token, later).await
    ));
    assert!(is_refused(
        application.identity.refresh(&second.refresh_token, at()).await
    ));
    for ended in [&first.access_token, &second.access_token] {
        assert!(application.identity.actor(ended, at()).is_none());
    }
    assert!(application.identity.actor(&other.access_token, at()).is_some());
    assert!(is_refused(
        application.identity.refresh("no such token", at()).await
    ));
}

/// Fault U11: the successor is not kept, but derived of the token and the server's secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_is_the_same_after_a_restart_until_it_was_used() {
    let world = world().await;
    let first = sign_in(&world.application, "eve", PASSWORD).await.unwrap();
    let given = world
        .application
        .identity
        .refresh(&first.refresh_token, at())
        .await
        .unwrap();
    let world = world.restarted();
    let again = world
        .application
        .identity
        .refresh(&first.refresh_token, at())
        .await
        .unwrap();
    assert_eq!(again.refresh_token, given.refresh_token);
    assert_ne!(given.refresh_token, first.refresh_token);
    assert_eq!(given.refresh_token.len(), 43);
    // Once it was used, the token before is one that was copied.
    let next = world
        .application
        .identity
        .refresh(&given.refresh_token, at())
        .await
        .unwrap();
    assert!(is_refused(
        world
            .application
            .identity
            .refresh(&first.refresh_token, at())
            .await
    ));
    assert!(is_refused(
        world
            .application
            .identity
            .refresh(&next.refresh_token, at())
            .await
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signed_out_stays_out_after_a_restart_and_who_did_not_stays_in() {
    let world = world().await;
    let out = sign_in(&world.application, "eve", PASSWORD).await.unwrap();
    let stays = sign_in(&world.application, "eve", PASSWORD).await.unwrap();
    // Verified and remembered before it is revoked.
    let actor = world.application.identity.actor(&out.access_token, at()).unwrap();
    world.application.identity.sign_out(actor.sign_in).await.unwrap();
    assert!(
        world
            .application
            .identity
            .actor(&out.access_token, at())
            .is_none()
    );
    let world = world.restarted();
    assert!(
        world
            .application
            .identity
            .actor(&out.access_token, at())
            .is_none()
    );
    assert!(is_refused(
        world.application.identity.refresh(&out.refresh_token, at()).await
    ));
    assert!(
        world
            .application
            .identity
            .actor(&stays.access_token, at())
            .is_some()
    );
    assert!(
        world
            .application
            .identity
            .refresh(&stays.refresh_token, at())
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_is_taken_once_whatever_its_case() {
    let world = world().await;
    let head = world.head();
    let call = world.application.system_call(at(), event_log::Channel::Admin);
    let again = new_account(" EVE", Role::Admin, None, crate::world::NO_PASSWORD);
    let made = world
        .application
        .people
        .make_account(&call, again, None)
        .await
        .unwrap();
    assert_eq!(
        (made, world.head()),
        (application::kernel::writes::Made::Before, head)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_made_at_once_are_all_in_the_directory() {
    let world = World::new().await;
    let all = (0..32).map(|n| world.account(new_account(&format!("new-{n}"), Role::Requester, None, "")));
    futures_util::future::join_all(all).await;
    for n in 0..32 {
        assert!(
            world
                .application
                .directory()
                .account_by_username(&format!("new-{n}"))
                .is_some(),
            "{n}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_world_is_complete_and_made_once() {
    let world = World::new().await;
    // The small world has names of its own that the demo world leaves alone.
    assert_eq!(world.application.load_demo(at()).await.unwrap(), 8);
    let head = world.head();
    assert_eq!(world.application.load_demo(at()).await.unwrap(), 0);
    world
        .application
        .people
        .publish_shipped_desks(at())
        .await
        .unwrap();
    assert_eq!(world.head(), head);
    let world = world.restarted();
    assert_eq!(world.application.load_demo(at()).await.unwrap(), 0);
    world
        .application
        .people
        .publish_shipped_desks(at())
        .await
        .unwrap();
    assert_eq!(world.head(), head);

    let directory = world.application.directory();
    let expected: BTreeMap<&str, (Role, &str)> = BTreeMap::from([
        ("requester-1", (Role::Requester, "commune-a")),
        ("requester-2", (Role::Requester, "commune-a")),
        ("requester-3", (Role::Requester, "commune-b")),
        ("referent", (Role::LocalAdmin, "lycee-a")),
        ("teacher", (Role::Requester, "lycee-a")),
        ("oc-alpha", (Role::Operator, "oc-alpha")),
        ("oc-beta", (Role::Operator, "oc-beta")),
        ("oi", (Role::Supplier, "oi")),
    ]);
    for (username, (role, organization)) in expected {
        let account = directory.account_by_username(username).unwrap();
        assert!(directory.viewer(account.id).unwrap().has(role), "{username}");
        assert_eq!(
            account.organizations,
            BTreeSet::from([organization.parse().unwrap()]),
            "{username}"
        );
    }
    let referent = directory.account_by_username("referent").unwrap();
    let limited = Grant {
        role: Role::LocalAdmin,
        desk: None,
        organization: Some("lycee-a".parse().unwrap()),
    };
    assert!(referent.grants.contains(&limited));
    for (id, siren) in [
        ("oc-alpha", "123456782"),
        ("oc-beta", "111222337"),
        ("oi", "987654324"),
    ] {
        let organization = directory.organization_named(id).unwrap();
        assert_eq!(organization.siren.as_deref(), Some(siren), "{id}");
    }
    let signed_in = sign_in(&world.application, "oc-alpha", DEMO_PASSWORD).await;
    assert!(signed_in.is_ok());
}
