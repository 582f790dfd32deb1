//! The operations of the contract, as the server serves it.

use std::collections::{BTreeMap, BTreeSet};

use guichet_tests::{client::Client, contract::Contract};
use reqwest::Method;

/// Where an operation is, and how it answers.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// With its parameters in braces.
    pub(super) path: String,
    /// The statuses that it says it answers with.
    pub(super) statuses: BTreeSet<u16>,
}

impl Operation {
    /// The path with its parameters filled in.
    ///
    /// # Panics
    /// When one of them is not given, or one is given that it does not have.
    pub(super) fn filled(&self, parameters: &[(&str, String)]) -> String {
        let mut path = self.path.clone();
        for (name, value) in parameters {
            let slot = format!("{{{name}}}");
            assert!(path.contains(&slot), "{} has no parameter {name}", self.path);
            path = path.replace(&slot, value);
        }
        assert!(
            !path.contains('{'),
            "{path} has a parameter that nothing here gives"
        );
        path
    }
}

/// Every operation by its id.
pub(super) fn operations(nobody: &Client) -> BTreeMap<String, Operation> {
    let mut operations = BTreeMap::new();
    for operation in Contract::served(nobody).operations() {
        let place = Operation {
            statuses: operation.statuses().into_iter().collect(),
            method: operation.method,
            path: operation.path,
        };
        let before = operations.insert(operation.id.clone(), place);
        assert!(before.is_none(), "two operations are called {}", operation.id);
    }
    operations
}
