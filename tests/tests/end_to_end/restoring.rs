//! What was backed up can be had back: the same bytes at the same positions, the same root, the same screens; and what cannot
//! be had back is accepted in the open.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use guichet_tests::{
    home::{self, Home},
    server::Server,
};
use serde_json::{Value, json};

fn admin(arguments: &[&str], data: &Path) -> Output {
    Command::new(home::guichet())
        .arg("admin")
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_clear()
        .output()
        .unwrap()
}

#[track_caller]
fn done(arguments: &[&str], data: &Path) -> String {
    let output = admin(arguments, data);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}{errors}");
    said
}

fn lived_in(server: &Server, from: usize, to: usize) {
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    for number in from..to {
        let ticket = requester.open(&json!({
            "desk": "SUP", "type": "question", "summary": format!("Numéro {number}"), "description": "…",
        }));
        let key = ticket["key"].as_str().unwrap();
        let _ = agent.comment(key, "Vu.", "public");
    }
    let _ = requester
        .attach("SUP-1", &format!("{to}.txt"), format!("fichier {to}").as_bytes())
        .expect(201);
}

/// What is shown, and the root over the log.
fn shown(server: &Server) -> (Value, Value, String) {
    let head = server.head();
    let list = server
        .client("agent")
        .get(&format!("/v1/tickets?limit=200&sort=created_at&at_least={head}"));
    let files = server
        .client("agent")
        .get("/v1/tickets/SUP-1/attachments")
        .expect(200);
    let inclusion = server
        .client("agent")
        .get("/v1/audit/proofs/inclusion?position=1")
        .expect(200);
    let note = inclusion["checkpoint"].as_str().unwrap();
    let root = note.lines().nth(2).unwrap().to_owned();
    (list.expect(200), files, root)
}

fn path(home: &Home, name: &str) -> String {
    home.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn without_its_database_the_log_is_restored_to_the_same_root() {
    let server = Server::start();
    lived_in(&server, 0, 12);
    let to = path(server.home(), "backup");
    let said = done(&["backup", "--to", &to], &server.home().data());
    assert!(said.contains("1 new files"), "{said}");
    // The next one adds what is new.
    lived_in(&server, 12, 20);
    let said = done(&["backup", "--to", &to], &server.home().data());
    assert!(said.contains(&format!("position {}", server.head())), "{said}");
    assert!(said.contains("1 new files"), "{said}");
    let before = shown(&server);
    let head = server.head();
    let home = server.stop();
    let data = home.data();
    let refused = admin(&["restore", "--from", &to], &data);
    assert!(!refused.status.success(), "a log was overwritten");
    fs::remove_dir_all(data.join("log/sled")).unwrap();
    fs::remove_dir_all(data.join("files")).unwrap();
    let said = done(&["restore", "--from", &to], &data);
    assert!(said.contains(&format!("whole up to position {head}")), "{said}");
    let server = home.start();
    // Signing in writes nothing to the log, so that it stands where it stood.
    assert_eq!(server.head(), head);
    assert_eq!(shown(&server), before);
    let id = before.1["items"][0]["id"].as_str().unwrap();
    let file = server
        .client("agent")
        .get(&format!("/v1/tickets/SUP-1/attachments/{id}"));
    assert_eq!((file.status, file.text().as_str()), (200, "fichier 12"));
    lived_in(&server, 20, 21);
}

#[test]
fn a_damaged_backup_says_up_to_where_it_is_whole() {
    let server = Server::start();
    lived_in(&server, 0, 3);
    let to = path(server.home(), "backup");
    let _ = done(&["backup", "--to", &to], &server.home().data());
    let home = server.stop();
    let data = home.data();
    fs::remove_dir_all(data.join("log")).unwrap();
    let segment = fs::read_dir(Path::new(&to).join("log"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let said = done(&["restore", "--from", &to], &data);
    assert!(said.contains("cannot be had from here"), "{said}");
}

#[test]
fn keys_come_back_without_those_who_were_erased_since() {
    let server = Server::start();
    lived_in(&server, 0, 2);
    let data = server.home().data();
    let keys = path(server.home(), "keys-backup");
    let _ = done(&["backup-keys", "--to", &keys], &data);
    let admin_client = server.client("admin");
    let me = server.client("requester-1").get("/v1/me").expect(200);
    let person = me["account"]["id"].as_str().unwrap();
    let erasure = format!("/v1/persons/{person}/erasure");
    let _ = admin_client
        .post(&erasure, &json!({"reason": "Demandée"}))
        .expect(202);
    while admin_client.get(&erasure).expect(200)["state"] == "running" {}
    let home = server.stop();
    fs::rename(data.join("keys"), home.path().join("keys-lost")).unwrap();
    let ledger = path(&home, "keys-lost/erasures.ledger");
    let master = path(&home, "keys-lost/master.key");
    let _ = done(
        &[
            "restore-keys",
            "--from",
            &keys,
            "--ledger",
            &ledger,
            "--master-key",
            &master,
        ],
        &data,
    );
    let server = home.with("GUICHET_MASTER_KEY", &master).start();
    assert_eq!(server.client("agent").ticket("SUP-1")["summary"], Value::Null);
    assert_eq!(
        server.client("agent").get("/v1/me").expect(200)["account"]["username"],
        "agent"
    );
    // And wrapped by another master key.
    let home = server.stop();
    let new = path(&home, "new-master.key");
    let _ = done(
        &["rotate-master", "--master-key", &master, "--new-master-key", &new],
        &data,
    );
    let server = home.with("GUICHET_MASTER_KEY", &new).start();
    assert_eq!(
        server.client("agent").get("/v1/me").expect(200)["account"]["username"],
        "agent"
    );
}

#[test]
fn a_loss_is_accepted_in_the_open_and_auditors_see_it() {
    let server = Server::start();
    lived_in(&server, 0, 2);
    let to = path(server.home(), "backup");
    let _ = done(&["backup", "--to", &to], &server.home().data());
    lived_in(&server, 2, 4);
    let lost_to = server.head();
    let old = server.client("auditor").get("/v1/audit/checkpoint").text();
    let home = server.stop();
    let data = home.data();
    fs::remove_dir_all(data.join("log")).unwrap();
    let said = done(&["restore", "--from", &to], &data);
    let head: u64 = said.rsplit(' ').next().unwrap().trim().parse().unwrap();
    assert!(head < lost_to);
    let server = home.start();
    let readiness = server.nobody().get("/readyz");
    assert_eq!(
        readiness.json()["log"]["state"],
        "read_only",
        "{}",
        readiness.text()
    );
    let home = server.stop();
    let said = done(&["accept-loss", "--reason", "Le disque est perdu"], &data);
    assert!(
        said.contains(&format!("positions {} to {lost_to}", head + 1)),
        "{said}"
    );
    let server = home.start();
    lived_in(&server, 4, 5);
    let auditor = server.client("auditor");
    let epoch = auditor
        .get("/v1/events?type=log-epoch-begun.v1")
        .lines()
        .pop()
        .unwrap();
    let told = &epoch["event"]["data"];
    assert_eq!(epoch["position"], json!(head + 1));
    assert_eq!(
        (&told["epoch"], &told["reason"]),
        (&json!(1), &json!("Le disque est perdu"))
    );
    assert_eq!(told["before"]["lost_from"], json!(head + 1));
    assert_eq!(told["before"]["lost_to"], json!(lost_to));
    assert_eq!(
        told["before"]["checkpoint"].as_str().unwrap().lines().next(),
        old.lines().next()
    );
    let new = auditor.get("/v1/audit/checkpoint").text();
    assert_eq!(told["origin"].as_str(), new.lines().next());
    assert_ne!(
        new.lines().next(),
        old.lines().next(),
        "the new epoch signs as the old one did"
    );
    let export = home_file(
        &server,
        "after-loss.ndjson",
        &auditor.get("/v1/audit/export").bytes,
    );
    let verified = Command::new(home::guichet())
        .args(["audit", "verify", &export])
        .output()
        .unwrap();
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
}

#[test]
fn a_new_key_signs_and_whoever_pinned_the_old_one_reaches_it() {
    let server = Server::start();
    lived_in(&server, 0, 1);
    let auditor = server.client("auditor");
    let pinned = auditor.get("/v1/audit/key").expect(200)["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let old_export = home_file(&server, "old.ndjson", &auditor.get("/v1/audit/export").bytes);
    let said = done(&["rotate-checkpoint-key"], &server.home().data());
    let server = server.restart();
    lived_in(&server, 1, 2);
    let auditor = server.client("auditor");
    let key = auditor.get("/v1/audit/key").expect(200)["key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(said.contains(&key) && key != pinned, "{said}");
    let export = home_file(&server, "new.ndjson", &auditor.get("/v1/audit/export").bytes);
    for arguments in [[&old_export, &pinned], [&export, &pinned], [&export, &key]] {
        let [file, key] = arguments;
        let verified = Command::new(home::guichet())
            .args(["audit", "verify", file, "--key", key])
            .output();
        let verified = verified.unwrap();
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{file} with {key}: {said}");
    }
}

fn home_file(server: &Server, name: &str, bytes: &[u8]) -> String {
    let file = server.home().path().join(name);
    fs::write(&file, bytes).unwrap();
    file.to_str().unwrap().to_owned()
}
