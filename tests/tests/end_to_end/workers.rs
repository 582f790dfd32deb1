//! Each thread and task of the server is killed: it comes back, `/readyz` tells of it meanwhile, and nothing acknowledged is
//! lost. The binary must be a build with debug assertions: no other has fault points.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use guichet_tests::{home::Home, server::Server};
use serde_json::{Value, json};

/// How long a worker may take to come back, s. Far more than it takes: a busy machine is no failure.
const BACK_S: u64 = 120;
/// The workers of `guichet up` with a mail server that live as long as the process.
const WORKERS: [&str; 12] = [
    "admin_socket",
    "archive",
    "checkpoints",
    "courier",
    "limiter",
    "look",
    "orphans",
    "reactions",
    "reopening",
    "sessions",
    "tree",
    "views",
];
/// How often each worker is killed at its start, so that it is seen while it waits: those that begin before the doors open more often.
fn kills(name: &str) -> u64 {
    match name {
        "reactions" | "tree" | "views" => 12,
        _later => 6,
    }
}

/// Those that end when they are done.
const ERRANDS: [&str; 2] = ["erasures", "views_renewal"];

/// A home whose servers have a courier. Its mail server is away, so it waits.
fn with_courier() -> Home {
    Home::new().with("GUICHET_SMTP_URL", "smtp://127.0.0.1:9")
}

fn readiness(server: &Server) -> (u16, Value) {
    let answer = server.nobody().get("/readyz");
    (answer.status, answer.json())
}

fn worker<'a>(said: &'a Value, name: &str) -> Option<&'a Value> {
    said["workers"]
        .as_array()?
        .iter()
        .find(|worker| worker["name"] == name)
}

/// Asks again and again until what is told is as it should be.
fn until(server: &Server, what: &str, is: impl Fn(u16, &Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(BACK_S);
    loop {
        let (status, said) = readiness(server);
        if is(status, &said) {
            return said;
        }
        assert!(Instant::now() < deadline, "{what}: {status} {said}");
    }
}

fn open(server: &Server, n: u64) -> u16 {
    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": format!("Demande {n}"), "description": "…"});
    let requester = server
        .client("requester-1")
        .with("idempotency-key", &format!("open-{n}"));
    requester.post("/v1/tickets", &ticket).status
}

fn all_are_there(server: &Server, opened: u64) {
    let requester = server.client("requester-1");
    let list = requester
        .get(&format!("/v1/tickets?limit=1&at_least={}", server.head()))
        .expect(200);
    assert_eq!(list["total"], json!(opened));
    for n in 1..=opened {
        assert_eq!(
            requester.ticket(&format!("SUP-{n}"))["summary"],
            format!("Demande {n}")
        );
    }
}

/// The list of this test is the list of the server: a worker that is added is killed too.
#[test]
fn workers_are_all_known_to_this_test() {
    let server = with_courier().start();
    let all: BTreeSet<&str> = WORKERS.into_iter().chain(ERRANDS).collect();
    // The courier begins after the doors.
    until(&server, "exactly these", |status, said| {
        let told = said["workers"].as_array().unwrap().iter();
        let told: BTreeSet<&str> = told.map(|worker| worker["name"].as_str().unwrap()).collect();
        status == 200 && told == all
    });
}

/// Fault S3: upkeep and the views' thread had died of a failing process log, and nothing told it.
#[test]
fn workers_that_are_killed_come_back_and_are_told_of() {
    let all = WORKERS.into_iter().chain(ERRANDS);
    let points: Vec<String> = all
        .map(|name| format!("worker::{name}={}*panic", kills(name)))
        .collect();
    let server = with_courier().with("FAILPOINTS", &points.join(";")).start();
    let unseen = RefCell::new(BTreeSet::from(WORKERS));
    until(&server, "each is told of", |_, said| {
        let is_told = |name: &str| {
            said["problems"].as_array().unwrap().iter().any(|problem| {
                problem["code"] == "worker-restarting"
                    && problem["detail"]
                        .as_str()
                        .is_some_and(|detail| detail.starts_with(&format!("{name}: panicked")))
            })
        };
        let is_restarting = |name: &str| {
            worker(said, name)
                .is_some_and(|worker| worker["state"] == "restarting" && worker["last_error"] == "panicked")
        };
        let mut unseen = unseen.borrow_mut();
        unseen.retain(|name| {
            assert_eq!(is_restarting(name), is_told(name), "{name}: {said}");
            !is_restarting(name)
        });
        unseen.is_empty()
    });
    // What is beside the point stops nothing meanwhile.
    assert_eq!(open(&server, 1), 201);
    for name in WORKERS {
        until(&server, name, |_, said| {
            worker(said, name)
                .is_some_and(|worker| worker["state"] == "running" && worker["restarts"] == kills(name))
        });
    }
    let said = until(&server, "ready", |status, said| {
        status == 200 && said["problems"] == json!([])
    });
    for name in ERRANDS {
        assert_eq!(worker(&said, name).unwrap()["state"], "done", "{name}");
    }
    let metrics = server.nobody().get("/metrics").text();
    for name in WORKERS {
        let line = format!(
            "guichet_worker_restarts_total{{worker=\"{name}\"}} {}\n",
            kills(name)
        );
        assert!(metrics.contains(&line), "{metrics}");
    }
    all_are_there(&server, 1);
    drop(server.stop());
}

/// Fault S3: each thread of the log dies under load. Whoever waits is told 503, `/readyz` says `log-stopped`, the log opens again by
/// itself, a command whose outcome was unknown is there once, and nothing acknowledged is lost.
#[test]
fn workers_of_the_log_that_are_killed_under_load_lose_nothing() {
    // The demo world takes some turns; the log dies among the commands that follow.
    for (point, turns) in [
        ("event_log::writer", 120),
        ("event_log::put", 120),
        ("event_log::head_keeper", 12),
    ] {
        let armed = format!("{point}={turns}*off->1*panic->off");
        // On a quick machine more is written until then than an account may.
        let server = Home::for_load().with("FAILPOINTS", &armed).start();
        let deadline = Instant::now() + Duration::from_secs(BACK_S);
        let mut opened = 0;
        let died = loop {
            match open(&server, opened + 1) {
                201 => opened += 1,
                status => break status,
            }
            assert!(Instant::now() < deadline, "{point}: {opened}");
        };
        assert_eq!(died, 503, "{point}");
        let said = until(&server, point, |status, _| status == 503);
        assert_eq!(said["problems"][0]["code"], "log-stopped", "{point}");
        assert_eq!(said["log"]["state"], "stopped", "{point}");
        until(&server, point, |status, _| status == 200);
        // Its outcome was unknown; asked again under its key it is there once.
        assert_eq!(open(&server, opened + 1), 201);
        assert_eq!(open(&server, opened + 2), 201);
        all_are_there(&server, opened + 2);
        let server = server.kill().start();
        all_are_there(&server, opened + 2);
    }
}
