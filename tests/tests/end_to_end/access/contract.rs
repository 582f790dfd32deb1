//! The operations of the contract, as the server serves it.

use std::collections::BTreeMap;

use guichet_tests::client::Client;
use reqwest::Method;

/// Where an operation is.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// With its parameters in braces.
    pub(super) path: String,
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
            let method = method.to_uppercase().parse().unwrap();
            let path = path.clone();
            let before = operations.insert(id.to_owned(), Operation { method, path });
            assert!(before.is_none(), "two operations are called {id}");
        }
    }
    operations
}
