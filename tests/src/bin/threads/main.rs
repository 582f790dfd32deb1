//! `threads`: what pages of long tickets cost in the started server, and what they cost others (fault S2).
//!
//! Tickets of 200, 2,000 and 20,000 events are written; then pages of comments and of history are asked for, from the beginning, the
//! middle and the end, and both are gone through whole, either way. At last 16 readers go through the longest and 16 more ask for its
//! evidence and do not read it, while `/healthz` is asked: how long it takes, and how the memory of the server grows.
//!
//! `THREADS_EVENTS` is the longest ticket, 20,000 unless set; `THREADS_SECONDS` how long the last part takes, 15 unless set. The exit
//! status is 1 when a figure falls short; with `THREADS_CHECK` only what is wrong in the answers counts.
#![expect(clippy::unwrap_used, reason = "a program that measures ends when it cannot")]

mod crowd;
mod site;

use std::{env, process::ExitCode, time::Instant};

use guichet_tests::home::Home;

use crate::site::{Site, Thread};

/// How many a page holds.
const LIMIT: usize = 50;
/// How often each page is asked for; the median counts.
const LOOKS: usize = 31;
/// How much longer a page of a long ticket may take than one of a short ticket.
const TIMES_MAX: f64 = 2.0;
/// How much memory the server may take more, MiB.
const GROWTH_MIB_MAX: u64 = 100;
/// How long `/healthz` may take for 99 of 100, ms.
const HEALTH_MS_MAX: f64 = 50.0;

fn main() -> ExitCode {
    let number = |name: &str, usual: u64| env::var(name).map_or(usual, |told| told.parse().unwrap());
    let figures_count = env::var_os("THREADS_CHECK").is_none();
    let longest = number("THREADS_EVENTS", 20_000);
    let seconds = number("THREADS_SECONDS", 15);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = Home::for_load().with("GUICHET_LOG_LEVEL", "warn").start();
    let begun = Instant::now();
    let keys: Vec<(u64, String)> = [longest / 100, longest / 10, longest]
        .into_iter()
        .map(|events| (events, runtime.block_on(Site::of(&server).written(events))))
        .collect();
    println!("tickets written in {:.1} s", begun.elapsed().as_secs_f64());
    // What the writing left in memory does not count.
    let server = server.restart();
    let site = Site::of(&server);
    let mut wrong = Vec::new();
    let threads: Vec<Thread> = keys
        .iter()
        .map(|(events, key)| runtime.block_on(site.thread(*events, key)))
        .collect();
    println!("\n{}", Thread::HEAD);
    for thread in &threads {
        println!("{thread}");
        wrong.extend(thread.faults());
    }
    let (short, long) = (&threads[0], &threads[threads.len() - 1]);
    let mut falls_short = long.against(short);
    let crowd = runtime.block_on(crowd::run(&server, &site, &keys[keys.len() - 1].1, seconds));
    println!("\n{crowd}");
    falls_short.extend(crowd.falls_short());
    drop(site);
    let _home = server.stop();
    for fault in &wrong {
        println!("WRONG: {fault}");
    }
    for figure in &falls_short {
        println!("FALLS SHORT: {figure}");
    }
    if wrong.is_empty() && (!figures_count || falls_short.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
