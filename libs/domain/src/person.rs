//! Persons whose values are sealed: what can happen to one beside what their accounts and tickets say.

use serde::{Deserialize, Serialize};

use crate::personal::Personal;

/// What happened to a person. One stream per person, named `person-<uuid>`, with at most one event: whoever is forgotten
/// is not forgotten twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PersonEvent {
    /// `person-erased.v1`: the person's key was destroyed. Every restore of keys obeys this event (design §6.1).
    Erased {
        /// Why, in the words of who asked for it and sealed for them: the person's own key is gone.
        reason: Personal<String>,
    },
}
