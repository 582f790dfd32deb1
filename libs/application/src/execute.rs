//! The life of a command on a ticket (design §3): authorize, load, decide, seal, append, answer.

use std::sync::Arc;

use domain::{
    Event, TicketKey,
    desk::Desk,
    policy::{self, Operation},
    ticket::{Action, Context, Rejection, Stamp, State, TicketEvent, decide_each},
};
use event_log::{
    AppendError, Appended, Commit, EventDraft, Expected, StreamName, StreamWrite, Target, Version,
};

use crate::{
    call::Call,
    codec,
    error::ExecuteError,
    lanes::{Lane, Place, Tip},
    start::Application,
    tickets::{self, Loaded},
};

/// How often a command is decided anew when somebody else wrote in between (design §3.2).
pub const ATTEMPTS_MAX: usize = 8;

/// What a command did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The ticket as this command left it.
    pub loaded: Arc<Loaded>,
    /// The events that it made, with where they stand; empty when there was nothing to change.
    pub events: Vec<(Stamp, TicketEvent)>,
    /// Answered from what the same command wrote before.
    pub repeated: bool,
}

/// One way through the loop of attempts.
enum Attempt {
    Done(Done),
    /// Somebody else wrote in between, or the same command is on its way: look again.
    Again,
}

impl Application {
    /// Carries out actions on a ticket as one command, all or nothing. Runs as its own task: a client that hangs up
    /// cancels nothing.
    ///
    /// # Errors
    /// See [`ExecuteError`]; every answer, refusals included, is given only once what it rests on is on disk.
    pub async fn act(&self, call: Call, key: TicketKey, actions: Vec<Action>) -> Result<Done, ExecuteError> {
        let this = self.clone();
        own_task(async move { this.attempts(&call, &key, &actions).await }).await
    }

    async fn attempts(&self, call: &Call, key: &TicketKey, actions: &[Action]) -> Result<Done, ExecuteError> {
        for _ in 0..ATTEMPTS_MAX {
            match self.attempt(call, key, actions).await? {
                Attempt::Done(done) => {
                    if let Some(sign_in) = call.sign_in {
                        self.note_write(sign_in, done.loaded.document.position);
                    }
                    return Ok(done);
                }
                Attempt::Again => {}
            }
        }
        Err(ExecuteError::Unavailable {
            reason: "too much happens on this ticket at once".to_owned(),
        })
    }

    async fn attempt(
        &self,
        call: &Call,
        key: &TicketKey,
        actions: &[Action],
    ) -> Result<Attempt, ExecuteError> {
        let place = self.lanes().enter(key);
        let mut lane = place.turn().await;
        if let Some(done) = self.repeated(call)? {
            return Ok(Attempt::Done(done));
        }
        if lane.in_flight.contains(&call.command_id) {
            drop(lane);
            self.log().settled().await?;
            return Ok(Attempt::Again);
        }
        if lane.must_settle() {
            self.log().settled().await?;
        }
        let tip = self.tip(&lane, key)?;
        let events = match self.decide(call, &tip, actions) {
            Ok(events) if !events.is_empty() => events,
            Ok(_) | Err(_) => {
                drop(lane);
                return self.without_events(call, &place, key, actions).await;
            }
        };
        let drafts = self
            .drafts(call, events.iter().cloned().map(Event::Ticket))
            .await?;
        let appending = self.log().append(Commit {
            command_id: call.command_id,
            command_digest: call.command_digest,
            writes: vec![StreamWrite {
                target: Target::Stream(tickets::stream(key)?),
                expected: Expected::Version(tip.version),
                events: drafts,
            }],
        });
        lane.tip = Some(advance(call, tip, &events));
        lane.in_flight.push(call.command_id);
        drop(lane);

        let appended = appending.await;
        let mut lane = place.turn().await;
        lane.in_flight.retain(|command| *command != call.command_id);
        match appended {
            Ok(appended) if !appended.repeated => {
                let loaded = self.tickets().publish(key, &appended.events, &events)?;
                let events = appended.events.iter().map(codec::stamp).zip(events).collect();
                Ok(Attempt::Done(Done {
                    loaded,
                    events,
                    repeated: false,
                }))
            }
            // What was decided after this one rests on events that are not there: it will be decided anew.
            Ok(_) | Err(AppendError::Conflict { .. }) => {
                lane.tip = None;
                Ok(Attempt::Again)
            }
            Err(error) => {
                lane.tip = None;
                Err(error.into())
            }
        }
    }

    /// A refusal, or a command that changes nothing. It was decided on what may not be on disk yet and may never be,
    /// so it counts only if what is on disk after it says the same.
    async fn without_events(
        &self,
        call: &Call,
        place: &Place<'_>,
        key: &TicketKey,
        actions: &[Action],
    ) -> Result<Attempt, ExecuteError> {
        self.log().settled().await?;
        let loaded = self.tickets().load(key)?;
        let tip = Tip {
            state: loaded.state.clone(),
            version: loaded.version(),
        };
        if self.decide(call, &tip, actions)?.is_empty() {
            Ok(Attempt::Done(Done {
                loaded,
                events: Vec::new(),
                repeated: false,
            }))
        } else {
            // The tip rests on events that did not come, and the one whose events they were may not have said so yet.
            place.turn().await.tip = None;
            Ok(Attempt::Again)
        }
    }

    fn tip(&self, lane: &Lane, key: &TicketKey) -> Result<Tip, ExecuteError> {
        if let Some(tip) = &lane.tip {
            return Ok(tip.clone());
        }
        let loaded = self.tickets().load(key)?;
        Ok(Tip {
            state: loaded.state.clone(),
            version: loaded.version(),
        })
    }

    /// The whole judgement on a command: may the viewer know of the ticket, is it the version they saw, do the rules
    /// allow it.
    fn decide(&self, call: &Call, tip: &Tip, actions: &[Action]) -> Result<Vec<TicketEvent>, ExecuteError> {
        if !policy::may(&call.viewer, Operation::Read, &tip.state.scope()) {
            return Err(ExecuteError::NotFound);
        }
        self.may_act_for(call, &tip.state)?;
        call.expects(tip.version)?;
        let desk = self
            .directory()
            .desk_version(&tip.state.desk, tip.state.desk_version);
        let desk = desk.ok_or(ExecuteError::NotFound)?;
        let context = Context {
            viewer: &call.viewer,
            desk: &desk,
        };
        let events = decide_each(&context, &tip.state, &unplaced(call), actions.to_vec())?;
        self.contract_still_allows(call, &tip.state, &desk, &events)?;
        Ok(events)
    }

    /// A ticket that becomes another organization's, or is about something else, is judged by the contracts as a new one is
    /// (seed 004, F179): or whoever is not covered would open what is, and have it changed.
    fn contract_still_allows(
        &self,
        call: &Call,
        ticket: &State,
        desk: &Desk,
        events: &[TicketEvent],
    ) -> Result<(), ExecuteError> {
        let (mut organization, mut request_type) = (ticket.organization.as_ref(), &ticket.request_type);
        let mut is_other = false;
        for event in events {
            if let TicketEvent::Edited(edited) = event {
                is_other |= edited.organization.is_some() || edited.request_type.is_some();
                organization = edited.organization.as_ref().or(organization);
                request_type = edited.request_type.as_ref().unwrap_or(request_type);
            }
        }
        let Some(organization) = organization.filter(|_| is_other) else {
            return Ok(());
        };
        self.contract_allows(organization, desk, request_type, call)
            .map_err(|refusal| Rejection::Contract(refusal).into())
    }

    /// Who treats a ticket may do something on it for somebody else who may read it: a requester on the telephone. It is done
    /// with the rights of who does it, and both stand in the event (complaint C17).
    fn may_act_for(&self, call: &Call, ticket: &State) -> Result<(), ExecuteError> {
        let Some(other) = call.on_behalf_of else {
            return Ok(());
        };
        let scope = ticket.scope();
        let reads = self
            .directory()
            .viewer(other)
            .is_some_and(|other| policy::may(&other, Operation::Read, &scope));
        if reads && policy::may(&call.viewer, Operation::ActAsAgent, &scope) {
            return Ok(());
        }
        let what = "acting for this person on this ticket";
        Err(Rejection::NotPermitted { what }.into())
    }

    /// What this very command wrote before, if it did.
    pub(crate) fn repeated(&self, call: &Call) -> Result<Option<Done>, ExecuteError> {
        let Some((digest, appended)) = self
            .log()
            .command(call.command_id)
            .map_err(ExecuteError::internal)?
        else {
            return Ok(None);
        };
        let was = self.as_it_was(call, &appended);
        if digest == call.command_digest {
            return was.map(Some);
        }
        match was {
            // Who may not see what was written under an operator's key is judged by the rules, and learns nothing of
            // it; the log's writer still refuses the key.
            Err(ExecuteError::NotFound) => Ok(None),
            Ok(_) => Err(ExecuteError::KeyReused),
            Err(error) => Err(error),
        }
    }

    /// The ticket at the position of a commit, for a viewer who may read it today (design §3, Idempotency).
    fn as_it_was(&self, call: &Call, appended: &Appended) -> Result<Done, ExecuteError> {
        let last = appended.events.last().ok_or(ExecuteError::NotFound)?;
        let key = TicketKey::from_typed(last.envelope.stream.as_str()).map_err(ExecuteError::internal)?;
        let today = self.tickets().load(&key)?;
        if !policy::may(&call.viewer, Operation::Read, &today.state.scope()) {
            return Err(ExecuteError::NotFound);
        }
        let loaded = if today.version() == last.envelope.version {
            today
        } else {
            Arc::new(self.tickets().load_at(&key, last.envelope.version)?)
        };
        let mut events = Vec::new();
        for recorded in &appended.events {
            if let Event::Ticket(event) = codec::decode(self.vault(), recorded)? {
                events.push((codec::stamp(recorded), event));
            }
        }
        Ok(Done {
            loaded,
            events,
            repeated: true,
        })
    }

    /// Writes events to one stream as a command of its own, for what is no command on a ticket.
    ///
    /// # Errors
    /// [`ExecuteError::Stale`] when the stream is not as expected, a refusal of a call for somebody else; otherwise see
    /// [`ExecuteError`].
    pub(crate) async fn append_to(
        &self,
        call: &Call,
        stream: String,
        expected: Expected,
        events: impl Iterator<Item = Event>,
    ) -> Result<(), ExecuteError> {
        call.is_for_oneself()?;
        let stream = StreamName::try_from(stream).map_err(ExecuteError::internal)?;
        let commit = Commit {
            command_id: call.command_id,
            command_digest: call.command_digest,
            writes: vec![StreamWrite {
                target: Target::Stream(stream),
                expected,
                events: self.drafts(call, events).await?,
            }],
        };
        self.log().append(commit).await?;
        Ok(())
    }

    /// Seals events for the log, once every person they speak of has a key on disk.
    pub(crate) async fn drafts(
        &self,
        call: &Call,
        events: impl Iterator<Item = Event>,
    ) -> Result<Vec<EventDraft>, ExecuteError> {
        let events: Vec<Event> = events.collect();
        let at = self.stamp_at(call.at).map_err(ExecuteError::Clock)?;
        let mut subjects = Vec::new();
        for event in &events {
            let (_, data) = event.encode().map_err(ExecuteError::internal)?;
            subjects.extend(codec::subjects(&data));
        }
        self.mint(subjects).await?;
        events
            .iter()
            .map(|event| codec::draft(self.vault(), call, at, event))
            .collect()
    }

    /// Gives every person a key, on disk before anything is sealed with it (design §6.1).
    pub(crate) async fn mint(&self, subjects: Vec<uuid::Uuid>) -> Result<(), ExecuteError> {
        let is_known = |subject: &uuid::Uuid| self.vault().knows(*subject) == vault::KeyState::Present;
        if subjects.iter().all(is_known) {
            return Ok(());
        }
        let vault = self.vault().clone();
        let minted = tokio::task::spawn_blocking(move || vault.mint_all(&subjects)).await;
        minted
            .map_err(ExecuteError::internal)?
            .map_err(ExecuteError::internal)
    }
}

/// Runs to its end even when the one who waits for it goes away: every command that does more than one thing runs so.
pub(crate) async fn own_task<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<tokio::task::JoinError> + Send + 'static,
{
    tokio::spawn(work).await?
}

/// A stamp for events whose place the log has not told yet; no rule reads the place.
fn unplaced(call: &Call) -> Stamp {
    Stamp {
        position: 0,
        version: 0,
        command: call.command_id.0,
        at: call.at,
        occurred_at: call.occurred_at,
        sent_at: call.sent_at,
        by: call.viewer.account,
        on_behalf_of: call.on_behalf_of,
    }
}

fn advance(call: &Call, tip: Tip, events: &[TicketEvent]) -> Tip {
    let stamp = unplaced(call);
    let mut state = tip.state;
    for event in events {
        state = State::evolve(Some(state.clone()), &stamp, event).unwrap_or(state);
    }
    Tip {
        state,
        version: Version(tip.version.0 + events.len() as u64),
    }
}
