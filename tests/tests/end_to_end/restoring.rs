//! What was backed up can be had back: the same bytes at the same positions, the same root, the same screens; and what cannot
//! be had back is accepted in the open.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use guichet_tests::{
    command::{self, Ended},
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
    let good = path(server.home(), "good");
    let _ = done(&["backup", "--to", &good], &server.home().data());
    let head = server.head();
    let home = server.stop();
    let data = home.data();
    fs::remove_dir_all(data.join("log")).unwrap();
    let segment = only_file(&Path::new(&to).join("log"));
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    refused(
        &["restore", "--from", &to],
        &data,
        &["is not whole, and nothing was restored", "whole up to position"],
    );
    nothing_is_half(&data);
    // A server that is started all the same begins no new log.
    let _ = start(&data).said(1, &["there was a log in", "guichet admin restore"]);
    // And a good backup is taken as if nothing had been.
    let said = done(&["restore", "--from", &good], &data);
    assert!(said.contains(&format!("whole up to position {head}")), "{said}");
    let server = home.start();
    assert_eq!(server.head(), head);
}

/// A server on a directory, which is to end by itself.
fn start(data: &Path) -> Ended {
    let data = data.to_str().unwrap();
    command::guichet(
        &[
            "up",
            "--demo",
            "--data",
            data,
            "--api-listen",
            "127.0.0.1:0",
            "--soap-listen",
            "127.0.0.1:0",
        ],
        &[],
    )
}

#[track_caller]
fn refused(arguments: &[&str], data: &Path, texts: &[&str]) {
    let output = admin(arguments, data);
    let ended = Ended {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    let _ = ended.said(1, texts);
}

#[track_caller]
fn nothing_is_half(data: &Path) {
    for left in ["log", "log.restoring"] {
        assert!(!data.join(left).exists(), "{left} is there");
    }
}

fn only_file(dir: &Path) -> PathBuf {
    let mut files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let first = files.next().unwrap();
    assert_eq!(files.next(), None);
    first
}

/// Fault S6: whatever is not whole about a backup, its restore exits with 1 and leaves nothing; asked for, what is whole is kept and
/// held.
#[test]
fn a_backup_that_lacks_something_is_no_success() {
    let server = Server::start();
    lived_in(&server, 0, 2);
    let early = path(server.home(), "early");
    let _ = done(&["backup", "--to", &early], &server.home().data());
    lived_in(&server, 2, 4);
    let late = path(server.home(), "late");
    let _ = done(&["backup", "--to", &late], &server.home().data());
    let head = server.head();
    let home = server.stop();
    let data = home.data();
    fs::remove_dir_all(data.join("log")).unwrap();
    fs::remove_dir_all(data.join("files")).unwrap();

    // A file that the log speaks of is damaged, or gone.
    let files: Vec<PathBuf> = fs::read_dir(Path::new(&late).join("files"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.is_file())
        .collect();
    assert_eq!(files.len(), 2);
    let bytes = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &bytes[..bytes.len() - 1]).unwrap();
    refused(
        &["restore", "--from", &late],
        &data,
        &["1 attachments that the log speaks of"],
    );
    fs::remove_file(&files[0]).unwrap();
    refused(
        &["restore", "--from", &late],
        &data,
        &["1 attachments that the log speaks of"],
    );
    nothing_is_half(&data);
    fs::write(&files[0], bytes).unwrap();

    // The newest segment is gone: its checkpoints know better.
    fs::remove_file(only_file(&Path::new(&late).join("log"))).unwrap();
    let segment = only_file(&Path::new(&early).join("log"));
    fs::copy(
        &segment,
        Path::new(&late).join("log").join(segment.file_name().unwrap()),
    )
    .unwrap();
    let promised = format!("a checkpoint beside it was signed over {head} events");
    refused(&["restore", "--from", &late], &data, &[&promised]);
    nothing_is_half(&data);

    // Asked for, what is whole is kept; the status says what it is, and no command is taken on it.
    refused(
        &["restore", "--from", &late, "--partial"],
        &data,
        &["restored in part", &promised],
    );
    let server = home.start();
    let readiness = server.nobody().get("/readyz");
    assert_eq!(
        readiness.json()["log"]["state"],
        "read_only",
        "{}",
        readiness.text()
    );
}

/// Fault S6: a segment in the middle of which nothing can be read holds the log where it is whole, though no checkpoint is beside it.
#[test]
fn what_is_whole_of_a_damaged_archive_takes_no_commands_until_the_loss_is_accepted() {
    let server = Server::start();
    lived_in(&server, 0, 2);
    let to = path(server.home(), "backup");
    let _ = done(&["backup", "--to", &to], &server.home().data());
    let home = server.stop();
    let data = home.data();
    fs::remove_dir_all(data.join("log")).unwrap();
    fs::remove_dir_all(data.join("checkpoints")).unwrap();
    // An archive has segments only.
    fs::remove_dir_all(Path::new(&to).join("checkpoints")).unwrap();
    let segment = only_file(&Path::new(&to).join("log"));
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    refused(
        &["restore", "--from", &to],
        &data,
        &["is not whole, and nothing was restored"],
    );
    refused(
        &["restore", "--from", &to, "--partial"],
        &data,
        &["restored in part, the log up to position 0"],
    );
    // Nothing could be read, and still it is no new log.
    let readiness = home.start().nobody().get("/readyz");
    assert_eq!(
        readiness.json()["log"]["state"],
        "read_only",
        "{}",
        readiness.text()
    );
}

/// Fault S6: a restore that a kill broke off bars neither the next one nor lets a server begin with its half.
#[test]
fn a_restore_that_was_broken_off_is_run_again() {
    let server = Server::start();
    lived_in(&server, 0, 1);
    let to = path(server.home(), "backup");
    let _ = done(&["backup", "--to", &to], &server.home().data());
    let head = server.head();
    let home = server.stop();
    let data = home.data();
    // As a kill leaves it.
    fs::rename(data.join("log"), data.join("log.restoring")).unwrap();
    fs::write(data.join("log.restoring/UNFINISHED"), "").unwrap();
    let _ = start(&data).said(1, &["was left by a restore that did not end"]);
    // As a kill of an earlier version left it.
    fs::rename(data.join("log.restoring"), data.join("log")).unwrap();
    let _ = start(&data).said(1, &["says that the log is not whole"]);
    let _ = done(&["restore", "--from", &to], &data);
    assert_eq!(home.start().head(), head);
}

/// Fault S6: keys that are missing beside a log are not made again; once restored, all is as it was.
#[test]
fn no_key_is_made_beside_a_log_that_has_events() {
    let server = Server::start();
    lived_in(&server, 0, 1);
    let data = server.home().data();
    let keys = path(server.home(), "keys-backup");
    let _ = done(&["backup-keys", "--to", &keys], &data);
    let home = server.stop();
    let aside = home.path().join("aside");
    fs::create_dir(&aside).unwrap();
    for (name, said) in [
        ("persons.keys", "has events"),
        ("server.secret", "has events"),
        ("checkpoint.key", "has events"),
        ("master.key", "there is no master key at"),
    ] {
        let path = data.join("keys").join(name);
        fs::rename(&path, aside.join(name)).unwrap();
        let _ = start(&data).said(1, &[said, name]);
        assert!(!path.exists(), "{name} was made again");
        fs::rename(aside.join(name), &path).unwrap();
    }
    // All are lost but the master key, which is never in a backup.
    fs::rename(data.join("keys"), home.path().join("lost")).unwrap();
    let master = path(&home, "lost/master.key");
    let _ = start(&data).said(1, &["has events", "restore-keys"]);
    // Forgotten, it is asked for and not made.
    refused(
        &["restore-keys", "--from", &keys],
        &data,
        &["there is no master key at", "--master-key"],
    );
    // Mistyped, it is told apart and nothing is left.
    let other = path(&home, "other.key");
    fs::write(&other, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    refused(
        &["restore-keys", "--from", &keys, "--master-key", &other],
        &data,
        &["the master key is not the one"],
    );
    assert!(!data.join("keys/persons.keys").exists());
    assert!(!data.join("keys/master.key").exists());
    let _ = done(&["restore-keys", "--from", &keys, "--master-key", &master], &data);
    refused(
        &["restore-keys", "--from", &keys, "--master-key", &master],
        &data,
        &["is there already"],
    );
    let server = home.with("GUICHET_MASTER_KEY", &master).start();
    assert_eq!(server.client("agent").ticket("SUP-1")["summary"], "Numéro 0");
}

/// Fault S6: a backup of keys that was broken off is begun again, and one that is whole is left alone.
#[test]
fn a_backup_of_keys_that_was_broken_off_does_not_bar_the_next() {
    let server = Server::start();
    let data = server.home().data();
    let to = server.home().path().join("keys-backup");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("server.secret"), "half").unwrap();
    fs::write(to.join("erasures.ledger.part"), "half").unwrap();
    fs::write(to.join(".persons.keys.0123456789abcdef"), "half").unwrap();
    let _ = done(&["backup-keys", "--to", to.to_str().unwrap()], &data);
    let names: BTreeSet<String> = fs::read_dir(&to)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = [
        "checkpoint.key",
        "erasures.ledger",
        "persons.keys",
        "server.secret",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
    let secret = fs::read(data.join("keys/server.secret")).unwrap();
    assert_eq!(fs::read(to.join("server.secret")).unwrap(), secret);
    fs::write(to.join("server.secret"), "of another day").unwrap();
    refused(
        &["backup-keys", "--to", to.to_str().unwrap()],
        &data,
        &["already"],
    );
    assert_eq!(
        fs::read_to_string(to.join("server.secret")).unwrap(),
        "of another day"
    );
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

/// What was copied in part is no success, and what would have been overwritten is whole: the exit status says so.
#[test]
fn a_backup_is_never_restored_over_and_damaged_keys_are_no_success() {
    let server = Server::start();
    lived_in(&server, 0, 1);
    let data = server.home().data();
    let (to, keys) = (path(server.home(), "backup"), path(server.home(), "keys-backup"));
    let _ = done(&["backup", "--to", &to], &data);
    refused(
        &["backup", "--to", data.to_str().unwrap()],
        &data,
        &["lies in the data directory"],
    );
    refused(&["backup-keys", "--to", &to], &data, &["holds data"]);
    let segment = only_file(&Path::new(&to).join("log"));
    let bytes = fs::read(&segment).unwrap();
    refused(
        &["restore", "--from", &to],
        Path::new(&to),
        &["are the same directory"],
    );
    assert_eq!(fs::read(&segment).unwrap(), bytes);
    let home = server.stop();
    // As a disk damages a slot.
    let persons = data.join("keys/persons.keys");
    let mut damaged = fs::read(&persons).unwrap();
    damaged[200..204].fill(0xEE);
    fs::write(&persons, damaged).unwrap();
    let server = home.start();
    let said = server.nobody().get("/readyz").json();
    assert_eq!(said["problems"][0]["code"], "keys-damaged", "{said}");
    refused(&["backup-keys", "--to", &keys], &data, &["1 more are damaged"]);
    let home = server.stop();
    assert!(home.log_lines().contains("keys of persons are damaged"));
    fs::rename(&persons, home.path().join("damaged.keys")).unwrap();
    refused(&["restore-keys", "--from", &keys], &data, &["1 more are damaged"]);
    assert!(persons.exists(), "what is good is restored");
    refused(&["accept-loss", "--reason", "x"], &data, &["nothing is lost"]);
    refused(
        &["accept-loss", "--reason", " "],
        &data,
        &["the reason says nothing"],
    );
}
