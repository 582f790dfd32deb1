//! What the mail server's answers make of a delivery.

use crate::{config, delivery, send, server::MailServer};
use api_types::Outcome;
use courier::{ConnectError, DETAIL_CHARS_MAX, Mailer};
use std::net::TcpListener;

/// What becomes of a mail to `{prefix}@example.org` at a server that answers `reply` to it.
async fn answered(flag: &str, prefix: &str, reply: &str) -> (Outcome, String) {
    let server = MailServer::start(&[flag, &format!("{prefix}={reply}")]);
    let config = config(&format!("smtp://{}", server.address));
    let outcome = send(&config, &delivery(&format!("{prefix}@example.org"))).await;
    assert!(server.has_no_mail());
    (outcome.outcome, outcome.detail.unwrap())
}

#[tokio::test]
async fn a_permanent_answer_to_the_recipient_or_the_mail_refuses_it_in_the_servers_words() {
    for (flag, reply) in [
        ("--rcpt", "550 5.1.1 No such user here"),
        ("--rcpt", "553 Mailbox name not allowed"),
        ("--data", "554 5.6.0 We do not like this mail"),
        ("--data", "552 5.2.2 Mailbox full"),
    ] {
        let (outcome, detail) = answered(flag, "refused", reply).await;
        assert_eq!((outcome, detail.as_str()), (Outcome::Refused, reply), "{flag}");
    }
}

#[tokio::test]
async fn an_answer_for_now_is_a_failure_that_comes_back() {
    for (flag, reply) in [
        ("--rcpt", "451 4.2.1 Come back later"),
        ("--rcpt", "421 4.3.2 Closing"),
        ("--data", "452 4.3.1 No room"),
    ] {
        let (outcome, detail) = answered(flag, "later", reply).await;
        assert_eq!((outcome, detail.as_str()), (Outcome::Failed, reply), "{flag}");
    }
}

#[tokio::test]
async fn a_permanent_answer_about_us_makes_nobodys_address_stale() {
    for (flag, reply) in [
        ("--rcpt", "554 5.7.1 Relay access denied"),
        ("--rcpt", "530 Authentication required"),
        ("--data", "550 5.7.26 No signature of yours"),
    ] {
        let (outcome, detail) = answered(flag, "policy", reply).await;
        assert_eq!((outcome, detail.as_str()), (Outcome::Failed, reply), "{flag}");
    }
    let server = MailServer::start(&["--mail", "550 5.1.8 Your address does not exist"]);
    let config = config(&format!("smtp://{}", server.address));
    let outcome = send(&config, &delivery("requester-1@example.org")).await;
    assert_eq!(outcome.outcome, Outcome::Failed);
    assert_eq!(
        outcome.detail.as_deref(),
        Some("550 5.1.8 Your address does not exist")
    );
}

#[tokio::test]
async fn a_long_answer_is_cut_and_the_address_taken_out_of_it() {
    let reply = format!("550 5.1.1 <refused@example.org> is {} gone", "é".repeat(450));
    let (outcome, detail) = answered("--rcpt", "refused", &reply).await;
    assert_eq!(outcome, Outcome::Refused);
    assert!(detail.starts_with("550 5.1.1 <…> is é"), "{detail}");
    assert!(detail.chars().count() <= DETAIL_CHARS_MAX);
}

#[tokio::test]
async fn a_server_that_says_nothing_more_is_a_failure_after_the_time_allowed() {
    let server = MailServer::start(&["--silent", "slow"]);
    let mut config = config(&format!("smtp://{}", server.address));
    config.smtp_timeout_ms = 1_000;
    let outcome = send(&config, &delivery("slow@example.org")).await;
    assert_eq!(outcome.outcome, Outcome::Failed);
    assert_eq!(outcome.detail.as_deref(), Some("no answer within 1000 ms"));
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&format!("smtp://{}", listener.local_addr().unwrap()));
    config.smtp_timeout_ms = 300;
    // The system takes the connection; nobody greets.
    let silent = Mailer::new(&config).unwrap().connect().await.err();
    assert!(matches!(silent, Some(ConnectError::TimedOut(300))), "{silent:?}");
    drop(listener);
    let away = Mailer::new(&config).unwrap().connect().await.err();
    assert!(matches!(away, Some(ConnectError::Smtp(_))), "{away:?}");
}

#[tokio::test]
async fn one_refusal_does_not_spoil_the_next_mail() {
    let server = MailServer::start(&[
        "--rcpt",
        "refused=550 5.1.1 No such user here",
        "--rcpt",
        "later=451 4.2.1 Come back later",
    ]);
    let config = config(&format!("smtp://{}", server.address));
    let mut outcomes = Vec::new();
    for to in [
        "refused@example.org",
        "later@example.org",
        "requester-1@example.org",
    ] {
        outcomes.push(send(&config, &delivery(to)).await.outcome);
    }
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Failed, Outcome::Delivered]);
    assert_eq!(server.mail()["to"][0], "requester-1@example.org");
}
