//! `sign_in_timing`: whether it can be told by the time of the answer that a user name exists (seed 002, F70).
//!
//! Wrong passwords of known names and of unknown ones are tried in turn, under the real cost of hashing. The medians and
//! their ratio go to standard output; the exit status is 1 when they differ by more than [`DIFFERENCE_MAX`].
//! `TRIES` says how often each is tried, 200 unless set.
#![expect(clippy::unwrap_used, reason = "a program that measures ends when it cannot")]

use std::{env, process::ExitCode, time::Instant};

use guichet_tests::{home::Home, people::attempt, server::Server};

/// How far the medians may be apart, as a part of the smaller one.
const DIFFERENCE_MAX: f64 = 0.05;
/// How often each kind is tried before the measurement, so that both meet warm caches.
const WARMING: usize = 10;

/// Accounts of the demo world, and as many names that nobody has, of the same lengths.
const NAMES: [(&str, &str); 8] = [
    ("requester-1", "requestor-1"),
    ("requester-2", "requestor-2"),
    ("requester-3", "requestor-3"),
    ("agent", "agens"),
    ("teacher", "teached"),
    ("referent", "referend"),
    ("auditor", "auditer"),
    ("oc-alpha", "oc-alphe"),
];

/// How long a try takes that fails, ms.
fn tried_ms(server: &Server, username: &str) -> f64 {
    let begun = Instant::now();
    let answer = attempt(server, username, "no password of anybody");
    let elapsed = begun.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!(answer.status, 401, "{}", answer.text());
    elapsed
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) {
        (times[middle - 1] + times[middle]) / 2.0
    } else {
        times[middle]
    }
}

fn main() -> ExitCode {
    let tries = env::var("TRIES").map_or(200, |text| text.parse().unwrap());
    // Nothing but the check of name and password is measured: neither challenges nor lock-outs nor limits come between.
    let server = Home::new()
        .with("GUICHET_CHALLENGE_AFTER", "1000000")
        .with("GUICHET_LOCK_AFTER", "1000000")
        .with("GUICHET_STRANGER_BURST", "1000000")
        .start();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for turn in 0..WARMING + tries {
        let (there, not_there) = NAMES[turn % NAMES.len()];
        // Which comes first changes, so that neither always follows the other.
        let (of_known, of_unknown) = if (turn / NAMES.len()).is_multiple_of(2) {
            let of_known = tried_ms(&server, there);
            (of_known, tried_ms(&server, not_there))
        } else {
            let of_unknown = tried_ms(&server, not_there);
            (tried_ms(&server, there), of_unknown)
        };
        if turn >= WARMING {
            known.push(of_known);
            unknown.push(of_unknown);
        }
    }
    let (of_known, of_unknown) = (median(&mut known), median(&mut unknown));
    let ratio = of_unknown / of_known;
    println!(
        "sign-in-timing: {tries} tries each; wrong password {of_known:.3} ms, unknown name {of_unknown:.3} ms (medians), \
         ratio {ratio:.4}"
    );
    let difference = ratio.max(1.0 / ratio) - 1.0;
    if difference > DIFFERENCE_MAX {
        println!("sign-in-timing: they differ by {:.1} %", difference * 100.0);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
