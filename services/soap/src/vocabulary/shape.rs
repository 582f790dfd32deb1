//! How a file differs from the one shipped: every member at once, where a decoder names the first.

use toml::{Table, Value};

/// The table whose members everybody names for themselves: statuses of a desk.
const OPEN: &str = "states";

/// The members that are missing, of another kind, or not known.
pub(super) fn differences(own: &Table, model: &Table) -> Vec<String> {
    let mut found = Vec::new();
    compare("", own, model, &mut found);
    found
}

fn compare(prefix: &str, own: &Table, model: &Table, found: &mut Vec<String>) {
    for (name, wanted) in model {
        let place = format!("{prefix}{name}");
        match own.get(name) {
            None => found.push(format!("{place} is missing")),
            Some(given) if !given.same_type(wanted) => {
                found.push(format!("{place} is no {}", wanted.type_str()));
            }
            Some(given) => inside(&place, given, wanted, found),
        }
    }
    let unknown = own.keys().filter(|name| !model.contains_key(*name));
    found.extend(unknown.map(|name| format!("{prefix}{} is not known", text::shown(name, NAME_CHARS_MAX))));
}

/// Longest name of an unknown member that is repeated, characters.
const NAME_CHARS_MAX: usize = 80;

fn inside(place: &str, given: &Value, wanted: &Value, found: &mut Vec<String>) {
    match (given, wanted) {
        (Value::Table(given), Value::Table(_)) if place == OPEN => {
            let others = given.iter().filter(|(_, word)| !word.is_str());
            found.extend(others.map(|(name, _)| format!("{place}.{name} is no string")));
        }
        (Value::Table(given), Value::Table(wanted)) => {
            compare(&format!("{place}."), given, wanted, found);
        }
        (Value::Array(given), Value::Array(wanted)) => rows(place, given, wanted, found),
        (_, _) => {}
    }
}

/// The rows of a list, counted from 1: what every row of the model has is needed, what one has may be there.
fn rows(place: &str, given: &[Value], wanted: &[Value], found: &mut Vec<String>) {
    let models: Vec<&Table> = wanted.iter().filter_map(Value::as_table).collect();
    for (number, row) in (1..).zip(given) {
        let Some(row) = row.as_table() else {
            found.push(format!("{place} {number} is no table"));
            continue;
        };
        let mut model = Table::new();
        for (name, value) in models.iter().flat_map(|model| model.iter()) {
            let is_needed = models.iter().all(|model| model.contains_key(name));
            if is_needed || row.contains_key(name) {
                model.insert(name.clone(), value.clone());
            }
        }
        compare(&format!("{place} {number}: "), row, &model, found);
    }
}
