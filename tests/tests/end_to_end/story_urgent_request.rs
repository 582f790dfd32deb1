//! Seed 004: a request with its urgency, its equipment and a file; what is missing is named, and it is followed.

use guichet_tests::{
    answer::faults,
    client::Client,
    normal::{Normal, assert_expected},
    server::Server,
};
use serde_json::json;

#[test]
fn an_urgent_request_names_what_is_missing_and_is_followed_to_its_end() {
    let server = Server::start();
    let requester = server.client("requester-2");
    let mut normal = Normal::beginning(&server, &["requester-2", "agent"]);
    let head = server.head();
    refused_with_every_fault(&requester);
    assert_eq!(server.head(), head, "what was refused wrote something");
    let key = opened_with_a_file(&requester);
    put_under_another_category(&requester, &server.client("agent"), &key);
    found_by_urgency(&requester, &key);
    let english = requester.with("accept-language", "en");
    let seen = json!({
        "list": requester.get("/v1/tickets?sort=created_at&fields=product,equipment").expect(200),
        "history": requester.history(&key),
        "in_english": english.history(&key),
        "feed": server.client("auditor").feed(&key),
    });
    assert_expected("urgent_request", &normal.value(&seen));
}

/// Seed 004 §2.5: the message says which information is missing.
fn refused_with_every_fault(requester: &Client) {
    let form = requester.get("/v1/desks/SUP/types/incident/schema").expect(200);
    assert_eq!(form["required"], json!(["product"]));
    let empty = json!({"desk": "SUP", "type": "incident", "urgency": "extrême"});
    let missing = [
        ("/description", "required"),
        ("/fields/product", "required"),
        ("/summary", "required"),
        ("/urgency", "value"),
    ];
    let found = faults(&requester.post("/v1/tickets", &empty).refused(422, "invalid"));
    assert_eq!(
        found,
        missing.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
    );

    let wrong = json!({
        "desk": "SUP", "type": "incident", "summary": " ", "description": "", "urgency": "extrême",
        "priority": "moyenne", "fields": {"since": "hier", "équipement": "?"},
    });
    let found = faults(&requester.post("/v1/tickets", &wrong).refused(422, "invalid"));
    let found: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let of_form = ["/fields/product", "/fields/since", "/fields/équipement"];
    assert_eq!(
        found,
        [
            &["/description"][..],
            &of_form,
            &["/priority", "/summary", "/urgency"]
        ]
        .concat()
    );
}

fn opened_with_a_file(requester: &Client) -> String {
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "incident", "urgency": "very_high", "notify": false,
        "summary": "Le serveur de fichiers ne répond plus",
        "description": "Compte : henri. Page : https://intranet.example/partage",
        "fields": {"product": "Partage", "equipment": "Serveur principal", "since": "2026-03-02T08:00:00+01:00"},
    }));
    let key = ticket["key"].as_str().unwrap();
    assert_eq!(
        (&ticket["urgency"], &ticket["notify"]),
        (&json!("very_high"), &json!(false))
    );
    let content = "Écran d'erreur n° 5\n".repeat(4_000).into_bytes();
    let attached = requester.attach(key, "journal.txt", &content);
    assert_eq!(attached.expect(201)["media_type"], "text/plain");
    assert_eq!(requester.get(attached.header("location")).bytes, content);
    key.to_owned()
}

/// Those who treat it may change the category (seed 004 §2.3.3); the one who asks follows it or not.
fn put_under_another_category(requester: &Client, agent: &Client, key: &str) {
    let path = format!("/v1/tickets/{key}");
    let fields = json!({"equipment": null, "since": null});
    let edit = json!({"type": "question", "priority": "high", "assignee": "agent", "fields": fields});
    let answer = agent.patch(&path, &edit);
    let edited = answer.expect(200);
    assert_eq!(answer.header("etag"), format!("\"{}\"", edited["version"]));
    assert_eq!(
        (&edited["type"], &edited["assignee"]["username"]),
        (&json!("question"), &json!("agent"))
    );
    assert_eq!(edited["fields"], json!({"product": "Partage"}));
    let _ = requester
        .patch(&path, &json!({"priority": "critical"}))
        .refused(403, "not-permitted");
    assert_eq!(
        requester.patch(&path, &json!({"notify": true})).expect(200)["notify"],
        true
    );
}

fn found_by_urgency(requester: &Client, key: &str) {
    let calm = json!({
        "desk": "SUP", "type": "question", "urgency": "very_low", "summary": "Rien ne presse", "description": "Quand ?",
    });
    let calm = requester.open(&calm)["key"].as_str().unwrap().to_owned();
    assert_eq!(requester.listed("sort=-urgency"), [key, &calm]);
    assert_eq!(requester.listed("sort=urgency"), [&calm, key]);
    assert_eq!(requester.listed("q=SERVEUR"), [key]);
    assert_eq!(requester.listed("assignee=agent"), [key]);
    assert_eq!(requester.listed("assignee=none"), [calm]);
}
