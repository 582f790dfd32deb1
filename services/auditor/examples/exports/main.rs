//! Makes exports to try verifiers on.
//!
//! - `exports generate N FILE`: a good export of N events or a few more, about 900 bytes each, with a digest.
//! - `exports tamper DIR`: a file for each row of the table of tamperings, and `table.json`, which says what to give with
//!   each and the position and kind of the first fault that must be found.
//! - `exports verify FILE [--quick]`: verifies, to take the time without the binary around it.
#![expect(clippy::unwrap_used, reason = "a program for measuring fails by panicking")]

mod bundles;
mod histories;
mod made;
mod readings;
mod table;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use auditor::export::{Depth, Expectations};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["generate", count, path] => generate(count.parse().unwrap(), Path::new(path)),
        ["tamper", dir] => tamper(Path::new(dir)),
        ["verify", path] => verify(path, Depth::Full),
        ["verify", path, "--quick"] => verify(path, Depth::Quick),
        _other => eprintln!("exports generate N FILE | tamper DIR | verify FILE [--quick]"),
    }
}

fn generate(count: usize, path: &Path) {
    let mut maker = made::Maker::new();
    maker.step_micros = 7_000_000;
    let mut events: Vec<String> = made::beginning(&mut maker)
        .into_iter()
        .map(|made| made.stored)
        .collect();
    for number in 1.. {
        if events.len() >= count {
            break;
        }
        events.extend(
            made::ticket(&mut maker, number)
                .into_iter()
                .map(|made| made.stored),
        );
    }
    let digest = made::queue_digest(events.iter().map(String::as_str));
    let note = made::checkpoint(events.iter().map(String::as_str), made::ORIGIN, &made::key(1));
    let mut out = BufWriter::new(File::create(path).unwrap());
    for line in made::lines(&events, &note, &digest) {
        out.write_all(line.as_bytes()).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.flush().unwrap();
}

fn tamper(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let mut cases = Vec::new();
    for (number, case) in table::table().into_iter().enumerate() {
        cases.push((format!("{number:02}-{}.ndjson", case.name), case));
    }
    for (number, case) in bundles::bundles().into_iter().enumerate() {
        cases.push((format!("{number:02}-{}.json", case.name), case));
    }
    for (name, case) in &cases {
        fs::write(dir.join(name), &case.file).unwrap();
    }
    let described = serde_json::to_string_pretty(&table::described(&cases)).unwrap();
    fs::write(dir.join("table.json"), described).unwrap();
}

fn verify(path: &str, depth: Depth) {
    let expectations = Expectations {
        depth,
        ..Expectations::default()
    };
    let report = auditor::export::verify(File::open(path).unwrap(), &expectations, |_| {}).unwrap();
    let faults = report.faults.first();
    println!(
        "{:?} {} events {faults:?} {:?}",
        report.verdict, report.size, report.timing
    );
}
