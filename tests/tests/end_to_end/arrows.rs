//! The arrows between our crates are those that ARCHITECTURE.md draws.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use guichet_tests::home::root;
use serde_json::Value;

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// What each of our crates depends on among ours, for building and for its tests alike.
fn found() -> Arrows {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let told = Command::new(cargo)
        .args(metadata)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let ours = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().clone();
        all.iter()
            .filter(|one| one["path"].is_string())
            .map(|one| text(&one["name"]))
            .collect()
    };
    told["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (text(&package["name"]), ours(package)))
        .collect()
}

/// The arrows of a fenced block ```` ```arrows ````: lines such as `application -> domain, event_log`.
fn drawn(page: &str) -> Arrows {
    let (_, after) = page
        .split_once("```arrows\n")
        .expect("ARCHITECTURE.md has no block ```arrows");
    let (block, _) = after.split_once("```").expect("the block ```arrows does not end");
    let mut arrows = Arrows::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        let (from, to) = line
            .split_once("->")
            .unwrap_or_else(|| panic!("{line:?} is no arrow"));
        let to = to
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty());
        arrows.entry(from.trim().to_owned()).or_default().extend(to);
    }
    arrows
}

/// The arrows that one has and the other has not, as lines.
fn missing(from: &Arrows, than: &Arrows) -> Vec<String> {
    let lines = |(own, to): (&String, &BTreeSet<String>)| {
        let known = than.get(own).cloned().unwrap_or_default();
        to.difference(&known)
            .map(|name| format!("{own} -> {name}"))
            .collect::<Vec<_>>()
    };
    from.iter().flat_map(lines).collect()
}

#[test]
fn no_crate_depends_on_another_without_an_arrow_in_architecture_md() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is missing");
    assert_eq!(missing(&found(), &drawn(&page)), Vec::<String>::new());
}

#[test]
fn an_arrow_that_is_not_drawn_is_told() {
    let page = "# House\n```arrows\na -> b, c\nb -> c\n```\n";
    let with = |from: &str, to: &str| Arrows::from([(from.to_owned(), BTreeSet::from([to.to_owned()]))]);
    assert_eq!(missing(&with("a", "c"), &drawn(page)), Vec::<String>::new());
    assert_eq!(missing(&with("c", "a"), &drawn(page)), ["c -> a"]);
    assert_eq!(missing(&with("b", "a"), &drawn(page)), ["b -> a"]);
}

#[test]
fn the_domain_and_the_wire_depend_on_nothing_of_ours() {
    let found = found();
    for name in [
        "shapes",
        "text",
        "supervision",
        "event_log",
        "vault",
        "sessions",
        "api_types",
    ] {
        assert_eq!(found[name], BTreeSet::new(), "{name}");
    }
    // What a text is to people, and what JSON must look like, is pure too.
    let pure = ["shapes", "text"].map(str::to_owned);
    assert_eq!(found["domain"], BTreeSet::from(pure));
}
