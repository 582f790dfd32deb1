//! A definition made ready for rules: checked, with its forms compiled.

use std::collections::BTreeMap;

use super::{
    check,
    definition::{DeskDefinition, Transition},
    form::Form,
};
use crate::{desk::definition::Status, ids::StatusId};

/// A desk that rules can be asked of.
#[derive(Debug)]
pub struct Desk {
    definition: DeskDefinition,
    types: BTreeMap<String, Form>,
    transitions: Vec<Option<Form>>,
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
        let refused = |faults| LoadError { faults };
        let mut types = BTreeMap::new();
        for of in &definition.types {
            types.insert(of.id.clone(), Form::compile(&of.form).map_err(refused)?);
        }
        let mut transitions = Vec::new();
        for of in &definition.transitions {
            transitions.push(of.form.as_ref().map(Form::compile).transpose().map_err(refused)?);
        }
        Ok(Desk {
            definition,
            types,
            transitions,
        })
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
