//! Acting for somebody else on a ticket, and who has part in one (complaint C17; seed 002, F100).

use guichet_tests::{answer::faults, home::Home};
use serde_json::{Value, json};

const FOR: &str = "Guichet-On-Behalf-Of";

fn question() -> Value {
    json!({"desk": "SUP", "type": "question", "summary": "Imprimante", "description": "Elle n'imprime plus."})
}

#[test]
fn what_an_agent_does_for_a_requester_names_both_in_the_answer_the_history_and_the_log() {
    let server = Home::new().start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = requester.open(&question())["key"].as_str().unwrap().to_owned();
    let comments = format!("/v1/tickets/{key}/comments");
    let told = json!({"body": "Elle dit que le voyant clignote.", "visibility": "public"});
    let for_requester = agent.with(FOR, "requester-1");
    let comment = for_requester.post(&comments, &told).expect(201);
    let both = |answer: &Value| json!([answer["by"]["username"], answer["on_behalf_of"]["username"]]);
    assert_eq!(both(&comment), json!(["agent", "requester-1"]));
    let listed = requester.get(&comments).expect(200);
    assert_eq!(both(&listed["items"][0]), json!(["agent", "requester-1"]));
    let history = requester.history(&key);
    assert_eq!(both(&history["items"][1]), json!(["agent", "requester-1"]));
    let text = history["items"][1]["text"].as_str().unwrap();
    assert!(
        text.contains("Agent de support") && text.contains("Requérante 1"),
        "{text}"
    );
    let event = &server.client("auditor").feed(&key)[1]["event"];
    let id = |client: &str| server.client(client).get("/v1/me").expect(200)["account"]["id"].clone();
    assert_eq!(
        (&event["by"], &event["on_behalf_of"]),
        (&id("agent"), &id("requester-1"))
    );

    // Under one key, for somebody and for oneself are two requests.
    let keyed =
        |client: &guichet_tests::client::Client| client.with("Idempotency-Key", "k").post(&comments, &told);
    let first = keyed(&for_requester).expect(201);
    assert_eq!(keyed(&for_requester).expect(201)["id"], first["id"]);
    let _ = keyed(&agent).refused(422, "idempotency-key-reused");
}

#[test]
fn nobody_acts_for_whom_the_ticket_is_hidden_from_nor_without_treating_it() {
    let server = Home::new().start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = requester.open(&question())["key"].as_str().unwrap().to_owned();
    let comments = format!("/v1/tickets/{key}/comments");
    let told = json!({"body": "Au nom d'un autre."});
    let by =
        |client: &guichet_tests::client::Client, other: &str| client.with(FOR, other).post(&comments, &told);
    let _ = by(&agent, "requester-3").refused(403, "not-permitted");
    let _ = by(&requester, "requester-2").refused(403, "not-permitted");
    for hidden in ["nobody-of-that-name", "agent"] {
        let problem = by(&requester, hidden).refused(422, "invalid");
        let at = ("guichet-on-behalf-of".to_owned(), "value".to_owned());
        assert_eq!(faults(&problem), [at], "{hidden}");
    }
    let admin = server.client("admin").with(FOR, "requester-1");
    let _ = admin
        .patch("/v1/accounts/requester-1", &json!({"phone": "0102030405"}))
        .refused(403, "not-permitted");
    let unchanged = requester.ticket(&key);
    assert_eq!(unchanged["event_count"], 1);
    assert_eq!(
        requester.get("/v1/me").expect(200)["profile"]["phone"],
        Value::Null
    );
}

#[test]
fn the_share_list_names_persons_and_organizations_with_their_parts() {
    let server = Home::new().start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let body = json!({
        "desk": "SUP", "type": "question", "summary": "Imprimante", "description": "Elle n'imprime plus.",
        "on_behalf_of": "requester-1", "share_with": ["commune-b"],
    });
    let key = agent.open(&body)["key"].as_str().unwrap().to_owned();
    let _ = agent
        .patch(&format!("/v1/tickets/{key}"), &json!({"assignee": "agent"}))
        .expect(200);
    let shares = requester.get(&format!("/v1/tickets/{key}/share")).expect(200);
    let seen: Vec<Value> = shares["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["kind"], item["name"], item["parts"]]))
        .collect();
    assert_eq!(
        seen,
        [
            json!(["person", "Requérante 1", ["requester"]]),
            json!(["person", "Agent de support", ["creator", "assignee"]]),
            json!(["organization", "Commune A", ["organization"]]),
            json!(["organization", "Commune B", ["shared"]]),
        ]
    );
    let _ = server
        .client("teacher")
        .get(&format!("/v1/tickets/{key}/share"))
        .refused(404, "not-found");
}
