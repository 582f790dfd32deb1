//! The memory: an append-only event log on sled with group commit, expected versions and idempotency.
//!
//! [`EventLog::append`] enqueues a commit; one thread takes everything that waits, judges it in order, writes it as one batch of
//! [`Block`]s, and answers when `fdatasync` has covered it (design §4). Readers see nothing that is not on disk. The log knows no
//! tickets: an event is an [`Envelope`] around a payload that it never looks into.
//!
//! In its directory lie `LOCK`, `HEAD` (what it promises to hold), `sled/` (the blocks) and `index/` (derived, may be deleted).

mod append;
mod block;
mod commit;
mod encode;
mod envelope;
mod group;
mod head_file;
mod heads;
mod hex_digest;
mod index;
mod key;
pub mod limits;
mod log;
mod name;
mod open;
mod place;
mod queue;
mod read;
mod shared;
mod store;
mod tail;
mod writer;

pub use append::AppendError;
pub use block::{Block, BlockFault, EVENT_BYTES_MAX};
pub use commit::{Appended, Channel, Commit, EventDraft, Expected, StreamWrite, Target};
pub use envelope::{Envelope, Recorded};
pub use log::EventLog;
pub use name::{NameError, Prefix, PrefixError, StreamName};
pub use open::{Floor, OpenError, OpenReport, Options};
pub use place::{CommandId, EventId, Position, Version};
pub use read::ReadError;
pub use shared::LogState;
pub use tail::{Closed, Tail, TailError};
