//! What is not history, in SQLite: sign-ins and their refresh tokens, failed tries, what serves once, mail on its way out.
//!
//! A sign-in starts when somebody proves who they are and lives on through refresh tokens, each used once and replaced by
//! the next (RFC 9700 §4.14.2). Rotations and failed tries happen too often, and mean too little a month later, to be
//! events; what matters for ever (roles, lock-outs, password changes) is in the log instead (design §6).
//!
//! Nothing here reads a clock, draws a random number or sees a token: ids, times and the hashes of tokens come as
//! arguments. Times are kept to the microsecond. Every function that changes something returns when the change is on
//! disk (SQLite in WAL mode with `synchronous=FULL`), so a token that was rotated stays rotated after a power cut.
//!
//! All functions block for as long as the disk does; they belong on a thread that may.

mod delivery;
mod failures;
mod following;
mod method;
mod one_time;
mod open;
mod place;
mod provider_session;
mod purge;
mod revoke;
mod rotate;
mod schema;
mod sign_in;
mod spent;
mod stored;

pub use delivery::{
    ClaimError, DELIVERIES_MAX, DELIVERY_EFFECT_BYTES_MAX, DELIVERY_KEPT_HOURS, DELIVERY_PAYLOAD_BYTES_MAX,
    DELIVERY_RETRY_FIRST_MINUTES, DELIVERY_RETRY_MAX_MINUTES, Delivery, NewDelivery, POSTED_KEPT_HOURS,
    POSTED_PER_EFFECT_MAX, PostError, PostLimit, Settled,
};
pub use failures::{FAILURE_KEY_BYTES_MAX, FAILURES_KEPT_HOURS, FAILURES_PER_KEY_MAX, FailureError, Tries};
pub use following::{Consequence, What};
pub use method::{SignInMethod, UnknownMethod};
pub use one_time::{
    NewOnce, ONCE_PAYLOAD_BYTES_MAX, ONCE_PURPOSE_BYTES_MAX, ONCE_WITHOUT_ACCOUNT_MAX, Once, OnceError,
    PutOnceError,
};
pub use open::OpenError;
pub use place::{PLACES_KEPT_DAYS, PLACES_PER_ACCOUNT_MAX};
pub use provider_session::ProviderSession;
pub use purge::{Purged, REVOKED_KEPT_MINUTES};
pub use rotate::{Lifetimes, ROTATED_GRACE_S, RotateError, Rotation};
pub use schema::SCHEMA_VERSION;
pub use sign_in::{ADDRESS_BYTES_MAX, IssueError, NewSignIn, SignIn, USER_AGENT_HINT_BYTES_MAX};

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use uuid::Uuid;

/// What is not history. A cheap handle: clones share one database connection.
///
/// One process writes the database: the revocations of another would be on disk, but not in the memory that
/// [`Sessions::is_revoked`] asks.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    /// One writer: SQLite allows no more, and the queue is shorter here than in its busy handler.
    database: Mutex<Connection>,
    /// The revoked sign-ins, for [`Sessions::is_revoked`], which is asked with every call of the API.
    /// Locked only while `database` is, or alone.
    revoked: RwLock<HashSet<Uuid>>,
}

/// The database refused: the disk is full, the file damaged.
#[derive(Debug, thiserror::Error)]
#[error("the sessions database refused")]
pub struct StorageError(#[from] rusqlite::Error);

/// Does this error, without its causes, say that the disk of a database is full?
#[must_use]
pub fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<rusqlite::Error>()
        .is_some_and(|error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("revoked", &self.inner.revoked.read().len())
            .finish_non_exhaustive()
    }
}
