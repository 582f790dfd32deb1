//! What is wrong on the SOAP door ends in a fault or a status, and nothing is written.

use guichet_tests::{
    envelope::{self, XML, element, envelope},
    home::DEMO_PASSWORD,
    server::Server,
};

/// The fault of a call: always HTTP 500 in SOAP 1.1, whatever went wrong.
#[track_caller]
fn fault(server: &Server, envelope: &str) -> (String, String) {
    let before = server.head();
    let answer = server.call_soap(XML, envelope);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (500, XML),
        "{}",
        answer.text()
    );
    assert_eq!(server.head(), before, "what was refused wrote something");
    let text = answer.text();
    let of = |name: &str| element(&text, name).unwrap().to_owned();
    (of("faultcode"), of("faultstring"))
}

#[test]
fn a_document_type_is_refused_before_any_entity_is_expanded() {
    let server = Server::start();
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE bomb [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">\
         <!ENTITY file SYSTEM \"file:///etc/passwd\">]>{}",
        envelope("oc-alpha", DEMO_PASSWORD, "<op>&b;&file;</op>")
    );
    let (code, message) = fault(&server, &bomb);
    assert_eq!(code, "soapenv:Client");
    assert!(
        !message.contains("root:") && !message.contains("aaaaaaaaaa"),
        "{message}"
    );
}

#[test]
fn an_unknown_operation_and_broken_xml_are_the_clients_fault() {
    let server = Server::start();
    let (code, message) = fault(
        &server,
        &envelope("oc-alpha", DEMO_PASSWORD, "<v1:dropEverything/>"),
    );
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("soapenv:Client", "Opération inconnue : dropEverything")
    );
    let whole = envelope("oc-alpha", DEMO_PASSWORD, &envelope::create("123456782", "OC-1"));
    let (code, _) = fault(&server, &whole[..whole.len() - 30]);
    assert_eq!(code, "soapenv:Client");
    let two = format!("{0}{0}", envelope::create("123456782", "OC-1"));
    let (code, _) = fault(&server, &envelope("oc-alpha", DEMO_PASSWORD, &two));
    assert_eq!(code, "soapenv:Client");
}

#[test]
fn wrong_credentials_and_accounts_without_the_right_are_refused() {
    let server = Server::start();
    let create = envelope::create("123456782", "OC-1");
    for (login, password) in [
        ("oc-alpha", "Guichet-demo-2"),
        ("nobody", DEMO_PASSWORD),
        ("", ""),
    ] {
        let (code, message) = fault(&server, &envelope(login, password, &create));
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("soapenv:Client", "Identifiant ou mot de passe incorrect")
        );
    }
}

#[test]
fn another_media_type_or_no_xml_at_all_is_no_call() {
    let server = Server::start();
    let whole = envelope("oc-alpha", DEMO_PASSWORD, &envelope::create("123456782", "OC-1"));
    let before = server.head();
    assert_eq!(server.call_soap("application/soap+xml", &whole).status, 415);
    assert_eq!(server.call_soap("application/json", &whole).status, 415);
    assert_eq!(server.call_soap(XML, "{}").status, 400);
    assert_eq!(
        server
            .call_soap(XML, &format!("{whole}{}", " ".repeat(1024 * 1024)))
            .status,
        413
    );
    assert_eq!(server.head(), before, "what was refused wrote something");
    assert_eq!(server.call_soap(XML, &whole).status, 200);
}
