use super::*;
use crate::values::tests::values;
use serde_json::json;

fn asked(xml: &str) -> Result<(Wanted, String), Fault> {
    prepare(&values(xml), &ReturnCodes::load(None).unwrap(), Some("987654324"))
}

const BOTH_SIRENS: &str =
    "<supplierID>987654324</supplierID><serviceProviderID>123456782</serviceProviderID>";

pub(crate) fn ticket() -> Ticket {
    let person = json!({"id": "0198c0de-7000-7000-8000-000000000001", "username": "oc", "name": "OC Alpha"});
    let mut ticket = json!({
        "key": "SAV-7", "desk": "SAV", "type": "signalisation", "summary": "s", "description": "pas de <lumière>",
        "status": {"id": "closed", "label": "Clos", "category": "done", "response_required": false},
        "requester": person, "created_by": person, "private": false, "shared_with": [], "notify": true,
        "assignee": {"id": "0198c0de-7000-7000-8000-000000000002", "username": "oi", "name": "Correspondant OI"},
        "created_at": "2026-03-02T09:29:00Z", "updated_at": "2026-03-02T09:30:00Z",
        "closed_at": "2026-07-02T09:30:00.5Z", "version": 9, "event_count": 9, "supplier_updates": 3,
        "position": 43, "allowed_actions": [],
        "last_message": {"type": "comment", "body": "clos", "at": "2026-03-02T09:30:00Z", "side": "supplier"}
    });
    ticket["fields"] = json!({
        "troubleTicketType": 1, "alreadyOperated": false, "technicalId": "CO-ABCD-1234", "offerId": "  ",
        "serviceProviderID": "123456782", "supplierID": "987654324",
        "serviceRestoredTime": "2026-07-02T09:00:00Z", "supplierPlannedActionDate": "bientôt",
        "appointmentSuggestion1": "2026-07-02T09:00:00Z", "closureDuration": "PT4H",
        "troubleTicketClosureCode": "RET01", "internal": "not of the protocol"
    });
    serde_json::from_value(ticket).unwrap()
}

#[test]
fn a_ticket_is_told_in_the_order_of_the_schema_with_values_only() {
    let words = Vocabulary::load(None).unwrap();
    let told: Vec<(&str, String)> = block(&ticket(), &words);
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        told,
        [
            ("interactionDateComplete", "2026-07-02T11:30:00+02:00"),
            ("messageType", "OI CASE INFORMATION NOTIFICATION"),
            ("troubleTicketKey", "SAV-7"),
            ("lastUpdateVersionNumber", "3"),
            ("troubleTicketState", "CLOSED"),
            ("troubleDescription", "pas de <lumière>"),
            ("serviceProviderID", "123456782"),
            ("supplierID", "987654324"),
            ("troubleTicketType", "1"),
            ("technicalId", "CO-ABCD-1234"),
            ("alreadyOperated", "false"),
            ("serviceRestoredTime", "2026-07-02T09:00:00+00:00"),
            ("supplierName", "Correspondant OI"),
            ("messageContent", "clos"),
            ("troubleTicketClosureCode", "RET01"),
            ("closureDuration", "PT4H"),
        ]
    );
}

#[test]
fn the_message_type_tells_which_side_spoke_last() {
    let words = Vocabulary::load(None).unwrap();
    let mut ticket = ticket();
    let told = |ticket: &Ticket| {
        block(ticket, &words)
            .into_iter()
            .find(|(name, _)| *name == "messageType")
            .map(|(_, value)| value)
    };
    ticket.last_message.as_mut().unwrap().side = Side::Requester;
    assert_eq!(told(&ticket).unwrap(), "OC CASE INFORMATION NOTIFICATION");
    ticket.last_message = None;
    assert_eq!(told(&ticket).unwrap(), "CASE CREATE REQUEST");
}

/// Fault P2: what the supplier wrote last is told, with its type, until the supplier writes again.
#[test]
fn the_suppliers_words_are_told_whoever_spoke_or_acted_since() {
    let words = Vocabulary::load(None).unwrap();
    let mut ticket = ticket();
    let message = |side: &str, body: Option<&str>| -> Option<LastMessage> {
        let message = json!({"type": "comment", "body": body, "at": "2026-03-02T09:30:00Z", "side": side});
        serde_json::from_value(message).ok()
    };
    let told = |ticket: &Ticket| {
        let of = |name: &str| {
            let mut block = block(ticket, &words).into_iter();
            block.find(|(told, _)| *told == name).map(|(_, value)| value)
        };
        (of("messageType").unwrap(), of("messageContent"))
    };
    let of_supplier = "OI CASE INFORMATION NOTIFICATION".to_owned();
    ticket.last_supplier_message = message("supplier", Some("RDV mardi"));
    for last in [
        message("supplier", None),
        message("agent", None),
        message("requester", Some("Le code est 1234.")),
    ] {
        ticket.last_message = last;
        assert_eq!(told(&ticket), (of_supplier.clone(), Some("RDV mardi".to_owned())));
    }
    // Words of somebody erased are told as none, and not as older ones of the other side.
    ticket.last_supplier_message = message("supplier", None);
    assert_eq!(told(&ticket), (of_supplier, None));
    ticket.last_supplier_message = None;
    assert_eq!(
        told(&ticket),
        (
            "OC CASE INFORMATION NOTIFICATION".to_owned(),
            Some("Le code est 1234.".to_owned())
        )
    );
}

#[test]
fn a_key_decides_alone_and_a_line_is_looked_for_without_one() {
    let key = "<troubleTicketKey>SAV-7</troubleTicketKey>";
    let line = "<technicalId>CO-ABCD-1234</technicalId>";
    let siren = || "123456782".to_owned();
    assert_eq!(
        asked(&format!("{BOTH_SIRENS}{key}{line}")).unwrap(),
        (Wanted::Key("SAV-7".into()), siren())
    );
    assert_eq!(
        asked(&format!("{BOTH_SIRENS}{line}")).unwrap(),
        (Wanted::Line("CO-ABCD-1234".into()), siren())
    );
}

#[test]
fn what_is_missing_or_wrong_is_an_illegal_argument_that_names_it() {
    let message = |xml: &str| {
        let detail = asked(xml).unwrap_err().detail.unwrap();
        assert_eq!(detail.exception, Exception::IllegalArgument);
        detail.message
    };
    assert_eq!(
        message(""),
        "champ obligatoire non renseigné : troubleTicketKey, serviceProviderID, supplierID, technicalId"
    );
    let wrong = "<troubleTicketKey>SAV-7</troubleTicketKey><supplierID>111222337</supplierID>\
                 <serviceProviderID>x</serviceProviderID>";
    assert_eq!(
        message(wrong),
        "format ou valeur incorrecte : serviceProviderID, supplierID"
    );
}

#[test]
fn a_key_that_cannot_be_one_is_not_found() {
    let fault = asked(&format!(
        "{BOTH_SIRENS}<troubleTicketKey>../me</troubleTicketKey>"
    ))
    .unwrap_err();
    assert_eq!(fault.detail.unwrap().exception, Exception::ObjectNotFound);
}
