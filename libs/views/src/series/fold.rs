//! Tickets by the status that they are in, and the days on which they entered it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
};

use chrono::{DateTime, Utc};
use domain::{
    AccountId, DeskKey, OrganizationId, StatusId, TicketKey,
    ticket::{Stamp, TicketEvent},
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{
    event::{Fact, Told},
    numbers::{day, integer, name, number},
    view::Fold,
};

/// What a ticket costs in memory, bytes, estimated from above.
const TICKET_BYTES: usize = 512;
/// What a change costs.
const CHANGE_BYTES: usize = 64;

/// A ticket as the series knows it.
struct Ticket {
    /// Position of its opening.
    id: u64,
    requester: AccountId,
    created_by: AccountId,
    organization: Option<OrganizationId>,
    private: bool,
    shared_with: BTreeSet<OrganizationId>,
    status: StatusId,
    /// The file does not have it as it is.
    is_changed: bool,
}

/// A ticket entered a status.
struct Entered {
    ticket: u64,
    position: u64,
    day: i64,
    status: StatusId,
}

/// What the writer of the series has in memory.
#[derive(Default)]
pub(super) struct SeriesFold {
    tickets: HashMap<TicketKey, Ticket>,
    entered: Vec<Entered>,
    /// By desk, day and status.
    counts: BTreeMap<(DeskKey, i64, StatusId), i64>,
    bytes: usize,
}

impl Ticket {
    fn of(stamp: &Stamp, event: &TicketEvent) -> Option<Ticket> {
        let TicketEvent::Opened(opened) = event else {
            return None;
        };
        Some(Ticket {
            id: stamp.position,
            requester: opened.requester,
            created_by: stamp.by,
            organization: opened.organization.clone(),
            private: opened.private,
            shared_with: opened.shared_with.clone(),
            status: opened.status.clone(),
            is_changed: true,
        })
    }

    /// Folds one event after the first; tells the status that it leaves when it enters another.
    fn apply(&mut self, event: &TicketEvent) -> Option<StatusId> {
        match event {
            TicketEvent::Edited(edited) => {
                self.is_changed = true;
                if edited.organization.is_some() {
                    self.organization.clone_from(&edited.organization);
                }
                self.private = edited.private.unwrap_or(self.private);
                None
            }
            TicketEvent::Shared { organizations, .. } => {
                self.is_changed = true;
                self.shared_with.extend(organizations.iter().cloned());
                None
            }
            TicketEvent::Unshared { organizations, .. } => {
                self.is_changed = true;
                self.shared_with.retain(|known| !organizations.contains(known));
                None
            }
            TicketEvent::Transitioned(transitioned) => self.enter(&transitioned.to),
            TicketEvent::ApprovalRequested(requested) => self.enter(&requested.to),
            TicketEvent::ApprovalDecided(decided) => self.enter(&decided.to),
            TicketEvent::Reopened { to, .. } => self.enter(to),
            TicketEvent::Opened(_)
            | TicketEvent::Described { .. }
            | TicketEvent::Commented(_)
            | TicketEvent::Attached(_)
            | TicketEvent::Assigned { .. }
            | TicketEvent::ApprovalWithdrawn { .. } => None,
        }
    }

    fn enter(&mut self, status: &StatusId) -> Option<StatusId> {
        if self.status == *status {
            return None;
        }
        self.is_changed = true;
        Some(mem::replace(&mut self.status, status.clone()))
    }
}

impl SeriesFold {
    fn count(&mut self, key: &TicketKey, day: i64, status: StatusId, change: i64) {
        *self.counts.entry((key.desk().clone(), day, status)).or_default() += change;
    }

    fn entered(&mut self, key: &TicketKey, (position, day): (u64, i64), ticket: u64, status: StatusId) {
        self.bytes += CHANGE_BYTES;
        self.count(key, day, status.clone(), 1);
        self.entered.push(Entered {
            ticket,
            position,
            day,
            status,
        });
    }
}

impl Fold for SeriesFold {
    fn fold(&mut self, connection: &Connection, told: &Told, latest: DateTime<Utc>) -> rusqlite::Result<()> {
        let Fact::Ticket(key, stamp, event) = &told.fact else {
            return Ok(());
        };
        let moment = (told.position, day(latest));
        let known = match self.tickets.remove(key) {
            // The first event of a stream has no row to find.
            None if stamp.version == 1 => None,
            None => load(connection, key)?.inspect(|_| self.bytes += TICKET_BYTES),
            known => known,
        };
        let Some(mut ticket) = known else {
            if let Some(ticket) = Ticket::of(stamp, event) {
                self.bytes += TICKET_BYTES;
                self.entered(key, moment, ticket.id, ticket.status.clone());
                self.tickets.insert(key.clone(), ticket);
            }
            return Ok(());
        };
        if let Some(left) = ticket.apply(event) {
            self.count(key, moment.1, left, -1);
            self.entered(key, moment, ticket.id, ticket.status.clone());
        }
        self.tickets.insert(key.clone(), ticket);
        Ok(())
    }

    fn save(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        let mut changed: Vec<(&TicketKey, &mut Ticket)> = self
            .tickets
            .iter_mut()
            .filter(|(_, ticket)| ticket.is_changed)
            .collect();
        changed.sort_unstable_by_key(|(_, ticket)| ticket.id);
        for (key, ticket) in changed {
            write(transaction, key, ticket)?;
            ticket.is_changed = false;
        }
        let mut enter = transaction.prepare_cached(
            "INSERT INTO status_change (ticket, position, day, status) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for entered in self.entered.drain(..) {
            enter.execute(params![
                integer(entered.ticket),
                integer(entered.position),
                entered.day,
                entered.status.as_str()
            ])?;
        }
        let mut count = transaction.prepare_cached(
            "INSERT INTO status_count (desk, day, status, change) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET change = change + excluded.change",
        )?;
        for ((desk, day, status), change) in mem::take(&mut self.counts) {
            if change != 0 {
                count.execute(params![desk.as_str(), day, status.as_str(), change])?;
            }
        }
        Ok(())
    }

    fn forget(&mut self, _connection: &Connection) -> rusqlite::Result<()> {
        *self = SeriesFold::default();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

fn write(connection: &Connection, key: &TicketKey, ticket: &Ticket) -> rusqlite::Result<()> {
    let id = integer(ticket.id);
    connection
        .prepare_cached(
            "INSERT INTO ticket (id, desk, number, requester, created_by, organization, private, status) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
             organization = excluded.organization, private = excluded.private, status = excluded.status",
        )?
        .execute(params![
            id,
            key.desk().as_str(),
            integer(key.number()),
            ticket.requester.0.as_bytes(),
            ticket.created_by.0.as_bytes(),
            ticket.organization.as_ref().map(|id| id.as_str()),
            ticket.private,
            ticket.status.as_str()
        ])?;
    connection
        .prepare_cached("DELETE FROM ticket_share WHERE ticket = ?1")?
        .execute([id])?;
    let mut share =
        connection.prepare_cached("INSERT INTO ticket_share (ticket, organization) VALUES (?1, ?2)")?;
    for organization in &ticket.shared_with {
        share.execute(params![id, organization.as_str()])?;
    }
    Ok(())
}

fn load(connection: &Connection, key: &TicketKey) -> rusqlite::Result<Option<Ticket>> {
    let found = connection
        .prepare_cached(
            "SELECT id, requester, created_by, organization, private, status FROM ticket \
             WHERE desk = ?1 AND number = ?2",
        )?
        .query_row((key.desk().as_str(), integer(key.number())), |row| {
            let organization: Option<String> = row.get(3)?;
            Ok(Ticket {
                id: number(row, 0)?,
                requester: AccountId(Uuid::from_bytes(row.get(1)?)),
                created_by: AccountId(Uuid::from_bytes(row.get(2)?)),
                organization: organization.map(|id| name(3, id)).transpose()?,
                private: row.get(4)?,
                shared_with: BTreeSet::new(),
                status: name(5, row.get(5)?)?,
                is_changed: false,
            })
        })
        .optional()?;
    let Some(mut ticket) = found else {
        return Ok(None);
    };
    ticket.shared_with = connection
        .prepare_cached("SELECT organization FROM ticket_share WHERE ticket = ?1")?
        .query_map([integer(ticket.id)], |row| name(0, row.get(0)?))?
        .collect::<Result<_, _>>()?;
    Ok(Some(ticket))
}
