//! What the log says of desks: the ranks and categories that a row stores at the time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    DeskKey, StatusId,
    desk::{Category, DeskDefinition, definition::Choice},
};

use crate::queue::ticket::{Ranked, Standing};

/// What a row needs to know of one version of a desk.
#[derive(Debug, Default)]
pub(crate) struct DeskFacts {
    statuses: HashMap<StatusId, (Category, bool, u32)>,
    priorities: HashMap<String, u32>,
    urgencies: HashMap<String, u32>,
    lookups: BTreeSet<String>,
}

impl DeskFacts {
    fn of(definition: &DeskDefinition) -> DeskFacts {
        let rank = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let ranks = |choices: &[Choice]| {
            choices
                .iter()
                .enumerate()
                .map(|(index, choice)| (choice.id.clone(), rank(index)))
                .collect()
        };
        let statuses = definition.statuses.iter().enumerate().map(|(index, status)| {
            (
                status.id.clone(),
                (status.category, status.response_required, rank(index)),
            )
        });
        let lookups = definition.fields.iter().filter(|(_, field)| field.lookup);
        DeskFacts {
            statuses: statuses.collect(),
            priorities: ranks(&definition.priorities),
            urgencies: ranks(&definition.urgencies),
            lookups: lookups.map(|(key, field)| field.name(key).to_owned()).collect(),
        }
    }

    /// A status with what the desk says of it; nothing when the desk does not know it.
    pub(crate) fn standing(&self, status: StatusId) -> Standing {
        let facts = self.statuses.get(&status);
        Standing {
            category: facts.map(|(category, _, _)| *category),
            response_required: facts.is_some_and(|(_, required, _)| *required),
            rank: facts.map(|(_, _, rank)| *rank),
            status,
        }
    }

    /// A priority with its place in the desk's list.
    pub(crate) fn priority(&self, value: String) -> Ranked {
        Ranked {
            rank: self.priorities.get(&value).copied(),
            value,
        }
    }

    /// The names of the fields by whose exact value its tickets are found.
    pub(crate) fn lookups(&self) -> impl Iterator<Item = &String> {
        self.lookups.iter()
    }

    /// An urgency with its place in the desk's list.
    pub(crate) fn urgency(&self, value: String) -> Ranked {
        Ranked {
            rank: self.urgencies.get(&value).copied(),
            value,
        }
    }
}

/// All versions of all desks that have been published so far.
#[derive(Debug, Default)]
pub(crate) struct Desks {
    published: BTreeMap<DeskKey, BTreeMap<u32, DeskFacts>>,
    unknown: DeskFacts,
}

impl Desks {
    /// Takes a definition in.
    pub(crate) fn publish(&mut self, definition: &DeskDefinition) {
        let versions = self.published.entry(definition.key.clone()).or_default();
        versions.insert(definition.version, DeskFacts::of(definition));
    }

    /// The facts of one version; those of a desk without any status when it was never published.
    pub(crate) fn get(&self, key: &DeskKey, version: u32) -> &DeskFacts {
        self.published
            .get(key)
            .and_then(|versions| versions.get(&version))
            .unwrap_or(&self.unknown)
    }
}
