//! What the counter promises, with the real log, keys, sessions, views and files in a temporary directory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administrators;
mod asking;
mod clocks;
mod crosswise;
mod crowds;
mod directories;
mod eve;
mod files;
mod killed;
mod links;
mod looks;
mod messages;
mod own_account;
mod parts;
mod past;
mod people;
mod privacy;
mod questions;
mod repeats;
mod several;
mod sign_ins;
mod threads;
mod world;
