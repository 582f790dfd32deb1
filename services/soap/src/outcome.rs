//! How a call ends: an answer with a return code when the request was understood (seed 001, 4.1), a fault otherwise.

use crate::fault::Fault;
use crate::values::Faults;
use crate::vocabulary::ReturnCodes;

/// Longest label, characters: it goes on one line of the operator's screen, whatever the API said.
const LABEL_CHARS_MAX: usize = 500;

/// The outcomes that have a return code; their numbers and labels are data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturnCode {
    Ok,
    Missing,
    Invalid,
    UnknownReference,
    ForbiddenTransition,
    Other,
}

/// The answer to create and set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: ReturnCode,
    /// Key of the ticket; always there when the code is that of success.
    pub(crate) key: Option<String>,
    /// What follows the label: names of fields, or a sentence.
    pub(crate) note: String,
}

impl Answer {
    pub(crate) fn done(key: String) -> Answer {
        Answer {
            code: ReturnCode::Ok,
            key: Some(key),
            note: String::new(),
        }
    }

    pub(crate) fn refused(code: ReturnCode, note: impl Into<String>) -> Answer {
        Answer {
            code,
            key: None,
            note: note.into(),
        }
    }

    /// Names every field at fault. What is missing comes first: a value can only be wrong once it is there.
    pub(crate) fn faulty(faults: &Faults) -> Answer {
        if faults.missing.is_empty() {
            Answer::refused(ReturnCode::Invalid, faults.invalid.join(", "))
        } else {
            Answer::refused(ReturnCode::Missing, faults.missing.join(", "))
        }
    }

    /// The number on the wire.
    pub(crate) fn number<'a>(&self, codes: &'a ReturnCodes) -> &'a str {
        &codes.of(self.code).code
    }

    /// The label on the wire: that of the code, then what is at fault.
    pub(crate) fn label(&self, codes: &ReturnCodes) -> String {
        let label = &codes.of(self.code).label;
        if self.note.is_empty() {
            return label.clone();
        }
        let note = self.note.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{label} : {note}")
            .chars()
            .take(LABEL_CHARS_MAX)
            .collect()
    }
}

/// Why an operation was not answered.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told to the caller.
    Fault(Fault),
    /// The API no longer takes the token: sign in again and repeat.
    SignedOut,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(missing: &[&str], invalid: &[&str]) -> Faults {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Faults {
            missing: owned(missing),
            invalid: owned(invalid),
        }
    }

    #[test]
    fn the_label_names_every_missing_field() {
        let codes = ReturnCodes::load(None).unwrap();
        let answer = Answer::faulty(&faults(&["offerId", "technicalId"], &["alreadyOperated"]));
        assert_eq!(answer.number(&codes), "1");
        assert_eq!(
            answer.label(&codes),
            "champ obligatoire non renseigné : offerId, technicalId"
        );
        assert_eq!(answer.key, None);
    }

    #[test]
    fn the_label_names_every_bad_value_once_nothing_is_missing() {
        let codes = ReturnCodes::load(None).unwrap();
        let answer = Answer::faulty(&faults(&[], &["supplierID", "troubleTicketType"]));
        assert_eq!(answer.number(&codes), "2");
        assert_eq!(
            answer.label(&codes),
            "format ou valeur incorrecte : supplierID, troubleTicketType"
        );
    }

    #[test]
    fn success_has_the_key_and_a_bare_label() {
        let codes = ReturnCodes::load(None).unwrap();
        let answer = Answer::done("SAV-1".into());
        assert_eq!(
            (answer.number(&codes), answer.label(&codes).as_str()),
            ("0", "OK")
        );
        assert_eq!(answer.key.as_deref(), Some("SAV-1"));
    }

    #[test]
    fn a_label_is_one_bounded_line() {
        let codes = ReturnCodes::load(None).unwrap();
        let answer = Answer::refused(
            ReturnCode::Other,
            "a\n b".to_owned() + &"c".repeat(LABEL_CHARS_MAX),
        );
        let label = answer.label(&codes);
        assert!(label.starts_with("autre : a bccc"), "{label}");
        assert_eq!(label.chars().count(), LABEL_CHARS_MAX);
    }
}
