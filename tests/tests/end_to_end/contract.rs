//! The contract in the repository is the one that the code gives.

use std::{fs, path::PathBuf, process::Command};

use guichet_tests::{home::guichet, server::Server};
use serde_json::Value;

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

#[test]
fn the_served_contract_names_every_path_with_its_operation() {
    let server = Server::start();
    let contract = server.nobody().get("/openapi.json").expect(200);
    assert_eq!(
        contract["openapi"].as_str().and_then(|version| version.get(..3)),
        Some("3.1")
    );
    let operations: Vec<&str> = contract["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let wanted = [
        "create_token",
        "create_ticket",
        "list_tickets",
        "get_ticket",
        "edit_ticket",
        "create_comment",
        "list_comments",
        "create_attachment",
        "get_attachment",
        "create_transition",
        "create_approval",
        "decide_approval",
        "reopen_ticket",
        "list_history",
        "list_events",
        "get_me",
        "list_desks",
        "get_desk",
        "get_form",
    ];
    for operation in wanted {
        assert!(
            operations.contains(&operation),
            "{operation} is not among {operations:?}"
        );
    }
    let reference = server.nobody().get("/docs/");
    assert_eq!(
        (reference.status, reference.header("content-type")),
        (200, "text/html")
    );
}

#[test]
fn every_example_of_a_refusal_has_the_shape_of_a_problem() {
    let server = Server::start();
    let contract = server.nobody().get("/openapi.json").expect(200);
    let required = |value: &Value| -> Vec<String> {
        let names = value["required"].as_array().cloned().unwrap_or_default();
        names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let problem = server.nobody().get("/v1/me").refused(401, "unauthenticated");
    for member in required(&contract["components"]["schemas"]["Problem"]) {
        assert!(problem.get(&member).is_some(), "a problem lacks {member}");
    }
}
