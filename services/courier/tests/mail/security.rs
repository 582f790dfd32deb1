//! TLS and sign-in at the mail server, and settings that are refused.

use crate::{
    config, delivery, send,
    server::{MailServer, certificate},
};
use api_types::Outcome;
use courier::{ConnectError, CourierError, Mailer, SmtpUrlError};
use tempfile::TempDir;

fn port(server: &MailServer) -> &str {
    server.address.rsplit(':').next().unwrap()
}

#[tokio::test]
async fn mail_goes_over_tls_to_a_server_whose_certificate_is_vouched_for() {
    let directory = TempDir::new().unwrap();
    let (cert, key) = certificate(directory.path(), "ours");
    let (other, _) = certificate(directory.path(), "other");
    let wrapped = MailServer::start(&["--certificate", &cert, "--key", &key, "--wrapped"]);
    let starttls = MailServer::start(&["--certificate", &cert, "--key", &key]);
    for (server, url) in [
        (&wrapped, format!("smtps://localhost:{}", port(&wrapped))),
        (&wrapped, format!("smtps://127.0.0.1:{}", port(&wrapped))),
        (
            &starttls,
            format!("smtp://localhost:{}?tls=required", port(&starttls)),
        ),
        (
            &starttls,
            format!("smtp://localhost:{}?tls=opportunistic", port(&starttls)),
        ),
    ] {
        let mut config = config(&url);
        config.smtp_ca = Some(cert.clone().into());
        let outcome = send(&config, &delivery("requester-1@example.org")).await;
        assert_eq!(outcome.outcome, Outcome::Delivered, "{url}");
        assert_eq!(server.mail()["tls"], true, "{url}");

        config.smtp_ca = Some(other.clone().into());
        let refused = Mailer::new(&config).unwrap().connect().await.err();
        assert!(matches!(refused, Some(ConnectError::Smtp(_))), "{url}");
        assert!(server.has_no_mail(), "{url}");
    }
}

#[tokio::test]
async fn where_tls_is_required_a_server_without_it_gets_nothing() {
    let directory = TempDir::new().unwrap();
    let (cert, _) = certificate(directory.path(), "ours");
    let plain = MailServer::start(&[]);
    let mut config = config(&format!("smtp://{}?tls=required", plain.address));
    config.smtp_ca = Some(cert.into());
    let refused = Mailer::new(&config).unwrap().connect().await.err();
    assert!(matches!(refused, Some(ConnectError::Smtp(_))), "{refused:?}");

    config.smtp_url = format!("smtp://{}?tls=opportunistic", plain.address);
    let outcome = send(&config, &delivery("requester-1@example.org")).await;
    assert_eq!(outcome.outcome, Outcome::Delivered);
    assert_eq!(plain.mail()["tls"], false);
}

#[tokio::test]
async fn a_password_lets_the_courier_in_and_a_wrong_one_claims_nothing() {
    let server = MailServer::start(&["--user", "guichet@example.org", "--password", "p:â ss"]);
    let address = &server.address;
    let right = config(&format!("smtp://guichet%40example.org:p%3A%C3%A2%20ss@{address}"));
    let outcome = send(&right, &delivery("requester-1@example.org")).await;
    assert_eq!(outcome.outcome, Outcome::Delivered, "{:?}", outcome.detail);
    assert_eq!(server.mail()["user"], "guichet@example.org");

    let wrong = config(&format!("smtp://guichet%40example.org:secret@{address}"));
    let refused = Mailer::new(&wrong).unwrap().connect().await.err().unwrap();
    assert!(matches!(refused, ConnectError::Smtp(_)));
    assert!(!format!("{refused:?}").contains("secret"), "{refused:?}");

    let none = config(&format!("smtp://{address}"));
    let outcome = send(&none, &delivery("requester-1@example.org")).await;
    assert_eq!(outcome.outcome, Outcome::Failed);
    assert!(outcome.detail.unwrap().starts_with("530 "));
}

#[test]
fn settings_that_cannot_be_used_are_named_without_their_secrets() {
    let fault = |change: fn(&mut courier::CourierConfig)| {
        let mut config = config("smtps://guichet:hunter2@mail.example.org");
        // Unless a case says otherwise, no authorities of the system are needed.
        config.smtp_url = "smtp://mail.example.org".to_owned();
        change(&mut config);
        courier::new(config).err().expect("the settings were taken")
    };
    let faults = [
        fault(|config| config.smtp_url = "smtp://guichet:hunter2@mail.example.org".to_owned()),
        fault(|config| config.service_key = "hunter2\n".to_owned()),
        fault(|config| config.api_url = "http://api.example.org".to_owned()),
        fault(|config| config.api_url = "ftp://hunter2@api.example.org".to_owned()),
        fault(|config| config.api_ca = Some("/nowhere/ca.pem".into())),
        fault(|config| config.from = "Guichet".to_owned()),
        fault(|config| config.from = "guichet@île.example.org".to_owned()),
        fault(|config| {
            config.smtp_url = "smtps://mail.example.org".to_owned();
            config.smtp_ca = Some("/nowhere/ca.pem".into());
        }),
    ];
    for fault in &faults {
        assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault:?}");
    }
    assert!(
        matches!(
            faults,
            [
                CourierError::SmtpUrl(SmtpUrlError::PlainPassword),
                CourierError::ServiceKey(_),
                CourierError::PlainHttp(_),
                CourierError::ApiUrl(None),
                CourierError::Ca { .. },
                CourierError::From(_),
                CourierError::FromNotAscii,
                CourierError::Ca { .. },
            ]
        ),
        "{faults:?}"
    );
}
