//! The client that we ship: built, tried against started servers, and shown to a browser on a page of another origin.

use std::process::Command;

use guichet_tests::{
    command::said,
    home::{guichet, root},
};

/// One test, since the second part packs what the first has built.
#[test]
fn the_typescript_client_does_what_its_documents_say_in_node_and_in_a_browser() {
    let mut all = Command::new("npm");
    let all = all.args(["run", "all"]).env("GUICHET_BIN", guichet());
    let said_of_all = said(all.current_dir(root().join("clients/typescript")));
    for step in ["conflict", "retry", "walk", "upload", "live"] {
        assert!(
            said_of_all.contains(&format!("ok: {step}: ")),
            "{step}: {said_of_all}"
        );
    }
    let mut browser = Command::new("node");
    let shown = said(
        browser
            .arg(root().join("tests/browser/frontend.mjs"))
            .arg(guichet()),
    );
    assert_eq!(shown.matches("ok: ").count(), 8, "{shown}");
}
