//! Values that can be read in two ways are refused, and every fault is named by its place.

use guichet_tests::{answer::faults, client::Client, server::Server};
use serde_json::{Value, json};

const TICKETS: &str = "/v1/tickets";

fn named(client: &Client, path: &str) -> Vec<String> {
    let faults = faults(&client.get(path).refused(422, "invalid"));
    faults
        .into_iter()
        .map(|(pointer, code)| format!("{pointer} {code}"))
        .collect()
}

fn opened(client: &Client) -> String {
    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "Comment ?"});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

/// Fault B8: a member given twice is refused by its place, in every body and at any depth.
#[test]
fn a_member_given_twice_is_refused() {
    let server = Server::start();
    let (client, agent) = (server.client("requester-1"), server.client("agent"));
    let key = opened(&client);
    let head = server.head();
    let posted = |client: &Client, path: &str, body: &str| {
        let answer = client.post_bytes(path, "application/json", body.as_bytes().to_vec());
        faults(&answer.refused(422, "invalid"))
    };
    let value = |pointers: &[&str]| -> Vec<(String, String)> {
        pointers
            .iter()
            .map(|pointer| ((*pointer).to_owned(), "value".to_owned()))
            .collect()
    };
    let ticket = r#"{"desk":"SUP","type":"question","summary":"un","description":"d","private":true,"private":false,"summary":"deux"}"#;
    assert_eq!(posted(&client, TICKETS, ticket), value(&["/private", "/summary"]));
    let nested = r#"{"desk":"SUP","type":"incident","summary":"s","description":"d","fields":{"product":"ent","product":"mail"}}"#;
    assert_eq!(posted(&client, TICKETS, nested), value(&["/fields/product"]));
    let of = |path: &str| format!("{TICKETS}/{key}{path}");
    assert_eq!(
        posted(&client, &of("/comments"), r#"{"body":"a","bo\u0064y":"b"}"#),
        value(&["/body"])
    );
    assert_eq!(
        posted(
            &agent,
            &of("/transitions"),
            r#"{"action":"take","action":"close"}"#
        ),
        value(&["/action"])
    );
    assert_eq!(
        posted(
            &server.nobody(),
            "/v1/auth/token",
            r#"{"username":"agent","password":"x","username":"admin"}"#
        ),
        value(&["/username"])
    );
    let patched = client
        .request(reqwest::Method::PATCH, &of(""))
        .header("content-type", "application/merge-patch+json")
        .body(r#"{"notify":true,"notify":false}"#);
    let patched = guichet_tests::answer::Answer::of(patched.send());
    assert_eq!(faults(&patched.refused(422, "invalid")), value(&["/notify"]));
    // A name by which JSON would be read inside a text, with members twice that nobody has looked at.
    let raw = "$serde_json::private::RawValue";
    let patched = client.patch(
        "/v1/me",
        &json!({"preferences": {"a": {raw: "{\"x\":1,\"x\":2}"}}}),
    );
    assert_eq!(
        faults(&patched.refused(422, "invalid")),
        [(format!("/preferences/a/{raw}"), "unknown".to_owned())]
    );
    assert_eq!(server.head(), head, "what was refused wrote something");
}

/// Fault B9: a parameter is named, not pointed to, whoever finds the fault.
#[test]
fn a_parameter_at_fault_is_named_as_it_was_sent() {
    let server = Server::start();
    let client = server.client("agent");
    let many = format!("fields={}", vec!["a"; 101].join(","));
    for (query, expected) in [
        ("limit=0", "limit length"),
        ("limit=201", "limit length"),
        ("limit=abc", "limit format"),
        ("sort=colour", "sort unknown"),
        (&many, "fields length"),
    ] {
        assert_eq!(
            named(&client, &format!("{TICKETS}?{query}")),
            [expected],
            "{query}"
        );
    }
    let long = format!("{TICKETS}?q={}", "a".repeat(2_000));
    assert_eq!(named(&client, &long), ["q length"]);
    let series = named(&client, "/v1/series/statuses?from=2026-03-02&to=2026-03-01");
    assert!(
        series.iter().all(|fault| fault.starts_with("to ")) && !series.is_empty(),
        "{series:?}"
    );
}

/// Fault B29: RFC 3339 and no other form, wherever it is promised.
#[test]
fn a_time_that_is_not_of_rfc_3339_is_refused() {
    let server = Server::start();
    let (client, auditor) = (server.client("agent"), server.client("auditor"));
    let key = opened(&server.client("requester-1"));
    let texts = [
        "2999-1-1T0:0:0Z",
        "2999-%2001%20-01T%2000:%2000%20:00Z",
        "2999-01-01T00:00:00%20UTC",
        "2999-01-01T00:00:00%2B0000",
        "2999-01-01T12:34:60Z",
        "2999-01-01%2000:00:00Z",
        "2999-01-01",
    ];
    for text in texts {
        assert_eq!(
            named(&client, &format!("{TICKETS}/{key}?as_of={text}")),
            ["as_of format"],
            "{text}"
        );
        for parameter in ["created_after", "created_before", "updated_after"] {
            let fault = format!("{parameter} format");
            assert_eq!(
                named(&client, &format!("{TICKETS}?{parameter}={text}")),
                [fault],
                "{text}"
            );
        }
        for parameter in ["recorded_after", "occurred_before", "sent_after"] {
            let fault = format!("{parameter} format");
            assert_eq!(
                named(&auditor, &format!("/v1/events?{parameter}={text}")),
                [fault],
                "{text}"
            );
        }
    }
    for text in [
        "2999-01-01T00:00:00Z",
        "2999-01-01t00:00:00.5z",
        "2999-01-01T00:00:00%2B01:00",
        "2016-12-31T23:59:60Z",
    ] {
        let found = client.get(&format!("{TICKETS}?created_before={text}"));
        assert_eq!(found.status, 200, "{text}: {}", found.text());
    }
    for day in ["2026-1-1", "%2B2026-01-01", "%202026-01-01", "%2B262142-12-31"] {
        let path = format!("/v1/series/statuses?from={day}&to={day}");
        assert_eq!(named(&client, &path), ["from format", "to format"], "{day}");
    }
    assert_eq!(
        client
            .get("/v1/series/statuses?from=2026-01-01&to=2026-01-02")
            .status,
        200
    );
}

/// What a stranger sent is neither repeated whole nor listed without end: a body of 118 kB was answered with 180 MB, since each
/// of its faults named the 60 kB above it.
#[test]
fn an_answer_names_fifty_faults_and_cuts_long_names() {
    let server = Server::start();
    let (client, nobody) = (server.client("requester-1"), server.nobody());
    let long = "x".repeat(60_000);
    let twice: String = (0..3_000).map(|at| format!("\"a{at}\":0,\"a{at}\":0,")).collect();
    let nested = format!("{{\"{long}\":{{{}\"z\":0}}}}", twice);
    let unknown: String = (0..3_000).map(|at| format!("\"a{at}\":0,")).collect();
    let raw: String = (0..300)
        .map(|at| format!("\"b{at}\":{{\"$serde_json::private::RawValue\":0}},"))
        .collect();
    for body in [
        nested,
        format!("{{{unknown}\"z\":0}}"),
        format!("{{\"{long}\":{{{raw}\"z\":0}}}}"),
    ] {
        let answer = nobody.post_bytes("/v1/auth/token", "application/json", body.into_bytes());
        assert_eq!(answer.status, 422);
        assert!(answer.bytes.len() < 40_000, "{} bytes", answer.bytes.len());
        let problem = answer.refused(422, "invalid");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 50);
        assert_eq!(
            problem["detail"],
            "Plus de 50 erreurs ; les 50 premières figurent dans « errors »."
        );
    }
    let one = client
        .post(TICKETS, &json!({"desk": "SUP", &long: 1}))
        .refused(422, "invalid");
    let pointers = faults(&one);
    let (pointer, _) = pointers.iter().find(|(_, code)| code == "unknown").unwrap();
    assert_eq!(*pointer, format!("/{}…", "x".repeat(199)));
    let query: String = (0..500).map(|at| format!("p{at}=1&")).collect();
    assert_eq!(named(&client, &format!("{TICKETS}?{query}")).len(), 50);
    assert_eq!(named(&client, "/v1/accounts?limit=%2B1"), ["limit format"]);
    assert_eq!(named(&client, "/v1/organizations?q=%CC%81"), ["q value"]);
}

/// Observation O5: milliseconds since 1970 are no position of the log.
#[test]
fn a_position_that_the_log_has_not_reached_is_no_point_in_time() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let head = server.head();
    for path in [
        format!("{TICKETS}/{key}"),
        format!("{TICKETS}/{key}/comments"),
        TICKETS.to_owned(),
    ] {
        assert_eq!(
            named(&client, &format!("{path}?as_of=1790000000000")),
            ["as_of value"],
            "{path}"
        );
        assert_eq!(client.get(&format!("{path}?as_of={head}")).status, 200, "{path}");
    }
}

/// Fault B30: a date that is none is a named fault, and the faults beside it are named too.
#[test]
fn a_wrong_date_in_a_body_is_named_beside_the_other_faults() {
    let server = Server::start();
    let admin = server.client("admin");
    let robot = admin.post(
        "/v1/accounts",
        &json!({"kind": "service", "username": "robot", "name": "Robot"}),
    );
    let keys = format!("/v1/accounts/{}/keys", robot.expect(201)["id"].as_str().unwrap());
    let refused = |path: &str, body: Value| -> Vec<String> {
        let faults = faults(&admin.post(path, &body).refused(422, "invalid"));
        faults
            .into_iter()
            .map(|(pointer, code)| format!("{pointer} {code}"))
            .collect()
    };
    for date in [
        "x",
        "",
        "2027-03-01",
        "2027-3-1T0:0:0Z",
        "2027-03-01T00:00:00 UTC",
        "2027-03-01T00:00:00+0100",
        "2027-03-01T12:34:60Z",
    ] {
        let body = json!({"label": "", "scopes": ["read"], "expires_at": date});
        assert_eq!(
            refused(&keys, body),
            ["/expires_at format", "/label required"],
            "{date}"
        );
    }
    let unknown = json!({"label": " ", "scopes": ["read", "fly"], "expires_at": "x"});
    assert_eq!(
        refused(&keys, unknown),
        ["/expires_at format", "/label required", "/scopes/1 value"]
    );
    let unknown = json!({"label": "", "scopes": ["fly"], "expires_at": "2027-03-01T00:00:00Z"});
    assert_eq!(refused(&keys, unknown), ["/label required", "/scopes/0 value"]);
    let typed = json!({"label": 3, "scopes": "read", "expires_at": 5});
    assert_eq!(
        refused(&keys, typed),
        ["/expires_at type", "/label type", "/scopes type"]
    );
    for (from, to) in [
        ("2026-1-1", " 2026-12-31"),
        ("+2026-01-01", "2026-12-31T00:00:00Z"),
        ("x", "2026-02-30"),
    ] {
        let terms = json!({"reference": "SUP-1", "level": "brass", "valid_from": from, "valid_to": to});
        assert_eq!(
            refused("/v1/organizations/commune-a/contracts", terms),
            ["/level value", "/valid_from format", "/valid_to format"],
            "{from} {to}"
        );
    }
}

/// Fault U14: an empty number, choice or time was taken for none, and `null` in an edit for nothing said.
#[test]
fn an_empty_number_is_refused_and_null_clears_or_is_refused() {
    let server = Server::start();
    let (admin, requester) = (server.client("admin"), server.client("requester-1"));
    for (path, parameter) in [
        ("/v1/tickets?limit=", "limit"),
        ("/v1/tickets?sort=", "sort"),
        ("/v1/tickets?as_of=", "as_of"),
        ("/v1/tickets?created_after=", "created_after"),
        ("/v1/organizations?mine=", "mine"),
        ("/v1/accounts?role=", "role"),
    ] {
        let problem = admin.get(path).refused(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], parameter, "{problem}");
    }
    // A text that was left empty asks for nothing.
    let _ = admin.get("/v1/tickets?q=&status=&priority=").expect(200);

    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Une demande", "description": "Longue."});
    let key = requester.open(&ticket)["key"].as_str().unwrap().to_owned();
    let path = format!("/v1/tickets/{key}");
    let nothing = json!({"summary": null, "priority": null, "private": null, "fields": null});
    let problem = requester.patch(&path, &nothing).refused(422, "invalid");
    let named = ["/fields", "/priority", "/private", "/summary"]
        .map(|pointer| (pointer.to_owned(), "type".to_owned()));
    assert_eq!(faults(&problem), named);
    assert_eq!(
        admin.patch(&path, &json!({"assignee": null})).expect(200)["assignee"],
        Value::Null
    );
    let problem = requester
        .patch("/v1/me", &json!({"name": null, "phone": null}))
        .refused(422, "invalid");
    assert_eq!(faults(&problem), [("/name".to_owned(), "type".to_owned())]);
}

/// Faults of a query were told in three stages: names, then forms, then values.
#[test]
fn all_faults_of_a_query_are_named_at_once() {
    let server = Server::start();
    let requester = server.client("requester-1");
    for (query, named) in [
        ("limit=99999&sort=foo&bogus=1", &["bogus", "limit", "sort"][..]),
        ("limit=abc&sort=foo", &["limit", "sort"]),
        (
            "as_of=yesterday&limit=0&created_after=x&q=%2B",
            &["as_of", "created_after", "limit", "q"],
        ),
        ("limit=0&limit=1", &["limit"]),
    ] {
        let refused = requester
            .get(&format!("/v1/tickets?{query}"))
            .refused(422, "invalid");
        let mut pointers: Vec<String> = faults(&refused).into_iter().map(|(pointer, _)| pointer).collect();
        pointers.sort();
        assert_eq!(pointers, named, "{query}");
    }
}
