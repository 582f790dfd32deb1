//! `crash`: kills the started server under load and during its start, again and again on the same data, and reads
//! back everything that it had acknowledged (design §4).
//!
//! `CYCLES` says how often, 20 unless set; one in four is a kill during the start. The exit status is 1 when something
//! acknowledged is lost, or something else is not as it was told.
#![expect(clippy::unwrap_used, reason = "a program that checks ends when it cannot")]

mod ledger;
mod verify;
mod writers;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use guichet_tests::{chance::Chance, home::Home, server::Server};

use crate::ledger::Ledger;

/// Where the chances begin.
const SEED: u64 = 20_260_302;
/// One kill in so many comes during the start.
const START_ONE_IN: u64 = 4;
/// A kill under load comes at most so many milliseconds after the writers have begun.
const LOAD_MS_MAX: u64 = 1_200;

fn main() -> ExitCode {
    let cycles: u64 = env::var("CYCLES")
        .ok()
        .map_or(20, |cycles| cycles.parse().unwrap());
    let (mut chance, mut ledger) = (Chance::of(SEED), Ledger::default());
    let (mut home, mut in_start) = (Home::new().with("GUICHET_LOG_LEVEL", "warn"), 0);
    // The demo world is made once; what is killed later is a server that has been in use.
    home = home.start().stop();
    let mut start_ms = 100;
    for cycle in 1..=cycles {
        if cycle % START_ONE_IN == 0 {
            let moment = Duration::from_millis(chance.below(start_ms));
            home = home.spawn().killed_after(moment);
            in_start += 1;
            println!(
                "cycle {cycle}: killed {} ms into a start of about {start_ms} ms",
                moment.as_millis()
            );
        } else {
            let moment = Duration::from_millis(50 + chance.below(LOAD_MS_MAX));
            let before = ledger.acknowledged();
            home = loaded_and_killed(home.start(), cycle, moment, &mut ledger);
            let more = ledger.acknowledged() - before;
            println!(
                "cycle {cycle}: killed after {} ms of load, {more} commands acknowledged",
                moment.as_millis()
            );
        }
        let begun = Instant::now();
        let server = home.start();
        // A kill during the start comes at any moment of one like this.
        start_ms = u64::try_from(begun.elapsed().as_millis()).unwrap().max(1);
        verify::since_the_last(&server, &mut ledger);
        // A server that was just started is also one that may be killed: every second time it is.
        home = if chance.below(2) == 0 {
            server.kill()
        } else {
            server.stop()
        };
    }
    let server = home.start();
    verify::everything(&server, &mut ledger);
    let _home = server.stop();
    println!(
        "kills: {cycles} ({in_start} during the start); acknowledged: {} ({} tickets, {} comments); lost: {}",
        ledger.acknowledged(),
        ledger.tickets.len(),
        ledger.comments,
        ledger.lost.len()
    );
    for fault in ledger.lost.iter().chain(&ledger.faults) {
        println!("WRONG: {fault}");
    }
    if ledger.lost.is_empty() && ledger.faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn loaded_and_killed(server: Server, cycle: u64, moment: Duration, ledger: &mut Ledger) -> Home {
    let (mut home, mut running) = (None, Some(server));
    let (api, token) = {
        let server = running.as_ref().unwrap();
        (
            server.api().to_owned(),
            server.client("requester-1").token().to_owned(),
        )
    };
    let kill = || {
        home = running.take().map(Server::kill);
    };
    writers::until_killed(&api, &token, (cycle, moment), ledger, kill);
    home.unwrap()
}
