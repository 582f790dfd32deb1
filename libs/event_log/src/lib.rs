//! The memory: an append-only event log on sled with group commit, expected versions and idempotency.

mod append;
mod commit;
mod envelope;
mod hex_digest;
pub mod limits;
mod log;
mod name;
mod open;
mod place;
mod read;
mod tail;

pub use append::AppendError;
pub use commit::{Appended, Channel, Commit, EventDraft, Expected, StreamWrite, Target};
pub use envelope::{Envelope, Recorded};
pub use log::{EventLog, LogState};
pub use name::{NameError, Prefix, PrefixError, StreamName};
pub use open::{Floor, OpenError, OpenReport, Options};
pub use place::{CommandId, EventId, Position, Version};
pub use read::ReadError;
pub use tail::{Closed, Tail, TailError};
