//! The queue and its keeping, on a real log and a real file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counting;
mod dice;
mod digesting;
mod erasing;
mod finding;
mod keeping;
mod listing;
mod made_up;
mod model;
mod paging;
mod pairs;
mod past;
mod random;
mod renewing;
mod searching;
mod world;
