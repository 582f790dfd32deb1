//! Seed 001: an operator's program reports a trouble over SOAP, the supplier works on it, both see the same.

use guichet_tests::{
    envelope,
    home::DEMO_PASSWORD,
    normal::{Normal, assert_expected},
    operator_program::OperatorProgram,
    server::Server,
};
use serde_json::{Value, json};

/// A report with every mandatory field of seed 001 §3.1.1.
fn report(reference: &str, line: &str) -> Value {
    json!({
        "interactionDate": "2026-03-02T09:30:00+01:00",
        "description": "CASE CREATE REQUEST",
        "troubleTicketState": "QUEUED",
        "troubleDescription": "Pas de lumière sur la prise depuis ce matin.",
        "troubleDetectionTime": "2026-03-02T08:00:00+01:00",
        "serviceProviderID": "123456782",
        "supplierID": "987654324",
        "troubleTicketType": 1,
        "offerId": "FTTH",
        "technicalId": line,
        "serviceProviderTroubleTicketKey": reference,
        "defectClassId": "1",
        "defectDescription": "1",
        "defectPrelocalization": "PTO",
        "alreadyOperated": true,
    })
}

/// A setTroubleTicketByValue on a ticket, as one who knows of `seen` updates by the supplier.
fn setting(key: &str, seen: u64, changes: &Value) -> Value {
    let mut ticket = json!({
        "interactionDate": "2026-03-02T10:00:00+01:00",
        "troubleTicketKey": key, "lastUpdateVersionNumber": seen.to_string(), "serviceProviderID": "123456782",
    });
    ticket
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    ticket
}

fn done(key: &str) -> Value {
    json!({"answer": {"troubleTicketKey": key, "returnCode": "0", "returnLabel": "OK"}})
}

fn sirens(more: &Value) -> Value {
    let mut asked = json!({"supplierID": "987654324", "serviceProviderID": "123456782"});
    asked
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    asked
}

const NOTIFICATION: &str = "OC case information notification";

#[test]
fn a_trouble_is_reported_informed_of_replanned_and_its_cancellation_asked_for() {
    let server = Server::start();
    let supplier = server.client("oi");
    let mut normal = Normal::beginning(&server, &["oc-alpha", "oi"]);
    let mut operator = OperatorProgram::start(server.soap(), "oc-alpha", DEMO_PASSWORD);

    assert_eq!(operator.create(&report("OC-42", "CO-ABCD-1234")), done("SAV-1"));
    // An operator that got no answer sends the same again: it is the same ticket.
    assert_eq!(operator.create(&report("OC-42", "CO-ABCD-1234")), done("SAV-1"));
    assert_eq!(operator.create(&report("OC-43", "CO-ABCD-9999")), done("SAV-2"));
    assert_eq!(
        server.client("oc-alpha").get("/v1/tickets").expect(200)["total"],
        2
    );
    let key = "SAV-1";

    let information =
        json!({"description": NOTIFICATION, "messageContent": "Le code de l'immeuble est 1234."});
    assert_eq!(operator.set(&setting(key, 0, &information)), done(key));
    replanned(&mut operator, key);

    // The supplier takes it on over REST; whoever has not read that may not act.
    let active = json!({"action": "activate", "fields": {"supplierResolutionAction": "AVEC_RDV"}});
    let active = supplier.follow(key, &active);
    assert_eq!(
        (&active["status"]["id"], &active["supplier_updates"]),
        (&json!("open_active"), &json!(1))
    );
    let cancel =
        json!({"troubleTicketState": "OPENACTIVE.TO.BE.CANCELED", "messageContent": "Le client renonce."});
    let stale = operator.set(&setting(key, 0, &cancel));
    let detail = stale["fault"]["detail"]["resyncRequiredException"]
        .as_str()
        .unwrap();
    assert!(detail.contains("le ticket en est à 1"), "{stale}");
    assert_eq!(operator.set(&setting(key, 1, &cancel)), done(key));

    let by_key = operator.get(&sirens(&json!({"troubleTicketKey": key})));
    let by_line = operator.get(&sirens(&json!({"technicalId": "CO-ABCD-1234"})));
    assert_eq!(by_key, by_line);
    let seen = json!({
        "soap": by_key,
        "history": server.client("oc-alpha").history(key),
        "supplier": supplier.history(key),
        "feed": server.client("auditor").feed(key),
    });
    assert_expected("operators", &normal.value(&seen));
}

/// A new appointment names the end customer; without the name it is refused with every field that lacks.
fn replanned(operator: &mut OperatorProgram, key: &str) {
    let mut appointment = json!({
        "description": NOTIFICATION,
        "appointmentMode": "SANS_PLAN_DE_CHARGE",
        "appointmentSuggestion1": "2026-03-05T08:00:00+01:00",
    });
    let nameless = operator.set(&setting(key, 0, &appointment));
    assert_eq!(nameless["answer"]["returnCode"], "1");
    let label = nameless["answer"]["returnLabel"].as_str().unwrap();
    for field in ["customerLastName", "customerFirstName", "contactPhoneNumber1"] {
        assert!(label.contains(field), "{label}");
    }
    appointment["customerLastName"] = "Petit".into();
    appointment["customerFirstName"] = "Zoé".into();
    appointment["contactPhoneNumber1"] = "01 02 03 04 05".into();
    assert_eq!(operator.set(&setting(key, 0, &appointment)), done(key));
}

#[test]
fn what_an_operator_left_out_or_got_wrong_is_named_in_the_label() {
    let server = Server::start();
    let mut operator = OperatorProgram::start(server.soap(), "oc-alpha", DEMO_PASSWORD);
    let head = server.head();
    let empty = operator.create(&json!({}));
    assert_eq!(
        empty,
        json!({"answer": {"returnCode": "1", "returnLabel": "champ obligatoire non renseigné : interactionDate, \
            description, troubleTicketState, troubleDescription, troubleDetectionTime, serviceProviderID, supplierID, \
            troubleTicketType, offerId, commercialId, technicalId, serviceProviderTroubleTicketKey, defectClassId, \
            defectDescription, defectPrelocalization, alreadyOperated"}})
    );
    let mut wrong = report("OC-1", "CO-ABCD-1234");
    wrong["troubleTicketType"] = 9.into();
    wrong["defectPrelocalization"] = "AILLEURS".into();
    let wrong = operator.create(&wrong);
    assert_eq!(wrong["answer"]["returnCode"], "2");
    let label = wrong["answer"]["returnLabel"].as_str().unwrap();
    assert!(
        label.contains("troubleTicketType") && label.contains("defectPrelocalization"),
        "{label}"
    );
    // Somebody else's SIREN is a bad value, and nobody else's ticket is told.
    let mut other = report("OC-1", "CO-ABCD-1234");
    other["serviceProviderID"] = "111222337".into();
    assert_eq!(
        operator.create(&other),
        json!({"answer": {"returnCode": "2", "returnLabel": "format ou valeur incorrecte : serviceProviderID"}})
    );
    let unknown = operator.set(&setting("SAV-99", 0, &json!({"troubleTicketState": "CLOSED"})));
    assert_eq!(unknown["answer"]["returnCode"], "3");
    assert_eq!(server.head(), head, "what was refused wrote something");
}

#[test]
fn an_operator_with_a_wrong_password_or_anothers_ticket_is_told_nothing() {
    let server = Server::start();
    let mut operator = OperatorProgram::start(server.soap(), "oc-alpha", DEMO_PASSWORD);
    assert_eq!(operator.create(&report("OC-42", "CO-ABCD-1234")), done("SAV-1"));
    let head = server.head();
    let mut intruder = OperatorProgram::start(server.soap(), "oc-alpha", "Guichet-demo-2");
    let refused = intruder.create(&report("OC-44", "CO-ABCD-1234"));
    assert_eq!(
        refused["fault"]["message"],
        "Identifiant ou mot de passe incorrect"
    );
    assert_eq!(refused["fault"]["detail"], json!({}));

    let mut rival = OperatorProgram::start(server.soap(), "oc-beta", DEMO_PASSWORD);
    let of_rival =
        json!({"supplierID": "987654324", "serviceProviderID": "111222337", "troubleTicketKey": "SAV-1"});
    assert!(rival.get(&of_rival)["fault"]["detail"]["objectNotFoundException"].is_string());
    let mut close = setting("SAV-1", 0, &json!({"troubleTicketState": "CLOSED"}));
    close["serviceProviderID"] = "111222337".into();
    assert_eq!(rival.set(&close)["answer"]["returnCode"], "3");
    let _ = server
        .client("oc-beta")
        .get("/v1/tickets/SAV-1")
        .refused(404, "not-found");
    assert_eq!(server.head(), head, "what was refused wrote something");
    server.home().assert_not_logged(&["Guichet-demo"]);
    let wsdl = server
        .http()
        .get(format!("{}{}?wsdl", server.soap(), envelope::PATH))
        .send()
        .unwrap();
    assert_eq!(wsdl.status(), 200);
}
