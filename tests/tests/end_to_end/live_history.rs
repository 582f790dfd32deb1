//! The history of a ticket, live: every entry that one may see, once, as long as one may see it.

use std::io::{BufRead, BufReader};

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    people::{PASSWORD, delete, make, quick, sign_in, until},
    server::Server,
};
use reqwest::{Method, blocking::Response};
use serde_json::{Value, json};

use crate::tokens::{part, seconds_now, signed, signing_key, with};

type Stream = BufReader<Response>;

fn opened(client: &Client) -> String {
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "…"});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

fn history(key: &str) -> String {
    format!("/v1/tickets/{key}/history")
}

fn asked(client: &Client, path: &str, resumed: Option<&str>) -> reqwest::blocking::RequestBuilder {
    let request = client
        .request(Method::GET, path)
        .header("accept", "text/event-stream");
    match resumed {
        Some(id) => request.header("last-event-id", id),
        None => request,
    }
}

fn live(client: &Client, key: &str, resumed: Option<&str>) -> Stream {
    let response = asked(client, &history(key), resumed).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    BufReader::new(response)
}

/// The next message: its id and its JSON; `None` when the stream has ended.
fn next(stream: &mut Stream) -> Option<(u64, Value)> {
    let mut id = 0;
    for line in stream.lines() {
        let line = line.unwrap();
        assert!(!line.starts_with("event"), "{line}");
        if let Some(given) = line.strip_prefix("id: ") {
            id = given.parse().unwrap();
        } else if let Some(data) = line.strip_prefix("data: ") {
            return Some((id, serde_json::from_str(data).unwrap()));
        }
    }
    None
}

/// So many messages: their ids are the versions of their entries.
fn entries(stream: &mut Stream, count: usize) -> Vec<Value> {
    let entries = (0..count).map(|_| {
        let (id, entry) = next(stream).unwrap();
        assert_eq!(entry["version"], id);
        entry
    });
    entries.collect()
}

fn paged(client: &Client, key: &str) -> Vec<Value> {
    client.history(key)["items"].as_array().unwrap().clone()
}

#[test]
fn what_there_is_comes_first_and_then_what_happens_without_a_gap_or_a_repetition() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = opened(&requester);
    let _ = requester.comment(&key, "Une fois.", "public");
    let mut stream = live(&requester, &key, None);
    assert_eq!(entries(&mut stream, 2), paged(&requester, &key));
    // Another ticket wakes it, and is not told.
    let _ = opened(&requester);
    let _ = requester.comment(&key, "Deux fois.", "public");
    // Two events of one command, and a note that is not theirs to read.
    let _ = agent.follow(&key, &json!({"action": "take"}));
    let _ = agent.comment(&key, "Entre nous.", "internal");
    let wait = json!({"action": "wait_for_customer", "comment": "Quel modèle ?"});
    let _ = agent.follow(&key, &wait);
    let whole = paged(&requester, &key);
    assert!(whole.len() >= 6, "{whole:?}");
    assert_eq!(entries(&mut stream, whole.len() - 2), whole[2..]);
    assert!(
        !whole
            .iter()
            .any(|entry| entry.to_string().contains("Entre nous."))
    );
    let of_agent = paged(&agent, &key);
    assert_eq!(of_agent.len(), whole.len() + 1);
    assert_eq!(entries(&mut live(&agent, &key, None), of_agent.len()), of_agent);
    // Wherever it was left, within the events of one command too, it goes on with the next.
    for (place, entry) in of_agent.iter().enumerate() {
        let id = entry["version"].to_string();
        let mut resumed = live(&agent, &key, Some(&id));
        let left = &of_agent[place + 1..];
        assert_eq!(entries(&mut resumed, left.len()), left, "after {id}");
    }
    let newest = of_agent.last().unwrap()["version"].to_string();
    let mut resumed = live(&agent, &key, Some(&newest));
    let _ = requester.comment(&key, "Un A4.", "public");
    assert_eq!(entries(&mut resumed, 1)[0], *paged(&agent, &key).last().unwrap());
    let again = entries(&mut stream, 1);
    assert_eq!(again[0], *paged(&requester, &key).last().unwrap());
    drop((stream, resumed));
    let _home = server.stop();
}

#[test]
fn who_loses_sight_of_the_ticket_is_told_nothing_more() {
    let server = quick().start();
    let (requester, agent, admin) = (
        server.client("requester-1"),
        server.client("agent"),
        server.client("admin"),
    );
    let key = opened(&requester);
    let share = format!("/v1/tickets/{key}/share");
    let _ = agent
        .post(&share, &json!({"organizations": ["commune-b"]}))
        .expect(200);
    let roles = json!([{"role": "requester"}, {"role": "agent", "desk": "SUP"}]);
    for name in ["signed-out", "disabled", "stripped"] {
        let _ = make(&admin, name, &roles, &["lycee-a"]);
    }
    let there = paged(&requester, &key).len();
    let caught_up = |client: &Client| {
        let mut stream = live(client, &key, None);
        let _ = entries(&mut stream, there);
        stream
    };
    let mut unshared = caught_up(&server.client("requester-3"));
    let out = sign_in(&server, "signed-out", PASSWORD);
    let narrow = sign_in(&server, "stripped", PASSWORD).with("Guichet-Profile", "agent:SUP");
    let mut signed_out = caught_up(&out);
    let mut disabled = caught_up(&sign_in(&server, "disabled", PASSWORD));
    let mut stripped = caught_up(&narrow);
    let mut stays = caught_up(&requester);
    let _ = delete(&agent, &format!("{share}/commune-b")).expect(200);
    assert_eq!(next(&mut unshared), None, "not even that it is shared no more");
    assert_eq!(delete(&out, "/v1/auth/token").status, 204);
    let reason = json!({"reason": "Absente."});
    let _ = admin
        .post("/v1/accounts/disabled/disablement", &reason)
        .expect(200);
    let role = delete(&admin, "/v1/accounts/stripped/roles/agent:SUP");
    assert_eq!(role.status, 200, "{}", role.text());
    // A sign-in leaves no event: what happens next is not told.
    let _ = requester.comment(&key, "Plus pour tous.", "public");
    for (what, stream) in [
        ("signed out", &mut signed_out),
        ("disabled", &mut disabled),
        ("stripped", &mut stripped),
    ] {
        let told = next(stream);
        assert!(
            told.is_none_or(|(_, entry)| entry["type"] == "ticket-unshared.v1"),
            "{what}"
        );
        assert_eq!(next(stream), None, "{what}");
    }
    let last = entries(&mut stays, 2);
    assert_eq!(last[1], *paged(&requester, &key).last().unwrap());
}

#[test]
fn a_stream_is_of_now_and_begins_within_what_there_is() {
    let server = quick().start();
    let requester = server.client("requester-1");
    let key = opened(&requester);
    let path = history(&key);
    let told = |path: &str, resumed: Option<&str>| Answer::of(asked(&requester, path, resumed).send());
    for (query, pointers) in [
        ("?as_of=1", &["as_of"][..]),
        ("?cursor=1", &["cursor"]),
        ("?sort=-version", &["sort"]),
        (
            "?as_of=1&cursor=-1&sort=-version&x=1",
            &["as_of", "cursor", "sort", "x"],
        ),
    ] {
        let faults = faults(&told(&format!("{path}{query}"), None).refused(422, "invalid"));
        let named: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(named, pointers, "{query}");
    }
    let beyond = told(&path, Some("2")).refused(422, "invalid");
    assert_eq!(faults(&beyond)[0].0, "Last-Event-ID");
    let beyond = told(&format!("{path}?after=2"), None).refused(422, "invalid");
    assert_eq!(faults(&beyond)[0].0, "after");
    for unreadable in ["x", "-1", "1.5", "1 2"] {
        let _ = told(&path, Some(unreadable)).refused(400, "malformed-request");
    }
    // None is at the beginning.
    for none in ["", "0"] {
        assert_eq!(
            entries(&mut live(&requester, &key, Some(none)), 1),
            paged(&requester, &key)
        );
    }
    let stranger = server.client("requester-3");
    for resumed in [None, Some("1"), Some("999")] {
        let _ = Answer::of(asked(&stranger, &path, resumed).send()).refused(404, "not-found");
    }
    // Whoever takes either is sent a page.
    let either = requester
        .request(Method::GET, &path)
        .header("accept", "application/json, text/event-stream;q=0.5");
    let page = Answer::of(either.send());
    assert_eq!(page.expect(200)["items"], json!(paged(&requester, &key)));
    let mut vary = page
        .headers
        .get_all("vary")
        .iter()
        .flat_map(|line| line.to_str().unwrap().split(", "));
    assert!(vary.any(|name| name == "Accept"), "{:?}", page.headers);
    let head = requester
        .request(Method::HEAD, &path)
        .header("accept", "text/event-stream");
    assert_eq!(
        Answer::of(head.send()).header("content-type"),
        "text/event-stream"
    );
}

#[test]
fn a_stream_by_a_link_goes_on_as_long_as_the_token_that_the_link_was_made_with() {
    let server = quick().start();
    let (nobody, requester) = (server.nobody(), server.client("requester-1"));
    let key = opened(&requester);
    let path = history(&key);
    let made = requester
        .post("/v1/me/links", &json!({"paths": [path]}))
        .expect(200);
    let url = made["items"][0]["url"].as_str().unwrap().to_owned();
    let of = |url: &str| {
        let response = asked(&nobody, url, None).send().unwrap();
        assert_eq!(response.status(), 200);
        BufReader::new(response)
    };
    let mut stream = of(&url);
    assert_eq!(entries(&mut stream, 1), paged(&requester, &key));
    let token = url.split_once("link=").unwrap().1;
    let (header, claims, own) = (part(token, 0), part(token, 1), signing_key(server.home()));
    let now = seconds_now();
    let forged = |members: &Value| {
        let token = signed(&own, &header, &with(&claims, members));
        of(&format!("{path}?link={token}"))
    };
    // Within the leeway of the clocks, a link is over, and what it has opened goes on.
    let mut over = forged(&json!({"exp": now - 1}));
    let _ = entries(&mut over, 1);
    let mut ended = forged(&json!({"until": now - 1}));
    assert_eq!(next(&mut ended), None, "the token is over");
    let _ = requester.comment(&key, "Encore.", "public");
    for stream in [&mut stream, &mut over] {
        assert_eq!(entries(stream, 1)[0], *paged(&requester, &key).last().unwrap());
    }
    let resumed = asked(&nobody, &url, Some("1")).send().unwrap();
    assert_eq!(entries(&mut BufReader::new(resumed), 1)[0]["version"], 2);
}

#[test]
fn an_account_has_so_many_streams_open_and_no_more() {
    let server = quick().start();
    let (requester, admin) = (server.client("requester-1"), server.client("admin"));
    let key = opened(&requester);
    let (of_ticket, of_log) = (history(&key), format!("/v1/events?stream={key}"));
    let ask = |path: &str| asked(&admin, path, None).send().unwrap();
    let mut open: Vec<Response> = (0..100)
        .map(|n| ask(if n % 2 == 0 { &of_ticket } else { &of_log }))
        .collect();
    assert!(open.iter().all(|stream| stream.status() == 200));
    for path in [&of_ticket, &of_log] {
        let refused = Answer::of(Ok(ask(path)));
        let _ = refused.refused(429, "too-many-streams");
        assert_eq!(refused.header("retry-after"), "30");
    }
    // Pages are read meanwhile, and others have streams of their own.
    assert_eq!(paged(&admin, &key), paged(&requester, &key));
    assert_eq!(
        entries(&mut live(&requester, &key, None), 1),
        paged(&requester, &key)
    );
    drop(open.pop());
    until("a stream that is closed counts no more", || {
        ask(&of_ticket).status() == 200
    });
}

/// A page that opens a stream anew sends no `Last-Event-ID`: the address says where it begins. What a browser says of itself when it
/// comes back counts for more.
#[test]
fn a_history_goes_on_after_a_version() {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = opened(&requester);
    for body in ["Un", "Deux", "Trois"] {
        let _ = agent.comment(&key, body, "public");
    }
    let path = format!("{}?after=2", history(&key));
    let ids = |resumed: Option<&str>| {
        let mut stream = BufReader::new(asked(&requester, &path, resumed).send().unwrap());
        let (first, _) = next(&mut stream).unwrap();
        first
    };
    assert_eq!((ids(None), ids(Some("3"))), (3, 4));
    // Pages and comments take it too, in place of a cursor.
    let versions = |path: &str| {
        let page = requester.get(path).expect(200);
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["version"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(&path), [3, 4]);
    assert_eq!(versions(&format!("{}?after=4", history(&key))), [0_u64; 0]);
    let comments = requester
        .get(&format!("/v1/tickets/{key}/comments?after=3"))
        .expect(200);
    assert_eq!(comments["items"].as_array().unwrap().len(), 1);
    for query in [
        "after=1&cursor=2",
        "after=1&sort=-version",
        "after=9223372036854775808",
        "after=-1",
    ] {
        let refused = requester
            .get(&format!("{}?{query}", history(&key)))
            .refused(422, "invalid");
        assert_eq!(faults(&refused)[0].0, "after", "{query}");
    }
}
