//! What a client is told that its user may do, so that it shows no button that leads to a refusal.

use guichet_tests::server::Server;
use serde_json::{Value, json};

#[test]
fn a_ticket_names_the_operations_and_the_members_that_are_open_to_its_reader() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let opened = requester.open(&json!({
        "desk": "SUP", "type": "incident", "summary": "Une panne", "description": "Longue.", "fields": {"product": "Agenda"},
    }));
    let key = opened["key"].as_str().unwrap();
    let told = |name: &str| {
        let ticket = server.client(name).ticket(key);
        (ticket["allowed_operations"].clone(), ticket["editable"].clone())
    };
    let own = json!(["summary", "description", "private", "notify"]);
    assert_eq!(
        told("requester-1"),
        (json!(["comment", "attach", "edit", "share"]), own)
    );
    assert_eq!(told("requester-2"), (json!(["comment", "attach"]), json!([])));
    assert_eq!(told("auditor"), (json!([]), json!([])));
    let agent = server.client("agent");
    let (operations, members) = told("agent");
    assert_eq!(
        operations,
        json!(["comment", "comment_internal", "attach", "edit", "assign", "share"])
    );
    assert_eq!(
        members,
        json!([
            "summary",
            "description",
            "private",
            "notify",
            "type",
            "priority",
            "urgency",
            "organization",
            "fields.equipment",
            "fields.location",
            "fields.product",
            "fields.since",
            "fields.steps",
            "assignee",
        ])
    );

    // What is told follows the ticket: a proposal is asked for once it is worked on, and decided by those who ask.
    let follow = |action: &str| agent.follow(key, &json!({"action": action}));
    let _ = follow("take");
    let taken = agent.ticket(key);
    assert!(
        holds(&taken, "request_approval") && !holds(&taken, "unshare"),
        "{taken}"
    );
    let proposal = json!({"proposal": "Remplacer l'agenda."});
    let _ = agent
        .post(&format!("/v1/tickets/{key}/approvals"), &proposal)
        .expect(201);
    assert!(holds(&requester.ticket(key), "decide_approval"));
    assert!(!holds(&agent.ticket(key), "decide_approval"));
    let share = json!({"organizations": ["commune-b"]});
    let _ = agent
        .post(&format!("/v1/tickets/{key}/share"), &share)
        .expect(200);
    assert!(holds(&requester.ticket(key), "unshare"));
}

fn holds(ticket: &Value, operation: &str) -> bool {
    ticket["allowed_operations"]
        .as_array()
        .unwrap()
        .contains(&json!(operation))
}
