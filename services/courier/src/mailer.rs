//! The side of the mail server: one connection for one mail.

use crate::config::CourierConfig;
use crate::error::CourierError;
use crate::message::{ComposeError, Mail, compose};
use crate::reply::{Stage, error_text, outcome, text, told};
use crate::smtp_url::{Security, SmtpServer};
use api_types::{ClaimedDelivery, Outcome, SettleDelivery};
use lettre::{
    Address,
    message::Mailbox,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail as MailCommand, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// How long each address of the mail server may take to be reached, milliseconds.
const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// How long the mail server may take to say goodbye, milliseconds. The mail is its already.
const QUIT_TIMEOUT_MS: u64 = 2_000;

/// Why there is no connection to the mail server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It cannot be reached, or did not let us in: TLS, greeting, sign-in.
    #[error("no connection to the mail server")]
    Smtp(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not answer in time.
    #[error("the mail server did not let us in within {0} ms")]
    TimedOut(u128),
}

/// Connects to the mail server.
pub struct Mailer {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
    from: Mailbox,
    limit: Duration,
}

/// A connection to the mail server, signed in, for one mail.
pub struct Connection {
    smtp: AsyncSmtpConnection,
    from: Mailbox,
    limit: Duration,
}

/// Why a mail was not taken.
enum Setback {
    Reply(Stage, SmtpError),
    /// The address needs SMTPUTF8 (RFC 6531), which the mail server does not offer.
    AddressNotAscii,
}

impl Mailer {
    /// A mailer for these settings. It does not connect yet.
    ///
    /// # Errors
    /// [`CourierError`] tells which setting cannot be used.
    pub fn new(config: &CourierConfig) -> Result<Mailer, CourierError> {
        let server = SmtpServer::parse(&config.smtp_url)?;
        let from: Mailbox = config.from.parse().map_err(CourierError::From)?;
        if !is_ascii(&from.email) {
            return Err(CourierError::FromNotAscii);
        }
        let tls = match server.security {
            Security::Plain => None,
            Security::Opportunistic | Security::Required | Security::FromTheStart => {
                Some(tls(&server.host, config.smtp_ca.as_deref())?)
            }
        };
        let hello = server
            .hello
            .clone()
            .map_or_else(ClientId::default, ClientId::Domain);
        Ok(Mailer {
            server,
            tls,
            hello,
            from,
            limit: Duration::from_millis(config.smtp_timeout_ms),
        })
    }

    /// Connects, encrypts and signs in, as far as the URL asks for it. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`] when that does not come about within `smtp_timeout_ms`.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        match timeout(self.limit, self.dial()).await {
            Ok(Ok(smtp)) => Ok(Connection {
                smtp,
                from: self.from.clone(),
                limit: self.limit,
            }),
            Ok(Err(error)) => Err(ConnectError::Smtp(Box::new(error))),
            Err(_elapsed) => Err(ConnectError::TimedOut(self.limit.as_millis())),
        }
    }

    async fn dial(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let (at_once, later) = match self.server.security {
            Security::FromTheStart => (self.tls.clone(), None),
            Security::Plain | Security::Opportunistic | Security::Required => (None, self.tls.clone()),
        };
        let address = (self.server.host.as_str(), self.server.port);
        let per_address = Some(Duration::from_millis(CONNECT_TIMEOUT_MS));
        let mut smtp =
            AsyncSmtpConnection::connect_tokio1(address, per_address, &self.hello, at_once, None).await?;
        if let Some(tls) = later {
            // When it is required and not offered, asking for it is what fails.
            if self.server.security == Security::Required || smtp.can_starttls() {
                smtp.starttls(tls, &self.hello).await?;
            }
        }
        if let Some((user, password)) = &self.server.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            smtp.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(smtp)
    }
}

impl Connection {
    /// Hands the mail over, within `smtp_timeout_ms`, and ends the connection.
    ///
    /// `delivered`: the mail server took it. `refused`: the address is none, or the mail server answered 5xx to it or to the
    /// mail, policy aside. `failed`: everything else; after a time-out the mail may have been taken all the same.
    pub async fn send(mut self, delivery: &ClaimedDelivery) -> SettleDelivery {
        let mail = match compose(&self.from, delivery) {
            Ok(mail) => mail,
            Err(error) => {
                self.close().await;
                let outcome = match error {
                    ComposeError::Address(_) | ComposeError::ControlCharacter => Outcome::Refused,
                    ComposeError::Build(_) => Outcome::Failed,
                };
                return told(outcome, &error.to_string(), &delivery.to);
            }
        };
        let answered = match timeout(self.limit, hand_over(&mut self.smtp, mail)).await {
            Ok(answered) => answered,
            Err(_elapsed) => {
                let said = format!("no answer within {} ms", self.limit.as_millis());
                return told(Outcome::Failed, &said, &delivery.to);
            }
        };
        self.close().await;
        match answered {
            Ok(reply) => told(Outcome::Delivered, &reply, &delivery.to),
            Err(Setback::Reply(stage, error)) => {
                told(outcome(stage, &error), &error_text(&error), &delivery.to)
            }
            Err(Setback::AddressNotAscii) => {
                let said = "the mail server takes ASCII addresses only (no SMTPUTF8)";
                told(Outcome::Refused, said, &delivery.to)
            }
        }
    }

    /// Ends the connection politely, but does not wait for long.
    pub(crate) async fn close(mut self) {
        // What the server answers changes nothing any more.
        let _ = timeout(Duration::from_millis(QUIT_TIMEOUT_MS), self.smtp.abort()).await;
    }
}

/// The commands of one mail, each told apart, because a reply means another thing to each. Gives the last reply.
async fn hand_over(smtp: &mut AsyncSmtpConnection, mail: Mail) -> Result<String, Setback> {
    let mut parameters = Vec::new();
    if !is_ascii(&mail.recipient) {
        if !smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Setback::AddressNotAscii);
        }
        // Headers then hold the address as it is, so that the mail is no longer ASCII either.
        parameters.push(MailParameter::SmtpUtfEight);
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let about = |stage| move |error| Setback::Reply(stage, error);
    smtp.command(MailCommand::new(Some(mail.sender), parameters))
        .await
        .map_err(about(Stage::Sender))?;
    smtp.command(Rcpt::new(mail.recipient, vec![]))
        .await
        .map_err(about(Stage::Recipient))?;
    smtp.command(Data).await.map_err(about(Stage::Data))?;
    let reply = smtp.message(&mail.bytes).await.map_err(about(Stage::Data))?;
    Ok(text(&reply))
}

fn is_ascii(address: &Address) -> bool {
    AsRef::<str>::as_ref(address).is_ascii()
}

fn tls(host: &str, authorities: Option<&Path>) -> Result<TlsParameters, CourierError> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(path) = authorities {
        let unreadable = |source| CourierError::Ca {
            path: path.to_owned(),
            source,
        };
        let pem = std::fs::read(path).map_err(|error| unreadable(Box::new(error)))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unreadable(Box::new(error)))?;
        parameters = parameters
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    parameters
        .build()
        .map_err(|error| CourierError::SmtpTls(Box::new(error)))
}
