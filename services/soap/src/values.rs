//! The values of one request: found by local name, in any order, wrapped in `troubleTicketValue` or not.

use crate::fault::Fault;
use crate::fields::{FIELDS, Field, field};
use crate::tree::{self, Element};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const WRAPPER: &str = "troubleTicketValue";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What a request fills in. An empty element, `xsi:nil` and an absent element all mean that it does not, because
/// client stacks differ in which of them they send for the same thing.
#[derive(Debug, Default)]
pub(crate) struct Values {
    filled: BTreeMap<&'static str, String>,
    /// Fields given more than once, or with elements inside: no value of theirs can be trusted.
    broken: BTreeSet<&'static str>,
}

impl Values {
    /// Reads the element of an operation. Elements that the protocol does not use are ignored (seed 001, 2.3.1).
    ///
    /// # Errors
    /// A fault when there is more than one ticket: an operation is about one.
    pub(crate) fn read(operation: &Element) -> Result<Values, Fault> {
        let wrappers = operation.children.iter().filter(|child| child.name == WRAPPER);
        if wrappers.count() > 1 {
            return Err(Fault::client(format!("L'élément {WRAPPER} est en double")));
        }
        let mut values = Values::default();
        for child in &operation.children {
            if child.name == WRAPPER {
                child.children.iter().for_each(|inner| values.add(inner));
            } else {
                values.add(child);
            }
        }
        Ok(values)
    }

    fn add(&mut self, element: &Element) {
        let Some(field) = field(&element.name) else { return };
        let nil = matches!(element.attribute(XSI, "nil").map(tree::trim), Some("true" | "1"));
        if !nil && !element.children.is_empty() {
            self.broken.insert(field.name);
            return;
        }
        let text = tree::trim(&element.text);
        // A text that nobody can see fills nothing in.
        if nil || !text::is_filled_in(text) {
            return;
        }
        if self.filled.insert(field.name, text.to_owned()).is_some() {
            self.broken.insert(field.name);
        }
    }

    /// Whether the field is filled in, well or badly.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.filled.contains_key(name) || self.broken.contains(name)
    }

    /// The text of a field that is filled in once.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if self.broken.contains(name) {
            return None;
        }
        self.filled.get(name).map(String::as_str)
    }
}

/// The fields at fault. All are named, in the order of the table, not the first one only.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Mandatory and not filled in: return code 1.
    pub(crate) missing: Vec<String>,
    /// Of another form or value: return code 2.
    pub(crate) invalid: Vec<String>,
}

impl Faults {
    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.invalid.is_empty()
    }

    /// Puts the fields in the order of the table, each once; a field that is unknown to the table comes last.
    pub(crate) fn sorted(mut self) -> Faults {
        for names in [&mut self.missing, &mut self.invalid] {
            names.sort_by_key(|name| {
                (
                    FIELDS
                        .iter()
                        .position(|field| field.name == name)
                        .unwrap_or(FIELDS.len()),
                    name.clone(),
                )
            });
            names.dedup();
        }
        self
    }
}

/// Reads values by the table and notes what is at fault.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    values: &'a Values,
    pub(crate) faults: Faults,
}

impl<'a> Check<'a> {
    pub(crate) fn of(values: &'a Values) -> Check<'a> {
        Check {
            values,
            faults: Faults::default(),
        }
    }

    /// The value of a field that may be left out.
    pub(crate) fn optional(&mut self, field: &Field) -> Option<Value> {
        if !self.values.has(field.name) {
            return None;
        }
        let value = self
            .values
            .text(field.name)
            .and_then(|text| field.kind.read(text));
        if value.is_none() {
            self.invalid(field.name);
        }
        value
    }

    /// The value of a field that must be filled in.
    pub(crate) fn mandatory(&mut self, field: &Field) -> Option<Value> {
        if !self.values.has(field.name) {
            self.missing(field.name);
        }
        self.optional(field)
    }

    /// The text of a mandatory field by name, read as the table says.
    pub(crate) fn mandatory_text(&mut self, name: &'static str) -> String {
        field(name)
            .and_then(|field| self.mandatory(field))
            .map(|value| text_of(&value))
            .unwrap_or_default()
    }

    /// The text of an optional field by name, read as the table says.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<String> {
        field(name)
            .and_then(|field| self.optional(field))
            .map(|value| text_of(&value))
    }

    pub(crate) fn missing(&mut self, name: &str) {
        self.faults.missing.push(name.to_owned());
    }

    pub(crate) fn invalid(&mut self, name: &str) {
        self.faults.invalid.push(name.to_owned());
    }

    /// The faults, if there is any.
    pub(crate) fn finish(self) -> Result<(), Faults> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults.sorted())
        }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tree;

    /// Values of an operation whose children are written in `xml`.
    pub(crate) fn values(xml: &str) -> Values {
        Values::read(&tree::read(&format!("<op xmlns:xsi='{XSI}'>{xml}</op>")).unwrap()).unwrap()
    }

    /// Two halves of tickets are no ticket.
    #[test]
    fn an_operation_is_about_one_ticket() {
        let half = |name: &str| format!("<{WRAPPER}><{name}>A</{name}></{WRAPPER}>");
        let two = format!("<op>{}{}</op>", half("offerId"), half("technicalId"));
        let fault = Values::read(&tree::read(&two).unwrap()).unwrap_err();
        assert_eq!(fault.text, "L'élément troubleTicketValue est en double");
    }

    #[test]
    fn fields_are_found_in_any_order_wrapped_or_not() {
        let wrapped = values(
            "<troubleTicketValue><offerId>A</offerId><technicalId>B</technicalId></troubleTicketValue>",
        );
        let bare = values("<technicalId>B</technicalId><offerId> A\n</offerId><unknown>x</unknown>");
        for values in [wrapped, bare] {
            assert_eq!(values.text("offerId"), Some("A"));
            assert_eq!(values.text("technicalId"), Some("B"));
        }
    }

    #[test]
    fn empty_nil_blank_and_absent_are_the_same() {
        let values = values(
            "<offerId></offerId><technicalId/><commercialId xsi:nil='true'/><supplierName xsi:nil='1'>x</supplierName>\
             <supplierUnit>  </supplierUnit>",
        );
        for name in [
            "offerId",
            "technicalId",
            "commercialId",
            "supplierName",
            "supplierUnit",
            "defectClassId",
        ] {
            assert!(!values.has(name), "{name}");
        }
    }

    /// Fault B6: white space, format characters and what is ignored when displayed fill nothing in.
    #[test]
    fn a_text_that_nobody_can_see_does_not_fill_a_field_in() {
        for invisible in [
            "\u{a0}",
            "\u{200b}",
            "\u{2060}\u{feff}",
            "\u{202e}",
            "\u{2800}",
            "&#8203; \n",
        ] {
            let values = values(&format!("<offerId>{invisible}</offerId>"));
            assert!(!values.has("offerId"), "{invisible:?}");
        }
        for visible in ["\u{200b}a", "👩\u{200d}💻", "a\u{a0}b"] {
            assert_eq!(
                values(&format!("<offerId>{visible}</offerId>")).text("offerId"),
                Some(visible)
            );
        }
    }

    #[test]
    fn a_field_given_twice_or_with_elements_inside_is_a_bad_value() {
        let values =
            values("<offerId>A</offerId><offerId>B</offerId><technicalId><item>B</item></technicalId>");
        let mut check = Check::of(&values);
        for name in ["technicalId", "offerId"] {
            assert!(check.mandatory(field(name).unwrap()).is_none());
        }
        let faults = check.finish().unwrap_err();
        assert_eq!(
            faults,
            Faults {
                missing: vec![],
                invalid: vec!["offerId".into(), "technicalId".into()]
            }
        );
    }

    #[test]
    fn faults_come_in_the_order_of_the_table_each_once() {
        let faults = Faults {
            missing: ["zzz", "offerId", "description", "offerId"]
                .map(str::to_owned)
                .to_vec(),
            invalid: vec![],
        };
        assert_eq!(faults.sorted().missing, ["description", "offerId", "zzz"]);
    }
}
