//! setTroubleTicketByValue: what is kept, what is refused by name, and what is sent twice.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use guichet_tests::{
    answer::Answer,
    envelope::{self, XML, element, envelope},
    home::{DEMO_PASSWORD, Home},
    server::Server,
    soap_door::{SoapDoor, between},
};
use serde_json::{Value, json};

const SERVICE_KEY: &str = "the-key-of-the-doors";
const NOTIFICATION: (&str, &str) = ("description", "OC case information notification");
const SENT: (&str, &str) = ("interactionDate", "2026-03-02T10:00:00+01:00");

fn of_alpha(body: &str) -> String {
    envelope("oc-alpha", DEMO_PASSWORD, body)
}

/// Code and label of an answer to create or set.
#[track_caller]
fn code(answer: &Answer) -> (String, String) {
    let text = answer.text();
    assert_eq!(answer.status, 200, "{text}");
    let of = |name: &str| element(&text, name).unwrap().to_owned();
    (of("returnCode"), of("returnLabel"))
}

#[track_caller]
fn set(server: &Server, seen: u64, fields: &[(&str, &str)]) -> (String, String) {
    code(&server.call_soap(XML, &of_alpha(&envelope::set("SAV-1", seen, fields))))
}

#[track_caller]
fn create(server: &Server) {
    let created = server.call_soap(XML, &of_alpha(&envelope::create("123456782", "OC-1")));
    assert_eq!(code(&created).0, "0");
}

fn ok() -> (String, String) {
    ("0".to_owned(), "OK".to_owned())
}

fn wrong(name: &str) -> (String, String) {
    ("2".to_owned(), format!("format ou valeur incorrecte : {name}"))
}

fn ticket(server: &Server) -> Value {
    server.client("oc-alpha").get("/v1/tickets/SAV-1").expect(200)
}

fn comments(server: &Server) -> Vec<String> {
    let page = server
        .client("oc-alpha")
        .get("/v1/tickets/SAV-1/comments")
        .expect(200);
    let of = |comment: &Value| comment["body"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(of).collect()
}

/// Fault P1: nothing that a set fills in is dropped in silence.
#[test]
fn what_a_set_fills_in_is_kept_or_refused_by_name() {
    let server = Server::start();
    create(&server);
    let message = ("messageContent", "Le code est 1234.");
    let reached = [
        ("contactPhoneNumber1", "01 02 03 04 05"),
        ("customerAccessibilityHours", "lundi matin"),
    ];
    let fields = [NOTIFICATION, message, reached[0], reached[1]];
    assert_eq!(set(&server, 0, &fields), ok());
    let stored = ticket(&server);
    for (name, value) in reached {
        assert_eq!(stored["fields"][name], value);
    }
    assert_eq!(comments(&server), ["Le code est 1234."]);

    let head = server.head();
    let bad = [NOTIFICATION, message, ("contactPhoneNumber1", "abc")];
    assert_eq!(set(&server, 0, &bad), wrong("contactPhoneNumber1"));
    for field in [
        ("serviceProviderName", "Dupont"),
        ("technicalId", "CO-ABCD-9999"),
        ("offerId", "FTTE"),
        ("troubleDescription", "Autre chose."),
        ("supplierName", "Un autre"),
        ("troubleTicketClosureCode", "RET01"),
    ] {
        assert_eq!(set(&server, 0, &[NOTIFICATION, message, field]), wrong(field.0));
    }
    let closing = [
        ("troubleTicketState", "CLOSED"),
        ("contactPhoneNumber1", "09 08 07 06 05"),
    ];
    assert_eq!(set(&server, 0, &closing), wrong("contactPhoneNumber1"));
    assert_eq!(server.head(), head, "what was refused wrote something");

    // The whole ticket as it is, beside some words: the words.
    let whole = [
        NOTIFICATION,
        ("messageContent", "Merci."),
        reached[0],
        reached[1],
        ("technicalId", "CO-ABCD-1234"),
        ("offerId", "FTTH"),
        ("troubleTicketType", "+01"),
        ("alreadyOperated", "1"),
        ("troubleDetectionTime", "2026-03-02T07:00:00Z"),
    ];
    assert_eq!(set(&server, 0, &whole), ok());
    assert_eq!(ticket(&server)["last_message"]["type"], "inform");
    assert_eq!(comments(&server), ["Le code est 1234.", "Merci."]);
}

/// Fault P3: the answer was lost, the supplier went on, and the same message comes again.
#[test]
fn the_same_set_again_is_answered_as_the_first_time() {
    let server = Server::start();
    create(&server);
    let message = [SENT, NOTIFICATION, ("messageContent", "Le code est 1234.")];
    // Fault B1: it is not cleared, so nothing is said.
    let contradicting = [SENT, NOTIFICATION, message[2], ("troubleTicketState", "CLEARED")];
    assert_eq!(set(&server, 0, &contradicting), wrong("troubleTicketState"));
    assert_eq!(comments(&server), [""; 0]);
    assert_eq!(set(&server, 0, &message), ok());
    let supplier = server.client("oi");
    let _ = supplier.follow("SAV-1", &json!({"action": "activate", "comment": "RDV mardi"}));
    let head = server.head();
    assert_eq!(set(&server, 0, &message), ok());
    assert_eq!(set(&server, 1, &message), ok());
    // Fault B6: the same instant in another zone.
    let elsewhere = [
        ("interactionDate", "2026-03-02T09:00:00Z"),
        message[1],
        message[2],
    ];
    assert_eq!(set(&server, 1, &elsewhere), ok());
    assert_eq!(comments(&server), ["Le code est 1234.", "RDV mardi"]);
    assert_eq!(server.head(), head, "the same message wrote something twice");

    // Other words at the same time are another message, and that one rests on what is stale.
    let other = [SENT, NOTIFICATION, ("messageContent", "Le code est 4321.")];
    let stale = server.call_soap(XML, &of_alpha(&envelope::set("SAV-1", 0, &other)));
    assert_eq!(stale.status, 500);
    assert!(
        stale.text().contains("resyncRequiredException"),
        "{}",
        stale.text()
    );
    // So are the same words at another time.
    let later = [
        ("interactionDate", "2026-03-02T11:00:00+01:00"),
        message[1],
        message[2],
    ];
    assert_eq!(set(&server, 1, &later), ok());
    assert_eq!(comments(&server).len(), 3);
    // A message that was refused as stale is taken once the ticket was read.
    assert_eq!(set(&server, 1, &other), ok());
    assert_eq!(comments(&server).len(), 4);
}

/// Fault P3: an appointment that is made already, and a cancellation that is asked for already.
#[test]
fn an_order_sent_again_is_answered_as_the_first_time_whatever_it_made_of_the_ticket() {
    let server = Server::start();
    create(&server);
    let appointment = [
        SENT,
        NOTIFICATION,
        ("appointmentSuggestion1", "2026-03-05T08:00:00+01:00"),
        ("customerLastName", "Petit"),
        ("customerFirstName", "Zoé"),
        ("contactPhoneNumber1", "01 02 03 04 05"),
        ("messageContent", "De préférence le matin."),
    ];
    assert_eq!(set(&server, 0, &appointment), ok());
    let head = server.head();
    assert_eq!(set(&server, 0, &appointment), ok());
    assert_eq!(server.head(), head, "the same appointment wrote something twice");
    let supplier = server.client("oi");
    let _ = supplier.follow("SAV-1", &json!({"action": "activate"}));
    assert_eq!(set(&server, 0, &appointment), ok());
    let cancel = [SENT, ("troubleTicketState", "OPENACTIVE.TO.BE.CANCELED")];
    assert_eq!(set(&server, 1, &cancel), ok());
    let _ = supplier.follow(
        "SAV-1",
        &json!({"action": "close", "fields": {"troubleTicketClosureCode": "EXC06"}}),
    );
    let head = server.head();
    for seen in [0, 1, 2] {
        assert_eq!(set(&server, seen, &cancel), ok());
        assert_eq!(set(&server, seen, &appointment), ok());
    }
    assert_eq!(server.head(), head, "what was sent again wrote something");
    let never_sent = [("interactionDate", "2026-03-02T12:00:00+01:00"), cancel[1]];
    assert_eq!(set(&server, 2, &never_sent).0, "4");
}

/// Something changes the ticket before so many transitions; answers what the door says to one set, and how many transitions
/// it tried.
fn set_meanwhile(changes: usize) -> (Answer, usize, Value) {
    let server = Home::new().with("GUICHET_SERVICE_KEY", SERVICE_KEY).start();
    create(&server);
    let tried = Arc::new(AtomicUsize::new(0));
    let (counted, colleague) = (Arc::clone(&tried), server.client("oc-alpha"));
    let proxy = between(server.api(), move |line| {
        if line.starts_with("POST /v1/tickets/SAV-1/transitions ")
            && counted.fetch_add(1, Ordering::SeqCst) < changes
        {
            let _ = colleague
                .post("/v1/tickets/SAV-1/comments", &json!({"body": "Entre-temps."}))
                .expect(201);
        }
    });
    let door = SoapDoor::start(&proxy, &["--service-key", SERVICE_KEY]);
    let message = [SENT, NOTIFICATION, ("messageContent", "Le code est 1234.")];
    let answer = door.call(&of_alpha(&envelope::set("SAV-1", 0, &message)));
    let found = json!({"comments": comments(&server)});
    (answer, tried.load(Ordering::SeqCst), found)
}

/// Fault M2: a ticket that changed between reading and writing is read again.
#[test]
fn a_set_whose_ticket_changed_meanwhile_is_tried_again() {
    let (answer, tried, found) = set_meanwhile(3);
    assert_eq!(code(&answer), ok());
    assert_eq!(tried, 4);
    let between = "Entre-temps.";
    assert_eq!(
        found,
        json!({"comments": [between, between, between, "Le code est 1234."]})
    );
}

/// Fault M2: at the ninth change it gives up, and has written nothing.
#[test]
fn a_set_whose_ticket_changes_every_time_gives_up() {
    let (answer, tried, found) = set_meanwhile(9);
    assert_eq!((answer.status, tried), (500, 9));
    let text = answer.text();
    assert!(text.contains("<faultcode>soapenv:Server</faultcode>"), "{text}");
    assert!(text.contains("Erreur technique (référence "), "{text}");
    assert_eq!(found["comments"].as_array().unwrap().len(), 9);
    // One change less is the last that it bears.
    let (answer, tried, _) = set_meanwhile(8);
    assert_eq!((code(&answer), tried), (ok(), 9));
}
