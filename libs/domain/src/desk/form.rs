//! Forms: JSON Schema 2020-12, compiled once, with every fault named at once (seed 004 §2.5, F198).

mod judging;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    definition::{DeskDefinition, FormDefinition},
    field::{Field, Meaning, Whose},
    lists::LongList,
    schema,
};
use crate::{ids::PersonId, instant, label::Label, personal::Personal, ticket::event::FieldValue};

pub(crate) use judging::tidy;

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

/// A compiled form. Clones share what is compiled.
#[derive(Debug, Clone)]
pub struct Form {
    schema: Arc<Value>,
    whole: Arc<shapes::Validator>,
    fields: BTreeMap<String, Known>,
    lists: BTreeMap<String, Arc<LongList>>,
    declares_description: bool,
}

/// What the product itself reads of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    owner: Owner,
    format: TextFormat,
    format_help: Option<Label>,
    is_line: bool,
    declared: bool,
    list: Option<String>,
    meaning: Option<Meaning>,
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
    /// Compiles a form of a desk.
    ///
    /// # Errors
    /// Every fault, in words: a name that cannot be one, nested objects, what is no schema of JSON Schema 2020-12.
    pub fn compile(desk: &DeskDefinition, form: &FormDefinition) -> Result<Form, Vec<String>> {
        let mut faults = Vec::new();
        let mut fields = BTreeMap::new();
        if form.fields.len() > FIELDS_MAX {
            faults.push(format!("a form has at most {FIELDS_MAX} fields"));
        }
        for (key, field) in desk.fields_of(form) {
            let name = field.name(key);
            if !is_name(name) {
                faults.push(format!(
                    "field {name:?}: a name is letters, digits and _, a letter first"
                ));
            }
            match known(desk, field) {
                Ok(known) => {
                    fields.insert(name.to_owned(), known);
                }
                Err(fault) => faults.push(format!("field {name}: {fault}")),
            }
        }
        let schema = schema::judging(desk, form);
        match shapes::alone(&schema) {
            Ok(whole) if faults.is_empty() => Ok(Form {
                schema: Arc::new(schema),
                whole: Arc::new(whole),
                fields,
                lists: BTreeMap::new(),
                declares_description: form.declares_description,
            }),
            Ok(_) => Err(faults),
            Err(error) => {
                faults.push(error);
                Err(faults)
            }
        }
    }

    /// The same form once a list that has a stream of its own holds these values.
    pub(super) fn know(&mut self, name: &str, list: &Arc<LongList>) {
        if self
            .fields
            .values()
            .any(|field| field.list.as_deref() == Some(name))
        {
            self.lists.insert(name.to_owned(), list.clone());
        }
    }

    /// The name of the field that has this meaning, when one has.
    #[must_use]
    pub fn meaning(&self, meaning: Meaning) -> Option<&str> {
        let mut meant = self
            .fields
            .iter()
            .filter(|(_, field)| field.meaning == Some(meaning));
        meant.next().map(|(name, _)| name.as_str())
    }

    /// The schema that values are judged by.
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

    /// The names of the fields that may change once the ticket is opened.
    pub fn changeable(&self) -> impl Iterator<Item = &String> {
        let changeable = self.fields.iter().filter(|(_, field)| !field.declared);
        changeable.map(|(name, _)| name)
    }

    /// Is the ticket's description a part of the declaration?
    #[must_use]
    pub fn declares_description(&self) -> bool {
        self.declares_description
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

fn known(desk: &DeskDefinition, field: &Field) -> Result<Known, String> {
    let of_one = field.of_one();
    let nested = |schema: &Map<String, Value>| {
        schema.contains_key("properties") || schema.get("type").is_some_and(|kind| kind == "object")
    };
    if nested(&field.schema) || nested(of_one) {
        return Err("nested objects are not supported".to_owned());
    }
    if field.open && field.personal.is_some() {
        return Err("open and personal contradict each other".to_owned());
    }
    let length = field.schema.get("maxLength").and_then(Value::as_u64);
    Ok(Known {
        owner: owner(field),
        format: match of_one.get("format").and_then(Value::as_str) {
            Some("date-time") => TextFormat::DateTime,
            Some("date") => TextFormat::Date,
            Some(_) | None => TextFormat::Any,
        },
        format_help: field.format_help.clone(),
        is_line: length.is_some_and(|length| length <= LINE_CHARS_MAX),
        declared: field.declared,
        list: desk.list_apart(field).cloned(),
        meaning: field.meaning,
    })
}

/// Free text is sealed by default; the field says for whom, or that it names nobody. Choices, dates, numbers and booleans
/// are open unless it says whose they are.
fn owner(field: &Field) -> Owner {
    match field.personal {
        Some(Whose::Requester) => return Owner::Requester,
        Some(Whose::Customer) => return Owner::Customer,
        None => {}
    }
    let schema = &field.schema;
    let word = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let open = field.open
        || field.list.is_some()
        || schema.contains_key("enum")
        || schema.contains_key("const")
        || matches!(word("type"), Some("integer" | "number" | "boolean"))
        || matches!(word("format"), Some("date-time" | "date" | "duration"));
    if open { Owner::Nobody } else { Owner::Requester }
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

pub(super) fn is_name(name: &str) -> bool {
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
