//! Texts that nobody can see fill nothing in, and one line is one line, at every field of the REST door.

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    people::{PASSWORD, make, put, quick},
    server::Server,
};
use serde_json::{Value, json};

/// White space, what is ignored when displayed, direction controls, blank symbols.
const INVISIBLE: [&str; 7] = [
    " ",
    "\u{200b}",
    "\u{2060}\u{feff}\u{ad}",
    "\u{202e}\u{2066}",
    "\u{3164}",
    "\u{2800}",
    "\u{e0020}\u{fe0f}",
];
const SEVERAL_LINES: [&str; 4] = ["a\u{2028}b", "a\u{2029}b", "a\nb", "a\u{85}b"];
const TURNED: [&str; 3] = ["a\u{202e}b", "a\u{202a}b", "a\u{2066}b\u{2069}"];
const VISIBLE: [&str; 3] = ["a\u{200b}b", "👩\u{200d}💻 ❤\u{fe0f}", "\u{200f}שלום\u{200e}"];

/// What a text may be besides filled in.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Of any number of lines.
    Words,
    /// One line.
    Line,
    /// One line that turns nothing round.
    Name,
}

/// A field of an operation: its place in the body, and a way to send a text in it.
struct Field<'a> {
    pointer: &'static str,
    kind: Kind,
    /// How many of the texts that can be seen are taken: what is done once is done.
    taken: usize,
    send: Box<dyn Fn(&str) -> Answer + 'a>,
}

fn field<'a>(pointer: &'static str, kind: Kind, send: impl Fn(&str) -> Answer + 'a) -> Field<'a> {
    Field {
        pointer,
        kind,
        taken: VISIBLE.len(),
        send: Box::new(send),
    }
}

impl Field<'_> {
    fn once(mut self) -> Self {
        self.taken = 1;
        self
    }

    /// The text does well in its place, but the whole is refused for something else.
    fn never(mut self) -> Self {
        self.taken = 0;
        self
    }
}

fn question(summary: &str, description: &str) -> Value {
    json!({"desk": "SUP", "type": "question", "summary": summary, "description": description})
}

/// The path of a ticket on which the agent has followed these actions.
fn a_ticket(requester: &Client, agent: &Client, actions: &[&str]) -> String {
    let key = requester.open(&question("s", "d"))["key"]
        .as_str()
        .unwrap()
        .to_owned();
    for action in actions {
        let _ = agent.follow(&key, &json!({"action": action}));
    }
    format!("/v1/tickets/{key}")
}

fn refused(field: &Field<'_>, text: &str, code: &str) {
    let told = faults(&(field.send)(text).refused(422, "invalid"));
    assert_eq!(
        told,
        [(field.pointer.to_owned(), code.to_owned())],
        "{text:?} at {}",
        field.pointer
    );
}

fn judged(server: &Server, fields: &[Field<'_>]) {
    for field in fields {
        let head = server.head();
        for text in INVISIBLE {
            refused(field, text, "required");
        }
        if field.kind != Kind::Words {
            SEVERAL_LINES
                .iter()
                .for_each(|text| refused(field, text, "format"));
        }
        if field.kind == Kind::Name {
            TURNED.iter().for_each(|text| refused(field, text, "format"));
        }
        assert_eq!(server.head(), head, "{} wrote something", field.pointer);
        for text in VISIBLE.iter().take(field.taken) {
            let answer = (field.send)(text);
            assert!(
                answer.status < 300,
                "{text:?} at {}: {}",
                field.pointer,
                answer.text()
            );
        }
    }
}

/// Faults B6 and B7: what is written on tickets.
#[test]
fn texts_of_tickets_can_be_seen() {
    let server = quick().start();
    let (requester, agent) = (&server.client("requester-1"), &server.client("agent"));
    let path = a_ticket(requester, agent, &["take"]);
    let at = |rest: &str| format!("{path}{rest}");
    let (waiting, closed) = (
        a_ticket(requester, agent, &[]),
        a_ticket(requester, agent, &["close"]),
    );
    let decided = a_ticket(requester, agent, &["take"]);
    let proposed = agent.post(&format!("{decided}/approvals"), &json!({"proposal": "Oui ?"}));
    let approval = proposed.expect(201)["id"].as_str().unwrap().to_owned();
    judged(
        &server,
        &[
            field("/summary", Kind::Line, |text| {
                requester.post("/v1/tickets", &question(text, "d"))
            }),
            field("/description", Kind::Words, |text| {
                requester.post("/v1/tickets", &question("s", text))
            }),
            field("/summary", Kind::Line, |text| {
                requester.patch(&at(""), &json!({"summary": text}))
            }),
            field("/description", Kind::Words, |text| {
                requester.patch(&at(""), &json!({"description": text}))
            }),
            field("/body", Kind::Words, |text| {
                requester.post(&at("/comments"), &json!({"body": text, "visibility": "public"}))
            }),
            field("/body", Kind::Words, |text| {
                agent.post(&at("/comments"), &json!({"body": text, "visibility": "internal"}))
            }),
            field("/comment", Kind::Words, |text| {
                let asked = json!({"action": "wait_for_customer", "comment": text});
                agent.post(&format!("{waiting}/transitions"), &asked)
            })
            .once(),
            field("/proposal", Kind::Words, |text| {
                agent.post(&at("/approvals"), &json!({"proposal": text}))
            }),
            field("/comment", Kind::Words, |text| {
                let asked = json!({"decision": "refuse", "comment": text});
                requester.post(&format!("{decided}/approvals/{approval}/decision"), &asked)
            })
            .once(),
            field("/reason", Kind::Words, |text| {
                requester.post(&format!("{closed}/reopen"), &json!({"reason": text}))
            })
            .once(),
        ],
    );
}

/// Fault B6: the fields of a form, also those that only a condition asks for.
#[test]
fn fields_of_forms_can_be_seen() {
    let server = quick().start();
    let (requester, agent) = (&server.client("requester-1"), &server.client("agent"));
    let incident = |product: &str| {
        json!({
            "desk": "SUP", "type": "incident", "summary": "s", "description": "d", "fields": {"product": product},
        })
    };
    let opened = requester.open(&incident("Agenda"));
    let path = format!("/v1/tickets/{}", opened["key"].as_str().unwrap());
    let person = |name: &str| {
        json!({
            "desk": "SUP", "type": "account_request", "summary": "s", "description": "d",
            "fields": {"person_name": name, "person_email": "jean.neuf@commune-a.example"},
        })
    };
    judged(
        &server,
        &[
            field("/fields/product", Kind::Words, |text| {
                requester.post("/v1/tickets", &incident(text))
            }),
            field("/fields/product", Kind::Words, |text| {
                agent.patch(&path, &json!({"fields": {"product": text}}))
            }),
            field("/fields/person_name", Kind::Words, |text| {
                requester.post("/v1/tickets", &person(text))
            }),
        ],
    );
}

/// Faults B6 and B7: names, labels and reasons of what is administered.
#[test]
fn texts_of_accounts_and_organizations_can_be_seen() {
    let server = quick().start();
    let admin = &server.client("admin");
    let service = |username: &str, name: &str| json!({"kind": "service", "username": username, "name": name});
    let _ = admin.post("/v1/accounts", &service("robot", "Robot")).expect(201);
    let made = make(admin, "rita", &json!([{"role": "requester"}]), &["commune-a"]);
    let rita = format!("/v1/accounts/{}", made["id"].as_str().unwrap());
    let own = &server.client("requester-1");
    let (numbers, bodies) = (
        std::cell::Cell::new(0),
        |name: &str, number: u32| json!({"id": format!("place-{number}"), "name": name}),
    );
    let next = || {
        numbers.set(numbers.get() + 1);
        numbers.get()
    };
    let terms = |reference: &str| json!({"reference": reference, "level": "standard", "valid_from": "2026-01-01", "valid_to": "2036-12-31"});
    let signed = admin
        .post("/v1/organizations/lycee-a/contracts", &terms("2026-1"))
        .expect(200);
    let contract = signed["contracts"][0]["id"].as_str().unwrap().to_owned();
    let fields = [
        field("/name", Kind::Name, |text| {
            admin.post("/v1/accounts", &service(&format!("robot-{}", next()), text))
        }),
        field("/username", Kind::Name, |text| {
            admin.post("/v1/accounts", &service(text, "Robot"))
        })
        .never(),
        field("/name", Kind::Name, |text| {
            own.patch("/v1/me", &json!({"name": text}))
        }),
        field("/name", Kind::Name, |text| {
            admin.patch(&rita, &json!({"name": text}))
        }),
        field("/label", Kind::Name, |text| {
            let key = json!({"label": text, "scopes": ["read"], "expires_at": soon()});
            admin.post("/v1/accounts/robot/keys", &key)
        }),
        field("/reason", Kind::Words, |text| {
            admin.post(&format!("{rita}/disablement"), &json!({"reason": text}))
        })
        .once(),
        field("/name", Kind::Name, |text| {
            admin.post("/v1/organizations", &bodies(text, next()))
        }),
        field("/name", Kind::Name, |text| {
            admin.patch("/v1/organizations/commune-a", &json!({"name": text}))
        }),
        field("/reference", Kind::Name, |text| {
            admin.post("/v1/organizations/lycee-a/contracts", &terms(text))
        }),
        field("/reference", Kind::Name, |text| {
            put(
                admin,
                &format!("/v1/organizations/lycee-a/contracts/{contract}"),
                &terms(text),
            )
        }),
        field("/reason", Kind::Words, |text| {
            let person = made["id"].as_str().unwrap();
            admin.post(&format!("/v1/persons/{person}/erasure"), &json!({"reason": text}))
        }),
    ];
    judged(&server, &fields);
}

/// An instant until which a key may hold.
fn soon() -> String {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    let asked = "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+30 days')";
    database.query_row(asked, [], |row| row.get(0)).unwrap()
}

/// Faults B6 and B7: what is asked by whoever has no account yet, or cannot sign in.
#[test]
fn texts_of_strangers_can_be_seen() {
    let server = quick().with("GUICHET_SELF_SIGN_UP", "true").start();
    let nobody = &server.nobody();
    let rescue = |name: &str, contact: &str, message: &str| {
        nobody.post(
            "/v1/auth/rescue",
            &json!({"name": name, "contact": contact, "message": message}),
        )
    };
    judged(
        &server,
        &[
            field("/name", Kind::Name, |text| {
                let asked = json!({
                    "username": "nouvelle", "name": text, "address": "nouvelle@people.example", "password": PASSWORD,
                });
                nobody.post("/v1/auth/sign-up", &asked)
            }),
            field("/name", Kind::Name, |text| rescue(text, "0102030405", "Perdu.")),
            field("/contact", Kind::Name, |text| rescue("Rita", text, "Perdu.")),
            field("/message", Kind::Words, |text| rescue("Rita", "0102030405", text)),
        ],
    );
}

/// Fault S10: a name that looks like another one's is taken, and signs that look like a hyphen stand in none.
#[test]
fn a_user_name_looks_like_nobody_else_s() {
    let server = quick().start();
    let admin = &server.client("admin");
    let told = |username: &str| {
        let account = json!({"kind": "service", "username": username, "name": "Robot"});
        faults(&admin.post("/v1/accounts", &account).refused(422, "invalid"))
    };
    let fault = |code: &str| [("/username".to_owned(), code.to_owned())];
    for username in [
        "requester\u{2010}1",
        "requester\u{b7}1",
        "requester\u{2019}1",
        "agent\u{200b}",
    ] {
        assert_eq!(told(username)[..1], fault("format"), "{username:?}");
    }
    let first = json!({"kind": "service", "username": "\u{430}\u{440}\u{435}", "name": "Robot"});
    let _ = admin.post("/v1/accounts", &first).expect(201);
    // Latin letters, and Cyrillic capitals.
    for username in ["ape", "APE", "\u{410}\u{420}\u{415}"] {
        assert_eq!(told(username), fault("value"), "{username:?}");
    }
    let server = server.restart();
    let account = json!({"kind": "service", "username": "ape", "name": "Robot"});
    let problem = server
        .client("admin")
        .post("/v1/accounts", &account)
        .refused(422, "invalid");
    assert_eq!(faults(&problem), fault("value"));
}
