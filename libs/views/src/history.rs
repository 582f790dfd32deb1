//! What happened to one ticket, in words (seed 002 §8.3, F119, F126; seed 003, F176). Pure: no SQLite, no clock.

mod changes;
mod words;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Language, OrganizationId,
    desk::Desk,
    policy::OfTicket,
    ticket::{Stamp, TicketEvent},
};
use event_log::Channel;
use serde_json::Value;

pub use changes::Seen;

/// One event of a ticket, opened and decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Who and when.
    pub stamp: Stamp,
    /// The type as stored.
    pub event_type: String,
    /// The door it came through.
    pub channel: Channel,
    /// What happened.
    pub event: TicketEvent,
}

impl OfTicket for Happened {
    fn is_internal(&self) -> bool {
        self.event.is_internal()
    }
}

/// The directory that names accounts and organizations.
pub trait Names {
    /// The name that others see; `None` once the person is erased, or when there is no such account.
    fn name(&self, account: AccountId) -> Option<String>;

    /// The name of an organization; `None` when there is none of that id.
    fn organization(&self, id: &OrganizationId) -> Option<String>;
}

/// One event, told in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Position in the whole log.
    pub position: u64,
    /// Version of the ticket that this event made.
    pub version: u64,
    /// The type as stored.
    pub event_type: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// When it happened, if somebody trusted said so.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it was sent, if a trusted channel said so.
    pub sent_at: Option<DateTime<Utc>>,
    /// Who acted.
    pub by: AccountId,
    /// For whom.
    pub on_behalf_of: Option<AccountId>,
    /// The door it came through.
    pub channel: Channel,
    /// One sentence in the language asked for; long texts stand in `changes` only.
    pub text: String,
    /// What it changed, field by field.
    pub changes: Vec<Change>,
}

/// One field that an event changed. `fields.NAME` is a desk's own field; `comment`, `attachment`, `proposal`,
/// `decision` and `reason` are what an event added without taking anything's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The field.
    pub field: String,
    /// The value before; `None` when there was none or it is erased.
    pub from: Option<Value>,
    /// The value after; `None` when it was removed or is erased.
    pub to: Option<Value>,
}

/// Who tells the history of a ticket: names, labels and language. Labels come from the desk, in the version that holds for the ticket.
pub struct Teller<'a> {
    /// The names of people and organizations.
    pub names: &'a dyn Names,
    /// The desk.
    pub desk: &'a Desk,
    /// The language.
    pub language: Language,
}

impl Teller<'_> {
    /// One event, told against what was seen of the ticket before it and after it.
    #[must_use]
    pub fn tell(&self, before: &Seen, after: &Seen, happened: Happened) -> Entry {
        let changes = changes::between(before, after, &happened.event, self.desk, self.language);
        let text = self.sentence(before, &happened, &changes);
        let stamp = happened.stamp;
        Entry {
            position: stamp.position,
            version: stamp.version,
            event_type: happened.event_type,
            at: stamp.at,
            occurred_at: stamp.occurred_at,
            sent_at: stamp.sent_at,
            by: stamp.by,
            on_behalf_of: stamp.on_behalf_of,
            channel: happened.channel,
            text,
            changes,
        }
    }
}
