//! Passwords: what they must be, changing them, and hashing them under a higher cost without a reset (seed 002, F84).

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    home::DEMO_PASSWORD,
    people::{PASSWORD, attempt, events, quick, sign_in, until},
};
use serde_json::json;

fn change(client: &Client, current: &str, new: &str, confirmation: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new, "confirmation": confirmation});
    client.post("/v1/me/password", &body)
}

#[test]
fn the_policy_is_told_and_a_change_names_every_fault_at_once() {
    let server = quick().start();
    let policy = server.nobody().get("/v1/auth/password-policy").expect(200);
    assert_eq!(
        policy,
        json!({
            "length_min": 12, "length_max": 128, "strength_min": 3, "strength_scale": "zxcvbn 0 to 4",
            "forbids": ["common", "weak", "holds_name"],
        })
    );
    let holder = server.client("requester-1");
    let told = |current: &str, new: &str, confirmation: &str| {
        let problem = change(&holder, current, new, confirmation).refused(422, "invalid");
        let errors = problem["errors"].as_array().unwrap().clone();
        let detail = |error: &serde_json::Value| error["detail"].as_str().unwrap().to_owned();
        assert!(
            errors.iter().all(|error| !detail(error).contains(new)),
            "a refusal repeats the password: {problem}"
        );
        faults(&problem)
    };
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let (current, confirmation) = (
        fault("/current_password", "value"),
        fault("/confirmation", "value"),
    );
    let of_new = |code: &str| fault("/new_password", code);
    // Too short and common, not given twice, by somebody who does not know the one before.
    let all = told("not it", "azerty", "autre");
    assert!(all.contains(&current) && all.contains(&confirmation), "{all:?}");
    assert!(
        all.contains(&of_new("length")) && all.contains(&of_new("value")),
        "{all:?}"
    );
    for (what, new) in [
        ("common", "password1234"),
        ("weak", "aaaaaaaaaaaaaa"),
        ("holds the user name", "vqz!requester-1!kfw"),
        ("the one it was", DEMO_PASSWORD),
    ] {
        let told = told(DEMO_PASSWORD, new, new);
        assert!(told.contains(&of_new("value")), "{what}: {told:?}");
    }
    assert_eq!(
        told(DEMO_PASSWORD, &"x7 ".repeat(60), &"x7 ".repeat(60))[0],
        of_new("length")
    );
    assert_eq!(told("not it", PASSWORD, PASSWORD), [current]);
    assert_eq!(told(DEMO_PASSWORD, PASSWORD, "autre"), [confirmation]);
    // None of it changed anything.
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    assert!(!events(&server, "requester-1").contains(&"account-password-changed.v1".to_owned()));
}

#[test]
fn after_a_change_the_old_password_and_every_other_sign_in_are_refused_and_this_one_goes_on() {
    let server = quick().start();
    let (this, other) = (
        sign_in(&server, "requester-1", DEMO_PASSWORD),
        sign_in(&server, "requester-1", DEMO_PASSWORD),
    );
    assert_eq!(change(&this, DEMO_PASSWORD, PASSWORD, PASSWORD).status, 204);
    let _ = this.get("/v1/me").expect(200);
    let _ = other.get("/v1/me").refused(401, "unauthenticated");
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).refused(401, "wrong-credentials");
    let _ = attempt(&server, "requester-1", PASSWORD).expect(200);
    assert_eq!(
        events(&server, "requester-1").last().map(String::as_str),
        Some("account-password-changed.v1")
    );
}

#[test]
fn whoever_holds_a_stolen_token_may_not_try_passwords_without_end() {
    let server = quick()
        .with("GUICHET_CHALLENGE_AFTER", "1000")
        .with("GUICHET_LOCK_FIRST_S", "600")
        .start();
    let stolen = sign_in(&server, "requester-1", DEMO_PASSWORD);
    for _ in 0..10 {
        let _ = change(&stolen, "not it", PASSWORD, PASSWORD).refused(422, "invalid");
    }
    let problem = change(&stolen, DEMO_PASSWORD, PASSWORD, PASSWORD).refused(422, "invalid");
    assert_eq!(
        faults(&problem),
        [("/current_password".to_owned(), "forbidden".to_owned())]
    );
    // Nor does the thief lock the holder out.
    let holder = sign_in(&server, "requester-1", DEMO_PASSWORD);
    assert_eq!(change(&holder, DEMO_PASSWORD, PASSWORD, PASSWORD).status, 204);
    let _ = stolen.get("/v1/me").refused(401, "unauthenticated");
}

#[test]
fn a_higher_cost_of_hashing_resets_nobody_and_is_taken_up_at_the_next_sign_in() {
    let rehashed = "account-password-rehashed.v1".to_owned();
    let server = quick().start();
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    assert!(!events(&server, "requester-1").contains(&rehashed));
    let home = server.stop().without("GUICHET_ARGON2_MEMORY_KIB");
    let server = home.with("GUICHET_ARGON2_MEMORY_KIB", "64").start();
    let _ = attempt(&server, "requester-1", "not it").refused(401, "wrong-credentials");
    assert!(!events(&server, "requester-1").contains(&rehashed));
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    until("the password is hashed anew", || {
        events(&server, "requester-1").contains(&rehashed)
    });
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    let server = server.restart();
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    // Stopped, nothing is under way any more: once and no more.
    let server = server.restart();
    let all = events(&server, "requester-1");
    assert_eq!(all.iter().filter(|kind| **kind == rehashed).count(), 1, "{all:?}");
}
