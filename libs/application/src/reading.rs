//! Asking: tickets, comments, history, lists. Every read passes the policy.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::NaiveDate;
use domain::{
    AccountId, DeskKey, Event, Language, OrganizationId, StatusId, TicketKey,
    desk::Desk,
    policy::{self, Operation, Viewer},
    ticket::{Stamp, TicketEvent},
};
use event_log::{Position, Recorded, StreamName, Version};
use uuid::Uuid;
use views::{
    history::{Entry, Happened, Names, history},
    queue::{QueueError, QueuePage, QueueQuery},
};

use crate::{
    as_of::AsOf, codec, directory::Directory, error::ReadError, start::Application, tickets::Loaded,
};

/// How long a read waits for the position that its caller named, ms (design §3.4).
pub const AT_LEAST_WAIT_MS: u64 = 2_000;
/// How long a read waits for the same sign-in's last write, ms (design §3.4).
pub const OWN_WRITE_WAIT_MS: u64 = 500;

impl Names for Directory {
    fn name(&self, account: AccountId) -> Option<String> {
        self.account(account)?.name.clone()
    }

    fn organization(&self, id: &OrganizationId) -> Option<String> {
        Some(Directory::organization(self, id)?.name.clone())
    }
}

impl Application {
    /// A ticket, for a viewer who may read it.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it is another's: what one may not see does not exist.
    pub fn ticket(&self, viewer: &Viewer, key: &TicketKey) -> Result<Arc<Loaded>, ReadError> {
        let loaded = self.tickets().load(key)?;
        if policy::may(viewer, Operation::Read, &loaded.state.scope()) {
            Ok(loaded)
        } else {
            Err(ReadError::NotFound)
        }
    }

    /// The desk definition that a ticket lives under.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it was never published, which the log's order forbids.
    pub fn desk_of(&self, loaded: &Loaded) -> Result<Arc<Desk>, ReadError> {
        let state = &loaded.state;
        self.directory()
            .desk_version(&state.desk, state.desk_version)
            .ok_or(ReadError::NotFound)
    }

    /// Events of a ticket after a version, opened, without those that this viewer may not read.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; otherwise see [`ReadError`].
    pub fn events_of(
        &self,
        viewer: &Viewer,
        loaded: &Loaded,
        after: Version,
    ) -> Result<Vec<(Stamp, TicketEvent)>, ReadError> {
        let internal = self.reads_internal(viewer, loaded)?;
        let happened = self.happened(loaded, after)?;
        let seen = happened
            .into_iter()
            .filter(|one| internal || !one.event.is_internal());
        Ok(seen.map(|one| (one.stamp, one.event)).collect())
    }

    /// The history of a ticket in words, after a version.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; otherwise see [`ReadError`].
    pub fn history_of(
        &self,
        viewer: &Viewer,
        loaded: &Loaded,
        language: Language,
        after: Version,
    ) -> Result<Vec<Entry>, ReadError> {
        let internal = self.reads_internal(viewer, loaded)?;
        let desk = self.desk_of(loaded)?;
        // What changed is told against what was there before, so the fold starts at the first event.
        let happened = self.happened(loaded, Version(0))?;
        let mut entries = history(&happened, self.directory(), &desk, language, internal);
        entries.retain(|entry| entry.version > after.0);
        Ok(entries)
    }

    /// The events after a version, up to the one that the ticket was read at.
    pub(crate) fn happened(&self, loaded: &Loaded, after: Version) -> Result<Vec<Happened>, ReadError> {
        let recorded = self
            .stream_events(loaded.key.as_str(), after, usize::MAX)?
            .into_iter();
        let mut happened = Vec::new();
        for recorded in recorded.take_while(|recorded| recorded.envelope.version <= loaded.version()) {
            if let Event::Ticket(event) = codec::decode(self.vault(), &recorded)? {
                happened.push(Happened {
                    stamp: codec::stamp(&recorded),
                    event_type: recorded.envelope.event_type.clone(),
                    channel: recorded.envelope.channel,
                    event,
                });
            }
        }
        Ok(happened)
    }

    /// At most so many events of a stream after a version, as they are stored.
    pub(crate) fn stream_events(
        &self,
        name: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let stream = StreamName::try_from(name.to_owned()).map_err(ReadError::internal)?;
        Ok(self.log().read_stream(&stream, after, limit)?)
    }

    /// Waits until the log itself, from which tickets, comments and histories are read, has reached a position that the
    /// caller has seen elsewhere.
    ///
    /// # Errors
    /// [`ReadError::Behind`] when it is not reached within [`AT_LEAST_WAIT_MS`].
    pub async fn reaches(&self, position: Option<Position>) -> Result<(), ReadError> {
        let Some(before) = position.and_then(|position| position.0.checked_sub(1)) else {
            return Ok(());
        };
        let reached = self.log().wait_past(Position(before));
        match tokio::time::timeout(Duration::from_millis(AT_LEAST_WAIT_MS), reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ReadError::Behind),
        }
    }

    /// A page of the list, once the view has seen what the caller must see.
    ///
    /// # Errors
    /// [`ReadError::Behind`] when the position named is not reached in time, the view is being rebuilt, or it lags by more than
    /// [`VIEW_LAG_MS_MAX`](crate::readiness::VIEW_LAG_MS_MAX);
    /// [`ReadError::Invalid`] with every fault of the question.
    pub async fn queue(
        &self,
        viewer: &Viewer,
        sign_in: Uuid,
        mut query: QueueQuery,
        at_least: Option<Position>,
        as_of: Option<AsOf>,
    ) -> Result<QueuePage, ReadError> {
        query.as_of = as_of.map(|as_of| self.position_of(as_of)).transpose()?;
        // The view must have reached the past that is asked for.
        if let Some(position) = at_least.max(query.as_of)
            && !self
                .views()
                .at_least(position, Duration::from_millis(AT_LEAST_WAIT_MS))
                .await
        {
            return Err(ReadError::Behind);
        }
        if self.view_is_behind() {
            // Less than there is must not look like all there is.
            return Err(ReadError::Behind);
        }
        if let Some(position) = self.last_write(sign_in) {
            // A courtesy to plain clients: when the view is slower than that, they see what it has.
            self.views()
                .at_least(position, Duration::from_millis(OWN_WRITE_WAIT_MS))
                .await;
        }
        let (views, visible) = (self.views().clone(), policy::visible(viewer));
        let page = tokio::task::spawn_blocking(move || views.queue(&visible, &query)).await;
        page.map_err(ReadError::internal)?.map_err(of_view)
    }

    /// How many tickets were in each status at the end of each day of a range, both ends included, of those that this
    /// viewer may see today.
    ///
    /// # Errors
    /// As [`Application::queue`].
    pub async fn status_series(
        &self,
        viewer: &Viewer,
        desk: Option<DeskKey>,
        (from, to): (NaiveDate, NaiveDate),
        at_least: Option<u64>,
    ) -> Result<Vec<(NaiveDate, BTreeMap<StatusId, u64>)>, ReadError> {
        let wait = Duration::from_millis(AT_LEAST_WAIT_MS);
        if let Some(position) = at_least
            && !self.views().view_is_at("series", Position(position), wait).await
        {
            return Err(ReadError::Behind);
        }
        if self.view_is_behind() {
            return Err(ReadError::Behind);
        }
        let (views, visible) = (self.views().clone(), policy::visible(viewer));
        let days = tokio::task::spawn_blocking(move || views.series(&visible, desk.as_ref(), from, to)).await;
        days.map_err(ReadError::internal)?.map_err(of_view)
    }

    /// Whether this viewer also reads internal notes: today's policy on today's ticket, whatever version of it is read.
    /// Who may not read the ticket finds nothing.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when the ticket is not theirs to read.
    pub fn reads_internal(&self, viewer: &Viewer, loaded: &Loaded) -> Result<bool, ReadError> {
        let today = self.ticket(viewer, &loaded.key)?;
        Ok(policy::may(viewer, Operation::ReadInternal, &today.state.scope()))
    }
}

/// Why a view gave no answer, as a caller is told.
fn of_view(error: QueueError) -> ReadError {
    match error {
        QueueError::Invalid(faults) => ReadError::Invalid(faults),
        bad @ QueueError::BadCursor => ReadError::Invalid(vec![domain::Fault::new(
            "cursor",
            domain::fault::FaultCode::Value,
            bad.to_string(),
        )]),
        QueueError::Rebuilding { .. } => ReadError::Behind,
        other @ (QueueError::Sqlite(_) | QueueError::Closed) => ReadError::internal(other),
    }
}
