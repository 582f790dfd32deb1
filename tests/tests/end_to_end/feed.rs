//! The change feed: every event once, in the order of the log, without a gap, resumed wherever it was left.

use std::io::{BufRead, BufReader};

use guichet_tests::{client::Client, server::Server};
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
    let head = server.head();
    for limit in [1, 7, 1_000] {
        assert_eq!(
            paged(&auditor, 0, limit, ""),
            (1..=head).collect::<Vec<_>>(),
            "{limit}"
        );
    }
    assert_eq!(paged(&auditor, head - 2, 2, ""), [head - 1, head]);
    assert_eq!(paged(&auditor, 0, 1, "&stream=SUP-1"), [head - 2, head - 1]);
    assert_eq!(paged(&auditor, 0, 1, "&type=ticket-commented.v1"), [head - 1]);
    let both = paged(&auditor, 0, 5, "&type=ticket-opened.v1&type=ticket-commented.v1");
    assert_eq!(both, [head - 2, head - 1, head]);
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
