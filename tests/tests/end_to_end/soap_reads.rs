//! getTroubleTicketByKey: the supplier's last information, valid answers whatever is stored, all tickets of a line.

use guichet_tests::{
    answer_schema::schema_faults,
    envelope::{self, XML, element, envelope},
    home::{DEMO_PASSWORD, Home},
    operator_program::OperatorProgram,
    server::Server,
    soap_door::SoapDoor,
};
use serde_json::{Value, json};

const SERVICE_KEY: &str = "the-key-of-the-doors";

fn of_alpha(body: &str) -> String {
    envelope("oc-alpha", DEMO_PASSWORD, body)
}

#[track_caller]
fn create(server: &Server, reference: &str, changes: &[(&str, &str)]) -> String {
    let body = envelope::create_with("123456782", reference, changes);
    let text = server.call_soap(XML, &of_alpha(&body)).text();
    element(&text, "troubleTicketKey")
        .unwrap_or_else(|| panic!("{text}"))
        .to_owned()
}

/// The answer to a get, once libxml2 finds it valid.
#[track_caller]
fn get(server: &Server, fields: &[(&str, &str)]) -> String {
    let answer = server.call_soap(XML, &of_alpha(&envelope::get(fields)));
    let text = answer.text();
    assert_eq!(answer.status, 200, "{text}");
    let faults = schema_faults(server.soap(), &text);
    assert_eq!(faults, Vec::<String>::new(), "{text}");
    text
}

/// Fault P2: the operator is told what the supplier wrote last until the supplier writes again.
#[test]
fn the_suppliers_last_words_are_told_until_it_writes_again() {
    let server = Server::start();
    let key = create(&server, "OC-1", &[]);
    let supplier = server.client("oi");
    let told = || {
        let text = get(&server, &[("troubleTicketKey", &key)]);
        let of = |name: &str| element(&text, name).map(str::to_owned);
        (of("messageType").unwrap(), of("messageContent"))
    };
    let of_supplier = |words: &str| {
        (
            "OI CASE INFORMATION NOTIFICATION".to_owned(),
            Some(words.to_owned()),
        )
    };
    assert_eq!(told(), ("CASE CREATE REQUEST".to_owned(), None));
    let informed = json!({"action": "supplier_update", "comment": "RDV mardi"});
    let _ = supplier.follow(&key, &informed);
    assert_eq!(told(), of_supplier("RDV mardi"));
    let _ = supplier.follow(&key, &json!({"action": "activate"}));
    assert_eq!(told(), of_supplier("RDV mardi"));
    let message = [
        ("description", "OC case information notification"),
        ("messageContent", "Le code est 1234."),
    ];
    let set = server.call_soap(XML, &of_alpha(&envelope::set(&key, 2, &message)));
    assert!(set.text().contains("<v1:returnCode>0<"), "{}", set.text());
    assert_eq!(told(), of_supplier("RDV mardi"));
    let note = json!({"body": "interne", "visibility": "internal"});
    let _ = supplier
        .post(&format!("/v1/tickets/{key}/comments"), &note)
        .expect(201);
    assert_eq!(told(), of_supplier("RDV mardi"));
    let _ = supplier
        .post(
            &format!("/v1/tickets/{key}/comments"),
            &json!({"body": "RDV jeudi"}),
        )
        .expect(201);
    assert_eq!(told(), of_supplier("RDV jeudi"));
}

/// Faults P5, B22 and B25: what REST takes is told, and every answer is valid against the schema that is served.
#[test]
fn what_rest_takes_is_told_in_a_valid_answer() {
    let server = Server::start();
    let (operator, supplier) = (server.client("oc-alpha"), server.client("oi"));
    let opened = |number: usize, detected: &str, of_type: &Value| {
        let asked = json!({
            "desk": "SAV", "type": "signalisation", "summary": "s", "description": "d",
            "fields": {
                "troubleDetectionTime": detected, "serviceProviderID": "123456782", "supplierID": "987654324",
                "troubleTicketType": of_type, "offerId": "FTTH", "technicalId": "P",
                "serviceProviderTroubleTicketKey": format!("R-{number}"), "defectClassId": "1",
                "defectDescription": "1", "defectPrelocalization": "PTO", "alreadyOperated": true,
            }
        });
        operator.post("/v1/tickets", &asked)
    };
    let one_and = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mut taken = 0;
    for (number, (detected, of_type)) in [
        ("2026-03-02T08:00:00Z", "1.0"),
        ("2026-03-02t08:00:00z", "1"),
        ("2026-03-02T08:00:00Z", "1e0"),
        ("2026-03-02T08:00:00+18:00", "1"),
        ("2016-12-31T23:59:60Z", "1"),
        ("2026-03-02T08:00:00.123456789Z", "1"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = opened(number, detected, &one_and(of_type));
        if answer.status != 201 {
            // What the REST door does not take cannot be missing from an answer.
            assert_eq!(answer.status, 422, "{detected} {of_type}: {}", answer.text());
            continue;
        }
        taken += 1;
        let key = answer.json()["key"].as_str().unwrap().to_owned();
        let text = get(&server, &[("troubleTicketKey", &key)]);
        assert_eq!(element(&text, "troubleTicketType"), Some("1"), "{of_type}");
        let date = element(&text, "troubleDetectionTime").unwrap_or_else(|| panic!("{detected}: {text}"));
        // The checker itself finds what it is there for.
        let planted = text.replace(date, "2016-12-31T23:59:60Z");
        assert!(!schema_faults(server.soap(), &planted).is_empty(), "{planted}");
        for planned in [
            "2026-05-04t10:00:00z",
            "2026-05-04T10:00:00+18:00",
            "2026-05-04T10:00:00.5+14:00",
        ] {
            let update =
                json!({"action": "supplier_update", "fields": {"supplierPlannedActionDate": planned}});
            let answer = supplier.post(&format!("/v1/tickets/{key}/transitions"), &update);
            assert!(matches!(answer.status, 200 | 422), "{planned}: {}", answer.text());
            if answer.status == 200 {
                let text = get(&server, &[("troubleTicketKey", &key)]);
                assert!(element(&text, "supplierPlannedActionDate").is_some(), "{planned}");
            }
        }
    }
    assert!(taken >= 3, "only {taken} were taken");
}

/// Faults P10, B33 and M3: newest first over several pages, and the answer says that there are more.
#[test]
fn a_line_with_more_tickets_than_an_answer_holds_tells_the_newest_and_that_there_are_more() {
    let server = Home::new().with("GUICHET_SERVICE_KEY", SERVICE_KEY).start();
    let mut operator = OperatorProgram::start(server.soap(), "oc-alpha", DEMO_PASSWORD);
    let line = [("technicalId", "CO-LINE-0001")];
    let _ = create(&server, "OTHER", &[("technicalId", "CO-LINE-0002")]);
    let mut keys: Vec<String> = (0..60)
        .map(|number| create(&server, &format!("R-{number}"), &line))
        .collect();
    let told = |text: &str| -> Vec<String> {
        text.split("<v1:troubleTicketKey>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect()
    };
    let newest_first = |keys: &[String]| -> Vec<String> { keys.iter().rev().take(100).cloned().collect() };
    let text = get(&server, &line);
    assert_eq!(told(&text), newest_first(&keys));
    assert!(!text.contains("moreTickets"), "{text}");

    keys.extend((60..100).map(|number| create(&server, &format!("R-{number}"), &line)));
    let text = get(&server, &line);
    assert_eq!(told(&text), newest_first(&keys));
    assert!(!text.contains("moreTickets"), "{text}");
    keys.push(create(&server, "R-100", &line));
    let text = get(&server, &line);
    assert_eq!(told(&text), newest_first(&keys));
    assert!(text.contains("<v1:moreTickets>true</v1:moreTickets>"), "{text}");
    // A real client reads it as it reads any other.
    let asked =
        json!({"technicalId": line[0].1, "supplierID": "987654324", "serviceProviderID": "123456782"});
    let answer = operator.get(&asked);
    let read = answer["answer"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(read.len(), 100);
    assert_eq!(read[0]["troubleTicketKey"], keys[100]);

    // The tickets are the SAV desk's: a door that speaks for another desk has none of them.
    let words = server.home().path().join("words.toml");
    let shipped = include_str!("../../../services/soap/data/vocabulary.toml");
    std::fs::write(&words, shipped.replace("desk = \"SAV\"", "desk = \"SUP\"")).unwrap();
    let arguments = [
        "--service-key",
        SERVICE_KEY,
        "--soap-vocabulary",
        words.to_str().unwrap(),
    ];
    let other_desk = SoapDoor::start(server.api(), &arguments);
    let none = other_desk.call(&of_alpha(&envelope::get(&line)));
    assert_eq!(none.status, 500);
    assert!(none.text().contains("objectNotFoundException"), "{}", none.text());
    let own_desk = SoapDoor::start(server.api(), &arguments[..2]);
    assert_eq!(
        told(&own_desk.call(&of_alpha(&envelope::get(&line))).text()),
        newest_first(&keys)
    );
}
