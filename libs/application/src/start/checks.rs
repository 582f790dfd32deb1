//! What is looked at when a directory is opened: what was signed, and whether keys and secrets are its own.

use event_log::{EventLog, LogState, Position};
use vault::{DigestKey, Vault};

use crate::{
    keeping::{
        archive::{KEYS, LOG},
        secret_check,
        settings::{Settings, StartError},
        upkeep::CHECKPOINT_EVERY_S,
    },
    kernel::{error::ReadError, places::Places},
    proofs::{checkpoints::last_of_epoch, epoch::LogIdentity, tree::Promise},
};

/// A log that has lived for so long since its epoch began has been signed, s: twice as often as that, and once more at a stop.
const UNSIGNED_MAX_S: u64 = 2 * CHECKPOINT_EVERY_S;

/// What was signed last over this epoch of the log. A log that ends before it takes no writes.
pub(super) fn promise(places: &Places, log: &EventLog, vault: &Vault) -> Result<Option<Promise>, StartError> {
    let (dir, epoch) = (places.checkpoints.as_path(), log.epoch());
    let last = last_of_epoch(dir, epoch, None).or_else(|error| {
        // A kill may have cut off the very first one, which nobody was told of.
        let told = LogIdentity::by(log, vault).map_err(StartError::Accounts)?;
        let last = match told.epoch {
            Some((known, origin)) if known == epoch => last_of_epoch(dir, epoch, Some(&origin)),
            Some(_) | None => Err(error),
        };
        last.map_err(StartError::Checkpoints)
    });
    let Some(last) = last? else {
        return Ok(None);
    };
    let (last, head) = (last.checkpoint, log.head().0);
    if last.size > head {
        let reason = format!(
            "the log ends at position {head}, but a checkpoint was signed over {} events: restore the log from the \
             archive, or accept the loss",
            last.size
        );
        log.hold(&reason, Position(last.size));
    }
    Ok(Some(Promise {
        size: last.size,
        root: last.root,
    }))
}

/// Whether the log must have been signed, long after its epoch began, and no checkpoint of that is there.
pub(super) fn lacks_checkpoints(
    places: &Places,
    log: &EventLog,
    vault: &Vault,
    promise: Option<Promise>,
) -> Result<bool, StartError> {
    if promise.is_some() || matches!(log.state(), LogState::ReadOnly { .. }) {
        return Ok(false);
    }
    let begun = LogIdentity::by(log, vault)
        .map_err(StartError::Accounts)?
        .begun_at;
    let lived = begun.and_then(|begun| Some(log.last_at()? - begun));
    let lacks = lived
        .is_some_and(|lived| u64::try_from(lived.num_seconds()).is_ok_and(|lived| lived > UNSIGNED_MAX_S));
    if lacks {
        tracing::warn!(
            path = %places.checkpoints.display(),
            "no checkpoint is there of what this log has promised: put them back from a backup of data"
        );
    }
    Ok(lacks)
}

/// What cannot be read with these keys says first whose they are.
pub(super) fn unread(settings: &Settings, source: ReadError) -> StartError {
    if !is_of_other_keys(&source) {
        return StartError::Accounts(source);
    }
    StartError::OtherKeys {
        keys: settings.data.join("keys").join(KEYS),
        log: settings.data.join(LOG),
        source,
    }
}

/// Whether an error comes of a person of whom the keys file never held a key.
fn is_of_other_keys(error: &ReadError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(vault::UnsealError::UnknownSubject { .. }) = error.downcast_ref() {
            return true;
        }
        next = error.source();
    }
    false
}

/// From now on another secret is refused.
pub(super) fn note_secret(settings: &Settings, secret: &DigestKey) -> Result<(), StartError> {
    let data = settings.data.as_path();
    let noted = match secret_check::fits(data, secret) {
        Ok(Some(true)) => Ok(()),
        Ok(Some(false) | None) => secret_check::note(data, secret),
        Err(error) => Err(error),
    };
    noted.map_err(|source| StartError::Unreadable {
        path: secret_check::file(data),
        source,
    })
}

/// A slot of the keys file that is damaged makes a person's values unreadable, and no backup made from now on has that key.
pub(super) fn warn_of_damaged_keys(places: &Places, vault: &Vault) {
    let damaged = vault.damaged();
    if let Some(first) = damaged.first() {
        tracing::error!(
            file = %places.keys.join(KEYS).display(),
            damaged = damaged.len(),
            first_slot = first.slot,
            "keys of persons are damaged: what is sealed under them cannot be read. Restore the keys from a backup that was made before"
        );
    }
}
