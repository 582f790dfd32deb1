//! The same tables, told to the second verifier: a program in Python that was written from docs/audit-format.md and shares
//! nothing with this one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bundles;
use crate::table::{self, Tampered};

/// Calls `main` of the verifier for each list of arguments, in one process, and tells what each came to.
const CALLS: &str = r#"
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
import verify_export

class Kept(io.TextIOWrapper):
    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
    def text(self):
        self.flush()
        return self.buffer.getvalue().decode()

told = []
for arguments in json.load(sys.stdin):
    sys.argv = ["verify_export.py", *arguments]
    out, err = Kept(), Kept()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = verify_export.main()
    told.append({"code": code, "out": out.text(), "err": err.text()})
print(json.dumps(told))
"#;

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

/// What the verifier came to.
pub(crate) struct Said {
    pub(crate) code: u64,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Calls the verifier with each list of arguments.
pub(crate) fn called(calls: &[Vec<String>]) -> Vec<Said> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python");
    let mut child = Command::new(python())
        .arg("-c")
        .arg(CALLS)
        .arg(scripts)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(json!(calls).to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let told: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told.len(), calls.len());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    told.iter()
        .map(|said| Said {
            code: said["code"].as_u64().unwrap(),
            out: text(&said["out"]),
            err: text(&said["err"]),
        })
        .collect()
}

/// The arguments for a row of a table, whose files are written to `dir`.
fn call(kind: &str, number: usize, case: &Tampered, dir: &Path) -> Vec<String> {
    let written = |name: String, bytes: &[u8]| {
        let path = dir.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut arguments = vec![kind.to_owned(), written(format!("{number}.{kind}"), &case.file)];
    for key in &case.keys {
        arguments.extend(["--key".to_owned(), key.clone()]);
    }
    for (place, note) in case.checkpoints.iter().enumerate() {
        let path = written(format!("{number}.{place}.note"), note.as_bytes());
        arguments.extend(["--checkpoint".to_owned(), path]);
    }
    arguments
}

/// The position of the first fault that it names; `None` when it verifies the file.
fn position(case: &Tampered, said: &Said) -> Option<u64> {
    let Said { code, out, err } = said;
    match code {
        0 => {
            assert!(out.starts_with("ok "), "{}: {out}", case.name);
            None
        }
        1 => {
            let position = out
                .lines()
                .find_map(|line| line.strip_prefix("position ")?.split(':').next()?.parse().ok());
            Some(position.unwrap_or_else(|| panic!("{}: {out}{err}", case.name)))
        }
        other => panic!("{}: ended with {other}: {out}{err}", case.name),
    }
}

/// How many rows it finds something wrong with; each must be as it is expected.
fn found(kind: &str, cases: &[Tampered], expected: impl Fn(&Tampered) -> Option<u64>) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let calls: Vec<Vec<String>> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| call(kind, number, case, dir.path()))
        .collect();
    let mut differing = Vec::new();
    let mut found = 0;
    for (case, said) in cases.iter().zip(called(&calls)) {
        let position = position(case, &said);
        if position != expected(case) {
            differing.push(format!("{}: {position:?}, {}", case.name, said.out));
        }
        found += usize::from(position.is_some());
    }
    assert!(differing.is_empty(), "{differing:#?}");
    found
}

/// Fault S7: what has two readings is refused by both, and at the same place.
#[test]
fn the_second_verifier_finds_every_tampering_of_an_export_where_the_first_does() {
    // It knows no type but those of the log itself, so what only decoding finds is not its to find.
    let expected = |case: &Tampered| {
        case.expected
            .filter(|_| !case.needs_decoding)
            .map(|(position, _)| position)
    };
    let found = found("export", &table::table(), expected);
    assert!(found >= 130, "only {found} tamperings were found");
}

#[test]
fn the_second_verifier_finds_every_tampering_of_a_bundle_where_the_first_does() {
    let expected = |case: &Tampered| case.expected.map(|(position, _)| position);
    let found = found("bundle", &bundles::bundles(), expected);
    assert!(found >= 45, "only {found} tamperings were found");
}

/// Fault U17: the file is not faulty, it was given to the wrong command.
#[test]
fn the_second_verifier_points_to_its_other_command() {
    let dir = tempfile::tempdir().unwrap();
    let export = call("bundle", 0, &table::table()[0], dir.path());
    let bundle = call("export", 1, &bundles::bundles()[0], dir.path());
    let [export, bundle] = &called(&[export, bundle])[..] else {
        panic!("two calls have two answers");
    };
    assert_eq!((export.code, export.out.as_str()), (2, ""));
    assert_eq!(
        export.err,
        "this is an export of the log: verify it with `export`\n"
    );
    assert_eq!((bundle.code, bundle.out.as_str()), (2, ""));
    assert_eq!(
        bundle.err,
        "this is an evidence bundle: verify it with `bundle`\n"
    );
}
