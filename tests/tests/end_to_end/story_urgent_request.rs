//! Seed 004: a request with its urgency, its equipment and a file; what is missing is named, and it is followed.

use guichet_tests::{
    answer::faults,
    normal::{Normal, assert_expected},
    server::Server,
};
use serde_json::{Value, json};

fn pairs(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    faults.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

#[test]
fn an_urgent_request_names_what_is_missing_and_is_followed_to_its_end() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-2"), server.client("agent"));
    let mut normal = Normal::beginning(&server, &["requester-2", "agent"]);
    let form = requester.get("/v1/desks/SUP/types/incident/schema").expect(200);
    assert_eq!(form["required"], json!(["product"]));

    let empty = requester.post("/v1/tickets", &json!({"desk": "SUP", "type": "incident", "urgency": "extrême"}));
    let missing = pairs(&[("/description", "required"), ("/fields/product", "required"), ("/summary", "required")]);
    assert_eq!(faults(&empty.refused(422, "invalid")), missing);
    let wrong = requester.post(
        "/v1/tickets",
        &json!({
            "desk": "SUP", "type": "incident", "summary": " ", "description": "", "urgency": "extrême",
            "priority": "moyenne", "fields": {"since": "hier", "équipement": "?"},
        }),
    );
    let found = faults(&wrong.refused(422, "invalid"));
    let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let every = ["/description", "/fields/product", "/fields/since", "/fields/équipement", "/priority", "/summary", "/urgency"];
    assert_eq!(pointers, every);

    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "incident", "urgency": "very_high", "notify": false,
        "summary": "Le serveur de fichiers ne répond plus",
        "description": "Compte : henri. Page : https://intranet.example/partage",
        "fields": {"product": "Partage", "equipment": "Serveur principal", "since": "2026-03-02T08:00:00+01:00"},
    }));
    let key = ticket["key"].as_str().unwrap();
    assert_eq!((&ticket["urgency"], &ticket["notify"]), (&json!("very_high"), &json!(false)));
    let content = "Écran d'erreur n° 5\n".repeat(4_000).into_bytes();
    let attached = requester.attach(key, "journal.txt", &content);
    assert_eq!(attached.expect(201)["media_type"], "text/plain");
    assert_eq!(requester.get(attached.header("location")).bytes, content);

    // Those who treat it may put it under another category (seed 004 §2.3.3); the one who asks may not.
    let edited = agent.patch(&format!("/v1/tickets/{key}"), &json!({"type": "question", "priority": "high",
        "assignee": "agent", "fields": {"equipment": null, "since": null}}));
    assert_eq!(edited.header("etag"), format!("\"{}\"", edited.expect(200)["version"]));
    let edited = edited.expect(200);
    assert_eq!((&edited["type"], &edited["assignee"]["username"]), (&json!("question"), &json!("agent")));
    assert_eq!(edited["fields"], json!({"product": "Partage"}));
    let _ = requester.patch(&format!("/v1/tickets/{key}"), &json!({"priority": "critical"})).refused(403, "not-permitted");
    let followed = requester.patch(&format!("/v1/tickets/{key}"), &json!({"notify": true})).expect(200);
    assert_eq!(followed["notify"], true);

    let second = requester.open(&json!({
        "desk": "SUP", "type": "question", "urgency": "very_low", "summary": "Rien ne presse", "description": "Quand ?",
    }));
    let second = second["key"].as_str().unwrap();
    assert_eq!(requester.listed("sort=-urgency"), [key, second]);
    assert_eq!(requester.listed("sort=urgency"), [second, key]);
    assert_eq!(requester.listed("q=SERVEUR"), [key]);
    assert_eq!(requester.listed("assignee=agent"), [key]);
    assert_eq!(requester.listed("assignee=none"), [second]);
    let english = requester.with("accept-language", "en");
    let seen: Value = json!({
        "list": requester.get("/v1/tickets?sort=created_at&fields=product,equipment").expect(200),
        "history": requester.history(key),
        "in_english": english.history(key),
        "feed": server.client("auditor").feed(key),
    });
    assert_expected("urgent_request", &normal.value(&seen));
}
