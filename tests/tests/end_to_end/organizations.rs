//! Several establishments in one person: acting in one profile or one organization, memberships that end, and contracts
//! (seed 003, F163; seed 004, F179, F203, F205).

use std::collections::BTreeSet;

use guichet_tests::{
    client::Client,
    people::{PASSWORD, delete, make, quick, sign_in},
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};

/// What a caller finds: keys and total of the list, of the series of today, and which of some tickets they can read.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    listed: BTreeSet<String>,
    total: u64,
    counted_today: u64,
    readable: BTreeSet<String>,
}

fn seen(server: &Server, client: &Client, all: &[String]) -> Seen {
    let head = server.head();
    let page = client
        .get(&format!("/v1/tickets?limit=200&at_least={head}"))
        .expect(200);
    let key = |row: &Value| row["key"].as_str().unwrap().to_owned();
    let listed = page["items"].as_array().unwrap().iter().map(key).collect();
    let day = all_days(&page);
    let series = client.get(&format!(
        "/v1/series/statuses?from={day}&to={day}&at_least={head}"
    ));
    let statuses = series.expect(200)["items"][0]["statuses"].clone();
    let counts = statuses.as_object().unwrap().values();
    let readable = all.iter().filter(|key| {
        let answer = client.get(&format!("/v1/tickets/{key}"));
        assert!([200, 404].contains(&answer.status), "{}", answer.text());
        answer.status == 200
    });
    Seen {
        listed,
        total: page["total"].as_u64().unwrap(),
        counted_today: counts.map(|count| count.as_u64().unwrap()).sum(),
        readable: readable.cloned().collect(),
    }
}

/// The day on which the tickets of a page were opened; the first of them all when there are none.
fn all_days(page: &Value) -> String {
    let at = page["items"][0]["updated_at"].as_str().unwrap_or("2026-01-01");
    at[..10].to_owned()
}

fn expected(keys: &[&String]) -> Seen {
    let keys: BTreeSet<String> = keys.iter().map(|key| (*key).clone()).collect();
    Seen {
        total: keys.len() as u64,
        counted_today: keys.len() as u64,
        readable: keys.clone(),
        listed: keys,
    }
}

/// Opens a ticket; answers its key.
fn open(client: &Client, more: &Value) -> String {
    let mut ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "…"});
    ticket
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

#[test]
fn who_administers_one_school_and_asks_in_another_is_one_of_them_at_a_time() {
    let server = quick().start();
    let admin = server.client("admin");
    let roles = json!([{"role": "local_admin", "organization": "lycee-a"}, {"role": "requester"}]);
    let _ = make(&admin, "both", &roles, &["lycee-a", "commune-a"]);
    let both = sign_in(&server, "both", PASSWORD);
    let of_school = open(&server.client("teacher"), &json!({}));
    let private_of_school = open(&server.client("teacher"), &json!({"private": true}));
    let of_town = open(&server.client("requester-1"), &json!({}));
    let private_of_town = open(&server.client("requester-1"), &json!({"private": true}));
    let elsewhere = open(&server.client("requester-3"), &json!({}));
    let all = [
        &of_school,
        &private_of_school,
        &of_town,
        &private_of_town,
        &elsewhere,
    ]
    .map(Clone::clone);
    let school = expected(&[&of_school, &private_of_school]);
    let town = expected(&[&of_town]);
    let acting = |name: &str, value: &str| both.with(name, value);

    assert_eq!(
        seen(&server, &both, &all),
        expected(&[&of_school, &private_of_school, &of_town])
    );
    let in_profile = acting("Guichet-Profile", "local_admin@lycee-a");
    let in_school = acting("Guichet-Organization", "lycee-a");
    let in_town = acting("Guichet-Organization", "commune-a");
    // A role says what one may treat, an organization where one is: as a member one reads on in either.
    assert_eq!(seen(&server, &in_school, &all), school);
    assert_eq!(seen(&server, &in_town, &all), town);
    let wide = seen(&server, &in_profile, &all);
    assert!(wide.listed.is_superset(&school.listed), "{wide:?}");
    assert_eq!(wide.listed, wide.readable);
    assert_eq!(
        (wide.total, wide.counted_today),
        (wide.listed.len() as u64, wide.listed.len() as u64)
    );
    let as_requester = seen(&server, &acting("Guichet-Profile", "requester"), &all);
    assert!(
        !as_requester.listed.contains(&private_of_school),
        "{as_requester:?}"
    );
    assert_eq!(as_requester.listed, as_requester.readable);
    // What one does, one does there.
    assert!(in_school.actions(&of_school).contains(&"take".to_owned()));
    assert!(
        !acting("Guichet-Profile", "requester")
            .actions(&of_school)
            .contains(&"take".to_owned())
    );
    let take = json!({"action": "take"});
    let _ = in_town
        .post(&format!("/v1/tickets/{of_school}/transitions"), &take)
        .refused(404, "not-found");
    let me = in_school.get("/v1/me").expect(200);
    assert_eq!(
        (me["acting_in"].as_str(), me["acting_as"].as_str()),
        (Some("lycee-a"), None)
    );
    for (name, value) in [
        ("Guichet-Profile", "local_admin@commune-a"),
        ("Guichet-Profile", "admin"),
        ("Guichet-Profile", "no profile"),
        ("Guichet-Organization", "commune-b"),
        ("Guichet-Organization", "nowhere"),
    ] {
        let _ = acting(name, value)
            .get("/v1/tickets")
            .refused(403, "profile-not-held");
    }
}

#[test]
fn what_was_shared_with_an_organization_is_gone_for_who_has_left_it() {
    let server = quick().start();
    let admin = server.client("admin");
    let _ = make(
        &admin,
        "leaves",
        &json!([{"role": "requester"}]),
        &["commune-a", "commune-b"],
    );
    let leaves = sign_in(&server, "leaves", PASSWORD);
    let _ = make(
        &admin,
        "shares",
        &json!([{"role": "requester"}]),
        &["lycee-a", "commune-b"],
    );
    let shares = json!({"organization": "lycee-a", "share_with": ["commune-b"]});
    let shared = open(&sign_in(&server, "shares", PASSWORD), &shares);
    let of_b = open(&server.client("requester-3"), &json!({}));
    let of_a = open(&server.client("requester-1"), &json!({}));
    let own = open(&leaves, &json!({"organization": "commune-b"}));
    let all = [&shared, &of_b, &of_a, &own].map(Clone::clone);
    assert_eq!(
        seen(&server, &leaves, &all),
        expected(&[&shared, &of_b, &of_a, &own])
    );
    let path = "/v1/accounts/leaves/memberships/commune-b";
    let _ = delete(&leaves, path).refused(403, "not-permitted");
    let _ = delete(&admin, path).expect(200);
    assert_eq!(seen(&server, &leaves, &all), expected(&[&of_a, &own]));
    for path in ["history", "comments", "attachments"] {
        let _ = leaves
            .get(&format!("/v1/tickets/{shared}/{path}"))
            .refused(404, "not-found");
    }
    let body = json!({"organization": "commune-b"});
    let _ = admin.post("/v1/accounts/leaves/memberships", &body).expect(200);
    assert_eq!(
        seen(&server, &leaves, &all),
        expected(&[&shared, &of_b, &of_a, &own])
    );
}

fn sign(admin: &Client, terms: &Value) -> Value {
    admin
        .post("/v1/organizations/lycee-a/contracts", terms)
        .expect(200)
}

#[test]
fn an_expired_contract_refuses_new_tickets_and_hides_none_of_the_old() {
    let server = quick().start();
    let (admin, teacher) = (server.client("admin"), server.client("teacher"));
    let question = json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "…"});
    // Who has signed nothing is not held to anything.
    let before = open(&teacher, &json!({}));
    let terms = |reference: &str, from: &str, to: &str| json!({"reference": reference, "level": "standard", "valid_from": from, "valid_to": to});
    let signed = sign(&admin, &terms("SUP-2025", "2025-01-01", "2025-12-31"));
    assert_eq!(signed["contracts"][0]["holds"], false);
    let problem = teacher
        .post("/v1/tickets", &question)
        .refused(409, "contract-not-valid");
    assert!(
        problem["detail"].as_str().unwrap().contains("SUP-2025"),
        "{problem}"
    );
    assert_eq!(teacher.ticket(&before)["summary"], "Une question");
    let _ = teacher.comment(&before, "Et celle d'avant ?", "public");
    let _ = server.client("requester-1").open(&question);

    let mut covering = terms("SUP-2026", "2026-01-01", "2199-12-31");
    covering["categories"] = json!(["SUP/incident"]);
    let _ = sign(&admin, &covering);
    let problem = teacher
        .post("/v1/tickets", &question)
        .refused(409, "contract-not-covered");
    assert!(
        problem["detail"].as_str().unwrap().contains("SUP/question"),
        "{problem}"
    );
    let incident = json!({
        "desk": "SUP", "type": "incident", "summary": "En panne", "description": "…", "fields": {"product": "Réseau"},
    });
    let _ = teacher.open(&incident);
    let _ = sign(&admin, &terms("SUP-2026-bis", "2026-01-01", "2199-12-31"));
    let _ = teacher.open(&question);
}

#[test]
fn from_gold_on_a_contract_names_the_telephone_of_who_answers_for_it() {
    let server = quick().start();
    let (admin, agent) = (server.client("admin"), server.client("agent"));
    let _ = agent
        .patch("/v1/me", &json!({"phone": "+33 1 23 45 67 89"}))
        .expect(200);
    let mut terms = json!({
        "reference": "SUP-2026", "level": "silver", "valid_from": "2026-01-01", "valid_to": "2199-12-31",
        "responsible": "agent",
    });
    let signed = sign(&admin, &terms);
    let id = signed["contracts"][0]["id"].as_str().unwrap().to_owned();
    let as_seen =
        |client: &Client| client.get("/v1/organizations/lycee-a").expect(200)["contracts"][0].clone();
    let teacher = server.client("teacher");
    let contract = as_seen(&teacher);
    assert_eq!(contract["responsible"]["username"], "agent");
    assert_eq!(contract["responsible_phone"], Value::Null);
    terms["level"] = json!("gold");
    let path = format!("/v1/organizations/lycee-a/contracts/{id}");
    let changed = admin.request(Method::PUT, &path).json(&terms).send().unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(as_seen(&teacher)["responsible_phone"], "+33 1 23 45 67 89");
    let _ = server
        .client("requester-1")
        .get("/v1/organizations/lycee-a")
        .refused(404, "not-found");
    let _ = delete(&admin, &path).expect(200);
    assert_eq!(
        teacher.get("/v1/organizations/lycee-a").expect(200)["contracts"],
        json!([])
    );
}

#[test]
fn an_organization_that_one_may_not_see_is_told_from_none_by_nothing() {
    let server = quick().start();
    let (admin, referent, teacher) = (
        server.client("admin"),
        server.client("referent"),
        server.client("teacher"),
    );
    let key = open(&teacher, &json!({}));
    let told = |organization: &str| {
        let account = json!({
            "kind": "person", "username": "newcomer", "name": "Une autre", "password": PASSWORD,
            "roles": [{"role": "requester", "organization": organization}], "organizations": ["lycee-a", organization],
        });
        let ticket = json!({
            "desk": "SUP", "type": "question", "summary": "Une question", "description": "…", "share_with": [organization],
        });
        let answers = [
            referent.post("/v1/accounts", &account),
            referent.post(
                "/v1/accounts/teacher/roles",
                &json!({"role": "requester", "organization": organization}),
            ),
            referent.post(
                "/v1/accounts/teacher/memberships",
                &json!({"organization": organization}),
            ),
            delete(
                &referent,
                &format!("/v1/accounts/teacher/memberships/{organization}"),
            ),
            teacher.post("/v1/tickets", &ticket),
            teacher.post(
                &format!("/v1/tickets/{key}/share"),
                &json!({"organizations": [organization]}),
            ),
            teacher.patch(
                &format!("/v1/tickets/{key}"),
                &json!({"share_with": [organization]}),
            ),
        ];
        answers.map(|answer| {
            let problem = answer.json();
            let named = problem["errors"].to_string().replace(organization, "…");
            (answer.status, problem["code"].clone(), named)
        })
    };
    assert_eq!(told("commune-b"), told("commune-0"));
    assert!(told("commune-b").iter().all(|(status, _, _)| *status >= 400));

    // With whom a ticket is shared is known to who reads it, and may be said again.
    let shared = json!({"organizations": ["commune-b"]});
    let _ = admin
        .post(&format!("/v1/tickets/{key}/share"), &shared)
        .expect(200);
    let again = json!({"share_with": ["commune-b"]});
    let _ = teacher.patch(&format!("/v1/tickets/{key}"), &again).expect(200);
}

#[test]
fn a_contract_is_about_desks_and_tells_of_nothing_else_that_there_is() {
    let server = quick().start();
    let admin = server.client("admin");
    let body = json!({
        "kind": "person", "username": "keeper", "name": "Une gestionnaire", "password": PASSWORD,
        "roles": [{"role": "admin", "organization": "lycee-a"}], "organizations": ["lycee-a"],
    });
    let _ = admin.post("/v1/accounts", &body).expect(201);
    let keeper = sign_in(&server, "keeper", PASSWORD);
    let covering = |category: &str| {
        let terms = json!({
            "reference": "A-1", "level": "standard", "valid_from": "2026-01-01", "valid_to": "2199-12-31",
            "categories": [category],
        });
        let answer = keeper.post("/v1/organizations/lycee-a/contracts", &terms);
        (
            answer.status,
            answer.json()["errors"].to_string().replace(category, "…"),
        )
    };
    assert_eq!(covering("commune-b"), covering("commune-0"));
    assert_eq!((covering("commune-b").0, covering("SUP/question").0), (422, 200));
}
