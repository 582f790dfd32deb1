//! What is refused is told in the caller's language, all of it (U7, B31 of the faults found).

use std::collections::BTreeSet;

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};

/// Words that an English sentence can hardly do without, and that are none in French.
const ENGLISH: [&str; 14] = [
    "the", "is", "of", "and", "not", "with", "must", "may", "this", "holds", "names", "at", "you", "cannot",
];

/// Problems whose title says all that there is to say.
const SAYS_IT_ALL: [&str; 4] = [
    "unauthenticated",
    "wrong-credentials",
    "not-found",
    "method-not-allowed",
];

/// A request that is refused, and by whom it is sent.
struct Refused {
    by: &'static str,
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Option<String>,
}

fn refused(by: &'static str, method: Method, path: impl Into<String>) -> Refused {
    Refused {
        by,
        method,
        path: path.into(),
        headers: Vec::new(),
        body: None,
    }
}

impl Refused {
    fn json(mut self, body: &Value) -> Refused {
        self.headers.push(("Content-Type", "application/json"));
        self.body = Some(body.to_string());
        self
    }

    fn text(mut self, kind: &'static str, body: &str) -> Refused {
        self.headers.push(("Content-Type", kind));
        self.body = Some(body.to_owned());
        self
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Refused {
        self.headers.push((name, value));
        self
    }

    fn sent(&self, client: &Client, language: &str) -> Answer {
        let mut request = client
            .request(self.method.clone(), &self.path)
            .header("Accept-Language", language);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        Answer::of(request.send())
    }
}

/// Requests that are at fault in as many ways as there is room for.
fn requests(key: &str) -> Vec<Refused> {
    let ticket = format!("/v1/tickets/{key}");
    let of_ticket = |rest: &str| format!("{ticket}/{rest}");
    let long = "x".repeat(30_000);
    vec![
        refused("nobody", Method::GET, "/v1/tickets"),
        refused("nobody", Method::POST, "/v1/auth/token").json(&json!({"username": "agent", "password": "x"})),
        refused("nobody", Method::POST, "/v1/auth/password-reset/confirmation")
            .json(&json!({"token": "x", "new_password": "a", "confirmation": "b"})),
        refused("agent", Method::GET, "/v1/tickets/SUP-999999"),
        refused("agent", Method::DELETE, "/v1/tickets"),
        refused("agent", Method::GET, "/v1/tickets?limit=0&sort=colour&cursor=é&mine=perhaps&nope=1&created_after=x&q=%2b"),
        refused("agent", Method::GET, "/v1/tickets?limit=20&limit=30&organization=%20&desk=%20"),
        refused("agent", Method::GET, of_ticket("history?cursor=-x&sort=name&limit=many")),
        refused("auditor", Method::GET, "/v1/events?after=999999999&limit=0&stream=a%20b"),
        refused("requester-1", Method::POST, "/v1/tickets").json(&json!({})),
        refused("requester-1", Method::POST, "/v1/tickets").json(&json!({
            "desk": "SUP", "type": "nothing", "summary": "a\nb", "description": long, "priority": "so so",
            "organization": "nowhere", "on_behalf_of": "nobody", "fields": {"a": null, "b": {"c": 1}},
        })),
        refused("requester-1", Method::POST, "/v1/tickets").json(&json!({"desk": 1, "colour": "red", "fields": []})),
        refused("oc-alpha", Method::POST, "/v1/tickets").json(&json!({
            "desk": "SAV", "type": "signalisation", "summary": "s", "description": "d",
            "fields": {"troubleDetectionTime": "yesterday", "serviceProviderID": "1", "contactPhoneNumber1": "x",
                "troubleTicketType": "none", "technicalId": "\u{7}"},
        })),
        refused("requester-1", Method::POST, of_ticket("comments")).json(&json!({"body": " "})),
        refused("requester-1", Method::POST, of_ticket("comments")).text("text/plain", "hello"),
        refused("requester-1", Method::POST, of_ticket("comments")).text("application/json", "{\"body\""),
        refused("requester-1", Method::POST, of_ticket("comments")).text("application/json", "{\"body\":\"a\",\"body\":\"b\"}"),
        refused("requester-1", Method::POST, of_ticket("comments"))
            .json(&json!({"body": "x"}))
            .header("Idempotency-Key", ""),
        refused("requester-1", Method::POST, of_ticket("comments"))
            .json(&json!({"body": "x"}))
            .header("Content-Encoding", "gzip"),
        refused("requester-1", Method::POST, of_ticket("attachments")).text("text/plain", "x"),
        refused("requester-1", Method::PATCH, ticket.clone())
            .json(&json!({"summary": "Autre"}))
            .header("If-Match", "\"99\""),
        refused("requester-1", Method::PATCH, ticket.clone())
            .json(&json!({"summary": "Autre"}))
            .header("If-Match", "1"),
        refused("requester-1", Method::PATCH, ticket.clone()).json(&json!({"assignee": "agent"})),
        refused("requester-1", Method::GET, ticket.clone()).header("Guichet-Profile", "admin"),
        refused("agent", Method::POST, of_ticket("transitions")).json(&json!({"action": "fly"})),
        refused("agent", Method::POST, of_ticket("reopen")).json(&json!({"reason": "Encore."})),
        refused("agent", Method::POST, of_ticket("approvals/0198c0de-7000-7000-8000-0000000000ff/decision"))
            .json(&json!({"decision": "accept"})),
        refused("requester-1", Method::PATCH, "/v1/me").json(&json!({
            "name": "a\u{202e}b", "language": "de", "time_zone": "Mars", "phone": "call me", "default_view": "moon",
        })),
        refused("requester-1", Method::POST, "/v1/me/password")
            .json(&json!({"current_password": "no", "new_password": "password", "confirmation": "x"})),
        refused("admin", Method::POST, "/v1/accounts").json(&json!({
            "kind": "robot", "username": "agent", "name": "", "address": "mairie@x.fr", "organizations": ["nowhere"],
            "roles": [{"role": "king"}],
        })),
        refused("referent", Method::POST, "/v1/accounts").json(&json!({
            "kind": "operator", "username": "programme", "name": "Programme", "organizations": ["lycee-a"], "roles": [{"role": "admin"}],
        })),
        refused("admin", Method::POST, "/v1/organizations").json(&json!({"id": "a b", "name": "", "siren": "1", "parent": "é é"})),
        refused("agent", Method::POST, "/v1/organizations").json(&json!({"id": "new-one", "name": "New"})),
    ]
}

fn speaks_english(text: &str) -> Option<&str> {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.find(|word| ENGLISH.contains(&word.to_lowercase().as_str()))
}

/// The texts of a problem, each with its place.
fn texts(problem: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let of_errors = errors.iter().map(|error| {
        (
            format!("{} {}", error["pointer"], error["code"]),
            text(&error["detail"]),
        )
    });
    [("title", "title"), ("detail", "detail")]
        .into_iter()
        .map(|(place, member)| (place.to_owned(), text(&problem[member])))
        .chain(of_errors)
        .collect()
}

#[test]
fn every_refusal_is_told_in_french_and_in_english_and_no_french_one_speaks_english() {
    let server = Server::start();
    let opened = server.client("requester-1").open(&json!({
        "desk": "SUP", "type": "question", "summary": "Une question", "description": "Comment faire ?",
    }));
    let key = opened["key"].as_str().unwrap().to_owned();
    let mut codes = BTreeSet::new();
    let mut fault_codes = BTreeSet::new();
    for request in requests(&key) {
        let client = match request.by {
            "nobody" => server.nobody(),
            name => server.client(name),
        };
        let (fr, en) = (request.sent(&client, "fr"), request.sent(&client, "en"));
        let what = format!("{} {} by {}", request.method, request.path, request.by);
        assert!(fr.status >= 400, "{what}: {}", fr.status);
        let (french, english) = (fr.json(), en.json());
        assert_eq!(
            (fr.status, &french["code"]),
            (en.status, &english["code"]),
            "{what}"
        );
        assert_eq!(faults(&french), faults(&english), "{what}");
        for ((place, fr), (_, en)) in texts(&french).into_iter().zip(texts(&english)) {
            assert_eq!(fr.is_some(), en.is_some(), "{what}: {place}");
            let (Some(fr), Some(en)) = (fr, en) else { continue };
            assert_ne!(fr, en, "{what}: {place}");
            assert_eq!(speaks_english(&fr), None, "{what}: {place}: {fr}");
        }
        let code = french["code"].as_str().unwrap().to_owned();
        assert!(
            french["detail"].is_string() || SAYS_IT_ALL.contains(&code.as_str()),
            "{what}: {french}"
        );
        codes.insert(code);
        fault_codes.extend(faults(&french).into_iter().map(|(_, code)| code));
    }
    let expected = [
        "forbidden",
        "format",
        "length",
        "required",
        "type",
        "unknown",
        "value",
    ];
    assert!(codes.len() >= 11, "{codes:?}");
    assert_eq!(fault_codes.into_iter().collect::<Vec<_>>(), expected);
}
