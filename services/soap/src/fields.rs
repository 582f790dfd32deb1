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
    /// One line that turns no direction of writing, or a code of a list; the desk checks the list.
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
            let text = text.trim();
            (text.chars().count() <= chars_max && text::is_name(text)).then(|| text.into())
        };
        match self {
            Line => line(LINE_CHARS_MAX),
            Short(chars_max) => line(chars_max),
            Text => {
                let text = text.trim();
                (text.len() <= TEXT_BYTES_MAX && !text::has_control(text)).then(|| text.into())
            }
            Siren => is_siren(text).then(|| text.into()),
            Integer => read_integer(text).map(Value::from),
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
            Value::Number(number) => whole(number).unwrap_or_else(|| number.to_string()),
            Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        if !text::is_filled_in(&text) {
            return None;
        }
        match self {
            Line | Short(_) | Text => Some(text),
            Integer => read_integer(&text).map(|number| number.to_string()),
            Siren | Boolean | Duration => self.read(&text).map(|_| text),
            DateTime => dates::read_stored(&text).map(|date| dates::write(&date)),
        }
    }
}

/// Reads an `xsd:integer` (XML Schema 1.1 Part 2, 3.4.13) of 64 bits.
fn read_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_integer.then(|| text.parse().ok()).flatten()
}

/// A number without a fraction, such as `1.0` and `1e0` of JSON, as an integer; `None` when JSON wrote it as one.
fn whole(number: &serde_json::Number) -> Option<String> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0).then(|| format!("{:.0}", float + 0.0))
}

/// Whether a text is the number of a French company (seed 001, 3.1.1).
pub(crate) fn is_siren(text: &str) -> bool {
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
    /// Not the operator's to give at creation (seed 001, 3.1.1, does not list it): refused by name, unless it says what the new
    /// ticket will say of itself.
    Foreign,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
use OnCreate::{Appointment, Foreign, Mandatory, OneReference, Optional, WithAppointment};

/// All fields, in the order of the schema.
pub(crate) const FIELDS: [Field; 48] = [
    unanswered(member("interactionDate", DateTime, Mandatory)),
    member("interactionDateComplete", DateTime, Foreign),
    unanswered(member("description", Line, Mandatory)),
    member("messageType", Line, Foreign),
    member("troubleTicketKey", Line, Foreign),
    member("lastUpdateVersionNumber", Line, Foreign),
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
    form("serviceRestoredTime", DateTime, Foreign),
    form("supplierName", Line, Foreign),
    form("supplierUnit", Line, Foreign),
    form("supplierPhoneNumber", Line, Foreign),
    member("messageContent", Text, Foreign),
    form("supplierPlannedActionDate", DateTime, Foreign),
    form("supplierResolutionAction", Line, Foreign),
    form("supplierResolutionState", Line, Foreign),
    form("troubleTicketClosureCode", Line, Foreign),
    form("troubleTicketClosureLabel", Line, Foreign),
    form("defectLocalization", Line, Foreign),
    form("defectResponsibility", Line, Foreign),
    form("reprovisioningId", Line, Foreign),
    form("troubleTicketClosureComment", Text, Foreign),
    form("closureDuration", Duration, Foreign),
];

/// The row of that name.
pub(crate) fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

#[cfg(test)]
mod tests;
