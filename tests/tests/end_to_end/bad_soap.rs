//! What is wrong on the SOAP door ends in a fault or a status, and nothing is written.

use guichet_tests::{
    envelope::{self, XML, element, envelope},
    home::DEMO_PASSWORD,
    people::quick,
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
    // Fault B3: what other readers of XML refuse; fault B4: two logins.
    for (from, to, what) in [
        ("OC-1", "OC]]>1", "Requête XML illisible : un texte contient ]]>"),
        (
            "<v1:offerId>",
            "<v1:a:b/><v1:offerId>",
            "Requête XML illisible : un nom est interdit en XML",
        ),
        (
            "<soapenv:Envelope",
            "<?xml version=\"2.0\"?><soapenv:Envelope",
            "Requête XML illisible : seule la version 1.0 de XML est acceptée",
        ),
        (
            "<v1:Password>",
            "<v1:LoginName>oc-beta</v1:LoginName><v1:Password>",
            "LoginName est en double dans l'en-tête SOAP",
        ),
    ] {
        let told = fault(&server, &whole.replacen(from, to, 1));
        assert_eq!(told, ("soapenv:Client".to_owned(), what.replace('>', "&gt;")));
    }
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
    // Fault B5: the lines of a field are read as one.
    for (fields, status) in [
        (
            [("content-encoding", "identity"), ("content-encoding", "gzip")],
            415,
        ),
        ([("content-type", XML), ("content-type", "application/json")], 415),
        (
            [("authorization", "Basic YTpi"), ("authorization", "Basic YTpj")],
            400,
        ),
    ] {
        let url = format!("{}{}", server.soap(), envelope::PATH);
        let request = server.http().post(url).body(whole.clone());
        let request = fields
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let request = if fields[0].0 == "content-type" {
            request
        } else {
            request.header("content-type", XML)
        };
        assert_eq!(request.send().unwrap().status(), status, "{fields:?}");
    }
    assert_eq!(
        server
            .call_soap(XML, &format!("{whole}{}", " ".repeat(1024 * 1024)))
            .status,
        413
    );
    assert_eq!(server.head(), before, "what was refused wrote something");
    assert_eq!(server.call_soap(XML, &whole).status, 200);
}

/// Code and label of an answer to create, set or none of them.
#[track_caller]
fn code(server: &Server, body: &str) -> (String, String) {
    let answer = server.call_soap(XML, &envelope("oc-alpha", DEMO_PASSWORD, body));
    let text = answer.text();
    assert_eq!(answer.status, 200, "{text}");
    let of = |name: &str| element(&text, name).unwrap_or_default().to_owned();
    (of("returnCode"), of("returnLabel"))
}

/// Faults P4, B21 and B22: a date that no answer could tell is a bad value, in every field and operation that takes one.
#[test]
fn a_date_that_no_answer_could_tell_is_a_bad_value() {
    let server = Server::start();
    let create = |reference: &str, field: (&str, &str)| {
        code(&server, &envelope::create_with("123456782", reference, &[field]))
    };
    assert_eq!(create("OC-1", ("offerId", "FTTH")).0, "0");
    let before = server.head();
    for date in [
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00",
        "0000-01-01T00:00:00+14:00",
        "2026-03-02T08:00:00+15:00",
        "2026-03-02T08:00:00-14:01",
        "2026-03-02T08:00:00+23:59",
        "2026-03-02T24:00:01",
    ] {
        for field in [
            "troubleDetectionTime",
            "interactionDate",
            "appointmentSuggestion1",
        ] {
            let customer = [
                (field, date),
                ("customerLastName", "Petit"),
                ("customerFirstName", "Zoé"),
                ("contactPhoneNumber1", "0102030405"),
            ];
            let wrong = ("2".to_owned(), format!("format ou valeur incorrecte : {field}"));
            assert_eq!(
                code(&server, &envelope::create_with("123456782", "OC-2", &customer)),
                wrong,
                "{date}"
            );
            if field != "troubleDetectionTime" {
                let told = [
                    ("description", "OC CASE INFORMATION NOTIFICATION"),
                    ("messageContent", "m"),
                    (field, date),
                ];
                assert_eq!(code(&server, &envelope::set("SAV-1", 0, &told)), wrong, "{date}");
            }
        }
    }
    assert_eq!(server.head(), before, "what was refused wrote something");
}

/// Faults P9 and B23: the end of a day is told as the next midnight.
#[test]
fn the_end_of_a_day_is_the_next_midnight() {
    let server = Server::start();
    for (number, (date, told)) in [
        ("2026-03-02T24:00:00", "2026-03-03T00:00:00+01:00"),
        ("2026-03-02T24:00:00Z", "2026-03-03T00:00:00+00:00"),
        ("2026-02-28T24:00:00.000+01:00", "2026-03-01T00:00:00+01:00"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = envelope::create_with(
            "123456782",
            &format!("OC-{number}"),
            &[("troubleDetectionTime", date)],
        );
        assert_eq!(code(&server, &body).0, "0", "{date}");
        let key = format!("SAV-{}", number + 1);
        let get = envelope(
            "oc-alpha",
            DEMO_PASSWORD,
            &envelope::get(&[("troubleTicketKey", &key)]),
        );
        let text = server.call_soap(XML, &get).text();
        assert_eq!(element(&text, "troubleDetectionTime"), Some(told), "{date}");
    }
}

/// Faults P13, B24, B6 and B7: signs, white space and texts that nobody can see.
#[test]
fn what_only_looks_like_a_value_is_none() {
    let server = Server::start();
    let before = server.head();
    let missing = |name: &str| {
        (
            "1".to_owned(),
            format!("champ obligatoire non renseigné : {name}"),
        )
    };
    let wrong = |name: &str| ("2".to_owned(), format!("format ou valeur incorrecte : {name}"));
    let create = |field: (&str, &str)| code(&server, &envelope::create_with("123456782", "OC-1", &[field]));
    for number in ["++1", "+-1", "1\u{a0}", "1.0", "１"] {
        assert_eq!(
            create(("troubleTicketType", number)),
            wrong("troubleTicketType"),
            "{number}"
        );
    }
    for name in ["troubleDescription", "serviceProviderTroubleTicketKey", "offerId"] {
        for invisible in ["\u{200b}", "\u{a0}", "\u{feff}\u{2060}", "\u{2800}"] {
            assert_eq!(create((name, invisible)), missing(name), "{invisible:?}");
        }
    }
    for name in ["serviceProviderName", "serviceProviderTroubleTicketKey"] {
        for broken in ["a\u{2028}b", "a\u{2029}b", "a\u{85}b", "a&#10;b"] {
            assert_eq!(create((name, broken)), wrong(name), "{broken:?}");
        }
    }
    assert_eq!(server.head(), before, "what was refused wrote something");
    assert_eq!(create(("troubleTicketType", " +01 ")).0, "0");
}

/// Faults P11 and P12: a stranger's name is cut, in the log too, and what cannot be read is told in French.
#[test]
fn a_strangers_name_is_cut_and_what_is_ill_formed_is_told_in_french() {
    let server = Server::start();
    let long = "x".repeat(500_000);
    let (code, message) = fault(
        &server,
        &envelope("oc-alpha", DEMO_PASSWORD, &format!("<{long}/>")),
    );
    assert_eq!(code, "soapenv:Client");
    assert_eq!(message, format!("Opération inconnue : {}…", "x".repeat(80)));
    let (_, message) = fault(&server, &format!("<{long}/>"));
    assert_eq!(
        message,
        format!(
            "L'élément racine {}… n'est pas une enveloppe SOAP",
            "x".repeat(80)
        )
    );
    let longest = server.home().log_lines().lines().map(str::len).max();
    assert!(
        longest.is_some_and(|bytes| bytes < 2_000),
        "a log line of {longest:?} bytes"
    );
    let (code, message) = fault(&server, "<a><b></a>");
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "soapenv:Client",
            "Requête XML illisible : le document est mal formé"
        )
    );
}

/// Fault P16: a locked login with the right password is told that it is locked, and another login is not held up.
#[test]
fn a_locked_login_is_told_apart_from_a_wrong_password() {
    let server = quick().without("GUICHET_STRANGER_BURST").start();
    let create = envelope::create("123456782", "OC-1");
    let message = |login: &str, password: &str| {
        let answer = server.call_soap(XML, &envelope(login, password, &create));
        let text = answer.text();
        element(&text, "faultstring")
            .or(element(&text, "returnLabel"))
            .unwrap_or(&text)
            .to_owned()
    };
    for login in ["oc-alpha", "nobody-of-that-name"] {
        for _ in 0..10 {
            assert_eq!(message(login, "not it"), "Identifiant ou mot de passe incorrect");
        }
        let locked = message(login, DEMO_PASSWORD);
        assert!(
            locked.starts_with("Identifiant verrouillé après trop d'essais infructueux, réessayez dans "),
            "{locked}"
        );
        let reference = locked.split("(référence ").nth(1).unwrap().trim_end_matches(')');
        assert!(server.home().log_lines().contains(reference), "{reference}");
    }
    // Sixty sign-ins of one login at once, and the programs of other operators behind the same address.
    for _ in 0..80 {
        let _ = message("nobody-else", "not it");
    }
    let beta = envelope::create("111222337", "OC-1");
    let answer = server.call_soap(XML, &envelope("oc-beta", DEMO_PASSWORD, &beta));
    assert_eq!(
        element(&answer.text(), "returnCode"),
        Some("0"),
        "{}",
        answer.text()
    );
}
