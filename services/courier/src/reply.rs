//! What a mail server's reply means for a delivery (RFC 5321, 4.2; RFC 3463).

use api_types::{Outcome, SettleDelivery};
use lettre::transport::smtp::{Error as SmtpError, response::Response};
use std::error::Error as _;

/// The longest detail told to the API, characters.
pub const DETAIL_CHARS_MAX: usize = 500;

/// Permanent replies that are about the courier, not about the address: commands in a wrong order, sign-in asked for or
/// refused (RFC 5321, 4.2.2; RFC 4954, 6).
const REPLIES_ABOUT_US: [u16; 5] = [503, 530, 534, 535, 538];

/// Which command a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, and the mail itself.
    Data,
}

/// What became of the delivery when the mail server answered so. Only a permanent reply to the recipient or to the mail
/// refuses it: the sender's address is our setting, and policy (RFC 3463, X.7) tells nothing about the recipient's, so
/// neither may make somebody's address stale.
pub(crate) fn outcome(stage: Stage, error: &SmtpError) -> Outcome {
    let about_recipient = match stage {
        Stage::Sender => false,
        Stage::Recipient | Stage::Data => true,
    };
    let about_us = error
        .status()
        .is_some_and(|code| REPLIES_ABOUT_US.contains(&u16::from(code)));
    let is_policy = said(error).starts_with("5.7.");
    if error.is_permanent() && about_recipient && !about_us && !is_policy {
        Outcome::Refused
    } else {
        Outcome::Failed
    }
}

/// The outcome with what was said about it, without the recipient's address, control characters and what is too long.
pub(crate) fn told(outcome: Outcome, said: &str, recipient: &str) -> SettleDelivery {
    let said = match recipient {
        "" => said.to_owned(),
        _ => said.replace(recipient, "…"),
    };
    let said = said
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(DETAIL_CHARS_MAX);
    SettleDelivery {
        outcome,
        detail: Some(said.collect()),
    }
}

/// The reply that an error is about, as the mail server wrote it, or what went wrong instead of a reply.
pub(crate) fn error_text(error: &SmtpError) -> String {
    match error.status() {
        Some(code) => format!("{code} {}", said(error)),
        None => error.to_string(),
    }
}

/// A reply as the mail server wrote it.
pub(crate) fn text(reply: &Response) -> String {
    let lines: Vec<&str> = reply.message().collect();
    format!("{} {}", reply.code(), lines.join(" "))
}

/// The text after the code of a negative reply; empty for other errors.
fn said(error: &SmtpError) -> String {
    match (error.status(), error.source()) {
        (Some(_), Some(text)) => text.to_string(),
        (Some(_) | None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_one_line_of_at_most_500_characters_without_the_address() {
        let said = format!("550 5.1.1 <a@example.org>:\r\nno such user {}", "é".repeat(600));
        let told = told(Outcome::Refused, &said, "a@example.org");
        let detail = told.detail.unwrap();
        assert!(detail.starts_with("550 5.1.1 <…>:  no such user éé"), "{detail}");
        assert_eq!(detail.chars().count(), DETAIL_CHARS_MAX);
    }

    #[test]
    fn an_empty_address_leaves_the_detail_as_it_is() {
        let told = told(Outcome::Refused, "no", "");
        assert_eq!(told.detail.as_deref(), Some("no"));
    }
}
