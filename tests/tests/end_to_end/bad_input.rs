//! What is wrong is refused with a problem that says all of it, and nothing is written.

use guichet_tests::{answer::faults, home::Home, server::Server};
use reqwest::Method;
use serde_json::{Value, json};

const TICKETS: &str = "/v1/tickets";

fn question() -> Value {
    json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "Comment faire ?"})
}

/// A server whose log must not grow while something is tried.
struct Watched {
    server: Server,
}

impl Watched {
    fn start() -> Watched {
        Watched {
            server: Server::start(),
        }
    }

    /// Tries something that is refused: the log is as long as before, and the list as well.
    #[track_caller]
    fn writes_nothing<T>(&self, tried: impl FnOnce(&Server) -> T) -> T {
        let before = self.server.head();
        let outcome = tried(&self.server);
        assert_eq!(self.server.head(), before, "what was refused wrote something");
        outcome
    }
}

#[test]
fn a_body_that_is_no_json_is_a_malformed_request() {
    let watched = Watched::start();
    for body in [&b"{\"desk\": \"SUP\","[..], b"", b"\xff\xfe", b"desk=SUP"] {
        watched.writes_nothing(|server| {
            let answer = server
                .client("requester-1")
                .post_bytes(TICKETS, "application/json", body.to_vec());
            let _ = answer.refused(400, "malformed-request");
        });
    }
}

#[test]
fn every_field_at_fault_is_named_at_once() {
    let watched = Watched::start();
    let refused = |body: Value| {
        let answer = watched.writes_nothing(|server| server.client("requester-1").post(TICKETS, &body));
        faults(&answer.refused(422, "invalid"))
    };
    let named = |faults: &[(String, String)]| -> Vec<String> {
        faults
            .iter()
            .map(|(pointer, code)| format!("{pointer} {code}"))
            .collect()
    };
    assert_eq!(
        named(&refused(json!({}))),
        [
            "/description required",
            "/desk required",
            "/summary required",
            "/type required"
        ]
    );
    assert_eq!(
        named(&refused(json!({"desk": "SUP", "type": "incident"}))),
        [
            "/description required",
            "/fields/product required",
            "/summary required"
        ]
    );
    let of_wrong_type = refused(json!({
        "desk": "SUP", "type": 3, "summary": ["a"], "description": "Une description", "private": "oui", "notify": 1,
    }));
    assert_eq!(
        named(&of_wrong_type),
        ["/notify type", "/private type", "/summary type", "/type type"]
    );
    let mut more = question();
    more["colour"] = "blue".into();
    more["urgencey"] = "high".into();
    assert_eq!(named(&refused(more)), ["/colour unknown", "/urgencey unknown"]);
    let mut names = question();
    names["desk"] = "NADA".into();
    names["organization"] = "commune-z".into();
    names["on_behalf_of"] = "nobody".into();
    assert_eq!(
        named(&refused(names)),
        ["/desk value", "/on_behalf_of value", "/organization value"]
    );
    let mut long = question();
    long["summary"] = "é".repeat(1_000).into();
    long["description"] = "é".repeat(24 * 1024 / 2 + 1).into();
    assert_eq!(named(&refused(long)), ["/description length", "/summary length"]);
}

#[test]
fn a_question_to_the_list_that_cannot_be_answered_names_all_its_faults() {
    let watched = Watched::start();
    let query = "status=open&sort=colour&limit=0&created_after=hier&assignee=personne&colour=blue";
    let answer = watched.writes_nothing(|server| server.client("agent").get(&format!("{TICKETS}?{query}")));
    let refused = faults(&answer.refused(422, "invalid"));
    let named: Vec<&str> = refused.iter().map(|(pointer, _)| pointer.as_str()).collect();
    for parameter in ["colour", "created_after"] {
        assert!(named.contains(&parameter), "{parameter} is not among {named:?}");
    }
    // Whether there is such an account is not told: a name of nobody finds nothing.
    let nobody = watched
        .server
        .client("agent")
        .get(&format!("{TICKETS}?assignee=personne"));
    assert_eq!(nobody.expect(200)["total"], 0);
    for query in ["sort=colour", "limit=0", "limit=201", "cursor=nonsense"] {
        let answer = watched.server.client("agent").get(&format!("{TICKETS}?{query}"));
        assert_eq!(faults(&answer.refused(422, "invalid")).len(), 1, "{query}");
    }
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_looked_at() {
    let watched = Watched::start();
    let mut large = question();
    large["description"] = "a".repeat(300 * 1024).into();
    let answer = watched.writes_nothing(|server| server.client("requester-1").post(TICKETS, &large));
    let _ = answer.refused(413, "too-large");
}

#[test]
fn a_file_over_the_limit_or_without_a_byte_is_refused_and_leaves_nothing() {
    let watched = Watched {
        server: Home::new().with("GUICHET_FILE_BYTES_MAX", "1000").start(),
    };
    let requester = watched.server.client("requester-1");
    let key = requester.open(&question())["key"].as_str().unwrap().to_owned();
    assert_eq!(requester.attach(&key, "just.bin", &[7; 1_000]).status, 201);
    let stored = || {
        std::fs::read_dir(watched.server.home().data().join("files"))
            .unwrap()
            .count()
    };
    let before = stored();
    for content in [vec![7; 1_001], vec![7; 200_000]] {
        let answer = watched.writes_nothing(|_| requester.attach(&key, "large.bin", &content));
        let _ = answer.refused(413, "too-large");
    }
    let empty = watched.writes_nothing(|_| requester.attach(&key, "empty.txt", b""));
    assert_eq!(
        faults(&empty.refused(422, "invalid")),
        [("/file".to_owned(), "length".to_owned())]
    );
    let plain =
        watched.writes_nothing(|_| requester.post(&format!("{TICKETS}/{key}/attachments"), &json!({})));
    let _ = plain.refused(415, "wrong-media-type");
    let unnamed = watched.writes_nothing(|_| {
        let form = "--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nabc\r\n--x--\r\n";
        let path = format!("{TICKETS}/{key}/attachments");
        requester.post_bytes(&path, "multipart/form-data; boundary=x", form.as_bytes().to_vec())
    });
    assert_eq!(
        faults(&unnamed.refused(422, "invalid")),
        [
            ("/file".to_owned(), "required".to_owned()),
            ("/other".to_owned(), "unknown".to_owned())
        ]
    );
    assert_eq!(stored(), before, "a refused file stays in the store");
}

#[test]
fn a_body_of_another_media_type_is_refused() {
    let watched = Watched::start();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
    ] {
        let answer = watched.writes_nothing(|server| {
            let body = question().to_string().into_bytes();
            server
                .client("requester-1")
                .post_bytes(TICKETS, content_type, body)
        });
        let _ = answer.refused(415, "wrong-media-type");
    }
}

#[test]
fn what_is_not_ones_own_does_not_exist() {
    let watched = Watched::start();
    let key = watched.server.client("requester-1").open(&question())["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut hidden = question();
    hidden["private"] = true.into();
    let hidden = watched.server.client("requester-1").open(&hidden)["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let not_found = |account: &str, key: &str| {
        watched.writes_nothing(|server| {
            let client = server.client(account);
            let of = |path: &str| format!("{TICKETS}/{key}{path}");
            let answers = [
                client.get(&of("")),
                client.get(&of("/history")),
                client.patch(&of(""), &json!({"summary": "Autre"})),
                client.post(&of("/comments"), &json!({"body": "Bonjour"})),
                client.post(&of("/transitions"), &json!({"action": "close"})),
                client.post(&of("/reopen"), &json!({"reason": "Encore"})),
                client.post(&of("/approvals"), &json!({"proposal": "Oui ?"})),
                client.post(&of("/share"), &json!({"organizations": ["commune-b"]})),
                client.attach(key, "a.txt", b"abc"),
            ];
            for answer in answers {
                let _ = answer.refused(404, "not-found");
            }
        });
    };
    not_found("requester-3", &key);
    not_found("requester-2", &hidden);
    not_found("referent", &key);
    not_found("oc-alpha", &key);
    not_found("requester-1", "SUP-99");
    not_found("requester-1", "SUP-00000000000000000000000000001");
    not_found("agent", "NADA-1");
    not_found("agent", "..%2F..%2Fetc");
}

#[test]
fn a_change_that_rests_on_an_old_version_is_told_what_it_missed() {
    let watched = Watched::start();
    let (requester, agent) = (
        watched.server.client("requester-1"),
        watched.server.client("agent"),
    );
    let key = requester.open(&question())["key"].as_str().unwrap().to_owned();
    let _ = agent.comment(&key, "Note interne.", "internal");
    let _ = agent.follow(&key, &json!({"action": "take"}));
    let path = format!("{TICKETS}/{key}");
    let stale = requester.with("if-match", "\"1\"");
    let refused = watched.writes_nothing(|_| stale.patch(&path, &json!({"summary": "Autre question"})));
    let problem = refused.refused(412, "stale-version");
    let history = requester.history(&key);
    assert_eq!(
        problem["missed"],
        json!(history["items"].as_array().unwrap()[1..])
    );
    assert_eq!(
        problem["missed"].as_array().unwrap().len(),
        2,
        "the internal note is told to a requester"
    );

    let comment = json!({"body": "Et encore ?"});
    let refused = watched.writes_nothing(|_| stale.post(&format!("{path}/comments"), &comment));
    let _ = refused.refused(412, "stale-version");
    let refused = watched.writes_nothing(|_| {
        requester
            .with("if-match", "1")
            .patch(&path, &json!({"notify": false}))
    });
    let _ = refused.refused(400, "malformed-request");
    let fresh = requester
        .with("if-match", "\"4\"")
        .patch(&path, &json!({"summary": "Autre question"}));
    assert_eq!(
        (fresh.expect(200)["version"].as_u64(), fresh.header("etag")),
        (Some(5), "\"5\"")
    );
    // Two comments commute: without If-Match nobody is told of anything.
    assert_eq!(requester.comment(&key, "Et encore ?", "public")["version"], 6);
}

#[test]
fn an_action_that_the_status_forbids_is_told_what_is_allowed_instead() {
    let watched = Watched::start();
    let (requester, agent) = (
        watched.server.client("requester-1"),
        watched.server.client("agent"),
    );
    let key = requester.open(&question())["key"].as_str().unwrap().to_owned();
    let path = format!("{TICKETS}/{key}/transitions");
    let refused = watched.writes_nothing(|_| agent.post(&path, &json!({"action": "deliver"})));
    let problem = refused.refused(409, "ticket-wrong-status");
    assert_eq!(problem["allowed"], agent.ticket(&key)["allowed_actions"]);
    assert!(!problem["allowed"].as_array().unwrap().is_empty());
    let refused = watched.writes_nothing(|_| requester.post(&path, &json!({"action": "confirm"})));
    assert_eq!(refused.refused(409, "ticket-wrong-status")["allowed"], json!([]));
    let reopen = format!("{TICKETS}/{key}/reopen");
    let refused = watched.writes_nothing(|_| agent.post(&reopen, &json!({"reason": "Encore."})));
    let _ = refused.refused(409, "ticket-wrong-status");
    let refused = watched.writes_nothing(|_| requester.post(&path, &json!({"action": "take"})));
    let _ = refused.refused(403, "not-permitted");
    let refused = watched.writes_nothing(|_| agent.post(&path, &json!({"action": "fly"})));
    assert_eq!(
        faults(&refused.refused(422, "invalid")),
        [("/action".to_owned(), "value".to_owned())]
    );
    let refused =
        watched.writes_nothing(|server| server.client("auditor").post(&path, &json!({"action": "take"})));
    let _ = refused.refused(403, "not-permitted");
}

#[test]
fn without_a_token_that_holds_nothing_is_served() {
    let watched = Watched::start();
    let nobody = watched.server.nobody();
    let good = watched.server.client("requester-1").token().to_owned();
    let mut forged = good.clone().into_bytes();
    let signature = forged.len() - 10;
    forged[signature] = if forged[signature] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for client in [
        nobody.clone(),
        nobody.with_token("abc"),
        nobody.with_token(&forged),
        nobody.with_token(""),
    ] {
        watched.writes_nothing(|_| {
            let answers = [
                client.get("/v1/me"),
                client.get(TICKETS),
                client.post(TICKETS, &question()),
            ];
            for answer in answers {
                let _ = answer.refused(401, "unauthenticated");
                assert_eq!(answer.header("www-authenticate"), "Bearer");
            }
        });
    }
    for (username, password) in [("requester-1", "Guichet-demo-2"), ("nobody", "Guichet-demo-1")] {
        let body = json!({"username": username, "password": password});
        let _ = nobody
            .post("/v1/auth/token", &body)
            .refused(401, "wrong-credentials");
    }
    // Signed out is signed out, for the access token too.
    let leaving = watched.server.nobody().with_token(&good);
    assert_eq!(
        leaving
            .request(Method::DELETE, "/v1/auth/token")
            .send()
            .unwrap()
            .status(),
        204
    );
    let _ = leaving.get("/v1/me").refused(401, "unauthenticated");
}

#[test]
fn a_path_or_method_that_does_not_exist_is_a_problem_too() {
    let watched = Watched::start();
    watched.writes_nothing(|server| {
        let client = server.client("requester-1");
        for path in ["/v1/nothing", "/v2/tickets", "/v1/tickets/SUP-1/nothing"] {
            let _ = client.get(path).refused(404, "not-found");
        }
        for (method, path) in [
            (Method::DELETE, TICKETS),
            (Method::PUT, "/v1/tickets/SUP-1"),
            (Method::POST, "/v1/me"),
            (Method::DELETE, "/healthz"),
        ] {
            let answer = guichet_tests::answer::Answer::of(client.request(method, path).send());
            let _ = answer.refused(405, "method-not-allowed");
        }
        let _ = client
            .with("accept-language", "en")
            .get("/v1/nothing")
            .refused(404, "not-found");
    });
}

#[test]
fn problems_speak_the_language_that_was_asked_for() {
    let server = Server::start();
    let title = |language: &str| {
        let answer = server.nobody().with("accept-language", language).get("/v1/me");
        answer.refused(401, "unauthenticated")["title"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(title("en"), "Sign in first");
    assert_eq!(title("fr, en;q=0.5"), "Authentification requise");
    assert_eq!(title("de"), "Authentification requise");
}
