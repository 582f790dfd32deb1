//! The SOAP door's own settings: what they change, and how a wrong one is told.

use guichet_tests::{
    envelope::{self, XML, element, envelope},
    home::{DEMO_PASSWORD, Home},
    server::Server,
    soap_door::SoapDoor,
};

const SERVICE_KEY: &str = "the-key-of-the-doors";

/// Fault P6: SIREN, namespace, return codes and vocabulary are settings.
#[test]
fn a_supplier_sets_its_siren_namespace_codes_and_words() {
    let server = Home::new().with("GUICHET_SERVICE_KEY", SERVICE_KEY).start();
    let file = |name: &str, text: String| {
        let path = server.home().path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let codes = include_str!("../../../services/soap/data/return_codes.toml");
    let codes = file("codes.toml", codes.replace("\"OK\"", "\"Accepté\""));
    let words = include_str!("../../../services/soap/data/vocabulary.toml");
    let words = file("words.toml", words.replace("CASE CREATE REQUEST", "OUVERTURE"));
    let door = SoapDoor::start(
        server.api(),
        &[
            "--service-key",
            SERVICE_KEY,
            "--supplier-siren",
            "111222337",
            "--soap-namespace",
            "urn:supplier:sav",
            "--soap-return-codes",
            &codes,
            "--soap-vocabulary",
            &words,
        ],
    );
    let create = |changes: &[(&str, &str)]| {
        let body = envelope::create_with("123456782", "OC-1", changes);
        door.call(&envelope("oc-alpha", DEMO_PASSWORD, &body)).text()
    };
    let refused = create(&[]);
    assert_eq!(
        element(&refused, "returnLabel"),
        Some("format ou valeur incorrecte : description, supplierID")
    );
    let opened = create(&[("description", "OUVERTURE"), ("supplierID", "111222337")]);
    assert_eq!(element(&opened, "returnLabel"), Some("Accepté"));
    assert!(opened.contains("xmlns:v1=\"urn:supplier:sav\""), "{opened}");
    let wsdl = server
        .http()
        .get(format!("{}{}?wsdl", door.url(), envelope::PATH))
        .send();
    let wsdl = wsdl.unwrap().text().unwrap();
    assert!(wsdl.contains("targetNamespace=\"urn:supplier:sav\""), "{wsdl}");
}

/// Fault P6: a setting that cannot be used is named, with status 2, before anything listens.
#[test]
fn a_wrong_setting_is_named_before_anything_listens() {
    let folder = Home::new();
    let broken = folder.path().join("broken.toml");
    std::fs::write(&broken, "ok = 1").unwrap();
    let broken = broken.to_str().unwrap();
    for (arguments, named) in [
        (["--supplier-siren", "12345"], "\"12345\""),
        (["--supplier-siren", "12345678é"], "12345678é"),
        (["--soap-namespace", "v 1"], "\"v 1\""),
        (["--soap-public-url", "ws.example.org"], "\"ws.example.org\""),
        (
            ["--soap-return-codes", "/nowhere/codes.toml"],
            "/nowhere/codes.toml",
        ),
        (["--soap-return-codes", broken], "broken.toml"),
        (["--soap-vocabulary", broken], "broken.toml"),
        (["--api-ca", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
    ] {
        let ended = SoapDoor::refused(&arguments);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(named), "{arguments:?}: {said}");
        assert_eq!(String::from_utf8_lossy(&ended.stdout), "", "{arguments:?}");
    }
}

/// Fault B7: all of them are named at once, each with its flag.
#[test]
fn every_wrong_setting_is_named_with_its_flag() {
    let arguments = [
        "--supplier-siren",
        "12",
        "--soap-namespace",
        "a b",
        "--soap-return-codes",
        "/nowhere/codes.toml",
        "--soap-vocabulary",
        "/nowhere/words.toml",
    ];
    let ended = SoapDoor::refused(&arguments);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    for (flag, value) in arguments
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[flag, value]| (flag, value))
    {
        assert!(said.contains(&format!("{flag} (GUICHET_")), "{said}");
        assert!(said.contains(value), "{said}");
    }
}

/// Fault P6: with both doors in one process the REST door does not listen either, and makes no data directory.
#[test]
fn a_wrong_setting_of_the_soap_door_keeps_both_doors_shut() {
    let home = Home::new().with("GUICHET_SUPPLIER_SIREN", "12345");
    let (home, why) = home.spawn().listening().err().unwrap();
    assert!(
        home.log_lines().contains("\"12345\""),
        "{why}: {}",
        home.log_lines()
    );
    assert!(!home.data().exists(), "the data directory was opened");
}

/// Fault P6: in the demo world the supplier is known, and nobody else's SIREN is taken.
#[test]
fn the_supplier_of_another_is_a_bad_value() {
    let server = Server::start();
    let call = |body: &str| {
        server
            .call_soap(XML, &envelope("oc-alpha", DEMO_PASSWORD, body))
            .text()
    };
    let other = ("supplierID", "111222337");
    let label = "format ou valeur incorrecte : supplierID";
    let created = call(&envelope::create_with("123456782", "OC-1", &[other]));
    assert_eq!(element(&created, "returnLabel"), Some(label));
    let created = call(&envelope::create("123456782", "OC-1"));
    assert_eq!(element(&created, "returnCode"), Some("0"));
    let set = call(&envelope::set(
        "SAV-1",
        0,
        &[("troubleTicketState", "CLOSED"), other],
    ));
    assert_eq!(element(&set, "returnLabel"), Some(label));
    let read = call(&envelope::get(&[("troubleTicketKey", "SAV-1"), other]));
    assert!(
        read.contains("illegalArgumentException") && read.contains(label),
        "{read}"
    );
}
