//! A table of a configuration, read key by key: every fault is told at once, unknown keys included.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// What is left of a table, where it stands, and its faults so far.
pub(super) struct Fields {
    table: Table,
    place: String,
    faults: Vec<String>,
}

impl Fields {
    /// A table, or nothing with a fault; `place` is said before each fault.
    pub(super) fn of(value: Value, place: impl Into<String>) -> Fields {
        let shape = value.type_str();
        let table = Table::try_from(value).ok();
        let is_table = table.is_some();
        let mut fields = Fields {
            table: table.unwrap_or_default(),
            place: place.into(),
            faults: Vec::new(),
        };
        if !is_table {
            fields.fault(format!("is no table but {shape}"));
        }
        fields
    }

    /// Adds a fault.
    pub(super) fn fault(&mut self, fault: impl AsRef<str>) {
        let place = &self.place;
        let between = if place.is_empty() { "" } else { ": " };
        self.faults.push(format!("{place}{between}{}", fault.as_ref()));
    }

    /// The value of a key, if it is there and of this shape.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let read = T::deserialize(self.table.remove(key)?);
        read.map_err(|error| self.fault(format!("{key}: {}", said(&error))))
            .ok()
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if !self.table.contains_key(key) {
            self.fault(format!("{key} is missing"));
        }
        self.optional(key)
    }

    /// A table below this one, and where it stands; an empty one when it is not there.
    pub(super) fn below(&mut self, key: &str) -> Fields {
        let value = self.table.remove(key);
        let place = self.place_of(key);
        Fields::of(value.unwrap_or_else(|| Value::Table(Table::new())), place)
    }

    /// The tables of a list below this one, each with its number.
    pub(super) fn each(&mut self, key: &str) -> Vec<Fields> {
        let values: Vec<Value> = self.optional(key).unwrap_or_default();
        let numbered = values.into_iter().zip(1..);
        numbered
            .map(|(value, number)| Fields::of(value, self.place_of(&format!("{key} {number}"))))
            .collect()
    }

    fn place_of(&self, part: &str) -> String {
        match self.place.as_str() {
            "" => part.to_owned(),
            place => format!("{place}: {part}"),
        }
    }

    /// The text of a key that is not taken yet.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.table.get(key)?.as_str()
    }

    /// Says another place from here on.
    pub(super) fn stands(&mut self, place: String) {
        self.place = place;
    }

    /// The faults, with those of the keys that nobody asked for.
    pub(super) fn end(mut self) -> Vec<String> {
        let unknown: Vec<String> = self.table.keys().cloned().collect();
        for key in unknown {
            self.fault(format!("{key} is no key of this table"));
        }
        self.faults
    }
}

/// What the parser says, without the lines that it draws beneath.
pub(super) fn said(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}
