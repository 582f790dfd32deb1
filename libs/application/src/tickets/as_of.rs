//! Time travel: a ticket, its thread and its history as they stood at a position or an instant (peers N1).
//!
//! What is shown is the past; who may see it is decided by today's policy on today's ticket (design §4, "As of").

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    TicketKey,
    policy::{Shown, Viewer},
    ticket::blame::SetBy,
};
use event_log::Position;

use crate::{
    kernel::{error::ReadError, folds::Loaded, room::Reader},
    tickets::Tickets,
};

/// A point in time, as a caller names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the event at this position; positions beyond the log's end mean now.
    Position(Position),
    /// After everything recorded up to this instant (design §3, Time).
    Instant(DateTime<Utc>),
}

/// A field of a ticket and the event that it has its value from.
#[derive(Debug, Clone, PartialEq)]
pub struct Blamed {
    /// By the names that the history uses.
    pub fields: BTreeMap<String, SetBy>,
    /// The ticket that was asked about.
    pub loaded: Shown<Arc<Loaded>>,
}

impl Reader<'_, Tickets> {
    /// The position that a point in time means.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read.
    pub fn position_of(&self, as_of: AsOf) -> Result<Position, ReadError> {
        match as_of {
            AsOf::Position(position) => Ok(position.min(self.kernel.log.head())),
            AsOf::Instant(at) => Ok(self.kernel.log.position_at(at)?),
        }
    }

    /// A ticket as it stood at a point in time, or now, for a viewer who may read it today.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it is another's today, or was not opened yet then.
    pub fn ticket_as_of(
        &self,
        viewer: &Viewer,
        key: &TicketKey,
        as_of: Option<AsOf>,
    ) -> Result<Shown<Arc<Loaded>>, ReadError> {
        let (today, sight) = self.kernel.seen(viewer, key)?;
        let Some(as_of) = as_of else {
            return Ok(today);
        };
        let position = self.position_of(as_of)?;
        if today.document.position <= position.0 {
            return Ok(today);
        }
        let then = self.kernel.folds.load_as_of(key, position)?;
        sight.show(then).ok_or(ReadError::NotFound)
    }

    /// For every field of a ticket, the event that set it.
    ///
    /// # Errors
    /// As [`Reader::ticket_as_of`].
    pub fn blame(&self, viewer: &Viewer, key: &TicketKey, as_of: Option<AsOf>) -> Result<Blamed, ReadError> {
        let loaded = self.ticket_as_of(viewer, key, as_of)?;
        let blame = self.kernel.folds.blame(key, loaded.version())?;
        Ok(Blamed {
            fields: blame.fields,
            loaded,
        })
    }
}
