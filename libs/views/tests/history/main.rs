//! The history of a ticket in words.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod given;
mod telling;
