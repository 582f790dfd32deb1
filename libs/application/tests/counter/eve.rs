//! Eve, who signs in, and the mail about her account.

use std::time::Duration;

use application::{
    Application, ExecuteError,
    identity::{
        deliveries::Claimed,
        error::SignInError,
        letters::Letter,
        passwords::NewPassword,
        sign_in::{Attempt, SignedIn},
        tries::Client,
    },
};

use credentials::passwords::{HashingCost, Passwords};

use domain::policy::Role;
use sessions::Settled;

use crate::world::{World, at, new_account};

pub(crate) const PASSWORD: &str = "a long enough password";
pub(crate) const NEW: &str = "another password that is long";

/// A world in which Eve signs in with [`PASSWORD`], checked at this cost.
pub(crate) async fn world_at(cost: HashingCost) -> World {
    let world = World::new().await;
    let hash = Passwords::new(cost).unwrap().hash(PASSWORD).unwrap();
    world
        .account(new_account("eve", Role::Requester, Some("commune-a"), &hash))
        .await;
    world
}

pub(crate) async fn world() -> World {
    world_at(HashingCost {
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
    })
    .await
}

pub(crate) async fn sign_in(application: &Application, password: &str) -> Result<SignedIn, SignInError> {
    let attempt = Attempt {
        username: "eve".to_owned(),
        password: password.to_owned(),
        ..Attempt::default()
    };
    application
        .identity
        .sign_in(attempt, Client::default(), at())
        .await
}

pub(crate) fn holds(application: &Application, signed_in: &SignedIn) -> bool {
    application
        .identity
        .actor(&signed_in.access_token, at())
        .is_some()
}

pub(crate) fn new(password: &str) -> NewPassword {
    NewPassword {
        password: password.to_owned(),
        confirmation: password.to_owned(),
    }
}

/// What waits to be mailed, fetched as the courier does, once all that follows from the log is posted.
pub(crate) async fn mails(world: &World) -> Vec<Claimed> {
    let application = &world.application;
    let head = world.head();
    until("what follows is posted", async || {
        application.keeping.reacted_through() >= head
    })
    .await;
    let waiting = application
        .identity
        .deliveries(0, 100, Duration::ZERO, at)
        .await
        .unwrap();
    let mut claimed = Vec::new();
    for delivery in waiting {
        let Ok(mail) = application.identity.claim_delivery(delivery.id, at()).await else {
            continue;
        };
        let delivered = application
            .identity
            .settle_delivery(mail.id, Settled::Delivered, at());
        delivered.await.unwrap();
        claimed.push(mail);
    }
    claimed
}

/// The only mail that waits for this address.
pub(crate) async fn mail_to(world: &World, address: &str) -> Letter {
    let mut mails = mails(world).await;
    mails.retain(|mail| mail.to == address);
    assert_eq!(mails.len(), 1, "{address}");
    mails.remove(0).letter
}

pub(crate) fn token_of(letter: &Letter) -> String {
    let (_, rest) = letter.text.split_once("#token=").unwrap();
    rest.lines().next().unwrap().to_owned()
}

/// Asks for a reset in its own time, and waits until its mail does.
pub(crate) async fn reset_token(world: &World) -> String {
    reset_token_at(world, "eve@example.org").await
}

/// The same when her address is another.
pub(crate) async fn reset_token_at(world: &World, address: &str) -> String {
    world
        .application
        .identity
        .request_password_reset("eve".to_owned(), at());
    let wait = Duration::from_secs(30);
    let waiting = world
        .application
        .identity
        .deliveries(0, 1, wait, at)
        .await
        .unwrap();
    assert_eq!(waiting.len(), 1);
    token_of(&mail_to(world, address).await)
}

pub(crate) fn is_of_the_token(refused: &Result<(), ExecuteError>) -> bool {
    let told = format!("{refused:?}");
    told.contains("/token") && told.contains("Invalid")
}

/// Waits for something that another task brings about; a test that hangs here has failed.
pub(crate) async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let found = async {
        while !is().await {
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), found).await;
    assert!(found.is_ok(), "{what}");
}

/// Not in the database, nor in what it keeps beside.
pub(crate) fn assert_nowhere_in_the_sessions(world: &World, secret: &str) {
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
