//! The started binary, from outside. Each module is a promise of the product.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod arrows;
mod bad_input;
mod bad_soap;
mod contract;
mod documentation;
mod durability;
mod feed;
mod operation;
mod rebuild;
mod repeating;
mod sealed;
mod story_operators;
mod story_school;
mod story_service_desk;
mod story_urgent_request;
