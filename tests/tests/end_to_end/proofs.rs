//! Proofs: what the server says of its memory is checked without it, by two verifiers that share nothing.

use std::{fs, path::Path, process::Command};

use guichet_tests::{client::Client, home, server::Server};
use serde_json::{Value, json};

/// What a verifier answered.
struct Verdict {
    code: i32,
    said: String,
}

/// Runs `guichet audit …` away from every data directory.
fn audit(arguments: &[&str]) -> Verdict {
    verdict(
        Command::new(home::guichet())
            .arg("audit")
            .args(arguments)
            .env_clear(),
    )
}

/// Runs the second verifier, in Python.
fn second(arguments: &[&str]) -> Verdict {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = tests.join("python/verify_export.py");
    verdict(
        Command::new(tests.join("../.venv/bin/python"))
            .arg(script)
            .args(arguments),
    )
}

fn verdict(command: &mut Command) -> Verdict {
    let output = command.output().unwrap();
    Verdict {
        code: output.status.code().unwrap(),
        said: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// A ticket with words from both sides and a note that its requester may not read.
fn told(server: &Server) -> String {
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "question", "summary": "Vase étrusque", "description": "Il est fêlé.",
    }));
    let key = ticket["key"].as_str().unwrap().to_owned();
    let _ = agent.comment(&key, "Cliente procédurière notoire", "internal");
    let _ = agent.comment(&key, "Nous le réparons.", "public");
    let _ = requester
        .attach(&key, "vase.txt", b"la photographie du vase")
        .expect(201);
    let _ = agent.follow(&key, &json!({"action": "take"}));
    key
}

fn kept(server: &Server, name: &str, bytes: &[u8]) -> String {
    let path = server.home().path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn export(auditor: &Client) -> Vec<u8> {
    let answer = auditor.get("/v1/audit/export");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.bytes
}

#[test]
fn an_export_verifies_offline_and_a_flipped_byte_is_found_by_both() {
    let server = Server::start();
    let _ = told(&server);
    let auditor = server.client("auditor");
    let old = auditor.get("/v1/audit/checkpoint").text();
    let old = kept(&server, "old.note", old.as_bytes());
    let _ = server.client("requester-2").open(&json!({
        "desk": "SUP", "type": "question", "summary": "Plus tard", "description": "…",
    }));
    let place = json!({"values": [{"value": "annex", "label": {"fr": "Annexe", "en": "Annex"}}]});
    let _ = server
        .client("admin")
        .post("/v1/desks/SUP/lists/location/values", &place)
        .expect(200);
    let whole = export(&auditor);
    let key = auditor.get("/v1/audit/key").expect(200)["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = kept(&server, "export.ndjson", &whole);
    let ours = audit(&["verify", &path, "--key", &key, "--checkpoint", &old]);
    assert_eq!(ours.code, 0, "{}", ours.said);
    let second_says = second(&["export", &path, "--key", &key, "--checkpoint", &old]);
    assert_eq!(second_says.code, 0, "{}", second_says.said);
    // The views are rebuilt from it, and tell the same.
    let replayed = audit(&["replay", &path]);
    assert_eq!(replayed.code, 0, "{}", replayed.said);
    let text = String::from_utf8(whole.clone()).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let digest = last["digests"]["queue"].as_str().unwrap();
    assert!(
        replayed.said.contains(digest),
        "{} does not say {digest}",
        replayed.said
    );

    let position = text.lines().count() as u64 - 4;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = &mut lines[usize::try_from(position).unwrap()];
    assert!(line.starts_with(&format!("{{\"position\":{position},")), "{line}");
    let at = line.find("\"by\":\"").unwrap() + 6;
    let flipped = if line.as_bytes()[at] == b'0' { "1" } else { "0" };
    line.replace_range(at..=at, flipped);
    let path = kept(
        &server,
        "flipped.ndjson",
        format!("{}\n", lines.join("\n")).as_bytes(),
    );
    for found in [
        audit(&["verify", &path, "--key", &key]),
        second(&["export", &path, "--key", &key]),
    ] {
        assert_eq!(found.code, 1, "{}", found.said);
    }
}

#[test]
fn a_checkpoint_grows_and_is_proven_to_have_grown_only() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let size = |note: &str| note.lines().nth(1).unwrap().parse::<u64>().unwrap();
    let first = requester.get("/v1/audit/checkpoint");
    assert!(first.header("content-type").starts_with("text/plain"));
    let first = size(&first.text());
    let _ = told(&server);
    let head = server.head();
    let proof = requester
        .get(&format!("/v1/audit/proofs/inclusion?position={head}"))
        .expect(200);
    assert!(proof["size"].as_u64().unwrap() >= head);
    let grown = requester
        .get(&format!("/v1/audit/proofs/consistency?from={first}"))
        .expect(200);
    assert!(grown["to"].as_u64().unwrap() >= head);
    let tile = requester.get("/v1/audit/tile/0/000.p/1");
    assert_eq!((tile.status, tile.bytes.len()), (200, 32));
    assert!(tile.header("cache-control").contains("immutable"));
    let _ = requester
        .get("/v1/audit/tile/entries/000.p/1")
        .refused(404, "not-found");
    assert_eq!(
        server
            .client("auditor")
            .get("/v1/audit/tile/entries/000.p/1")
            .status,
        200
    );
    for refused in [
        "inclusion?position=999999",
        "inclusion?position=0",
        "consistency?from=999999",
    ] {
        let _ = requester
            .get(&format!("/v1/audit/proofs/{refused}"))
            .refused(404, "not-found");
    }
    let _ = requester
        .get("/v1/audit/proofs/inclusion")
        .refused(422, "invalid");
    let _ = requester.get("/v1/audit/export").refused(404, "not-found");
    let _ = server
        .nobody()
        .get("/v1/audit/checkpoint")
        .refused(401, "unauthenticated");
}

#[test]
fn a_bundle_verifies_without_the_server_and_a_redacted_one_holds_no_private_byte() {
    let server = Server::start();
    let key = told(&server);
    let path = format!("/v1/tickets/{key}/evidence");
    let full = server.client("auditor").get(&path);
    let redacted = server.client("requester-1").get(&path);
    let pinned = server.client("auditor").get("/v1/audit/key").expect(200);
    let pinned = pinned["key"].as_str().unwrap();
    let file = kept(&server, "vase.txt", b"la photographie du vase");
    let note = server.client("auditor").feed(&key);
    let note = &note.as_array().unwrap()[1]["event"];
    assert_eq!(note["data"]["visibility"], "internal");
    let full = kept(&server, "full.json", &full.bytes);
    let redacted_path = kept(&server, "redacted.json", &redacted.bytes);
    let home = server.stop();
    for bundle in [&full, &redacted_path] {
        let ours = audit(&["bundle", bundle, "--key", pinned, "--attachment", &file]);
        assert_eq!(ours.code, 0, "{}", ours.said);
        let second_says = second(&["bundle", bundle, "--key", pinned]);
        assert_eq!(second_says.code, 0, "{}", second_says.said);
    }
    let text = redacted.text();
    for private in [
        "procédurière",
        "internal",
        note["id"].as_str().unwrap(),
        note["command_id"].as_str().unwrap(),
        note["data"]["comment"].as_str().unwrap(),
        note["command_digest"].as_str().unwrap(),
    ] {
        assert!(!text.contains(private), "the redacted bundle holds {private}");
    }
    let entries = redacted.json();
    let entry = &entries["events"][1];
    let members: Vec<_> = entry.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["leaf", "position", "proof"]);
    drop(home);
}

#[test]
fn reading_the_audit_data_leaves_its_trace_once() {
    let server = Server::start();
    let key = told(&server);
    let auditor = server.client("auditor");
    for _ in 0..3 {
        let _ = auditor.get("/v1/events?limit=1");
    }
    let _ = export(&auditor);
    let _ = auditor.get(&format!("/v1/tickets/{key}/evidence")).expect(200);
    let _ = server
        .client("requester-1")
        .get(&format!("/v1/tickets/{key}/evidence"))
        .expect(200);
    let traces = auditor.get("/v1/events?limit=100&type=audit-read.v1").lines();
    let what: Vec<&Value> = traces.iter().map(|line| &line["event"]["data"]["what"]).collect();
    let bundle = |redacted: bool| json!({"bundle": {"ticket": key, "redacted": redacted}});
    assert_eq!(
        what,
        [&json!("feed"), &json!("export"), &bundle(false), &bundle(true)]
    );
}

#[test]
fn a_rewritten_log_is_not_signed_again() {
    let server = Server::start();
    let _ = told(&server);
    let signed = server.client("auditor").get("/v1/audit/checkpoint").text();
    let home = server.stop();
    // Whoever restores an older state of the log without saying so keeps the newest promise.
    let before = home.path().join("log-before");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(home.data().join("log"))
        .arg(&before)
        .status()
        .unwrap();
    assert!(copied.success());
    let server = home.start();
    let _ = server.client("requester-1").open(&json!({
        "desk": "SUP", "type": "question", "summary": "Disparaîtra", "description": "…",
    }));
    let later = server.client("auditor").get("/v1/audit/checkpoint").text();
    assert_ne!(signed, later);
    let home = server.stop();
    fs::remove_dir_all(home.data().join("log")).unwrap();
    fs::remove_dir_all(home.data().join("views")).unwrap();
    fs::rename(&before, home.data().join("log")).unwrap();
    let server = home.start();
    let readiness = server.nobody().get("/readyz");
    assert_eq!(readiness.status, 503, "{}", readiness.text());
    let readiness = readiness.json();
    assert_eq!(readiness["log"]["state"], "read_only");
    let reason = readiness["log"]["reason"].as_str().unwrap();
    assert!(reason.contains("checkpoint"), "{reason}");
    let refused = server.client("requester-1").post(
        "/v1/tickets",
        &json!({"desk": "SUP", "type": "question", "summary": "Refusée", "description": "…"}),
    );
    let _ = refused.refused(503, "unavailable");
    assert_eq!(server.client("requester-1").get("/v1/tickets/SUP-1").status, 200);
}

/// Runs `guichet audit …` as a demo account of a server.
fn audit_at(server: &Server, arguments: &[&str]) -> Verdict {
    verdict(&mut audit_command(server, arguments))
}

fn audit_command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(home::guichet());
    command
        .arg("audit")
        .args(arguments)
        .args(["--api", server.api()])
        .env("GUICHET_PASSWORD", home::DEMO_PASSWORD)
        .env("NO_PROXY", "127.0.0.1");
    command
}

#[test]
fn an_auditor_fetches_evidence_and_export_and_verifies_both_at_once() {
    let server = Server::start();
    let key = told(&server);
    let path = |name: &str| server.home().path().join(name).to_str().unwrap().to_owned();
    let (bundle, export) = (path("evidence.json"), path("fetched.ndjson"));
    let proven = audit_at(&server, &["prove", &key, "--output", &bundle]);
    assert_eq!(proven.code, 0, "{}", proven.said);
    let fetched = audit_at(&server, &["export", "--output", &export]);
    assert_eq!(fetched.code, 0, "{}", fetched.said);
    let (report, page) = (path("report.json"), path("report.html"));
    let verified = audit(&["verify", &export, "--report", &report, "--html", &page]);
    assert_eq!(verified.code, 0, "{}", verified.said);
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(report["faults"], json!([]));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("http://"));
    let page = path("bundle.html");
    assert_eq!(audit(&["bundle", &bundle, "--html", &page]).code, 0);
    assert!(fs::read_to_string(page).unwrap().contains("Vase étrusque"));
    let wrong = audit_at(&server, &["prove", "SUP-999", "--output", &path("none.json")]);
    assert_ne!(wrong.code, 0, "{}", wrong.said);
    // What stands there is kept unless it is to be overwritten, and nothing is left of what came to nothing.
    let again = audit_at(&server, &["prove", &key, "--output", &bundle]);
    assert_eq!(again.code, 2, "{}", again.said);
    assert!(again.said.contains("--force"), "{}", again.said);
    let again = audit_at(&server, &["prove", &key, "--output", &bundle, "--force"]);
    assert_eq!(again.code, 0, "{}", again.said);
    let left_over = fs::read_dir(server.home().path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains(".part") || name == "none.json"
    });
    assert_eq!(left_over.count(), 0);
    let output = audit_command(&server, &["export", "--output", "-"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let piped = path("piped.ndjson");
    fs::write(&piped, &output.stdout).unwrap();
    let verified = audit(&["verify", &piped]);
    assert_eq!(verified.code, 0, "{}", verified.said);
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("verified: "));
}

#[test]
fn every_checkpoint_leaves_the_machine() {
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().to_str().unwrap();
    let server = home::Home::new().with("GUICHET_CHECKPOINTS_TO", to).start();
    let note = server.client("auditor").get("/v1/audit/checkpoint").text();
    let mut lines = note.lines();
    let (origin, size) = (lines.next().unwrap(), lines.next().unwrap());
    let size: u64 = size.parse().unwrap();
    let kept = elsewhere.path().join(origin).join(format!("{size:020}"));
    assert_eq!(fs::read_to_string(&kept).unwrap(), note, "{}", kept.display());
}

#[test]
fn each_day_tells_how_many_tickets_were_in_each_status() {
    let server = Server::start();
    let key = told(&server);
    let _ = server.client("requester-3").open(&json!({
        "desk": "SUP", "type": "question", "summary": "D'une autre commune", "description": "…",
    }));
    let day = server.client("agent").ticket(&key)["created_at"]
        .as_str()
        .unwrap()[..10]
        .to_owned();
    let ask = |name: &str| {
        let head = server.head();
        let path = format!("/v1/series/statuses?desk=SUP&from={day}&to={day}&at_least={head}");
        server.client(name).get(&path).expect(200)["items"][0].clone()
    };
    // A day ends with its last event; at midnight it is another one, and this one is whole.
    assert_eq!(
        ask("agent"),
        json!({"date": day, "statuses": {"in_progress": 1, "open": 1}})
    );
    assert_eq!(ask("requester-1")["statuses"], json!({"in_progress": 1}));
    let auditor = server.client("auditor");
    let backwards = auditor.get("/v1/series/statuses?from=2026-03-02&to=2026-03-01");
    let _ = backwards.refused(422, "invalid");
    let _ = auditor
        .get("/v1/series/statuses?from=hier")
        .refused(422, "invalid");
}
