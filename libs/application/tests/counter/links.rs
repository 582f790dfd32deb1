//! One-time links and addresses: what they serve for, and what ends them.

use std::time::Duration;

use application::{Application, Call, ExecuteError, identity::links::SignUp};

use event_log::Position;

use credentials::passwords::HashingCost;
use domain::{
    Language,
    account::{ProfileField, change::Change},
    policy::Role,
};

use crate::{
    eve::{
        NEW, PASSWORD, assert_nowhere_in_the_sessions, is_of_the_token, mail_to, mails, new, reset_token,
        reset_token_at, sign_in, token_of, until, world,
    },
    world::{World, at, new_account, settings},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_could_not_serve_since_the_log_took_nothing_still_does() {
    let world = world().await;
    let token = reset_token(&world).await;
    world
        .application
        .inside()
        .log
        .hold("nothing is written in this test", Position(u64::MAX));
    let refused = world
        .application
        .identity
        .reset_password(token.clone(), new(NEW), at())
        .await;
    assert!(
        matches!(refused, Err(ExecuteError::Unavailable { .. })),
        "{refused:?}"
    );
    let world = world.restarted();
    let reset = |password: &str| {
        world
            .application
            .identity
            .reset_password(token.clone(), new(password), at())
    };
    reset(NEW).await.unwrap();
    assert!(sign_in(&world.application, NEW).await.is_ok());
    assert!(is_of_the_token(&reset(PASSWORD).await), "it has served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_follow_one_link_at_once_one_is_served() {
    let world = world().await;
    for round in 0..5 {
        let token = reset_token(&world).await;
        let tries = [0, 1].map(|n| {
            let (application, token) = (world.application.clone(), token.clone());
            tokio::spawn(async move {
                let password = new(&format!("{NEW} {round} {n}"));
                application.identity.reset_password(token, password, at()).await
            })
        });
        let done: Vec<_> = futures_util::future::join_all(tries)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
        assert_eq!(done.iter().filter(|one| is_of_the_token(one)).count(), 1);
        let winner = done.iter().position(Result::is_ok).unwrap();
        assert!(
            sign_in(&world.application, &format!("{NEW} {round} {winner}"))
                .await
                .is_ok()
        );
        drop(mails(&world).await);
    }
}

async fn ask_for(world: &World, address: &str) -> String {
    let asked = world.application.identity.request_address(
        world.call("eve"),
        address.to_owned(),
        Some(PASSWORD.to_owned()),
    );
    asked.await.unwrap();
    token_of(&mail_to(world, address).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_is_asked_for_with_the_password_only() {
    let world = world().await;
    let ask = |password: Option<&str>| {
        let address = "thief@example.org".to_owned();
        let password = password.map(str::to_owned);
        world
            .application
            .identity
            .request_address(world.call("eve"), address, password)
    };
    for (password, text) in [(None, "NotFilledIn"), (Some("guessed"), "WrongPassword")] {
        let told = format!("{:?}", ask(password).await);
        assert!(told.contains("/password") && told.contains(text), "{told}");
    }
    assert!(mails(&world).await.is_empty());
    assert!(ask(Some(PASSWORD)).await.is_ok());
    assert_eq!(mails(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_an_address_ends_with_all_that_speaks_against_it() {
    let world = world().await;
    let application = &world.application;
    let eve = world.id_of("eve");
    let change = async |changes: Vec<Change>| {
        let changed = application
            .people
            .change_account(world.call("admin"), eve, changes);
        changed.await.unwrap();
    };
    let confirm = async |token: &str| application.identity.confirm_address(token.to_owned(), at()).await;
    let address = || {
        let account = application.directory().account(eve).unwrap();
        account.address.clone().unwrap().address
    };

    let token = ask_for(&world, "one@example.org").await;
    application
        .identity
        .sign_out_everywhere(world.call("eve"), eve)
        .await
        .unwrap();
    assert!(is_of_the_token(&confirm(&token).await), "signed out everywhere");

    let token = ask_for(&world, "two@example.org").await;
    change(vec![Change::Disable {
        reason: "Partie".to_owned(),
    }])
    .await;
    change(vec![Change::Enable]).await;
    assert!(is_of_the_token(&confirm(&token).await), "disabled");

    let token = ask_for(&world, "three@example.org").await;
    change(vec![Change::LockFields([ProfileField::Address].into())]).await;
    assert!(is_of_the_token(&confirm(&token).await), "locked");
    change(vec![Change::LockFields([].into())]).await;
    assert_eq!(address(), "eve@example.org");

    let token = ask_for(&world, "four@example.org").await;
    let corrected = Some("eve@elsewhere.example".to_owned());
    change(vec![Change::SetAddress(corrected)]).await;
    assert!(is_of_the_token(&confirm(&token).await), "corrected");
    let notice = mail_to(&world, "eve@example.org").await;
    assert_eq!(notice.subject, "Vos notifications vont ailleurs");
    assert_eq!(address(), "eve@elsewhere.example");

    // A link to choose a password that went to the address before ends with it.
    application
        .identity
        .request_password_reset("eve".to_owned(), at());
    let wait = Duration::from_secs(30);
    let waiting = application.identity.deliveries(0, 1, wait, at).await.unwrap();
    assert_eq!(waiting.len(), 1);
    let reset = token_of(&mail_to(&world, "eve@elsewhere.example").await);
    let token = ask_for(&world, "five@example.org").await;
    confirm(&token).await.unwrap();
    assert_eq!(address(), "five@example.org");
    assert!(is_of_the_token(
        &application.identity.reset_password(reset, new(NEW), at()).await
    ));
    assert!(is_of_the_token(&confirm(&token).await), "it has served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_invited_to_a_wrong_address_is_invited_anew_and_the_first_link_serves_nobody() {
    let world = World::new().await;
    let application = &world.application;
    let mut invited = new_account("invited", Role::Requester, Some("commune-a"), "");
    invited.password_hash = None;
    world.account(invited).await;
    let id = world.id_of("invited");
    let set = async |address: &str| {
        let changes = vec![Change::SetAddress(Some(address.to_owned()))];
        let changed = application
            .people
            .change_account(world.call("admin"), id, changes);
        changed.await.unwrap();
    };
    set("wrong@example.org").await;
    let wrong = token_of(&mail_to(&world, "wrong@example.org").await);
    set("right@example.org").await;
    let right = token_of(&mail_to(&world, "right@example.org").await);
    let reset = |token: String| application.identity.reset_password(token, new(NEW), at());
    assert!(is_of_the_token(&reset(wrong).await));
    reset(right).await.unwrap();
}

fn wanted(address: &str, name: &str) -> SignUp {
    SignUp {
        username: "newcomer".to_owned(),
        name: name.to_owned(),
        address: address.to_owned(),
        language: Language::Fr,
        password: PASSWORD.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_mails_nobody_their_words_nor_more_than_five_times_an_hour() {
    let world = World::new().await;
    for n in 0..7 {
        let address = ["victim@example.org", " VICTIM@example.org"][n % 2];
        let signed_up = world
            .application
            .people
            .sign_up(wanted(address.trim(), "Buy at spam.example"), at());
        signed_up.await.unwrap();
    }
    let mails = mails(&world).await;
    assert_eq!(mails.len(), 5);
    for mail in &mails {
        assert!(!mail.letter.text.contains("spam.example"), "{}", mail.letter.text);
        assert!(!mail.letter.text.contains("newcomer"), "{}", mail.letter.text);
    }
    let other = world
        .application
        .people
        .sign_up(wanted("other@example.org", "Une autre"), at());
    other.await.unwrap();
    drop(mail_to(&world, "other@example.org").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_asked_for_is_made_once_and_what_was_asked_is_erased_with_its_holder() {
    let world = World::new().await;
    let application = &world.application;
    let address = "newcomer@example.org";
    application
        .people
        .sign_up(wanted(address, "Nouvelle"), at())
        .await
        .unwrap();
    let first = token_of(&mail_to(&world, address).await);
    let held = world.restarted();
    let application = &held.application;
    application
        .inside()
        .log
        .hold("nothing is written in this test", Position(u64::MAX));
    let refused = application.people.confirm_sign_up(first.clone(), at()).await;
    assert!(
        matches!(refused, Err(ExecuteError::Unavailable { .. })),
        "{refused:?}"
    );
    let world = held.restarted();
    let application = &world.application;
    application
        .people
        .confirm_sign_up(first.clone(), at())
        .await
        .unwrap();
    assert!(is_of_the_token(
        &application.people.confirm_sign_up(first, at()).await
    ));

    // What was asked for under the same address once more is found when she is erased.
    let again = wanted(" Newcomer@Example.org".trim(), "Zanzibar");
    application.people.sign_up(again, at()).await.unwrap();
    let token = token_of(&mail_to(&world, "Newcomer@Example.org").await);
    let person = world.id_of("newcomer").person();
    application
        .keeping
        .erase_person(world.call("admin"), person, "Sur demande".to_owned())
        .await
        .unwrap();
    until("she is forgotten", async || {
        let erasure = application
            .keeping
            .erasure(&world.viewer("admin"), person)
            .unwrap();
        erasure.state == application::keeping::erasures::ErasureState::Done
    })
    .await;
    assert!(is_of_the_token(
        &application.people.confirm_sign_up(token, at()).await
    ));
    assert_nowhere_in_the_sessions(&world, "Zanzibar");
}

/// A world whose passwords take their time to be hashed.
async fn slow_world() -> World {
    let world = world().await;
    let World { dir, application } = world;
    application.close();
    drop(application);
    let mut slow = settings(&dir);
    slow.sign_in.hashing = HashingCost {
        memory_kib: 64 * 1024,
        iterations: 12,
        parallelism: 1,
    };
    let application = Application::open(&slow).unwrap();
    World { dir, application }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_on_its_way_does_not_outlive_what_ends_its_link() {
    let world = slow_world().await;
    let token = reset_token(&world).await;
    let (application, reset) = (world.application.clone(), token.clone());
    let resetting =
        tokio::spawn(async move { application.identity.reset_password(reset, new(NEW), at()).await });
    let eve = world.id_of("eve");
    let correct = |address: &str| {
        let changes = vec![Change::SetAddress(Some(address.to_owned()))];
        world
            .application
            .people
            .change_account(world.call("admin"), eve, changes)
    };
    correct("eve@elsewhere.example").await.unwrap();
    let done = resetting.await.unwrap();
    assert!(is_of_the_token(&done), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_correction_warns_the_address_before_once_and_ends_no_link_of_later() {
    let world = world().await;
    let set = async |call: Call, address: &str| {
        let changes = vec![Change::SetAddress(Some(address.to_owned()))];
        let changed = world
            .application
            .people
            .change_account(call, world.id_of("eve"), changes);
        changed.await.unwrap();
    };
    let first = world.keyed("admin", "k1", "one");
    set(first.clone(), "one@example.org").await;
    drop(mail_to(&world, "eve@example.org").await);
    set(first.clone(), "one@example.org").await;
    assert!(mails(&world).await.is_empty());
    set(world.call("admin"), "two@example.org").await;
    drop(mail_to(&world, "one@example.org").await);
    let token = reset_token_at(&world, "two@example.org").await;
    set(first, "one@example.org").await;
    assert!(mails(&world).await.is_empty());
    let reset = world.application.identity.reset_password(token, new(NEW), at());
    reset.await.unwrap();
}
