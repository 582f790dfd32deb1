//! Sharing taken back: who was shared with finds and reads nothing more of the ticket, and the record says what was.

use std::fs;

use guichet_tests::{
    answer::Answer,
    client::Client,
    people::{delete, quick},
    server::Server,
};
use serde_json::{Value, json};

fn open(by: &Client, more: &Value) -> String {
    let mut ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Secretissime", "description": "…"});
    ticket
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    by.open(&ticket)["key"].as_str().unwrap().to_owned()
}

fn finds(server: &Server, client: &Client, query: &str) -> bool {
    let page = client.get(&format!(
        "/v1/tickets?q=secretissime&at_least={}{query}",
        server.head()
    ));
    let page = page.expect(200);
    let found = page["items"].as_array().unwrap().len();
    assert_eq!(page["total"], json!(found));
    found == 1
}

fn shared_with(answer: &Value) -> Vec<String> {
    let list = answer["shared_with"].as_array().unwrap().iter();
    list.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// Every way to read a ticket now and then, its file, and a word of one's own: the different statuses.
fn answered(client: &Client, key: &str, file: &str, then: u64) -> Vec<u16> {
    let path = |rest: &str| format!("/v1/tickets/{key}{rest}");
    let mut paths = ["", "/comments", "/attachments", "/history", "/blame", "/share"]
        .map(path)
        .to_vec();
    paths.extend([file.to_owned(), path(&format!("?as_of={then}"))]);
    let mut answers: Vec<u16> = paths.iter().map(|path| client.get(path).status).collect();
    let comment = json!({"body": "Et alors ?", "visibility": "public"});
    answers.push(client.post(&path("/comments"), &comment).status);
    answers.dedup();
    answers
}

/// Fault S15: sharing could not be taken back.
#[test]
fn sight_ends_with_the_sharing_in_every_place() {
    let server = quick().start();
    let (requester, agent, other) = (
        server.client("requester-1"),
        server.client("agent"),
        server.client("requester-3"),
    );
    let key = open(&requester, &json!({}));
    let path = |rest: &str| format!("/v1/tickets/{key}{rest}");
    let file = requester
        .attach(&key, "plan.txt", b"au fond du couloir")
        .expect(201);
    let file = path(&format!("/attachments/{}", file["id"].as_str().unwrap()));
    let shared = agent
        .post(
            &path("/share"),
            &json!({"organizations": ["commune-b", "lycee-a"]}),
        )
        .expect(200);
    assert_eq!(shared_with(&shared), ["commune-b", "lycee-a"]);
    let then = shared["position"].as_u64().unwrap();
    let past = format!("&as_of={then}");
    let reads = || answered(&other, &key, &file, then);
    assert_eq!(reads(), [200, 201]);
    assert!(finds(&server, &other, "") && finds(&server, &other, &past));

    // The requester takes back what an agent has shared; who it is shared with may not.
    let _ = delete(&other, &path("/share/commune-b")).refused(403, "not-permitted");
    let etag = format!("\"{}\"", requester.ticket(&key)["version"]);
    let stale = requester.with("If-Match", "\"1\"");
    let _ = delete(&stale, &path("/share/commune-b")).refused(412, "stale-version");
    let left = delete(&requester.with("If-Match", &etag), &path("/share/commune-b")).expect(200);
    assert_eq!(shared_with(&left), ["lycee-a"]);
    assert_eq!(reads(), [404]);
    assert!(
        !finds(&server, &other, "") && !finds(&server, &other, &past),
        "the past is read by today's rights"
    );
    assert!(finds(&server, &server.client("teacher"), ""), "the other stays");
    assert_eq!(
        shared_with(&requester.get(&path(&format!("?as_of={then}"))).expect(200)),
        ["commune-b", "lycee-a"]
    );
    let listed = requester.get(&path("/share")).expect(200);
    let names: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert!(!names.contains(&&json!("commune-b")), "{listed}");

    let head = server.head();
    for gone in ["commune-b", "commune-a", "no-such-place", "%20"] {
        let _ = delete(&agent, &path(&format!("/share/{gone}"))).refused(404, "not-found");
    }
    assert_eq!(server.head(), head, "nothing was written");
    // Shared again, it is read again.
    let _ = agent
        .post(&path("/share"), &json!({"organizations": ["commune-b"]}))
        .expect(200);
    assert_eq!(reads(), [200, 201]);
    assert!(finds(&server, &other, "") && finds(&server, &other, &past));
}

/// Fault S15: the record tells who took it back, and an auditor reads it; a view built anew says the same.
#[test]
fn the_record_tells_who_took_it_back_and_a_view_built_anew_agrees() {
    let server = quick().start();
    let (requester, auditor) = (server.client("requester-1"), server.client("auditor"));
    let key = open(&requester, &json!({"private": true}));
    let path = |rest: &str| format!("/v1/tickets/{key}{rest}");
    let _ = server
        .client("agent")
        .post(&path("/share"), &json!({"organizations": ["commune-b"]}))
        .expect(200);
    let keyed = requester.with("Idempotency-Key", "unshare-1");
    let first = delete(&keyed, &path("/share/commune-b")).expect(200);
    let again = delete(&keyed, &path("/share/commune-b")).expect(200);
    assert_eq!(first["version"], again["version"]);
    let feed = auditor.feed(&key);
    let last = feed.as_array().unwrap().last().unwrap();
    assert_eq!(last["event"]["type"], "ticket-unshared.v1");
    assert_eq!(
        last["event"]["data"],
        json!({"side": "requester", "organizations": ["commune-b"]})
    );
    for (language, words) in [
        ("fr", "ne partage plus la demande avec"),
        ("en", "no longer shares the request with"),
    ] {
        let told = requester
            .with("Accept-Language", language)
            .get(&path("/history"))
            .expect(200);
        let told: Vec<String> = told["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["text"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert!(
            told.iter().any(|sentence| sentence.contains(words)),
            "{language}: {told:?}"
        );
    }
    let blame = requester.get(&path("/blame")).expect(200);
    assert!(blame.to_string().contains("shared_with"), "{blame}");
    let other = server.client("requester-3");
    assert!(!finds(&server, &other, ""));
    let home = server.stop();
    fs::remove_dir_all(home.data().join("views")).unwrap();
    let server = home.start();
    let other = server.client("requester-3");
    assert!(!finds(&server, &other, ""));
    assert!(finds(&server, &server.client("requester-1"), ""));
    let gone: Answer = other.get(&path(""));
    let _ = gone.refused(404, "not-found");
}
