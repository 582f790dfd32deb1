//! Forms: JSON Schema 2020-12, compiled once, with every fault named at once (seed 004 §2.5, F198).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use shapes::{ValidationError, ValidationErrorKind};

use crate::{
    account::profile::ADDRESS_CHARS_MAX,
    fault::{Fault, FaultCode},
    ids::PersonId,
    instant,
    messages::FaultText,
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
/// A field of at most so many characters is one line and may stand wherever a name does; a longer one may have several.
pub const LINE_CHARS_MAX: u64 = 254;
/// The only dialect of JSON Schema that forms are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Largest whole number that is kept as one: beyond it, a number written with a fraction may stand for its neighbour.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// A compiled form.
#[derive(Debug)]
pub struct Form {
    schema: Value,
    whole: shapes::Validator,
    fields: BTreeMap<String, Field>,
}

/// What the product itself reads of a field's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    owner: Owner,
    format: TextFormat,
    is_line: bool,
    declared: bool,
}

/// A text whose form is checked beyond what the schema's validator checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextFormat {
    Any,
    DateTime,
    Date,
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
    /// that cannot be one, nested objects, unknown `x-personal`, `x-open` or
    /// `x-declared`.
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
        faults.extend(declared_faults(schema));
        let mut fields = BTreeMap::new();
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
                    match field_of(property) {
                        Ok(field) => {
                            fields.insert(name.clone(), field);
                        }
                        Err(fault) => faults.push(format!("field {name}: {fault}")),
                    }
                }
            }
        }
        match shapes::alone(schema) {
            Ok(whole) if faults.is_empty() => Ok(Form {
                schema: schema.clone(),
                whole,
                fields,
            }),
            Ok(_) => Err(faults),
            Err(error) => {
                faults.push(error);
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
        let mut faults = Vec::new();
        if whole.to_string().len() > FIELDS_BYTES_MAX {
            faults.push(Fault::new(
                "/fields",
                FaultText::FieldsBytesMax {
                    max: FIELDS_BYTES_MAX,
                },
            ));
        }
        for (name, value) in fields {
            if !is_flat(value) {
                faults.push(Fault::new(pointer(name), FaultText::NotScalar));
            } else if holds_control(value) {
                faults.push(Fault::new(pointer(name), FaultText::ControlCharacters));
            }
            if value.is_null() {
                faults.push(Fault::new(pointer(name), FaultText::IsNull));
            }
            faults.extend(self.line_faults(name, value));
            faults.extend(self.format_faults(name, value));
        }
        for error in self.whole.iter_errors(&whole) {
            faults.extend(explain(&error, "/fields"));
        }
        faults.extend(self.not_filled_in(fields));
        tidy(&mut faults);
        faults
    }

    /// What the form asks for and is there without being filled in. The form judges the fields without the blank ones, so
    /// that its conditional rules do not take them for given either.
    fn not_filled_in(&self, fields: &Map<String, Value>) -> Vec<Fault> {
        let filled: Map<String, Value> = fields
            .iter()
            .filter(|(_, value)| !is_blank(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if filled.len() == fields.len() {
            return Vec::new();
        }
        let filled = Value::Object(filled);
        let errors = self.whole.iter_errors(&filled);
        errors
            .flat_map(|error| explain(&error, "/fields"))
            .filter(|fault| fault.code() == FaultCode::Required)
            .collect()
    }

    /// What a text of this field holds that does not belong on its line, or that nobody sees.
    fn line_faults(&self, name: &str, value: &Value) -> Option<Fault> {
        let fault = |detail| Some(Fault::new(pointer(name), detail));
        if value.as_str().is_some_and(|text| !text.is_empty()) && is_blank(value) {
            return fault(FaultText::NothingVisible);
        }
        let is_line = self.fields.get(name).is_some_and(|field| field.is_line);
        if is_line && value.as_str().is_some_and(|text| !text::is_name(text)) {
            return fault(FaultText::NotALine);
        }
        None
    }

    /// What a text of this field should have been; of a list, each of its items.
    fn format_faults(&self, name: &str, value: &Value) -> Vec<Fault> {
        let format = self
            .fields
            .get(name)
            .map_or(TextFormat::Any, |field| field.format);
        let (holds, text): (fn(&str) -> bool, _) = match format {
            TextFormat::Any => return Vec::new(),
            TextFormat::DateTime => (|text| instant::canonical(text).is_some(), FaultText::NotADateTime),
            TextFormat::Date => (|text| instant::date(text).is_some(), FaultText::NotADate),
        };
        let judged = |at: String, value: &Value| {
            let misses = value.as_str().is_some_and(|value| !holds(value));
            misses.then(|| Fault::new(at, text.clone()))
        };
        let items = value.as_array().into_iter().flatten().enumerate();
        let of_items = items.filter_map(|(index, item)| judged(format!("{}/{index}", pointer(name)), item));
        judged(pointer(name), value).into_iter().chain(of_items).collect()
    }

    /// The fields as they are kept: a whole number without a fraction (`1.0` and `1e0` are `1`), a date-time with a capital
    /// `T` and `Z`. Values that no event of today holds are read as they were stored.
    #[must_use]
    pub fn canonical(&self, fields: Map<String, Value>) -> Map<String, Value> {
        let keep = |(name, value): (String, Value)| {
            let format = self.fields.get(&name).map(|field| field.format);
            let value = canonical_value(value, format == Some(TextFormat::DateTime));
            (name, value)
        };
        fields.into_iter().map(keep).collect()
    }

    /// Is this field a part of the declaration, which stays as it was when the ticket was opened (seed 001 §3.3.2)?
    #[must_use]
    pub fn is_declared(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|field| field.declared)
    }

    /// Is the ticket's description a part of the declaration?
    #[must_use]
    pub fn declares_description(&self) -> bool {
        self.schema.get(DECLARED).is_some()
    }

    /// Is this the name of one of its fields?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
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
            let subject = match self.fields.get(&name).map(|field| field.owner) {
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
        fields.keys().any(|name| {
            self.fields
                .get(name)
                .is_some_and(|field| field.owner == Owner::Customer)
        })
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

/// The keyword of what is declared once: `true` on a field, `["description"]` on the form.
const DECLARED: &str = "x-declared";

fn declared_faults(schema: &Value) -> Option<String> {
    let declared = schema.get(DECLARED)?;
    let is_known = *declared == serde_json::json!(["description"]);
    (!is_known).then(|| "x-declared of a form is [\"description\"]".to_owned())
}

fn field_of(property: &Value) -> Result<Field, String> {
    let owner = owner_of(property)?;
    let of_items = property.get("items").and_then(|items| items.get("format"));
    let format = property.get("format").or(of_items).and_then(Value::as_str);
    let declared = match property.get(DECLARED) {
        None => false,
        Some(Value::Bool(declared)) => *declared,
        Some(_) => return Err("x-declared is true or false".to_owned()),
    };
    Ok(Field {
        owner,
        format: match format {
            Some("date-time") => TextFormat::DateTime,
            Some("date") => TextFormat::Date,
            Some(_) | None => TextFormat::Any,
        },
        is_line: property
            .get("maxLength")
            .and_then(Value::as_u64)
            .is_some_and(|length| length <= LINE_CHARS_MAX),
        declared,
    })
}

/// Nothing that can be seen: null, a text of white space and invisible characters, a list of such texts.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => !text::is_filled_in(text),
        Value::Array(items) => !items.is_empty() && items.iter().all(is_blank),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn canonical_value(value: Value, is_date_time: bool) -> Value {
    match value {
        Value::Number(number) => whole(&number).map_or(Value::Number(number), Value::from),
        Value::String(text) if is_date_time => Value::String(instant::canonical(&text).unwrap_or(text)),
        Value::Array(items) => {
            let items = items.into_iter().map(|item| canonical_value(item, is_date_time));
            Value::Array(items.collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Object(_) => value,
    }
}

/// The whole number that a number with a fraction or an exponent stands for.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let value = number.as_f64().filter(|_| number.is_f64())?;
    (value.fract() == 0.0 && value.abs() <= WHOLE_MAX).then_some(value as i64)
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

fn is_name(name: &str) -> bool {
    (1..=FIELD_NAME_BYTES_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name as a JSON pointer writes it (RFC 6901).
#[must_use]
pub fn escaped(name: &str) -> String {
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
        .filter(|fault| fault.code() == FaultCode::Required)
        .map(|fault| fault.pointer.clone())
        .collect();
    faults.retain(|fault| fault.code() == FaultCode::Required || !missing.contains(&fault.pointer));
    faults.sort_by(|a, b| (&a.pointer, a.code().as_str()).cmp(&(&b.pointer, b.code().as_str())));
    faults.dedup_by(|a, b| a.pointer == b.pointer && a.code() == b.code());
}

fn holds_control(value: &Value) -> bool {
    match value {
        Value::String(text) => text::has_control(text),
        Value::Array(items) => items.iter().any(holds_control),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Every fault of a value against a schema; pointers start at `base`. For doors that check a request's shape.
#[must_use]
pub fn explained(schema: &shapes::Validator, value: &Value, base: &str) -> Vec<Fault> {
    schema
        .iter_errors(value)
        .flat_map(|error| explain(&error, base))
        .collect()
}

/// One schema error as faults. No text repeats the value, which may be personal, or the pattern, which people cannot read.
fn explain(error: &ValidationError<'_>, base: &str) -> Vec<Fault> {
    let at = format!("{base}{}", error.instance_path());
    let limit_of = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum, which grows")]
    let text = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            return vec![Fault::required(format!("{at}/{}", escaped(name)))];
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let unknown =
                |name: &String| Fault::new(format!("{at}/{}", escaped(name)), FaultText::NotKnownHere);
            return unexpected.iter().map(unknown).collect();
        }
        ValidationErrorKind::Type { .. } => FaultText::OtherType,
        ValidationErrorKind::MinLength { limit: 1 } => FaultText::EmptyText,
        ValidationErrorKind::MinLength { limit } => FaultText::CharsMin {
            min: limit_of(*limit),
        },
        ValidationErrorKind::MaxLength { limit } => FaultText::CharsMax {
            max: limit_of(*limit),
        },
        ValidationErrorKind::MaxItems { limit } => FaultText::ItemsMax {
            max: limit_of(*limit),
        },
        ValidationErrorKind::Enum { options } => {
            FaultText::one_of(options.as_array().into_iter().flatten().map(shown))
        }
        ValidationErrorKind::Constant { expected_value } => FaultText::NotTheValue {
            value: shown(expected_value),
        },
        ValidationErrorKind::Pattern { .. } => FaultText::OtherForm,
        ValidationErrorKind::Format { format } => match format.as_str() {
            "date" => FaultText::NotADate,
            "date-time" => FaultText::NotAnInstant,
            "email" => FaultText::NotAnAddress {
                max: ADDRESS_CHARS_MAX,
            },
            _ => FaultText::OtherForm,
        },
        _ => FaultText::OutsideTheForm,
    };
    vec![Fault::new(at, text)]
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
