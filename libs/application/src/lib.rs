//! The counter: execute a command, ask a view. The only crate that knows rules, log, vault, sessions and views.
//!
//! | room | holds |
//! |---|---|
//! | [`start`] | opening a data directory: log, keys, sessions, views, attachments |
//! | [`call`] | who asks, when, through which door, under which command id |
//! | [`directory`] | accounts, organizations and desks, folded from the log |
//! | [`codec`] | from domain events to sealed drafts for the log, and back |
//! | `command` | the one way of a command to the log, over one stream or several |
//! | [`execute`], [`open_ticket`], [`tickets`] | acting on tickets, opening one, tickets in memory |
//! | [`room`] | where questions are answered: aside of the threads that serve requests, a few at once |
//! | [`reading`], [`threads`], [`as_of`], [`feed`] | tickets; comments and history by pages; now and then; the change feed |
//! | [`attachments`] | files, sealed while they stream |
//! | [`sign_in`], [`second_factor`], [`federation`] | who somebody is: by password and code, by API key, by an identity provider |
//! | [`passwords`], [`recovery`], [`addresses`] | choosing passwords, getting back in, changing addresses |
//! | `links`, [`deliveries`] | one-time links, mail about accounts |
//! | `reactions` | what has to happen because of an event, each thing once |
//! | [`accounts`], [`avatars`], [`organizations`] | making and changing accounts, organizations and desks; [`demo`] makes some |
//! | [`administrators`] | the last who administers everything stays one |
//! | [`proof`], [`epoch`] | the Merkle tree over the log, its signed checkpoints, the keys that sign |
//! | [`audit`], [`evidence`] | proofs, exports and bundles for auditors, and the trace that reading them leaves |
//! | [`erasure`] | a person forgotten |
//! | [`archive`], [`restore`], [`upkeep`] | segments of the log kept elsewhere, backup and restore; what the server does by itself |

pub use credentials;
pub use event_log;
pub use sessions;
pub use transparency;
pub use views;

pub mod accounts;
pub mod addresses;
pub mod administrators;
pub mod apart;
pub mod archive;
pub mod as_of;
pub mod attachments;
pub mod audit;
pub mod avatars;
pub mod call;
pub mod clock;
pub mod codec;
mod command;
pub mod deliveries;
pub mod demo;
pub mod directory;
pub mod epoch;
pub mod erasure;
pub mod error;
pub mod evidence;
pub mod execute;
pub mod federation;
pub mod feed;
mod links;
pub mod open_ticket;
pub mod organizations;
pub mod passwords;
mod places;
pub mod proof;
mod reactions;
pub mod readiness;
pub mod reading;
pub mod reason;
pub mod recovery;
pub mod restore;
pub mod room;
mod scan;
pub mod second_factor;
mod secret_check;
pub mod sign_in;
pub mod start;
mod survey;
pub mod threads;
pub mod tickets;
pub mod upkeep;

pub use supervision;

pub use call::Call;
pub use directory::Directory;
pub use error::{ExecuteError, ReadError};
pub use room::Reader;
pub use start::{Application, Settings, StartError};
pub use tickets::Loaded;
