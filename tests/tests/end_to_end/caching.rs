//! What is not sent twice, and what is sent shorter: tags of lists, compression, files that are kept (fault U15).

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use guichet_tests::{
    answer::Answer,
    bytes::{Reply, exchange},
    client::Client,
    contract::Contract,
    home::Home,
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TICKETS: &str = "/v1/tickets";

fn opened(client: &Client, summary: &str) -> String {
    let ticket = json!({"desk": "SUP", "type": "question", "summary": summary, "description": "Comment ?"});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

/// A request by the bytes, with these header lines.
fn asked(server: &Server, client: &Client, line: &str, fields: &[&str]) -> Reply {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let token = client.token();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: guichet\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{fields}\r\n"
    );
    exchange(server.api(), request.as_bytes())
}

fn having(client: &Client, path: &str, tag: &str) -> Answer {
    Answer::of(
        client
            .request(Method::GET, path)
            .header("If-None-Match", tag)
            .send(),
    )
}

#[test]
fn a_list_is_not_sent_again_until_something_in_it_has_changed() {
    let server = Server::start();
    let (mine, others) = (server.client("requester-1"), server.client("requester-3"));
    let key = opened(&mine, "La mienne");
    for path in [
        TICKETS.to_owned(),
        format!("{TICKETS}/{key}/comments"),
        format!("{TICKETS}/{key}/history"),
        "/v1/accounts".to_owned(),
        "/v1/organizations".to_owned(),
        "/v1/desks".to_owned(),
        "/v1/desks/SUP".to_owned(),
        "/v1/desks/SUP/types/question/schema".to_owned(),
        "/v1/me".to_owned(),
    ] {
        let first = mine.get(&path);
        let tag = first.header("etag");
        assert!(first.status == 200 && tag.starts_with("W/\""), "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        // What somebody of another organization writes is in no list of this one.
        let _ = opened(&others, "Celle d'un autre");
        let again = having(&mine, &path, tag);
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
        assert_eq!((again.header("etag"), again.header("content-type")), (tag, ""));
        assert_eq!(having(&mine, &path, "\"x\"").status, 200, "{path}");
    }
    let tags = |client: &Client| {
        let list = format!("{TICKETS}?at_least={}", server.head());
        let desk = client.get("/v1/desks/SUP");
        [client.get(&list), desk].map(|answer| answer.header("etag").to_owned())
    };
    let before = tags(&mine);
    let _ = mine.comment(&key, "Encore.", "public");
    let after = tags(&mine);
    assert_ne!(before[0], after[0], "the list has another last message");
    assert_eq!(before[1], after[1]);
    // Another language is another answer, and another who has it asked for in this one.
    let english = tags(&mine.with("Accept-Language", "en"));
    assert!(english[0] != after[0] && english[1] != after[1]);
    let list = format!("{TICKETS}?at_least={}", server.head());
    assert_eq!(having(&others, &list, &after[0]).status, 200);
    // A token that nobody asked for makes nobody of it.
    assert_eq!(mine.get("/v1/auth/providers").header("etag"), "");
    assert_eq!(having(&mine, &list, &format!("\"a\", {}", after[0])).status, 304);
    // What has no version is not looked for by one.
    let by_version = mine.request(Method::GET, &list).header("If-Match", "\"7\"");
    assert_eq!(Answer::of(by_version.send()).status, 200);
    // What nobody is signed in for, and what is refused, is not kept.
    for answer in [
        server.nobody().get("/v1/auth/providers"),
        mine.get("/v1/tickets/SUP-999"),
    ] {
        assert_eq!(
            (answer.header("etag"), answer.header("cache-control")),
            ("", "no-store")
        );
    }
    let made = mine.post(&format!("{TICKETS}/{key}/comments"), &json!({"body": "Et puis."}));
    assert_eq!((made.status, made.header("cache-control")), (201, "no-store"));
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

fn unbrotlied(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    brotli::Decompressor::new(bytes, 4096)
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

#[test]
fn an_answer_in_text_is_compressed_for_whom_asks_and_is_the_same() {
    let server = Server::start();
    let client = server.client("requester-1");
    for n in 0..5 {
        let _ = opened(&client, &format!("Demande {n}"));
    }
    let list = format!("GET {TICKETS}?at_least={}", server.head());
    let plain = asked(&server, &client, &list, &[]);
    assert!(plain.header("content-encoding").is_empty() && plain.body.len() > 1024);
    assert!(
        plain.header("vary").contains(&"Accept-Encoding"),
        "{}",
        plain.head
    );
    let tag = plain.header("etag")[0];
    let decoded = |coding: &str, body: &[u8]| match coding {
        "gzip" => unzipped(body),
        _ => unbrotlied(body),
    };
    for (wanted, coding) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("x-gzip", "gzip"),
    ] {
        let field = format!("Accept-Encoding: {wanted}");
        let short = asked(&server, &client, &list, &[&field]);
        assert_eq!(short.header("content-encoding"), [coding], "{wanted}");
        assert_eq!(short.header("etag"), [tag], "{wanted}");
        let content = short.content();
        assert!(
            content.len() < plain.body.len() / 2,
            "{wanted}: {}",
            content.len()
        );
        assert_eq!(decoded(coding, &content), plain.body, "{wanted}");
        let vary = short.header("vary").join(", ").to_ascii_lowercase();
        assert_eq!(vary.matches("accept-encoding").count(), 1, "{vary}");
        // Compressed or not, who has it is not sent it again.
        let had = asked(
            &server,
            &client,
            &list,
            &[&field, &format!("If-None-Match: {tag}")],
        );
        assert_eq!((had.status, had.body.len()), (304, 0), "{wanted}");
        let head = asked(&server, &client, &list.replace("GET", "HEAD"), &[&field]);
        assert_eq!(
            (head.header("content-encoding"), head.body.len()),
            (vec![coding], 0)
        );
    }
    for wanted in [
        "identity",
        "zstd",
        "gzip;q=0",
        "br;q=0, gzip;q=0, identity;q=0",
        "gzip;q=0.2, identity",
        "é",
    ] {
        let as_it_is = asked(&server, &client, &list, &[&format!("Accept-Encoding: {wanted}")]);
        assert_eq!(
            (as_it_is.status, as_it_is.header("content-encoding").len()),
            (200, 0),
            "{wanted}"
        );
        assert_eq!(as_it_is.body, plain.body, "{wanted}");
    }
}

#[test]
fn what_is_short_or_secret_or_a_command_or_live_is_sent_as_it_is() {
    let server = Server::start();
    let (client, auditor) = (server.client("requester-1"), server.client("auditor"));
    let key = opened(&client, "Une demande");
    let words = "un mot après l'autre ".repeat(200);
    let file = client.attach(&key, "mots.txt", words.as_bytes()).expect(201)["id"].clone();
    let file = format!("GET {TICKETS}/{key}/attachments/{}", file.as_str().unwrap());
    let zipped = "Accept-Encoding: gzip, br";
    for line in ["GET /v1/me", "GET /healthz", file.as_str(), "GET /v1/nothing"] {
        let answer = asked(&server, &client, line, &[zipped]);
        assert!(
            answer.header("content-encoding").is_empty(),
            "{line}: {}",
            answer.head
        );
    }
    let long = "x".repeat(4_000);
    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Longue", "description": long}).to_string();
    let sign_in = json!({"username": "requester-1", "password": "Guichet-demo-1"}).to_string();
    for (path, body) in [(TICKETS, ticket), ("/v1/auth/token", sign_in)] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: guichet\r\nConnection: close\r\nAuthorization: Bearer {}\r\n{zipped}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            client.token(),
            body.len()
        );
        let answer = exchange(server.api(), request.as_bytes());
        assert!(
            answer.status < 300 && answer.header("content-encoding").is_empty(),
            "{}",
            answer.head
        );
    }
    let live = auditor
        .request(Method::GET, "/v1/events")
        .header("accept", "text/event-stream");
    let live = live.header("accept-encoding", "gzip, br").send().unwrap();
    assert!(live.headers().get("content-encoding").is_none());
    drop(live);
}

#[test]
fn text_of_every_kind_is_compressed_and_a_strong_tag_is_weak_then() {
    let server = Server::start();
    let auditor = server.client("auditor");
    let zipped = "Accept-Encoding: gzip, br";
    for line in [
        "GET /openapi.json",
        "GET /docs/errors",
        "GET /metrics",
        "GET /v1/events?limit=100",
        "GET /v1/audit/export",
    ] {
        let answer = asked(&server, &auditor, line, &[zipped]);
        assert_eq!(
            (answer.status, answer.header("content-encoding")),
            (200, vec!["br"]),
            "{line}: {}",
            answer.head
        );
        assert!(!unbrotlied(&answer.content()).is_empty(), "{line}");
    }
    // A strong tag is of the bytes as they are sent; whoever has either has it.
    let strong = server.nobody().get("/openapi.json").header("etag").to_owned();
    let short = asked(&server, &auditor, "GET /openapi.json", &[zipped]);
    assert_eq!(short.header("etag"), [format!("W/{strong}")]);
    for tag in [strong.clone(), format!("W/{strong}")] {
        let had = asked(
            &server,
            &auditor,
            "GET /openapi.json",
            &[zipped, &format!("If-None-Match: {tag}")],
        );
        assert_eq!(had.status, 304, "{tag}");
    }
    // HTTP/1.0 knows no chunks.
    let old = format!("GET /openapi.json HTTP/1.0\r\n{zipped}\r\n\r\n");
    let old = exchange(server.api(), old.as_bytes());
    assert!(old.header("transfer-encoding").is_empty(), "{}", old.head);
    assert_eq!(unbrotlied(&old.body), server.nobody().get("/openapi.json").bytes);
}

#[test]
fn a_file_comes_whole_with_its_length_and_digest_and_may_be_kept_for_an_hour() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client, "Avec une pièce");
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let file = client.attach(&key, "relevé d'eau.bin", &content).expect(201);
    let path = format!("{TICKETS}/{key}/attachments/{}", file["id"].as_str().unwrap());
    let digest = Sha256::digest(&content);
    let whole = client.get(&path);
    assert_eq!(whole.bytes, content);
    assert_eq!(whole.header("content-length"), content.len().to_string());
    assert_eq!(
        whole.header("content-digest"),
        format!("sha-256=:{}:", STANDARD.encode(digest))
    );
    assert_eq!(whole.header("cache-control"), "private, max-age=3600, immutable");
    assert_eq!(
        whole.header("content-disposition"),
        "attachment; filename=\"relev_ d'eau.bin\"; filename*=UTF-8''relev%C3%A9%20d%27eau.bin"
    );
    let tag = whole.header("etag");
    assert!(tag.starts_with('"'), "{tag}");
    let had = having(&client, &path, tag);
    assert_eq!(
        (
            had.status,
            had.header("content-digest"),
            had.header("content-length")
        ),
        (304, "", "")
    );
    assert_eq!(having(&client, &path, "\"x\"").status, 200);
    // No part of a file is offered: it comes whole.
    let part = client
        .request(Method::GET, &path)
        .header("Range", "bytes=0-9")
        .send();
    let part = Answer::of(part);
    assert_eq!(
        (part.status, part.header("accept-ranges"), part.bytes.len()),
        (200, "", content.len())
    );
    let head = Answer::of(client.request(Method::HEAD, &path).send());
    // A digest is of what is sent, and nothing is.
    assert_eq!(head.header("content-digest"), "");
    for name in ["content-length", "etag", "content-type", "cache-control"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    // Whoever may not see it is not told whether they have it.
    let other = server.client("requester-3");
    let refused = having(&other, &path, tag);
    let _ = refused.refused(404, "not-found");
}

/// The names of all header fields that an answer of the contract may have.
fn declared(contract: &Contract) -> Vec<String> {
    fn names(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    if name == "headers" && member.is_object() {
                        into.extend(
                            member
                                .as_object()
                                .unwrap()
                                .keys()
                                .map(|name| name.to_ascii_lowercase()),
                        );
                    }
                    names(member, into);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| names(item, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut all = Vec::new();
    names(&contract.0["paths"], &mut all);
    names(&contract.0["components"]["responses"], &mut all);
    all.sort();
    all.dedup();
    all
}

#[test]
fn a_page_of_another_origin_may_read_every_field_that_the_contract_declares_and_send_its_cookie() {
    let origin = "https://portal.example";
    let server = Home::new().with("GUICHET_CORS_ORIGINS", origin).start();
    let client = server.client("requester-1");
    let answer = Answer::of(
        client
            .request(Method::GET, TICKETS)
            .header("Origin", origin)
            .send(),
    );
    let exposed = answer
        .header("access-control-expose-headers")
        .to_ascii_lowercase();
    let mut exposed: Vec<&str> = exposed.split(',').map(str::trim).collect();
    exposed.sort_unstable();
    let mut readable = declared(&Contract::served(&server.nobody()));
    // For browsers alone, and of paths without the method asked for.
    readable.retain(|name| name != "set-cookie");
    readable.push("allow".to_owned());
    readable.sort();
    assert_eq!(exposed, readable);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    let elsewhere = client
        .request(Method::GET, TICKETS)
        .header("Origin", "https://elsewhere.example");
    assert_eq!(
        Answer::of(elsewhere.send()).header("access-control-allow-origin"),
        ""
    );
}
