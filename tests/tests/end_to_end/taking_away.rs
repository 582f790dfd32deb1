//! What is not there is not taken away: every DELETE of the contract says so, and the same command repeated is answered alike.

use guichet_tests::{
    answer::Answer,
    client::Client,
    people::{PASSWORD, delete, make, put, quick, sign_in},
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::second_factor::enrolled;

/// A one-pixel GIF.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// An id that nothing has.
const NONE: &str = "00000000-0000-7000-8000-000000000001";

fn program(admin: &Client, username: &str) -> (String, String) {
    let account = json!({"kind": "service", "username": username, "name": "Un robot"});
    let _ = admin.post("/v1/accounts", &account).expect(201);
    let now = admin.get("/v1/me/sign-ins").expect(200)["items"][0]["at"].clone();
    let year: u32 = now.as_str().unwrap()[..4].parse().unwrap();
    let key = json!({
        "label": "Export", "scopes": ["read"], "expires_at": format!("{}-01-01T00:00:00Z", year + 1),
    });
    let issued = admin
        .post(&format!("/v1/accounts/{username}/keys"), &key)
        .expect(201);
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    (text("id"), text("key"))
}

/// Fault S9: revoking a key through another account, or a key that nobody has, was answered 204, and the leaked key lived on.
#[test]
fn a_key_is_revoked_through_its_own_account_only_and_who_is_mistaken_learns_it() {
    let server = quick().start();
    let admin = server.client("admin");
    let (leaked, text) = program(&admin, "leaky");
    let (_, other) = program(&admin, "other");
    let holds = |text: &str| server.nobody().with_token(text).get("/v1/me").status == 200;
    for path in [
        format!("/v1/accounts/oc-alpha/keys/{leaked}"),
        format!("/v1/accounts/other/keys/{leaked}"),
        format!("/v1/accounts/leaky/keys/{NONE}"),
        "/v1/accounts/leaky/keys/none".to_owned(),
        format!("/v1/accounts/nobody/keys/{leaked}"),
    ] {
        let _ = delete(&admin, &path).refused(404, "not-found");
        assert!(holds(&text) && holds(&other), "{path}");
    }
    let path = format!("/v1/accounts/leaky/keys/{leaked}");
    let keyed = admin.with("Idempotency-Key", "revoke-1");
    assert_eq!(delete(&keyed, &path).status, 204);
    assert!(!holds(&text) && holds(&other));
    assert_eq!(delete(&keyed, &path).status, 204, "the same command");
    let _ = delete(&admin, &path).refused(404, "not-found");
    let _ = delete(&admin.with("Idempotency-Key", "revoke-2"), &path).refused(404, "not-found");
}

/// What is taken away, first when it is not there; then it is put there, and taken away twice.
struct Taken<'a> {
    path: String,
    by: &'a Client,
    put: Box<dyn Fn() + 'a>,
}

/// Roles, memberships, disablement, lock, picture and share, the picture before what signs its holder out.
fn all<'a>(server: &'a Server, admin: &'a Client, rita: &'a Client, share: &'a str) -> [Taken<'a>; 6] {
    let posts = move |path: &str, body: &Value| {
        let _ = admin.post(&format!("/v1/accounts/rita/{path}"), body).expect(200);
    };
    let account = |path: &str| format!("/v1/accounts/rita/{path}");
    [
        Taken {
            path: "/v1/me/avatar".to_owned(),
            by: rita,
            put: Box::new(move || {
                let set = rita.request(Method::PUT, "/v1/me/avatar").body(PICTURE).send();
                assert_eq!(set.unwrap().status(), 204);
            }),
        },
        Taken {
            path: format!("{share}/commune-b"),
            by: rita,
            put: Box::new(move || {
                let with = json!({"organizations": ["commune-b"]});
                let _ = admin.post(share, &with).expect(200);
            }),
        },
        Taken {
            path: account("roles/agent:SUP"),
            by: admin,
            put: Box::new(move || posts("roles", &json!({"role": "agent", "desk": "SUP"}))),
        },
        Taken {
            path: account("memberships/commune-b"),
            by: admin,
            put: Box::new(move || posts("memberships", &json!({"organization": "commune-b"}))),
        },
        Taken {
            path: account("lock"),
            by: admin,
            put: Box::new(move || fail(server, "rita")),
        },
        Taken {
            path: account("disablement"),
            by: admin,
            put: Box::new(move || posts("disablement", &json!({"reason": "Un congé"}))),
        },
    ]
}

/// Fault S9: every other DELETE of something that one can name. It was 200 or 204 though nothing was there.
#[test]
fn what_is_not_there_is_404_and_the_same_command_again_is_answered_alike() {
    let server = quick().start();
    let admin = server.client("admin");
    let _ = make(&admin, "rita", &json!([{"role": "requester"}]), &["commune-a"]);
    let rita = sign_in(&server, "rita", PASSWORD);
    let ticket = rita.open(&json!({
        "desk": "SUP", "type": "question", "summary": "Une question", "description": "…"
    }));
    let key = ticket["key"].as_str().unwrap().to_owned();
    let share = format!("/v1/tickets/{key}/share");
    for (number, taken) in all(&server, &admin, &rita, &share).iter().enumerate() {
        let gone = |answer: Answer| {
            let _ = answer.refused(404, "not-found");
        };
        gone(delete(taken.by, &taken.path));
        (taken.put)();
        let keyed = taken.by.with("Idempotency-Key", &format!("take-{number}"));
        let first = delete(&keyed, &taken.path);
        assert!(
            [200, 204].contains(&first.status),
            "{}: {}",
            taken.path,
            first.text()
        );
        let again = delete(&keyed, &taken.path);
        assert_eq!(again.status, first.status, "{} repeated", taken.path);
        gone(delete(taken.by, &taken.path));
    }
}

fn fail(server: &Server, username: &str) {
    let wrong = json!({"username": username, "password": "not it"});
    let _ = server
        .nobody()
        .post("/v1/auth/token", &wrong)
        .refused(401, "wrong-credentials");
}

/// Fault S9, its neighbours: a contract, a second factor, and one's own second factor.
#[test]
fn a_contract_and_a_second_factor_are_there_or_are_not() {
    let server = quick().start();
    let admin = server.client("admin");
    let terms = json!({"reference": "2026-1", "level": "standard", "valid_from": "2020-01-01", "valid_to": "2099-12-31"});
    let signed = admin
        .post("/v1/organizations/commune-a/contracts", &terms)
        .expect(200);
    let contract = signed["contracts"][0]["id"].as_str().unwrap().to_owned();
    for path in [
        format!("/v1/organizations/commune-b/contracts/{contract}"),
        format!("/v1/organizations/commune-a/contracts/{NONE}"),
    ] {
        let _ = delete(&admin, &path).refused(404, "not-found");
    }
    let path = format!("/v1/organizations/commune-a/contracts/{contract}");
    let keyed = admin.with("Idempotency-Key", "withdraw-1");
    let _ = delete(&keyed, &path).expect(200);
    let _ = delete(&keyed, &path).expect(200);
    let _ = delete(&admin, &path).refused(404, "not-found");
    let _ = put(&admin, &path, &terms).refused(404, "not-found");

    let _ = make(&admin, "rita", &json!([{"role": "requester"}]), &["commune-a"]);
    let rita = sign_in(&server, "rita", PASSWORD);
    let of_rita = "/v1/accounts/rita/second-factor";
    let give_up = |code: Option<&str>| {
        let body = json!({"password": PASSWORD, "code": code});
        rita.post("/v1/me/second-factor/removal", &body)
    };
    let _ = delete(&admin, of_rita).refused(404, "not-found");
    let _ = give_up(None).refused(404, "not-found");
    let (_, codes) = enrolled(&rita);
    assert_eq!(give_up(Some(&codes[0])).status, 204);
    let _ = delete(&admin, of_rita).refused(404, "not-found");
}

/// Fault S9, its twins: what is so already is not told as done again.
#[test]
fn a_second_disablement_and_a_second_erasure_are_told_from_the_first() {
    let server = quick().start();
    let admin = server.client("admin");
    let rita = make(&admin, "rita", &json!([{"role": "requester"}]), &["commune-a"]);
    let path = "/v1/accounts/rita/disablement";
    let once = admin.with("Idempotency-Key", "disable-1");
    let reason = |text: &str| json!({"reason": text});
    let _ = once.post(path, &reason("Un congé")).expect(200);
    let _ = admin
        .post(path, &reason("Un vol"))
        .refused(409, "already-disabled");
    let _ = once.post(path, &reason("Un congé")).expect(200);

    let erasure = format!("/v1/persons/{}/erasure", rita["id"].as_str().unwrap());
    let once = admin.with("Idempotency-Key", "erase-1");
    let first = once.post(&erasure, &reason("Demandée")).expect(202);
    let again = once.post(&erasure, &reason("Demandée")).expect(202);
    let other = admin.post(&erasure, &reason("Pour une autre raison")).expect(200);
    for answer in [again, other] {
        assert_eq!(
            (&answer["at"], &answer["position"]),
            (&first["at"], &first["position"])
        );
    }
}
