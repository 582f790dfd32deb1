//! The started binary, from outside. Each module is a promise of the product.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod access;
mod arrows;
mod bad_input;
mod bad_soap;
mod contract;
mod disk;
mod documentation;
mod durability;
mod erasure;
mod feed;
mod operation;
mod proofs;
mod rebuild;
mod repeating;
mod restoring;
mod sealed;
mod story_operators;
mod story_school;
mod story_service_desk;
mod story_urgent_request;
mod time_travel;
