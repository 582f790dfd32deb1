//! What the courier hands over to a real mail server, and what it makes of that server's answers.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod replies;
mod security;
mod server;
mod stopping;
mod written;

use api_types::{ClaimedDelivery, SettleDelivery};
use courier::{CourierConfig, Mailer};

const FROM: &str = "Guichet d'Île <guichet@example.org>";

pub(crate) fn config(smtp_url: &str) -> CourierConfig {
    // Nothing listens there; these tests do not ask the API.
    CourierConfig::new("http://127.0.0.1:1", "service-key", smtp_url, FROM)
}

pub(crate) fn delivery(to: &str) -> ClaimedDelivery {
    ClaimedDelivery {
        id: 17,
        message_id: "0192f0c1-7a3b-7c4d-8e5f-000000000017".parse().unwrap(),
        to: to.to_owned(),
        subject: "Votre mot de passe a été réinitialisé".to_owned(),
        text: "Bonjour,\n\nOuvrez https://guichet.example.org/reset#abc=déf\n".to_owned(),
        language: "fr".to_owned(),
        claimed_until: "2026-11-25T08:01:00Z".parse().unwrap(),
    }
}

/// Connects and hands over one mail.
pub(crate) async fn send(config: &CourierConfig, delivery: &ClaimedDelivery) -> SettleDelivery {
    let mailer = Mailer::new(config).unwrap();
    let connection = mailer.connect().await.unwrap();
    connection.send(delivery).await
}
