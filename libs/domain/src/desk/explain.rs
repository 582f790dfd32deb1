//! What a schema finds wrong with a value, as faults.

use serde_json::Value;
use shapes::{ValidationError, ValidationErrorKind};

use super::form::escaped;
use crate::{account::profile::ADDRESS_CHARS_MAX, fault::Fault, messages::FaultText};

/// Every fault of a value against a schema; pointers start at `base`. For doors that check a request's shape.
#[must_use]
pub fn explained(schema: &shapes::Validator, value: &Value, base: &str) -> Vec<Fault> {
    schema
        .iter_errors(value)
        .flat_map(|error| explain(&error, base))
        .collect()
}

/// One schema error as faults. No text repeats the value, which may be personal, or the pattern, which people cannot read.
pub(super) fn explain(error: &ValidationError<'_>, base: &str) -> Vec<Fault> {
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
