//! The desk's rules as sentences, and as tables written by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the fixtures are files; the rules read none"
)]

mod actions;
mod approvals;
mod blame;
mod definitions;
mod editing;
mod erasure;
mod folds;
mod given;
mod opening;
mod permissions;
mod random;
mod records;
mod stored;
mod thread;
mod transitions;
