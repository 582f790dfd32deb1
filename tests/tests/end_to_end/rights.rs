//! What a client is told that its user may do, so that it shows no button that leads to a refusal.

use chrono::{Days, Utc};
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

/// An API key that opens no commands is told of none.
#[test]
fn a_key_that_only_reads_is_told_that_nothing_is_open_to_it() {
    let server = Server::start();
    let key = server.client("requester-1").open(&json!({
        "desk": "SUP", "type": "question", "summary": "Une panne", "description": "Longue.",
    }))["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let admin = server.client("admin");
    let program = json!({"kind": "service", "username": "robot", "name": "Robot", "roles": [{"role": "agent", "desk": "SUP"}]});
    let _ = admin.post("/v1/accounts", &program).expect(201);
    let told = |scopes: Value| {
        let asked = json!({"label": "Essai", "scopes": scopes, "expires_at": in_a_month()});
        let made = admin.post("/v1/accounts/robot/keys", &asked).expect(201);
        let ticket = server
            .nobody()
            .with_token(made["key"].as_str().unwrap())
            .ticket(&key);
        ["allowed_actions", "allowed_operations", "editable"]
            .map(|list| ticket[list].as_array().unwrap().len())
    };
    assert_eq!(told(json!(["read"])), [0, 0, 0]);
    let told = told(json!(["read", "write"]));
    assert!(told.iter().all(|count| *count > 0), "{told:?}");
}

fn in_a_month() -> String {
    let day = Utc::now().checked_add_days(Days::new(30)).unwrap();
    day.format("%Y-%m-%dT00:00:00Z").to_string()
}
