//! The counter: execute a command, ask a view. The only crate that knows rules, log, vault, sessions and views.
//!
//! | room | holds |
//! |---|---|
//! | [`start`] | opening a data directory: log, keys, sessions, views, attachments |
//! | [`call`] | who asks, when, through which door, under which command id |
//! | [`directory`] | accounts, organizations and desks, folded from the log |
//! | [`codec`] | from domain events to sealed drafts for the log, and back |
//! | [`lanes`], [`tickets`] | one lane per ticket: load, decide on what is already enqueued, append, answer |
//! | [`execute`] | the life of a command |
//! | [`reading`] | tickets, comments, history, the change feed |
//! | [`attachments`] | files, sealed while they stream |
//! | [`sign_in`], [`tokens`] | passwords and tokens |
//! | [`accounts`], [`demo`] | making accounts, organizations and desks |

pub use event_log;
pub use views;

pub mod accounts;
pub mod attachments;
pub mod call;
pub mod codec;
pub mod demo;
pub mod directory;
pub mod error;
pub mod execute;
pub mod lanes;
pub mod open_ticket;
pub mod reading;
pub mod sign_in;
pub mod start;
pub mod tickets;
pub mod tokens;

pub use call::Call;
pub use directory::Directory;
pub use error::{ExecuteError, ReadError};
pub use start::{Application, Settings, StartError};
pub use tickets::Loaded;
