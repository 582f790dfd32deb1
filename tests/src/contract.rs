//! The contract, as a server serves it or as the binary prints it.

use std::{fs, path::Path, process::Command};

use reqwest::Method;
use serde_json::Value;

use crate::{client::Client, home::guichet};

/// The whole document.
#[derive(Debug, Clone)]
pub struct Contract(pub Value);

/// An operation of it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: String,
    /// The operation as the document has it.
    pub declared: Value,
}

impl Contract {
    /// The one that a server serves.
    #[must_use]
    pub fn served(nobody: &Client) -> Contract {
        Contract(nobody.get("/openapi.json").expect(200))
    }

    /// The one that the binary prints.
    ///
    /// # Panics
    /// When it prints none.
    #[must_use]
    pub fn printed() -> Contract {
        let printed = Command::new(guichet()).arg("openapi").output().unwrap();
        assert!(printed.status.success());
        Contract(yaml_serde::from_slice(&printed.stdout).unwrap())
    }

    /// One that was kept in a file.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn read(file: &Path) -> Contract {
        let text = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Contract(yaml_serde::from_slice(&text).unwrap())
    }

    /// Every operation.
    ///
    /// # Panics
    /// When the document has another form.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().unwrap();
        let of_path = |(path, methods): (&String, &Value)| {
            let path = path.clone();
            let methods = methods.as_object().unwrap().clone().into_iter();
            methods.filter_map(move |(method, declared)| {
                let id = declared["operationId"].as_str()?.to_owned();
                let (method, path) = (method.to_uppercase().parse().unwrap(), path.clone());
                Some(Operation {
                    id,
                    method,
                    path,
                    declared,
                })
            })
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// What a `$ref` points to; the value itself where it is none.
    ///
    /// # Panics
    /// When it points to nothing.
    #[must_use]
    pub fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let place = reference
            .strip_prefix('#')
            .and_then(|place| self.0.pointer(place));
        place.unwrap_or_else(|| panic!("{reference} points to nothing"))
    }

    /// How an operation says that it answers with a status, ranges left aside.
    #[must_use]
    pub fn response<'a>(&'a self, operation: &'a Operation, status: u16) -> Option<&'a Value> {
        let response = operation.declared["responses"].get(status.to_string());
        response.map(|response| self.resolved(response))
    }

    /// The codes of problems that an operation says it may answer with a status.
    #[must_use]
    pub fn codes<'a>(&'a self, operation: &'a Operation, status: u16) -> Vec<&'a str> {
        let Some(response) = self.response(operation, status) else {
            return Vec::new();
        };
        let problem = self.resolved(&response["content"]["application/problem+json"]["schema"]);
        let codes = problem["allOf"][1]["properties"]["code"]["enum"].as_array();
        codes.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The example of the body that an operation takes; `None` when it takes none in JSON.
    #[must_use]
    pub fn body<'a>(&'a self, operation: &'a Operation) -> Option<&'a Value> {
        let schema = operation
            .declared
            .pointer("/requestBody/content/application~1json/schema")?;
        self.resolved(schema).get("example")
    }
}

impl Operation {
    /// The statuses that it says it answers with, ranges left aside.
    ///
    /// # Panics
    /// When the document has another form.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let responses = self.declared["responses"].as_object().unwrap();
        responses
            .keys()
            .filter_map(|status| status.parse().ok())
            .collect()
    }

    /// Must somebody be signed in?
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        let security = &self.declared["security"];
        security.is_null() || security[0].get("bearer").is_some()
    }
}
