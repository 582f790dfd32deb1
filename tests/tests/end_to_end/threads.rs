//! Threads of tickets by pages (fault S2): either way, what a stale change missed, who does not read, and who writes too much.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use guichet_tests::{
    answer::faults,
    client::Client,
    people::{quick, until},
    server::Server,
    wire::request,
};
use serde_json::{Value, json};

fn question() -> Value {
    json!({"desk": "SUP", "type": "question", "summary": "Un fil", "description": "Comment faire ?"})
}

fn opened(client: &Client) -> String {
    client.open(&question())["key"].as_str().unwrap().to_owned()
}

/// All pages of a list; each holds at most `limit`.
fn walked(client: &Client, path: &str, limit: usize, mut meanwhile: impl FnMut()) -> Vec<u64> {
    let (mut versions, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}&limit={limit}{cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        versions.extend(items.iter().map(|item| item["version"].as_u64().unwrap()));
        meanwhile();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return versions,
        }
    }
}

#[test]
fn comments_and_history_are_read_either_way_while_others_write() {
    let server = quick().start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = opened(&requester);
    for number in 0..12 {
        let _ = agent.comment(&key, &format!("Mot {number}"), ["public", "internal"][number % 2]);
    }
    for (what, first) in [("comments", 2), ("history", 1)] {
        let path = format!("/v1/tickets/{key}/{what}");
        let before = requester.ticket(&key)["version"].as_u64().unwrap();
        let whole = walked(&requester, &format!("{path}?sort=version"), 200, || {});
        assert_eq!(whole, walked(&requester, &format!("{path}?at_least=1"), 3, || {}));
        let comments = || {
            let _ = agent.comment(&key, "Encore", "public");
        };
        let back = walked(&requester, &format!("{path}?sort=-version"), 3, comments);
        let mut expected = whole.clone();
        expected.reverse();
        assert_eq!(back, expected, "{what}");
        assert_eq!((whole[0], back.last()), (first, Some(&first)));
        let forward = walked(&requester, &format!("{path}?sort=version"), 200, || {});
        assert_eq!(forward[..whole.len()], whole);
        assert!(forward[whole.len()..].iter().all(|version| *version > before));
    }
}

#[test]
fn a_cursor_belongs_to_the_order_that_it_was_given_in() {
    let server = quick().start();
    let requester = server.client("requester-1");
    let key = opened(&requester);
    for number in 0..3 {
        let _ = requester.comment(&key, &format!("Mot {number}"), "public");
    }
    for what in ["comments", "history"] {
        let path = format!("/v1/tickets/{key}/{what}?limit=1");
        let cursor = |order: &str| {
            let page = requester.get(&format!("{path}{order}")).expect(200);
            page["next_cursor"].as_str().unwrap().to_owned()
        };
        let (forward, backward) = (cursor(""), cursor("&sort=-version"));
        for (query, expected) in [
            (format!("&sort=-version&cursor={forward}"), ("cursor", "value")),
            (format!("&cursor={backward}"), ("cursor", "value")),
            ("&cursor=-".to_owned(), ("cursor", "format")),
            ("&cursor=%2B1".to_owned(), ("cursor", "format")),
            ("&sort=-at".to_owned(), ("sort", "value")),
        ] {
            let problem = requester.get(&format!("{path}{query}")).refused(422, "invalid");
            let expected = (expected.0.to_owned(), expected.1.to_owned());
            assert_eq!(faults(&problem), [expected], "{query}");
        }
        let _ = requester.get(&format!("{path}&cursor={forward}")).expect(200);
        let _ = requester
            .get(&format!("{path}&sort=-version&cursor={backward}"))
            .expect(200);
    }
}

#[test]
fn a_stale_change_is_told_a_page_of_what_it_missed_and_where_the_rest_is() {
    let server = quick().start();
    let requester = server.client("requester-1");
    let key = opened(&requester);
    for number in 0..60 {
        let _ = requester.comment(&key, &format!("Mot {number}"), "public");
    }
    let path = format!("/v1/tickets/{key}");
    let stale = |version: u64| {
        let stale = requester.with("if-match", &format!("\"{version}\""));
        stale
            .patch(&path, &json!({"summary": "Autre"}))
            .refused(412, "stale-version")
    };
    let history = requester.history(&key)["items"].as_array().unwrap().clone();
    assert_eq!(history.len(), 61);
    let problem = stale(1);
    assert_eq!(problem["missed"], json!(history[1..51]));
    let cursor = problem["next_cursor"].as_str().unwrap();
    let rest = requester
        .get(&format!("{path}/history?cursor={cursor}"))
        .expect(200);
    assert_eq!(rest["items"], json!(history[51..]));
    let problem = stale(11);
    assert_eq!(problem["missed"], json!(history[11..]));
    assert_eq!(problem.get("next_cursor"), None);
}

/// The number that the system knows the server's end of a connection by, as long as it lives.
fn server_end(client: &TcpStream) -> Option<u64> {
    let port = |address: SocketAddr| format!(":{:04X}", address.port());
    let (ours, theirs) = (
        port(client.local_addr().unwrap()),
        port(client.peer_addr().unwrap()),
    );
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_it = columns.get(1)?.ends_with(&theirs) && columns.get(2)?.ends_with(&ours);
        columns.get(9)?.parse().ok().filter(|_| is_it)
    })
}

/// Whether the process still holds a socket.
fn holds(server: &Server, socket: u64) -> bool {
    let held = format!("socket:[{socket}]");
    let files = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let mut links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links.any(|link| link.to_string_lossy() == held)
}

fn reading_places(server: &Server) -> u64 {
    let metrics = server.nobody().get("/metrics").text();
    let mut lines = metrics.lines();
    let places = lines.find_map(|line| line.strip_prefix("guichet_reading_places "));
    places.unwrap().parse().unwrap()
}

/// Fault S2: who asked and never read held the answer as long as they liked.
#[test]
fn who_does_not_read_keeps_no_turn_and_loses_the_connection() {
    let server = quick().with("GUICHET_WRITE_WAIT_S", "1").start();
    let agent = server.client("agent");
    let key = opened(&agent);
    let words = "x".repeat(24_000);
    for _ in 0..60 {
        let _ = agent.comment(&key, &words, "public");
    }
    let places = reading_places(&server);
    let headers = format!("Authorization: Bearer {}\r\n", agent.token());
    for (path, times) in [
        (format!("/v1/tickets/{key}/history?limit=1000"), 24),
        (format!("/v1/tickets/{key}/evidence"), 12),
    ] {
        let mut client = TcpStream::connect(server.api().trim_start_matches("http://")).unwrap();
        let asked = request("GET", &path, &headers, "").repeat(times);
        client.write_all(&asked).unwrap();
        let mut socket = None;
        until("the connection stands", || {
            socket = server_end(&client);
            socket.is_some()
        });
        until("no turn is kept", || reading_places(&server) == places);
        until("the connection is given up", || server_end(&client).is_none());
        until("what it held is let go", || !holds(&server, socket.unwrap()));
        until("no turn is kept", || reading_places(&server) == places);
        let mut read = Vec::new();
        let ended = client.read_to_end(&mut read);
        assert!(ended.is_err(), "{path}: {} bytes came, and an end", read.len());
    }
}

#[test]
fn who_writes_too_often_waits_and_reads_on() {
    let server = quick().with("GUICHET_WRITES_PER_MINUTE", "4").start();
    let requester = server.client("requester-1");
    let key = opened(&requester);
    for number in 0..3 {
        let _ = requester.comment(&key, &format!("Mot {number}"), "public");
    }
    let comments = format!("/v1/tickets/{key}/comments");
    let answer = requester.post(&comments, &json!({"body": "Encore"}));
    let problem = answer.refused(429, "too-much-written");
    assert_eq!(
        problem["detail"],
        "Ce compte a atteint la limite de 4 modifications par minute."
    );
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=16).contains(&wait), "{wait}");
    assert_eq!(problem["retry_after_s"], wait);
    // Evidence is written down each time.
    let _ = requester
        .get(&format!("/v1/tickets/{key}/evidence"))
        .refused(429, "too-much-written");
    assert_eq!(
        requester.get(&comments).expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let _ = server.client("agent").comment(&key, "Moi si", "public");
}

#[test]
fn who_sends_too_many_bytes_waits() {
    let server = quick().with("GUICHET_WRITTEN_BYTES_PER_DAY", "65536").start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let key = opened(&requester);
    assert_eq!(
        requester.attach(&key, "petit.txt", &[b'x'; 32 * 1024]).status,
        201
    );
    let answer = requester.attach(&key, "grand.txt", &[b'x'; 48 * 1024]);
    let problem = answer.refused(429, "too-much-written");
    assert_eq!(
        problem["detail"],
        "Ce compte a atteint la limite de 65536 octets envoyés par jour."
    );
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    let long = json!({"body": "x".repeat(24_000)});
    let comments = format!("/v1/tickets/{key}/comments");
    let _ = agent.post(&comments, &long).expect(201);
    let _ = agent.post(&comments, &long).expect(201);
    let _ = agent.post(&comments, &long).refused(429, "too-much-written");
    // Whoever waits for a day may not send these either.
    let never = requester.attach(&key, "jamais.txt", &[b'x'; 70 * 1024]);
    let problem = never.refused(413, "too-large");
    assert_eq!(
        problem["detail"],
        "Cet envoi dépasse à lui seul les 65536 octets qu'un compte peut envoyer par jour."
    );
    let never = json!({"body": "x".repeat(70_000)});
    let _ = agent.post(&comments, &never).refused(413, "too-large");
    let files = requester
        .get(&format!("/v1/tickets/{key}/attachments"))
        .expect(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1);
}
