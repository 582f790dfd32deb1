//! API keys of programs: shown once, opening what their scopes say, and nothing that is a person's.

use std::time::{SystemTime, UNIX_EPOCH};

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    people::{delete, put, quick, until},
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};

/// An instant so many seconds from now, as the database of the tests' own writes it.
fn instant(seconds_from_now: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let database = rusqlite::Connection::open_in_memory().unwrap();
    let asked = "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ?1, 'unixepoch')";
    database
        .query_row(asked, [i64::try_from(now + seconds_from_now).unwrap()], |row| {
            row.get(0)
        })
        .unwrap()
}

/// A program's account that may do everything.
fn program(server: &Server) -> Client {
    let admin = server.client("admin");
    let account = json!({
        "kind": "service", "username": "night-export", "name": "Export de nuit",
        "roles": [{"role": "admin"}, {"role": "requester"}],
    });
    let _ = admin.post("/v1/accounts", &account).expect(201);
    admin
}

fn issue(admin: &Client, username: &str, scopes: &[&str], expires_at: &str) -> Answer {
    let body = json!({"label": "Export de nuit", "scopes": scopes, "expires_at": expires_at});
    admin.post(&format!("/v1/accounts/{username}/keys"), &body)
}

/// Whoever shows a key.
fn by(server: &Server, key: &Value) -> Client {
    server.nobody().with_token(key["key"].as_str().unwrap())
}

#[test]
fn a_key_is_shown_once_and_no_changed_writing_of_it_holds() {
    let server = quick().start();
    let admin = program(&server);
    let body = json!({"label": "Export de nuit", "scopes": ["read"], "expires_at": instant(86_400)});
    let once = admin.with("Idempotency-Key", "issue-1");
    let key = once.post("/v1/accounts/night-export/keys", &body).expect(201);
    let again = once.post("/v1/accounts/night-export/keys", &body).expect(201);
    assert_eq!(
        (again["id"].clone(), again["key"].clone()),
        (key["id"].clone(), Value::Null)
    );
    let text = key["key"].as_str().unwrap();
    assert!(text.starts_with("gk_"), "{text}");
    let listed = admin.get("/v1/accounts/night-export/keys").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["key"], Value::Null);
    assert_eq!(listed["items"][0]["scopes"], json!(["read"]));
    assert_eq!(
        by(&server, &key).get("/v1/me").expect(200)["account"]["username"],
        "night-export"
    );
    for place in 0..text.len() {
        let mut changed = text.to_owned().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = server.nobody().with_token(&String::from_utf8(changed).unwrap());
        let _ = changed.get("/v1/me").refused(401, "unauthenticated");
    }
}

#[test]
fn a_key_opens_what_its_scopes_say_and_nothing_that_is_a_persons() {
    let server = quick().start();
    let admin = program(&server);
    let key = |scope: &str| {
        let issued = issue(&admin, "night-export", &[scope], &instant(86_400)).expect(201);
        by(&server, &issued)
    };
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Par programme", "description": "…"});
    let organization = json!({"id": "made-by-key", "name": "Par programme"});
    let (reads, writes) = (key("read"), key("write"));
    let (audits, administers) = (key("audit"), key("administer"));
    let missing = |answer: Answer| answer.refused(403, "scope-missing");

    let opened = writes.post("/v1/tickets", &ticket).expect(201);
    let path = format!("/v1/tickets/{}", opened["key"].as_str().unwrap());
    let _ = reads.get(&path).expect(200);
    let _ = administers.post("/v1/organizations", &organization).expect(201);
    assert_eq!(audits.get("/v1/events?limit=1").status, 200);
    assert_eq!(audits.get(&format!("{path}/evidence")).status, 200);
    for client in [&writes, &audits, &administers] {
        let _ = missing(client.get(&path));
    }
    for client in [&reads, &audits, &administers] {
        let _ = missing(client.post("/v1/tickets", &ticket));
    }
    for client in [&reads, &writes, &audits] {
        let _ = missing(client.post("/v1/organizations", &organization));
    }
    for client in [&reads, &writes, &administers] {
        let _ = missing(client.get("/v1/events?limit=1"));
        let _ = missing(client.get(&format!("{path}/evidence")));
        let _ = missing(client.get(&format!("{path}/%65vidence")));
        let _ = missing(client.get("/v1/audit/export"));
    }

    let all = issue(
        &admin,
        "night-export",
        &["read", "write", "audit", "administer"],
        &instant(86_400),
    );
    let all = by(&server, &all.expect(201));
    let password = json!({"current_password": "x", "new_password": "y", "confirmation": "y"});
    let _ = missing(all.post("/v1/me/password", &password));
    let _ = missing(all.post("/v1/me/second-factor", &json!({"password": "x"})));
    let _ = missing(all.post(
        "/v1/me/address",
        &json!({"address": "key@people.example", "password": "x"}),
    ));
    let _ = missing(all.patch("/v1/me", &json!({"name": "Autre"})));
    let _ = missing(put(&all, "/v1/me/avatar", &json!(1)));
    let _ = missing(all.get("/v1/me/sign-ins"));
    let _ = missing(delete(&all, "/v1/me/sign-ins"));
    let _ = missing(delete(&all, "/v1/auth/token"));
}

#[test]
fn a_key_holds_until_it_expires_is_revoked_or_its_account_is_disabled() {
    let server = quick().start();
    let admin = program(&server);
    let refused = |client: &Client| client.get("/v1/me").status == 401;
    // Fault M11: the key is shown to hold before it expires, however slow the machine is.
    let soon = (1..)
        .map(|seconds| {
            let issued = issue(&admin, "night-export", &["read"], &instant(2 * seconds)).expect(201);
            by(&server, &issued)
        })
        .find(|soon| !refused(soon))
        .unwrap();
    let issued = issue(&admin, "night-export", &["read"], &instant(86_400)).expect(201);
    let other = by(
        &server,
        &issue(&admin, "night-export", &["read"], &instant(86_400)).expect(201),
    );
    let key = by(&server, &issued);
    assert!(!refused(&key) && !refused(&other));
    let path = format!(
        "/v1/accounts/night-export/keys/{}",
        issued["id"].as_str().unwrap()
    );
    assert_eq!(delete(&admin, &path).status, 204);
    assert!(refused(&key) && !refused(&other));
    let disablement = "/v1/accounts/night-export/disablement";
    let _ = admin
        .post(disablement, &json!({"reason": "Plus besoin."}))
        .expect(200);
    assert!(refused(&other));
    let _ = delete(&admin, disablement).expect(200);
    assert!(!refused(&other));
    until("the key has expired", || refused(&soon));
}

#[test]
fn keys_are_for_programs_within_a_year_and_every_fault_is_named() {
    let server = quick().start();
    let admin = program(&server);
    let told = |username: &str, scopes: &[&str], expires_at: &str| {
        faults(&issue(&admin, username, scopes, expires_at).refused(422, "invalid"))
    };
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        told("requester-1", &["read"], &instant(86_400)),
        [fault("/label", "forbidden")]
    );
    assert_eq!(
        told("night-export", &[], &instant(367 * 86_400)),
        [fault("/expires_at", "value"), fault("/scopes", "required")]
    );
    assert_eq!(
        told("night-export", &["everything"], &instant(86_400)),
        [fault("/scopes/0", "value")]
    );
    assert_eq!(
        told("night-export", &["read"], "2026-01-01T00:00:00Z"),
        [fault("/expires_at", "value")]
    );
    let by_others = |username: &str| {
        issue(
            &server.client(username),
            "night-export",
            &["read"],
            &instant(86_400),
        )
    };
    let _ = by_others("agent").refused(403, "not-permitted");
    let _ = by_others("requester-1").refused(404, "not-found");
    // A program has no password to sign in with.
    let nobody = json!({"username": "night-export", "password": ""});
    let _ = server
        .nobody()
        .post("/v1/auth/token", &nobody)
        .refused(401, "wrong-credentials");
}

#[test]
fn a_live_feed_ends_with_the_key_that_it_was_asked_with() {
    let server = quick().start();
    let admin = program(&server);
    let key = issue(&admin, "night-export", &["audit"], &instant(6)).expect(201);
    let request = by(&server, &key)
        .request(Method::GET, "/v1/events?after=0")
        .header("accept", "text/event-stream");
    let live = request.send().unwrap();
    assert_eq!(live.status(), 200);
    // Read to its end, which comes before the first comment that keeps a silent stream open.
    let told = live.text().unwrap();
    assert!(
        told.contains("account-api-key-issued.v1") && !told.contains(": waiting\n\n: waiting"),
        "{told}"
    );
    let _ = by(&server, &key)
        .get("/v1/events")
        .refused(401, "unauthenticated");
}

#[test]
fn a_key_issues_no_key_that_opens_more_than_itself() {
    let server = quick().start();
    let admin = program(&server);
    let key = issue(&admin, "night-export", &["administer", "read"], &instant(86_400));
    let account =
        json!({"kind": "service", "username": "other", "name": "Autre", "roles": [{"role": "auditor"}]});
    let _ = admin.post("/v1/accounts", &account).expect(201);
    let by_key = by(&server, &key.expect(201));
    let more = issue(&by_key, "other", &["read", "audit"], &instant(86_400)).refused(422, "invalid");
    assert_eq!(faults(&more), [("/scopes".to_owned(), "forbidden".to_owned())]);
    let _ = issue(&by_key, "other", &["read"], &instant(86_400)).expect(201);
}
