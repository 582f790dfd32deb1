//! The operations of the contract, as the server serves it.

use std::collections::{BTreeMap, BTreeSet};

use guichet_tests::client::Client;
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
    let contract = nobody.get("/openapi.json").expect(200);
    let mut operations = BTreeMap::new();
    for (path, methods) in contract["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let responses = operation["responses"].as_object().unwrap();
            let place = Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                statuses: responses.keys().map(|status| status.parse().unwrap()).collect(),
            };
            let before = operations.insert(id.to_owned(), place);
            assert!(before.is_none(), "two operations are called {id}");
        }
    }
    operations
}
