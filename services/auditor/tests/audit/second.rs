//! The same tables, told to the second verifier: a program in Python that was written from docs/audit-format.md and shares
//! nothing with this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bundles;
use crate::table::{self, Tampered};

/// The interpreter with what the verifier needs.
///
/// # Panics
/// When it is not installed.
fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run `make .venv`",
        python.display()
    );
    python
}

/// The position of the first fault that it names; `None` when it verifies the file.
fn second_verdict(kind: &str, case: &Tampered, dir: &Path) -> Option<u64> {
    let file = dir.join(kind);
    fs::write(&file, &case.file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/verify_export.py");
    let mut command = Command::new(python());
    command.arg(script).arg(kind).arg(&file);
    for key in &case.keys {
        command.args(["--key", key]);
    }
    for (number, note) in case.checkpoints.iter().enumerate() {
        let path = dir.join(format!("{number}.note"));
        fs::write(&path, note).unwrap();
        command.arg("--checkpoint").arg(path);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => {
            assert!(said.starts_with("ok "), "{}: {said}", case.name);
            None
        }
        Some(1) => {
            let position = said
                .lines()
                .find_map(|line| line.strip_prefix("position ")?.split(':').next()?.parse().ok());
            Some(position.unwrap_or_else(|| panic!("{}: {said}{errors}", case.name)))
        }
        other => panic!("{}: ended with {other:?}: {said}{errors}", case.name),
    }
}

#[test]
fn the_second_verifier_finds_every_tampering_where_the_first_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut found = 0;
    for case in table::table() {
        // It reads no data, so what only decoding finds is not its to find.
        let expected = case.expected.filter(|_| !case.needs_decoding);
        let position = second_verdict("export", &case, dir.path());
        assert_eq!(position, expected.map(|(position, _)| position), "{}", case.name);
        found += usize::from(position.is_some());
    }
    for case in bundles::bundles() {
        let position = second_verdict("bundle", &case, dir.path());
        assert_eq!(
            position,
            case.expected.map(|(position, _)| position),
            "{}",
            case.name
        );
        found += usize::from(position.is_some());
    }
    assert!(found >= 40, "only {found} tamperings were tried on both");
}
