//! Why a courier cannot be made, and how errors are put on one line.

use crate::smtp_url::SmtpUrlError;
use lettre::address::AddressError;
use reqwest::header::InvalidHeaderValue;
use std::{error::Error, path::PathBuf};

/// Why the courier does not start: a setting cannot be used. No message repeats a key or a password.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The API's address cannot be called.
    #[error("the address of the API is no http or https URL")]
    ApiUrl(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// The service key and one-time links would cross a network in clear.
    #[error("the API's host {0} is not loopback and its URL is not https: use https or allow plain http")]
    PlainHttp(String),
    /// The service key holds characters that no header can.
    #[error("the service key cannot be sent as a header")]
    ServiceKey(#[from] InvalidHeaderValue),
    /// A file of authorities cannot be read.
    #[error("the certificates in {path} cannot be read")]
    Ca {
        /// Where they should be.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The HTTP client cannot be made, for instance because the system has no authorities.
    #[error("the HTTP client cannot be made")]
    HttpClient(#[source] Box<dyn Error + Send + Sync>),
    /// The mail server's URL cannot be used.
    #[error("the URL of the mail server cannot be used")]
    SmtpUrl(#[from] SmtpUrlError),
    /// TLS to the mail server cannot be set up, for instance because the system has no authorities.
    #[error("TLS to the mail server cannot be set up")]
    SmtpTls(#[source] Box<dyn Error + Send + Sync>),
    /// The sender is no mailbox.
    #[error("the sender is no mailbox such as Guichet <guichet@example.org>")]
    From(#[source] AddressError),
    /// The sender's address holds other characters than ASCII, which no `Message-ID` may (RFC 5322, 3.6.4).
    #[error("the sender's address is not ASCII: write its domain in Punycode")]
    FromNotAscii,
}

/// The error and its causes on one line, for the log. A cause that only repeats what was said is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !line.ends_with(&said) {
            line.push_str(": ");
            line.push_str(&said);
        }
        cause = error.source();
    }
    line
}
