//! The command line: what goes in, which files and exit codes come out.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

use crate::{bundles, made, table};

#[derive(Parser)]
struct Audit {
    #[command(flatten)]
    arguments: auditor::Arguments,
}

fn run(arguments: &[&str]) -> ExitCode {
    let parsed = Audit::try_parse_from([&["audit"], arguments].concat()).unwrap();
    auditor::run(parsed.arguments)
}

fn in_dir(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_good_export_is_verified_with_reports_and_a_bad_one_exits_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let table = table::table();
    let good = in_dir(dir.path(), "good.ndjson", &table[1].file);
    let checkpoint = in_dir(dir.path(), "kept", table[1].checkpoints[1].as_bytes());
    let report = dir.path().join("report.json");
    let page = dir.path().join("report.html");
    let (report_text, page_text) = (report.to_str().unwrap(), page.to_str().unwrap());
    let arguments = [
        "verify",
        &good,
        "--key",
        &table[1].keys[0],
        "--checkpoint",
        &checkpoint,
        "--report",
        report_text,
        "--html",
        page_text,
    ];
    assert_eq!(run(&arguments), ExitCode::SUCCESS);
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(report["verdict"], "verified");
    assert_eq!(report["size"], 38);
    assert_eq!(report["trust"]["how"], "pinned");
    assert_eq!(report["older_checkpoints"][0]["holds"], true);
    assert_eq!(report["queue"]["claimed"], report["queue"]["computed"]);
    assert!(
        fs::read_to_string(page)
            .unwrap()
            .contains("<strong>Verified</strong>")
    );

    let bad = in_dir(dir.path(), "bad.ndjson", &table[3].file);
    assert_eq!(run(&["verify", &bad]), ExitCode::from(1));
    assert_eq!(run(&["verify", &bad, "--quick"]), ExitCode::from(1));
}

#[test]
fn what_cannot_be_read_exits_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let absent = dir.path().join("absent");
    let absent = absent.to_str().unwrap();
    assert_eq!(run(&["verify", absent]), ExitCode::from(2));
    assert_eq!(run(&["bundle", absent]), ExitCode::from(2));
    assert_eq!(run(&["replay", absent]), ExitCode::from(2));
}

/// Fault U17: a good file given to the wrong command is not called faulty.
#[test]
fn an_export_and_a_bundle_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let export = in_dir(dir.path(), "log.ndjson", &table::table()[0].file);
    let compact = &bundles::bundles()[0].file;
    let value: Value = serde_json::from_slice(compact).unwrap();
    let bundle = in_dir(dir.path(), "SUP-1.bundle.json", compact);
    let indented = in_dir(
        dir.path(),
        "indented.json",
        &serde_json::to_vec_pretty(&value).unwrap(),
    );
    assert_eq!(run(&["verify", &export]), ExitCode::SUCCESS);
    assert_eq!(run(&["bundle", &bundle]), ExitCode::SUCCESS);
    assert_eq!(run(&["bundle", &indented]), ExitCode::SUCCESS);
    for bundle in [&bundle, &indented] {
        assert_eq!(run(&["verify", bundle]), ExitCode::from(2));
        assert_eq!(run(&["verify", bundle, "--quick"]), ExitCode::from(2));
        assert_eq!(run(&["replay", bundle]), ExitCode::from(2));
    }
    assert_eq!(run(&["bundle", &export]), ExitCode::from(2));
    // What is neither is faulty, whichever command it is given to.
    let neither = in_dir(dir.path(), "neither", b"{\"guichet\":1}\n");
    assert_eq!(run(&["verify", &neither]), ExitCode::from(1));
    assert_eq!(run(&["bundle", &neither]), ExitCode::from(1));
}

#[test]
fn a_password_does_not_cross_a_network_in_clear() {
    let arguments = ["prove", "SUP-1", "--api", "http://guichet.example:8080"];
    assert_eq!(run(&arguments), ExitCode::from(2));
}

#[test]
fn a_bundle_is_verified_with_the_file_that_was_attached() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = in_dir(dir.path(), "SUP-1.bundle.json", &bundles::bundles()[0].file);
    let file = in_dir(dir.path(), "facture.pdf", made::ATTACHED);
    let other = in_dir(dir.path(), "other.pdf", b"another bill");
    assert_eq!(
        run(&["bundle", &bundle, "--attachment", &file]),
        ExitCode::SUCCESS
    );
    assert_eq!(
        run(&["bundle", &bundle, "--attachment", &other]),
        ExitCode::from(1)
    );
}

#[test]
fn a_replay_says_when_the_export_names_another_digest() {
    let dir = tempfile::tempdir().unwrap();
    let table = table::table();
    let named = |name| table.iter().find(|case| case.name == name).unwrap();
    let good = in_dir(dir.path(), "good.ndjson", &named("untouched").file);
    let other = in_dir(dir.path(), "other.ndjson", &named("changed-digest").file);
    let kept = dir.path().join("kept");
    assert_eq!(
        run(&["replay", &good, "--dir", kept.to_str().unwrap()]),
        ExitCode::SUCCESS
    );
    assert!(kept.join("views").is_dir());
    assert_eq!(run(&["replay", &other]), ExitCode::from(1));
    assert_eq!(run(&["replay", &other, "--until", "20"]), ExitCode::SUCCESS);
    assert_eq!(run(&["replay", &good, "--until", "39"]), ExitCode::from(2));
}

/// Fault A7: a report is never written over the evidence, nor over anything unasked.
#[test]
fn what_is_read_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let table = table::table();
    let export = in_dir(dir.path(), "log.ndjson", &table[0].file);
    let kept = in_dir(dir.path(), "kept", table[1].checkpoints[1].as_bytes());
    let bundle = in_dir(dir.path(), "SUP-1.bundle.json", &bundles::bundles()[0].file);
    let file = in_dir(dir.path(), "facture.pdf", made::ATTACHED);
    let link = dir.path().join("link");
    fs::hard_link(&export, &link).unwrap();
    let link = link.to_str().unwrap();
    let before: Vec<Vec<u8>> = [&export, &kept, &bundle, &file]
        .map(|path| fs::read(path).unwrap())
        .to_vec();
    let new = dir.path().join("new");
    let new = new.to_str().unwrap();
    for arguments in [
        vec!["verify", &export, "--report", &export],
        vec!["verify", &export, "--html", link],
        vec!["verify", &export, "--checkpoint", &kept, "--report", &kept],
        vec!["verify", &export, "--report", new, "--html", new],
        vec!["verify", &export, "--report", "-", "--html", "-"],
        vec!["bundle", &bundle, "--html", &bundle],
        vec!["bundle", &bundle, "--attachment", &file, "--report", &file],
        vec![
            "export",
            "--api",
            "http://127.0.0.1:9",
            "--output",
            new,
            "--report",
            new,
        ],
        vec![
            "prove",
            "SUP-1",
            "--api",
            "http://127.0.0.1:9",
            "--output",
            new,
            "--html",
            new,
        ],
    ] {
        for force in [[].as_slice(), &["--force"]] {
            let arguments = [arguments.as_slice(), force].concat();
            assert_eq!(run(&arguments), ExitCode::from(2), "{arguments:?}");
        }
    }
    let after: Vec<Vec<u8>> = [&export, &kept, &bundle, &file]
        .map(|path| fs::read(path).unwrap())
        .to_vec();
    assert!(before == after);
    assert!(!Path::new(new).exists());
}

#[test]
fn an_earlier_report_is_overwritten_when_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let export = in_dir(dir.path(), "log.ndjson", &table::table()[0].file);
    let report = dir.path().join("report.json");
    let told = report.to_str().unwrap();
    assert_eq!(run(&["verify", &export, "--report", told]), ExitCode::SUCCESS);
    let first = fs::read(&report).unwrap();
    assert_eq!(run(&["verify", &export, "--report", told]), ExitCode::from(2));
    assert!(fs::read(&report).unwrap() == first);
    let quick = ["verify", &export, "--report", told, "--quick", "--force"];
    assert_eq!(run(&quick), ExitCode::SUCCESS);
    let second: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(second["depth"], "quick");
}
