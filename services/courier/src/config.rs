//! What the people who run the courier can set.

use std::path::PathBuf;

/// How long the mail server may take for one mail unless set, milliseconds. A claim holds for a minute, and the outcome
/// is to be told within it.
pub const SMTP_TIMEOUT_MS: u64 = 45_000;

/// Settings of the courier. Not printable, because it holds the service key and may hold a password.
#[derive(Clone)]
pub struct CourierConfig {
    /// Where the REST API is, such as `http://127.0.0.1:8080`, without `/v1`.
    pub api_url: String,
    /// PEM file of the authorities that the API's certificate is checked against; those of the system when absent.
    pub api_ca: Option<PathBuf>,
    /// What makes the API hand over deliveries.
    pub service_key: String,
    /// The mail server: `smtps://user:password@host`, `smtp://host?tls=required` (STARTTLS),
    /// `smtp://host?tls=opportunistic` or `smtp://host`, each with an optional port (465, 587, 587, 25) and, as the path,
    /// the name that the courier greets with instead of this machine's. User and password are percent-encoded.
    pub smtp_url: String,
    /// PEM file of the authorities that the mail server's certificate is checked against; those of the system when absent.
    pub smtp_ca: Option<PathBuf>,
    /// How long the mail server may take to be connected to, and then to take one mail, milliseconds.
    pub smtp_timeout_ms: u64,
    /// The mailbox that mail comes from, such as `Guichet <guichet@example.org>`. Its address is ASCII.
    pub from: String,
    /// Sends the service key, and takes texts with one-time links, over plain http to an API that is not on loopback.
    pub allow_plain_http: bool,
}

impl CourierConfig {
    /// Settings with everything else as shipped.
    #[must_use]
    pub fn new(
        api_url: impl Into<String>,
        service_key: impl Into<String>,
        smtp_url: impl Into<String>,
        from: impl Into<String>,
    ) -> CourierConfig {
        CourierConfig {
            api_url: api_url.into(),
            api_ca: None,
            service_key: service_key.into(),
            smtp_url: smtp_url.into(),
            smtp_ca: None,
            smtp_timeout_ms: SMTP_TIMEOUT_MS,
            from: from.into(),
            allow_plain_http: false,
        }
    }
}
