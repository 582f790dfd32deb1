//! The same command sent again is the same command: one event, one answer, after a restart as well.

use std::thread;

use guichet_tests::server::Server;
use serde_json::{Value, json};

const TICKETS: &str = "/v1/tickets";

fn question(summary: &str) -> Value {
    json!({"desk": "SUP", "type": "question", "summary": summary, "description": "Comment faire ?"})
}

#[test]
fn the_same_key_and_body_is_one_ticket_and_the_same_answer_even_after_a_restart() {
    let server = Server::start();
    let requester = server.client("requester-1").with("idempotency-key", "one");
    let first = requester.post(TICKETS, &question("Une fois"));
    let again = requester.post(TICKETS, &question("Une fois"));
    assert_eq!(
        (first.expect(201), first.bytes.clone()),
        (again.expect(201), again.bytes)
    );
    // What happens to the ticket afterwards does not change what the command answered.
    let _ = server.client("agent").follow("SUP-1", &json!({"action": "take"}));
    let head = server.head();

    let server = server.restart();
    let requester = server.client("requester-1").with("idempotency-key", "one");
    let later = requester.post(TICKETS, &question("Une fois"));
    assert_eq!((later.status, later.header("etag")), (201, "\"1\""));
    let (mut first, mut later) = (first.json(), later.json());
    assert_eq!(later["key"], "SUP-1");
    // Labels and actions are of today, everything else is as it was.
    first["allowed_actions"].take();
    later["allowed_actions"].take();
    assert_eq!(first, later);
    // The same members in another order and spacing are the same body.
    let spaced =
        r#"{ "type":"question","description":"Comment faire ?",  "desk":"SUP","summary":"Une fois" }"#;
    assert_eq!(
        requester
            .post_bytes(TICKETS, "application/json", spaced.as_bytes().to_vec())
            .json()["key"],
        "SUP-1"
    );
    let other = requester.post(TICKETS, &question("Une autre fois"));
    let _ = other.refused(422, "idempotency-key-reused");
    let elsewhere = requester.post("/v1/tickets/SUP-1/comments", &json!({"body": "Bonjour"}));
    let _ = elsewhere.refused(422, "idempotency-key-reused");
    assert_eq!(
        (
            server.head(),
            requester.get(TICKETS).expect(200)["total"].as_u64()
        ),
        (head, Some(1))
    );
    // The key is the caller's own: somebody else's is another command.
    let colleague = server.client("requester-2").with("idempotency-key", "one");
    assert_eq!(colleague.open(&question("Une fois"))["key"], "SUP-2");
}

#[test]
fn a_refusal_takes_no_key() {
    let server = Server::start();
    let requester = server.client("requester-1").with("idempotency-key", "again");
    let _ = requester
        .post(TICKETS, &json!({"desk": "SUP"}))
        .refused(422, "invalid");
    assert_eq!(requester.open(&question("Complète"))["key"], "SUP-1");
}

#[test]
fn every_command_on_a_ticket_is_done_once_under_its_key() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = requester.open(&question("À traiter"))["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = |rest: &str| format!("{TICKETS}/{key}/{rest}");
    let twice = |name: &str, rest: &str, body: Value, status: u16| {
        let client = agent.with("idempotency-key", name);
        let first = client.post(&path(rest), &body).expect(status);
        let head = server.head();
        assert_eq!(client.post(&path(rest), &body).expect(status), first, "{name}");
        assert_eq!(server.head(), head, "{name} was done twice");
    };
    twice("a", "transitions", json!({"action": "take"}), 200);
    twice(
        "b",
        "comments",
        json!({"body": "Bonjour", "visibility": "internal"}),
        201,
    );
    twice("c", "approvals", json!({"proposal": "Réparer ?"}), 201);
    twice("d", "share", json!({"organizations": ["commune-b"]}), 200);
    twice(
        "e",
        "transitions",
        json!({"action": "close", "comment": "Au revoir"}),
        200,
    );
    twice("f", "reopen", json!({"reason": "Encore"}), 200);
    let attach = |content: &[u8]| agent.with("idempotency-key", "g").attach(&key, "a.txt", content);
    let first = attach(b"abc").expect(201);
    let head = server.head();
    assert_eq!(attach(b"abc").expect(201)["id"], first["id"]);
    let _ = attach(b"abd").refused(422, "idempotency-key-reused");
    assert_eq!(server.head(), head);
}

#[test]
fn a_note_is_not_told_again_to_who_may_not_read_notes_any_more() {
    let server = Server::start();
    let mut asked = question("Pour le référent");
    asked["organization"] = json!("lycee-a");
    let key = server.client("teacher").open(&asked)["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let comments = format!("{TICKETS}/{key}/comments");
    let referent = server.client("referent").with("idempotency-key", "note");
    let note = json!({"body": "Entre nous", "visibility": "internal"});
    let first = referent.post(&comments, &note).expect(201);
    // In this profile they may read the ticket, and no notes.
    let as_requester = referent.with("guichet-profile", "requester");
    assert_eq!(
        as_requester.get(&format!("{TICKETS}/{key}")).expect(200)["key"],
        key.as_str()
    );
    let _ = as_requester.post(&comments, &note).refused(404, "not-found");
    assert_eq!(referent.post(&comments, &note).expect(201), first);
}

#[test]
fn two_who_take_the_same_ticket_at_once_are_told_apart_and_keys_have_no_gap() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let key = requester.open(&question("Pour l'un des deux"))["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let version = "\"1\"";
    let statuses = thread::scope(|scope| {
        let take = |account: &'static str| {
            let client = server.client(account).with("if-match", version);
            let path = format!("{TICKETS}/{key}/transitions");
            scope.spawn(move || client.post(&path, &json!({"action": "take"})).status)
        };
        let (one, other) = (take("agent"), take("admin"));
        let mut statuses = [one.join().unwrap(), other.join().unwrap()];
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [200, 412]);
    assert_eq!(server.client("agent").ticket(&key)["version"], 3);

    let mut keys: Vec<String> = thread::scope(|scope| {
        let open = |writer: usize| {
            let client = requester.clone();
            scope.spawn(move || {
                let open = |n: usize| {
                    client.open(&question(&format!("{writer}.{n}")))["key"]
                        .as_str()
                        .unwrap()
                        .to_owned()
                };
                (0..10).map(open).collect::<Vec<_>>()
            })
        };
        let writers: Vec<_> = (0..4).map(open).collect();
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect()
    });
    keys.sort_by_key(|key| key.trim_start_matches("SUP-").parse::<u64>().unwrap());
    let expected: Vec<String> = (2..42).map(|number| format!("SUP-{number}")).collect();
    assert_eq!(keys, expected);
}
