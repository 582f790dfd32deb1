//! Whether a SOAP answer is valid: libxml2, with the schema that the door serves.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

/// What libxml2 finds wrong with an answer of this SOAP door.
///
/// # Panics
/// When Python's packages are not installed, or the answer is no XML.
#[must_use]
#[track_caller]
pub fn schema_faults(soap: &str, answer: &str) -> Vec<String> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = tests.join("../.venv/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run `make .venv`",
        python.display()
    );
    let mut child = Command::new(python)
        .arg(tests.join("python/check_answer.py"))
        .arg(format!("{soap}{}?wsdl", crate::envelope::PATH))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = child.stdin.take().unwrap();
    told.write_all(answer.as_bytes()).unwrap();
    drop(told);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the answer cannot be checked: {answer}");
    let faults = String::from_utf8(output.stdout).unwrap();
    faults.lines().map(str::to_owned).collect()
}
