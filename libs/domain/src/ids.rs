//! Names of things, as newtypes: a bare `Uuid` or `String` never crosses a public function.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// An account: opaque, so that the log names nobody (design §6).
    AccountId
}
uuid_id! {
    /// A person whose values are sealed under one key: the holder of an account (same UUID as the account), or an
    /// end customer minted for one ticket (design §6.1).
    PersonId
}
uuid_id! {
    /// A comment on a ticket.
    CommentId
}
uuid_id! {
    /// A file attached to a ticket.
    AttachmentId
}
uuid_id! {
    /// A request for approval on a ticket.
    ApprovalId
}
uuid_id! {
    /// A key that a program signs in with.
    ApiKeyId
}
uuid_id! {
    /// A contract of an organization.
    ContractId
}

impl AccountId {
    /// The server itself: who signs the events that no person caused (first start, timers).
    pub const SYSTEM: AccountId = AccountId(Uuid::nil());

    /// The person who holds this account.
    #[must_use]
    pub fn person(self) -> PersonId {
        PersonId(self.0)
    }
}

/// Why a text is not a name of that kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct NameError {
    /// What the text should have been, with its rule.
    pub what: &'static str,
    /// The text as given.
    pub text: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                let rule: fn(&str) -> bool = $rule;
                if rule(&text) { Ok(Self(text)) } else { Err(NameError { what: $what, text }) }
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_desk_key(text: &str) -> bool {
    (1..=10).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

fn is_ticket_key(text: &str) -> bool {
    text.split_once('-').is_some_and(|(desk, number)| {
        is_desk_key(desk)
            && (1..=18).contains(&number.len())
            && !number.starts_with('0')
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

fn is_slug(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
}

text_id! {
    /// A desk: 1 to 10 upper-case letters and digits, a letter first (`SUP`).
    DeskKey, "a desk key (1 to 10 upper-case letters and digits)", is_desk_key
}
text_id! {
    /// A ticket, as people name it: desk and gap-free number (`SUP-15466`, seed 002 §6). Also the stream's name.
    TicketKey, "a ticket key (such as SUP-12)", is_ticket_key
}
text_id! {
    /// An organization, by a public short name (`commune-a`): 1 to 63 lower-case letters, digits, `-`, `_`.
    OrganizationId, "an organization id (lower-case letters, digits, - and _)", is_slug
}
text_id! {
    /// A status of a desk (`in_progress`): same form as an organization id.
    StatusId, "a status id (lower-case letters, digits, - and _)", is_slug
}

impl TicketKey {
    /// Reads a key as a person types it: case does not matter (seed 002 §7.1, "sup-6328").
    ///
    /// # Errors
    /// [`NameError`] when it is no key even so.
    pub fn from_typed(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.trim().to_ascii_uppercase())
    }

    /// The desk's part of the key.
    #[must_use]
    pub fn desk(&self) -> DeskKey {
        DeskKey(self.0.split('-').next().unwrap_or_default().to_owned())
    }

    /// The number's part of the key: 1 for the desk's first ticket.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0
            .split('-')
            .nth(1)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_key_is_read_whatever_its_case() {
        assert_eq!(TicketKey::from_typed(" sup-6328 ").unwrap().as_str(), "SUP-6328");
        assert_eq!(TicketKey::from_typed("SUP-6328").unwrap().number(), 6328);
        assert_eq!(TicketKey::from_typed("SUP-6328").unwrap().desk().as_str(), "SUP");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "SUP",
            "SUP-",
            "SUP-0",
            "SUP-01",
            "-1",
            "SUP-1-2",
            "SUP 1",
            "SUP-1234567890123456789",
        ] {
            assert!(TicketKey::from_typed(text).is_err(), "{text:?} was taken");
        }
    }
}
