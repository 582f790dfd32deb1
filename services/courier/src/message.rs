//! A claimed delivery as a mail (RFC 5322, RFC 2045).

use api_types::ClaimedDelivery;
use lettre::{
    Address, Message,
    address::{AddressError, Envelope},
    error::Error as BuildError,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
};

/// The longest language tag that is passed on, characters; RFC 5646 (4.4.1) asks for room for 35.
const LANGUAGE_CHARS_MAX: usize = 35;

const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
const AUTO_RESPONSE_SUPPRESS: HeaderName = HeaderName::new_from_ascii_str("X-Auto-Response-Suppress");
const CONTENT_LANGUAGE: HeaderName = HeaderName::new_from_ascii_str("Content-Language");

/// Why a delivery cannot be written as a mail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComposeError {
    #[error("the address is no mail address")]
    Address(#[from] AddressError),
    #[error("the address holds control characters")]
    ControlCharacter,
    #[error("the mail cannot be composed")]
    Build(#[from] BuildError),
}

/// A mail, ready for the mail server.
pub(crate) struct Mail {
    pub(crate) sender: Address,
    pub(crate) recipient: Address,
    /// Header and text, lines ended by CRLF; that of the last one is left to the mark that ends a mail.
    pub(crate) bytes: Vec<u8>,
}

/// Writes the mail, dated now.
///
/// Its `Message-ID` is that of the delivery: claimed again it says the same, and a mailbox that drops doubles keeps one.
pub(crate) fn compose(from: &Mailbox, delivery: &ClaimedDelivery) -> Result<Mail, ComposeError> {
    // The parser takes a tabulator between quotes, which no SMTP command may hold (RFC 5321, 4.1.2), and refuses the other
    // control characters; that no line end gets into a command shall not hang on the parser alone.
    if delivery.to.chars().any(char::is_control) {
        return Err(ComposeError::ControlCharacter);
    }
    let sender = from.email.clone();
    let recipient: Address = delivery.to.parse()?;
    let message_id = format!("<guichet-{}@{}>", delivery.message_id, sender.domain());
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, recipient.clone()))
        .subject(one_line(&delivery.subject))
        .date_now()
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
        .message_id(Some(message_id))
        // No answering machine is to answer (RFC 3834, 5; the second one is Exchange's own).
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .raw_header(HeaderValue::new(AUTO_RESPONSE_SUPPRESS, "All".to_owned()))
        .envelope(Envelope::new(Some(sender.clone()), vec![recipient.clone()])?);
    if is_language_tag(&delivery.language) {
        message = message.raw_header(HeaderValue::new(CONTENT_LANGUAGE, delivery.language.clone()));
    }
    let message = message.body(lines(&delivery.text))?;
    let mut bytes = message.formatted();
    if bytes.ends_with(b"\r\n") {
        bytes.truncate(bytes.len() - 2);
    }
    Ok(Mail {
        sender,
        recipient,
        bytes,
    })
}

/// A subject is one line, whatever a name within it holds.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

/// The text with `\n` alone as line end and no other control character than the tabulator: a lone CR is a line end to some
/// servers and none to others, on which messages can be smuggled in.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|character| if character == '\r' { '\n' } else { character })
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .collect()
}

fn is_language_tag(text: &str) -> bool {
    let is_of_tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.len() <= LANGUAGE_CHARS_MAX && text.bytes().all(is_of_tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(to: &str) -> ClaimedDelivery {
        ClaimedDelivery {
            id: 17,
            message_id: "0192f0c1-7a3b-7c4d-8e5f-000000000017".parse().unwrap(),
            to: to.to_owned(),
            subject: "Votre mot de passe".to_owned(),
            text: "Bonjour\n".to_owned(),
            language: "fr".to_owned(),
            claimed_until: "2026-11-25T08:01:00.250Z".parse().unwrap(),
        }
    }

    fn composed(delivery: &ClaimedDelivery) -> Result<String, ComposeError> {
        let from = "Guichet <guichet@example.org>".parse().unwrap();
        compose(&from, delivery).map(|mail| String::from_utf8(mail.bytes).unwrap())
    }

    #[test]
    fn no_address_can_add_a_command_a_header_or_a_recipient() {
        for to in [
            "",
            "requester-1",
            "requester-1@",
            "@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "a@example.org\nRCPT TO:<b@example.org>",
            "\"a\r\nb\"@example.org",
            "\"a\0b\"@example.org",
            "a@example.org, b@example.org",
            "Requester <a@example.org>",
            "a@example.org>",
            "a b@example.org",
            "a\u{85}b@example.org",
            "\"a\tb\"@example.org",
        ] {
            assert!(composed(&delivery(to)).is_err(), "{to:?} was taken");
        }
    }

    #[test]
    fn no_subject_or_language_can_add_a_header() {
        let mut delivery = delivery("a@example.org");
        delivery.subject = "Hello\r\nBcc: b@example.org\n\nNo text".to_owned();
        delivery.language = "fr\r\nBcc: b@example.org".to_owned();
        let mail = composed(&delivery).unwrap();
        let (header, text) = mail.split_once("\r\n\r\n").unwrap();
        let begins = |name: &str| {
            header
                .split("\r\n")
                .any(|line| line.to_lowercase().starts_with(name))
        };
        assert!(begins("subject: hello"));
        assert!(!begins("bcc"));
        assert!(!begins("content-language"));
        assert_eq!(text, "Bonjour");
    }

    #[test]
    fn a_delivery_claimed_again_has_the_same_message_id() {
        let first = delivery("a@example.org");
        let mut again = first.clone();
        again.claimed_until = "2026-11-25T08:05:00Z".parse().unwrap();
        for delivery in [first, again] {
            let mail = composed(&delivery).unwrap();
            let line = mail.lines().find(|line| line.starts_with("Message-ID: "));
            assert_eq!(
                line.unwrap(),
                "Message-ID: <guichet-0192f0c1-7a3b-7c4d-8e5f-000000000017@example.org>"
            );
        }
    }

    #[test]
    fn lines_are_parted_by_crlf_and_no_control_character_is_left() {
        let mut delivery = delivery("a@example.org");
        delivery.text = "one\r\ntwo\rthree\n.\n\u{0}\u{7}\tfour\n".to_owned();
        let mail = composed(&delivery).unwrap();
        let (_, text) = mail.split_once("\r\n\r\n").unwrap();
        assert_eq!(text, "one\r\ntwo\r\nthree\r\n.\r\n\tfour");
    }
}
