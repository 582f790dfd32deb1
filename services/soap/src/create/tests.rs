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

/// Fault B2: what a create has no place for is refused by name, never dropped in silence.
#[test]
fn what_a_create_has_no_place_for_is_named() {
    let foreign = FIELDS.iter().filter(|field| field.on_create == OnCreate::Foreign);
    let mut named = 0;
    for field in foreign {
        for value in ["garbage", "2017-05-02T09:30:00Z", "1", "PT4H"] {
            assert_eq!(
                faults(&[(field.name, value)]),
                invalid(&[field.name]),
                "{} {value}",
                field.name
            );
        }
        // Clients that fill nothing in send the element all the same.
        assert!(with(&[(field.name, " ")]).is_ok(), "{}", field.name);
        named += 1;
    }
    assert_eq!(named, 19);
    assert_eq!(
        faults(&[
            ("supplierPlannedActionDate", "garbage"),
            ("messageContent", "accès par le garage"),
            ("supplierName", "X"),
        ]),
        invalid(&["supplierName", "messageContent", "supplierPlannedActionDate"])
    );
    let told = [
        ("messageType", "CASE CREATE REQUEST"),
        ("lastUpdateVersionNumber", "0"),
    ];
    assert_eq!(with(&told).unwrap(), with(&[]).unwrap());
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
