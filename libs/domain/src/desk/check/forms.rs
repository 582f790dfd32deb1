//! Are the fields, forms and value lists of a definition whole?

use std::collections::BTreeSet;

use crate::desk::{
    definition::{DeskDefinition, FormDefinition, ValueList},
    field::Field,
    form::{Form, is_name},
    lists::LongList,
};

/// How many values a list may have that stands in the definition; a longer one stands apart.
pub const VALUES_HERE_MAX: usize = 50;

/// Keywords of JSON Schema that say what holds between fields.
const RULES: [&str; 12] = [
    "allOf",
    "anyOf",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxProperties",
    "minProperties",
    "not",
    "oneOf",
    "then",
    // Of the first edition only.
    "unevaluatedProperties",
];

pub(super) fn faults(desk: &DeskDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for (whence, form) in forms(desk) {
        used.extend(&form.fields);
        let of_form = form_faults(desk, form).into_iter();
        faults.extend(of_form.map(|fault| format!("the form of {whence}: {fault}")));
    }
    for (key, field) in &desk.fields {
        if !used.contains(key) {
            faults.push(format!("the field {key} belongs to no form"));
        }
        let of_field = field_faults(desk, field).into_iter();
        faults.extend(of_field.map(|fault| format!("field {key}: {fault}")));
    }
    for (name, list) in &desk.value_lists {
        faults.extend(list_faults(desk, name, list));
    }
    faults
}

/// Every form with the words that say where it stands.
fn forms(desk: &DeskDefinition) -> impl Iterator<Item = (String, &FormDefinition)> {
    let of_types = desk.types.iter().map(|of| (format!("type {}", of.id), &of.form));
    let of_transitions = desk
        .transitions
        .iter()
        .filter_map(|of| Some((format!("transition {}", of.id), of.form.as_ref()?)));
    of_types.chain(of_transitions)
}

fn form_faults(desk: &DeskDefinition, form: &FormDefinition) -> Vec<String> {
    let mut faults = Vec::new();
    let unknown = form.fields.iter().filter(|key| !desk.fields.contains_key(*key));
    faults.extend(unknown.map(|key| format!("the desk has no field {key}")));
    let mut names = BTreeSet::new();
    for (key, field) in desk.fields_of(form) {
        if !names.insert(field.name(key)) {
            faults.push(format!("two of its fields are called {}", field.name(key)));
        }
    }
    let absent = form.required.iter().filter(|name| !names.contains(name.as_str()));
    faults.extend(absent.map(|name| format!("it requires {name}, which is none of its fields")));
    let other = form.rules.keys().filter(|word| !RULES.contains(&word.as_str()));
    faults.extend(other.map(|word| format!("{word} is no rule between fields")));
    if desk.fields_of(form).filter(|(_, field)| field.lookup).count() > 1 {
        faults.push("tickets are found by one field at most".to_owned());
    }
    faults.extend(Form::compile(desk, form).err().into_iter().flatten());
    faults
}

fn field_faults(desk: &DeskDefinition, field: &Field) -> Vec<String> {
    let mut faults = Vec::new();
    let told = |word: &&String| matches!(word.as_str(), "title" | "description") || word.starts_with("x-");
    let told = field.schema.keys().filter(told);
    faults.extend(told.map(|word| format!("{word} has an attribute of its own, outside the schema")));
    let Some(name) = &field.list else {
        return faults;
    };
    if field.of_one().contains_key("enum") {
        faults.push("its values are those of its list, so its schema has no enum".to_owned());
    }
    let Some(list) = desk.value_lists.get(name) else {
        faults.push(format!("the desk has no list {name}"));
        return faults;
    };
    let is_number = |id: &str| id.parse::<i64>().is_ok_and(|number| number.to_string() == id);
    match field.kind() {
        "string" => {}
        "integer" if !list.apart => {
            let other = list.values.iter().filter(|choice| !is_number(&choice.id));
            faults.extend(other.map(|choice| format!("the value {} of its list is no integer", choice.id)));
        }
        _ => faults.push(
            "a value of its list is a text, or an integer of a list that does not stand apart".to_owned(),
        ),
    }
    faults
}

fn list_faults(desk: &DeskDefinition, name: &str, list: &ValueList) -> Vec<String> {
    let mut faults = Vec::new();
    if !desk
        .fields
        .values()
        .any(|field| field.list.as_deref() == Some(name))
    {
        faults.push(format!("the value list {name} belongs to no field"));
    }
    if !is_name(name) {
        faults.push(format!(
            "the value list {name:?}: a name is letters, digits and _, a letter first"
        ));
    }
    if list.apart && !list.values.is_empty() {
        faults.push(format!(
            "the value list {name} stands apart, so it has no values here"
        ));
    }
    if list.values.len() > VALUES_HERE_MAX {
        faults.push(format!(
            "the value list {name} has more than {VALUES_HERE_MAX} values, so it stands apart"
        ));
    }
    let tree = LongList::default().evolve(&list.values);
    for choice in &list.values {
        let parent = choice.parent.as_deref();
        if parent.is_some_and(|parent| tree.get(parent).is_none()) || tree.stands_too_deep(choice) {
            faults.push(format!(
                "the value {} of {name} stands under none of its values",
                choice.id
            ));
        }
    }
    faults
}
