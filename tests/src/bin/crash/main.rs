//! `crash`: ends the started server in the midst of its work, again and again on the same data, and reads back everything
//! that it had acknowledged or shown (design §4).
//!
//! It ends by kill -9, or by a power cut, which takes away what no sync has covered ([`power`]); under the load of
//! sixteen writers, during the start after such an end, while an export is sent, while a backup is made, or on a directory
//! that was empty, in turn.
//!
//! | variable | says |
//! |---|---|
//! | `CYCLES` | how often it is killed, 20 unless set |
//! | `CUTS` | how often its power is cut, 20 unless set |
//! | `SEED` | where the chances begin |
//! | `EXPECT_LOSS` | 1: this server, or this disk, is known to lose what it acknowledged |
//! | `POWER_IGNORE_SYNC_OF` | base names of files whose syncs count for nothing, such as `db`: a disk that lies |
//! | `KEEP` | a directory for what the disk held after each cut that lost something |
//!
//! The exit status is 1 when something acknowledged is lost or something else is not as it was told; with `EXPECT_LOSS`
//! it is 1 when the cuts lost nothing.
#![expect(clippy::unwrap_used, reason = "a program that checks ends when it cannot")]

mod beside;
mod ledger;
mod power;
mod restore;
mod run;
mod tally;
mod verify;
mod world;
mod writers;

use std::{env, process::ExitCode};

use crate::{
    power::Harm,
    run::{LOAD_MS_MAX, Run},
    tally::{End, Phase},
};

/// Where the chances begin, unless `SEED` says otherwise.
const SEED: u64 = 20_260_302;

fn main() -> ExitCode {
    let number = |name: &str, unset: u64| env::var(name).ok().map_or(unset, |text| text.parse().unwrap());
    let (kills, cuts, seed) = (number("CYCLES", 20), number("CUTS", 20), number("SEED", SEED));
    println!("seed {seed}");
    let load_ms_max = number("LOAD_MS", LOAD_MS_MAX);
    let mut run = Run::new(seed, cuts > 0, load_ms_max, env::var_os("KEEP").map(Into::into));
    if cuts > 0 {
        println!(
            "the recorder missed nothing of {} changes",
            run.recorder_is_complete()
        );
    }
    for number in 1..=kills + cuts {
        // Spread evenly, so that cuts come after kills and kills after cuts.
        let is_cut = number * cuts / (kills + cuts) > (number - 1) * cuts / (kills + cuts);
        let end = match (is_cut, run.tally.cuts() % 2) {
            (false, _) => End::Kill,
            (true, 0) => End::Cut(Harm::Worst),
            (true, _) => End::Cut(Harm::Torn),
        };
        run.cycle(
            number,
            Phase::of(if is_cut {
                run.tally.cuts() / 2
            } else {
                run.tally.kills()
            }),
            end,
        );
    }
    let tally = run.end();
    print!("{tally}");
    let is_well = if env::var("EXPECT_LOSS").is_ok_and(|value| value == "1") {
        tally.lost_by_cuts > 0
    } else {
        tally.found.is_empty()
    };
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
