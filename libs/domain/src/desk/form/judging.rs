//! What is wrong with the values of a form.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{FIELDS_BYTES_MAX, Form, TextFormat, pointer};
use crate::{
    desk::explain::explain,
    fault::{Fault, FaultCode},
    instant,
    label::Label,
    messages::FaultText,
};

impl Form {
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
            faults.extend(self.list_faults(name, value));
        }
        for error in self.whole.iter_errors(&whole) {
            faults.extend(
                explain(&error, "/fields")
                    .into_iter()
                    .map(|fault| self.helped(fault)),
            );
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

    /// A value that is chosen from a list with a stream of its own, and is not there or is retired; of several, each.
    fn list_faults(&self, name: &str, value: &Value) -> Vec<Fault> {
        let Some(list) = self.fields.get(name).and_then(|field| field.list.as_ref()) else {
            return Vec::new();
        };
        let takes = |value: &Value| {
            let known = self.lists.get(list);
            value
                .as_str()
                .is_none_or(|id| known.is_some_and(|known| known.takes(id)))
        };
        let fault = |at: String| Fault::new(at, FaultText::NotInTheList { list: list.clone() });
        let items = value.as_array().into_iter().flatten().enumerate();
        let of_items = items
            .filter(|(_, item)| !takes(item))
            .map(|(index, _)| fault(format!("{}/{index}", pointer(name))));
        let whole = (!takes(value)).then(|| fault(pointer(name)));
        whole.into_iter().chain(of_items).collect()
    }

    /// The fault of a pattern in the words that the field has for it: people cannot read the pattern.
    fn helped(&self, fault: Fault) -> Fault {
        let name = fault.pointer.strip_prefix("/fields/").unwrap_or_default();
        let help = self.fields.get(name).and_then(|field| field.format_help.as_ref());
        match help {
            Some(help) if fault.text == FaultText::OtherForm => {
                let Label { fr, en } = help.clone();
                Fault::new(fault.pointer, FaultText::OtherFormThan { fr, en })
            }
            Some(_) | None => fault,
        }
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

/// Nothing that can be seen: null, a text of white space and invisible characters, a list of such texts.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => !text::is_filled_in(text),
        Value::Array(items) => !items.is_empty() && items.iter().all(is_blank),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn holds_control(value: &Value) -> bool {
    match value {
        Value::String(text) => text::has_control(text),
        Value::Array(items) => items.iter().any(holds_control),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
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
