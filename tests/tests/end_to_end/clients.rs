//! The client that we ship: built, tried against started servers, and shown to a browser on a page of another origin.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use guichet_tests::home::guichet;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// What a program says that must be content.
#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command
        .env("GUICHET_BIN", guichet())
        .stdin(Stdio::null())
        .output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// One test, since the second part packs what the first has built.
#[test]
fn the_typescript_client_does_what_its_documents_say_in_node_and_in_a_browser() {
    let mut all = Command::new("npm");
    let said_of_all = said(
        all.args(["run", "all"])
            .current_dir(root().join("clients/typescript")),
    );
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
