//! The counter: carry out a command, answer a question. The only crate that knows rules, log, vault, sessions and views.
//!
//! An [`Application`] is its parts. Each may use those before it in this table and none after it; a test keeps it so.
//!
//! | part | holds |
//! |---|---|
//! | [`kernel`] | the one way of a command to the log; events sealed and opened; what is folded in memory; where questions are answered |
//! | [`identity`] | who somebody is: passwords, second factors, identity providers, one-time links and their mail |
//! | [`people`] | accounts, organizations and desks; accounts made by their holders or by an identity provider |
//! | [`tickets`] | opening tickets, acting on them, asking for them and their files, now and then |
//! | [`proofs`] | what auditors read: the Merkle tree, signed checkpoints, the feed, exports and bundles |
//! | `reactions` | what has to happen because of an event, each thing once |
//! | [`keeping`] | data directory, backup and restore, erasure, the clock, readiness |
//! | [`start`] | opening a data directory: the parts are put together |
//! | [`several`], [`demo`], [`loss`] | one command on several things; the demo world; going on without what is lost |

pub mod demo;
pub mod identity;
pub mod keeping;
pub mod kernel;
pub mod loss;
pub mod people;
pub mod proofs;
mod reactions;
pub mod several;
pub mod start;
pub mod tickets;

pub use event_log::{Channel, LogState, Position, StreamName, Version};

pub use keeping::settings::{Settings, StartError};
pub use kernel::{
    call::Call,
    directory::Directory,
    error::{ExecuteError, ReadError},
    room::Reader,
};
pub use start::Application;
pub use tickets::Loaded;
