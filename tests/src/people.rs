//! Accounts beyond those of the demo world: made, signed in, asked as often as a test likes.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{answer::Answer, client::Client, home::Home, server::Server};

/// What accounts of the tests sign in with.
pub const PASSWORD: &str = "quatre mots sans lien";
/// How long something that follows an answer may take, s.
const FOLLOWS_S: u64 = 30;

/// A home whose server takes as many requests as come and hashes passwords quickly, for tests that are not about that.
#[must_use]
pub fn quick() -> Home {
    Home::new()
        .with("GUICHET_ARGON2_MEMORY_KIB", "8")
        .with("GUICHET_ARGON2_ITERATIONS", "1")
        .with("GUICHET_STRANGER_BURST", "1000000")
}

/// A try to sign in.
#[must_use]
#[track_caller]
pub fn attempt(server: &Server, username: &str, password: &str) -> Answer {
    let credentials = json!({"username": username, "password": password});
    server.nobody().post("/v1/auth/token", &credentials)
}

/// A new sign-in: the tokens as they are answered.
#[must_use]
#[track_caller]
pub fn tokens(server: &Server, username: &str, password: &str) -> Value {
    attempt(server, username, password).expect(200)
}

/// Somebody with a new sign-in.
#[must_use]
#[track_caller]
pub fn sign_in(server: &Server, username: &str, password: &str) -> Client {
    holder(server, &tokens(server, username, password))
}

/// Whoever holds these tokens.
#[must_use]
#[track_caller]
pub fn holder(server: &Server, tokens: &Value) -> Client {
    server
        .nobody()
        .with_token(tokens["access_token"].as_str().unwrap())
}

/// Trades a refresh token.
#[must_use]
#[track_caller]
pub fn refresh(server: &Server, tokens: &Value) -> Answer {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    server.nobody().post("/v1/auth/refresh", &body)
}

/// Makes a person with [`PASSWORD`]; answers the account.
#[must_use]
#[track_caller]
pub fn make(admin: &Client, username: &str, roles: &Value, organizations: &[&str]) -> Value {
    let mailbox = username.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let account = json!({
        "kind": "person", "username": username, "name": "Une personne", "address": format!("{mailbox}@people.example"),
        "password": PASSWORD, "roles": roles, "organizations": organizations,
    });
    admin.post("/v1/accounts", &account).expect(201)
}

/// PUT of JSON.
#[must_use]
#[track_caller]
pub fn put(client: &Client, path: &str, body: &Value) -> Answer {
    Answer::of(client.request(Method::PUT, path).json(body).send())
}

/// DELETE.
#[must_use]
#[track_caller]
pub fn delete(client: &Client, path: &str) -> Answer {
    Answer::of(client.request(Method::DELETE, path).send())
}

/// The types of an account's events, in their order, as the feed has them.
#[must_use]
#[track_caller]
pub fn events(server: &Server, username: &str) -> Vec<String> {
    let account = server
        .client("admin")
        .get(&format!("/v1/accounts/{username}"))
        .expect(200);
    let id = account["id"].as_str().unwrap();
    let events = server.client("auditor").feed(&format!("account-{id}"));
    let types = events.as_array().unwrap().iter();
    types
        .map(|event| event["event"]["type"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until something that follows an answer in its own time is so.
///
/// # Panics
/// When it never is.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(FOLLOWS_S);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not in {FOLLOWS_S} s");
    }
}

/// Solves a challenge as its description in the contract says; answers what to send.
#[must_use]
pub fn solved(challenge: &Value) -> Value {
    let (token, bits) = (
        challenge["token"].as_str().unwrap(),
        challenge["bits"].as_u64().unwrap(),
    );
    let zeros = |hash: &[u8]| {
        let whole = hash.iter().take_while(|byte| **byte == 0).count();
        8 * whole as u64 + u64::from(hash[whole].leading_zeros())
    };
    let begun = Sha256::new_with_prefix(format!("{token}:"));
    let solution = (0_u64..)
        .map(|counter| counter.to_string())
        .find(|text| zeros(&begun.clone().chain_update(text).finalize()) >= bits);
    json!({"token": token, "solution": solution.unwrap()})
}
