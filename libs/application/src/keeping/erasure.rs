//! Erasing a person: their key is destroyed, and what was made from their values is made anew without them (design §6.1,
//! peers N7). The log keeps every byte, and every proof holds.
//!
//! The event comes first: whoever restores an older keys file finds it in the log and destroys the key again
//! (`obey`). Then the key, then the caches, the sign-ins, the files, and last the views, which take the person out of
//! their files in place. A file in their directory says up to which erasure they are free of erased persons,
//! so that a restart finishes what a kill interrupted.

mod traces;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Event, PersonId, Personal,
    person::PersonEvent,
    policy::{
        Viewer,
        administration::{SystemOperation, may},
    },
    text_field::words_faults,
};
use event_log::{EventLog, Position, Version};
use object_store::{ObjectStoreExt, path::Path as StorePath};
use uuid::Uuid;
use vault::{KeyState, Vault};

use self::traces::Traces;
pub(crate) use self::traces::{AttachedBlob, any_attached_blob};
use crate::{
    keeping::{Keeping, erasures::ErasureState, reason::REASON_CHARS_MAX},
    kernel::{
        call::Call,
        error::{ExecuteError, ReadError},
        lanes::Targets,
        task::own_task,
        writes::{Made, Write},
    },
};

/// Says up to which position the views are free of erased persons.
const CLEAN_FILE: &str = "erased-through";

/// An erasure that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Who is erased.
    pub person: PersonId,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Where in the log.
    pub position: Position,
    /// How far it is.
    pub state: ErasureState,
}

/// Who is left to be cleaned up after.
#[derive(Debug, Clone)]
struct Left {
    person: PersonId,
    /// What they wrote is found by before they had an account; unknown once the key is destroyed.
    about: Option<Uuid>,
}

impl Keeping {
    /// Erases a person: an end customer, or the holder of an account. Answers once the event is on disk and the key is
    /// destroyed; the rest goes on by itself. Asked for twice, the first erasure is answered, and that it was before.
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] for who is no administrator of everything, and for a person nobody knows; otherwise see
    /// [`ExecuteError`].
    pub async fn erase_person(
        &self,
        call: Call,
        person: PersonId,
        reason: String,
    ) -> Result<(Erasure, Made), ExecuteError> {
        if !administers(&call.viewer) || self.kernel.vault.knows(person.0) == KeyState::Unknown {
            return Err(ExecuteError::NotFound);
        }
        let faults = words_faults("/reason", &reason, REASON_CHARS_MAX);
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        own_task(self, |this| async move {
            let left = Left {
                person,
                about: this.address_digest_of(person),
            };
            let made = this.record_erasure(&call, person, reason).await?;
            let erasure = this.erasure_on_record(person)?.ok_or(ExecuteError::NotFound)?;
            if let Err(error) = this.forget(&erasure).await {
                let reason = crate::kernel::error::chain(&error);
                this.erasures.set(person, ErasureState::Failed { reason });
                return Err(error);
            }
            let cleaning = this.clone();
            tokio::spawn(async move { cleaning.clean_up(vec![left]).await });
            Ok((erasure, made))
        })
        .await
    }

    /// An erasure that was asked for, for administrators of everything.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when there is none.
    pub fn erasure(&self, viewer: &Viewer, person: PersonId) -> Result<Erasure, ReadError> {
        if !administers(viewer) {
            return Err(ReadError::NotFound);
        }
        self.erasure_on_record(person)?.ok_or(ReadError::NotFound)
    }

    /// Ends what a kill interrupted: cleans up after every erasure that the view may not have seen. Answers how many.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read.
    pub async fn resume_erasures(&self) -> Result<usize, ReadError> {
        let clean = clean_through(&self.places.views);
        let erased = erased_persons(&self.kernel.log)?;
        let left: Vec<Left> = erased
            .iter()
            .filter(|(_, position, _)| *position > clean)
            .map(|(person, _, _)| Left {
                person: *person,
                about: None,
            })
            .collect();
        let count = left.len();
        if count > 0 {
            self.clean_up(left).await;
        }
        Ok(count)
    }

    /// What somebody wrote is found by, who wanted an account under the address of this person.
    fn address_digest_of(&self, person: PersonId) -> Option<Uuid> {
        let account = self.kernel.directory.account(AccountId(person.0))?;
        Some(self.identity.address_digest(&account.address.as_ref()?.address))
    }

    async fn record_erasure(
        &self,
        call: &Call,
        person: PersonId,
        reason: String,
    ) -> Result<Made, ExecuteError> {
        let by = call.viewer.account.person();
        // With the other commands on people: none that was decided before comes after it.
        let outcome = self
            .kernel
            .carry_out(call, &Targets::PEOPLE, &|_| {
                // Whoever is forgotten is not forgotten twice.
                if self.erasure_on_record(person)?.is_some() {
                    return Ok(Vec::new());
                }
                let reason = Personal::new(by, reason.clone());
                let event = Event::Person(PersonEvent::Erased { reason });
                Ok(vec![Write::after(0, format!("person-{person}"), vec![event])])
            })
            .await?;
        Ok(outcome.made())
    }

    fn erasure_on_record(&self, person: PersonId) -> Result<Option<Erasure>, ReadError> {
        let events = self
            .kernel
            .stream_events(&format!("person-{person}"), Version(0), 1)?;
        let Some(event) = events.first() else {
            return Ok(None);
        };
        // Of what this process has not begun, the file in the views' directory says whether it is left to do.
        let on_disk = || match event.position <= clean_through(&self.places.views) {
            true => ErasureState::Done,
            false => ErasureState::Running,
        };
        Ok(Some(Erasure {
            person,
            at: event.envelope.at,
            position: event.position,
            state: self.erasures.state(person).unwrap_or_else(on_disk),
        }))
    }

    /// Destroys the key, drops what is in memory, and ends the sign-ins: in this order, so that one that begins meanwhile
    /// either is ended here or finds that the account is nobody's.
    async fn forget(&self, erasure: &Erasure) -> Result<(), ExecuteError> {
        let vault = self.kernel.vault.clone();
        let (person, at) = (erasure.person, erasure.at);
        self.erasures.set(person, ErasureState::Running);
        tokio::task::spawn_blocking(move || vault.destroy(person.0, at))
            .await?
            .map_err(ExecuteError::internal)?;
        self.kernel.refresh()?;
        self.kernel.folds.forget();
        let ended = self
            .identity
            .with_sessions(move |sessions| sessions.revoke_account(person.0));
        ended.await?;
        Ok(())
    }

    /// Takes away what sign-ins and files are kept with, and takes these persons out of the views.
    async fn clean_up(&self, left: Vec<Left>) {
        let _turn = self.erasures.turn.lock().await;
        // Whoever is erased later is taken out of the views later.
        let through = self.kernel.log.head();
        let state = match self.cleaned(&left, through).await {
            Ok(()) => ErasureState::Done,
            Err(error) => {
                tracing::error!(%error, "an erased person could not be cleaned up after; it is tried again at the next start");
                ErasureState::Failed {
                    reason: error.to_string(),
                }
            }
        };
        for one in left {
            self.erasures.set(one.person, state.clone());
        }
    }

    async fn cleaned(&self, left: &[Left], through: Position) -> Result<(), ReadError> {
        for Left { person, about } in left.iter().cloned() {
            self.identity
                .with_sessions(move |sessions| sessions.forget_account(person.0, about))
                .await
                .map_err(ReadError::internal)?;
        }
        let persons: Vec<PersonId> = left.iter().map(|one| one.person).collect();
        let log = self.kernel.log.clone();
        let traces = tokio::task::spawn_blocking(move || traces::of(&log, &persons)).await;
        let Traces { streams, blobs } = traces.map_err(ReadError::internal)??;
        for blob in blobs {
            match self.files.delete(&StorePath::from(blob)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(ReadError::internal(error)),
            }
        }
        if !self.views.erase(streams).done().await {
            return Err(ReadError::Behind);
        }
        mark_clean(&self.places.views, through).map_err(ReadError::internal)
    }
}

fn administers(viewer: &Viewer) -> bool {
    may(viewer, SystemOperation::ErasePerson)
}

/// Everybody whom the log says was erased, where, and when.
pub(crate) fn erased_persons(log: &EventLog) -> Result<Vec<(PersonId, Position, DateTime<Utc>)>, ReadError> {
    let events = log.read_category("person", Position(0))?;
    let erased = events
        .iter()
        .filter(|event| event.envelope.event_type == "person-erased.v1");
    let person = |event: &event_log::Recorded| {
        let id = event.envelope.stream.as_str().strip_prefix("person-");
        let id = Uuid::parse_str(id.unwrap_or_default()).map_err(ReadError::internal)?;
        Ok((PersonId(id), event.position, event.envelope.at))
    };
    erased.map(person).collect()
}

/// Destroys every key that the log says is destroyed: after a restore of older keys, or a kill between event and key. Those whom
/// the ledger does not name are written to it: it was lost, or an older one was put back.
pub(crate) fn obey(log: &EventLog, vault: &Vault) -> Result<(), ReadError> {
    let mut obeyed = 0;
    let mut erased = Vec::new();
    for (person, _, at) in erased_persons(log)? {
        if vault.knows(person.0) != KeyState::Destroyed {
            vault.destroy(person.0, at).map_err(ReadError::internal)?;
            obeyed += 1;
        }
        erased.push((person.0, at));
    }
    if obeyed > 0 {
        tracing::warn!(obeyed, "keys of erased persons were there and are destroyed now");
    }
    let completed = vault.complete_ledger(&erased).map_err(ReadError::internal)?;
    if completed > 0 {
        tracing::warn!(
            completed,
            ledger = %vault.ledger().display(),
            "the erasure ledger was lost or older than the log: those whom it did not name are written to it again"
        );
    }
    Ok(())
}

fn clean_through(views: &Path) -> Position {
    let text = fs::read_to_string(views.join(CLEAN_FILE)).unwrap_or_default();
    Position(text.trim().parse().unwrap_or(0))
}

fn mark_clean(views: &Path, through: Position) -> io::Result<()> {
    let beside = views.join(format!("{CLEAN_FILE}.new"));
    let mut file = File::create(&beside)?;
    writeln!(file, "{through}")?;
    file.sync_all()?;
    fs::rename(&beside, views.join(CLEAN_FILE))?;
    File::open(views)?.sync_all()
}
