//! Header fields and methods are read as RFC 9110 writes them, whoever sends them.

use guichet_tests::{
    bytes::{Reply, exchange},
    client::Client,
    home::Home,
    server::Server,
};
use serde_json::{Value, json};

const TICKETS: &str = "/v1/tickets";

fn opened(client: &Client) -> String {
    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "Comment ?"});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

/// A request by the bytes, with these header lines and a body.
fn sent(server: &Server, client: &Client, line: &str, fields: &[&str], body: &str) -> Reply {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: guichet\r\nConnection: close\r\nAuthorization: Bearer {}\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        client.token(),
        body.len()
    );
    exchange(server.api(), request.as_bytes())
}

/// Fault B1: .NET writes a blank before the weight, and lines of one field are one list.
#[test]
fn the_language_is_read_from_every_line_with_its_weights() {
    let server = Server::start();
    let client = server.client("requester-1");
    let title = |fields: &[&str]| -> String {
        let problem = sent(&server, &client, "GET /v1/nothing", fields, "").expect(404);
        problem["title"].as_str().unwrap().to_owned()
    };
    let (french, english) = ("Introuvable", "Not found");
    for (fields, expected) in [
        (&["Accept-Language: en; q=0.9"][..], english),
        (&["Accept-Language: fr; q=0.2, en; q=0.9"], english),
        (&["Accept-Language: de, en; q=0.8, fr; q=0.5"], english),
        (&["Accept-Language: en;Q=0.8"], english),
        (&["Accept-Language: fr;q=0, *"], english),
        (&["Accept-Language: de", "Accept-Language: en"], english),
        (&["Accept-Language: en;q=0.1", "Accept-Language: fr"], french),
        (&["Accept-Language: é"], french),
    ] {
        assert_eq!(title(fields), expected, "{fields:?}");
    }
}

/// Of two lines of a field that is no list, one program takes the first and another the last.
#[test]
fn a_field_that_is_no_list_is_given_once() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let comments = format!("POST {TICKETS}/{key}/comments");
    for field in [
        "Idempotency-Key: k",
        "Guichet-Profile: requester",
        "Guichet-Organization: commune-a",
        "Guichet-On-Behalf-Of: agent",
        "Authorization: Bearer x",
    ] {
        let fields = ["Content-Type: application/json", field, field];
        let problem = sent(&server, &client, &comments, &fields, "{\"body\":\"x\"}").expect(400);
        let name = field.split(':').next().unwrap().to_ascii_lowercase();
        assert_eq!(
            problem["detail"],
            format!("L'en-tête {name} est donné plusieurs fois."),
            "{field}"
        );
    }
    let fields = [
        "Accept: text/event-stream",
        "Last-Event-ID: 1",
        "Last-Event-ID: 2",
    ];
    let auditor = server.client("auditor");
    let problem = sent(&server, &auditor, "GET /v1/events", &fields, "").expect(400);
    assert_eq!(
        problem["detail"],
        "L'en-tête last-event-id est donné plusieurs fois."
    );
    // A condition that a change does not know is not passed over.
    let patch = format!("PATCH {TICKETS}/{key}");
    for tags in ["*", "\"1\"", "\"9\""] {
        let fields = [
            "Content-Type: application/json",
            &format!("If-None-Match: {tags}"),
        ];
        let problem = sent(&server, &client, &patch, &fields, "{\"notify\":false}").expect(400);
        assert_eq!(problem["code"], "malformed-request", "{tags}");
    }
    assert_eq!(client.get(&format!("{TICKETS}/{key}")).expect(200)["version"], 1);
}

/// Fault B2: `If-Match` is a list of tags, compared byte by byte.
#[test]
fn a_change_is_made_when_one_of_the_tags_is_that_of_the_ticket() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let patched = |fields: &[&str]| {
        let mut all = vec!["Content-Type: application/json"];
        all.extend(fields);
        sent(
            &server,
            &client,
            &format!("PATCH {TICKETS}/{key}"),
            &all,
            "{\"notify\":true}",
        )
    };
    for fields in [
        &["If-Match: \"999\", \"1\""][..],
        &["If-Match: \"1\",\"999\""],
        &["If-Match: W/\"9\",W/\"1\""],
        &["If-Match: \"9\"", "If-Match: \"1\""],
        &["If-Match: \"a,b\", \"1\""],
        &["If-Match: *"],
    ] {
        assert_eq!(patched(fields).expect(200)["version"], 1, "{fields:?}");
    }
    for fields in [
        &["If-Match: \"abc\""][..],
        &["If-Match: \"01\""],
        &["If-Match: \"+1\""],
        &["If-Match: \"\""],
        &["If-Match: \"99999999999999999999999\""],
        &["If-Match: \"1,2\""],
        &["If-Match: \"8\"", "If-Match: \"9\""],
    ] {
        let problem = patched(fields).expect(412);
        assert_eq!(
            (&problem["code"], &problem["missed"]),
            (&json!("stale-version"), &json!([])),
            "{fields:?}"
        );
    }
    for fields in [&["If-Match: 1"][..], &["If-Match:"], &["If-Match: \"1\", 2"]] {
        assert_eq!(
            patched(fields).expect(400)["code"],
            "malformed-request",
            "{fields:?}"
        );
    }
    let comment = sent(
        &server,
        &client,
        &format!("POST {TICKETS}/{key}/comments"),
        &["Content-Type: application/json", "If-Match: \"7\", \"1\""],
        "{\"body\":\"Bonjour\"}",
    );
    assert_eq!(comment.expect(201)["version"], 2);
    assert_eq!(
        sent(&server, &client, "GET /v1/me", &["If-Match: *"], "").status,
        200
    );
}

/// Fault B3: HEAD is answered as GET is, without the body; 405 names the methods.
#[test]
fn head_is_answered_wherever_get_is() {
    let server = Server::start();
    let client = server.client("admin");
    let key = opened(&server.client("requester-1"));
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs/",
        "/docs/errors",
        "/v1/me",
        TICKETS,
        &format!("{TICKETS}/{key}"),
        "/v1/audit/export",
        "/v1/events",
        "/.well-known/jwks.json",
    ] {
        let head = sent(&server, &client, &format!("HEAD {path}"), &[], "");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}: {}", head.head);
        let get = sent(&server, &client, &format!("GET {path}"), &[], "");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        if !["/metrics", "/readyz", "/v1/audit/export", "/v1/events", "/v1/me"].contains(&path) {
            assert_eq!(
                head.header("content-length"),
                get.header("content-length"),
                "{path}"
            );
        }
    }
    let lost = sent(&server, &client, &format!("HEAD {TICKETS}/SUP-999"), &[], "");
    assert_eq!((lost.status, lost.body.len()), (404, 0));
    let live = sent(
        &server,
        &client,
        "HEAD /v1/events",
        &["Accept: text/event-stream"],
        "",
    );
    assert_eq!(
        (live.status, live.header("content-type")),
        (200, vec!["text/event-stream"])
    );

    for (method, path, allow) in [
        ("DELETE", TICKETS.to_owned(), "GET, POST, HEAD, OPTIONS"),
        ("PUT", format!("{TICKETS}/{key}"), "GET, PATCH, HEAD, OPTIONS"),
        ("TRACE", "/healthz".to_owned(), "GET, HEAD, OPTIONS"),
        ("PROPFIND", "/v1/me".to_owned(), "GET, PATCH, HEAD, OPTIONS"),
        ("HEAD", "/v1/me/avatar".to_owned(), "PUT, DELETE, OPTIONS"),
        ("POST", "/openapi.json".to_owned(), "GET, HEAD, OPTIONS"),
        ("POST", "/docs/index.html".to_owned(), "GET, HEAD, OPTIONS"),
        ("PATCH", "/v1/audit/tile/0/000".to_owned(), "GET, HEAD, OPTIONS"),
    ] {
        let refused = sent(&server, &client, &format!("{method} {path}"), &[], "");
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, vec![allow]),
            "{method} {path}"
        );
    }
    let asked = sent(&server, &client, &format!("OPTIONS {TICKETS}"), &[], "");
    assert_eq!(
        (asked.status, asked.header("allow")),
        (204, vec!["GET, POST, HEAD, OPTIONS"])
    );
    assert_eq!(sent(&server, &client, "OPTIONS *", &[], "").status, 204);
    assert_eq!(sent(&server, &client, "OPTIONS /v1/nothing", &[], "").status, 404);
}

/// Fault B3: a page may ask with HEAD, and read what an answer says of itself.
#[test]
fn a_page_of_an_allowed_origin_may_send_head_and_read_the_fields_it_needs() {
    let server = Home::new()
        .with("GUICHET_CORS_ORIGINS", "https://portal.example")
        .start();
    let client = server.client("requester-1");
    let preflight = sent(
        &server,
        &client,
        &format!("OPTIONS {TICKETS}"),
        &[
            "Origin: https://portal.example",
            "Access-Control-Request-Method: HEAD",
        ],
        "",
    );
    assert_eq!(preflight.status, 200, "{}", preflight.head);
    let answered = sent(
        &server,
        &client,
        &format!("HEAD {TICKETS}"),
        &["Origin: https://portal.example"],
        "",
    );
    let exposed = answered
        .header("access-control-expose-headers")
        .join(", ")
        .to_ascii_lowercase();
    for field in [
        "content-disposition",
        "etag",
        "location",
        "retry-after",
        "allow",
        "guichet-next-after",
    ] {
        assert!(exposed.contains(field), "{field} is not among {exposed}");
    }
    // A refusal too can be read by the page.
    let refused = sent(
        &server,
        &client,
        &format!("POST {TICKETS}"),
        &[
            "Origin: https://portal.example",
            "Content-Encoding: gzip",
            "Content-Type: application/json",
        ],
        "{}",
    );
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (415, vec!["https://portal.example"])
    );
}

/// Fault B4: who has it already is told so.
#[test]
fn what_one_has_is_not_sent_again() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let ticket = format!("{TICKETS}/{key}");
    let contract = server.nobody().get("/openapi.json");
    let contract_tag = contract.header("etag").to_owned();
    let ticket_tag = client.get(&ticket).header("etag").to_owned();
    for (path, tag) in [
        (ticket.as_str(), ticket_tag.as_str()),
        ("/openapi.json", &contract_tag),
    ] {
        let strong = tag.trim_start_matches("W/");
        for condition in [
            tag,
            "*",
            &format!("W/{strong}"),
            &format!("\"x\", {strong}"),
            &format!("\"a,b\",W/{strong}"),
        ] {
            let field = format!("If-None-Match: {condition}");
            let same = sent(&server, &client, &format!("GET {path}"), &[&field], "");
            assert_eq!((same.status, same.body.len()), (304, 0), "{path} {condition}");
            assert_eq!(same.header("etag"), [tag], "{path} {condition}");
        }
        for condition in ["\"x\"", "\"01\"", "1"] {
            let other = sent(
                &server,
                &client,
                &format!("GET {path}"),
                &[&format!("If-None-Match: {condition}")],
                "",
            );
            assert_eq!(other.status, 200, "{path} {condition}");
        }
        let stale = sent(
            &server,
            &client,
            &format!("GET {path}"),
            &["If-Match: \"77\""],
            "",
        );
        assert_eq!(stale.expect(412)["code"], "stale-version", "{path}");
        let same = sent(
            &server,
            &client,
            &format!("HEAD {path}"),
            &[&format!("If-None-Match: {tag}")],
            "",
        );
        assert_eq!(same.status, 304, "{path}");
    }
    let read = sent(&server, &client, &format!("GET {ticket}"), &[], "");
    assert!(
        read.header("vary").join(", ").contains("Guichet-Profile"),
        "{}",
        read.head
    );
    assert_eq!(contract.header("cache-control"), "no-cache");
}

/// Chromium showed the body of an agent to the requester who signed in next: one version of a ticket had one tag for all.
#[test]
fn a_tag_belongs_to_one_reader_and_language_and_names_the_version() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let ticket = format!("{TICKETS}/{key}");
    // A name in it changes, and with it the tag: each is sent whole once, and not again.
    let organization = "/v1/organizations/commune-a";
    let account = "/v1/me";
    for path in [ticket.as_str(), account, organization] {
        let had = client.get(path).header("etag").to_owned();
        assert_eq!(client.with("If-None-Match", &had).get(path).status, 304, "{path}");
    }
    let had = client.get(&ticket).header("etag").to_owned();
    let _ = client
        .patch("/v1/me", &json!({"name": "Nouveau Nom"}))
        .expect(200);
    let told = client.with("If-None-Match", &had).get(&ticket).expect(200);
    assert_eq!(
        (&told["requester"]["name"], &told["version"]),
        (&json!("Nouveau Nom"), &json!(1))
    );
    // The tag belongs to who was answered, in their language: no cache shows it to another.
    let had = client.get(&ticket).header("etag").to_owned();
    for other in [
        client.with("Accept-Language", "en"),
        server.client("agent"),
        server.client("requester-2"),
    ] {
        let told = other.with("If-None-Match", &had).get(&ticket);
        assert_eq!(
            (told.status, told.json()["key"].as_str()),
            (200, Some(key.as_str()))
        );
        // Whichever it is, it names the version for a change.
        assert_ne!(told.header("etag"), had);
    }
    let changed = client
        .with("If-Match", &had)
        .patch(&ticket, &json!({"notify": false}));
    assert_eq!(changed.status, 200, "{}", changed.text());
    let stale = client
        .with("If-Match", &had)
        .patch(&ticket, &json!({"notify": true}));
    let _ = stale.refused(412, "stale-version");
    for tag in ["\"2\"", client.get(&ticket).header("etag")] {
        assert_eq!(client.with("If-Match", tag).get(&ticket).status, 200, "{tag}");
    }
}

/// Fault B5: a body that says it is encoded is not taken for what it is not.
#[test]
fn an_encoded_body_is_refused() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let body = "{\"desk\":\"SUP\",\"type\":\"question\",\"summary\":\"s\",\"description\":\"d\"}";
    let head = server.head();
    let form =
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nabc\r\n--B--\r\n";
    for coding in ["gzip", "deflate", "br", "foo", "identity, gzip"] {
        let coding = format!("Content-Encoding: {coding}");
        let json = sent(
            &server,
            &client,
            &format!("POST {TICKETS}"),
            &["Content-Type: application/json", &coding],
            body,
        );
        assert_eq!(
            (json.status, json.header("accept-encoding")),
            (415, vec!["identity"]),
            "{coding}"
        );
        assert_eq!(json.expect(415)["code"], "wrong-media-type");
        let fields = ["Content-Type: multipart/form-data; boundary=B", &coding];
        let upload = sent(
            &server,
            &client,
            &format!("POST {TICKETS}/{key}/attachments"),
            &fields,
            form,
        );
        assert_eq!(upload.expect(415)["code"], "wrong-media-type", "{coding}");
        let avatar = sent(&server, &client, "PUT /v1/me/avatar", &[&coding], "x");
        assert_eq!(avatar.status, 415, "{coding}");
    }
    assert_eq!(server.head(), head, "what was refused wrote something");
    let fields = ["Content-Type: application/json", "Content-Encoding: Identity"];
    assert_eq!(
        sent(&server, &client, &format!("POST {TICKETS}"), &fields, body).status,
        201
    );
}

/// Fault B19: HTTP/1.0 has no chunks.
#[test]
fn an_old_client_is_sent_no_chunks() {
    let server = Server::start();
    let (auditor, requester) = (server.client("auditor"), server.client("requester-1"));
    let key = opened(&requester);
    let content = "é".repeat(100_000);
    let file = requester.attach(&key, "long.txt", content.as_bytes()).expect(201);
    let old = |client: &Client, path: &str, more: &str| {
        let request = format!(
            "GET {path} HTTP/1.0\r\nAuthorization: Bearer {}\r\n{more}\r\n",
            client.token()
        );
        exchange(server.api(), request.as_bytes())
    };
    for more in ["", "Connection: keep-alive\r\n"] {
        let export = old(&auditor, "/v1/audit/export", more);
        assert!(export.header("transfer-encoding").is_empty(), "{}", export.head);
        let text = String::from_utf8(export.body).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(lines.len() > 2 && text.ends_with('\n'), "{text}");
    }
    let id = file["id"].as_str().unwrap();
    let download = old(&requester, &format!("{TICKETS}/{key}/attachments/{id}"), "");
    assert!(
        download.header("transfer-encoding").is_empty(),
        "{}",
        download.head
    );
    assert_eq!(download.header("content-length"), [content.len().to_string()]);
    assert_eq!(download.body, content.as_bytes());
    let json = old(&requester, &format!("{TICKETS}/{key}"), "");
    assert_eq!(json.expect(200)["key"], key);
}

/// Fault B20: a download has a name that everybody reads, and a length.
#[test]
fn a_download_says_its_name_twice_and_its_length() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    for (name, plain, whole) in [
        ("plain.txt", "plain.txt", "plain.txt"),
        ("été.txt", "_t_.txt", "%C3%A9t%C3%A9.txt"),
        ("50%.txt", "50_.txt", "50%25.txt"),
    ] {
        let file = client.attach(&key, name, b"abc").expect(201);
        let id = file["id"].as_str().unwrap();
        let answer = client.get(&format!("{TICKETS}/{key}/attachments/{id}"));
        assert_eq!(
            (
                answer.header("content-disposition"),
                answer.header("content-length")
            ),
            (
                format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}").as_str(),
                "3"
            )
        );
        assert!(answer.header("transfer-encoding").is_empty());
    }
}

/// Fault B28: the feed is a stream or a page as `Accept` weighs them, and an empty `Last-Event-ID` is none.
#[test]
fn the_feed_is_what_was_rather_asked_for() {
    let server = Server::start();
    let client = server.client("auditor");
    let kind = |fields: &[&str]| {
        let head = sent(&server, &client, "HEAD /v1/events?limit=1", fields, "");
        assert_eq!(head.status, 200, "{fields:?}: {}", head.head);
        head.header("content-type")[0].to_owned()
    };
    let (stream, page) = ("text/event-stream", "application/x-ndjson");
    for (fields, expected) in [
        (
            &["Accept: application/x-ndjson, text/event-stream;q=0.1"][..],
            page,
        ),
        (&["Accept: text/event-stream;q=0, application/x-ndjson"], page),
        (&["Accept: */*"], page),
        (&["Accept: Text/Event-Stream"], stream),
        (&["Accept: */*", "Accept: text/event-stream"], stream),
        (&["Accept: text/event-stream; q=1.0"], stream),
        (&["Accept: text/event-stream", "Last-Event-ID:"], stream),
        (&["Last-Event-ID:"], page),
    ] {
        assert_eq!(kind(fields), expected, "{fields:?}");
    }
    let unreadable = sent(&server, &client, "GET /v1/events", &["Last-Event-ID: abc"], "");
    assert_eq!(unreadable.expect(400)["code"], "malformed-request");
    // Observation O4: who resumes after what this log has not reached is told so.
    let head = server.head();
    for (line, fields, pointer) in [
        (format!("GET /v1/events?after={}", head + 1_000), &[][..], "after"),
        (
            "GET /v1/events".to_owned(),
            &["Accept: text/event-stream", "Last-Event-ID: 99999999"],
            "Last-Event-ID",
        ),
    ] {
        let problem = sent(&server, &client, &line, fields, "").expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let at_the_end = client.get(&format!("/v1/events?after={head}"));
    assert_eq!(at_the_end.status, 200);
}

/// Faults B34 and S1: what a stranger invents is no label, and no line of the log.
#[test]
fn an_invented_method_is_counted_as_other_and_not_copied() {
    let server = Server::start();
    let client = server.client("requester-1");
    for number in 0..3 {
        let method = format!("XMETH{number}{}", "A".repeat(20_000));
        let answer = sent(&server, &client, &format!("{method} /healthz"), &[], "");
        assert_eq!(answer.status, 405);
    }
    let long = format!("{TICKETS}/SUP-1{}", "secret".repeat(500));
    assert_eq!(
        sent(&server, &client, &format!("GET {long}"), &[], "").status,
        404
    );
    let metrics = server.nobody().get("/metrics").text();
    assert!(!metrics.contains("XMETH"), "{metrics}");
    assert!(
        metrics.contains("{method=\"other\",route=\"(none)\",status=\"405\"")
            || metrics.contains("{method=\"other\",route=\"/healthz\",status=\"405\""),
        "{metrics}"
    );
    let lines = server.home().log_lines();
    assert!(lines.contains("\"method\":\"other\""), "{lines}");
    // Fault S11: nor are words of a path, by way of the causes of a refusal.
    assert!(
        !lines.contains("XMETH") && !lines.contains("secretsecret"),
        "a line copies what a client sent"
    );
}

/// Fault U16: the address by itself leads somewhere.
#[test]
fn who_opens_the_address_alone_is_shown_where_things_are() {
    let server = Server::start();
    let answer = sent(&server, &server.client("requester-1"), "GET /", &[], "");
    assert_eq!((answer.status, answer.header("location")), (303, vec!["/docs/"]));
    let text = String::from_utf8(answer.content()).unwrap();
    for path in ["/v1", "/docs/", "/openapi.json", "/healthz"] {
        assert!(text.contains(path), "{text}");
    }
}

/// Fault B32: what can be answered is answered, and no document says otherwise.
#[test]
fn a_media_type_that_there_is_not_is_answered_as_json() {
    let server = Server::start();
    let answer = sent(
        &server,
        &server.client("requester-1"),
        "GET /v1/me",
        &["Accept: application/xml"],
        "",
    );
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, vec!["application/json"])
    );
    assert!(
        !server
            .nobody()
            .get("/docs/errors")
            .text()
            .contains("not-acceptable")
    );
}

/// Observation O8: a name may hold any letter, as UTF-8 or as what a browser's or Python's client writes.
#[test]
fn a_name_in_a_field_may_hold_any_letter() {
    let server = Server::start();
    let client = server.client("agent");
    for value in [&b"h\xc3\xa9l\xc3\xa8ne"[..], b"h\xe9l\xe8ne"] {
        let mut request =
            b"GET /v1/me HTTP/1.1\r\nHost: guichet\r\nConnection: close\r\nGuichet-On-Behalf-Of: ".to_vec();
        request.extend_from_slice(value);
        request.extend_from_slice(format!("\r\nAuthorization: Bearer {}\r\n\r\n", client.token()).as_bytes());
        let problem = exchange(server.api(), &request).expect(422);
        assert_eq!(problem["errors"][0]["code"], "value", "{problem}");
    }
}
