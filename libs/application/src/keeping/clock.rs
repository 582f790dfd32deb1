//! What an operator says of the clock, and until when something may be taken away for good.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Event, audit::AuditEvent};
use event_log::{Channel, Version};

use crate::{
    identity::error::SignInError,
    keeping::{
        Keeping,
        reason::{self, ReasonFault},
    },
    kernel::{
        Kernel, codec,
        error::{ExecuteError, ReadError},
        lanes::Targets,
        writes::Write,
    },
};

/// The stream of what was accepted of the clock.
const STREAM: &str = "audit-clock";

/// Why a clock was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptClockError {
    /// Why it should be is not told.
    #[error(transparent)]
    Reason(#[from] ReasonFault),
    /// The event was not written.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

impl Keeping {
    /// The time by which something may be taken away for good; `None` when nothing may be now. A clock that is ahead would take
    /// away what still holds, and setting it right brings nothing back: so it is no later than the log's last event, or an earlier
    /// purge, and the time that has passed in this process since. A log on which nothing happens while the server is stopped holds
    /// it back until the next event.
    ///
    /// # Errors
    /// When the sessions cannot be read.
    pub async fn time_to_purge_by(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, SignInError> {
        let clock = self.kernel.look_at_clock(now);
        if clock.leapt.is_some() || !clock.is_taken {
            return Ok(None);
        }
        let purged = self.identity.with_sessions(|sessions| sessions.purged_through());
        let seen = self.kernel.log.last_at().into_iter().chain(purged.await?).max();
        Ok(self.kernel.clock.come(now, seen, Instant::now()))
    }

    /// Takes the clock as it is, on the word of an operator: it has leapt, or lies behind the log, and is right. An event tells
    /// auditors.
    ///
    /// # Errors
    /// See [`AcceptClockError`]; the clock is not accepted then.
    pub async fn accept_clock(&self, reason: String, now: DateTime<Utc>) -> Result<String, AcceptClockError> {
        reason::check(&reason)?;
        let last = self.kernel.log.last_at().unwrap_or(now);
        let behind = (last - now).max(TimeDelta::zero());
        let event = Event::Audit(AuditEvent::ClockAccepted {
            reason,
            clock: now,
            leapt_s: self.kernel.clock.leapt().map(|by| by.num_seconds()),
            behind_s: behind.num_seconds(),
        });
        let before = self.kernel.clock.accept_now(now, last);
        let call = self.kernel.system_call(now, Channel::Admin);
        let told = self
            .kernel
            .carry_out(&call, &Targets::NONE, &|_| {
                Ok(vec![Write::trace(STREAM.to_owned(), event.clone())])
            })
            .await;
        if let Err(error) = told {
            self.kernel.clock.take_back(before);
            return Err(error.into());
        }
        tracing::warn!(behind_s = behind.num_seconds(), "the clock is accepted as it is");
        Ok(format!(
            "the clock is accepted at {now}; events are stamped {} or later",
            last.max(now)
        ))
    }
}

/// Takes in what operators have accepted of the clock last.
pub(crate) fn recall(kernel: &Kernel) -> Result<(), ReadError> {
    for recorded in kernel.stream_events(STREAM, Version(0), usize::MAX)? {
        if let Event::Audit(AuditEvent::ClockAccepted { clock, .. }) =
            codec::decode(&kernel.vault, &recorded)?
        {
            // The event itself bears the stamp at which stamps stood still.
            kernel.clock.recall(clock, recorded.envelope.at);
        }
    }
    Ok(())
}
