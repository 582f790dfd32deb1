//! A person erased: found everywhere in the views before, nowhere after, and every proof holds (design §6.1, peers N7).

use std::{fs, path::Path, process::Command};

use guichet_tests::{
    answer::Answer,
    client::Client,
    disk::{files, holds, places_of},
    home::{self, Home},
    server::Server,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Words that only requester-1 left.
const WORDS: [&str; 6] = [
    "Quenouille perdue",
    "vraisemblablement subtilisée",
    "Dénonciation calomnieuse",
    "photographie-floue.txt",
    "Réclamation solennelle",
    "Requérante 1",
];
/// A word of somebody else on the same ticket, which stays.
const OTHERS: &str = "Témoignage spontané";
/// Bytes of a slot of the keys file: nonce, wrapped key and tag.
const WRAPPED: std::ops::Range<usize> = 24..96;
const SLOT_BYTES: usize = 128;

/// A ticket full of requester-1, and a file; answers its key.
fn told(server: &Server) -> String {
    let (requester, colleague) = (server.client("requester-1"), server.client("requester-2"));
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "question", "summary": WORDS[0], "description": WORDS[1],
    }));
    let key = ticket["key"].as_str().unwrap().to_owned();
    let _ = requester.comment(&key, WORDS[2], "public");
    let _ = requester.attach(&key, WORDS[3], b"rien de net").expect(201);
    let _ = requester
        .patch(&format!("/v1/tickets/{key}"), &json!({"summary": WORDS[4]}))
        .expect(200);
    let _ = colleague.comment(&key, OTHERS, "public");
    let head = server.head();
    assert_eq!(requester.get(&format!("/v1/tickets?at_least={head}")).status, 200);
    key
}

fn account(server: &Server, name: &str) -> Uuid {
    let me = server.client(name).get("/v1/me").expect(200);
    me["account"]["id"].as_str().unwrap().parse().unwrap()
}

/// The wrapped key of a person, as the keys file has it.
fn wrapped_key(data: &Path, person: Uuid) -> Vec<u8> {
    let file = fs::read(data.join("keys/persons.keys")).unwrap();
    let slot = file
        .chunks(SLOT_BYTES)
        .skip(1)
        .find(|slot| slot.starts_with(person.as_bytes()))
        .unwrap();
    slot[WRAPPED].to_vec()
}

/// Erases a person, and waits until the job is done. Who was erased before is answered with 200.
fn erase(admin: &Client, person: Uuid, status: u16) -> Value {
    let path = format!("/v1/persons/{person}/erasure");
    let answer = admin.post(&path, &json!({"reason": "Demande du 2 mars"}));
    let _ = answer.expect(status);
    assert_eq!(answer.header("location"), path);
    loop {
        let job = admin.get(&path).expect(200);
        match job["state"].as_str().unwrap() {
            // Each question takes its time on the wire; the job ends by itself.
            "running" => {}
            "done" => return job,
            other => panic!("the erasure is {other}: {job}"),
        }
    }
}

fn backup(home: &Home, to: &Path) {
    let backup = Command::new(home::guichet())
        .args(["admin", "backup", "--data"])
        .arg(home.data())
        .arg("--to")
        .arg(to)
        .output()
        .unwrap();
    assert!(
        backup.status.success(),
        "{}",
        String::from_utf8_lossy(&backup.stderr)
    );
}

/// What is shown has a hole where the person was.
fn nothing_is_shown(server: &Server, key: &str) {
    let ticket = server.client("agent").ticket(key);
    assert_eq!(
        (&ticket["summary"], &ticket["description"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(ticket["requester"]["name"], Value::Null);
    let comments = server
        .client("agent")
        .get(&format!("/v1/tickets/{key}/comments"))
        .expect(200);
    let bodies: Vec<&Value> = comments["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["body"])
        .collect();
    assert_eq!(bodies, [&Value::Null, &json!(OTHERS)]);
    let _ = server
        .client("requester-1")
        .get("/v1/me")
        .refused(401, "unauthenticated");
}

/// Old proofs, and the newer log against an older checkpoint.
fn everything_verifies(server: &Server, bundle: &Answer, export: &Answer) {
    let auditor = server.client("auditor");
    let keep = |name: &str, bytes: &[u8]| {
        let path = server.home().path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let old_bundle = keep("old-bundle.json", &bundle.bytes);
    let old_export = keep("old-export.ndjson", &export.bytes);
    let last = export.text();
    let last: Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    let note = keep("old.note", last["checkpoint"].as_str().unwrap().as_bytes());
    let new_export = keep("new-export.ndjson", &auditor.get("/v1/audit/export").bytes);
    for arguments in [
        vec!["bundle", &old_bundle],
        vec!["verify", &old_export],
        vec!["verify", &new_export, "--checkpoint", &note],
    ] {
        let verified = Command::new(home::guichet())
            .arg("audit")
            .args(&arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{arguments:?}: {said}");
    }
}

#[test]
fn an_erased_person_is_found_nowhere_and_every_proof_made_before_holds() {
    let server = Server::start();
    let key = told(&server);
    let (admin, auditor) = (server.client("admin"), server.client("auditor"));
    let person = account(&server, "requester-1");
    let saved = server.home().path().join("backup");
    backup(server.home(), &saved);
    let data = server.home().data();
    let views = data.join("views");
    for words in WORDS {
        assert!(
            !places_of(words, &[&views]).is_empty(),
            "{words:?} is not in the views"
        );
    }
    let wrapped = wrapped_key(&data, person);
    let bundle = auditor.get(&format!("/v1/tickets/{key}/evidence"));
    let export = auditor.get("/v1/audit/export");
    let counted = auditor.get("/v1/tickets?desk=SUP").expect(200)["total"].clone();

    let job = erase(&admin, person, 202);
    assert_eq!(job["person"], json!(person));
    let saved_after = server.home().path().join("backup-after");
    backup(server.home(), &saved_after);
    let places: [&Path; 3] = [&data, &saved, &saved_after];
    for words in WORDS {
        assert_eq!(places_of(words, &places), Default::default(), "{words:?}");
    }
    assert!(
        !places_of(OTHERS, &[&views]).is_empty(),
        "somebody else's words are gone too"
    );
    for place in places {
        for (path, bytes) in files(place) {
            assert!(!holds(&bytes, &wrapped), "the key lies in {}", path.display());
        }
    }
    nothing_is_shown(&server, &key);
    assert_eq!(auditor.get("/v1/tickets?desk=SUP").expect(200)["total"], counted);
    everything_verifies(&server, &bundle, &export);
    // Twice is once.
    let again = erase(&admin, person, 200);
    assert_eq!(again["position"], job["position"]);
    let server = server.restart();
    for words in WORDS {
        assert_eq!(
            places_of(words, &[&data]),
            Default::default(),
            "{words:?} after a restart"
        );
    }
    assert_eq!(server.client("agent").ticket(&key)["summary"], Value::Null);
}

#[test]
fn only_an_administrator_erases_and_nobody_unknown_is_erased() {
    let server = Server::start();
    let _ = told(&server);
    let path = format!("/v1/persons/{}/erasure", account(&server, "requester-1"));
    let reason = json!({"reason": "Pour voir"});
    for name in ["requester-1", "agent", "auditor", "referent"] {
        let _ = server.client(name).post(&path, &reason).refused(404, "not-found");
    }
    let admin = server.client("admin");
    let unknown = format!("/v1/persons/{}/erasure", Uuid::new_v4());
    let _ = admin.post(&unknown, &reason).refused(404, "not-found");
    let _ = admin.get(&path).refused(404, "not-found");
    let _ = admin
        .post(&path, &json!({"reason": "", "who": 1}))
        .refused(422, "invalid");
    let _ = admin
        .post(&path, &json!({"reason": "x".repeat(1_001)}))
        .refused(422, "invalid");
    assert_eq!(server.client("requester-1").ticket("SUP-1")["summary"], WORDS[4]);
}

#[test]
fn keys_put_back_from_before_an_erasure_are_destroyed_again() {
    let server = Server::start();
    let key = told(&server);
    let person = account(&server, "requester-1");
    let data = server.home().data();
    let home = server.stop();
    let keys = home.path().join("keys-before");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(data.join("keys"))
        .arg(&keys)
        .status()
        .unwrap();
    assert!(copied.success());
    let server = home.start();
    let _ = erase(&server.client("admin"), person, 202);
    let home = server.stop();
    // An older disk image of the keys alone, ledger included: the log itself remembers.
    fs::remove_dir_all(data.join("keys")).unwrap();
    fs::rename(&keys, data.join("keys")).unwrap();
    let wrapped = wrapped_key(&data, person);
    let server = home.start();
    assert_eq!(server.client("agent").ticket(&key)["summary"], Value::Null);
    for (path, bytes) in files(&data) {
        assert!(!holds(&bytes, &wrapped), "the key lies in {}", path.display());
    }
}
