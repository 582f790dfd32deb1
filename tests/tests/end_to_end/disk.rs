//! A disk that is full or fails: commands are refused and say when to come back, reads go on, `/readyz` says why, and once
//! the disk is well again commands are taken without a restart. Nothing acknowledged is lost.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use guichet_tests::{answer::Answer, client::Client, home::Home, server::Server, small_disk::SmallDisk};
use serde_json::{Value, json};

/// How long recovery may take, s; the log is looked at every 5.
const RECOVERY_S: u64 = 60;
/// How many sign-ins find room in what a database has at hand, at most; they stay below the limit of an address.
const SIGN_INS_MAX: usize = 50;
/// The size of the small file system.
const DISK_MIB: u64 = 192;

fn open(client: &Client, summary: &str) -> Answer {
    let ticket = json!({"desk": "SUP", "type": "question", "summary": summary, "description": "…"});
    client.post("/v1/tickets", &ticket)
}

fn readiness(server: &Server) -> (u16, Value) {
    let answer = server.nobody().get("/readyz");
    (answer.status, answer.json())
}

/// Asks again and again until commands are taken.
fn recovered(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(RECOVERY_S);
    loop {
        let (status, said) = readiness(server);
        if status == 200 {
            return;
        }
        assert!(Instant::now() < deadline, "after {RECOVERY_S} s: {said}");
    }
}

/// A refusal of a command, while reads go on.
fn refused_while_reads_go_on(server: &Server, states: &[&str]) {
    let requester = server.client("requester-1");
    let answer = open(&requester, "Refusée");
    let _ = answer.refused(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "5");
    let (status, said) = readiness(server);
    let state = said["log"]["state"].as_str().unwrap_or_default();
    assert!(status == 503 && states.contains(&state), "{said}");
    assert!(
        said["log"]["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
    assert_eq!(requester.ticket("SUP-1")["summary"], "Avant");
    assert_eq!(requester.listed("sort=created_at")[0], "SUP-1");
    assert_eq!(requester.history("SUP-1")["items"].as_array().unwrap().len(), 1);
}

/// Fault S13: an upload and a sign-in that find the disk full say when to come back, as commands do.
fn what_lies_beside_the_log_is_refused_too(server: &Server) {
    let refused = |answer: &Answer| {
        let _ = answer.refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "5");
    };
    let long = vec![7; 3 * 1024 * 1024];
    refused(&server.client("requester-1").attach("SUP-1", "long.bin", &long));
    let body = json!({"username": "requester-2", "password": guichet_tests::home::DEMO_PASSWORD});
    let sign_in = || server.nobody().post("/v1/auth/token", &body);
    // What the database has room for within its files is written.
    let first = (0..SIGN_INS_MAX)
        .map(|_| sign_in())
        .find(|answer| answer.status != 200);
    refused(&first.unwrap_or_else(|| panic!("{SIGN_INS_MAX} sign-ins find room on a full disk")));
}

/// Nothing acknowledged is lost, and no number is missing.
fn all_is_there(server: &Server, summaries: &[&str]) {
    let requester = server.client("requester-1");
    for (number, summary) in (1..).zip(summaries) {
        assert_eq!(requester.ticket(&format!("SUP-{number}"))["summary"], **summary);
    }
    let next = format!("SUP-{}", summaries.len() + 1);
    let _ = requester
        .get(&format!("/v1/tickets/{next}"))
        .refused(404, "not-found");
    let head = server.head();
    let listed = requester
        .get(&format!("/v1/tickets?limit=1&at_least={head}"))
        .expect(200);
    assert_eq!(listed["total"], json!(summaries.len()));
}

#[test]
fn a_full_disk_refuses_commands_and_takes_them_again_once_there_is_room() {
    let home = Home::new();
    let disk = SmallDisk::mounted_on(&home.data(), DISK_MIB);
    let server = home.start();
    let requester = server.client("requester-1");
    let _ = open(&requester, "Avant").expect(201);
    assert_eq!(
        requester.listed(&format!("at_least={}", server.head())),
        ["SUP-1"]
    );
    let ballast = disk.fill();
    // The free space is looked at once a second: until then what fits is taken, and kept.
    let mut there = vec!["Avant"];
    while open(&requester, "Encore une").status == 201 {
        there.push("Encore une");
    }
    refused_while_reads_go_on(&server, &["full", "stopped"]);
    what_lies_beside_the_log_is_refused_too(&server);
    fs::remove_file(ballast).unwrap();
    recovered(&server);
    let _ = open(&requester, "Après").expect(201);
    there.push("Après");
    all_is_there(&server, &there);
    let server = server.kill().start();
    all_is_there(&server, &there);
    drop(server);
    drop(disk);
}

/// The size of the file system of the views, MiB.
const VIEWS_MIB: u64 = 16;

/// Fault S5: with the views' disk full, the list showed 76 of 700 tickets, and `/readyz` said 200. Commands go on, since the views are
/// beside the point; the list says that it cannot tell; and once there is room it shows all.
#[test]
fn a_full_disk_of_the_views_is_told_and_no_list_shows_less_than_there_is() {
    let home = Home::new();
    let disk = SmallDisk::mounted_on(&home.data().join("views"), VIEWS_MIB);
    let server = home.start();
    let requester = server.client("requester-1");
    let _ = open(&requester, "Avant").expect(201);
    assert_eq!(
        requester.listed(&format!("at_least={}", server.head())),
        ["SUP-1"]
    );
    let ballast = disk.fill();
    let deadline = Instant::now() + Duration::from_secs(RECOVERY_S);
    let mut opened = 1;
    let said = loop {
        let _ = open(&requester, "Sans vue").expect(201);
        opened += 1;
        let (status, said) = readiness(&server);
        if status == 503 {
            break said;
        }
        assert!(Instant::now() < deadline, "{opened} tickets: {said}");
    };
    assert_eq!(said["log"]["state"], "writable");
    assert_eq!(said["problems"][0]["code"], "view-stopped", "{said}");
    assert_eq!(said["problems"][0]["stops"], "lists");
    assert_eq!(said["views"][0]["state"], "failing");
    let worker = said["workers"].as_array().unwrap().iter();
    let worker = worker.clone().find(|worker| worker["name"] == "views").unwrap();
    assert_eq!(worker["last_error"], "disk-full");
    // Past the named lag lists are refused.
    let refused = loop {
        let list = requester.get("/v1/tickets?limit=1");
        if list.status != 200 {
            break list;
        }
        assert!(Instant::now() < deadline, "{}", list.text());
    };
    let _ = refused.refused(503, "view-behind");
    let _ = requester
        .get("/v1/tickets?limit=1&q=vue")
        .refused(503, "view-behind");
    let _ = requester
        .get("/v1/series/statuses?from=2026-01-01&to=2026-01-02")
        .refused(503, "view-behind");
    assert_eq!(
        requester.ticket("SUP-2")["summary"],
        "Sans vue",
        "tickets are read from the log"
    );
    let _ = open(&requester, "Encore une").expect(201);
    opened += 1;
    fs::remove_file(ballast).unwrap();
    recovered(&server);
    let list = requester
        .get(&format!("/v1/tickets?limit=1&at_least={}", server.head()))
        .expect(200);
    assert_eq!(list["total"], json!(opened));
    drop(server);
    drop(disk);
}

/// Makes every `fdatasync` of a running server fail, until it is dropped.
struct FailingSyncs {
    strace: Child,
}

impl FailingSyncs {
    fn of(server: &Server) -> FailingSyncs {
        let log = server.home().path().join("strace");
        let strace = Command::new("strace")
            .args([
                "-f",
                "-e",
                "trace=fdatasync",
                "-e",
                "inject=fdatasync:error=EIO",
                "-o",
            ])
            .arg(&log)
            .arg("-p")
            .arg(server.pid().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut failing = FailingSyncs { strace };
        // It says so once it is attached to every thread.
        let mut said = std::io::BufReader::new(failing.strace.stderr.take().unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        assert!(line.contains("attached"), "{line}");
        failing
    }
}

impl Drop for FailingSyncs {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-INT", &self.strace.id().to_string()])
            .status();
        let _ = self.strace.wait();
    }
}

#[test]
fn a_disk_that_fails_to_sync_stops_commands_until_it_is_well_again() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let _ = open(&requester, "Avant").expect(201);
    assert_eq!(
        requester.listed(&format!("at_least={}", server.head())),
        ["SUP-1"]
    );
    let failing = FailingSyncs::of(&server);
    let unknown = requester.with("idempotency-key", "the-same");
    let _ = open(&unknown, "Peut-être").refused(503, "unavailable");
    refused_while_reads_go_on(&server, &["stopped"]);
    drop(failing);
    recovered(&server);
    // Its outcome was unknown; asked again under its key it is there once.
    let _ = open(&unknown, "Peut-être").expect(201);
    all_is_there(&server, &["Avant", "Peut-être"]);
    let server = server.kill().start();
    all_is_there(&server, &["Avant", "Peut-être"]);
}
