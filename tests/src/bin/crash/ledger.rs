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

/// A file that was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    /// The number of its ticket's key.
    pub(crate) key: u64,
    /// Its id.
    pub(crate) id: String,
    /// What it holds.
    pub(crate) content: Vec<u8>,
}

/// What was told by the servers of one data directory.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By the number of their key.
    pub(crate) tickets: BTreeMap<u64, Ticket>,
    /// Comments acknowledged.
    pub(crate) comments: u64,
    /// Files acknowledged.
    pub(crate) files: Vec<Attached>,
    /// Markers of tickets whose creation was asked for and not answered: they may exist or not, but never twice.
    pub(crate) unanswered: Vec<String>,
    /// The last event that a reader of the feed was shown: its position and its id.
    pub(crate) shown: Option<(u64, String)>,
    /// Up to which key everything has been read back.
    pub(crate) verified: u64,
    /// How many files have been read back.
    pub(crate) files_verified: usize,
    /// What is not as it was told.
    pub(crate) found: Findings,
}

/// What is not as it was told.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Acknowledged or shown, and not there.
    pub(crate) lost: Vec<String>,
    /// Where a view says something else than the log.
    pub(crate) views: Vec<String>,
    /// Everything else.
    pub(crate) faults: Vec<String>,
}

impl Findings {
    /// Takes over what was found elsewhere.
    pub(crate) fn extend(&mut self, more: Findings) {
        self.lost.extend(more.lost);
        self.views.extend(more.views);
        self.faults.extend(more.faults);
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.views.is_empty() && self.faults.is_empty()
    }
}

impl Ledger {
    /// How many commands were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.tickets.len() as u64 + self.comments + self.files.len() as u64
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
                .found
                .faults
                .push(format!("SUP-{key} was given to {} and to {marker}", known.marker)),
        }
    }

    /// Notes a comment.
    pub(crate) fn commented(&mut self, key: u64, version: u64) {
        self.comments += 1;
        self.reached(key, version);
    }

    /// Notes a file.
    pub(crate) fn attached(&mut self, file: Attached) {
        self.files.push(file);
    }

    fn reached(&mut self, key: u64, version: u64) {
        if let Some(ticket) = self.tickets.get_mut(&key) {
            ticket.version = ticket.version.max(version);
        }
    }

    /// Notes an event that was shown.
    pub(crate) fn was_shown(&mut self, position: u64, id: &str) {
        if self.shown.as_ref().is_none_or(|(known, _)| *known < position) {
            self.shown = Some((position, id.to_owned()));
        }
    }

    /// Everything that was told is gone with the log.
    pub(crate) fn all_lost(&mut self, why: &str) {
        let each = (0..self.acknowledged()).map(|_| why.to_owned());
        self.found.lost.extend(each);
    }
}
