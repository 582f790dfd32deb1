//! One lane per ticket (design §3.2): commands on a ticket are decided one after the other, each on a state that
//! includes what is enqueued already, without waiting for the disk in between.

use std::{collections::HashMap, sync::Arc};

use domain::{TicketKey, ticket::State};
use event_log::{CommandId, Version};
use parking_lot::Mutex;

/// The ticket as the next command must see it.
#[derive(Debug, Clone)]
pub struct Tip {
    /// The state after everything enqueued.
    pub state: State,
    /// Its version.
    pub version: Version,
}

/// What a lane knows while anybody is in it.
#[derive(Debug, Default)]
pub struct Lane {
    /// The tip, once something has been enqueued from here; otherwise the disk says it all, as soon as nothing is in
    /// flight.
    pub tip: Option<Tip>,
    /// Commands that are enqueued and whose outcome is not known here yet.
    pub in_flight: Vec<CommandId>,
}

impl Lane {
    /// A command of this lane was not written, so the tip tells what never happened, while others may still be on
    /// their way. The disk alone does not say it all until those have settled: who decided on it earlier could be
    /// taken for somebody who decided on what they make, since both would expect the same version.
    #[must_use]
    pub fn must_settle(&self) -> bool {
        self.tip.is_none() && !self.in_flight.is_empty()
    }
}

type Shared = Arc<tokio::sync::Mutex<Lane>>;

/// All lanes that anybody is in.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: Mutex<HashMap<TicketKey, (Shared, usize)>>,
}

/// A place in a lane. While one is held, the lane remembers; when the last one is given back, the lane is gone and
/// the disk says it all.
pub struct Place<'a> {
    lanes: &'a Lanes,
    key: TicketKey,
    lane: Shared,
}

impl Lanes {
    /// Takes a place in the lane of a ticket.
    #[must_use]
    pub fn enter(&self, key: &TicketKey) -> Place<'_> {
        let mut lanes = self.lanes.lock();
        let (lane, places) = lanes.entry(key.clone()).or_default();
        *places += 1;
        Place {
            lanes: self,
            key: key.clone(),
            lane: lane.clone(),
        }
    }
}

impl Place<'_> {
    /// Waits for one's turn.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, Lane> {
        self.lane.lock().await
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lanes.lock();
        if let Some((_, places)) = lanes.get_mut(&self.key) {
            *places -= 1;
            if *places == 0 {
                lanes.remove(&self.key);
            }
        }
    }
}
