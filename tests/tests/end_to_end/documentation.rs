//! Every code that a refusal can carry is explained where its `type` points to.

use std::{fs, path::PathBuf};

use guichet_tests::server::Server;

fn read(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The codes of the table in `refusal.rs`: lines such as `STALE = 412 "stale-version" "…" "…";`.
fn codes(source: &str) -> Vec<(u16, String)> {
    let code = |line: &str| {
        let (_, after) = line.trim().split_once(" = ")?;
        let (status, after) = after.split_once(" \"")?;
        let (code, _) = after.split_once('"')?;
        Some((status.parse().ok()?, code.to_owned()))
    };
    source.lines().filter_map(code).collect()
}

#[test]
fn every_code_of_a_refusal_is_explained_in_errors_md() {
    let codes = codes(&read("services/api/src/refusal.rs"));
    assert!(
        codes.contains(&(412, "stale-version".to_owned())),
        "the table of refusals is not where it is sought"
    );
    let page = read("docs/errors.md");
    let words: Vec<&str> = page
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .collect();
    let missing: Vec<&(u16, String)> = codes
        .iter()
        .filter(|(_, code)| !words.contains(&code.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/errors.md does not explain {missing:?}");
}

#[test]
fn the_page_that_problems_point_to_is_served() {
    let server = Server::start();
    let page = server.nobody().get("/docs/errors");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/markdown; charset=utf-8")
    );
    assert_eq!(page.text(), read("docs/errors.md"));
}
