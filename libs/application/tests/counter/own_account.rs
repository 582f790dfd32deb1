//! One's own account: what ends with a password, and what comes half-way or late.

use std::{future::Future, pin::pin, task::Poll};

use application::{
    Application, Call, ExecuteError,
    identity::{
        error::SignInError,
        provider::AtProvider,
        sign_in::{Attempt, SignedIn},
        tries::Client,
    },
    people::federation::Federated,
};

use chrono::TimeDelta;
use credentials::passwords::HashingCost;
use domain::{Language, account::change::Change};

use crate::{
    eve::{
        NEW, PASSWORD, assert_nowhere_in_the_sessions, holds, is_of_the_token, mail_to, mails, new, sign_in,
        token_of, until, world, world_at,
    },
    world::{World, at},
};

/// Begins what was asked and goes away.
async fn begun_and_left<T>(asked: impl Future<Output = T>) {
    let mut asked = pin!(asked);
    std::future::poll_fn(|context| {
        assert!(asked.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_on_a_change_of_password_has_changed_it_whole() {
    let world = world().await;
    let application = &world.application;
    let thief = sign_in(application, PASSWORD).await.unwrap();
    begun_and_left(
        application
            .identity
            .change_password(world.call("eve"), PASSWORD.to_owned(), new(NEW)),
    )
    .await;
    until("the thief is out", async || !holds(application, &thief)).await;
    until("the notice waits", async || !mails(&world).await.is_empty()).await;
    assert!(sign_in(application, NEW).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_on_signing_out_everywhere_is_out_everywhere() {
    let world = world().await;
    let application = &world.application;
    let head = world.head();
    let elsewhere = sign_in(application, PASSWORD).await.unwrap();
    begun_and_left(
        application
            .identity
            .sign_out_everywhere(world.call("eve"), world.id_of("eve")),
    )
    .await;
    until("it is on record", async || world.head() > head).await;
    assert!(!holds(application, &elsewhere));
}

/// A door, which solves no challenges.
fn door() -> Client {
    Client {
        is_door: true,
        user_agent: Some("Zanzibar".to_owned()),
        ..Client::default()
    }
}

fn attempt(password: &str) -> Attempt {
    Attempt {
        username: "eve".to_owned(),
        password: password.to_owned(),
        ..Attempt::default()
    }
}

/// Eve signs in through a door.
async fn through_a_door(application: Application, _: Call) -> Result<SignedIn, SignInError> {
    application
        .identity
        .sign_in(attempt(PASSWORD), door(), at())
        .await
}

/// Something that checks Eve's password, which takes long, while something else happens: it begins once the try counts.
async fn meanwhile<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    tries: impl FnOnce(Application, Call) -> F,
    happens: impl AsyncFnOnce(&World),
) -> (World, T) {
    let world = world_at(HashingCost {
        memory_kib: 64 * 1024,
        iterations: 12,
        parallelism: 1,
    })
    .await;
    let application = world.application.clone();
    let bits = async || application.identity.challenge("eve", at()).await.unwrap().bits;
    // Failures enough that one more shows in the challenge that is asked for.
    for _ in 0..4 {
        let failed = application.identity.sign_in(attempt("wrong"), door(), at()).await;
        assert!(matches!(failed, Err(SignInError::Refused)));
    }
    let before = bits().await;
    let trying = tokio::spawn(tries(application.clone(), world.call("eve")));
    until("the try counts", async || bits().await > before).await;
    happens(&world).await;
    let tried = trying.await.unwrap();
    (world, tried)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_on_its_way_does_not_outlive_a_disabling() {
    let (world, tried) = meanwhile(through_a_door, async |world| {
        let reason = "Partie".to_owned();
        let changes = vec![Change::Disable { reason }, Change::Enable];
        for change in changes {
            let call = world.call("admin");
            let changed = world
                .application
                .people
                .change_account(call, world.id_of("eve"), vec![change]);
            changed.await.unwrap();
        }
    })
    .await;
    assert!(matches!(tried, Err(SignInError::Refused)));
    assert!(
        sign_in(&world.application, PASSWORD).await.is_ok(),
        "enabled again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_on_its_way_does_not_outlive_an_erasure() {
    let (world, tried) = meanwhile(through_a_door, async |world| {
        let person = world.id_of("eve").person();
        let erased =
            world
                .application
                .keeping
                .erase_person(world.call("admin"), person, "Sur demande".to_owned());
        erased.await.unwrap();
    })
    .await;
    assert!(matches!(tried, Err(SignInError::Refused)));
    assert_nowhere_in_the_sessions(&world, "Zanzibar");
    let eve = world.application.directory().accounts(|account| account.erased);
    assert!(eve[0].disabled && eve[0].grants.is_empty() && eve[0].organizations.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_changed_under_a_key_is_changed_once_and_answered_alike() {
    let world = world().await;
    let call = world.keyed("eve", "k1", NEW);
    let change = |call: Call| {
        world
            .application
            .identity
            .change_password(call, PASSWORD.to_owned(), new(NEW))
    };
    change(call.clone()).await.unwrap();
    let head = world.head();
    change(call).await.unwrap();
    assert_eq!(world.head(), head);
    let other = change(world.keyed("eve", "k1", "other")).await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_asked_for_with_a_password_that_is_no_more_is_not_confirmed() {
    let ask = |application: Application, call: Call| async move {
        let address = "thief@example.org".to_owned();
        application
            .identity
            .request_address(call, address, Some(PASSWORD.to_owned()))
            .await
    };
    let (world, asked) = meanwhile(ask, async |world| {
        let ended = world
            .application
            .identity
            .sign_out_everywhere(world.call("eve"), world.id_of("eve"));
        ended.await.unwrap();
    })
    .await;
    asked.unwrap();
    let token = token_of(&mail_to(&world, "thief@example.org").await);
    let confirmed = world.application.identity.confirm_address(token, at()).await;
    assert!(is_of_the_token(&confirmed), "{confirmed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_federated_sign_in_and_its_last_access_token_end_after_half_a_day() {
    let world = World::new().await;
    let application = &world.application;
    let who = Federated {
        issuer: "https://id.example".to_owned(),
        subject: "sub-1".to_owned(),
        username: "ada".to_owned(),
        name: "Ada".to_owned(),
        address: None,
        language: Language::Fr,
        grants: [].into(),
        managed_grants: [].into(),
        organizations: [].into(),
        managed_organizations: [].into(),
        creates: true,
    };
    let there = AtProvider {
        provider: "academie".to_owned(),
        id_token: Some("an ID token of this test".to_owned()),
    };
    let mut signed_in = application
        .people
        .sign_in_federated(who, there, Client::default(), at())
        .await
        .unwrap();
    assert_eq!(signed_in.expires_in_s, 900);
    for (minutes, expires_in_s) in [(360, 900), (710, 600), (719, 60)] {
        let later = at() + TimeDelta::minutes(minutes);
        signed_in = application
            .identity
            .refresh(&signed_in.refresh_token, later)
            .await
            .unwrap();
        assert_eq!(signed_in.expires_in_s, expires_in_s, "after {minutes} minutes");
    }
    let over = at() + TimeDelta::hours(12);
    let refused = application.identity.refresh(&signed_in.refresh_token, over).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
}
