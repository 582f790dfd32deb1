//! Exports and bundles, good ones and tampered ones, and what the auditor says of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../examples/exports/bundles.rs"]
mod bundles;
#[path = "../../examples/exports/histories.rs"]
mod histories;
#[path = "../../examples/exports/made.rs"]
mod made;
#[path = "../../examples/exports/readings.rs"]
mod readings;
#[path = "../../examples/exports/table.rs"]
mod table;

mod command_line;
mod hostile;
mod second;
mod tampering;
