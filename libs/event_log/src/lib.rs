//! The memory: an append-only event log on sled with group commit, expected versions and idempotency.
//!
//! [`EventLog::append`] enqueues a commit; one thread takes everything that waits, judges it in order, writes it as one batch of
//! [`Block`]s, and answers when `fdatasync` has covered it (design §4). Readers see nothing that is not on disk. The log knows no
//! tickets: an event is an [`Envelope`] around a payload that it never looks into.
//!
//! A full disk refuses commits until there is space again ([`LogState::Full`]); a disk that fails stops the log, which
//! [`EventLog::reopen`] opens anew in place; a log that lacks what was seen of it is read-only ([`LogState::ReadOnly`]). What is lost is
//! had back from the [`archive`] with [`restore()`], or given up with [`accept_loss()`].
//!
//! In its directory lie `LOCK`, `HEAD` (what it promises to hold), `sled/` (the blocks) and `index/` (derived, may be deleted).

mod accept_loss;
mod append;
pub mod archive;
mod block;
mod commit;
mod counted;
mod encode;
mod envelope;
mod fault;
mod group;
mod head_file;
mod heads;
mod hex_digest;
mod index;
mod key;
mod life;
pub mod limits;
mod log;
mod name;
mod open;
mod place;
mod queue;
mod read;
mod restore;
mod shared;
mod space;
mod store;
mod tail;
mod waiter;
mod waypoints;
mod writer;

pub use accept_loss::{Accepted, accept_loss};
pub use append::AppendError;
pub use block::{Block, BlockFault, EVENT_BYTES_MAX};
pub use commit::{Appended, Channel, Commit, EventDraft, Expected, StreamWrite, Target};
pub use envelope::{Envelope, Recorded};
pub use log::EventLog;
pub use name::{NameError, Prefix, PrefixError, StreamName};
pub use open::{Floor, OpenError, OpenReport, Options};
pub use place::{CommandId, EventId, Position, Version};
pub use read::{ReadError, Stored};
pub use restore::{RestoreError, Restored, UNFINISHED, import, restore};
pub use shared::LogState;
pub use tail::{Closed, Tail, TailError};
pub use waiter::{RETRY_MS, Waiter};
