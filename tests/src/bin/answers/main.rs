//! Compares what the tests saw the REST door answer with what its contract declares, both ways: an answer that is not declared is a
//! fault, and so is a declared status that no test has seen, unless `tests/unseen.tsv` says why.
//!
//! `answers DIRECTORY`, after all tests have run with `GUICHET_RECORD_ANSWERS=DIRECTORY`.
#![expect(clippy::unwrap_used, reason = "a harness fails by panicking, as a test does")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use guichet_tests::contract::{Contract, Operation};

/// Fields of every answer, or of how it is carried: no contract of an operation tells of them.
const OF_TRANSPORT: [&str; 10] = [
    "cache-control",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "referrer-policy",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
    "x-frame-options",
];
/// How many operations must have been seen, so that a check of nothing does not pass.
const OPERATIONS_MIN: usize = 90;

/// A kind of answer, as a line of a recording has it.
struct Seen {
    status: u16,
    media_type: String,
    fields: Vec<String>,
    code: String,
}

fn main() -> ExitCode {
    let directory = PathBuf::from(env::args().nth(1).unwrap_or_default());
    let contract = Contract::printed();
    let operations = contract.operations();
    let seen = seen(&directory);
    let mut faults = BTreeSet::new();
    let (mut kinds, mut met) = (0, BTreeSet::new());
    let mut statuses: BTreeSet<(&str, u16)> = BTreeSet::new();
    for operation in &operations {
        for answer in seen
            .get(&(operation.method.to_string(), operation.path.clone()))
            .into_iter()
            .flatten()
        {
            kinds += 1;
            met.insert(&*operation.id);
            statuses.insert((&operation.id, answer.status));
            faults.extend(
                undeclared(&contract, operation, answer).map(|fault| format!("{}: {fault}", operation.id)),
            );
        }
    }
    let excused = excused();
    let declared: BTreeSet<(&str, u16)> = operations
        .iter()
        .flat_map(|operation| {
            operation
                .statuses()
                .into_iter()
                .map(|status| (&*operation.id, status))
        })
        .collect();
    let unseen: Vec<&(&str, u16)> = declared.difference(&statuses).collect();
    for (operation, status) in &unseen {
        if !excused.iter().any(|excuse| excuse.is_about(operation, *status)) {
            faults.insert(format!(
                "{operation}: {status} is declared, and no test has seen it"
            ));
        }
    }
    for excuse in &excused {
        if !unseen
            .iter()
            .any(|(operation, status)| excuse.is_about(operation, *status))
        {
            faults.insert(format!(
                "{} {} of tests/unseen.tsv is seen, or not declared",
                excuse.operation, excuse.status
            ));
        }
    }
    if met.len() < OPERATIONS_MIN {
        faults.insert(format!("only {} operations were seen", met.len()));
    }
    println!(
        "answers: {kinds} kinds seen of {} of {} operations; {} of {} declared statuses seen, {} excused; {} faults",
        met.len(),
        operations.len(),
        declared.len() - unseen.len(),
        declared.len(),
        unseen.len(),
        faults.len(),
    );
    faults.iter().for_each(|fault| println!("{fault}"));
    if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What was seen, by method and path.
fn seen(directory: &Path) -> BTreeMap<(String, String), Vec<Seen>> {
    let mut lines = BTreeSet::new();
    for file in fs::read_dir(directory).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        // The last line of a process that was killed may be cut.
        lines.extend(
            text.split_inclusive('\n')
                .filter_map(|line| line.strip_suffix('\n'))
                .map(str::to_owned),
        );
    }
    let mut seen: BTreeMap<_, Vec<Seen>> = BTreeMap::new();
    for line in &lines {
        let [method, path, status, media_type, fields, code] = line.split('\t').collect::<Vec<_>>()[..]
        else {
            continue;
        };
        let of_operation = seen.entry((method.to_owned(), path.to_owned())).or_default();
        of_operation.push(Seen {
            status: status.parse().unwrap(),
            media_type: media_type.to_owned(),
            fields: fields.split(',').map(str::to_owned).collect(),
            code: code.to_owned(),
        });
    }
    seen
}

/// What of an answer the contract does not tell.
fn undeclared(contract: &Contract, operation: &Operation, seen: &Seen) -> impl Iterator<Item = String> {
    let (status, mut faults) = (seen.status, Vec::new());
    // A path that lacks the method asked for is none of an operation's answers, and a failure of ours is in its range.
    let Some(response) = contract.response(operation, status) else {
        if status != 500 {
            faults.push(format!("{status} {} is not declared", seen.code));
        }
        return faults.into_iter();
    };
    let content = response["content"].as_object();
    let is_declared = match (seen.media_type.as_str(), content) {
        ("", None) => true,
        (media_type, Some(content)) => content.contains_key(media_type) || content.contains_key("*/*"),
        (_, None) => false,
    };
    if !is_declared {
        faults.push(format!(
            "{status} {:?} is not a declared media type",
            seen.media_type
        ));
    }
    let headers = response["headers"].as_object();
    let names: BTreeSet<String> = headers
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    for field in &seen.fields {
        let is_known = OF_TRANSPORT.contains(&field.as_str()) || field.starts_with("access-control-");
        if !is_known && !names.contains(field) {
            faults.push(format!("{status} {field} is not a declared header field"));
        }
    }
    let codes = contract.codes(operation, status);
    if !seen.code.is_empty() && !codes.contains(&seen.code.as_str()) {
        faults.push(format!("{status} {} is not a declared code", seen.code));
    }
    faults.into_iter()
}

/// A declared status that no test can see, or need not.
struct Excuse {
    operation: String,
    status: String,
}

impl Excuse {
    fn is_about(&self, operation: &str, status: u16) -> bool {
        self.operation == operation && self.status == status.to_string()
    }
}

/// The lines of `tests/unseen.tsv`: operation, status, reason.
fn excused() -> Vec<Excuse> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("unseen.tsv");
    let text = fs::read_to_string(file).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let excuse = |line: &str| {
        let [operation, status, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not operation, status and reason: {line:?}");
        };
        assert!(!reason.is_empty(), "no reason: {line:?}");
        Excuse {
            operation: operation.to_owned(),
            status: status.to_owned(),
        }
    };
    lines.map(excuse).collect()
}
