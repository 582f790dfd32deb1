//! Desks are data: statuses, transitions, request types with forms, value lists (design §5).

pub mod check;
pub mod definition;
pub mod explain;
pub mod field;
pub(crate) mod first_edition;
pub mod form;
pub mod lists;
pub mod load;
pub mod schema;

use serde::{Deserialize, Serialize};

use crate::ids::DeskKey;
use definition::Choice;

pub use definition::{
    ApprovalRule, Category, DeskDefinition, FormDefinition, ReopenRule, RequestType, Status, Transition, Who,
};
pub use field::{Field, Meaning};
pub use form::Form;
pub use load::{Desk, LoadError, shipped};

/// What happened to a desk. One stream per desk, named `desk-<KEY>`, and one per list that stands apart, `desk-<KEY>-<list>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DeskEvent {
    /// `desk-published.v2`: a whole definition; its version counts from 1. `desk-published.v1` is the first edition.
    Published {
        /// The definition.
        definition: Box<DeskDefinition>,
    },
    /// `desk-list-changed.v1`: values of a list that stands apart, added or as they are from now on.
    ListChanged {
        /// The desk.
        desk: DeskKey,
        /// The list's name.
        list: String,
        /// The values.
        values: Vec<Choice>,
    },
}
