//! What the server acknowledged, and what it was asked and did not answer.

use std::collections::BTreeMap;

/// A ticket that was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// Its summary, which no other ticket has.
    pub(crate) marker: String,
    /// The latest version that was acknowledged.
    pub(crate) version: u64,
}

/// Everything that was told so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By the number of their key.
    pub(crate) tickets: BTreeMap<u64, Ticket>,
    /// Comments acknowledged.
    pub(crate) comments: u64,
    /// Markers of tickets whose creation was asked for and not answered: they may exist or not, but never twice.
    pub(crate) unanswered: Vec<String>,
    /// Up to which key everything has been read back.
    pub(crate) verified: u64,
    /// What was acknowledged and is not there.
    pub(crate) lost: Vec<String>,
    /// What else is not as it should be.
    pub(crate) faults: Vec<String>,
}

impl Ledger {
    /// How many commands were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.tickets.len() as u64 + self.comments
    }

    /// Notes a ticket; two requests never get the same key.
    pub(crate) fn opened(&mut self, key: u64, marker: &str) {
        let new = Ticket {
            marker: marker.to_owned(),
            version: 1,
        };
        match self.tickets.get(&key) {
            None => {
                self.tickets.insert(key, new);
            }
            Some(known) if known.marker == marker => {}
            Some(known) => self
                .faults
                .push(format!("SUP-{key} was given to {} and to {marker}", known.marker)),
        }
    }

    /// Notes a comment.
    pub(crate) fn commented(&mut self, key: u64, version: u64) {
        self.comments += 1;
        if let Some(ticket) = self.tickets.get_mut(&key) {
            ticket.version = ticket.version.max(version);
        }
    }
}
