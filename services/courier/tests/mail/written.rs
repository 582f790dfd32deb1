//! The mail as the mail server receives it.

use crate::{FROM, config, delivery, send, server::MailServer};
use api_types::Outcome;
use serde_json::{Value, json};

fn header(mail: &Value, name: &str) -> Vec<String> {
    let headers = mail["headers"].as_array().unwrap().iter();
    headers
        .filter(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name))
        .map(|header| header[1].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_mail_arrives_with_its_text_and_says_that_a_machine_wrote_it() {
    let server = MailServer::start(&[]);
    let config = config(&format!("smtp://{}/desk.example.org", server.address));
    let delivery = delivery("requester-1@example.org");
    let before = chrono::Utc::now();
    let outcome = send(&config, &delivery).await;
    assert_eq!(outcome.outcome, Outcome::Delivered);
    assert_eq!(outcome.detail.as_deref(), Some("250 2.0.0 Taken"));

    let mail = server.mail();
    assert_eq!(mail["from"], "guichet@example.org");
    assert_eq!(mail["to"], json!(["requester-1@example.org"]));
    assert_eq!(mail["hello"], "desk.example.org");
    assert_eq!(mail["text"], Value::from(delivery.text.clone()));
    let one = |name: &str| header(&mail, name);
    assert_eq!(one("Subject"), [delivery.subject.as_str()]);
    assert_eq!(one("From"), ["Guichet d'Île <guichet@example.org>"]);
    assert_eq!(one("From"), [FROM]);
    assert_eq!(one("To"), ["requester-1@example.org"]);
    assert_eq!(one("Auto-Submitted"), ["auto-generated"]);
    assert_eq!(one("X-Auto-Response-Suppress"), ["All"]);
    assert_eq!(one("Content-Language"), ["fr"]);
    assert_eq!(one("MIME-Version"), ["1.0"]);
    assert_eq!(one("Content-Type"), ["text/plain; charset=\"utf-8\""]);
    assert_eq!(
        one("Message-ID"),
        [format!("<guichet-{}@example.org>", delivery.message_id)]
    );
    let dates = one("Date");
    let date = chrono::DateTime::parse_from_rfc2822(&dates[0]).unwrap();
    assert!((date.to_utc() - before).num_seconds().abs() <= 60, "{date}");
    assert!(mail["raw"].as_str().unwrap().is_ascii());
}

#[tokio::test]
async fn a_text_arrives_as_it_was_written_whatever_its_lines_are() {
    let server = MailServer::start(&[]);
    let config = config(&format!("smtp://{}", server.address));
    let long = "x".repeat(5_000);
    let dots = ".\n..\n.hidden\nFrom here\nQUIT\n";
    for text in [
        dots.to_owned(),
        format!("é {long}\n{dots}"),
        format!("{long}\n"),
        "日本語 ".repeat(300) + "\n",
    ] {
        let mut delivery = delivery("requester-1@example.org");
        delivery.text = text;
        assert_eq!(send(&config, &delivery).await.outcome, Outcome::Delivered);
        assert_eq!(server.mail()["text"], Value::from(delivery.text));
    }
}

#[tokio::test]
async fn line_ends_in_a_subject_or_language_add_no_header_and_no_text() {
    let server = MailServer::start(&[]);
    let config = config(&format!("smtp://{}", server.address));
    let mut delivery = delivery("requester-1@example.org");
    delivery.subject = "Réponse\r\nBcc: other@example.org\r\n\r\nAnother text".to_owned();
    delivery.language = "fr\r\nX-Added: 1".to_owned();
    assert_eq!(send(&config, &delivery).await.outcome, Outcome::Delivered);
    let mail = server.mail();
    assert_eq!(mail["to"], json!(["requester-1@example.org"]));
    assert_eq!(
        header(&mail, "Subject"),
        ["Réponse  Bcc: other@example.org    Another text"]
    );
    for name in ["Bcc", "X-Added", "Content-Language"] {
        assert!(header(&mail, name).is_empty(), "{name} was added");
    }
    assert_eq!(mail["text"], Value::from(delivery.text));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_before_the_mail_server_hears_of_it() {
    let server = MailServer::start(&[]);
    let config = config(&format!("smtp://{}", server.address));
    for to in [
        "requester-1",
        "a@example.org\r\nRCPT TO:<b@example.org>",
        "a@example.org, b@example.org",
        "\"a\r\nDATA\"@example.org",
    ] {
        let outcome = send(&config, &delivery(to)).await;
        assert_eq!(outcome.outcome, Outcome::Refused, "{to:?}");
        assert!(outcome.detail.unwrap().starts_with("the address"), "{to:?}");
    }
    assert!(server.has_no_mail());
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_mail_server_that_takes_it() {
    let able = MailServer::start(&[]);
    let delivery = delivery("hélène@exemple.org");
    let outcome = send(&config(&format!("smtp://{}", able.address)), &delivery).await;
    assert_eq!(outcome.outcome, Outcome::Delivered, "{:?}", outcome.detail);
    let mail = able.mail();
    assert_eq!(mail["to"], json!(["hélène@exemple.org"]));
    assert!(
        mail["options"]
            .as_array()
            .unwrap()
            .contains(&Value::from("SMTPUTF8"))
    );

    let ascii_only = MailServer::start(&["--ascii-only"]);
    let outcome = send(&config(&format!("smtp://{}", ascii_only.address)), &delivery).await;
    assert_eq!(outcome.outcome, Outcome::Refused);
    assert!(outcome.detail.unwrap().contains("SMTPUTF8"));
    assert!(ascii_only.has_no_mail());
}
