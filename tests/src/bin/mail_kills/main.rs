//! `mail_kills`: kills the server, and couriers beside it, while commands cause mail, and counts what a mail server was handed.
//!
//! A kill counts when it fell between an event and its mail: events that ask for one lay in the log, and `sessions.sqlite` did not
//! know of them. Kills go on until `KILLS` of them did, 100 unless set; `SEED` says where the chances begin. In the end each event
//! that asks for a mail has one, under one `Message-ID`, and mails under the same `Message-ID` are the same mail. The exit status is
//! 1 when that is not so.
#![expect(clippy::unwrap_used, reason = "a program that checks ends when it cannot")]

mod count;
mod load;

use std::{
    env, fs,
    process::{Child, Command, ExitCode, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use guichet_tests::{
    chance::Chance,
    home::{Home, guichet},
    mail::MailServer,
    people::quick,
    server::Server,
};
use rusqlite::Connection;

use crate::{
    count::{Owed, Received, is_asked, owed},
    load::Load,
};

const SEED: u64 = 20_261_130;
/// Lives in which no kill hits are not tried for ever.
const LIVES_MAX: u64 = 2_000;
/// Until so many commands of a life are answered at most, and so long after that, it is not killed.
const ANSWERED_MAX: u64 = 16;
const AFTER_US_MAX: u64 = 12_000;
/// A life in which nothing is answered ends too, s.
const LIFE_S_MAX: u64 = 10;
/// By how much the clock of the last server is ahead, s: what a killed courier had claimed waits again (120 s).
const AHEAD: &str = "+300s";
/// Once nothing waits and nothing was handed over for so long, nothing more comes, s.
const QUIET_S: u64 = 5;
const KEY: &str = "pour-le-seul-coursier";

/// A courier. Dropping it kills it.
struct Courier(Child);

impl Courier {
    fn start(server: &Server, mails: &MailServer) -> Courier {
        Command::new(guichet())
            .arg("courier")
            .env("GUICHET_API_URL", server.api())
            .env("GUICHET_COURIER_KEY", KEY)
            .env("GUICHET_SMTP_URL", mails.url())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Courier)
            .unwrap()
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What was done.
#[derive(Default)]
struct Kills {
    servers: u64,
    couriers: u64,
    /// Of the server, between an event and its mail.
    between: u64,
}

fn main() -> ExitCode {
    let number = |name: &str, unset: u64| env::var(name).ok().map_or(unset, |text| text.parse().unwrap());
    let (wanted, seed) = (number("KILLS", 100), number("SEED", SEED));
    println!("seed {seed}");
    let mut chance = Chance::of(seed);
    let mails = MailServer::start(&[]);
    let home = quick()
        .with("GUICHET_COURIER_KEY", KEY)
        .with("GUICHET_LOG_LEVEL", "warn");
    let mut server = home.start();
    let mut load = Load::prepare(&server);
    let mut kills = Kills::default();
    while kills.between < wanted && kills.servers < LIVES_MAX {
        let home = life(server, &mails, &mut load, &mut chance, &mut kills);
        let known = followed_through(&home);
        server = home.start();
        kills.between += u64::from(is_asked(&server, known, server.head()));
    }
    // What the last life left, and what couriers that were killed had claimed.
    let home = server.kill();
    let ahead = Home::with(home, "LD_PRELOAD", &libfaketime()).with("FAKETIME", AHEAD);
    let server = ahead.with("FAKETIME_DONT_FAKE_MONOTONIC", "1").start();
    let owed = owed(&server);
    let courier = Courier::start(&server, &mails);
    let received = drained(&server, &mails, &owed);
    drop(courier);
    drop(server.stop());
    println!(
        "kills: {} of the server, {} of a courier",
        kills.servers, kills.couriers
    );
    println!(
        "kills of the server between an event and its mail: {}",
        kills.between
    );
    load.tell();
    let is_well = received.tell(&owed) && kills.between >= wanted;
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What was handed over by when all that is owed has come, or nothing more comes.
fn drained(server: &Server, mails: &MailServer, owed: &Owed) -> Received {
    let mut received = Received::default();
    let mut last = Instant::now();
    while last.elapsed() < Duration::from_secs(QUIET_S) {
        while let Some(mail) = mails.unread() {
            received.add(mail);
            last = Instant::now();
        }
        if waits(server) {
            last = Instant::now();
        } else if received.has(owed) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    received
}

/// A server under load until it is killed, and couriers that are killed before.
fn life(server: Server, mails: &MailServer, load: &mut Load, chance: &mut Chance, kills: &mut Kills) -> Home {
    let mut moment = || {
        let after = Duration::from_micros(chance.below(AFTER_US_MAX));
        (1 + chance.below(ANSWERED_MAX), after)
    };
    let (first, second) = (moment(), moment());
    let mut courier = Courier::start(&server, mails);
    kills.servers += 1;
    let answered = AtomicU64::new(0);
    let home = thread::scope(|scope| {
        load.begin(scope, &server, (kills.servers, &answered));
        if kills.servers.is_multiple_of(2) {
            wait(&answered, first);
            courier = Courier::start(&server, mails);
            kills.couriers += 1;
        }
        wait(&answered, second);
        server.kill()
    });
    drop(courier);
    kills.couriers += 1;
    home
}

/// Waits until so many more commands are answered, and some time.
fn wait(answered: &AtomicU64, (more, after): (u64, Duration)) {
    let (begun, deadline) = (
        answered.load(Ordering::Relaxed),
        Instant::now() + Duration::from_secs(LIFE_S_MAX),
    );
    while answered.load(Ordering::Relaxed) < begun + more && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(after);
}

/// Up to where the sessions on disk know what follows. Asked of a copy: a server that was killed is found as it is.
fn followed_through(home: &Home) -> u64 {
    let copy = tempfile::TempDir::new().unwrap();
    for name in ["sessions.sqlite", "sessions.sqlite-wal"] {
        // There is no write-ahead log after a stop.
        let _ = fs::copy(home.data().join(name), copy.path().join(name));
    }
    let database = Connection::open(copy.path().join("sessions.sqlite")).unwrap();
    let through = database.query_row("SELECT through FROM reacted", [], |row| row.get::<_, i64>(0));
    through.unwrap().cast_unsigned()
}

fn waits(server: &Server) -> bool {
    let courier = server.nobody().with("Guichet-Service-Key", KEY);
    let page = courier.get("/v1/deliveries").expect(200);
    !page["items"].as_array().unwrap().is_empty()
}

/// Where Debian installs the library.
fn libfaketime() -> String {
    let multiarch = fs::read_dir("/usr/lib").unwrap().flatten();
    let mut found = multiarch.map(|directory| directory.path().join("faketime/libfaketimeMT.so.1"));
    let found = found.find(|path| path.is_file());
    found.unwrap().to_str().unwrap().to_owned()
}
