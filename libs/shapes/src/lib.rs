//! What JSON must look like: the schemas of one document, compiled.
//!
//! The library is generic over how JSON is held, so whoever builds a validator with it compiles most of it once more. Here that
//! costs little: in a release both are optimised so little (`Cargo.toml`) that one takes what the other has compiled.

use std::error::Error;

use jsonschema::{Draft, Registry};
pub use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};

/// A format of texts: its name, and whether a text has it.
pub type Format = (&'static str, fn(&str) -> bool);

/// Compiles the schemas that lie at these JSON pointers of a document, one after the other. They may refer to each other, by the
/// name of the document. Texts are held to the formats that their schemas name.
///
/// # Errors
/// When one of them is no schema.
pub fn compile(
    name: &str,
    document: &Value,
    pointers: &[String],
    formats: &[Format],
) -> Result<Vec<Validator>, Box<dyn Error + Send + Sync>> {
    let registry = Registry::new().add(name, document)?.prepare()?;
    let mut options = jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true);
    for (format, has) in formats {
        options = options.with_format(*format, *has);
    }
    let compiled = pointers.iter().map(|pointer| {
        let schema = json!({"$ref": format!("{name}#{pointer}")});
        Ok(options.build(&schema)?)
    });
    compiled.collect()
}

/// Compiles one schema that stands alone, of JSON Schema 2020-12, which names what texts must be like.
///
/// # Errors
/// When it is no schema, in words.
pub fn alone(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true);
    options.build(schema).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_refer_to_each_other_and_texts_are_held_to_their_formats() {
        let document = json!({
            "one": {"type": "object", "properties": {"two": {"$ref": "urn:a#/two"}}},
            "two": {"type": "string", "format": "even"},
        });
        let even: Format = ("even", |text| text.len().is_multiple_of(2));
        let pointers = ["/one", "/two"].map(str::to_owned);
        let compiled = compile("urn:a", &document, &pointers, &[even]).unwrap();
        assert!(compiled[0].is_valid(&json!({"two": "ab"})));
        assert!(!compiled[0].is_valid(&json!({"two": "abc"})));
        assert!(!compiled[1].is_valid(&json!(2)));
        assert!(compile("urn:a", &document, &["/three".to_owned()], &[]).is_err());
    }
}
