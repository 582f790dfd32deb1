//! The queue and its keeping, on a real log and a real file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dice;
mod keeping;
mod listing;
mod model;
mod paging;
mod random;
mod searching;
mod world;
