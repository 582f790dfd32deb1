//! The rules are pure, and stay so: what would bring a clock, randomness, I/O or threads into them is seen refused.
//! Each test copies the crate, adds offending lines to the copy, and lets the compiler or its lints judge it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the test reads files and starts the compiler; the rules do not"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// What the crate consists of, for the compiler.
const CRATE: [&str; 4] = ["Cargo.toml", "clippy.toml", "src", "desks"];

/// An offending line, and the code of the error that it must raise.
type Offence = (&'static str, &'static str);

const METHODS: &str = "clippy::disallowed_methods";
const TYPES: &str = "clippy::disallowed_types";
const MACROS: &str = "clippy::disallowed_macros";

/// Functions that the dependencies do not have as this crate takes them: without their clock and randomness.
const NOT_COMPILED_IN: [Offence; 4] = [
    ("pub fn a() -> impl Sized { chrono::Utc::now() }", "E0599"),
    ("pub fn b() -> impl Sized { uuid::Uuid::new_v4() }", "E0599"),
    ("pub fn c() -> impl Sized { uuid::Uuid::now_v7() }", "E0599"),
    ("pub fn d() -> impl Sized { chrono::Local::now() }", "E0433"),
];

/// Crates that this one does not depend on.
const NOT_DEPENDED_ON: [Offence; 3] = [
    ("pub fn a() -> u64 { rand::random() }", "E0433"),
    ("pub fn b() -> impl Sized { tokio::spawn(async {}) }", "E0433"),
    ("pub fn c() -> impl Sized { tracing::Level::INFO }", "E0433"),
];

/// What the standard library offers to everybody.
const REFUSED_BY_LINT: [Offence; 22] = [
    (
        "pub fn a() -> impl Sized { std::time::SystemTime::now() }",
        METHODS,
    ),
    ("pub fn b() -> impl Sized { std::time::Instant::now() }", METHODS),
    ("pub fn c() -> impl Sized { std::fs::read(\"a\") }", METHODS),
    (
        "pub fn d() -> impl Sized { std::fs::read_to_string(\"a\") }",
        METHODS,
    ),
    (
        "pub fn e() -> impl Sized { std::fs::write(\"a\", \"b\") }",
        METHODS,
    ),
    ("pub fn f() -> impl Sized { std::fs::File::open(\"a\") }", METHODS),
    (
        "pub fn g() -> impl Sized { std::fs::OpenOptions::new().open(\"a\") }",
        METHODS,
    ),
    ("pub fn h() -> impl Sized { std::env::var(\"A\") }", METHODS),
    ("pub fn i() -> impl Sized { std::env::args() }", METHODS),
    (
        "pub fn j() -> impl Sized { std::net::TcpStream::connect(\"[::1]:1\") }",
        METHODS,
    ),
    (
        "pub fn k() -> impl Sized { std::net::TcpListener::bind(\"[::1]:1\") }",
        METHODS,
    ),
    (
        "pub fn l() -> impl Sized { std::net::UdpSocket::bind(\"[::1]:1\") }",
        METHODS,
    ),
    ("pub fn m() -> impl Sized { std::thread::spawn(|| ()) }", METHODS),
    (
        "pub fn n() { std::thread::sleep(std::time::Duration::from_secs(1)) }",
        METHODS,
    ),
    (
        "pub fn o() -> impl Sized { std::process::Command::new(\"a\") }",
        METHODS,
    ),
    (
        "pub fn p() -> impl Sized { std::hash::RandomState::new() }",
        METHODS,
    ),
    ("pub fn q() -> impl Sized { std::io::stdin() }", METHODS),
    (
        "pub fn r() -> bool { std::path::Path::new(\"a\").exists() }",
        METHODS,
    ),
    (
        "pub fn s() { let now = std::time::SystemTime::now; now(); }",
        METHODS,
    ),
    (
        "pub fn t() -> std::collections::HashMap<u8, u8> { Default::default() }",
        TYPES,
    ),
    (
        "pub fn u() -> std::collections::HashSet<u8> { Default::default() }",
        TYPES,
    ),
    ("pub fn v() { println!(\"a\") }", MACROS),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// A copy of this crate and of the one that it uses in a workspace of their own, with these lines in a module of their own.
fn copied(name: &str, offences: &[Offence]) -> PathBuf {
    let copied = workspace().join("target/purity").join(name);
    if copied.exists() {
        fs::remove_dir_all(&copied).unwrap();
    }
    let domain = copied.join("libs/domain");
    fs::create_dir_all(&domain).unwrap();
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let alone: Vec<&str> = manifest
        .lines()
        .filter(|line| !line.starts_with("default-members"))
        .map(|line| {
            if line.starts_with("members") {
                "members = [\"libs/domain\", \"libs/shapes\", \"libs/text\"]"
            } else {
                line
            }
        })
        .collect();
    fs::write(copied.join("Cargo.toml"), alone.join("\n")).unwrap();
    copy(&workspace().join("Cargo.lock"), &copied.join("Cargo.lock"));
    for part in CRATE {
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(part),
            &domain.join(part),
        );
    }
    for stands_on in ["libs/shapes", "libs/text"] {
        fs::create_dir_all(copied.join(stands_on)).unwrap();
        for part in ["Cargo.toml", "src"] {
            let (from, to) = (workspace().join(stands_on), copied.join(stands_on));
            copy(&from.join(part), &to.join(part));
        }
    }
    if !offences.is_empty() {
        let lib = domain.join("src/lib.rs");
        let text = fs::read_to_string(&lib).unwrap()
            + "\n#[expect(missing_docs, reason = \"an offence\")]\npub mod offence;\n";
        fs::write(&lib, text).unwrap();
        let lines: Vec<&str> = offences.iter().map(|(line, _)| *line).collect();
        fs::write(domain.join("src/offence.rs"), lines.join("\n")).unwrap();
    }
    copied
}

/// Runs cargo on a copy. All copies share what is compiled of the dependencies, and cargo lets one in at a time.
fn cargo(copied: &Path, command: &str, last: &[&str]) -> Output {
    let mut cargo = Command::new("cargo");
    // What the cargo that runs this test says of this crate must not be said of the copy.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO") && name != "CARGO_HOME") {
        cargo.env_remove(name);
    }
    cargo
        .current_dir(copied)
        .env("CARGO_TARGET_DIR", workspace().join("target/purity/target"));
    cargo
        .args([
            command,
            "--offline",
            "--quiet",
            "--message-format=json",
            "-p",
            "domain",
        ])
        .args(last);
    cargo.output().unwrap()
}

/// The errors that stand in the module of offences: line and code.
fn errors(output: &Output) -> Vec<(u64, String)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let errors = messages.filter(|message| message["message"]["level"] == "error");
    errors
        .filter_map(|error| {
            let span = error["message"]["spans"].as_array()?.first()?.clone();
            let is_ours = span["file_name"].as_str()?.ends_with("src/offence.rs");
            let code = error["message"]["code"]["code"].as_str()?.to_owned();
            is_ours.then_some((span["line_start"].as_u64()?, code))
        })
        .collect()
}

fn assert_each_is_refused(offences: &[Offence], output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "nothing was refused: {told}");
    let errors = errors(output);
    for (line, (offence, code)) in (1..).zip(offences) {
        assert!(
            errors.contains(&(line, (*code).to_owned())),
            "{offence}: {errors:?} {told}"
        );
    }
}

#[test]
fn the_rules_as_they_are_pass() {
    let output = cargo(
        &copied("as-it-is", &[]),
        "clippy",
        &["--", "-D", METHODS, "-D", TYPES, "-D", MACROS],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_clock_and_the_randomness_of_dependencies_are_not_compiled_in() {
    let output = cargo(&copied("not-compiled-in", &NOT_COMPILED_IN), "check", &[]);
    assert_each_is_refused(&NOT_COMPILED_IN, &output);
    let output = cargo(&copied("not-depended-on", &NOT_DEPENDED_ON), "check", &[]);
    assert_each_is_refused(&NOT_DEPENDED_ON, &output);
}

#[test]
fn the_clock_the_files_the_network_and_the_threads_of_the_standard_library_are_refused() {
    let deny = ["--", "-D", METHODS, "-D", TYPES, "-D", MACROS];
    let output = cargo(&copied("refused-by-lint", &REFUSED_BY_LINT), "clippy", &deny);
    assert_each_is_refused(&REFUSED_BY_LINT, &output);
}
