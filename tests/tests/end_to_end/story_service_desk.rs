//! Seed 002: a question to the service desk of iMio, from its opening to its reopening.

use guichet_tests::{
    client::Client,
    normal::{Normal, assert_expected},
    server::Server,
};
use serde_json::{Value, json};

/// What the two sides of a ticket may do now.
#[track_caller]
fn assert_actions(requester: &Client, agent: &Client, key: &str, theirs: &[&str], ours: &[&str]) {
    assert_eq!(requester.actions(key), theirs, "the requester");
    assert_eq!(agent.actions(key), ours, "the agent");
}

/// A PNG of one pixel: enough for its type to be told from its content.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

/// Everything that can be done to a new ticket by its agents.
const OF_AGENT_WHEN_OPEN: [&str; 6] = [
    "take",
    "select",
    "transfer_to_development",
    "wait_for_customer",
    "resolve",
    "close",
];
const OF_AGENT_IN_PROGRESS: [&str; 4] = ["transfer_to_development", "wait_for_customer", "resolve", "close"];

#[test]
fn a_question_is_asked_answered_approved_delivered_closed_and_asked_again() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let mut normal = Normal::beginning(&server, &["requester-1", "requester-2", "agent", "auditor"]);
    let key = asked(&requester, &mut normal);
    assert_actions(&requester, &agent, &key, &[], &OF_AGENT_WHEN_OPEN);
    discussed(&server, &key);
    attached(&requester, &agent, &key);
    worked_on(&requester, &agent, &key);
    approved(&requester, &agent, &key);
    ended_and_reopened(&requester, &agent, &key);

    for (account, name) in [("requester-1", "requester"), ("agent", "agent")] {
        let client = server.client(account);
        let seen = json!({
            "ticket": client.ticket(&key),
            "comments": client.get(&format!("/v1/tickets/{key}/comments")).expect(200),
            "approvals": client.get(&format!("/v1/tickets/{key}/approvals")).expect(200),
            "attachments": client.get(&format!("/v1/tickets/{key}/attachments")).expect(200),
            "history": client.history(&key),
            "list": client.get("/v1/tickets").expect(200),
        });
        assert_expected(&format!("service_desk_{name}"), &normal.value(&seen));
    }
    let feed = server.client("auditor").feed(&key);
    assert_expected("service_desk_feed", &normal.value(&feed));
}

fn asked(requester: &Client, normal: &mut Normal) -> String {
    let answer = requester.post(
        "/v1/tickets",
        &json!({
            "desk": "SUP", "type": "question",
            "summary": "L'imprimante de l'accueil n'imprime plus",
            "description": "Depuis lundi, elle affiche « bourrage » sans bourrage.",
            "fields": {"product": "Impression"},
        }),
    );
    let ticket = answer.expect(201);
    let key = ticket["key"].as_str().unwrap().to_owned();
    assert_eq!(
        (answer.header("location"), answer.header("etag")),
        ("/v1/tickets/SUP-1", "\"1\"")
    );
    assert_eq!(requester.ticket(&key), ticket);
    let read = requester.get("/v1/tickets/sup-1");
    assert!(
        read.header("etag").starts_with("W/\"1."),
        "{}",
        read.header("etag")
    );
    assert_eq!(
        normal.value(&ticket),
        json!({
            "key": "SUP-1", "desk": "SUP", "type": "question",
            "summary": "L'imprimante de l'accueil n'imprime plus",
            "description": "Depuis lundi, elle affiche « bourrage » sans bourrage.",
            "status": {"id": "open", "label": "Ouvert", "category": "new", "response_required": false},
            "priority": "normal", "urgency": "medium",
            "requester": {"id": "<requester-1>", "username": "requester-1", "name": "Requérante 1"},
            "created_by": {"id": "<requester-1>", "username": "requester-1", "name": "Requérante 1"},
            "assignee": null,
            "organization": {"id": "commune-a", "name": "Commune A"},
            "private": false, "shared_with": [], "notify": true,
            "fields": {"product": "Impression"},
            "created_at": "<time>", "updated_at": "<time>", "closed_at": null,
            "version": 1, "event_count": 1, "supplier_updates": 0, "position": 1,
            "last_message": null, "last_supplier_message": null, "allowed_actions": [],
            "allowed_operations": ["comment", "attach", "edit", "share"],
            "editable": ["summary", "description", "private", "notify"],
        })
    );
    key
}

/// Both sides write, a colleague reads, a stranger does not, and the note of the agents stays among them.
fn discussed(server: &Server, key: &str) {
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let by_requester = requester.comment(key, "Elle a fonctionné ce matin.", "public");
    let by_agent = agent.comment(key, "Pouvez-vous l'éteindre ?", "public");
    assert_eq!(
        (&by_requester["side"], &by_agent["side"]),
        (&json!("requester"), &json!("agent"))
    );
    let note = agent.comment(key, "Garantie échue, ne pas le dire encore.", "internal");
    assert_eq!(note["visibility"], "internal");

    let refused = json!({"body": "Une note", "visibility": "internal"});
    let refused = requester.post(&format!("/v1/tickets/{key}/comments"), &refused);
    let _ = refused.refused(403, "not-permitted");

    let colleague = server.client("requester-2");
    for reader in [&requester, &colleague] {
        let ticket = reader.ticket(key);
        assert_eq!(
            (&ticket["event_count"], &ticket["version"]),
            (&json!(3), &json!(4))
        );
        for path in ["comments", "history"] {
            let text = reader.get(&format!("/v1/tickets/{key}/{path}")).text();
            assert!(
                !text.contains("Garantie") && !text.contains("note interne"),
                "{text}"
            );
        }
        assert_eq!(
            reader.get("/v1/tickets").expect(200)["items"][0]["event_count"],
            3
        );
        assert_eq!(reader.listed("q=garantie"), Vec::<String>::new());
    }
    assert_eq!(agent.ticket(key)["event_count"], 4);
    assert_eq!(agent.listed("q=garantie"), [key]);
    let comments = agent.get(&format!("/v1/tickets/{key}/comments")).expect(200);
    let bodies: Vec<&Value> = comments["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|comment| &comment["body"])
        .collect();
    assert_eq!(
        bodies,
        [
            "Elle a fonctionné ce matin.",
            "Pouvez-vous l'éteindre ?",
            "Garantie échue, ne pas le dire encore."
        ]
    );
    let stranger = server.client("requester-3");
    for path in ["", "/comments", "/history", "/attachments", "/approvals"] {
        let _ = stranger
            .get(&format!("/v1/tickets/{key}{path}"))
            .refused(404, "not-found");
    }
    assert_eq!(stranger.get("/v1/tickets").expect(200)["total"], 0);
    let _ = requester.get("/v1/events").refused(404, "not-found");
}

/// A file comes back as it went, whatever its name, and is offered for saving only.
fn attached(requester: &Client, agent: &Client, key: &str) {
    let answer = requester.attach(key, "photos\\capture d'écran.png", PICTURE);
    let attachment = answer.expect(201);
    assert_eq!(attachment["name"], "capture d'écran.png");
    assert_eq!(
        (&attachment["size"], &attachment["media_type"]),
        (&json!(PICTURE.len()), &json!("image/png"))
    );
    let location = answer.header("location").to_owned();
    for reader in [requester, agent] {
        let file = reader.get(&location);
        assert_eq!((file.status, file.bytes.as_slice()), (200, PICTURE));
        assert_eq!(file.header("content-type"), "image/png");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename=\"capture d'_cran.png\"; filename*=UTF-8''capture%20d%27%C3%A9cran.png"
        );
    }
    // A page with a script is a file like any other, and nothing that a browser would run.
    let page = agent.attach(key, "page.html", b"<html><script>alert(1)</script></html>");
    let _ = page.expect(201);
    let page = requester.get(page.header("location"));
    assert!(page.header("content-disposition").starts_with("attachment;"));
    assert!(page.header("content-security-policy").contains("sandbox"));
}

fn worked_on(requester: &Client, agent: &Client, key: &str) {
    let taken = agent.follow(key, &json!({"action": "take"}));
    assert_eq!(
        (&taken["status"]["id"], &taken["assignee"]["username"]),
        (&json!("in_progress"), &json!("agent"))
    );
    assert_actions(requester, agent, key, &[], &OF_AGENT_IN_PROGRESS);

    let transitions = format!("/v1/tickets/{key}/transitions");
    let silent = agent
        .post(&transitions, &json!({"action": "wait_for_customer"}))
        .refused(422, "invalid");
    assert_eq!(silent["errors"][0]["pointer"], "/comment");
    let waiting = agent.follow(
        key,
        &json!({"action": "wait_for_customer", "comment": "Quel est son modèle ?"}),
    );
    assert_eq!(waiting["status"]["response_required"], true);
    assert_actions(
        requester,
        agent,
        key,
        &["customer_answered"],
        &["customer_answered", "resolve", "close"],
    );
    // The agent's write is none of the requester's own.
    let seen = format!("response_required=true&at_least={}", waiting["position"]);
    assert_eq!(requester.listed(&seen), [key]);

    let answered = requester.follow(
        key,
        &json!({"action": "customer_answered", "comment": "Une Copieuse 3000."}),
    );
    assert_eq!(answered["status"]["id"], "in_progress");
    assert_actions(requester, agent, key, &[], &OF_AGENT_IN_PROGRESS);
}

/// A proposal is refused, a new one accepted; what was decided stays decided.
fn approved(requester: &Client, agent: &Client, key: &str) {
    let approvals = format!("/v1/tickets/{key}/approvals");
    let propose = |proposal: &str| {
        let approval = agent
            .post(&approvals, &json!({"proposal": proposal, "comment": "Voici."}))
            .expect(201);
        assert_eq!(approval["status"], "pending");
        approval["id"].as_str().unwrap().to_owned()
    };
    let decide = |id: &str, decision: &str| {
        let decision = json!({"decision": decision, "comment": format!("C'est dit : {decision}.")});
        requester.post(&format!("{approvals}/{id}/decision"), &decision)
    };
    let first = propose("Réparer l'imprimante pour 300 €.");
    assert_actions(requester, agent, key, &["accept", "refuse"], &["resume", "close"]);
    assert_eq!(
        decide(&first, "refuse").expect(200)["status"]["id"],
        "in_progress"
    );
    let second = propose("La remplacer pour 200 €.");
    let again = agent.post(
        &format!("{approvals}/{second}/decision"),
        &json!({"decision": "accept"}),
    );
    let _ = again.refused(403, "not-permitted");
    assert_eq!(
        decide(&second, "accept").expect(200)["status"]["id"],
        "to_deliver"
    );
    let _ = decide(&first, "accept").refused(409, "approval-not-pending");
    let _ = decide(&second, "refuse").refused(409, "approval-not-pending");
    assert_actions(requester, agent, key, &[], &["resume", "deliver", "close"]);
}

fn ended_and_reopened(requester: &Client, agent: &Client, key: &str) {
    // Seed 002, F138: delivered, and with that closed.
    let closed = agent.follow(key, &json!({"action": "deliver", "comment": "Bonne journée."}));
    assert_eq!(closed["status"]["id"], "closed");
    assert_eq!(closed["closed_at"], closed["updated_at"]);
    assert_actions(requester, agent, key, &["reopen"], &["reopen"]);

    let reopen = format!("/v1/tickets/{key}/reopen");
    let _ = requester.post(&reopen, &json!({})).refused(422, "invalid");
    let reopened = requester
        .post(&reopen, &json!({"reason": "La nouvelle n'imprime pas non plus."}))
        .expect(200);
    assert_eq!(
        (&reopened["status"]["id"], &reopened["closed_at"]),
        (&json!("reopened"), &Value::Null)
    );
    assert_actions(requester, agent, key, &[], &OF_AGENT_WHEN_OPEN);
    // The reason stands among the comments, where people look for what was said.
    let comments = agent.get(&format!("/v1/tickets/{key}/comments")).expect(200);
    let last = comments["items"]
        .as_array()
        .and_then(|items| items.last())
        .unwrap();
    assert_eq!(last["body"], "La nouvelle n'imprime pas non plus.");
}
