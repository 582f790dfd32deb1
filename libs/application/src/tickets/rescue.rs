//! The rescue form: a ticket of who can neither sign in nor be mailed (seed 004, F183).

use chrono::{DateTime, Utc};
use domain::{
    Fault, FaultText,
    account::profile::{ADDRESS_CHARS_MAX, name_faults},
    policy::{Grant, Viewer},
    text_field,
};
use event_log::Channel;
use serde_json::{Map, json};

use crate::{
    identity::recovery::REFERENCES_MAX,
    kernel::{call::Call, error::ExecuteError},
    tickets::{Tickets, open::NewTicket},
};

/// Longest key of a ticket, characters.
const KEY_CHARS_MAX: usize = 32;
/// Longest message of the rescue form, characters.
pub const RESCUE_CHARS_MAX: usize = 4_000;

/// The rescue form of who can neither sign in nor be mailed (seed 004, F183).
#[derive(Clone)]
pub struct Rescue {
    /// Who writes.
    pub name: String,
    /// Where they can be reached.
    pub contact: String,
    /// What happened.
    pub message: String,
    /// Tickets that they know of.
    pub references: Vec<String>,
}

impl Tickets {
    /// Opens a ticket for whoever can neither sign in nor be mailed: the server asks in their place, and what they wrote is
    /// sealed for a person of its own, who can be erased.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn rescue(&self, rescue: Rescue, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        let mut faults = name_faults("/name", &rescue.name);
        faults.extend(text_field::name_faults(
            "/contact",
            &rescue.contact,
            ADDRESS_CHARS_MAX,
        ));
        faults.extend(text_field::words_faults(
            "/message",
            &rescue.message,
            RESCUE_CHARS_MAX,
        ));
        if rescue.references.len() > REFERENCES_MAX {
            let too_many = FaultText::TicketsMax { max: REFERENCES_MAX };
            faults.push(Fault::new("/references", too_many));
        }
        let named = rescue.references.iter().take(REFERENCES_MAX).enumerate();
        let long = named.filter(|(_, key)| key.chars().count() > KEY_CHARS_MAX);
        faults.extend(long.map(|(index, _)| {
            let too_long = FaultText::CharsMax { max: KEY_CHARS_MAX };
            Fault::new(format!("/references/{index}"), too_long)
        }));
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        let mut fields = Map::from_iter([
            ("contact_name".to_owned(), json!(rescue.name)),
            ("contact_address".to_owned(), json!(rescue.contact)),
        ]);
        if !rescue.references.is_empty() {
            fields.insert("references".to_owned(), json!(rescue.references.join(", ")));
        }
        let new = NewTicket {
            desk: self.rescue_desk.as_ref().to_owned(),
            request_type: "account_rescue".to_owned(),
            summary: "Compte perdu".to_owned(),
            description: rescue.message,
            fields,
            ..NewTicket::default()
        };
        let call = self.kernel.system_call(at, Channel::Rest);
        let viewer = Viewer {
            grants: [Grant::requesting()].into(),
            ..call.viewer.clone()
        };
        self.open_ticket(Call { viewer, ..call }, new).await?;
        Ok(())
    }
}
