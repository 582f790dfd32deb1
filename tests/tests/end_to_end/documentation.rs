//! Every code that a refusal can carry is explained where its `type` points to, with an example that is true to form.

use std::{fs, path::PathBuf};

use guichet_tests::{contract::Contract, server::Server};
use serde_json::{Value, json};

fn read(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The example of a page: what stands between its fences.
fn example(page: &str) -> Value {
    let (_, after) = page.split_once("```json\n").expect("an example");
    let (example, _) = after.split_once("```").expect("an end of the example");
    serde_json::from_str(example).unwrap()
}

#[test]
fn every_code_has_a_page_with_cause_remedy_and_a_true_example_and_a_line_of_the_index() {
    let server = Server::start();
    let nobody = server.nobody();
    let contract = Contract::served(&nobody);
    let schemas = &contract.0["components"]["schemas"];
    let codes = schemas["ProblemCode"]["enum"].as_array().unwrap();
    assert!(codes.len() >= 31, "{codes:?}");
    let index = read("docs/errors.md");
    let whole = json!({"$ref": "#/components/schemas/Problem", "components": contract.0["components"]});
    let problem = jsonschema::draft202012::new(&whole).unwrap();
    for code in codes {
        let code = code.as_str().unwrap();
        let page = nobody.get(&format!("/docs/errors/{code}"));
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, "text/markdown; charset=utf-8")
        );
        let text = page.text();
        assert_eq!(text, read(&format!("docs/errors/{code}.md")));
        for part in ["## Cause\n\n", "## What to do\n\n", "## Example\n\n"] {
            assert!(text.contains(part), "{code} has no {part:?}");
        }
        let example = example(&text);
        let faults: Vec<String> = problem
            .iter_errors(&example)
            .map(|fault| fault.to_string())
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{code}");
        let (status, title) = (
            example["status"].as_u64().unwrap(),
            example["title"].as_str().unwrap(),
        );
        assert_eq!(
            (&example["code"], &example["type"]),
            (&json!(code), &json!(format!("/docs/errors/{code}")))
        );
        assert!(text.contains(&format!("**{status}** — {title}.")), "{text}");
        let line = format!("| [{code}](errors/{code}.md) | {status} | {title} |");
        assert!(index.contains(&line), "docs/errors.md lacks {line}");
    }
    assert_eq!(index.matches("](errors/").count(), codes.len());
    let _ = nobody.get("/docs/errors/no-such-code").refused(404, "not-found");
    assert_eq!(nobody.get("/docs/errors").text(), index);
}

#[test]
fn the_title_and_the_words_of_an_example_are_those_that_are_answered() {
    let server = Server::start();
    let english = server.client("requester-1").with("Accept-Language", "en");
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "", "description": "x"});
    for (answer, code) in [
        (english.post("/v1/tickets", &ticket), "invalid"),
        (
            english.post_bytes("/v1/tickets", "application/json", b"{".to_vec()),
            "malformed-request",
        ),
        (
            english.post_bytes("/v1/tickets", "text/plain", b"{}".to_vec()),
            "wrong-media-type",
        ),
        (
            english.with("Guichet-Profile", "admin").get("/v1/me"),
            "profile-not-held",
        ),
        (english.get("/v1/tickets/SUP-99999"), "not-found"),
    ] {
        let mut told = answer.json();
        told["request_id"] = "0198c0de-7000-7000-8000-0000000000ff".into();
        assert_eq!(told, example(&read(&format!("docs/errors/{code}.md"))));
    }
}

/// Fault U15: people who follow the `type` of a problem saw Markdown as raw text, and what documents was never kept.
#[test]
fn a_browser_is_shown_the_pages_of_problems_and_keeps_what_documents() {
    let server = Server::start();
    let nobody = server.nobody();
    let browser = nobody.with(
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    );
    for (path, heading) in [
        ("/docs/errors/stale-version", "<h1>stale-version</h1>"),
        ("/docs/errors", "<table>"),
    ] {
        let page = browser.get(path);
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        assert!(page.text().contains(heading), "{}", page.text());
        assert!(!page.header("content-security-policy").is_empty());
        assert_eq!(
            nobody.get(path).header("content-type"),
            "text/markdown; charset=utf-8"
        );
    }
    // The index links to the pages as files.
    assert_eq!(browser.get("/docs/errors/stale-version.md").status, 200);
    for path in [
        "/docs/",
        "/docs/swagger-ui-bundle.js",
        "/docs/reference.js",
        "/docs/errors/not-found",
    ] {
        let first = nobody.get(path);
        assert_eq!(
            (first.status, first.header("cache-control")),
            (200, "no-cache"),
            "{path}"
        );
        let again = nobody.with("If-None-Match", first.header("etag")).get(path);
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
    }
}
