//! createTroubleTicketByValue: an operator reports a trouble (seed 001, 3.1).

use crate::client::Stamp;
use crate::exchange::Exchange;
use crate::fields::{FIELDS, OnCreate, Place};
use crate::operation::Operation;
use crate::outcome::{Answer, Failure};
use crate::refusal;
use crate::values::{Check, Faults, Values};
use crate::vocabulary::Vocabulary;
use api_types::{CreateTicket, Fields};
use serde_json::Value;
use uuid::Uuid;

/// Longest summary that this door makes, characters.
const SUMMARY_CHARS_MAX: usize = 120;

/// A create that passed every check of this door.
#[derive(Debug, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) ticket: CreateTicket,
    pub(crate) stamp: Stamp,
    pub(crate) service_provider: String,
}

/// Checks, creates, answers.
pub(crate) async fn run(exchange: &Exchange<'_>, values: &Values) -> Result<Answer, Failure> {
    let mut prepared = match prepare(values, exchange.vocabulary, exchange.supplier_siren) {
        Ok(prepared) => prepared,
        Err(faults) => return Ok(Answer::faulty(&faults)),
    };
    // A SIREN that is not the login's own is a bad value: the sender named somebody else.
    let Some(organization) = exchange.session.organization(&prepared.service_provider) else {
        return Ok(Answer::faulty(&Faults {
            missing: vec![],
            invalid: vec!["serviceProviderID".to_owned()],
        }));
    };
    prepared.ticket.organization = Some(organization.id.clone());
    let created = exchange
        .client
        .create(
            exchange.caller,
            &exchange.session.token,
            &prepared.stamp,
            &prepared.ticket,
        )
        .await;
    match created {
        Ok(ticket) => Ok(Answer::done(ticket.key)),
        Err(error) => refusal::answer(Operation::Create, exchange.caller.request_id, &error),
    }
}

/// Turns the values into a request of the API; the organization is filled in once the sign-in is known to have it.
pub(crate) fn prepare(
    values: &Values,
    words: &Vocabulary,
    supplier_siren: Option<&str>,
) -> Result<Prepared, Faults> {
    let mut check = Check::of(values);
    let fields = check_fields(&mut check, values);
    let only = |check: &mut Check<'_>, name: &str, wanted: &str| {
        if values.text(name).is_some_and(|given| given != wanted) {
            check.invalid(name);
        }
    };
    only(&mut check, "description", &words.message_types.create);
    only(&mut check, "troubleTicketState", &words.create_state);
    if let Some(siren) = supplier_siren {
        only(&mut check, "supplierID", siren);
    }
    check.finish()?;
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let service_provider = text("serviceProviderID");
    let stamp = Stamp {
        idempotency_key: Some(idempotency_key(
            &service_provider,
            &text("serviceProviderTroubleTicketKey"),
        )),
        sent_at: Some(text("interactionDate")),
        occurred_at: Some(text("troubleDetectionTime")),
    };
    let ticket = CreateTicket {
        desk: words.desk.clone(),
        request_type: words.request_type.clone(),
        summary: summary(
            &text("serviceProviderTroubleTicketKey"),
            &text("defectDescription"),
        ),
        description: text("troubleDescription"),
        priority: None,
        urgency: None,
        organization: None,
        on_behalf_of: None,
        private: None,
        share_with: None,
        notify: None,
        fields: Some(only_form(&fields)),
    };
    Ok(Prepared {
        ticket,
        stamp,
        service_provider,
    })
}

/// Reads every field of the table that a create uses, and notes all that is missing or of another form.
fn check_fields(check: &mut Check<'_>, values: &Values) -> Fields {
    let appointment = FIELDS
        .iter()
        .any(|field| field.on_create == OnCreate::Appointment && values.has(field.name));
    let referenced = FIELDS
        .iter()
        .any(|field| field.on_create == OnCreate::OneReference && values.has(field.name));
    let mut read = Fields::new();
    for field in &FIELDS {
        let value = match field.on_create {
            OnCreate::Ignored => None,
            OnCreate::Mandatory => check.mandatory(field),
            OnCreate::OneReference if !referenced => check.mandatory(field),
            OnCreate::WithAppointment if appointment => check.mandatory(field),
            OnCreate::OneReference
            | OnCreate::WithAppointment
            | OnCreate::Appointment
            | OnCreate::Optional => check.optional(field),
        };
        if let Some(value) = value {
            read.insert(field.name.to_owned(), value);
        }
    }
    read
}

fn only_form(fields: &Fields) -> Fields {
    FIELDS
        .iter()
        .filter(|field| field.place == Place::Form)
        .filter_map(|field| {
            fields
                .get(field.name)
                .map(|value| (field.name.to_owned(), value.clone()))
        })
        .collect()
}

/// One line for lists. It holds the operator's own reference and the code of the defect, and nothing of the end
/// customer: the line's reference belongs to a person who may be erased, and a summary would outlive that.
fn summary(reference: &str, defect: &str) -> String {
    format!("Signalisation {reference} (défaut {defect})")
        .chars()
        .take(SUMMARY_CHARS_MAX)
        .collect()
}

/// The same report of the same operator is one command, however often it is sent (design 3; peers N5).
///
/// The key is UUIDv5 of the operator's own reference in a namespace of the operator's, which is UUIDv5 of its SIREN in
/// a namespace of this protocol's. Each step is one name in one namespace, so that no two pairs share a key.
pub(crate) fn idempotency_key(service_provider: &str, reference: &str) -> String {
    let protocol = Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        b"urn:guichet:soap:createTroubleTicketByValue",
    );
    let operator = Uuid::new_v5(&protocol, service_provider.as_bytes());
    format!("soap:{}", Uuid::new_v5(&operator, reference.as_bytes()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::values::tests::values;
    use serde_json::json;

    /// The mandatory fields of a create, as name and value.
    const MANDATORY: [(&str, &str); 15] = [
        ("interactionDate", "2017-05-02T09:30:00+02:00"),
        ("description", "CASE CREATE REQUEST"),
        ("troubleTicketState", "QUEUED"),
        ("troubleDescription", "pas de lumière"),
        ("troubleDetectionTime", "2017-05-01T08:00:00"),
        ("serviceProviderID", "123456782"),
        ("supplierID", "987654324"),
        ("troubleTicketType", "1"),
        ("offerId", "FTTH"),
        ("technicalId", "CO-ABCD-1234"),
        ("serviceProviderTroubleTicketKey", "OC-42"),
        ("defectClassId", "1"),
        ("defectDescription", "1"),
        ("defectPrelocalization", "PM-PBO"),
        ("alreadyOperated", "true"),
    ];

    fn xml(fields: &[(&str, &str)]) -> String {
        fields
            .iter()
            .map(|(name, value)| format!("<{name}>{value}</{name}>"))
            .collect()
    }

    fn with(changes: &[(&str, &str)]) -> Result<Prepared, Faults> {
        let kept = MANDATORY
            .iter()
            .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let all: Vec<(&str, &str)> = kept.chain(changes).copied().collect();
        prepare(
            &values(&xml(&all)),
            &Vocabulary::load(None).unwrap(),
            Some("987654324"),
        )
    }

    fn faults(changes: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let faults = with(changes).unwrap_err();
        (faults.missing, faults.invalid)
    }

    fn missing(names: &[&str]) -> (Vec<String>, Vec<String>) {
        (names.iter().map(|name| (*name).to_owned()).collect(), vec![])
    }

    fn invalid(names: &[&str]) -> (Vec<String>, Vec<String>) {
        (vec![], names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_complete_report_becomes_a_ticket_with_the_seeds_own_field_names() {
        let prepared = with(&[]).unwrap();
        assert_eq!(
            serde_json::to_value(&prepared.ticket).unwrap(),
            json!({
                "desk": "SAV",
                "type": "signalisation",
                "summary": "Signalisation OC-42 (défaut 1)",
                "description": "pas de lumière",
                "fields": {
                    "troubleDetectionTime": "2017-05-01T08:00:00+02:00",
                    "serviceProviderID": "123456782",
                    "supplierID": "987654324",
                    "troubleTicketType": 1,
                    "offerId": "FTTH",
                    "technicalId": "CO-ABCD-1234",
                    "serviceProviderTroubleTicketKey": "OC-42",
                    "defectClassId": "1",
                    "defectDescription": "1",
                    "defectPrelocalization": "PM-PBO",
                    "alreadyOperated": true
                }
            })
        );
        assert_eq!(
            prepared.stamp.sent_at.as_deref(),
            Some("2017-05-02T09:30:00+02:00")
        );
        assert_eq!(
            prepared.stamp.occurred_at.as_deref(),
            Some("2017-05-01T08:00:00+02:00")
        );
        assert_eq!(prepared.service_provider, "123456782");
    }

    #[test]
    fn every_mandatory_field_is_named_when_it_is_missing() {
        for (name, _) in MANDATORY.iter().filter(|(name, _)| *name != "technicalId") {
            assert_eq!(faults(&[(name, "")]), missing(&[name]));
        }
    }

    #[test]
    fn an_empty_report_names_all_its_missing_fields_at_once() {
        let faults = prepare(&values(""), &Vocabulary::load(None).unwrap(), None).unwrap_err();
        assert_eq!(faults.missing.len(), 16);
        assert!(faults.invalid.is_empty());
    }

    #[test]
    fn one_of_the_two_references_is_enough_and_none_names_both() {
        assert!(with(&[("technicalId", ""), ("commercialId", "REF-1")]).is_ok());
        assert_eq!(
            faults(&[("technicalId", "")]),
            missing(&["commercialId", "technicalId"])
        );
    }

    #[test]
    fn any_appointment_field_makes_the_end_customer_mandatory() {
        let customer = ["customerLastName", "customerFirstName", "contactPhoneNumber1"];
        for (name, value) in [
            ("appointmentMode", "AVEC_PLAN_DE_CHARGE"),
            ("SUAppointmentManagementId", "RDV1"),
            ("appointmentSuggestion1", "2017-05-03T08:00:00Z"),
            ("appointmentSuggestion2", "2017-05-03T08:00:00Z"),
            ("appointmentSuggestion3", "2017-05-03T08:00:00Z"),
        ] {
            assert_eq!(faults(&[(name, value)]), missing(&customer));
            let named = [
                (name, value),
                ("customerLastName", "NOM"),
                ("customerFirstName", "PRENOM"),
                ("contactPhoneNumber1", "0102030405"),
            ];
            let fields = with(&named).unwrap().ticket.fields.unwrap();
            assert_eq!(fields["customerLastName"], json!("NOM"));
        }
        assert!(
            with(&[
                ("customerAccessibilityHours", "lundi"),
                ("contactPhoneNumber2", "01")
            ])
            .is_ok()
        );
    }

    #[test]
    fn values_of_another_form_are_all_named() {
        let bad = [
            ("troubleTicketType", "abc"),
            ("alreadyOperated", "oui"),
            ("serviceProviderID", "12345"),
            ("interactionDate", "hier"),
            ("SUAppointmentManagementId", "ABCDEFGHIJK"),
            ("customerLastName", "D"),
            ("customerFirstName", "Z"),
            ("contactPhoneNumber1", "01"),
        ];
        assert_eq!(
            faults(&bad),
            invalid(&[
                "interactionDate",
                "serviceProviderID",
                "troubleTicketType",
                "SUAppointmentManagementId",
                "alreadyOperated"
            ])
        );
    }

    #[test]
    fn only_the_seeds_state_and_action_and_our_supplier_are_taken() {
        assert_eq!(
            faults(&[("troubleTicketState", "OPENACTIVE")]),
            invalid(&["troubleTicketState"])
        );
        assert_eq!(faults(&[("description", "CASE")]), invalid(&["description"]));
        assert_eq!(faults(&[("supplierID", "111222337")]), invalid(&["supplierID"]));
    }

    #[test]
    fn what_is_the_suppliers_to_say_is_not_sent() {
        let fields = with(&[("troubleTicketClosureCode", "RET01"), ("supplierName", "X")]).unwrap();
        let fields = fields.ticket.fields.unwrap();
        assert!(!fields.contains_key("troubleTicketClosureCode") && !fields.contains_key("supplierName"));
    }

    #[test]
    fn the_summary_holds_nothing_of_the_end_customer() {
        let named = [
            ("appointmentMode", "SANS"),
            ("customerLastName", "NOM"),
            ("customerFirstName", "PRENOM"),
            ("contactPhoneNumber1", "0102030405"),
        ];
        let summary = with(&named).unwrap().ticket.summary;
        for personal in ["NOM", "PRENOM", "0102030405", "CO-ABCD-1234", "lumière"] {
            assert!(!summary.contains(personal), "{summary}");
        }
        let long = "R".repeat(200);
        let summary = with(&[("serviceProviderTroubleTicketKey", long.as_str())])
            .unwrap()
            .ticket
            .summary;
        assert_eq!(summary.chars().count(), SUMMARY_CHARS_MAX);
    }

    #[test]
    fn the_same_report_has_the_same_key_whenever_it_is_sent() {
        let first = with(&[]).unwrap();
        let again = with(&[("interactionDate", "2017-05-02T10:00:00Z")]).unwrap();
        assert_eq!(first.stamp.idempotency_key, again.stamp.idempotency_key);
        assert_eq!(first.ticket, again.ticket);
        assert_eq!(
            first.stamp.idempotency_key,
            Some(idempotency_key("123456782", "OC-42"))
        );
        assert_ne!(
            idempotency_key("123456782", "OC-42"),
            idempotency_key("111222337", "OC-42")
        );
        assert_ne!(
            idempotency_key("12345678", "2OC"),
            idempotency_key("123456782", "OC")
        );
    }

    #[test]
    fn the_key_of_a_report_never_changes_between_versions() {
        assert_eq!(
            idempotency_key("123456782", "OC-42"),
            "soap:590704fd-6d9f-5108-a84f-dfee94ec28c7"
        );
    }
}
