//! The table of fields: one row per element of a trouble ticket, in the order of the schema.
//!
//! Names, types and lengths are those of seed 001, sections 3.1.1 and 3.3.2; the order is the reconstruction's, which
//! strict clients insist on in answers. Where the seed gives no length the desk's form decides.

use crate::dates;
use serde_json::Value;

/// Longest troubleDescription and messageContent, bytes of UTF-8: what the API takes (design 4.3).
pub(crate) const TEXT_BYTES_MAX: usize = 24 * 1024;
/// Longest value of any other field, characters; the desk's form is stricter for most.
pub(crate) const LINE_CHARS_MAX: usize = 255;
/// Longest SUAppointmentManagementId, characters (seed 001, 3.1.1).
const APPOINTMENT_ID_CHARS_MAX: usize = 10;
/// Digits of a SIREN, which names a French company (seed 001, 3.1.1).
const SIREN_DIGITS: usize = 9;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line, or a code of a list; the desk checks the list.
    Line,
    /// One line of at most that many characters.
    Short(usize),
    /// Free text.
    Text,
    Siren,
    Integer,
    Boolean,
    DateTime,
    Duration,
}

impl Kind {
    /// The type in the schema.
    pub(crate) const fn xsd(self) -> &'static str {
        match self {
            Line | Short(_) | Text => "xsd:string",
            Siren => "tns:Siren",
            Integer => "xsd:integer",
            Boolean => "xsd:boolean",
            DateTime => "xsd:dateTime",
            Duration => "xsd:duration",
        }
    }

    /// Reads a filled-in value into what the API takes; `None` when it has another form.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        let line = |chars_max: usize| {
            (text.chars().count() <= chars_max && !text.contains(char::is_control)).then(|| text.into())
        };
        match self {
            Line => line(LINE_CHARS_MAX),
            Short(chars_max) => line(chars_max),
            Text => (text.len() <= TEXT_BYTES_MAX).then(|| text.into()),
            Siren => is_siren(text).then(|| text.into()),
            Integer => text
                .strip_prefix('+')
                .unwrap_or(text)
                .parse::<i64>()
                .ok()
                .map(Value::from),
            Boolean => match text {
                "true" | "1" => Some(true.into()),
                "false" | "0" => Some(false.into()),
                _ => None,
            },
            DateTime => dates::read(text).map(|date| dates::write(&date).into()),
            Duration => dates::is_duration(text).then(|| text.into()),
        }
    }

    /// Writes a value that the API gave, so that it fits the schema; `None` when it cannot.
    pub(crate) fn write(self, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        if text.is_empty() {
            return None;
        }
        match self {
            Line | Short(_) | Text => Some(text),
            Siren | Integer | Boolean | Duration => self.read(&text).map(|_| text),
            DateTime => dates::read(&text).map(|date| dates::write(&date)),
        }
    }
}

fn is_siren(text: &str) -> bool {
    text.len() == SIREN_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What createTroubleTicketByValue asks of a field (seed 001, 3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnCreate {
    Mandatory,
    /// Mandatory when the other of commercialId and technicalId is empty.
    OneReference,
    /// Mandatory when an appointment is needed.
    WithAppointment,
    /// Optional, and tells that an appointment is needed: the seed leaves open what does, this is our decision.
    Appointment,
    Optional,
    /// Not the operator's to give at creation; ignored like every other element of JSR 91.
    Ignored,
}

/// Where a field lives in the API's ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Under `fields`, by its own name.
    Form,
    /// A member of the ticket, or a header.
    Member,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) on_create: OnCreate,
    pub(crate) place: Place,
    /// Whether getTroubleTicketByKey answers it (seed 001, 3.3.2).
    pub(crate) in_answer: bool,
}

const fn form(name: &'static str, kind: Kind, on_create: OnCreate) -> Field {
    Field {
        name,
        kind,
        on_create,
        place: Place::Form,
        in_answer: true,
    }
}

const fn member(name: &'static str, kind: Kind, on_create: OnCreate) -> Field {
    Field {
        name,
        kind,
        on_create,
        place: Place::Member,
        in_answer: true,
    }
}

const fn unanswered(field: Field) -> Field {
    Field {
        in_answer: false,
        ..field
    }
}

use Kind::{Boolean, DateTime, Duration, Integer, Line, Short, Siren, Text};
use OnCreate::{Appointment, Ignored, Mandatory, OneReference, Optional, WithAppointment};

/// All fields, in the order of the schema.
pub(crate) const FIELDS: [Field; 48] = [
    unanswered(member("interactionDate", DateTime, Mandatory)),
    member("interactionDateComplete", DateTime, Ignored),
    unanswered(member("description", Line, Mandatory)),
    member("messageType", Line, Ignored),
    member("troubleTicketKey", Line, Ignored),
    member("lastUpdateVersionNumber", Line, Ignored),
    member("troubleTicketState", Line, Mandatory),
    member("troubleDescription", Text, Mandatory),
    form("troubleDetectionTime", DateTime, Mandatory),
    form("serviceProviderID", Siren, Mandatory),
    form("serviceProviderName", Line, Optional),
    form("serviceProviderUnit", Line, Optional),
    form("serviceProviderPhoneNumber", Line, Optional),
    form("supplierID", Siren, Mandatory),
    form("troubleTicketType", Integer, Mandatory),
    form("offerId", Line, Mandatory),
    form("commercialId", Line, OneReference),
    form("technicalId", Line, OneReference),
    form("serviceProviderTroubleTicketKey", Line, Mandatory),
    form("customerLastName", Line, WithAppointment),
    form("customerFirstName", Line, WithAppointment),
    form("contactPhoneNumber1", Line, WithAppointment),
    form("contactPhoneNumber2", Line, Optional),
    form("customerAccessibilityHours", Line, Optional),
    form("appointmentMode", Line, Appointment),
    form(
        "SUAppointmentManagementId",
        Short(APPOINTMENT_ID_CHARS_MAX),
        Appointment,
    ),
    unanswered(form("appointmentSuggestion1", DateTime, Appointment)),
    unanswered(form("appointmentSuggestion2", DateTime, Appointment)),
    unanswered(form("appointmentSuggestion3", DateTime, Appointment)),
    form("defectClassId", Line, Mandatory),
    form("defectDescription", Line, Mandatory),
    form("defectPrelocalization", Line, Mandatory),
    form("alreadyOperated", Boolean, Mandatory),
    form("serviceRestoredTime", DateTime, Ignored),
    form("supplierName", Line, Ignored),
    form("supplierUnit", Line, Ignored),
    form("supplierPhoneNumber", Line, Ignored),
    member("messageContent", Text, Ignored),
    form("supplierPlannedActionDate", DateTime, Ignored),
    form("supplierResolutionAction", Line, Ignored),
    form("supplierResolutionState", Line, Ignored),
    form("troubleTicketClosureCode", Line, Ignored),
    form("troubleTicketClosureLabel", Line, Ignored),
    form("defectLocalization", Line, Ignored),
    form("defectResponsibility", Line, Ignored),
    form("reprovisioningId", Line, Ignored),
    form("troubleTicketClosureComment", Text, Ignored),
    form("closureDuration", Duration, Ignored),
];

/// The row of that name.
pub(crate) fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(wanted: impl Fn(&Field) -> bool) -> Vec<&'static str> {
        FIELDS
            .iter()
            .filter(|field| wanted(field))
            .map(|field| field.name)
            .collect()
    }

    #[test]
    fn create_asks_for_what_the_seed_marks_as_not_optional() {
        assert_eq!(
            names(|field| field.on_create == Mandatory),
            [
                "interactionDate",
                "description",
                "troubleTicketState",
                "troubleDescription",
                "troubleDetectionTime",
                "serviceProviderID",
                "supplierID",
                "troubleTicketType",
                "offerId",
                "serviceProviderTroubleTicketKey",
                "defectClassId",
                "defectDescription",
                "defectPrelocalization",
                "alreadyOperated",
            ]
        );
        assert_eq!(
            names(|field| field.on_create == OneReference),
            ["commercialId", "technicalId"]
        );
        assert_eq!(
            names(|field| field.on_create == WithAppointment),
            ["customerLastName", "customerFirstName", "contactPhoneNumber1"]
        );
    }

    #[test]
    fn get_answers_the_43_fields_of_the_seed_and_no_other() {
        assert_eq!(names(|field| field.in_answer).len(), 43);
        assert_eq!(
            names(|field| !field.in_answer),
            [
                "interactionDate",
                "description",
                "appointmentSuggestion1",
                "appointmentSuggestion2",
                "appointmentSuggestion3"
            ]
        );
    }

    #[test]
    fn values_are_read_by_their_kind() {
        assert_eq!(Integer.read("+1"), Some(json!(1)));
        assert_eq!(Integer.read("abc"), None);
        assert_eq!(Boolean.read("1"), Some(json!(true)));
        assert_eq!(Boolean.read("oui"), None);
        assert_eq!(Siren.read("123456782"), Some(json!("123456782")));
        assert_eq!(Siren.read("12345678"), None);
        assert_eq!(Siren.read("12345678é"), None);
        assert_eq!(Short(10).read("ABCDEFGHIJ"), Some(json!("ABCDEFGHIJ")));
        assert_eq!(Short(10).read("ABCDEFGHIJK"), None);
        assert_eq!(
            DateTime.read("2017-05-02T09:30:00"),
            Some(json!("2017-05-02T09:30:00+02:00"))
        );
        assert_eq!(Line.read("two\nlines"), None);
        assert!(Line.read(&"é".repeat(LINE_CHARS_MAX)).is_some());
        assert_eq!(Line.read(&"é".repeat(LINE_CHARS_MAX + 1)), None);
        assert!(Text.read(&"a".repeat(TEXT_BYTES_MAX)).is_some());
        assert_eq!(Text.read(&"a".repeat(TEXT_BYTES_MAX + 1)), None);
    }

    #[test]
    fn a_value_that_would_break_the_schema_is_not_written() {
        assert_eq!(Integer.write(&json!(1)), Some("1".into()));
        assert_eq!(Integer.write(&json!("one")), None);
        assert_eq!(Boolean.write(&json!(false)), Some("false".into()));
        assert_eq!(
            DateTime.write(&json!("2017-05-02T09:30:00Z")),
            Some("2017-05-02T09:30:00+00:00".into())
        );
        assert_eq!(DateTime.write(&json!("demain")), None);
        assert_eq!(Line.write(&json!("  ")), None);
        assert_eq!(Line.write(&json!({"a": 1})), None);
        assert_eq!(Duration.write(&json!("PT4H")), Some("PT4H".into()));
    }
}
