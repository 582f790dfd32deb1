//! The courier: delivers account mail, as a client of the REST API.
//!
//! It stores nothing. One delivery goes: listed by the API (ids only) → a connection to the mail server → claimed at the
//! API, which makes the text and its one-time links for this claim → handed over by SMTP (RFC 5321) → its outcome told
//! to the API. Whatever is cut short comes back when its claim has run out (design, sections 2 and 6).
//!
//! Neither texts, subjects, addresses nor links are ever logged: only a delivery's number, its effect and its outcome.

mod client;
mod config;
mod courier;
mod error;
mod mailer;
mod message;
mod patience;
mod reply;
mod smtp_url;

pub use config::{CourierConfig, SMTP_TIMEOUT_MS};
pub use courier::{AT_ONCE_MAX, Courier, STOP_TIMEOUT_MS, new};
pub use error::CourierError;
pub use mailer::{ConnectError, Connection, Mailer};
pub use reply::DETAIL_CHARS_MAX;
pub use smtp_url::SmtpUrlError;
