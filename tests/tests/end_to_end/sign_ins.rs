//! One's own sign-ins: how long they hold, what is seen of them, and refresh tokens that serve once (seed 002, F71, F77).

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
};

use guichet_tests::{
    answer::Answer,
    client::Client,
    home::DEMO_PASSWORD,
    people::{PASSWORD, delete, holder, make, quick, refresh, sign_in, tokens},
    server::Server,
};
use serde_json::{Value, json};

fn listed(client: &Client) -> Vec<Value> {
    let answer = client.get("/v1/me/sign-ins").expect(200);
    answer["items"].as_array().unwrap().clone()
}

/// Seconds between two instants of an answer, as the database of the tests' own counts them.
fn seconds_between(from: &Value, to: &Value) -> i64 {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    let asked = "SELECT unixepoch(?1) - unixepoch(?2)";
    let instants = [to.as_str().unwrap(), from.as_str().unwrap()];
    database.query_row(asked, instants, |row| row.get(0)).unwrap()
}

#[test]
fn a_sign_in_is_seen_with_its_client_and_holds_for_half_a_day_or_for_a_month() {
    let server = quick().with("GUICHET_TRUSTED_PROXIES", "127.0.0.1").start();
    let from = |agent: &str, address: &str, stays: bool| {
        let client = server
            .nobody()
            .with("User-Agent", agent)
            .with("X-Forwarded-For", address);
        let body = json!({"username": "requester-1", "password": DEMO_PASSWORD, "stay_signed_in": stays});
        client.post("/v1/auth/token", &body).expect(200)
    };
    let brief = from("Salle informatique", "198.51.100.7", false);
    let long = from("Téléphone".replace('é', "e").as_str(), "2001:db8::7", true);
    let seen = listed(&holder(&server, &long));
    assert_eq!(seen.len(), 2);
    let what = |one: &Value| {
        json!([
            one["current"],
            one["method"],
            one["stays"],
            one["user_agent"],
            one["address"]
        ])
    };
    assert_eq!(
        what(&seen[0]),
        json!([true, "password", true, "Telephone", "2001:db8::7"])
    );
    assert_eq!(
        what(&seen[1]),
        json!([false, "password", false, "Salle informatique", "198.51.100.7"])
    );
    let holds_s = |one: &Value| seconds_between(&one["at"], &one["expires_at"]);
    assert_eq!([holds_s(&seen[0]), holds_s(&seen[1])], [30 * 86_400, 12 * 3_600]);
    // Both hold from their last use on.
    let renewed = refresh(&server, &brief).expect(200);
    let seen = listed(&holder(&server, &renewed));
    let current = seen.iter().find(|one| one["current"] == true).unwrap();
    assert_eq!(
        seconds_between(&current["last_used_at"], &current["expires_at"]),
        12 * 3_600
    );
    assert_eq!(
        (renewed["token_type"].as_str(), renewed["expires_in"].as_u64()),
        (Some("Bearer"), Some(900))
    );
}

#[test]
fn one_ends_ones_own_sign_ins_and_nobody_elses() {
    let server = quick().start();
    let (one, two) = (
        sign_in(&server, "requester-1", DEMO_PASSWORD),
        sign_in(&server, "requester-1", DEMO_PASSWORD),
    );
    let id_of = |client: &Client| {
        let seen = listed(client);
        let current = seen.iter().find(|one| one["current"] == true);
        current.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/v1/me/sign-ins/{}", id_of(&two));
    let _ = delete(&server.client("requester-2"), &path).refused(404, "not-found");
    let _ = two.get("/v1/me").expect(200);
    assert_eq!(delete(&one, &path).status, 204);
    let _ = two.get("/v1/me").refused(401, "unauthenticated");
    let _ = delete(&one, &path).refused(404, "not-found");
    let _ = delete(&one, "/v1/me/sign-ins/none").refused(404, "not-found");
    assert_eq!(listed(&one).len(), 1);
}

#[test]
fn a_refresh_token_serves_once_and_used_again_it_ends_the_sign_in() {
    let server = quick().start();
    let first = tokens(&server, "requester-1", DEMO_PASSWORD);
    let bystander = sign_in(&server, "requester-1", DEMO_PASSWORD);
    let second = refresh(&server, &first).expect(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let third = refresh(&server, &second).expect(200);
    let _ = holder(&server, &third).get("/v1/me").expect(200);
    let fourth = refresh(&server, &third).expect(200);
    // Whoever shows the second again has stolen it, or was stolen from: nobody goes on with this sign-in.
    let refused = |answer: Answer| answer.refused(401, "wrong-credentials");
    let _ = refused(refresh(&server, &second));
    let _ = refused(refresh(&server, &fourth));
    for tokens in [&first, &second, &third, &fourth] {
        let _ = holder(&server, tokens)
            .get("/v1/me")
            .refused(401, "unauthenticated");
    }
    let _ = bystander.get("/v1/me").expect(200);
    let _ = refused(refresh(&server, &json!({"refresh_token": "never issued"})));
    let _ = refused(refresh(&server, &json!({"refresh_token": first["access_token"]})));
}

/// Fault U11: many windows of one browser refresh at once with one token, and nobody is signed out.
#[test]
fn of_many_refreshes_at_once_with_one_token_all_are_given_the_same_successor() {
    let server = quick().start();
    let first = tokens(&server, "requester-1", DEMO_PASSWORD);
    let (nobody, body) = (server.nobody(), json!({"refresh_token": first["refresh_token"]}));
    let given: Vec<Value> = thread::scope(|scope| {
        let asking: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| nobody.post("/v1/auth/refresh", &body).expect(200)))
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for tokens in &given {
        assert_eq!(tokens["refresh_token"], given[0]["refresh_token"]);
        let _ = holder(&server, tokens).get("/v1/me").expect(200);
    }
    // The windows go on together.
    let next = refresh(&server, &given[3]).expect(200);
    assert_eq!(
        refresh(&server, &given[5]).expect(200)["refresh_token"],
        next["refresh_token"]
    );
    assert_eq!(listed(&holder(&server, &next)).len(), 1);
}

#[test]
fn whoever_signs_in_at_many_places_at_once_is_let_in_at_each() {
    let server = quick().start();
    let (nobody, credentials) = (
        server.nobody(),
        json!({"username": "requester-1", "password": DEMO_PASSWORD}),
    );
    let statuses: Vec<u16> = thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| nobody.post("/v1/auth/token", &credentials).status))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 16]);
}

/// Sends a request but for its last byte; answers what comes once `meanwhile` is over and that byte is sent.
fn kept_open(server: &Server, client: &Client, path: &str, body: &Value, meanwhile: impl FnOnce()) -> String {
    let address = server.api().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let (most, last) = body.split_at(body.len() - 1);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
        client.token(),
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    // The server has read the head, and with it who asks: it wants the body now.
    let mut invited = [0; 25];
    connection.read_exact(&mut invited).unwrap();
    assert_eq!(&invited, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(most.as_bytes()).unwrap();
    meanwhile();
    connection.write_all(last.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_command_whose_body_comes_slowly_does_what_its_sender_may_do_when_it_has_come() {
    let server = quick().start();
    let admin = server.client("admin");
    let person = |username: &str, role: &str| {
        json!({
            "kind": "person", "username": username, "name": "Quelqu'un", "password": PASSWORD,
            "roles": [{"role": role}], "organizations": ["commune-a"],
        })
    };
    let _ = admin
        .post("/v1/accounts", &person("leaving", "admin"))
        .expect(201);
    let leaving = sign_in(&server, "leaving", PASSWORD);
    let heir = person("heir", "admin");
    let answer = kept_open(&server, &leaving, "/v1/accounts", &heir, || {
        let reason = json!({"reason": "Partie."});
        let _ = admin
            .post("/v1/accounts/leaving/disablement", &reason)
            .expect(200);
    });
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let _ = admin.get("/v1/accounts/heir").refused(404, "not-found");

    let _ = admin
        .post("/v1/accounts", &person("demoted", "admin"))
        .expect(201);
    let demoted = sign_in(&server, "demoted", PASSWORD);
    let answer = kept_open(&server, &demoted, "/v1/accounts", &heir, || {
        let _ = delete(&admin, "/v1/accounts/demoted/roles/admin").expect(200);
    });
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let _ = admin.get("/v1/accounts/heir").refused(404, "not-found");
}

#[test]
fn a_command_repeated_by_who_may_no_longer_give_it_does_nothing() {
    let server = quick().start();
    let admin = server.client("admin");
    let roles = json!([{"role": "local_admin", "organization": "commune-a"}, {"role": "requester"}]);
    let _ = make(&admin, "chief", &roles, &["commune-a"]);
    let _ = make(&admin, "clerk", &json!([{"role": "requester"}]), &["commune-a"]);
    let chief = sign_in(&server, "chief", PASSWORD).with("Idempotency-Key", "disable-1");
    let path = "/v1/accounts/clerk/disablement";
    let reason = json!({"reason": "En congé."});
    let _ = chief.post(path, &reason).expect(200);
    let _ = delete(&admin, path).expect(200);
    let clerk = sign_in(&server, "clerk", PASSWORD);
    let _ = delete(&admin, "/v1/accounts/chief/roles/local_admin@commune-a").expect(200);
    let _ = chief.post(path, &reason).refused(403, "not-permitted");
    let _ = clerk.get("/v1/me").expect(200);
}

#[test]
fn the_same_key_with_another_password_is_refused_though_the_digest_knows_none() {
    let server = quick().start();
    let admin = server.client("admin").with("Idempotency-Key", "make-1");
    let account = |password: &str| {
        json!({
            "kind": "person", "username": "twice", "name": "Deux fois", "password": password,
            "roles": [{"role": "requester"}], "organizations": ["commune-a"],
        })
    };
    let first = admin.post("/v1/accounts", &account(PASSWORD)).expect(201);
    let again = admin.post("/v1/accounts", &account(PASSWORD)).expect(201);
    assert_eq!(first["id"], again["id"]);
    let other = || admin.post("/v1/accounts", &account("cinq autres mots sans lien"));
    let _ = other().refused(422, "idempotency-key-reused");

    let holder = sign_in(&server, "twice", PASSWORD).with("Idempotency-Key", "change-1");
    let change = |new: &str| {
        let body = json!({"current_password": PASSWORD, "new_password": new, "confirmation": new});
        holder.post("/v1/me/password", &body)
    };
    let new = "cheval agrafe batterie correcte";
    assert_eq!(change(new).status, 204);
    assert_eq!(change(new).status, 204);
    let _ = change("cinq autres mots sans lien").refused(422, "idempotency-key-reused");
    let _ = sign_in(&server, "twice", new).get("/v1/me").expect(200);
    // What the account was made with counts, not what its holder has chosen since: nobody tries that out here.
    let again = admin.post("/v1/accounts", &account(PASSWORD)).expect(201);
    assert_eq!(first["id"], again["id"]);
    let _ = admin
        .post("/v1/accounts", &account(new))
        .refused(422, "idempotency-key-reused");
}

#[test]
fn a_change_that_takes_away_the_right_to_it_is_answered_alike_when_it_is_repeated() {
    let server = quick().start();
    let admin = server.client("admin");
    let roles = json!([{"role": "local_admin", "organization": "commune-a"}, {"role": "requester"}]);
    let _ = make(&admin, "chief", &roles, &["commune-a", "commune-b"]);
    let both = ["commune-a", "commune-b"];
    let _ = make(&admin, "clerk", &json!([{"role": "requester"}]), &both);
    let chief = sign_in(&server, "chief", PASSWORD).with("Idempotency-Key", "leave-1");
    let path = "/v1/accounts/clerk/memberships/commune-a";
    let _ = delete(&chief, path).expect(200);
    let _ = delete(&chief, path).expect(200);
}
