//! The fields that forms are made of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::form::LINE_CHARS_MAX;
use crate::{label::Label, named::named};

/// A field: what a value of it must be, what people read beside it, and whose the value is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name on tickets, when that is not its key: two forms may ask for the same in two ways.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// What people read beside it.
    pub title: Label,
    /// What helps to fill it in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Label>,
    /// How it is shown; absent when its schema says enough.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub widget: Option<Widget>,
    /// What a value must be, as keywords of JSON Schema 2020-12: a scalar, or a list of scalars.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub schema: Map<String, Value>,
    /// What the schema's `pattern` asks for, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format_help: Option<Label>,
    /// The list of the desk that its values are chosen from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub list: Option<String>,
    /// Whose value it is. Absent, a text is the requester's; choices, dates, numbers and booleans are nobody's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub personal: Option<Whose>,
    /// A text that names nobody.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub open: bool,
    /// It stays as it was when the ticket was opened (seed 001 §3.3.2).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub declared: bool,
    /// Tickets are found by its exact value (seed 001 §3.3.1).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub lookup: bool,
    /// What the product itself reads in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meaning: Option<Meaning>,
}

/// Whose value a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The requester's.
    Requester,
    /// The end customer's, a person minted per ticket.
    Customer,
}

named!(Whose {
    Requester = "requester",
    Customer = "customer",
});

/// What the product itself reads in a field, whatever its name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// How the ticket was resolved (seed 002, F127): a history tells it with the action.
    Resolution,
    /// The SIREN of one of the requester's organizations (seed 001 §3.1.1).
    OrganizationSiren,
}

named!(Meaning {
    Resolution = "resolution",
    OrganizationSiren = "organization_siren",
});

/// How a field is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Widget {
    /// A line of text.
    Text,
    /// Several lines of text.
    Textarea,
    /// A number.
    Number,
    /// A box to tick.
    Checkbox,
    /// A list to choose one value from, or several where the schema is one of a list.
    Select,
    /// All values at once, one to be chosen.
    Radio,
    /// A tree to choose from.
    Tree,
    /// A day.
    Date,
    /// A day and a time.
    Datetime,
    /// An electronic address.
    Email,
    /// A telephone number.
    Tel,
    /// The address of a page.
    Url,
}

named!(Widget {
    Text = "text",
    Textarea = "textarea",
    Number = "number",
    Checkbox = "checkbox",
    Select = "select",
    Radio = "radio",
    Tree = "tree",
    Date = "date",
    Datetime = "datetime",
    Email = "email",
    Tel = "tel",
    Url = "url",
});

impl Field {
    /// Its name on tickets.
    #[must_use]
    pub fn name<'f>(&'f self, key: &'f str) -> &'f str {
        self.name.as_deref().unwrap_or(key)
    }

    /// What one value must be: the schema itself, or that of an item of a list.
    pub(super) fn of_one(&self) -> &Map<String, Value> {
        let items = self.schema.get("items").and_then(Value::as_object);
        items.unwrap_or(&self.schema)
    }

    /// The type of one value, as JSON Schema names it; a text when nothing is said.
    #[must_use]
    pub fn kind(&self) -> &str {
        let kind = self.of_one().get("type").and_then(Value::as_str);
        kind.unwrap_or("string")
    }

    /// A value of its list as JSON has it.
    #[must_use]
    pub fn value(&self, id: &str) -> Value {
        let number = id.parse::<i64>().ok().filter(|_| self.kind() == "integer");
        number.map_or_else(|| Value::from(id), Value::from)
    }

    /// How it is shown.
    #[must_use]
    pub fn shown_as(&self) -> Widget {
        let schema = self.of_one();
        let is = |word: &str, what: &str| schema.get(word).and_then(Value::as_str) == Some(what);
        let long = schema
            .get("maxLength")
            .and_then(Value::as_u64)
            .map_or(!schema.contains_key("pattern"), |max| max > LINE_CHARS_MAX);
        self.widget.unwrap_or_else(|| {
            if self.list.is_some() || schema.contains_key("enum") {
                Widget::Select
            } else if self.kind() == "boolean" {
                Widget::Checkbox
            } else if matches!(self.kind(), "integer" | "number") {
                Widget::Number
            } else if is("format", "date") {
                Widget::Date
            } else if is("format", "date-time") {
                Widget::Datetime
            } else if is("format", "email") {
                Widget::Email
            } else if is("format", "uri") {
                Widget::Url
            } else if long {
                Widget::Textarea
            } else {
                Widget::Text
            }
        })
    }
}
