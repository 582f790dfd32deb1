//! Guessing passwords (seed 002, F70, F72; seed 004, F183): challenges, lock-outs, and a limit by address.

use guichet_tests::{
    answer::Answer,
    home::DEMO_PASSWORD,
    people::{attempt, delete, events, holder, quick, solved, until},
    server::Server,
};
use serde_json::{Value, json};

/// A try with a solved challenge.
fn with_solution(server: &Server, username: &str, password: &str, solution: &Value) -> Answer {
    let body = json!({"username": username, "password": password, "challenge": solution});
    server.nobody().post("/v1/auth/token", &body)
}

/// Lets some tries of a name fail for which nothing is asked yet.
fn fail(server: &Server, username: &str, times: usize) {
    for _ in 0..times {
        let _ = attempt(server, username, "not it").refused(401, "wrong-credentials");
    }
}

/// The challenge that the next try of a name must come with.
fn demanded(server: &Server, username: &str) -> Value {
    attempt(server, username, DEMO_PASSWORD).refused(401, "challenge-required")["challenge"].clone()
}

#[test]
fn after_three_failures_a_challenge_comes_first_and_one_solution_serves_one_try_of_one_name() {
    let server = quick().start();
    for username in ["requester-1", "nobody-of-that-name"] {
        fail(&server, username, 3);
        let challenge = demanded(&server, username);
        assert_eq!(
            (challenge["algorithm"].as_str(), challenge["bits"].as_u64()),
            (Some("sha-256"), Some(16)),
            "{username}"
        );
    }
    // Not for another name, wrong, or made up.
    let solution = solved(&demanded(&server, "nobody-of-that-name"));
    for bad in [
        solution,
        json!({"token": demanded(&server, "requester-1")["token"], "solution": "x"}),
        json!({"token": "AUZ2x0", "solution": "1"}),
    ] {
        let _ = with_solution(&server, "requester-1", DEMO_PASSWORD, &bad).refused(401, "challenge-required");
    }
    let solution = solved(&demanded(&server, "requester-1"));
    let _ = with_solution(&server, "requester-1", "not it", &solution).refused(401, "wrong-credentials");
    let _ =
        with_solution(&server, "requester-1", DEMO_PASSWORD, &solution).refused(401, "challenge-required");
    // A fresh one on demand, and the right password with it: everything is forgotten.
    let fresh = |username: &str| {
        let asked = json!({"username": username});
        server.nobody().post("/v1/auth/challenges", &asked).expect(200)
    };
    assert_ne!(fresh("requester-1")["token"], fresh("requester-1")["token"]);
    let solution = solved(&fresh("requester-1"));
    let _ = with_solution(&server, "requester-1", DEMO_PASSWORD, &solution).expect(200);
    fail(&server, "requester-1", 2);
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    // Who is asked for none yet may solve one in advance.
    let _ = with_solution(&server, "agent", DEMO_PASSWORD, &solved(&fresh("agent"))).expect(200);
}

#[test]
fn after_ten_failures_nothing_is_taken_for_a_while_whether_there_is_such_a_name_or_not() {
    let server = quick().with("GUICHET_CHALLENGE_AFTER", "1000").start();
    let admin = server.client("admin");
    for username in ["requester-1", "nobody-of-that-name"] {
        fail(&server, username, 10);
        let answer = attempt(&server, username, DEMO_PASSWORD);
        let problem = answer.refused(429, "sign-in-locked");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=31).contains(&wait), "{username}: {wait}");
        assert_eq!(problem["retry_after_s"], wait);
    }
    until("the lock-out is an event", || {
        events(&server, "requester-1").contains(&"account-locked.v1".to_owned())
    });
    let account = admin.get("/v1/accounts/requester-1").expect(200);
    assert!(account["locked_until"].is_string(), "{account}");
    // Others are not held; who administers the account lets it in again.
    let _ = attempt(&server, "requester-2", DEMO_PASSWORD).expect(200);
    let account = delete(&admin, "/v1/accounts/requester-1/lock").expect(200);
    assert!(account["locked_until"].is_null(), "{account}");
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    let _ = attempt(&server, "nobody-of-that-name", DEMO_PASSWORD).refused(429, "sign-in-locked");
    assert_eq!(
        events(&server, "requester-1")[1..],
        [
            "account-password-set.v1",
            "account-address-set.v1",
            "account-role-granted.v1",
            "account-joined.v1"
        ]
        .iter()
        .copied()
        .chain(["account-locked.v1", "account-unlocked.v1"])
        .collect::<Vec<_>>()
    );
}

#[test]
fn flags_say_after_how_many_failures_what_is_asked() {
    let server = quick()
        .with("GUICHET_CHALLENGE_AFTER", "1")
        .with("GUICHET_LOCK_AFTER", "2")
        .with("GUICHET_LOCK_FIRST_S", "600")
        .start();
    fail(&server, "agent", 1);
    let solution = solved(&demanded(&server, "agent"));
    let _ = with_solution(&server, "agent", "not it", &solution).refused(401, "wrong-credentials");
    let answer = attempt(&server, "agent", DEMO_PASSWORD);
    let _ = answer.refused(429, "sign-in-locked");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((560..=601).contains(&wait), "{wait}");
}

#[test]
fn an_address_that_asks_too_often_waits_and_another_address_does_not() {
    let server = quick()
        .with("GUICHET_STRANGER_BURST", "3")
        .with("GUICHET_STRANGER_PER_MINUTE", "1")
        .with("GUICHET_TRUSTED_PROXIES", "127.0.0.1")
        .start();
    let ask = |address: &str| {
        let client = server.nobody().with("X-Forwarded-For", address);
        client.post("/v1/auth/challenges", &json!({"username": "agent"}))
    };
    for _ in 0..3 {
        let _ = ask("198.51.100.7").expect(200);
    }
    let answer = ask("198.51.100.7");
    let _ = answer.refused(429, "too-many-requests");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    let _ = ask("203.0.113.9").expect(200);
    // What somebody invents before the proxy's own word changes nothing.
    let _ = ask("203.0.113.77, 198.51.100.7").refused(429, "too-many-requests");
}

#[test]
fn nobody_but_a_trusted_proxy_says_from_where_a_request_comes() {
    let server = quick()
        .with("GUICHET_STRANGER_BURST", "3")
        .with("GUICHET_STRANGER_PER_MINUTE", "1")
        .start();
    let ask = |name: &str, address: &str| {
        let client = server.nobody().with(name, address);
        client.post("/v1/auth/password-reset", &json!({"username": "agent"}))
    };
    for last in 1..=3 {
        assert_eq!(ask("X-Forwarded-For", &format!("198.51.100.{last}")).status, 202);
    }
    let _ = ask("X-Forwarded-For", "198.51.100.4").refused(429, "too-many-requests");
    let _ = ask("Guichet-Client-Address", "198.51.100.5").refused(429, "too-many-requests");
    // Who is signed in asks as often as they like, elsewhere.
    let _ = server.nobody().get("/healthz").expect(200);
}

/// A server behind a proxy, that asks for no challenge.
fn behind_a_proxy() -> Server {
    quick()
        .with("GUICHET_TRUSTED_PROXIES", "127.0.0.1")
        .with("GUICHET_CHALLENGE_AFTER", "1000000")
        .start()
}

/// A try from an address behind a proxy.
fn attempt_from(server: &Server, address: &str, username: &str, password: &str) -> Answer {
    let client = server.nobody().with("X-Forwarded-For", address);
    client.post(
        "/v1/auth/token",
        &json!({"username": username, "password": password}),
    )
}

#[test]
fn who_guesses_locks_themselves_out_and_nobody_elses_success_lets_them_in_again() {
    let server = behind_a_proxy();
    let (home, guesser) = ("192.0.2.1", "198.51.100.7");
    for tries in 0..10 {
        let _ = attempt_from(&server, guesser, "agent", "not it").refused(401, "wrong-credentials");
        // The holder is let in all the while, and does not help who guesses.
        if tries % 3 == 0 {
            let _ = attempt_from(&server, home, "agent", DEMO_PASSWORD).expect(200);
        }
    }
    let _ = attempt_from(&server, guesser, "agent", "not it").refused(429, "sign-in-locked");
    let _ = attempt_from(&server, guesser, "agent", DEMO_PASSWORD).refused(429, "sign-in-locked");
    let _ = attempt_from(&server, home, "agent", DEMO_PASSWORD).expect(200);
    let _ = attempt_from(&server, "2001:db8::1", "agent", DEMO_PASSWORD).expect(200);
}

#[test]
fn many_places_together_lock_a_name_but_for_where_it_has_signed_in() {
    let server = behind_a_proxy();
    let home = "192.0.2.1";
    let _ = attempt_from(&server, home, "agent", DEMO_PASSWORD).expect(200);
    for host in 0..100 {
        let from = format!("198.51.{}.{}", host / 9, host % 9);
        let _ = attempt_from(&server, &from, "agent", "not it").refused(401, "wrong-credentials");
    }
    let _ = attempt_from(&server, "203.0.113.1", "agent", DEMO_PASSWORD).refused(429, "sign-in-locked");
    // Also when no sign-in from there holds any more.
    let at_home = holder(
        &server,
        &attempt_from(&server, home, "agent", DEMO_PASSWORD).expect(200),
    );
    assert_eq!(delete(&at_home, "/v1/me/sign-ins").status, 204);
    let _ = attempt_from(&server, home, "agent", DEMO_PASSWORD).expect(200);
    // Who administers the account sees the lock and ends it.
    let admin = server.client("admin");
    until("the lock-out is an event", || {
        admin.get("/v1/accounts/agent").expect(200)["locked_until"].is_string()
    });
    let _ = delete(&admin, "/v1/accounts/agent/lock").expect(200);
    let _ = attempt_from(&server, "203.0.113.1", "agent", DEMO_PASSWORD).expect(200);
}

#[test]
fn an_administrator_ends_a_lock_that_the_account_does_not_show() {
    let server = behind_a_proxy();
    for host in 0..9 {
        let _ = attempt_from(&server, &format!("198.51.100.{host}"), "agent", "not it")
            .refused(401, "wrong-credentials");
    }
    let admin = server.client("admin");
    let account = admin.get("/v1/accounts/agent").expect(200);
    assert!(account["locked_until"].is_null(), "{account}");
    let unlocked = || {
        let told = events(&server, "agent");
        told.iter()
            .filter(|event| *event == "account-unlocked.v1")
            .count()
    };
    let _ = delete(&admin, "/v1/accounts/agent/lock").expect(200);
    assert_eq!(unlocked(), 1, "who let somebody in again is on record");
    let _ = delete(&admin, "/v1/accounts/agent/lock").refused(404, "not-found");
    assert_eq!(unlocked(), 1, "nothing was held any more");
}
