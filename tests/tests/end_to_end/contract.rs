//! The contract in the repository is the one that the code gives.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use guichet_tests::{answer::Answer, breaking::breaking, contract::Contract, home::guichet, server::Server};
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn the_committed_contract_is_what_the_binary_prints() {
    let printed = Command::new(guichet()).arg("openapi").output().unwrap();
    assert!(printed.status.success());
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../openapi/guichet.yaml");
    let committed = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let printed = String::from_utf8(printed.stdout).unwrap();
    let other = committed
        .lines()
        .zip(printed.lines())
        .position(|(committed, printed)| committed != printed);
    assert!(
        committed == printed,
        "openapi/guichet.yaml is not what the code gives, from line {} on: run `make openapi`",
        other.unwrap_or_else(|| committed.lines().count().min(printed.lines().count())) + 1
    );
}

/// Fault M9: of 92 operations 19 were looked at.
#[test]
fn every_operation_of_the_contract_is_served() {
    let server = Server::start();
    let contract = server.nobody().get("/openapi.json").expect(200);
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut operations = BTreeSet::new();
    for (path, methods) in contract["paths"].as_object().unwrap() {
        let asked: String = path.split_inclusive('}').map(filled_in).collect();
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(
                operations.insert(id.to_owned()),
                "{id} is the name of two operations"
            );
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = server.nobody().request(method.clone(), &asked).json(&json!({}));
            let answer = Answer::of(request.send());
            let open = operation["security"] == json!([{}]);
            let declared = operation["responses"].get(answer.status.to_string()).is_some();
            // A route that wants a sign-in says so before it looks for anything.
            assert!(
                if open { declared } else { answer.status == 401 },
                "{method} {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    // So many that the loop did not pass for want of turns; the access file names each of them.
    assert!(operations.len() >= 92, "{}", operations.len());
    for unknown in ["/v1/nothing", "/v1/tickets/x/nothing", "/v2/tickets"] {
        let _ = server.nobody().get(unknown).refused(404, "not-found");
    }
    let reference = server.nobody().get("/docs/");
    assert_eq!(
        (reference.status, reference.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
}

/// Bodies that two operations take, named by what they hold.
const SHARED_BODIES: [&str; 5] = [
    "ContractTerms",
    "CreateToken",
    "EditProfile",
    "OneTimeToken",
    "PasswordConfirmation",
];

#[test]
fn a_body_is_named_like_its_operation_or_is_that_of_two() {
    let contract = Contract::printed();
    let mut named = 0;
    for operation in contract.operations() {
        let schema = operation
            .declared
            .pointer("/requestBody/content/application~1json/schema/$ref");
        let Some(name) = schema
            .and_then(Value::as_str)
            .and_then(|place| place.rsplit('/').next())
        else {
            continue;
        };
        let words = operation
            .id
            .split('_')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        assert!(
            name == words.collect::<String>() || SHARED_BODIES.contains(&name),
            "{} takes {name}",
            operation.id
        );
        named += 1;
    }
    assert!(named > 35, "{named}");
}

/// Changes the contract at a place; answers what that breaks.
fn broken_by(place: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let old = Contract::printed();
    let mut new = old.clone();
    change(
        new.0
            .pointer_mut(place)
            .unwrap_or_else(|| panic!("nothing is at {place}")),
    );
    breaking(&old, &new)
}

#[test]
fn a_change_that_breaks_clients_is_told_and_an_addition_is_none() {
    let without =
        |name: &'static str| move |place: &mut Value| drop(place.as_object_mut().unwrap().remove(name));
    let ticket = "/components/schemas/Ticket";
    let create = "/components/schemas/CreateTicket";
    assert_eq!(
        broken_by("/paths/~1v1~1tickets", without("get")),
        ["list_tickets is gone"]
    );
    assert!(
        broken_by(&format!("{ticket}/properties"), without("summary"))
            .contains(&"get_ticket 200 summary is gone".to_owned())
    );
    let typed = broken_by(&format!("{ticket}/properties/version"), |version| {
        version["type"] = "string".into()
    });
    assert!(
        typed.contains(&r#"get_ticket 200 version was ["integer"] and is ["string"]"#.to_owned()),
        "{typed:?}"
    );
    let required = broken_by(&format!("{create}/required"), |names| {
        names.as_array_mut().unwrap().push("priority".into())
    });
    assert_eq!(required, ["create_ticket body now requires priority"]);
    let taken = broken_by("/components/schemas/Role/enum", |names| {
        drop(names.as_array_mut().unwrap().remove(0))
    });
    assert!(
        taken.contains(&r#"grant_role body role: "requester" is no longer taken"#.to_owned()),
        "{taken:?}"
    );
    let answered = broken_by("/components/schemas/Role/enum", |names| {
        names.as_array_mut().unwrap().push("guest".into())
    });
    assert!(
        answered.contains(&r#"get_me 200 roles[] role: "guest" is answered, and was not"#.to_owned()),
        "{answered:?}"
    );
    let parameters = "/paths/~1v1~1tickets/get/parameters";
    let asked = broken_by(parameters, |all| drop(all.as_array_mut().unwrap().remove(0)));
    assert_eq!(asked, ["list_tickets lost the parameter desk"]);
    let asks = broken_by(parameters, |all| all[0]["required"] = true.into());
    assert_eq!(asks, ["list_tickets now requires the parameter desk"]);
    let nullable = broken_by(&format!("{ticket}/properties/desk"), |desk| {
        desk["type"] = json!(["string", "null"])
    });
    assert!(!nullable.is_empty());
    let statuses = "/paths/~1v1~1tickets~1{key}~1comments/post/responses";
    assert_eq!(
        broken_by(statuses, without("201")),
        ["create_comment no longer answers 201"]
    );

    // What a client neither sends nor reads breaks nothing.
    assert_eq!(
        broken_by(&format!("{ticket}/properties"), |all| all["new"] =
            json!({"type": "string"})),
        none()
    );
    assert_eq!(
        broken_by(&format!("{create}/properties"), |all| all["new"] =
            json!({"type": "string"})),
        none()
    );
    assert_eq!(
        broken_by(statuses, |all| all["202"] = json!({"description": "Later."})),
        none()
    );
}

fn none() -> Vec<String> {
    Vec::new()
}

/// A part of a path that ends with a parameter, with a value in its place.
fn filled_in(part: &str) -> String {
    match part.split_once('{') {
        Some((before, _)) => format!("{before}1"),
        None => part.to_owned(),
    }
}

/// Fault M9: every example is what its schema says, those of problems included.
#[test]
fn every_example_of_the_contract_has_the_shape_of_its_schema() {
    let contract = Server::start().nobody().get("/openapi.json").expect(200);
    let schemas = contract["components"]["schemas"].as_object().unwrap();
    let mut examples = 0;
    for (name, schema) in schemas {
        if let Some(example) = schema.get("example") {
            let faults = faults_of(&contract, name, example);
            assert_eq!(faults, Vec::<String>::new(), "the example of {name}");
            examples += 1;
        }
    }
    assert!(examples >= 90, "only {examples} examples were looked at");
    let mut broken = schemas["Problem"]["example"].clone();
    broken["status"] = "422".into();
    broken.as_object_mut().unwrap().remove("code");
    assert_eq!(faults_of(&contract, "Problem", &broken).len(), 2);
}

fn faults_of(contract: &Value, schema: &str, example: &Value) -> Vec<String> {
    let whole =
        json!({"$ref": format!("#/components/schemas/{schema}"), "components": contract["components"]});
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    validator
        .iter_errors(example)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Fault M9: what a server really refuses with has all that the contract requires of a problem.
#[test]
fn a_refusal_has_every_required_member_of_a_problem() {
    let server = Server::start();
    let contract = server.nobody().get("/openapi.json").expect(200);
    let requester = server.client("requester-1");
    let wrong = json!({"desk": "SUP", "type": "question", "summary": "", "description": ""});
    let account = json!({"kind": "person", "username": "somebody", "name": "Somebody"});
    for problem in [
        server.nobody().get("/v1/me").refused(401, "unauthenticated"),
        requester.get("/v1/tickets/SUP-999").refused(404, "not-found"),
        requester
            .post("/v1/accounts", &account)
            .refused(403, "not-permitted"),
        requester.post("/v1/tickets", &wrong).refused(422, "invalid"),
    ] {
        assert_eq!(faults_of(&contract, "Problem", &problem), Vec::<String>::new());
    }
}
