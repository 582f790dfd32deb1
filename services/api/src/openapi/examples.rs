//! Examples of answers. Those of refusals stand in the pages of their problems; the others were answered in a story that a test tells
//! (`tests/tests/end_to_end/examples.rs`).

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{
    RefOr,
    example::{Example, ExampleBuilder},
    path::Operation,
};

use crate::refusal::Kind;

/// What was answered, by operation and status.
const ANSWERED: &str = include_str!("../../../../openapi/examples.json");

/// What was answered.
pub(super) struct Answered(BTreeMap<String, Value>);

impl Answered {
    pub(super) fn read() -> Answered {
        // A test reads it too.
        Answered(serde_json::from_str(ANSWERED).unwrap_or_default())
    }

    /// Shows each answer of an operation that the story has made.
    pub(super) fn show(&self, id: &str, operation: &mut Operation) {
        for (status, response) in &mut operation.responses.responses {
            let (Some(example), RefOr::T(response)) = (self.0.get(&format!("{id} {status}")), response)
            else {
                continue;
            };
            let json = response
                .content
                .iter_mut()
                .find(|(media_type, _)| media_type.ends_with("json"));
            if let Some((_, RefOr::T(content))) = json {
                content.example = Some(example.clone());
            }
        }
    }
}

/// The example of each of these problems, as its page has it.
pub(super) fn of_problems(kinds: &[&Kind]) -> Vec<(String, RefOr<Example>)> {
    let example = |kind: &&Kind| {
        let (_, after) = kind.page.split_once("```json\n")?;
        let (json, _) = after.split_once("```")?;
        let value: Value = serde_json::from_str(json).ok()?;
        let example = ExampleBuilder::new().value(Some(value)).build();
        Some((kind.code.to_owned(), example.into()))
    };
    kinds.iter().filter_map(example).collect()
}
