//! The store, driven as its users drive it, on a real database in a temporary directory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deliveries;
mod failures;
mod following;
mod forgetting;
mod house;
mod migration;
mod one_time;
mod opening;
mod places;
mod provider_sessions;
mod purging;
mod revocation;
mod rotation;
mod sign_ins;
mod spending;
