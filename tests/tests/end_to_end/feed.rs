//! The change feed: every event once, in the order of the log, without a gap, resumed wherever it was left.

use std::io::{BufRead, BufReader};

use guichet_tests::{client::Client, contract::Contract, server::Server};
use reqwest::{Method, blocking::Response};
use serde_json::{Value, json};

fn open(client: &Client, summary: &str) -> String {
    let ticket = json!({"desk": "SUP", "type": "question", "summary": summary, "description": "…"});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

/// The positions of all events after one, page by page.
fn paged(auditor: &Client, mut after: u64, limit: usize, filter: &str) -> Vec<u64> {
    let mut positions = Vec::new();
    loop {
        let page = auditor.get(&format!("/v1/events?after={after}&limit={limit}{filter}"));
        let lines = page.lines();
        positions.extend(lines.iter().map(|line| line["position"].as_u64().unwrap()));
        let next: u64 = page.header("guichet-next-after").parse().unwrap();
        if lines.is_empty() {
            assert_eq!(
                next,
                auditor.get("/readyz").json()["log"]["head"],
                "an empty page ends before the log does"
            );
            return positions;
        }
        assert!(next > after, "the feed does not move on");
        after = next;
    }
}

#[test]
fn every_event_is_on_one_page_and_only_there() {
    let server = Server::start();
    let (requester, auditor) = (server.client("requester-1"), server.client("auditor"));
    let key = open(&requester, "Suivie");
    let _ = requester.comment(&key, "Encore.", "public");
    let _ = open(&requester, "Une autre");
    // Whoever reads the feed leaves a trace in it, once an hour.
    let _ = auditor.get("/v1/events?limit=1");
    let head = server.head();
    for limit in [1, 7, 1_000] {
        assert_eq!(
            paged(&auditor, 0, limit, ""),
            (1..=head).collect::<Vec<_>>(),
            "{limit}"
        );
    }
    assert_eq!(paged(&auditor, head - 2, 2, ""), [head - 1, head]);
    let (opened, commented, other, trace) = (head - 3, head - 2, head - 1, head);
    assert_eq!(paged(&auditor, 0, 1, "&stream=SUP-1"), [opened, commented]);
    assert_eq!(paged(&auditor, 0, 1, "&type=ticket-commented.v1"), [commented]);
    let both = paged(&auditor, 0, 5, "&type=ticket-opened.v1&type=ticket-commented.v1");
    assert_eq!(both, [opened, commented, other]);
    assert_eq!(paged(&auditor, 0, 5, "&type=audit-read.v1"), [trace]);
    for account in ["requester-1", "agent", "referent", "oi"] {
        let _ = server.client(account).get("/v1/events").refused(404, "not-found");
    }
}

/// The next event of a live stream: its id, and its JSON.
fn next_event(stream: &mut BufReader<Response>) -> (u64, Value) {
    let mut id = 0;
    for line in stream.lines() {
        let line = line.unwrap();
        if let Some(given) = line.strip_prefix("id: ") {
            id = given.parse().unwrap();
        } else if let Some(data) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(data).unwrap());
        }
    }
    panic!("the stream ended");
}

#[test]
fn a_live_stream_goes_on_where_the_last_one_was_left() {
    let server = Server::start();
    let (requester, auditor) = (server.client("requester-1"), server.client("auditor"));
    let _ = auditor.get("/v1/events?limit=1");
    let head = server.head();
    let live = |resumed: u64| {
        let request = auditor
            .request(Method::GET, "/v1/events?after=0")
            .header("accept", "text/event-stream");
        let response = request.header("last-event-id", resumed).send().unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        BufReader::new(response)
    };
    let mut stream = live(head);
    let key = open(&requester, "Pendant que quelqu'un écoute");
    let (id, event) = next_event(&mut stream);
    assert_eq!((id, &event["position"]), (head + 1, &json!(head + 1)));
    assert_eq!(
        (&event["event"]["stream"], &event["event"]["type"]),
        (&json!(key), &json!("ticket-opened.v1"))
    );
    let _ = requester.comment(&key, "Une fois.", "public");
    assert_eq!(next_event(&mut stream).0, head + 2);
    drop(stream);
    let _ = requester.comment(&key, "Pendant que personne n'écoute.", "public");
    let mut stream = live(head + 2);
    let (id, event) = next_event(&mut stream);
    assert_eq!(id, head + 3);
    let body = &event["event"]["data"]["body"]["personal"]["value"];
    assert_eq!(body, "Pendant que personne n'écoute.");
    drop(stream);
    let _home = server.stop();
}

#[test]
fn the_feed_is_narrowed_by_actor_desk_and_each_of_the_clocks() {
    let server = Server::start();
    let (requester, agent, auditor) = (
        server.client("requester-1"),
        server.client("agent"),
        server.client("auditor"),
    );
    let report = guichet_tests::envelope::create("123456782", "OC-7");
    let report = guichet_tests::envelope::envelope("oc-alpha", guichet_tests::home::DEMO_PASSWORD, &report);
    assert_eq!(
        server.call_soap(guichet_tests::envelope::XML, &report).status,
        200
    );
    let key = open(&requester, "Pour filtrer");
    let _ = agent.comment(&key, "Vu.", "public");
    let mine = json!({"desk": "SUP", "type": "question", "summary": "Pour elle", "description": "…",
        "on_behalf_of": "requester-1"});
    let _ = agent.open(&mine);
    let lines = |filter: &str| auditor.get(&format!("/v1/events?limit=1000{filter}")).lines();
    let of = |filter: &str, member: &str| -> Vec<Value> {
        lines(filter)
            .iter()
            .map(|line| line["event"][member].clone())
            .collect()
    };
    assert_eq!(
        of("&actor=agent&desk=SUP", "type"),
        ["ticket-commented.v1", "ticket-opened.v1"]
    );
    // For whom counts as well as who.
    let hers = of("&actor=requester-1&desk=SUP", "stream");
    assert_eq!(hers, ["SUP-1", "SUP-2"]);
    let of_desk = of("&desk=SAV", "stream");
    assert_eq!(of_desk, ["desk-SAV", "SAV-1"]);
    let sent = lines("&sent_after=2000-01-01T00:00:00Z");
    assert!(!sent.is_empty() && sent.iter().all(|line| line["event"]["stream"] == "SAV-1"));
    let clock = sent[0]["event"]["sent_at"].as_str().unwrap();
    assert_eq!(lines(&format!("&sent_before={clock}")), Vec::<Value>::new());
    assert_eq!(lines(&format!("&sent_after={clock}")), sent);
    let occurred = sent[0]["event"]["occurred_at"].as_str().unwrap();
    assert_eq!(lines(&format!("&occurred_after={occurred}")), sent);
    assert_eq!(
        lines(&format!("&occurred_before={occurred}")),
        Vec::<Value>::new()
    );
    let at = lines("&stream=SUP-1&type=ticket-commented.v1")[0]["event"]["at"].clone();
    let at = at.as_str().unwrap();
    let later = of(&format!("&recorded_after={at}&desk=SUP"), "stream");
    assert_eq!(later, ["SUP-1", "SUP-2"]);
    let earlier = of(&format!("&recorded_before={at}&desk=SUP"), "stream");
    assert_eq!(earlier, ["desk-SUP", "SUP-1"]);
    let _ = auditor
        .get("/v1/events?recorded_after=hier&desk=x!")
        .refused(422, "invalid");
}

/// What frontends and auditors read of an event is a type of the contract, and each event of the demo world has it.
#[test]
fn each_line_of_the_feed_has_the_form_that_the_contract_says() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let key = open(&requester, "Une question");
    let _ = server
        .client("agent")
        .with("Guichet-On-Behalf-Of", "requester-1")
        .comment(&key, "Au téléphone.", "public");
    let auditor = server.client("auditor");
    let contract = Contract::served(&server.nobody());
    let schema = json!({"$ref": "#/components/schemas/FeedEvent", "components": contract.0["components"]});
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let lines = auditor.get("/v1/events?limit=1000").lines();
    for line in &lines {
        let faults: Vec<String> = schema.iter_errors(line).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{line}");
    }
    assert!(
        lines
            .iter()
            .any(|line| line["event"].get("on_behalf_of").is_some()),
        "{lines:?}"
    );
    let members = contract.0["components"]["schemas"]["StoredEvent"]["properties"]
        .as_object()
        .unwrap();
    for line in &lines {
        let event = line["event"].as_object().unwrap();
        assert!(event.keys().all(|member| members.contains_key(member)), "{line}");
    }
}
