//! What reactions are made from, and where what follows goes.

use std::sync::Arc;

use event_log::EventLog;
use sessions::Sessions;
use tokio::sync::Notify;
use vault::Vault;

/// What reactions are made from, and where what follows goes.
pub(crate) struct Sources {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) sessions: Sessions,
    /// Told when a mail was posted.
    pub(crate) posted: Arc<Notify>,
}
