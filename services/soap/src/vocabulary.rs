//! The words of the protocol as data: states, message types, actions, return codes (annexes R4 to R6 of seed 001).

mod shape;

use crate::outcome::ReturnCode;
use api_types::{Side, Status, StatusCategory};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

const SHIPPED_VOCABULARY: &str = include_str!("../data/vocabulary.toml");
const SHIPPED_RETURN_CODES: &str = include_str!("../data/return_codes.toml");

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadVocabularyError {
    /// The file cannot be read.
    #[error("the file {path} cannot be read")]
    Read {
        /// Where it should be.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not have the form of the one shipped.
    #[error("the file {path} does not have the form of the one shipped")]
    Form {
        /// Where it is.
        path: String,
        /// Where its fault is.
        source: Box<toml::de::Error>,
    },
    /// Words that cannot be some, that mean two things, that are missing or that nobody asks for.
    #[error("in the file {path}, {}", .what.join("; "))]
    Word {
        /// Where it is.
        path: String,
        /// Each word, and what is wrong with it.
        what: Vec<String>,
    },
}

/// The words of the protocol beside the words of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vocabulary {
    /// Key of the desk.
    pub(crate) desk: String,
    /// Request type of a create.
    pub(crate) request_type: String,
    /// The only state of a create.
    pub(crate) create_state: String,
    states: BTreeMap<String, String>,
    category_states: CategoryStates,
    pub(crate) message_types: MessageTypes,
    pub(crate) notification: Notification,
    orders: Vec<Order>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryStates {
    new: String,
    active: String,
    waiting: String,
    done: String,
}

/// The values of `description` on requests and of `messageType` in answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageTypes {
    pub(crate) create: String,
    pub(crate) from_operator: String,
    pub(crate) from_supplier: String,
}

/// The desk's actions for a notification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notification {
    pub(crate) inform: String,
    pub(crate) replan: String,
}

/// The desk's action for a state that an operator asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    state: String,
    pub(crate) action: String,
    #[serde(default)]
    pub(crate) yields_to_notification: bool,
}

impl Vocabulary {
    /// Reads the operator's own file, or the one shipped.
    pub(crate) fn load(path: Option<&Path>) -> Result<Vocabulary, LoadVocabularyError> {
        let words: Vocabulary = load(path, SHIPPED_VOCABULARY)?;
        no_misfit(path, words.misfits())?;
        Ok(words)
    }

    /// Every word is a line that can be seen, and none of those that are told apart are the same.
    fn misfits(&self) -> Vec<String> {
        let of_categories = &self.category_states;
        let types = &self.message_types;
        let mut named: Vec<(String, &str)> = [
            ("desk", &self.desk),
            ("request_type", &self.request_type),
            ("create_state", &self.create_state),
            ("category_states.new", &of_categories.new),
            ("category_states.active", &of_categories.active),
            ("category_states.waiting", &of_categories.waiting),
            ("category_states.done", &of_categories.done),
            ("message_types.create", &types.create),
            ("message_types.from_operator", &types.from_operator),
            ("message_types.from_supplier", &types.from_supplier),
            ("notification.inform", &self.notification.inform),
            ("notification.replan", &self.notification.replan),
        ]
        .map(|(name, word)| (name.to_owned(), word.as_str()))
        .to_vec();
        named.extend(
            self.states
                .iter()
                .map(|(status, state)| (format!("states.{status}"), state.as_str())),
        );
        named.extend(
            self.orders
                .iter()
                .map(|order| ("orders.state".to_owned(), order.state.as_str())),
        );
        named.extend(
            self.orders
                .iter()
                .map(|order| ("orders.action".to_owned(), order.action.as_str())),
        );
        let mut misfits = no_words(&named);
        if types.create.eq_ignore_ascii_case(&types.from_operator) {
            misfits.push("message_types.create and message_types.from_operator are the same".to_owned());
        }
        let twice = self.orders.iter().enumerate().filter(|(index, order)| {
            self.orders
                .iter()
                .take(*index)
                .any(|other| other.state == order.state)
        });
        misfits.extend(twice.map(|(_, order)| format!("the state {:?} has two orders", order.state)));
        misfits
    }

    /// The protocol's state for a status of the desk. A status that the data does not name is told by its category,
    /// so that a desk may refine its statuses without changing the protocol.
    pub(crate) fn state(&self, status: &Status) -> &str {
        self.states.get(&status.id).map_or_else(
            || match status.category {
                StatusCategory::New => self.category_states.new.as_str(),
                StatusCategory::Active => self.category_states.active.as_str(),
                StatusCategory::Waiting => self.category_states.waiting.as_str(),
                StatusCategory::Done => self.category_states.done.as_str(),
            },
            String::as_str,
        )
    }

    /// Whether the protocol has such a state.
    pub(crate) fn knows_state(&self, state: &str) -> bool {
        self.states.values().any(|known| known == state)
    }

    /// What an operator that asks for this state wants done.
    pub(crate) fn order(&self, state: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.state == state)
    }

    /// The type of the last message by the side that wrote it; before any message it is the create itself.
    pub(crate) fn message_type(&self, side: Option<Side>) -> &str {
        match side {
            None => &self.message_types.create,
            Some(Side::Requester) => &self.message_types.from_operator,
            Some(Side::Agent | Side::Supplier | Side::System) => &self.message_types.from_supplier,
        }
    }
}

/// Codes and labels of the outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnCodes {
    ok: CodeAndLabel,
    missing: CodeAndLabel,
    invalid: CodeAndLabel,
    unknown_reference: CodeAndLabel,
    forbidden_transition: CodeAndLabel,
    other: CodeAndLabel,
}

/// One return code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeAndLabel {
    pub(crate) code: String,
    pub(crate) label: String,
}

impl ReturnCodes {
    /// Reads the operator's own file, or the one shipped.
    pub(crate) fn load(path: Option<&Path>) -> Result<ReturnCodes, LoadVocabularyError> {
        let codes: ReturnCodes = load(path, SHIPPED_RETURN_CODES)?;
        no_misfit(path, codes.misfits())?;
        Ok(codes)
    }

    /// Every code and label is a line that can be seen, and success has a code of its own.
    fn misfits(&self) -> Vec<String> {
        let refusals = [
            ("missing", &self.missing),
            ("invalid", &self.invalid),
            ("unknown_reference", &self.unknown_reference),
            ("forbidden_transition", &self.forbidden_transition),
            ("other", &self.other),
        ];
        let named: Vec<(String, &str)> = refusals
            .iter()
            .chain(&[("ok", &self.ok)])
            .flat_map(|(name, one)| {
                [
                    (format!("{name}.code"), one.code.as_str()),
                    (format!("{name}.label"), one.label.as_str()),
                ]
            })
            .collect();
        let mut misfits = no_words(&named);
        let like_success = refusals.iter().filter(|(_, one)| one.code == self.ok.code);
        misfits.extend(like_success.map(|(name, _)| format!("{name} has the code of success")));
        misfits
    }

    /// Code and label of an outcome.
    pub(crate) fn of(&self, code: ReturnCode) -> &CodeAndLabel {
        match code {
            ReturnCode::Ok => &self.ok,
            ReturnCode::Missing => &self.missing,
            ReturnCode::Invalid => &self.invalid,
            ReturnCode::UnknownReference => &self.unknown_reference,
            ReturnCode::ForbiddenTransition => &self.forbidden_transition,
            ReturnCode::Other => &self.other,
        }
    }
}

/// Names the words that nobody could read, or that do not fit on a line.
fn no_words(named: &[(String, &str)]) -> Vec<String> {
    let fits = |word: &str| text::is_filled_in(word) && text::is_one_line(word);
    let misfits = named.iter().filter(|(_, word)| !fits(word));
    misfits
        .map(|(name, _)| format!("{name} is not one filled-in line"))
        .collect()
}

fn name_of(path: Option<&Path>) -> String {
    path.map_or_else(|| "shipped".to_owned(), |path| path.display().to_string())
}

fn no_misfit(path: Option<&Path>, what: Vec<String>) -> Result<(), LoadVocabularyError> {
    if what.is_empty() {
        return Ok(());
    }
    Err(LoadVocabularyError::Word {
        path: name_of(path),
        what,
    })
}

fn load<T: serde::de::DeserializeOwned>(
    path: Option<&Path>,
    shipped: &str,
) -> Result<T, LoadVocabularyError> {
    let name = || name_of(path);
    let form = |source| LoadVocabularyError::Form {
        path: name(),
        source: Box::new(source),
    };
    let text = match path {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|source| LoadVocabularyError::Read { path: name(), source })?,
        None => shipped.to_owned(),
    };
    let own: toml::Table = toml::from_str(&text).map_err(form)?;
    let model: toml::Table = toml::from_str(shipped).map_err(form)?;
    no_misfit(path, shape::differences(&own, &model))?;
    // Read from the text, so that a fault is told with its line.
    toml::from_str(&text).map_err(form)
}

#[cfg(test)]
mod tests;
