//! The one way to the log (design §3): a command names what it is decided on, takes those lanes in one order, is decided over all of it
//! at once, and makes one commit, all of it or nothing. Its outcome is told per stream, and alike when it is repeated.
//!
//! | it is decided on | as it is | nobody comes between until |
//! |---|---|---|
//! | one ticket | after all that is enqueued already: nobody waits for the disk of who came before | it is enqueued |
//! | several tickets, or tickets and people | on disk | it is enqueued |
//! | people: accounts, organizations, desks, names | in the directory, which holds only what is on disk | the directory knows the outcome |
//! | nothing: a ticket to be opened, a trace, the log's word on itself | - | - |

use domain::{
    AccountId, Event, TicketKey,
    account::{Account, AccountEvent},
    policy::{self, Operation},
};
use event_log::{AppendError, Commit, StreamWrite, limits::COMMIT_EVENTS_MAX};

use crate::kernel::{
    Kernel,
    administrators::keep_an_administrator,
    call::Call,
    codec,
    error::ExecuteError,
    lanes::{Place, States, Targets, Tip},
    writes::{Outcome, Write, Written},
};

/// How often a command is decided anew when somebody else wrote in between (design §3.2).
const ATTEMPTS_MAX: usize = 8;

/// From what a command is decided on to what it writes; nothing when there is nothing to change. Asked anew at every attempt.
pub(crate) type Decide<'d> = &'d (dyn Fn(&States<'_>) -> Result<Vec<Write>, ExecuteError> + Sync);

impl Kernel {
    /// Carries a command out, up to [`ATTEMPTS_MAX`] times when somebody else wrote in between. What it changes of people the
    /// directory knows when this answers.
    ///
    /// # Errors
    /// What the decision refuses with; otherwise see [`ExecuteError`]. A refusal too is given only once what it rests on is on disk.
    pub(crate) async fn carry_out(
        &self,
        call: &Call,
        targets: &Targets,
        decide: Decide<'_>,
    ) -> Result<Outcome, ExecuteError> {
        let _people = match targets.people {
            true => {
                call.is_for_oneself()?;
                Some(self.lanes.people.lock().await)
            }
            false => None,
        };
        let places = targets.tickets.iter().map(|key| self.lanes.enter(key));
        let places: Vec<Place<'_>> = places.collect();
        for _ in 0..ATTEMPTS_MAX {
            if let Some(outcome) = self.attempt(call, targets, &places, decide).await? {
                return Ok(outcome);
            }
        }
        Err(ExecuteError::Unavailable {
            reason: "too much happens there at once".to_owned(),
        })
    }

    /// One way through; `None` when somebody else wrote in between, or the same command is on its way: look again.
    async fn attempt(
        &self,
        call: &Call,
        targets: &Targets,
        places: &[Place<'_>],
        decide: Decide<'_>,
    ) -> Result<Option<Outcome>, ExecuteError> {
        let mut lanes = Vec::with_capacity(places.len());
        for place in places {
            lanes.push(place.turn().await);
        }
        if let Some(written) = self.repeated(call)? {
            return Ok(Some(Outcome::Before(written)));
        }
        if lanes.iter().any(|lane| lane.in_flight.contains(&call.command_id)) {
            drop(lanes);
            self.log.settled().await?;
            return Ok(None);
        }
        if lanes.iter().any(|lane| lane.must_settle(targets)) {
            self.log.settled().await?;
            lanes.iter_mut().for_each(|lane| lane.tip = None);
        }
        for (place, lane) in places.iter().zip(&mut lanes) {
            if lane.tip.is_none() {
                let loaded = self.load_ticket(place.key).await?;
                lane.tip = Some(Tip::of(&loaded));
            }
        }
        let tips = places.iter().zip(&lanes);
        let tips = tips.filter_map(|(place, lane)| Some((place.key, lane.tip.as_ref()?)));
        let decided = decide(&tips.collect());
        let writes = match decided {
            Ok(writes) if !writes.is_empty() => writes,
            Ok(_) | Err(_) if !places.is_empty() => {
                drop(lanes);
                return self.without_events(places, decide).await;
            }
            nothing => return nothing.map(|_| Some(Outcome::Nothing(Vec::new()))),
        };
        keep_an_administrator(&self.directory, &writes, call.at)?;
        #[expect(clippy::disallowed_methods, reason = "this is the one way to the log")]
        let appending = self.log.append(self.sealed(call, &writes).await?);
        for (place, lane) in places.iter().zip(&mut lanes) {
            lane.enqueued(call.command_id, place.key, &writes);
        }
        drop(lanes);

        let appended = appending.await;
        let is_written = matches!(&appended, Ok(appended) if !appended.repeated);
        for place in places {
            place.turn().await.told(call.command_id, is_written);
        }
        if targets.people {
            self.refresh()?;
        }
        match appended {
            Ok(appended) if is_written => {
                let events = writes.into_iter().flat_map(|write| write.events);
                Ok(Some(Outcome::Now(Written::new(&appended, events))))
            }
            Ok(_) | Err(AppendError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A refusal, or a command that changes nothing. It was decided on what may not be on disk yet and may never be,
    /// so it counts only if what is on disk after it says the same.
    async fn without_events(
        &self,
        places: &[Place<'_>],
        decide: Decide<'_>,
    ) -> Result<Option<Outcome>, ExecuteError> {
        self.log.settled().await?;
        let mut loaded = Vec::with_capacity(places.len());
        for place in places {
            loaded.push(self.load_ticket(place.key).await?);
        }
        let tips: Vec<Tip> = loaded.iter().map(|loaded| Tip::of(loaded)).collect();
        let keys = places.iter().map(|place| place.key);
        if decide(&keys.zip(&tips).collect())?.is_empty() {
            return Ok(Some(Outcome::Nothing(loaded)));
        }
        // A tip rests on events that did not come, and the one whose events they were may not have said so yet.
        for place in places {
            place.turn().await.tip = None;
        }
        Ok(None)
    }

    /// What this very command wrote before, if it did.
    ///
    /// # Errors
    /// [`ExecuteError::KeyReused`] when another was given under the same key.
    pub(crate) fn repeated(&self, call: &Call) -> Result<Option<Written>, ExecuteError> {
        let found = self.log.command(call.command_id);
        let Some((digest, appended)) = found.map_err(ExecuteError::internal)? else {
            return Ok(None);
        };
        if digest == call.command_digest {
            let events = appended.events.iter();
            let events = events.map(|recorded| codec::decode(&self.vault, recorded));
            return Ok(Some(Written::new(
                &appended,
                events.collect::<Result<Vec<_>, _>>()?,
            )));
        }
        for recorded in &appended.events {
            // Who may not see what was written under an operator's key is judged by the rules, and learns nothing of
            // it; the log's writer still refuses the key.
            if let Ok(key) = recorded.envelope.stream.as_str().parse::<TicketKey>()
                && !policy::may(
                    &call.viewer,
                    Operation::Read,
                    &self.folds.load(&key)?.state.scope(),
                )
            {
                return Ok(None);
            }
        }
        Err(ExecuteError::KeyReused)
    }

    /// Seals what is to be written, once every person it speaks of has a key on disk. What is too large is refused before any has.
    async fn sealed(&self, call: &Call, writes: &[Write]) -> Result<Commit, ExecuteError> {
        let at = self
            .clock
            .stamp_at(call.at, self.log.last_at())
            .map_err(ExecuteError::Clock)?;
        let events: Vec<&Event> = writes.iter().flat_map(|write| &write.events).collect();
        if events.len() > COMMIT_EVENTS_MAX {
            let (count, max) = (events.len(), COMMIT_EVENTS_MAX);
            return Err(AppendError::TooManyEvents { count, max }.into());
        }
        let mut subjects = Vec::new();
        for event in events {
            let (_, data) = event.encode().map_err(ExecuteError::internal)?;
            subjects.extend(codec::subjects(&data));
        }
        self.mint(subjects).await?;
        let sealed = |write: &Write| -> Result<StreamWrite, ExecuteError> {
            let drafts = write.events.iter();
            let drafts = drafts.map(|event| codec::draft(&self.vault, call, at, event));
            Ok(StreamWrite {
                target: write.to.target()?,
                expected: write.expected,
                events: drafts.collect::<Result<_, _>>()?,
            })
        };
        Ok(Commit {
            command_id: call.command_id,
            command_digest: call.command_digest,
            writes: writes.iter().map(sealed).collect::<Result<_, _>>()?,
        })
    }

    /// Gives every person a key, on disk before anything is sealed with it (design §6.1).
    pub(crate) async fn mint(&self, subjects: Vec<uuid::Uuid>) -> Result<(), ExecuteError> {
        let is_known = |subject: &uuid::Uuid| self.vault.knows(*subject) == vault::KeyState::Present;
        if subjects.iter().all(is_known) {
            return Ok(());
        }
        let vault = self.vault.clone();
        let minted = tokio::task::spawn_blocking(move || vault.mint_all(&subjects));
        minted.await?.map_err(ExecuteError::internal)
    }

    /// Appends events to an account in its holder's own name, decided on its state each time it is tried.
    pub(crate) async fn append_own(
        &self,
        call: &Call,
        id: AccountId,
        decide: impl Fn(&Account) -> Result<Vec<AccountEvent>, ExecuteError> + Sync,
    ) -> Result<Outcome, ExecuteError> {
        self.carry_out(call, &Targets::PEOPLE, &|_| {
            let account = self.directory.account(id).ok_or(ExecuteError::NotFound)?;
            Ok(Write::to_account(&account, decide(&account)?))
        })
        .await
    }
}
