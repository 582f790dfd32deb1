//! Writes the sample log of `tests/audit` into `tests/fixtures/audit`, where what lies there is not to be trusted any
//! more: `cargo run -p transparency --example audit_fixtures`.
#![expect(clippy::unwrap_used, reason = "a tool for tests fails by panicking")]

use std::fs;
use std::path::Path;

#[path = "../tests/audit/sample.rs"]
mod sample;

fn main() {
    let sample = sample::Sample::new();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audit");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("export-v1.ndjson"), sample.export()).unwrap();
    let older = sample.checkpoint(sample::OLDER_SIZE);
    fs::write(directory.join("older-checkpoint-v1.txt"), older).unwrap();
    fs::write(
        directory.join("bundle-v1.json"),
        format!("{:#}\n", sample.bundle()),
    )
    .unwrap();
}
