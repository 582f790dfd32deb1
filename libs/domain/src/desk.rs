//! Desks are data: statuses, transitions, request types with forms, value lists (design §5).

pub mod check;
pub mod definition;
pub mod form;
pub mod load;

use serde::{Deserialize, Serialize};

pub use definition::{
    ApprovalRule, Category, DeskDefinition, ReopenRule, RequestType, Status, Transition, Who,
};
pub use form::Form;
pub use load::{Desk, LoadError, shipped};

/// What happened to a desk. One stream per desk, named `desk-<KEY>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DeskEvent {
    /// `desk-published.v1`: a whole definition; its version counts from 1.
    Published {
        /// The definition.
        definition: Box<DeskDefinition>,
    },
}
