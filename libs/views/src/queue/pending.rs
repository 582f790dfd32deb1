//! What is folded and not yet written, beside the tickets themselves.

use std::{collections::BTreeMap, sync::Arc};

use domain::{AccountId, Commitment, OrganizationId, desk::DeskDefinition};
use serde_json::Value;

use super::{
    fold::{SLOT_BITS, SLOTS_MAX, TEXT_BYTES, fields_bytes},
    ticket::{Effects, Ended, Face, Moment, Ticket},
};

/// What a row of the past costs in memory, bytes, estimated from above.
const PAST_BYTES: usize = 128;
/// What its [`Face`] costs when no other row shares it.
const FACE_BYTES: usize = 512;
/// Where a row of the past ends while nothing has ended it.
const OPEN_END: u64 = i64::MAX.cast_unsigned();
/// The name of an account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) name: Option<String>,
    pub(super) commitment: Option<Commitment>,
    pub(super) position: u64,
}

/// The name of an organization.
#[derive(Debug)]
pub(super) struct Organization {
    pub(super) id: OrganizationId,
    pub(super) name: String,
    pub(super) position: u64,
}

/// A ticket as it stood between two events of its own.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) ticket: u64,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) day: i64,
    pub(super) moment: Moment,
}

/// A value of a ticket that held until before a version of it.
#[derive(Debug)]
pub(super) struct Until<T> {
    pub(super) ticket: u64,
    pub(super) version: u64,
    pub(super) value: T,
}

#[derive(Debug, Default)]
pub(super) struct Pending {
    /// By the table and the rowid: FTS5 writes a segment whenever a rowid is not larger than the one before.
    pub(super) texts: BTreeMap<(bool, i64), String>,
    /// Rowids of texts that are found no more, with the version that replaced them.
    pub(super) gone: Vec<(i64, u64)>,
    /// In the order of their positions.
    pub(super) past: Vec<Past>,
    /// Rows of the past in the file that have ended: where they begin, and where they end.
    pub(super) ended: Vec<(u64, u64)>,
    pub(super) summaries: Vec<Until<Option<String>>>,
    pub(super) fields: Vec<Until<BTreeMap<String, Value>>>,
    pub(super) desks: Vec<(DeskDefinition, [u8; 32])>,
    pub(super) accounts: Vec<Account>,
    pub(super) organizations: Vec<Organization>,
}

impl Past {
    pub(super) fn of(ticket: &Ticket, day: i64) -> Past {
        Past {
            ticket: ticket.id,
            from: ticket.position,
            to: OPEN_END,
            day,
            moment: ticket.now.clone(),
        }
    }
}

impl Pending {
    /// Takes what an event does beside the ticket's row; tells what that costs in memory, bytes.
    pub(super) fn take(&mut self, ticket: &Ticket, effects: Effects) -> usize {
        let mut bytes = 0;
        for text in effects.texts {
            if let Some(rowid) = rowid(ticket.id, text.slot) {
                bytes += TEXT_BYTES + text.words.len();
                self.texts.insert((text.internal, rowid), text.words);
            }
        }
        let (id, version) = (ticket.id, ticket.now.version);
        for ended in effects.ended {
            bytes += TEXT_BYTES;
            match ended {
                Ended::Text(slot) => self.gone.extend(rowid(id, slot).map(|rowid| (rowid, version))),
                Ended::Summary(value) => {
                    bytes += value.as_ref().map_or(0, String::len);
                    self.summaries.push(Until {
                        ticket: id,
                        version,
                        value,
                    });
                }
                Ended::Fields(value) => {
                    bytes += fields_bytes(&value);
                    self.fields.push(Until {
                        ticket: id,
                        version,
                        value,
                    });
                }
            }
        }
        bytes
    }

    /// Takes the row that an event begins, and ends the one before it, which is pending at `open` or in the file. Tells
    /// where the row is pending, and what it costs in memory, bytes.
    pub(super) fn push(
        &mut self,
        past: Past,
        before: Option<(Arc<Face>, u64)>,
        open: Option<usize>,
    ) -> (usize, usize) {
        let index = self.past.len();
        let mut bytes = PAST_BYTES;
        if let Some((face, position)) = before {
            match open.and_then(|open| self.past.get_mut(open)) {
                Some(open) => open.to = past.from,
                None => self.ended.push((position, past.from)),
            }
            if !Arc::ptr_eq(&face, &past.moment.face) {
                bytes += FACE_BYTES;
            }
        }
        self.past.push(past);
        (index, bytes)
    }
}

/// The rowid of a text, of those that can be found.
fn rowid(ticket: u64, slot: u64) -> Option<i64> {
    (slot < SLOTS_MAX && ticket >> (63 - SLOT_BITS) == 0)
        .then(|| i64::try_from(ticket << SLOT_BITS | slot).ok())
        .flatten()
}
