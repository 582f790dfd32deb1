//! What every part stands on: the one way of a command to the log, the way of events into the log and back, what is folded from them
//! in memory, and where questions are answered.

pub mod administrators;
pub mod call;
pub mod clock;
pub mod codec;
pub(crate) mod command;
pub mod directory;
pub mod error;
pub mod folds;
pub mod lag;
pub(crate) mod lanes;
pub(crate) mod places;
pub mod room;
pub(crate) mod secret_files;
mod seen;
pub(crate) mod task;
pub mod writes;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::{AccountId, TicketKey, policy::Viewer};
use event_log::{Channel, CommandId, EventLog, Position, Recorded, StreamName, Version};
use moka::sync::Cache;
use object_store::ObjectStore;
use uuid::Uuid;
use vault::{DigestKey, Vault};

use self::{
    call::Call,
    clock::{Clock, ClockState},
    directory::Directory,
    error::{ExecuteError, ReadError},
    folds::{Folds, Loaded},
    lanes::Lanes,
    room::Room,
};

/// How long a sign-in's last write is remembered, s: longer than any view is behind.
const OWN_WRITE_REMEMBERED_S: u64 = 60;
/// How many sign-ins' last writes are remembered.
const OWN_WRITES_MAX: u64 = 100_000;

/// A store of files.
pub(crate) type Files = Arc<dyn ObjectStore>;

/// Log, keys of persons, and what is folded from the log.
pub(crate) struct Kernel {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) secret: DigestKey,
    pub(crate) directory: Directory,
    pub(crate) folds: Arc<Folds>,
    pub(crate) room: Room,
    pub(crate) clock: Clock,
    lanes: Lanes,
    /// By sign-in, the position of its last write.
    own_writes: Cache<Uuid, u64>,
}

impl Kernel {
    pub(crate) fn new(log: EventLog, vault: Vault, secret: DigestKey, directory: Directory) -> Kernel {
        Kernel {
            folds: Arc::new(Folds::new(log.clone(), vault.clone())),
            log,
            vault,
            secret,
            directory,
            room: Room::default(),
            clock: Clock::default(),
            lanes: Lanes::default(),
            own_writes: Cache::builder()
                .max_capacity(OWN_WRITES_MAX)
                .time_to_live(Duration::from_secs(OWN_WRITE_REMEMBERED_S))
                .build(),
        }
    }

    /// The server's own call, for what no person asks: first start, administration over the socket, lock-outs.
    pub(crate) fn system_call(&self, at: DateTime<Utc>, channel: Channel) -> Call {
        self.call_as(Viewer::system(), at, channel)
    }

    /// A call without an access token: by the server itself, or by somebody who opened a one-time link.
    pub(crate) fn call_as(&self, viewer: Viewer, at: DateTime<Utc>, channel: Channel) -> Call {
        let id = Uuid::now_v7();
        Call {
            viewer,
            on_behalf_of: None,
            at,
            occurred_at: None,
            sent_at: None,
            channel,
            command_id: CommandId(id),
            command_digest: self.secret.digest(&[b"system", id.as_bytes()]),
            correlation_id: id,
            expected_version: None,
            sign_in: None,
            scopes: None,
        }
    }

    /// The rights of somebody who proved by a link that the account is theirs.
    pub(crate) fn viewer_of_holder(&self, id: AccountId) -> Result<Viewer, ExecuteError> {
        let viewer = self.directory.viewer(id).ok_or(ExecuteError::NotFound)?;
        Ok(Viewer::clone(&viewer))
    }

    /// Loads a ticket for a command. A ticket not in memory is read in the reading room, so that others are not held up.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(crate) async fn load_ticket(&self, key: &TicketKey) -> Result<Arc<Loaded>, ReadError> {
        if let Some(kept) = self.folds.kept(key)? {
            return Ok(kept);
        }
        let (folds, key) = (Arc::clone(&self.folds), key.clone());
        self.room.read(folds, move |folds| folds.load(&key)).await
    }

    /// At most so many events of a stream after a version, as they are stored.
    pub(crate) fn stream_events(
        &self,
        name: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let stream = StreamName::try_from(name.to_owned()).map_err(ReadError::internal)?;
        Ok(self.log.read_stream(&stream, after, limit)?)
    }

    /// Takes in what the log has more of accounts, organizations and desks.
    pub(crate) fn refresh(&self) -> Result<(), ReadError> {
        self.directory.refresh(&self.log, &self.vault)
    }

    /// Looks whether the clock can be believed. To be called once a second.
    pub(crate) fn look_at_clock(&self, now: DateTime<Utc>) -> ClockState {
        self.clock.state(now, self.log.last_at())
    }

    pub(crate) fn note_write(&self, sign_in: Uuid, position: u64) {
        // Answers come in another order than writes, and a repeated command is answered with an old position.
        self.own_writes
            .entry(sign_in)
            .and_upsert_with(|known| known.map_or(position, |known| known.into_value().max(position)));
    }

    pub(crate) fn last_write(&self, sign_in: Uuid) -> Option<Position> {
        self.own_writes.get(&sign_in).map(Position)
    }
}
