//! Time travel: what was shown at a position is what `as_of` shows for ever after; today's policy decides who sees it.

use guichet_tests::{client::Client, server::Server};
use serde_json::{Value, json};

/// What one account was told, and at which position.
struct Told {
    position: u64,
    ticket: Value,
    list: Value,
    history: Value,
    comments: Value,
}

fn told(client: &Client, server: &Server, key: &str, as_of: Option<&str>) -> Told {
    let position = server.head();
    let ask = |path: &str| {
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = match as_of {
            Some(as_of) => format!("{path}{joint}as_of={as_of}"),
            None => path.to_owned(),
        };
        client.get(&path).expect(200)
    };
    let mut list = ask(&format!(
        "/v1/tickets?sort=created_at&q=vitre&at_least={position}"
    ));
    // The list says of each row what it said then; what one may do is no part of it.
    let _ = list.as_object_mut().unwrap().remove("next_cursor");
    let mut ticket = ask(&format!("/v1/tickets/{key}"));
    for allowed in ["allowed_actions", "allowed_operations", "editable"] {
        let _ = ticket.as_object_mut().unwrap().remove(allowed).unwrap();
    }
    Told {
        position,
        ticket,
        list,
        history: ask(&format!("/v1/tickets/{key}/history")),
        comments: ask(&format!("/v1/tickets/{key}/comments")),
    }
}

#[test]
fn what_was_told_at_each_step_is_told_again_as_of_that_step() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "question", "summary": "Vitre fendue", "description": "Côté rue.",
    }));
    let key = ticket["key"].as_str().unwrap().to_owned();
    let path = format!("/v1/tickets/{key}");
    let steps: [&dyn Fn(); 8] = [
        &|| {},
        &|| drop(agent.comment(&key, "Vitre mesurée.", "public")),
        &|| drop(agent.comment(&key, "Client impatient.", "internal")),
        &|| drop(agent.follow(&key, &json!({"action": "take"}))),
        &|| {
            drop(
                requester
                    .patch(&path, &json!({"summary": "Vitre brisée"}))
                    .expect(200),
            )
        },
        &|| drop(agent.patch(&path, &json!({"priority": "high"})).expect(200)),
        &|| drop(agent.follow(&key, &json!({"action": "close", "comment": "Remplacée."}))),
        &|| {
            let reopen = json!({"reason": "Elle fuit."});
            drop(requester.post(&format!("{path}/reopen"), &reopen).expect(200));
        },
    ];
    let mut before = Vec::new();
    for step in steps {
        step();
        before.push([
            told(&requester, &server, &key, None),
            told(&agent, &server, &key, None),
        ]);
    }
    for both in &before {
        for (client, then) in [&requester, &agent].into_iter().zip(both) {
            let now = told(client, &server, &key, Some(&then.position.to_string()));
            assert_eq!(now.ticket, then.ticket);
            assert_eq!(now.list, then.list);
            assert_eq!(now.history, then.history);
            assert_eq!(now.comments, then.comments);
        }
    }
    let [early, _] = &before[0];
    let as_of = format!("?as_of={}", early.position);
    let then = requester.get(&format!("{path}{as_of}")).expect(200);
    for allowed in ["allowed_actions", "allowed_operations", "editable"] {
        assert_eq!(then[allowed], json!([]), "the past allows nothing");
    }
    assert_eq!(then["summary"], "Vitre fendue");
    // An instant means the last position recorded up to it.
    let instant = before[3][0].ticket["updated_at"].as_str().unwrap();
    let then = requester.get(&format!("{path}?as_of={instant}")).expect(200);
    assert_eq!(then["version"], before[3][0].ticket["version"]);
    // Before it was opened there was no such ticket, and what is not theirs today is not theirs then.
    let opening = early.ticket["position"].as_u64().unwrap();
    let before_it = requester.get(&format!("{path}?as_of={}", opening - 1));
    let _ = before_it.refused(404, "not-found");
    let _ = server
        .client("requester-3")
        .get(&format!("{path}{as_of}"))
        .refused(404, "not-found");
    let _ = requester
        .get(&format!("{path}?as_of=hier"))
        .refused(422, "invalid");
    assert_eq!(
        requester.listed(&format!("as_of={}", opening - 1)),
        Vec::<String>::new()
    );
}

#[test]
fn a_ticket_made_private_is_hidden_in_the_past_too() {
    let server = Server::start();
    let (owner, colleague) = (server.client("requester-1"), server.client("requester-2"));
    let ticket = owner.open(&json!({
        "desk": "SUP", "type": "question", "summary": "Longtemps ouverte", "description": "…",
    }));
    let key = ticket["key"].as_str().unwrap();
    let then = server.head();
    let path = format!("/v1/tickets/{key}?as_of={then}");
    let listed = format!("as_of={then}&at_least={then}");
    assert_eq!(colleague.get(&path).status, 200);
    assert_eq!(colleague.listed(&listed), [key]);
    let _ = owner
        .patch(&format!("/v1/tickets/{key}"), &json!({"private": true}))
        .expect(200);
    let now = server.head();
    let _ = colleague.get(&path).refused(404, "not-found");
    assert_eq!(
        colleague.listed(&format!("as_of={then}&at_least={now}")),
        Vec::<String>::new()
    );
    assert_eq!(owner.listed(&format!("as_of={then}&at_least={now}")), [key]);
}

#[test]
fn every_field_names_the_event_that_set_it() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "incident", "summary": "Qui a fait quoi", "description": "…",
        "fields": {"product": "Réseau", "equipment": "Bâtiment B"},
    }));
    let key = ticket["key"].as_str().unwrap();
    let path = format!("/v1/tickets/{key}");
    let _ = agent.follow(key, &json!({"action": "take"}));
    let _ = agent
        .patch(&path, &json!({"priority": "high", "fields": {"equipment": null}}))
        .expect(200);
    let _ = agent.comment(key, "Rien ne change.", "public");
    let blame = requester.get(&format!("{path}/blame")).expect(200);
    let ticket = requester.ticket(key);
    let of = |field: &str| {
        let items = blame["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["field"] == field);
        item.unwrap_or_else(|| panic!("{field} is not blamed: {blame}"))
            .clone()
    };
    let history = requester.history(key);
    for (field, value, event_type, by) in [
        (
            "summary",
            json!("Qui a fait quoi"),
            "ticket-opened.v1",
            "requester-1",
        ),
        (
            "fields.product",
            json!("Réseau"),
            "ticket-opened.v1",
            "requester-1",
        ),
        ("fields.equipment", Value::Null, "ticket-edited.v1", "agent"),
        ("priority", json!("high"), "ticket-edited.v1", "agent"),
        (
            "status",
            ticket["status"].clone(),
            "ticket-transitioned.v1",
            "agent",
        ),
        (
            "assignee",
            ticket["assignee"].clone(),
            "ticket-assigned.v1",
            "agent",
        ),
    ] {
        let item = of(field);
        assert_eq!(item["value"], value, "{field}");
        assert_eq!(item["by"]["username"], by, "{field}");
        assert_eq!(item["removed"], field == "fields.equipment");
        let entries = history["items"].as_array().unwrap();
        let entry = entries
            .iter()
            .find(|entry| entry["version"] == item["version"])
            .unwrap();
        assert_eq!(entry["type"], event_type, "{field}");
    }
    let opened = requester.get(&format!(
        "{path}/blame?as_of={}",
        ticket["position"].as_u64().unwrap() - 1
    ));
    assert_eq!(opened.status, 200);
    let _ = server
        .client("requester-3")
        .get(&format!("{path}/blame"))
        .refused(404, "not-found");
}
