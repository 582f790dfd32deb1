//! Asking: tickets and lists of them. Every read passes the policy.

use std::{sync::Arc, time::Duration};

use chrono::NaiveDate;
use domain::{
    AccountId, DeskKey, Fault, FaultText, OrganizationId, TicketKey,
    desk::Desk,
    policy::{self, ListSight, Shown, Sight, Viewer},
};
use event_log::Position;
use uuid::Uuid;
use views::{
    Series,
    history::Names,
    queue::{QueueError, QueuePage, QueueQuery},
};

use crate::{
    kernel::{directory::Directory, error::ReadError, folds::Loaded, lag::VIEW_LAG_MS_MAX, room::Reader},
    tickets::{Tickets, as_of::AsOf},
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

impl Reader<'_, Tickets> {
    /// A ticket, for a viewer who may read it.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it is another's: what one may not see does not exist.
    pub fn ticket(&self, viewer: &Viewer, key: &TicketKey) -> Result<Shown<Arc<Loaded>>, ReadError> {
        Ok(self.kernel.seen(viewer, key)?.0)
    }

    /// What this viewer may see of a ticket: today's policy on today's ticket, whatever version of it is read.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when the ticket is not theirs to read.
    pub fn sight(&self, viewer: &Viewer, key: &TicketKey) -> Result<Sight, ReadError> {
        Ok(self.kernel.seen(viewer, key)?.1)
    }
}

impl Tickets {
    /// The desk definition that a ticket lives under.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it was never published, which the log's order forbids.
    pub fn desk_of(&self, loaded: &Loaded) -> Result<Arc<Desk>, ReadError> {
        let state = &loaded.state;
        self.kernel
            .directory
            .desk_version(&state.desk, state.desk_version)
            .ok_or(ReadError::NotFound)
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
        let reached = self.kernel.log.wait_past(Position(before));
        match tokio::time::timeout(Duration::from_millis(AT_LEAST_WAIT_MS), reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ReadError::Behind),
        }
    }

    /// Waits until a view shows a position that the caller has seen elsewhere, and refuses while it lacks too much.
    async fn shows(&self, view: &'static str, position: Option<Position>) -> Result<(), ReadError> {
        let wait = Duration::from_millis(AT_LEAST_WAIT_MS);
        if let Some(position) = position
            && !self.views.view_is_at(view, position, wait).await
        {
            return Err(ReadError::Behind);
        }
        // The view first: what it reaches is never more than the head that is asked for afterwards.
        let (state, head) = (self.views.state(view), self.kernel.log.head());
        if self.lags.view_behind_ms(&state, head) > VIEW_LAG_MS_MAX {
            // Less than there is must not look like all there is.
            return Err(ReadError::Behind);
        }
        Ok(())
    }

    /// A page of the list, once the view has seen what the caller must see.
    ///
    /// # Errors
    /// [`ReadError::Behind`] when the position named is not reached in time, the view is being rebuilt, or it lags by more than
    /// [`VIEW_LAG_MS_MAX`];
    /// [`ReadError::Invalid`] with every fault of the question.
    pub async fn queue(
        &self,
        viewer: &Viewer,
        sign_in: Uuid,
        mut query: QueueQuery,
        at_least: Option<Position>,
        as_of: Option<AsOf>,
    ) -> Result<Shown<QueuePage>, ReadError> {
        if let Some(as_of) = as_of {
            query.as_of = Some(
                self.kernel
                    .room
                    .read(self.clone(), move |reader| reader.position_of(as_of))
                    .await?,
            );
        }
        // The view must have reached the past that is asked for.
        self.shows("queue", at_least.max(query.as_of)).await?;
        if let Some(position) = self.kernel.last_write(sign_in) {
            // A courtesy to plain clients: when the view is slower than that, they see what it has.
            self.views
                .at_least(position, Duration::from_millis(OWN_WRITE_WAIT_MS))
                .await;
        }
        let sight = ListSight::of(viewer);
        self.kernel
            .room
            .read(self.clone(), move |reader| {
                let page = reader.views.queue(sight.visible(), &query).map_err(of_view)?;
                Ok(sight.show(page))
            })
            .await
    }

    /// How many tickets were in each status at the end of each day of a range, both ends included, of those that this
    /// viewer may see today.
    ///
    /// # Errors
    /// As [`Tickets::queue`].
    pub async fn status_series(
        &self,
        viewer: &Viewer,
        desk: Option<DeskKey>,
        (from, to): (NaiveDate, NaiveDate),
        at_least: Option<Position>,
    ) -> Result<Series, ReadError> {
        self.shows("series", at_least).await?;
        let visible = policy::visible(viewer);
        self.kernel
            .room
            .read(self.clone(), move |reader| {
                let days = reader.views.series(&visible, desk.as_ref(), from, to);
                days.map_err(of_view)
            })
            .await
    }
}

/// Why a view gave no answer, as a caller is told.
fn of_view(error: QueueError) -> ReadError {
    match error {
        QueueError::Invalid(faults) => ReadError::Invalid(faults),
        QueueError::BadCursor => {
            ReadError::Invalid(vec![Fault::new("cursor", FaultText::CursorOfAnotherQuery)])
        }
        QueueError::Rebuilding { .. } => ReadError::Behind,
        other @ (QueueError::Sqlite(_) | QueueError::Closed) => ReadError::internal(other),
    }
}
