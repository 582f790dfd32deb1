//! Lanes (design §3.2): commands on the same thing are decided one after the other. On a ticket each is decided on a state that
//! includes what is enqueued already, without waiting for the disk in between.
//!
//! The lane of people is taken first, then those of tickets by their keys, so that no two commands wait for each other.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::{Event, TicketKey, ticket::State};
use event_log::{CommandId, Version};
use parking_lot::Mutex;
use tokio::sync::MutexGuard;

use crate::kernel::{folds::Loaded, writes::Write};

/// What a command is decided on.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// The directory: accounts, organizations, desks, and the names that are held once only.
    pub(crate) people: bool,
    /// These tickets.
    pub(crate) tickets: BTreeSet<TicketKey>,
}

impl Targets {
    /// Nothing that others could change meanwhile.
    pub(crate) const NONE: Targets = Targets {
        people: false,
        tickets: BTreeSet::new(),
    };
    /// The directory alone.
    pub(crate) const PEOPLE: Targets = Targets {
        people: true,
        tickets: BTreeSet::new(),
    };

    /// One ticket.
    pub(crate) fn ticket(key: TicketKey) -> Targets {
        Targets {
            people: false,
            tickets: BTreeSet::from([key]),
        }
    }

    fn is_one_ticket(&self) -> bool {
        !self.people && self.tickets.len() == 1
    }
}

/// The tickets that a command is decided on.
pub(crate) type States<'l> = BTreeMap<&'l TicketKey, &'l Tip>;

/// A ticket as the next command must see it.
#[derive(Debug)]
pub(crate) struct Tip {
    /// The state after everything enqueued.
    pub(crate) state: State,
    /// Its version.
    pub(crate) version: Version,
}

impl Tip {
    /// As it is on disk.
    pub(super) fn of(loaded: &Loaded) -> Tip {
        Tip {
            state: loaded.state.clone(),
            version: loaded.version(),
        }
    }
}

/// What a lane knows while anybody is in it.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The tip, once anything was decided on it; otherwise the disk says it all, as soon as nothing is in flight.
    pub(super) tip: Option<Tip>,
    /// Commands that are enqueued and whose outcome is not known here yet.
    pub(super) in_flight: Vec<CommandId>,
}

impl Lane {
    /// Something of this lane is on its way that must be on disk, or refused, before a command on these is decided.
    ///
    /// Without a tip, a command of this lane was not written, while others may still be on their way. Until those have settled, who
    /// decided on it earlier could be taken for somebody who decided on what they make, since both would expect the same version.
    ///
    /// A command on several is decided on what is on disk: the log checks only the streams that it writes to, and what it reads of
    /// the others must not rest on what never comes.
    pub(super) fn must_settle(&self, targets: &Targets) -> bool {
        !self.in_flight.is_empty() && (self.tip.is_none() || !targets.is_one_ticket())
    }

    /// A command that writes this is on its way.
    pub(super) fn enqueued(&mut self, command: CommandId, key: &TicketKey, writes: &[Write]) {
        self.in_flight.push(command);
        let own = |write: &&Write| write.stream() == Some(key.as_str());
        for event in writes.iter().filter(own).flat_map(|write| &write.events) {
            if let (Some(tip), Event::Ticket(event)) = (&mut self.tip, event) {
                tip.state.apply(event);
                tip.version.0 += 1;
            }
        }
    }

    /// It is written, or not: then what was decided after it rests on events that are not there, and is decided anew.
    pub(super) fn told(&mut self, command: CommandId, is_written: bool) {
        self.in_flight.retain(|on_its_way| *on_its_way != command);
        if !is_written {
            self.tip = None;
        }
    }
}

type Shared = Arc<tokio::sync::Mutex<Lane>>;

/// All lanes.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// Whose turn it is with people. One at a time on this node: who changes people waits for the disk, and few do.
    pub(super) people: tokio::sync::Mutex<()>,
    /// Those of tickets that anybody is in.
    tickets: Mutex<HashMap<TicketKey, (Shared, usize)>>,
}

/// A place in the lane of a ticket. While one is held, the lane remembers; when the last one is given back, the lane is gone
/// and the disk says it all.
pub(super) struct Place<'a> {
    lanes: &'a Lanes,
    pub(super) key: &'a TicketKey,
    lane: Shared,
}

impl Lanes {
    /// Takes a place in the lane of a ticket.
    pub(super) fn enter<'a>(&'a self, key: &'a TicketKey) -> Place<'a> {
        let mut lanes = self.tickets.lock();
        let (lane, places) = lanes.entry(key.clone()).or_default();
        *places += 1;
        Place {
            lanes: self,
            key,
            lane: lane.clone(),
        }
    }
}

impl Place<'_> {
    /// Waits for one's turn.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Lane> {
        self.lane.lock().await
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lanes = self.lanes.tickets.lock();
        if let Some((_, places)) = lanes.get_mut(self.key) {
            *places -= 1;
            if *places == 0 {
                lanes.remove(self.key);
            }
        }
    }
}
