//! Lists of values that have a stream of their own: a definition is one event, and three hundred products do not fit in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use super::{check::ID_BYTES_MAX, definition::Choice};
use crate::{fault::Fault, label::Label, messages::FaultText};

/// How many values such a list may have, retired ones included.
pub const VALUES_MAX: usize = 10_000;
/// How many values one request may add or change.
pub const VALUES_CHANGED_MAX: usize = 200;
/// Longest label and longest help of a value, characters.
pub const VALUE_TEXT_CHARS_MAX: usize = 200;
/// How many values may stand above one, where a list is a tree.
pub const VALUE_DEPTH_MAX: usize = 10;
/// How many bytes of JSON the values of one event take at most.
const EVENT_BYTES_MAX: usize = 40 * 1024;

/// The values of a list, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LongList {
    values: Vec<Choice>,
    places: BTreeMap<String, usize>,
}

impl LongList {
    /// The value of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Choice> {
        self.values.get(*self.places.get(id)?)
    }

    /// May this value be chosen?
    #[must_use]
    pub fn takes(&self, id: &str) -> bool {
        self.get(id).is_some_and(|choice| !choice.retired)
    }

    /// All values, in their order.
    #[must_use]
    pub fn values(&self) -> &[Choice] {
        &self.values
    }

    /// The list once these values are added or changed.
    #[must_use]
    pub fn evolve(&self, changes: &[Choice]) -> LongList {
        let mut list = self.clone();
        for choice in changes {
            match list
                .places
                .get(&choice.id)
                .and_then(|place| list.values.get_mut(*place))
            {
                Some(known) => *known = choice.clone(),
                None => {
                    list.places.insert(choice.id.clone(), list.values.len());
                    list.values.push(choice.clone());
                }
            }
        }
        list
    }

    /// What is changed, in parts that fit one event each; nothing of what is so already.
    ///
    /// # Errors
    /// Every fault.
    pub fn change(&self, changes: Vec<Choice>) -> Result<Vec<Vec<Choice>>, Vec<Fault>> {
        let faults = self.faults(&changes);
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut parts: Vec<Vec<Choice>> = Vec::new();
        let mut room = 0;
        for choice in changes {
            if self.get(&choice.id) == Some(&choice) {
                continue;
            }
            let bytes = serde_json::to_string(&choice).map_or(EVENT_BYTES_MAX, |json| json.len());
            match parts.last_mut().filter(|_| bytes <= room) {
                Some(part) => {
                    room -= bytes;
                    part.push(choice);
                }
                None => {
                    room = EVENT_BYTES_MAX.saturating_sub(bytes);
                    parts.push(vec![choice]);
                }
            }
        }
        Ok(parts)
    }

    fn faults(&self, changes: &[Choice]) -> Vec<Fault> {
        let mut faults = Vec::new();
        if changes.len() > VALUES_CHANGED_MAX {
            let text = FaultText::ItemsMax {
                max: VALUES_CHANGED_MAX,
            };
            return vec![Fault::new("/values", text)];
        }
        let mut seen = BTreeSet::new();
        for (index, choice) in changes.iter().enumerate() {
            let at = |member: &str| format!("/values/{index}/{member}");
            if choice.id.trim() != choice.id
                || !text::is_filled_in(&choice.id)
                || choice.id.len() > ID_BYTES_MAX
                || !text::is_name(&choice.id)
            {
                faults.push(Fault::new(
                    at("value"),
                    FaultText::NotAValueId { max: ID_BYTES_MAX },
                ));
            }
            if !seen.insert(&choice.id) {
                faults.push(Fault::new(at("value"), FaultText::GivenTwice));
            }
            faults.extend(label_faults(&at("label"), &choice.label));
            faults.extend(
                choice
                    .help
                    .iter()
                    .flat_map(|help| label_faults(&at("description"), help)),
            );
        }
        let after = self.evolve(changes);
        if after.values.len() > VALUES_MAX {
            faults.push(Fault::new(
                "/values",
                FaultText::ListValuesMax { max: VALUES_MAX },
            ));
        }
        // Moving a value moves the values below it too. So when a value stands too deep, every value above it may be at fault.
        let deep = after.values.iter().filter(|choice| after.stands_too_deep(choice));
        let at_fault: BTreeSet<&str> = deep
            .flat_map(|choice| iter::once(choice).chain(after.above(choice)))
            .map(|choice| choice.id.as_str())
            .collect();
        for (index, choice) in changes.iter().enumerate() {
            let Some(parent) = &choice.parent else { continue };
            let at = format!("/values/{index}/parent");
            if after.get(parent).is_none() {
                faults.push(Fault::new(at, FaultText::NotAValueOfTheList));
            } else if at_fault.contains(choice.id.as_str()) {
                let max = VALUE_DEPTH_MAX;
                faults.push(Fault::new(at, FaultText::ValueDepthMax { max }));
            }
        }
        faults
    }

    /// The values above one, the nearest first; as many as may be, and one more.
    fn above<'l>(&'l self, choice: &'l Choice) -> impl Iterator<Item = &'l Choice> {
        let parent = |choice: &&'l Choice| self.get(choice.parent.as_deref()?);
        iter::successors(Some(choice), parent)
            .skip(1)
            .take(VALUE_DEPTH_MAX + 1)
    }

    pub(super) fn stands_too_deep(&self, choice: &Choice) -> bool {
        self.above(choice).count() > VALUE_DEPTH_MAX
    }
}

fn label_faults(at: &str, label: &Label) -> Vec<Fault> {
    let texts = [("fr", &label.fr), ("en", &label.en)];
    let fault = |(language, text): (&str, &String)| {
        let at = format!("{at}/{language}");
        if !text::is_filled_in(text) {
            Some(Fault::required(at))
        } else if text.chars().count() > VALUE_TEXT_CHARS_MAX {
            let max = VALUE_TEXT_CHARS_MAX;
            Some(Fault::new(at, FaultText::CharsMax { max }))
        } else if !text::is_name(text) {
            Some(Fault::new(at, FaultText::NotAName))
        } else {
            None
        }
    };
    texts.into_iter().filter_map(fault).collect()
}
