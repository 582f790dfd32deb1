//! End to end: the started binary, its real clients and its files.
//!
//! | room | holds |
//! |---|---|
//! | [`home`], [`server`] | a data directory, and the process that serves it: started, stopped, killed |
//! | [`client`], [`answer`] | an account that is signed in, and what it is told |
//! | [`breaking`] | what a change of the contract breaks for clients of an older one |
//! | [`contract`] | the contract, served or printed |
//! | [`normal`] | answers without what differs from run to run, compared whole |
//! | [`operator_program`] | a real SOAP client, in Python |
//! | [`mail`] | a real mail server, in Python |
//! | [`people`] | accounts beyond those of the demo world, and their sign-ins |
//! | [`envelope`] | SOAP requests written by hand |
//! | [`soap_door`] | a SOAP door in a process of its own, and a place between it and the REST door |
//! | [`answer_schema`] | whether a SOAP answer is valid, by libxml2 |
//! | [`disk`] | what lies in files, and in which form |
//! | [`small_disk`] | a file system that can be filled |
//! | [`bytes`] | one exchange by the bytes, as they come |
//! | [`wire`] | HTTP/1.1 over a plain socket, which can be cut off anywhere |
//! | [`command`] | a command that ends by itself, and its exit status |
//! | [`chance`] | seeded random numbers |
//!
//! Everything here fails by panicking: it is used by tests, and by the programs `load` and `crash`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness fails by panicking, as a test does"
)]

pub mod answer;
pub mod answer_schema;
pub mod breaking;
pub mod bytes;
pub mod chance;
pub mod client;
pub mod command;
pub mod contract;
pub mod disk;
pub mod envelope;
pub mod home;
pub mod identity_provider;
pub mod mail;
pub mod normal;
pub mod operator_program;
pub mod people;
pub mod server;
pub mod small_disk;
pub mod soap_door;
pub mod wire;
