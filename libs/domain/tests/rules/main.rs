//! The desk's rules as sentences, and as tables written by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod approvals;
mod editing;
mod given;
mod opening;
mod thread;
mod transitions;
