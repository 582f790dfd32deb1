//! A form as JSON Schema 2020-12: the one that judges values, and the one that a frontend renders in a language.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::{
    definition::{Choice, DeskDefinition, FormDefinition},
    field::Field,
    form::DIALECT,
};
use crate::label::{Label, Language};

/// JSON whose members are written in their own order: people fill a form in from its top.
#[derive(Debug, Clone, PartialEq)]
pub enum Ordered {
    /// Any value, its members by name.
    Value(Value),
    /// An object, its members in this order.
    Object(Vec<(String, Ordered)>),
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Ordered::Value(value) => value.serialize(serializer),
            Ordered::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, member) in members {
                    map.serialize_entry(name, member)?;
                }
                map.end()
            }
        }
    }
}

/// The schema that values of a form are judged by.
pub(super) fn judging(desk: &DeskDefinition, form: &FormDefinition) -> Value {
    let property = |(key, field): (&str, &Field)| {
        let mut property = field.schema.clone();
        if let Some(choices) = desk.choices_here(field) {
            let ids = choices.map(|choice| field.value(&choice.id)).collect();
            set_of_one(&mut property, "enum", ids);
        } else if field.list.is_some() {
            // What stands apart is looked up by what is a text.
            set_of_one(&mut property, "type", json!(field.kind()));
        }
        (field.name(key).to_owned(), Value::Object(property))
    };
    let mut schema = Map::from_iter([
        ("$schema".to_owned(), json!(DIALECT)),
        ("type".to_owned(), json!("object")),
        (
            "properties".to_owned(),
            Value::Object(desk.fields_of(form).map(property).collect()),
        ),
    ]);
    schema.extend(between(form));
    Value::Object(schema)
}

/// The schema as a frontend renders it: titles, help and labels in one language, fields in the order of the form. `title` and `help`
/// are the form's own.
#[must_use]
pub fn served(
    desk: &DeskDefinition,
    form: &FormDefinition,
    (title, help): (&Label, Option<&Label>),
    language: Language,
) -> Ordered {
    let member = |name: &str, value: Value| (name.to_owned(), Ordered::Value(value));
    let names: Vec<&str> = desk.fields_of(form).map(|(key, field)| field.name(key)).collect();
    let properties = desk.fields_of(form).map(|(key, field)| {
        let property = Ordered::Object(property(desk, field, language));
        (field.name(key).to_owned(), property)
    });
    let mut members = vec![
        member("$schema", json!(DIALECT)),
        member("title", json!(title.text(language))),
    ];
    members.extend(help.map(|help| member("description", json!(help.text(language)))));
    members.extend([
        member("type", json!("object")),
        member("x-order", json!(names)),
        ("properties".to_owned(), Ordered::Object(properties.collect())),
    ]);
    members.extend(
        between(form)
            .into_iter()
            .map(|(name, value)| member(&name, value)),
    );
    if form.declares_description {
        members.push(member("x-declared", json!(["description"])));
    }
    Ordered::Object(members)
}

/// A property with what people read.
fn property(desk: &DeskDefinition, field: &Field, language: Language) -> Vec<(String, Ordered)> {
    let mut schema = field.schema.clone();
    schema.entry("type").or_insert_with(|| json!("string"));
    if let Some(choices) = desk.choices_here(field) {
        let labelled = choices.map(|choice| labelled(field, choice, language)).collect();
        set_of_one(&mut schema, "oneOf", labelled);
    }
    let mut told = vec![("title".to_owned(), json!(field.title.text(language)))];
    let text = |label: &Label| json!(label.text(language));
    told.extend(
        field
            .help
            .as_ref()
            .map(|help| ("description".to_owned(), text(help))),
    );
    told.extend(schema);
    told.push(("x-widget".to_owned(), json!(field.shown_as().as_str())));
    if let Some(list) = desk.list_apart(field) {
        let address = format!("/v1/desks/{}/lists/{list}/values", desk.key);
        told.push(("x-list".to_owned(), json!(address)));
    }
    told.extend(
        field
            .format_help
            .as_ref()
            .map(|help| ("x-format-help".to_owned(), text(help))),
    );
    told.extend(kept(field));
    told.into_iter()
        .map(|(name, value)| (name, Ordered::Value(value)))
        .collect()
}

/// What holds between the fields, and of the form as a whole.
fn between(form: &FormDefinition) -> Map<String, Value> {
    let mut schema = form.rules.clone();
    if !form.required.is_empty() {
        schema.insert("required".to_owned(), json!(form.required));
    }
    // The first edition could close its forms with the other word, so that a rule of theirs might open them.
    if !schema.contains_key("unevaluatedProperties") {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    schema
}

/// Whose the value is and what it means, as keywords.
fn kept(field: &Field) -> Map<String, Value> {
    let words = [
        ("x-personal", field.personal.map(|whose| json!(whose.as_str()))),
        ("x-open", field.open.then_some(json!(true))),
        ("x-declared", field.declared.then_some(json!(true))),
        ("x-lookup", field.lookup.then_some(json!(true))),
        ("x-meaning", field.meaning.map(|meaning| json!(meaning.as_str()))),
    ];
    words
        .into_iter()
        .filter_map(|(word, value)| Some((word.to_owned(), value?)))
        .collect()
}

/// Says something of one value: of the schema itself, or of the items of a list.
fn set_of_one(schema: &mut Map<String, Value>, word: &str, value: Value) {
    let is_list = schema.get("type").is_some_and(|kind| kind == "array");
    if !is_list {
        schema.insert(word.to_owned(), value);
    } else if let Value::Object(items) = schema.entry("items").or_insert_with(|| json!({})) {
        items.insert(word.to_owned(), value);
    }
}

/// A value to choose, with its label.
fn labelled(field: &Field, choice: &Choice, language: Language) -> Value {
    let mut of = json!({"const": field.value(&choice.id), "title": choice.label.text(language)});
    if let Some(help) = &choice.help {
        of["description"] = json!(help.text(language));
    }
    of
}
