//! Tickets: what can be asked of them, what happened to them, what rules and readers know of them.

pub mod approval;
pub mod blame;
pub mod command;
pub mod contract;
pub mod decide;
pub mod document;
pub mod edit;
pub mod event;
mod fields;
pub mod open;
pub mod refusal;
pub mod rights;
pub mod state;
pub mod text;
pub mod transition;
pub mod words;

pub use blame::Blame;
pub use command::{Action, Context, Decision, Edit, Open, Text};
pub use decide::{decide, decide_each};
pub use document::Document;
pub use event::{FieldValue, Stamp, TicketEvent, Visibility};
pub use refusal::{AllowedAction, Rejection};
pub use rights::Right;
pub use state::State;
pub use words::subject;
