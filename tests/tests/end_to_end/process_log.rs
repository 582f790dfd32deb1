//! The process log and the announcements are beside the point: whatever becomes of them, every request is answered, every
//! command is carried out once, and a stop is a clean stop.

use std::{
    fs::{self, File},
    io::{self, Read},
    net::TcpListener,
    os::fd::OwnedFd,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use guichet_tests::{
    home::{Home, guichet},
    server::Server,
    small_disk::SmallDisk,
};
use serde_json::json;

/// How many requests are made of each kind.
const REQUESTS: usize = 30;
/// The log opens again within so long of space, s.
const RECOVERY_S: u64 = 10;
/// How long a server may take to listen or to end, s. Far more than it takes.
const START_S: u64 = 60;
/// The size of the small file system, MiB.
const DISK_MIB: u64 = 192;

/// Commands, reads, refusals and lists, each answered; each command is there once.
fn all_is_answered(server: &Server) {
    let requester = server.client("requester-1");
    for n in 1..=REQUESTS {
        let ticket = json!({
            "desk": "SUP", "type": "question", "summary": format!("Demande {n}"), "description": "…"
        });
        let opened = requester.with("idempotency-key", &format!("open-{n}"));
        let key = opened.open(&ticket)["key"].clone();
        assert_eq!(key, format!("SUP-{n}"));
        assert_eq!(
            opened.open(&ticket)["key"],
            key,
            "asked again, it is the same one"
        );
        assert_eq!(
            requester.ticket(&format!("SUP-{n}"))["summary"],
            format!("Demande {n}")
        );
        let _ = requester.get("/v1/tickets/SUP-99999").refused(404, "not-found");
    }
    let listed = requester
        .get(&format!("/v1/tickets?limit=1&at_least={}", server.head()))
        .expect(200);
    assert_eq!(listed["total"], json!(REQUESTS));
}

/// Both ends of a pipe, as files.
fn pipe() -> (File, File) {
    let (reader, writer) = io::pipe().unwrap();
    (
        File::from(OwnedFd::from(reader)),
        File::from(OwnedFd::from(writer)),
    )
}

/// Fault S3: with the reader of the pipe gone, every request was dropped after its command was carried out, and a stop ended with 101.
#[test]
fn requests_are_answered_when_the_reader_of_the_process_log_has_gone() {
    let (reader, writer) = pipe();
    let server = Home::new().logging_to(writer).start();
    drop(reader);
    all_is_answered(&server);
    drop(server.stop());
}

/// Fault S3, a neighbour: standard error was closed before the start.
#[test]
fn requests_are_answered_when_standard_error_is_closed() {
    let server = Home::new().under(&["sh", "-c", "exec \"$@\" 2>&-", "sh"]).start();
    all_is_answered(&server);
    drop(server.stop());
}

/// Fault S3, a neighbour: standard error can never be written to.
#[test]
fn requests_are_answered_when_every_write_of_the_process_log_fails() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let server = Home::new().logging_to(full).start();
    all_is_answered(&server);
    let metrics = server.nobody().get("/metrics").text();
    let lost = metrics
        .lines()
        .find_map(|line| line.strip_prefix("guichet_process_log_lines_lost "))
        .unwrap_or_else(|| panic!("{metrics}"));
    assert!(lost.parse::<u64>().unwrap() >= 4 * REQUESTS as u64, "{lost}");
    drop(server.stop());
}

/// Fault S3, a neighbour: a reader that is there and reads no more must not hold up anybody. When it reads again, it is told how many
/// lines it has missed.
#[test]
fn requests_are_answered_when_nobody_reads_the_process_log() {
    let (mut reader, writer) = pipe();
    let server = Home::new().logging_to(writer).start();
    // A pipe holds 64 KiB, which these fill several times.
    for _ in 0..5 * REQUESTS {
        let _ = server.nobody().get("/healthz").expect(200);
        let _ = server.nobody().get("/v1/me").refused(401, "unauthenticated");
    }
    all_is_answered(&server);
    let mut read = vec![0; 48 * 1024];
    reader.read_exact(&mut read).unwrap();
    let _ = server.nobody().get("/healthz").expect(200);
    drop(server.stop());
    let mut rest = String::new();
    let _ = reader.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("lines of this log were lost"), "{rest}");
    let last = rest.lines().last().unwrap_or_default();
    assert!(last.starts_with('{') && last.ends_with('}'), "{last}");
}

/// Fault S3: with the process log on the full disk reads died too, and the log was never opened again.
#[test]
fn the_log_opens_again_when_the_process_log_lies_on_the_full_disk() {
    let home = Home::new();
    let disk = SmallDisk::mounted_on(&home.data(), DISK_MIB);
    let stderr = File::options()
        .create(true)
        .append(true)
        .open(home.data().join("stderr"))
        .unwrap();
    let server = home.logging_to(stderr).start();
    let requester = server.client("requester-1");
    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Sur le disque plein", "description": "…"});
    let mut there = 0;
    let ballast = disk.fill();
    // The free space is looked at once a second: until then what fits is taken, and kept.
    while requester.post("/v1/tickets", &ticket).status == 201 {
        there += 1;
    }
    for _ in 0..REQUESTS {
        let _ = requester.post("/v1/tickets", &ticket).refused(503, "unavailable");
        let _ = requester.get("/v1/me").expect(200);
        let _ = requester.get("/v1/tickets/SUP-99999").refused(404, "not-found");
        assert_eq!(server.nobody().get("/readyz").status, 503);
    }
    fs::remove_file(ballast).unwrap();
    let deadline = Instant::now() + Duration::from_secs(RECOVERY_S);
    while server.nobody().get("/readyz").status != 200 {
        assert!(
            Instant::now() < deadline,
            "the log is not open {RECOVERY_S} s after there is space"
        );
    }
    let next = requester.open(&ticket);
    assert_eq!(
        next["key"],
        format!("SUP-{}", there + 1),
        "none is lost and none doubled"
    );
    let listed = requester
        .get(&format!("/v1/tickets?limit=1&at_least={}", server.head()))
        .expect(200);
    assert_eq!(listed["total"], json!(there + 1));
    drop(server.stop());
    drop(disk);
}

/// Fault S3, its twin: the line that says where a door listens could not be written, and the server ended.
#[test]
fn a_server_serves_when_standard_output_takes_nothing() {
    let home = Home::new();
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (api, soap) = (free(), free());
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut child = Command::new(guichet())
        .args(["up", "--demo"])
        .env("GUICHET_DATA", home.data())
        .env("GUICHET_API_LISTEN", api.to_string())
        .env("GUICHET_SOAP_LISTEN", soap.to_string())
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(START_S);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::blocking::Client::new();
    let health = loop {
        match http.get(format!("http://{api}/healthz")).send() {
            Ok(answer) => break answer.status(),
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    };
    assert_eq!(health, 200);
    let told = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(told.unwrap().success());
    assert!(child.wait().unwrap().success());
}
