//! What a change of the contract breaks for clients of an older one.
//!
//! A client may go on sending what it sent and reading what it read: nothing that it sends may be refused, and nothing that it reads may
//! be gone or of another type. Additions break nothing, but for a new value of a closed list that is answered.

use serde_json::Value;

use crate::contract::{Contract, Operation};

/// How deep schemas are followed.
const DEPTH_MAX: usize = 8;

/// Who writes what a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// A request: the client.
    Sent,
    /// An answer: the server.
    Answered,
}

/// Two contracts, the older and the newer.
struct Change<'a> {
    old: &'a Contract,
    new: &'a Contract,
    found: Vec<String>,
}

/// Every change that breaks something, in words.
#[must_use]
pub fn breaking(old: &Contract, new: &Contract) -> Vec<String> {
    let mut change = Change {
        old,
        new,
        found: Vec::new(),
    };
    let newer = new.operations();
    for before in old.operations() {
        let same = |after: &&Operation| after.method == before.method && after.path == before.path;
        match newer.iter().find(same) {
            Some(after) => change.operation(&before, after),
            None => change.found.push(format!("{} is gone", before.id)),
        }
    }
    change.found
}

impl Change<'_> {
    fn operation(&mut self, before: &Operation, after: &Operation) {
        let id = &before.id;
        if before.id != after.id {
            self.found.push(format!("{id} is called {}", after.id));
        }
        let (old, new) = (parameters(self.old, before), parameters(self.new, after));
        for (name, parameter) in &old {
            match new.iter().find(|(same, _)| same == name) {
                Some((_, now)) => self.schema(
                    &format!("{id} {name}"),
                    Side::Sent,
                    &parameter["schema"],
                    &now["schema"],
                    0,
                ),
                None => self.found.push(format!("{id} lost the parameter {name}")),
            }
        }
        for (name, parameter) in &new {
            let was_required = old
                .iter()
                .any(|(same, before)| same == name && before["required"] == true);
            if parameter["required"] == true && !was_required {
                self.found.push(format!("{id} now requires the parameter {name}"));
            }
        }
        self.contents(
            &format!("{id} body"),
            Side::Sent,
            &before.declared["requestBody"],
            &after.declared["requestBody"],
        );
        if before.declared["requestBody"].is_null() && after.declared["requestBody"]["required"] == true {
            self.found.push(format!("{id} now requires a body"));
        }
        for status in before
            .statuses()
            .into_iter()
            .filter(|status| (200..300).contains(status))
        {
            let answered = |contract: &Contract, operation| contract.response(operation, status).cloned();
            match (answered(self.old, before), answered(self.new, after)) {
                (Some(old), Some(new)) => {
                    self.contents(&format!("{id} {status}"), Side::Answered, &old, &new)
                }
                _ => self.found.push(format!("{id} no longer answers {status}")),
            }
        }
    }

    fn contents(&mut self, place: &str, side: Side, old: &Value, new: &Value) {
        for (media_type, content) in old["content"].as_object().into_iter().flatten() {
            match new["content"].get(media_type) {
                Some(now) => self.schema(place, side, &content["schema"], &now["schema"], 0),
                None => self.found.push(format!("{place} is no longer {media_type}")),
            }
        }
    }

    fn schema(&mut self, place: &str, side: Side, old: &Value, new: &Value, depth: usize) {
        let (before, after) = (self.old, self.new);
        let (old, new) = (before.resolved(old), after.resolved(new));
        if depth > DEPTH_MAX || old == new && old.get("$ref").is_none() && !holds_reference(old) {
            return;
        }
        let (was, is) = (types(old), types(new));
        // What is sent may be of more types than before, what is answered of fewer.
        let (narrow, wide) = match side {
            Side::Sent => (&was, &is),
            Side::Answered => (&is, &was),
        };
        if !wide.is_empty() && (narrow.is_empty() || narrow.iter().any(|one| !wide.contains(one))) {
            self.found.push(format!("{place} was {was:?} and is {is:?}"));
        }
        self.values(place, side, old, new);
        let (had, has) = (required(old), required(new));
        for (name, member) in old["properties"].as_object().into_iter().flatten() {
            let place = format!("{place} {name}");
            match new["properties"].get(name) {
                Some(now) => self.schema(&place, side, member, now, depth + 1),
                None => self.found.push(format!("{place} is gone")),
            }
            if side == Side::Answered && had.contains(&name.as_str()) && !has.contains(&name.as_str()) {
                self.found.push(format!("{place} may be absent"));
            }
        }
        for name in has
            .iter()
            .filter(|name| side == Side::Sent && !had.contains(name))
        {
            self.found.push(format!("{place} now requires {name}"));
        }
        if !old["items"].is_null() {
            self.schema(
                &format!("{place}[]"),
                side,
                &old["items"],
                &new["items"],
                depth + 1,
            );
        }
        for of in ["allOf", "anyOf", "oneOf"] {
            let parts = old[of].as_array().into_iter().flatten();
            for (part, now) in parts.zip(new[of].as_array().into_iter().flatten()) {
                self.schema(place, side, part, now, depth + 1);
            }
        }
    }

    /// Values of closed lists: none that is sent may go, none that is answered may come.
    fn values(&mut self, place: &str, side: Side, old: &Value, new: &Value) {
        let (Some(was), Some(is)) = (old["enum"].as_array(), new["enum"].as_array()) else {
            return;
        };
        let (narrow, wide, how) = match side {
            Side::Sent => (was, is, "is no longer taken"),
            Side::Answered => (is, was, "is answered, and was not"),
        };
        for value in narrow.iter().filter(|value| !wide.contains(value)) {
            self.found.push(format!("{place}: {value} {how}"));
        }
    }
}

/// The parameters of an operation by name, references followed.
fn parameters(contract: &Contract, operation: &Operation) -> Vec<(String, Value)> {
    let all = operation.declared["parameters"].as_array().into_iter().flatten();
    let named = all.map(|parameter| {
        let parameter = contract.resolved(parameter);
        (
            parameter["name"].as_str().unwrap_or_default().to_owned(),
            parameter.clone(),
        )
    });
    named.collect()
}

/// The types that a schema names; none when it leaves them open.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// Does it refer to something that may have changed by itself?
fn holds_reference(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key("$ref") || members.values().any(holds_reference),
        Value::Array(items) => items.iter().any(holds_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
