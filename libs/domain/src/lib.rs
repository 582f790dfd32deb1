//! The rules of the desk, as pure functions over plain values.
//!
//! `decide` turns a command into events or a [`Rejection`](ticket::Rejection); `evolve` folds events and never
//! refuses, because what happened cannot be refused. Time, randomness and identity arrive as arguments: this crate
//! has no clock, no randomness, no I/O and no `async` (its own `clippy.toml` and its feature-less dependencies
//! refuse them), so the same input gives the same events for ever.
//!
//! | room | holds |
//! |---|---|
//! | [`ticket`] | commands, events, the state that rules read, the document that readers see |
//! | [`desk`] | desk definitions as data: statuses, transitions, request types with JSON Schema forms |
//! | [`account`], [`organization`] | who there is, with roles and memberships |
//! | [`policy`] | who may do and see what: tables for tickets, accounts, organizations and the log |
//! | [`personal`], [`person`] | values that belong to a person and can be erased, and that they were |
//! | [`epoch`], [`audit`] | what the log says of itself, and of who read it |
//! | [`fault`], [`text_field`], [`instant`] | one fault of one input field; what is at fault with texts and dates |
//! | [`messages`] | what callers are told, in French and English |

pub mod account;
pub mod audit;
pub mod decode;
pub mod desk;
pub mod epoch;
pub mod fault;
pub mod ids;
pub mod instant;
pub mod label;
pub mod messages;
mod named;
pub mod organization;
pub mod person;
pub mod personal;
pub mod policy;
pub mod text_field;
pub mod ticket;

pub use decode::{DecodeError, Event, NameEvent};
pub use fault::Fault;
pub use ids::{
    AccountId, ApiKeyId, ApprovalId, AttachmentId, CommentId, ContractId, DeskKey, OrganizationId, PersonId,
    StatusId, TicketKey,
};
pub use label::{Label, Language};
pub use messages::{Detail, FaultText};
pub use personal::{Commitment, Personal};
