//! What the counter promises, with the real log, keys, sessions, views and files in a temporary directory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administrators;
mod clocks;
mod crowds;
mod directories;
mod eve;
mod files;
mod links;
mod looks;
mod own_account;
mod past;
mod people;
mod privacy;
mod questions;
mod repeats;
mod sign_ins;
mod world;
