//! The limits that the documentation gives are the ones that the product keeps.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use guichet_tests::{
    answer::{Answer, faults},
    home::root,
    people::quick,
};
use serde_json::json;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of `docs/limits.md`: file and constant, with the number.
fn documented() -> BTreeMap<(String, String), u64> {
    let page = read(&root().join("docs/limits.md"));
    let row = |line: &str| {
        let cells: Vec<&str> = line
            .strip_prefix("| ")?
            .strip_suffix(" |")?
            .split(" | ")
            .collect();
        let [_, number, place] = cells[..] else {
            return None;
        };
        let (file, constant) = place.strip_prefix('`')?.strip_suffix('`')?.split_once("` `")?;
        let number = number.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        Some(((file.to_owned(), constant.to_owned()), number))
    };
    page.lines().filter_map(row).collect()
}

/// The constants of a source file whose value is a number or a product of numbers.
fn constants(source: &str) -> BTreeMap<String, u64> {
    let constant = |line: &str| {
        let (name, rest) = line.trim().split_once("const ")?.1.split_once(": ")?;
        let value = rest.split_once(" = ")?.1.strip_suffix(';')?.replace('_', "");
        let factors: Option<Vec<u64>> = value.split(" * ").map(|factor| factor.parse().ok()).collect();
        Some((name.to_owned(), factors?.iter().product()))
    };
    source.lines().filter_map(constant).collect()
}

/// Fault M4: a limit changed without any test.
#[test]
fn each_limit_is_the_number_that_the_documentation_gives() {
    let documented = documented();
    assert!(
        documented.len() >= 50,
        "the table is not where it is sought: {documented:?}"
    );
    for ((file, constant), number) in &documented {
        let kept = constants(&read(&root().join(file))).get(constant).copied();
        assert_eq!(kept, Some(*number), "{constant} of {file}");
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Fault M4: every limit of the rules is documented, but the one of file names, which are cut and not refused.
#[test]
fn each_limit_of_the_rules_is_documented() {
    let documented = documented();
    let is_limit = |line: &&str| line.starts_with("pub const ") && line.contains("_MAX: ");
    for path in sources(&root().join("libs/domain/src")) {
        let file = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        for line in read(&path).lines().filter(is_limit) {
            let name = line["pub const ".len()..].split(':').next().unwrap().to_owned();
            if name != "FILE_NAME_BYTES_MAX" {
                assert!(
                    documented.contains_key(&(file.clone(), name.clone())),
                    "{name} of {file}"
                );
            }
        }
    }
}

/// Fault M4: at the limit and one past it, over HTTP.
#[test]
fn a_client_is_told_at_one_past_the_limit() {
    let server = quick().start();
    let requester = server.client("requester-1");
    let question = |summary: usize, description: usize| {
        let body = json!({
            "desk": "SUP", "type": "question", "summary": "é".repeat(summary), "description": "x".repeat(description),
        });
        requester.post("/v1/tickets", &body)
    };
    let _ = question(255, 24_576).expect(201);
    let told = faults(&question(256, 24_577).refused(422, "invalid"));
    let length = |pointer: &str| (pointer.to_owned(), "length".to_owned());
    assert_eq!(told, [length("/description"), length("/summary")]);
}

/// The `RateLimit-Policy`, and `r` and `t` of the `RateLimit` of an answer; nothing when it has none.
fn left(answer: &Answer) -> Option<(String, u64, u64)> {
    let (policy, limit) = (answer.header("ratelimit-policy"), answer.header("ratelimit"));
    assert_eq!(policy.is_empty(), limit.is_empty());
    let (_, left) = limit.split_once(";r=")?;
    let (left, more) = left.split_once(";t=")?;
    Some((policy.to_owned(), left.parse().unwrap(), more.parse().unwrap()))
}

#[test]
fn who_comes_near_a_limit_is_told_and_who_reaches_it_is_told_when_there_is_more() {
    let server = quick().with("GUICHET_WRITES_PER_MINUTE", "20").start();
    let requester = server.client("requester-1");
    let open = || {
        let ticket = json!({"desk": "SUP", "type": "question", "summary": "Une", "description": "…"});
        requester.post("/v1/tickets", &ticket)
    };
    let policy = "\"writes\";q=20;w=60";
    assert_eq!(left(&open()), None, "there is plenty");
    let mut last = None;
    let refused = loop {
        let answer = open();
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 201);
        last = left(&answer);
    };
    // What was taken last was all that was left.
    let (told, none, _) = last.unwrap();
    assert_eq!((told.as_str(), none), (policy, 0));
    let problem = refused.refused(429, "too-much-written");
    let (told, none, more) = left(&refused).unwrap();
    assert_eq!((told.as_str(), none), (policy, 0));
    assert_eq!(
        (refused.header("retry-after"), &problem["retry_after_s"]),
        (&*more.to_string(), &json!(more))
    );
    assert_eq!(
        left(&requester.get("/v1/tickets")),
        None,
        "what only reads is not counted"
    );

    let server = quick()
        .with("GUICHET_STRANGER_BURST", "12")
        .with("GUICHET_STRANGER_PER_MINUTE", "4")
        .start();
    let policy = "\"requests\";q=12;w=180";
    let ask = || server.nobody().get("/v1/auth/providers");
    let asked: Vec<Answer> = (0..13).map(|_| ask()).collect();
    assert_eq!(left(&asked[0]), None);
    assert_eq!(left(&asked[11]).unwrap().0, policy);
    let (told, none, more) = left(&asked[12]).unwrap();
    assert_eq!((asked[12].status, told.as_str(), none), (429, policy, 0));
    assert!((1..=15).contains(&more), "{more}");

    let server = quick().with("GUICHET_WRITTEN_BYTES_PER_DAY", "10240").start();
    let requester = server.client("requester-1");
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Une", "description": "…"});
    let key = requester.open(&ticket)["key"].as_str().unwrap().to_owned();
    let attached = requester.attach(&key, "a.bin", &[7; 9 * 1024 - 100]);
    assert_eq!(attached.status, 201);
    let (told, none, more) = left(&attached).unwrap();
    assert_eq!(told, "\"bytes\";q=10240;qu=\"content-bytes\";w=86400");
    assert_eq!((none, more), (0, 9));
}
