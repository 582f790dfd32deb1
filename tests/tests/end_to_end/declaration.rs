//! What an operator declares stays as it was; what comes after is counted once and kept in one spelling.

use guichet_tests::{answer::faults, client::Client, people::quick};
use serde_json::{Value, json};

fn report(detected: &str, kind: &Value) -> Value {
    json!({
        "desk": "SAV", "type": "signalisation", "summary": "s", "description": "Pas de lumière.",
        "fields": {
            "troubleDetectionTime": detected, "serviceProviderID": "123456782", "supplierID": "987654324",
            "troubleTicketType": kind, "offerId": "FTTH", "technicalId": "PTO-1",
            "serviceProviderTroubleTicketKey": "R-1", "defectClassId": "1", "defectDescription": "1",
            "defectPrelocalization": "PTO", "alreadyOperated": true,
        },
    })
}

fn path(ticket: &Value) -> String {
    format!("/v1/tickets/{}", ticket["key"].as_str().unwrap())
}

fn forbidden(pointers: &[&str]) -> Vec<(String, String)> {
    let one = |pointer: &&str| ((*pointer).to_owned(), "forbidden".to_owned());
    pointers.iter().map(one).collect()
}

/// Fault P15: the second block of seed 001 §3.3.2 was rewritten by both sides.
#[test]
fn a_declaration_is_fixed_at_creation() {
    let server = quick().start();
    let (operator, agent) = (server.client("oc-alpha"), server.client("agent"));
    let ticket = operator.open(&report("2026-03-02T08:00:00Z", &json!(1)));
    let frozen = |client: &Client, edit: &Value| {
        faults(
            &client
                .patch(&path(&ticket), edit)
                .refused(409, "declaration-frozen"),
        )
    };
    let head = server.head();
    for client in [&operator, &agent] {
        assert_eq!(
            frozen(client, &json!({"description": "Autre chose."})),
            forbidden(&["/description"])
        );
    }
    for (field, value) in [
        ("troubleDetectionTime", json!("2026-03-02T09:00:00Z")),
        ("serviceProviderName", json!("Anne")),
        ("commercialId", json!("PREST-1")),
        ("defectPrelocalization", json!("PM")),
        ("offerId", Value::Null),
    ] {
        let pointer = format!("/fields/{field}");
        assert_eq!(
            frozen(&agent, &json!({"fields": {field: value}})),
            forbidden(&[&pointer])
        );
    }
    assert_eq!(server.head(), head);
    // The same again, in another spelling, and what is no part of the declaration.
    let again = json!({
        "description": "Pas de lumière.", "summary": "Panne",
        "fields": {"troubleTicketType": 1.0, "troubleDetectionTime": "2026-03-02t08:00:00z", "contactPhoneNumber1": "0102030405"},
    });
    let edited = agent.patch(&path(&ticket), &again).expect(200);
    assert_eq!(
        (&edited["summary"], &edited["fields"]["contactPhoneNumber1"]),
        (&json!("Panne"), &json!("0102030405"))
    );
    let schema = operator
        .get("/v1/desks/SAV/types/signalisation/schema")
        .expect(200);
    assert_eq!(schema["properties"]["offerId"]["x-declared"], true);
    assert_eq!(schema["x-declared"], json!(["description"]));
}

/// Faults B22, B25 and P5: one spelling at creation, in an edit and in the fields of an action.
#[test]
fn values_are_kept_in_one_spelling_by_every_operation() {
    let server = quick().start();
    let (operator, agent, supplier) = (
        server.client("oc-alpha"),
        server.client("agent"),
        server.client("oi"),
    );
    let body = report("2026-03-02t08:00:00z", &json!(1)).to_string();
    let body = body.replace("\"troubleTicketType\":1", "\"troubleTicketType\":1e0");
    assert!(body.contains("1e0"));
    let answer = operator.post_bytes("/v1/tickets", "application/json", body.into_bytes());
    let ticket = answer.expect(201);
    assert_eq!(ticket["fields"]["troubleTicketType"].to_string(), "1");
    assert_eq!(ticket["fields"]["troubleDetectionTime"], "2026-03-02T08:00:00Z");
    let at = |rest: &str| format!("{}{rest}", path(&ticket));
    let appointment = json!({"fields": {
        "appointmentSuggestion1": "2026-05-04t10:00:00.250z", "customerLastName": "Martin", "customerFirstName": "Anne",
        "contactPhoneNumber1": "0102030405",
    }});
    let edited = agent.patch(&at(""), &appointment).expect(200);
    assert_eq!(
        edited["fields"]["appointmentSuggestion1"],
        "2026-05-04T10:00:00.250Z"
    );
    let planned =
        |date: &str| json!({"action": "supplier_update", "fields": {"supplierPlannedActionDate": date}});
    let followed = supplier
        .post(&at("/transitions"), &planned("2026-05-04t10:00:00+02:00"))
        .expect(200);
    assert_eq!(
        followed["fields"]["supplierPlannedActionDate"],
        "2026-05-04T10:00:00+02:00"
    );

    for wrong in [
        "2016-12-31T23:59:60Z",
        "2026-05-04T10:00:00+18:00",
        "2026-05-04T10:00:00-14:01",
        "0000-05-04T10:00:00Z",
    ] {
        let format = |pointer: &str| vec![(pointer.to_owned(), "format".to_owned())];
        let refused = operator
            .post("/v1/tickets", &report(wrong, &json!(1)))
            .refused(422, "invalid");
        assert_eq!(
            faults(&refused),
            format("/fields/troubleDetectionTime"),
            "{wrong}"
        );
        let refused = supplier
            .post(&at("/transitions"), &planned(wrong))
            .refused(422, "invalid");
        assert_eq!(
            faults(&refused),
            format("/fields/supplierPlannedActionDate"),
            "{wrong}"
        );
        let edit = json!({"fields": {"appointmentSuggestion1": wrong}});
        let refused = agent.patch(&at(""), &edit).refused(422, "invalid");
        assert_eq!(
            faults(&refused),
            format("/fields/appointmentSuggestion1"),
            "{wrong}"
        );
    }
}

/// Faults P14 and U18: one change is one update, and who assigns a new ticket begins it.
#[test]
fn one_change_is_one_update_and_an_assignment_begins_a_ticket() {
    let server = quick().start();
    let (operator, agent) = (server.client("oc-alpha"), server.client("agent"));
    let ticket = operator.open(&report("2026-03-02T08:00:00Z", &json!(1)));
    let edit = json!({"summary": "Autre", "priority": "high", "assignee": "oi", "private": true});
    let edited = agent.patch(&path(&ticket), &edit).expect(200);
    assert_eq!(
        (
            &edited["version"],
            &edited["supplier_updates"],
            &edited["status"]["id"]
        ),
        (&json!(4), &json!(1), &json!("open_active"))
    );
    let requester = server.client("requester-1");
    let question =
        json!({"desk": "SUP", "type": "question", "summary": "s", "description": "d", "private": true});
    let question = requester.open(&question);
    let taken = agent
        .patch(&path(&question), &json!({"assignee": "agent"}))
        .expect(200);
    assert_eq!(taken["status"]["id"], "in_progress");
    let shared = requester.post(
        &format!("{}/share", path(&question)),
        &json!({"organizations": ["commune-a"]}),
    );
    assert_eq!(shared.status, 200, "{}", shared.text());
    let shown = requester.get(&path(&question)).expect(200);
    assert_eq!(
        (&shown["private"], &shown["shared_with"][0]["id"]),
        (&json!(false), &json!("commune-a"))
    );
    let history = requester.get(&format!("{}/history", path(&question))).expect(200);
    let texts: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["text"].as_str().unwrap())
        .collect();
    let name = shown["shared_with"][0]["name"].as_str().unwrap();
    assert!(
        texts
            .iter()
            .any(|text| text.ends_with(&format!("a partagé la demande avec {name}"))),
        "{texts:?}"
    );
    assert!(
        texts
            .iter()
            .any(|text| text.contains("a pris la demande en charge")),
        "{texts:?}"
    );
    assert!(
        texts.iter().any(|text| text.contains("En progression")),
        "{texts:?}"
    );
}
