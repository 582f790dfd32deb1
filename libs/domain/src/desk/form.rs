//! Forms: JSON Schema 2020-12, compiled once, with every fault named at once (seed 004 §2.5, F198).

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Map, Value};

use crate::{
    fault::{Fault, FaultCode},
    ids::PersonId,
    personal::Personal,
    ticket::event::FieldValue,
};

/// How many bytes of JSON all fields of one request may hold. With the longest summary and a short description they
/// fit one record of the log, sealed (design §4.3).
pub const FIELDS_BYTES_MAX: usize = 12 * 1024;
/// How many fields a form may have: each sealed value costs some 200 bytes more than it holds.
pub const FIELDS_MAX: usize = 64;
/// Longest name of a field, bytes.
pub const FIELD_NAME_BYTES_MAX: usize = 63;
/// The only dialect of JSON Schema that forms are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A compiled form.
#[derive(Debug)]
pub struct Form {
    schema: Value,
    whole: jsonschema::Validator,
    owners: BTreeMap<String, Owner>,
}

/// Whose value a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Nobody's: stored open.
    Nobody,
    /// The requester's.
    Requester,
    /// The end customer's, a person minted per ticket.
    Customer,
}

impl Form {
    /// Compiles a schema.
    ///
    /// # Errors
    /// Every fault of the schema, in words: not a schema of this dialect, not a closed object with `properties`, a name
    /// that cannot be one, nested objects, unknown `x-personal` or `x-open`.
    pub fn compile(schema: &Value) -> Result<Form, Vec<String>> {
        let mut faults = Vec::new();
        if schema.get("$schema").is_some_and(|dialect| dialect != DIALECT) {
            faults.push(format!("its $schema is not {DIALECT}"));
        }
        let closed = ["additionalProperties", "unevaluatedProperties"];
        if !closed
            .iter()
            .any(|word| schema.get(word) == Some(&Value::Bool(false)))
        {
            faults.push(
                "a form says `additionalProperties: false`, or a misspelt field would be kept".to_owned(),
            );
        }
        let mut owners = BTreeMap::new();
        match schema.get("properties").and_then(Value::as_object) {
            None => faults.push("a form is an object schema with `properties`".to_owned()),
            Some(properties) if properties.len() > FIELDS_MAX => {
                faults.push(format!("a form has at most {FIELDS_MAX} fields"));
            }
            Some(properties) => {
                for (name, property) in properties {
                    if !is_name(name) {
                        faults.push(format!(
                            "field {name:?}: a name is letters, digits and _, a letter first"
                        ));
                    }
                    match owner_of(property) {
                        Ok(owner) => {
                            owners.insert(name.clone(), owner);
                        }
                        Err(fault) => faults.push(format!("field {name}: {fault}")),
                    }
                }
            }
        }
        match options().should_validate_formats(true).build(schema) {
            Ok(whole) if faults.is_empty() => Ok(Form {
                schema: schema.clone(),
                whole,
                owners,
            }),
            Ok(_) => Err(faults),
            Err(error) => {
                faults.push(error.to_string());
                Err(faults)
            }
        }
    }

    /// The schema, as frontends render it.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The names of the fields that are always mandatory.
    #[must_use]
    pub fn required(&self) -> BTreeSet<String> {
        let names = self.schema.get("required").and_then(Value::as_array);
        names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Every fault of these fields; pointers start with `/fields`.
    #[must_use]
    pub fn faults(&self, fields: &Map<String, Value>) -> Vec<Fault> {
        let whole = Value::Object(fields.clone());
        let mandatory = self.required();
        let mut faults = Vec::new();
        if whole.to_string().len() > FIELDS_BYTES_MAX {
            let detail = format!("all fields together hold at most {FIELDS_BYTES_MAX} bytes of JSON");
            faults.push(Fault::new("/fields", FaultCode::Length, detail));
        }
        for (name, value) in fields {
            if !is_flat(value) {
                faults.push(Fault::new(
                    pointer(name),
                    FaultCode::Type,
                    "is a scalar or a list of scalars",
                ));
            } else if holds_control(value) {
                faults.push(Fault::new(
                    pointer(name),
                    FaultCode::Format,
                    "holds control characters",
                ));
            }
            if value.is_null() {
                faults.push(Fault::new(
                    pointer(name),
                    FaultCode::Type,
                    "is null: leave it out instead",
                ));
            }
            let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
            if (blank || value.is_null()) && mandatory.contains(name) {
                faults.push(Fault::required(pointer(name)));
            }
        }
        for error in self.whole.iter_errors(&whole) {
            faults.extend(explain(&error, "/fields"));
        }
        tidy(&mut faults);
        faults
    }

    /// Is this the name of one of its fields?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.owners.contains_key(name)
    }

    /// The fields as an event keeps them: personal ones marked with their subject.
    #[must_use]
    pub fn marked(
        &self,
        fields: Map<String, Value>,
        requester: PersonId,
        customer: PersonId,
    ) -> BTreeMap<String, FieldValue> {
        let mark = |(name, value): (String, Value)| {
            let subject = match self.owners.get(&name) {
                Some(Owner::Nobody) => None,
                Some(Owner::Customer) => Some(customer),
                Some(Owner::Requester) | None => Some(requester),
            };
            let value = match subject {
                Some(subject) => FieldValue::Personal(Personal::new(subject, value)),
                None => FieldValue::Open(value),
            };
            (name, value)
        };
        fields.into_iter().map(mark).collect()
    }

    /// Does any of these fields belong to an end customer?
    #[must_use]
    pub fn names_customer(&self, fields: &Map<String, Value>) -> bool {
        fields
            .keys()
            .any(|name| self.owners.get(name) == Some(&Owner::Customer))
    }
}

/// Scalars and lists of scalars: what a field may hold, so that no value can be taken for the mark of a sealed one.
fn is_flat(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| !item.is_array() && !item.is_object()),
        Value::Object(_) => false,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Free text is sealed by default; `x-personal` says for whom, `x-open` that it names nobody. Codes, dates, numbers
/// and booleans are open unless `x-personal` says otherwise.
fn owner_of(property: &Value) -> Result<Owner, String> {
    if !property.is_object() {
        return Err("is no object schema".to_owned());
    }
    if property.get("properties").is_some() || property.get("type").is_some_and(|kind| kind == "object") {
        return Err("nested objects are not supported".to_owned());
    }
    let open = match property.get("x-open") {
        None => false,
        Some(Value::Bool(open)) => *open,
        Some(_) => return Err("x-open is true or false".to_owned()),
    };
    if open && property.get("x-personal").is_some() {
        return Err("x-open and x-personal contradict each other".to_owned());
    }
    match property.get("x-personal").map(Value::as_str) {
        Some(Some("requester")) => return Ok(Owner::Requester),
        Some(Some("customer")) => return Ok(Owner::Customer),
        Some(_) => return Err("x-personal is `requester` or `customer`".to_owned()),
        None => {}
    }
    let open = open
        || property.get("enum").is_some()
        || property.get("const").is_some()
        || matches!(
            property.get("type").and_then(Value::as_str),
            Some("integer" | "number" | "boolean")
        )
        || matches!(
            property.get("format").and_then(Value::as_str),
            Some("date-time" | "date" | "duration")
        );
    Ok(if open { Owner::Nobody } else { Owner::Requester })
}

fn options() -> jsonschema::ValidationOptions<'static> {
    jsonschema::options().with_draft(jsonschema::Draft::Draft202012)
}

fn is_name(name: &str) -> bool {
    (1..=FIELD_NAME_BYTES_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The place of a field in a request, as a JSON pointer (RFC 6901).
#[must_use]
pub fn pointer(name: &str) -> String {
    format!("/fields/{}", escaped(name))
}

/// Sorts faults by place, each kind once per place. A value that is not filled in has no other fault.
pub(crate) fn tidy(faults: &mut Vec<Fault>) {
    let missing: BTreeSet<String> = faults
        .iter()
        .filter(|fault| fault.code == FaultCode::Required)
        .map(|fault| fault.pointer.clone())
        .collect();
    faults.retain(|fault| fault.code == FaultCode::Required || !missing.contains(&fault.pointer));
    faults.sort_by(|a, b| (&a.pointer, a.code.as_str()).cmp(&(&b.pointer, b.code.as_str())));
    faults.dedup_by(|a, b| a.pointer == b.pointer && a.code == b.code);
}

fn holds_control(value: &Value) -> bool {
    match value {
        Value::String(text) => crate::ticket::text::has_control(text),
        Value::Array(items) => items.iter().any(holds_control),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Every fault of a value against a schema; pointers start at `base`. For doors that check a request's shape.
#[must_use]
pub fn explained(schema: &jsonschema::Validator, value: &Value, base: &str) -> Vec<Fault> {
    schema
        .iter_errors(value)
        .flat_map(|error| explain(&error, base))
        .collect()
}

/// One schema error as faults; details never repeat the value, which may be personal.
fn explain(error: &ValidationError<'_>, base: &str) -> Vec<Fault> {
    let at = format!("{base}{}", error.instance_path());
    let one = |code, detail: String| vec![Fault::new(at.clone(), code, detail)];
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum, which grows")]
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::required(format!("{at}/{}", escaped(name)))]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let pointer = format!("{at}/{}", escaped(name));
                Fault::new(pointer, FaultCode::Unknown, "is not known here")
            })
            .collect(),
        ValidationErrorKind::Type { .. } => one(FaultCode::Type, "has another JSON type".to_owned()),
        ValidationErrorKind::MinLength { limit: 1 } => {
            one(FaultCode::Length, "is empty: leave it out instead".to_owned())
        }
        ValidationErrorKind::MinLength { limit } => {
            one(FaultCode::Length, format!("is shorter than {limit} characters"))
        }
        ValidationErrorKind::MaxLength { limit } => {
            one(FaultCode::Length, format!("is longer than {limit} characters"))
        }
        ValidationErrorKind::Enum { options } => one(FaultCode::Value, format!("is not one of {options}")),
        ValidationErrorKind::Constant { expected_value } => {
            one(FaultCode::Value, format!("is not {expected_value}"))
        }
        ValidationErrorKind::Pattern { pattern } => {
            one(FaultCode::Format, format!("does not match {pattern}"))
        }
        ValidationErrorKind::Format { format } => one(FaultCode::Format, format!("is not a {format}")),
        _ => one(
            FaultCode::Value,
            format!("does not follow the form at {}", error.schema_path()),
        ),
    }
}
