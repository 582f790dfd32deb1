//! A definition made ready for rules: checked, with its forms compiled.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    check,
    definition::{Choice, DeskDefinition, FormDefinition, Transition},
    form::Form,
    lists::LongList,
};
use crate::{desk::definition::Status, ids::StatusId};

/// A desk that rules can be asked of. Clones share what is compiled.
#[derive(Debug, Clone)]
pub struct Desk {
    definition: Arc<DeskDefinition>,
    types: BTreeMap<String, Form>,
    transitions: Vec<Option<Form>>,
    lists: BTreeMap<String, Arc<LongList>>,
}

/// Why a definition is refused: every fault, in words.
#[derive(Debug, thiserror::Error)]
#[error("the desk definition has {} fault(s): {}", faults.len(), faults.join("; "))]
pub struct LoadError {
    /// The faults.
    pub faults: Vec<String>,
}

impl Desk {
    /// Checks and compiles a definition.
    ///
    /// # Errors
    /// [`LoadError`] with every fault.
    pub fn load(definition: DeskDefinition) -> Result<Desk, LoadError> {
        let faults = check::faults(&definition);
        if !faults.is_empty() {
            return Err(LoadError { faults });
        }
        let compiled =
            |form: &FormDefinition| Form::compile(&definition, form).map_err(|faults| LoadError { faults });
        let mut types = BTreeMap::new();
        for of in &definition.types {
            types.insert(of.id.clone(), compiled(&of.form)?);
        }
        let mut transitions = Vec::new();
        for of in &definition.transitions {
            transitions.push(of.form.as_ref().map(compiled).transpose()?);
        }
        Ok(Desk {
            definition: Arc::new(definition),
            types,
            transitions,
            lists: BTreeMap::new(),
        })
    }

    /// The desk once a list of it that stands apart holds these values.
    #[must_use]
    pub fn with_list(&self, name: &str, list: &Arc<LongList>) -> Desk {
        let mut desk = self.clone();
        let forms = desk
            .types
            .values_mut()
            .chain(desk.transitions.iter_mut().flatten());
        forms.for_each(|form| form.know(name, list));
        desk.lists.insert(name.to_owned(), list.clone());
        desk
    }

    /// The values of a list of its own, wherever they stand; nothing when it has no list of that name.
    #[must_use]
    pub fn values(&self, list: &str) -> Option<&[Choice]> {
        let defined = self.definition.value_lists.get(list)?;
        let apart = self.lists.get(list).filter(|_| defined.apart);
        Some(apart.map_or(&defined.values, |apart| apart.values()))
    }

    /// The value of that id in the list that the field of that name is chosen from.
    #[must_use]
    pub fn choice(&self, field: &str, id: &str) -> Option<&Choice> {
        let list = self.definition.field_named(field)?.list.as_ref()?;
        match self.lists.get(list) {
            Some(apart) => apart.get(id),
            None => self.values(list)?.iter().find(|choice| choice.id == id),
        }
    }

    /// Reads a definition from its TOML text.
    ///
    /// # Errors
    /// [`LoadError`] with the place where the text is not a definition, or with every fault of it.
    pub fn from_toml(text: &str) -> Result<Desk, LoadError> {
        let definition = toml::from_str(text).map_err(|error| LoadError {
            faults: vec![error.to_string()],
        })?;
        Desk::load(definition)
    }

    /// The definition.
    #[must_use]
    pub fn definition(&self) -> &DeskDefinition {
        &self.definition
    }

    /// The form of a request type.
    #[must_use]
    pub fn form(&self, request_type: &str) -> Option<&Form> {
        self.types.get(request_type)
    }

    /// The status of that id.
    #[must_use]
    pub fn status(&self, id: &StatusId) -> Option<&Status> {
        self.definition.status(id)
    }

    /// The transitions that start from a status, with their forms.
    pub fn transitions_from(&self, status: &StatusId) -> impl Iterator<Item = (&Transition, Option<&Form>)> {
        let status = status.clone();
        self.definition
            .transitions
            .iter()
            .zip(&self.transitions)
            .filter(move |(transition, _)| transition.from.contains(&status))
            .map(|(transition, form)| (transition, form.as_ref()))
    }
}

/// The texts of the definitions that ship, one per seed.
const SHIPPED: [&str; 2] = [
    include_str!("../../desks/SUP.toml"),
    include_str!("../../desks/SAV.toml"),
];

/// The desks that ship with the product: `SUP` (seed 002) and `SAV` (seed 001).
///
/// # Errors
/// [`LoadError`] when one of them is broken, which a test would have seen.
pub fn shipped() -> Result<Vec<Desk>, LoadError> {
    SHIPPED.into_iter().map(Desk::from_toml).collect()
}
