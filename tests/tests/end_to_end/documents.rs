//! What stands in documents and examples is done: every command is run, and what it is said to print is compared.

use std::process::Command;

use guichet_tests::{
    command,
    home::{Home, guichet, root},
    server::Server,
};

/// What a program of `tests/documents` says, which must be content.
#[track_caller]
fn said(program: &str, script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let script = root().join("tests/documents").join(script);
    command::said(command.arg(script).args(arguments).current_dir(root()))
}

fn python() -> String {
    root().join(".venv/bin/python").display().to_string()
}

#[test]
fn the_first_day_can_be_lived_as_it_is_written() {
    let guichet = guichet().display().to_string();
    let _ = said(&python(), "run_document.py", &[&guichet, "docs/first-day.md"]);
}

#[test]
fn the_tour_of_the_readme_can_be_taken() {
    let guichet = guichet().display().to_string();
    let tour = ["README.md", "A tour in five lines"];
    let _ = said(&python(), "run_document.py", &[&guichet, tour[0], tour[1]]);
}

#[test]
fn every_example_does_what_it_says() {
    let guichet = guichet().display().to_string();
    let _ = said(&python(), "run_examples.py", &[&guichet]);
}

/// The page with the reference, in a browser: sign in by the keyboard, try an operation, be refused, refresh, sign out.
#[test]
fn the_reference_signs_in_and_tries_operations() {
    let limits = [
        ("GUICHET_STRANGER_BURST", "1000"),
        ("GUICHET_STRANGER_PER_MINUTE", "1000"),
    ];
    let home = limits
        .into_iter()
        .fold(Home::new(), |home, (name, value)| home.with(name, value));
    let server: Server = home.start();
    let _ = said("node", "reference.mjs", &[server.api()]);
}
