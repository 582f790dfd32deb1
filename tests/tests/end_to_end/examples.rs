//! The examples of the contract were answered: one story makes each answer once, and what it finds is what `openapi/examples.json` holds.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use chrono::{Days, Utc};
use guichet_tests::{
    answer::Answer,
    client::Client,
    contract::{Contract, Operation},
    home::{Home, root},
    normal::assert_holds,
    server::Server,
};
use serde_json::{Map, Value};
use uuid::Uuid;

const LINES: &str = include_str!("../../stories/examples.tsv");
const COURIER_KEY: &str = "the-key-of-the-courier-of-this-story";

/// Answers that the story cannot make: an identity provider, a code of the moment, a cookie and a locked account are made elsewhere
/// (`oidc`, `second_factor`, `cookies`, `lock_out`), where they are compared with the contract too. Proofs and
/// bundles of evidence grow with the log, and are nothing but digests and sealed values: docs/audit-format.md explains them.
const NOT_TOLD: [&str; 11] = [
    "begin_federated_sign_in 200",
    "confirm_second_factor 200",
    "create_federated_token 200",
    "delete_second_factor 200",
    "delete_token 200",
    "get_consistency_proof 200",
    "get_evidence 200",
    "get_inclusion_proof 200",
    "get_readiness 503",
    "refresh_cookie 200",
    "unlock_account 200",
];

/// Members whose values are secrets, digests or counts of this run, with what stands in their place.
const OF_THE_RUN: [(&str, &str); 12] = [
    (
        "access_token",
        "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.eyJzdWIiOiJyZXF1ZXN0ZXItMSJ9.c2lnbmF0dXJl",
    ),
    ("refresh_token", "5mJ0dX3hQnWqk1Zb7uRk9wJ0dX3hQnWqk1Zb7uRk9w8"),
    ("token", "AUZ2x0"),
    ("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
    ("kid", "k1"),
    (
        "url",
        "/v1/tickets/SUP-1/history?link=eyJhbGciOiJFZERTQSJ9.eyJwYXRoIjoi4oCmIn0.c2lnbmF0dXJl",
    ),
    ("key", "gk_5mJ0dX3hQnWqk1Zb7uRk9w"),
    ("secret", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    (
        "command_digest",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    (
        "checkpoint",
        "guichet.local/0198c0de\n4\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    ),
    ("verifier_key", "guichet.local/0198c0de+0a1b2c3d+AcHURo"),
    ("user_agent", "Mozilla/5.0"),
];

/// The story as it goes on: who is signed in, what was kept, which ids came.
struct Story<'s> {
    server: &'s Server,
    contract: Contract,
    clients: BTreeMap<String, Client>,
    kept: BTreeMap<String, String>,
    ids: BTreeMap<Uuid, usize>,
    found: Map<String, Value>,
}

impl Story<'_> {
    fn client(&mut self, name: &str) -> Client {
        let server = self.server;
        let make = || match name {
            "nobody" => server.nobody(),
            "courier" => server.nobody().with("Guichet-Service-Key", COURIER_KEY),
            name => server.client(name),
        };
        self.clients.entry(name.to_owned()).or_insert_with(make).clone()
    }

    fn filled(&self, text: &str) -> String {
        let kept = self.kept.iter().rev();
        kept.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${name}"), value)
        })
    }

    fn line(&mut self, line: &str) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (named, caller, values, query, body, keeps) = (next(), next(), next(), next(), next(), next());
        let (id, status) = named.split_once(' ').unwrap_or((named, ""));
        let operation = self
            .contract
            .operations()
            .into_iter()
            .find(|operation| operation.id == id);
        let operation = operation.unwrap_or_else(|| panic!("no operation {id}"));
        let answer = self.asked(
            &operation,
            caller,
            (&self.filled(values), &self.filled(query)),
            &self.filled(body),
        );
        let is_told = answer.status / 100 == 2 && (status.is_empty() || answer.status.to_string() == status);
        assert!(is_told, "{line}: {} {}", answer.status, answer.text());
        let status = answer.status;
        let answered = answer.json();
        for keep in keeps.split(',').filter(|keep| !keep.is_empty()) {
            let (name, pointer) = keep.split_once('=').unwrap();
            let value = answered.pointer(pointer);
            let value = value.unwrap_or_else(|| panic!("{line}: {answered}"));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.kept.insert(name.to_owned(), value);
        }
        let told = format!("{id} {status}");
        let normal = self.normal("", &answered);
        self.found.entry(told).or_insert(normal);
    }

    fn asked(
        &mut self,
        operation: &Operation,
        caller: &str,
        (values, query): (&str, &str),
        body: &str,
    ) -> Answer {
        let client = self.client(caller);
        let mut path = operation.path.clone();
        for value in values.split(',').filter(|value| !value.is_empty()) {
            let (start, end) = (path.find('{').unwrap(), path.find('}').unwrap());
            path.replace_range(start..=end, value);
        }
        if body == "file" {
            return client.attach(path.split('/').nth(3).unwrap(), "compteur.txt", b"1742 pages\n");
        }
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let request = client.request(operation.method.clone(), &path);
        let request = match body {
            "-" => request,
            "*" => request.json(self.contract.body(operation).unwrap()),
            json => request
                .json(&serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{json}: {error}"))),
        };
        Answer::of(request.send())
    }

    /// What was answered, without what differs from run to run: each id is told by its number, each time is one.
    fn normal(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| (name.clone(), self.normal(name, value));
                Value::Object(members.iter().map(member).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.normal(name, item)).collect()),
            Value::String(text) => Value::String(self.text(name, text)),
            Value::Number(_) if COUNTS.contains(&name) => Value::from(1),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        // Tickets and desks have keys too, which are no secrets.
        let is_secret = name != "key" || text.starts_with("gk_");
        let stand_in = OF_THE_RUN.iter().find(|(member, _)| *member == name);
        if text.starts_with("otpauth://") {
            return "otpauth://totp/Guichet:requester-2?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Guichet".to_owned();
        }
        if name == "key" && text.starts_with("guichet.local/") {
            return "guichet.local/0198c0de+e9dc9825+ATLKSG/VUmnJicVNJqv+43whjRDOsk4SDiZg8R8FjRvd".to_owned();
        }
        if let Some((_, stand_in)) = stand_in.filter(|_| is_secret) {
            return (*stand_in).to_owned();
        }
        if chrono::DateTime::parse_from_rfc3339(text).is_ok() {
            return "2026-03-02T09:30:00Z".to_owned();
        }
        // How far an erasure has come, when it is asked, is a matter of milliseconds.
        if name == "state" && text == "running" {
            return "done".to_owned();
        }
        if STANDARD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == DIGEST_BYTES)
        {
            return DIGEST.to_owned();
        }
        if name == "date" {
            return "2026-03-02".to_owned();
        }
        self.with_ids(text)
    }

    /// A text in which every id is replaced by one that tells its number.
    fn with_ids(&mut self, text: &str) -> String {
        let mut told = String::new();
        let mut rest = text;
        while let Some((id, start)) = first_id(rest) {
            let next = self.ids.len() + 1;
            let number = *self.ids.entry(id).or_insert(next);
            told.push_str(&rest[..start]);
            told.push_str(&format!("0198c0de-7000-7000-8000-{number:012}"));
            rest = &rest[start + ID_CHARS..];
        }
        told + rest
    }
}

/// A digest of a tree, base64.
const DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const DIGEST_BYTES: usize = 32;
const ID_CHARS: usize = 36;
/// Members that count what differs from run to run.
const COUNTS: [&str; 6] = [
    "behind_ms",
    "uptime_s",
    "free_bytes",
    "lag_ms",
    "head",
    "expires_in_s",
];

fn first_id(text: &str) -> Option<(Uuid, usize)> {
    let starts = (0..text.len().saturating_sub(ID_CHARS - 1)).filter(|start| text.is_char_boundary(*start));
    starts
        .filter_map(|start| Some((text.get(start..start + ID_CHARS)?.parse().ok()?, start)))
        .next()
}

#[test]
fn each_example_of_the_contract_was_answered() {
    let server = Home::new().with("GUICHET_COURIER_KEY", COURIER_KEY).start();
    let day = |day: chrono::DateTime<Utc>| day.format("%Y-%m-%d").to_string();
    let in_a_month = Utc::now().checked_add_days(Days::new(30)).unwrap();
    let mut told = Story {
        server: &server,
        contract: Contract::printed(),
        clients: BTreeMap::new(),
        kept: BTreeMap::from([
            ("day".to_owned(), day(Utc::now())),
            ("in_a_month".to_owned(), format!("{}T00:00:00Z", day(in_a_month))),
        ]),
        ids: BTreeMap::new(),
        found: Map::new(),
    };
    for line in LINES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        told.line(line);
    }
    assert_holds(&root().join("openapi/examples.json"), &Value::Object(told.found));
}

/// Every answer in JSON has one, and it has the form that the contract says.
#[test]
fn each_answer_in_json_has_an_example_of_its_form() {
    let contract = Contract::printed();
    let (mut seen, mut without) = (0, Vec::new());
    for operation in contract.operations() {
        for status in operation.statuses() {
            let response = contract.response(&operation, status).unwrap();
            for (media_type, content) in response["content"].as_object().into_iter().flatten() {
                let is_json = [
                    "application/json",
                    "application/schema+json",
                    "application/problem+json",
                ]
                .contains(&media_type.as_str());
                if !is_json {
                    continue;
                }
                let one = content.get("example").into_iter();
                let several = content["examples"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(_, of)| &of["value"]);
                let examples: Vec<&Value> = one.chain(several).collect();
                if examples.is_empty() {
                    without.push(format!("{} {status}", operation.id));
                }
                for example in examples {
                    let mut schema = content["schema"].clone();
                    schema["components"] = contract.0["components"].clone();
                    let schema = jsonschema::draft202012::new(&schema).unwrap();
                    let faults: Vec<String> = schema
                        .iter_errors(example)
                        .map(|fault| fault.to_string())
                        .collect();
                    assert_eq!(
                        faults,
                        Vec::<String>::new(),
                        "{} {status}: {example}",
                        operation.id
                    );
                    seen += 1;
                }
            }
        }
    }
    without.sort();
    assert_eq!(without, NOT_TOLD);
    assert!(seen > 800, "{seen}");
}
