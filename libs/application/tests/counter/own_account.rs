//! One's own account: what ends with a password, what links do, and what comes half-way.

use std::{future::Future, pin::pin, task::Poll, time::Duration};

use application::{
    Application, Call, ExecuteError,
    credentials::passwords::{HashingCost, Passwords},
    deliveries::{Claimed, Letter},
    event_log::Position,
    federation::Federated,
    passwords::NewPassword,
    recovery::SignUp,
    sessions::Settled,
    sign_in::{Attempt, Client, SignInError, SignedIn},
};
use chrono::TimeDelta;
use domain::{
    Language,
    account::{ProfileField, change::Change},
    policy::Role,
};

use crate::world::{World, at, new_account, settings};

const PASSWORD: &str = "a long enough password";
const NEW: &str = "another password that is long";

/// A world in which Eve signs in with [`PASSWORD`], checked at this cost.
async fn world_at(cost: HashingCost) -> World {
    let world = World::new().await;
    let hash = Passwords::new(cost).unwrap().hash(PASSWORD).unwrap();
    world
        .account(new_account("eve", Role::Requester, Some("commune-a"), &hash))
        .await;
    world
}

async fn world() -> World {
    world_at(HashingCost {
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
    })
    .await
}

async fn sign_in(application: &Application, password: &str) -> Result<SignedIn, SignInError> {
    let attempt = Attempt {
        username: "eve".to_owned(),
        password: password.to_owned(),
        ..Attempt::default()
    };
    application.sign_in(attempt, Client::default(), at()).await
}

fn holds(application: &Application, signed_in: &SignedIn) -> bool {
    application.actor(&signed_in.access_token, at()).is_some()
}

fn new(password: &str) -> NewPassword {
    NewPassword {
        password: password.to_owned(),
        confirmation: password.to_owned(),
    }
}

/// What waits to be mailed, fetched as the courier does.
async fn mails(world: &World) -> Vec<Claimed> {
    let application = &world.application;
    let waiting = application.deliveries(0, 100, Duration::ZERO, at).await.unwrap();
    let mut claimed = Vec::new();
    for delivery in waiting {
        let Ok(mail) = application.claim_delivery(delivery.id, at()).await else {
            continue;
        };
        let delivered = application.settle_delivery(mail.id, Settled::Delivered, at());
        delivered.await.unwrap();
        claimed.push(mail);
    }
    claimed
}

/// The only mail that waits for this address.
async fn mail_to(world: &World, address: &str) -> Letter {
    let mut mails = mails(world).await;
    mails.retain(|mail| mail.to == address);
    assert_eq!(mails.len(), 1, "{address}");
    mails.remove(0).letter
}

fn token_of(letter: &Letter) -> String {
    let (_, rest) = letter.text.split_once("#token=").unwrap();
    rest.lines().next().unwrap().to_owned()
}

/// Asks for a reset in its own time, and waits until its mail does.
async fn reset_token(world: &World) -> String {
    world.application.request_password_reset("eve".to_owned(), at());
    let wait = Duration::from_secs(30);
    let waiting = world.application.deliveries(0, 1, wait, at).await.unwrap();
    assert_eq!(waiting.len(), 1);
    token_of(&mail_to(world, "eve@example.org").await)
}

fn is_of_the_token(refused: &Result<(), ExecuteError>) -> bool {
    let told = format!("{refused:?}");
    told.contains("/token") && told.contains("Invalid")
}

/// Waits for something that another task brings about; a test that hangs here has failed.
async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let found = async {
        while !is().await {
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), found).await;
    assert!(found.is_ok(), "{what}");
}

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
    begun_and_left(application.change_password(world.call("eve"), PASSWORD.to_owned(), new(NEW))).await;
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
    begun_and_left(application.sign_out_everywhere(world.call("eve"), world.id_of("eve"))).await;
    until("it is on record", async || world.head() > head).await;
    assert!(!holds(application, &elsewhere));
}

/// A sign-in whose password is being checked while something happens: the check takes long, and begins once the try counts.
async fn meanwhile(happens: impl AsyncFnOnce(&World)) -> (World, Result<SignedIn, SignInError>) {
    let world = world_at(HashingCost {
        memory_kib: 64 * 1024,
        iterations: 12,
        parallelism: 1,
    })
    .await;
    let application = world.application.clone();
    let bits = async || application.challenge("eve", at()).await.unwrap().bits;
    // Failures enough that one more shows in the challenge that is asked for.
    let door = Client {
        is_door: true,
        user_agent: Some("Zanzibar".to_owned()),
        ..Client::default()
    };
    let attempt = |password: &str| Attempt {
        username: "eve".to_owned(),
        password: password.to_owned(),
        ..Attempt::default()
    };
    for _ in 0..4 {
        let failed = application.sign_in(attempt("wrong"), door.clone(), at()).await;
        assert!(matches!(failed, Err(SignInError::Refused)));
    }
    let before = bits().await;
    let trying = {
        let (application, attempt) = (application.clone(), attempt(PASSWORD));
        tokio::spawn(async move { application.sign_in(attempt, door, at()).await })
    };
    until("the try counts", async || bits().await > before).await;
    happens(&world).await;
    let tried = trying.await.unwrap();
    (world, tried)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_on_its_way_does_not_outlive_a_disabling() {
    let (world, tried) = meanwhile(async |world| {
        let reason = "Partie".to_owned();
        let changes = vec![Change::Disable { reason }, Change::Enable];
        for change in changes {
            let call = world.call("admin");
            let changed = world
                .application
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
    let (world, tried) = meanwhile(async |world| {
        let person = world.id_of("eve").person();
        let erased = world
            .application
            .erase_person(world.call("admin"), person, "Sur demande".to_owned());
        erased.await.unwrap();
    })
    .await;
    assert!(matches!(tried, Err(SignInError::Refused)));
    let eve = world.application.directory().accounts(|account| account.erased);
    assert!(eve[0].disabled && eve[0].grants.is_empty() && eve[0].organizations.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_could_not_serve_since_the_log_took_nothing_still_does() {
    let world = world().await;
    let token = reset_token(&world).await;
    world
        .application
        .log()
        .hold("nothing is written in this test", Position(u64::MAX));
    let refused = world
        .application
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
                application.reset_password(token, password, at()).await
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_changed_under_a_key_is_changed_once_and_answered_alike() {
    let world = world().await;
    let call = world.keyed("eve", "k1", NEW);
    let change = |call: Call| {
        world
            .application
            .change_password(call, PASSWORD.to_owned(), new(NEW))
    };
    change(call.clone()).await.unwrap();
    let head = world.head();
    change(call).await.unwrap();
    assert_eq!(world.head(), head);
    let other = change(world.keyed("eve", "k1", "other")).await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
}

async fn ask_for(world: &World, address: &str) -> String {
    let asked =
        world
            .application
            .request_address(world.call("eve"), address.to_owned(), Some(PASSWORD.to_owned()));
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
            .request_address(world.call("eve"), address, password)
    };
    for (password, code) in [(None, "Required"), (Some("guessed"), "Value")] {
        let told = format!("{:?}", ask(password).await);
        assert!(told.contains("/password") && told.contains(code), "{told}");
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
        let changed = application.change_account(world.call("admin"), eve, changes);
        changed.await.unwrap();
    };
    let confirm = async |token: &str| application.confirm_address(token.to_owned(), at()).await;
    let address = || {
        let account = application.directory().account(eve).unwrap();
        account.address.clone().unwrap().address
    };

    let token = ask_for(&world, "one@example.org").await;
    application
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
    application.request_password_reset("eve".to_owned(), at());
    let wait = Duration::from_secs(30);
    let waiting = application.deliveries(0, 1, wait, at).await.unwrap();
    assert_eq!(waiting.len(), 1);
    let reset = token_of(&mail_to(&world, "eve@elsewhere.example").await);
    let token = ask_for(&world, "five@example.org").await;
    confirm(&token).await.unwrap();
    assert_eq!(address(), "five@example.org");
    assert!(is_of_the_token(
        &application.reset_password(reset, new(NEW), at()).await
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
        let changed = application.change_account(world.call("admin"), id, changes);
        changed.await.unwrap();
    };
    set("wrong@example.org").await;
    let wrong = token_of(&mail_to(&world, "wrong@example.org").await);
    set("right@example.org").await;
    let right = token_of(&mail_to(&world, "right@example.org").await);
    let reset = |token: String| application.reset_password(token, new(NEW), at());
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
        .sign_up(wanted(address, "Nouvelle"), at())
        .await
        .unwrap();
    let first = token_of(&mail_to(&world, address).await);
    let held = world.restarted();
    let application = &held.application;
    application
        .log()
        .hold("nothing is written in this test", Position(u64::MAX));
    let refused = application.confirm_sign_up(first.clone(), at()).await;
    assert!(
        matches!(refused, Err(ExecuteError::Unavailable { .. })),
        "{refused:?}"
    );
    let world = held.restarted();
    let application = &world.application;
    application.confirm_sign_up(first.clone(), at()).await.unwrap();
    assert!(is_of_the_token(&application.confirm_sign_up(first, at()).await));

    // What was asked for under the same address once more is found when she is erased.
    let again = wanted(" Newcomer@Example.org".trim(), "Zanzibar");
    application.sign_up(again, at()).await.unwrap();
    let token = token_of(&mail_to(&world, "Newcomer@Example.org").await);
    let person = world.id_of("newcomer").person();
    application
        .erase_person(world.call("admin"), person, "Sur demande".to_owned())
        .await
        .unwrap();
    until("she is forgotten", async || {
        let erasure = application.erasure(&world.viewer("admin"), person).unwrap();
        erasure.state == application::erasure::ErasureState::Done
    })
    .await;
    assert!(is_of_the_token(&application.confirm_sign_up(token, at()).await));
    assert_nowhere_in_the_sessions(&world, "Zanzibar");
}

/// Not in the database, nor in what it keeps beside.
fn assert_nowhere_in_the_sessions(world: &World, secret: &str) {
    let mut looked_at = 0;
    for file in std::fs::read_dir(world.dir.path()).unwrap() {
        let path = file.unwrap().path();
        if !path.to_string_lossy().contains("sessions.sqlite") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let mut places = bytes.windows(secret.len());
        let found = places.any(|place| place == secret.as_bytes());
        assert!(!found, "{secret} in {}", path.display());
        looked_at += 1;
    }
    assert!(looked_at > 0);
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
    let resetting = tokio::spawn(async move { application.reset_password(reset, new(NEW), at()).await });
    let eve = world.id_of("eve");
    let correct = |address: &str| {
        let changes = vec![Change::SetAddress(Some(address.to_owned()))];
        world
            .application
            .change_account(world.call("admin"), eve, changes)
    };
    correct("eve@elsewhere.example").await.unwrap();
    let done = resetting.await.unwrap();
    assert!(is_of_the_token(&done), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_asked_for_with_a_password_that_is_no_more_is_not_confirmed() {
    let (world, _) = meanwhile(async |world| {
        // The try that is on its way here is of the address: both are checked by the same password.
        let asked = world.application.request_address(
            world.call("eve"),
            "thief@example.org".to_owned(),
            Some(PASSWORD.to_owned()),
        );
        let ends = world
            .application
            .sign_out_everywhere(world.call("eve"), world.id_of("eve"));
        let (asked, ended) = tokio::join!(asked, ends);
        asked.unwrap();
        ended.unwrap();
    })
    .await;
    let token = token_of(&mail_to(&world, "thief@example.org").await);
    let confirmed = world.application.confirm_address(token, at()).await;
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
    let mut signed_in = application
        .sign_in_federated(who, Client::default(), at())
        .await
        .unwrap();
    assert_eq!(signed_in.expires_in_s, 900);
    for (minutes, expires_in_s) in [(360, 900), (710, 600), (719, 60)] {
        let later = at() + TimeDelta::minutes(minutes);
        signed_in = application
            .refresh(&signed_in.refresh_token, later)
            .await
            .unwrap();
        assert_eq!(signed_in.expires_in_s, expires_in_s, "after {minutes} minutes");
    }
    let over = at() + TimeDelta::hours(12);
    let refused = application.refresh(&signed_in.refresh_token, over).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
}
