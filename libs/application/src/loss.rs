//! Going on without what is lost.

use event_log::{EventLog, LogState};
use transparency::{Frontier, leaf_hash};

use crate::{
    keeping::{
        archive::{CHECKPOINTS, LOG},
        reason,
        restore::{RestoreError, promises, remove_derived},
        scan,
        settings::{Settings, StartError},
        survey,
    },
    kernel::error::chain,
    proofs::{checkpoints::last_of_epoch, epoch::Loss},
    start::Application,
};

/// Makes the readable beginning of a log all that it has, under a new epoch. The log tells of it once
/// [`Proofs::begin_log`](crate::proofs::Proofs::begin_log) is given what this answers. Where nothing is lost, nothing is accepted: an epoch cannot be
/// taken back.
///
/// # Errors
/// See [`RestoreError`].
pub fn accept_loss(settings: &Settings, reason: String) -> Result<Loss, RestoreError> {
    reason::check(&reason).map_err(RestoreError::Reason)?;
    let log = settings.data.join(LOG);
    if !log.join("sled").exists() {
        return Err(RestoreError::NoLog { path: log });
    }
    // Nothing is cut off where it could not be told of afterwards.
    survey::refuse_half(settings).map_err(|error| RestoreError::Half(Box::new(error)))?;
    match found(settings)? {
        Some(lost) => tracing::warn!(lost, "a loss is accepted"),
        None => return Err(RestoreError::NothingLost { log }),
    }
    let signed = promises(&settings.data.join(CHECKPOINTS))?;
    let accepted = event_log::accept_loss(&log, &event_log::Options::default());
    let accepted = accepted.map_err(RestoreError::Open)?;
    let before = accepted.epoch.checked_sub(1);
    let signed = before.and_then(|before| signed.get(&before)).copied();
    // What was made of events that are lost says what the log no longer does.
    remove_derived(&settings.data)?;
    Ok(Loss {
        from: accepted.head.0 + 1,
        to: accepted
            .lost_to_at_least
            .0
            .max(signed.unwrap_or(0))
            .max(accepted.head.0),
        reason,
    })
}

/// What is lost, or is not what it was; `None` when a server would begin here and find everything as it was signed.
fn found(settings: &Settings) -> Result<Option<String>, RestoreError> {
    let strict = Settings {
        goes_on_without_secrets: false,
        ..settings.clone()
    };
    match Application::open(&strict) {
        Ok(application) => {
            let lost = lost_in(&application);
            application.close();
            Ok(lost)
        }
        Err(error) if error.is_a_loss() => Ok(Some(chain(&error))),
        // What cannot be read is lost, and what cannot be understood is not.
        Err(StartError::Accounts(source)) => {
            let log = EventLog::open(&settings.data.join(LOG), event_log::Options::default());
            let log = log.map_err(RestoreError::Open)?;
            let lost = changed(&log, None);
            log.close();
            let other = || RestoreError::Half(Box::new(StartError::Accounts(source)));
            lost.map(Some).ok_or_else(other)
        }
        Err(error) => Err(RestoreError::Half(Box::new(error))),
    }
}

fn lost_in(application: &Application) -> Option<String> {
    match application.kernel.log.state() {
        LogState::ReadOnly { reason, .. } | LogState::Poisoned { reason } => return Some(reason),
        LogState::Writable | LogState::Full { .. } => {}
    }
    let log = &application.kernel.log;
    match last_of_epoch(&application.keeping.places.checkpoints, log.epoch(), None) {
        Ok(last) => changed(log, last.map(|last| last.checkpoint)),
        // Only its beginning was written, or the application would not have opened.
        Err(_) => changed(log, None),
    }
}

/// Reads the whole log: whether all of it can be read, and gives the root that was signed last.
fn changed(log: &EventLog, signed: Option<transparency::Checkpoint>) -> Option<String> {
    let mut frontier = Frontier::default();
    let differs = scan::find(log, |event| {
        frontier.push(leaf_hash(&event.bytes), |_, _| {});
        let signed = signed.as_ref().filter(|signed| frontier.size() == signed.size)?;
        (frontier.root() != signed.root)
            .then(|| format!("the first {} events are not those that were signed", signed.size))
    });
    differs.unwrap_or_else(|error| Some(format!("after position {}: {}", frontier.size(), chain(&error))))
}
