//! Search over HTTP: texts are found whatever their case, accents and forms of writing, now and as of a position, and what
//! holds no word hides nothing (faults B10 and B11).

use std::fmt::Write as _;

use guichet_tests::{client::Client, server::Server};
use serde_json::{Value, json};

/// A text, what is asked for, and whether it is found. The long table is that of the views' own tests.
const PAIRS: [(&str, &str, bool); 18] = [
    ("nœud réseau Straße καλημέρα", "noeud", true),
    ("nœud réseau Straße καλημέρα", "STRASSE", true),
    ("nœud réseau Straße καλημέρα", "καλημερα", true),
    ("nœud réseau Straße καλημέρα", "nœud", true),
    ("operation a coeur ouvert", "CŒUR", true),
    ("🅿️ parking complet", "🅿️ parking", true),
    ("🅿️ parking complet", "✅ parking", true),
    ("🅿️ parking complet", "ⓘ parking", false),
    ("Łódź, Iğdır, Ħal", "lodz igdir hal", true),
    ("Ёлка", "елка", true),
    ("مُحَمَّد", "محمد", true),
    ("東京都庁の障害", "都庁", true),
    ("東京都庁の障害", "東庁", false),
    ("ｻｰﾊﾞｰ", "サーバー", true),
    ("im\u{ad}pri\u{200b}mante", "imprimante", true),
    ("заявка №9012", "9012", true),
    ("imprimante de l’accueil", "l'accueil", true),
    ("imprimante de l’accueil", "laccueil", false),
];

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

fn found(client: &Client, q: &str, more: &str) -> Vec<String> {
    client.listed(&format!("limit=200&q={}{more}", encoded(q)))
}

#[test]
fn what_people_type_finds_what_was_written_now_and_then() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let open = |text: &str| -> String {
        let ticket = requester.open(&json!({
            "desk": "SUP", "type": "question", "summary": "Demande", "description": text,
        }));
        ticket["key"].as_str().unwrap().to_owned()
    };
    let keys = PAIRS.map(|(text, ..)| open(text));
    let then = server.head();
    let _ = open("Plus tard");
    let now = format!("&at_least={}", server.head());
    for ((text, q, expected), key) in PAIRS.into_iter().zip(&keys) {
        for more in [now.clone(), format!("&as_of={then}")] {
            let found = found(&requester, q, &more);
            assert_eq!(
                found.contains(key),
                expected,
                "{text:?} by {q:?} with {more}: {found:?}"
            );
        }
    }
    for q in ["✅", "🅿️ \u{345}", "?!"] {
        let refused = requester.get(&format!("/v1/tickets?q={}", encoded(q)));
        let problem = refused.refused(422, "invalid");
        assert!(problem.to_string().contains("ni lettre ni chiffre"), "{problem}");
    }
}

#[test]
fn persons_and_organizations_are_found_alike() {
    let server = Server::start();
    let admin = server.client("admin");
    let organization = json!({"id": "sacre-coeur", "name": "Sacré\u{2011}Cœur de l’Île, Großstraße"});
    let _ = admin.post("/v1/organizations", &organization).expect(201);
    let person = json!({
        "kind": "person", "username": "lukasz", "name": "Łukasz Œrsted\u{2011}Ёлкин",
        "password": "correct cheval agrafe pile",
        "roles": [{"role": "requester"}], "organizations": ["sacre-coeur"],
    });
    let _ = admin.post("/v1/accounts", &person).expect(201);
    let names = |path: &str, q: &str| -> Vec<Value> {
        let page = admin.get(&format!("{path}?q={}", encoded(q))).expect(200);
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].clone()).collect()
    };
    for q in [
        "coeur",
        "CŒUR",
        "sacre-coeur",
        "l'ile",
        "STRASSE",
        "sacré\u{2011}",
        // What is no word hides nothing, and words stand in any order.
        "coeur ✅",
        "✅ sacre",
        "«sacré cœur»",
        "ile, coeur.",
    ] {
        assert_eq!(
            names("/v1/organizations", q),
            [organization["name"].clone()],
            "{q:?}"
        );
    }
    for q in ["lukasz", "œrsted", "OERSTED-елкин", "łuk"] {
        assert_eq!(names("/v1/accounts", q), [person["name"].clone()], "{q:?}");
    }
    assert_eq!(names("/v1/organizations", "coeurs"), Vec::<Value>::new());
}
