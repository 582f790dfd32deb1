//! A clock that is wrong: commands go on while that is safe, and when they do not, `/readyz` says so, by how much, and what to do.
//! The server runs under libfaketime, which `make faketime` installs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use guichet_tests::{
    client::Client,
    home::{Home, guichet},
    server::Server,
};
use serde_json::{Value, json};

/// How long what is told may take to change, s; the clock is looked at every second.
const TOLD_S: u64 = 30;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// Where Debian installs the library.
fn libfaketime() -> PathBuf {
    let multiarch = fs::read_dir("/usr/lib").unwrap().flatten();
    let mut found = multiarch.map(|directory| directory.path().join("faketime/libfaketimeMT.so.1"));
    found
        .find(|path| path.is_file())
        .expect("libfaketime is not installed: make faketime")
}

/// A directory whose servers have a clock that is off by what its file `clock` says.
fn home() -> Home {
    let home = Home::new();
    let clock = home.path().join("clock");
    set(home.path(), 0);
    home.with("LD_PRELOAD", libfaketime().to_str().unwrap())
        .with("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())
        .with("FAKETIME_NO_CACHE", "1")
        .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

/// Sets the clock, of a server that runs too.
fn set(home: &Path, offset_s: i64) {
    let beside = home.join("clock.new");
    fs::write(&beside, format!("{offset_s:+}")).unwrap();
    fs::rename(beside, home.join("clock")).unwrap();
}

/// Somebody who has signed in by the clock as it is now.
fn requester(server: &Server) -> Client {
    Client::sign_in(server.http(), server.api(), "requester-1")
}

fn ticket() -> Value {
    json!({"desk": "SUP", "type": "question", "summary": "Quelle heure est-il", "description": "…"})
}

/// What `/readyz` says, once it says this.
fn told(server: &Server, status: u16, codes: &[&str]) -> Value {
    let deadline = Instant::now() + Duration::from_secs(TOLD_S);
    loop {
        let answer = server.nobody().get("/readyz");
        let said = answer.json();
        let problems = said["problems"].as_array().unwrap();
        let found: Vec<&str> = problems
            .iter()
            .map(|problem| problem["code"].as_str().unwrap())
            .collect();
        if answer.status == status && found == codes {
            return said;
        }
        assert!(
            Instant::now() < deadline,
            "{status} {codes:?} is not told: {said}"
        );
    }
}

fn accept(home: &Path, reason: &str) -> String {
    let done = Command::new(guichet())
        .args(["admin", "accept-clock", "--reason", reason])
        .env("GUICHET_DATA", home.join("data"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// Fault S4: one command stamped while the clock was an hour ahead, and every command was refused until real time had caught up, across
/// restarts, while `/readyz` said 200.
#[test]
fn commands_go_on_after_the_clock_was_an_hour_ahead_and_when_it_is_an_hour_behind() {
    let mut home = home();
    let mut stamps = Vec::new();
    for (offset_s, codes) in [
        (HOUR_S, &[][..]),
        (0, &["clock-behind"][..]),
        (-HOUR_S, &["clock-behind"][..]),
    ] {
        set(home.path(), offset_s);
        let server = home.start();
        let opened = requester(&server).open(&ticket());
        stamps.push(opened["created_at"].as_str().unwrap().to_owned());
        let said = told(&server, 200, codes);
        if !codes.is_empty() {
            assert_eq!(said["problems"][0]["stops"], "nothing");
            let lines = server.home().log_lines();
            assert!(lines.contains("stamps stand still"), "it is told loudly: {lines}");
        }
        home = server.stop();
    }
    assert!(stamps.is_sorted(), "stamps do not run backwards: {stamps:?}");
    assert_eq!(stamps[1], stamps[2], "they stand still meanwhile");
}

/// Fault S4, a neighbour: a clock that was a day ahead. No command is taken, the answer and `/readyz` say so, reads go on; an operator
/// accepts the clock, which an event records, and the acceptance outlives the process.
#[test]
fn a_clock_a_day_behind_the_log_is_told_and_can_be_accepted() {
    let home = home();
    set(home.path(), DAY_S);
    let server = home.start();
    let first = requester(&server).open(&ticket());
    let home = server.stop();
    set(home.path(), 0);
    let server = home.start();
    let said = told(&server, 503, &["clock-behind"]);
    assert_eq!(said["problems"][0]["stops"], "commands");
    let detail = said["problems"][0]["detail"].as_str().unwrap();
    let behind_s: i64 = detail
        .split_whitespace()
        .find_map(|word| word.parse().ok())
        .unwrap();
    assert!((DAY_S - 300..=DAY_S).contains(&behind_s), "{detail}");
    let advice = said["problems"][0]["advice"].as_str().unwrap();
    assert!(advice.contains("guichet admin accept-clock"), "{advice}");
    let answer = requester(&server).post("/v1/tickets", &ticket());
    let refused = answer.refused(503, "clock");
    assert!(
        refused["detail"].as_str().unwrap().contains("retarde"),
        "{refused}"
    );
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(
        requester(&server).ticket("SUP-1")["created_at"],
        first["created_at"]
    );
    assert_eq!(requester(&server).listed("")[0], "SUP-1");

    let said = accept(server.home().path(), "L'horloge avançait d'un jour");
    assert!(said.contains("the clock is accepted"), "{said}");
    let opened = requester(&server).open(&ticket());
    assert!(opened["created_at"].as_str() >= first["created_at"].as_str());
    let auditor = Client::sign_in(server.http(), server.api(), "auditor");
    let events = auditor.feed("audit-clock");
    assert_eq!(events.as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events[0]["event"]["type"], "audit-clock-accepted.v1");
    assert_eq!(
        events[0]["event"]["data"]["reason"],
        "L'horloge avançait d'un jour"
    );
    assert_eq!(events[0]["event"]["data"].get("leapt_s"), None);
    let recorded_s = events[0]["event"]["data"]["behind_s"].as_i64().unwrap();
    assert!((DAY_S - 300..=DAY_S).contains(&recorded_s), "{events}");
    let server = server.restart();
    let _ = told(&server, 200, &["clock-behind"]);
    let _ = requester(&server).open(&ticket());
}

/// Fault S4: a clock that leaps by more than an hour while the server runs is not believed, forward or back, until it is right again.
#[test]
fn a_leap_of_more_than_an_hour_is_refused_until_the_clock_is_right_again() {
    let server = home().start();
    let _ = requester(&server).open(&ticket());
    let home = server.home().path().to_owned();
    for leap_s in [HOUR_S + HOUR_S / 2, 30 * DAY_S, -HOUR_S - HOUR_S / 2] {
        set(&home, leap_s);
        // No command comes between the leap and the look that finds it.
        let _ = requester(&server)
            .post("/v1/tickets", &ticket())
            .refused(503, "clock");
        let codes: &[&str] = if leap_s > 0 {
            &["clock-leap"]
        } else {
            &["clock-leap", "clock-behind"]
        };
        let said = told(&server, 503, codes);
        let detail = said["problems"][0]["detail"].as_str().unwrap();
        let by_s: i64 = detail
            .split_whitespace()
            .find_map(|word| word.parse().ok())
            .unwrap();
        assert!((by_s - leap_s).abs() <= 300, "{leap_s}: {detail}");
        set(&home, 0);
        let _ = told(&server, 200, &[]);
        let _ = requester(&server).open(&ticket());
    }
}

/// Fault S4, a neighbour: fifty minutes, as a clock that is set right may leap, stop nothing.
#[test]
fn a_leap_of_less_than_an_hour_stops_nothing() {
    let server = home().start();
    let home = server.home().path().to_owned();
    let mut stamps = Vec::new();
    for offset_s in [0, 3_000, 0, -3_000] {
        set(&home, offset_s);
        let opened = requester(&server).open(&ticket());
        stamps.push(opened["created_at"].as_str().unwrap().to_owned());
    }
    assert!(stamps.is_sorted(), "{stamps:?}");
}

/// Fault S4: a leap that is right, because the clock was wrong before, is accepted by an operator.
#[test]
fn a_leap_that_is_right_can_be_accepted() {
    let server = home().start();
    let home = server.home().path().to_owned();
    set(&home, 7 * DAY_S);
    let _ = told(&server, 503, &["clock-leap"]);
    let said = accept(&home, "La pile de l'horloge était vide");
    assert!(said.contains("the clock is accepted"), "{said}");
    let _ = told(&server, 200, &[]);
    let _ = requester(&server).open(&ticket());
    let auditor = Client::sign_in(server.http(), server.api(), "auditor");
    let leapt_s = auditor.feed("audit-clock")[0]["event"]["data"]["leapt_s"]
        .as_i64()
        .unwrap();
    assert!((leapt_s - 7 * DAY_S).abs() <= 300, "{leapt_s}");
}

/// A clock that no event can bear is refused at the start, with what to do; nothing is made.
#[test]
fn a_clock_out_of_all_bounds_is_refused_at_the_start() {
    for offset_s in [-100 * 366 * DAY_S, 8_100 * 366 * DAY_S] {
        let home = home();
        set(home.path(), offset_s);
        let ended = Command::new(guichet())
            .args([
                "up",
                "--demo",
                "--api-listen",
                "127.0.0.1:0",
                "--soap-listen",
                "127.0.0.1:0",
            ])
            .env_clear()
            .env("GUICHET_DATA", home.data())
            .env("LD_PRELOAD", libfaketime())
            .env("FAKETIME_TIMESTAMP_FILE", home.path().join("clock"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(
            said.contains("the clock of this machine says") && said.contains("set it right"),
            "{said}"
        );
        assert!(!home.data().exists(), "something was made");
    }
}
