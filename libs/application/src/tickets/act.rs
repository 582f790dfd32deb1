//! Acting on a ticket (design §3): authorize, decide, write, answer.

use std::sync::Arc;

use domain::{
    Detail, TicketKey,
    policy::{self, Operation, Shown, Sight, shown_to_author},
    ticket::{Action, Context, Rejection, Stamp, TicketEvent, contract, decide_each},
};

use crate::{
    kernel::{
        call::{Asked, Call, expects},
        error::ExecuteError,
        folds::Loaded,
        lanes::{States, Targets},
        task::own_task,
        writes::{Outcome, Write},
    },
    tickets::Tickets,
};

/// What a command did on a ticket.
#[derive(Debug, Clone)]
pub struct Done {
    /// The ticket as this command left it.
    pub loaded: Shown<Arc<Loaded>>,
    /// The events that it made, with where they stand; empty when there was nothing to change.
    pub events: Vec<(Stamp, Shown<TicketEvent>)>,
    /// Answered from what the same command wrote before.
    pub repeated: bool,
}

impl Tickets {
    /// Carries out actions on a ticket as one command, all or nothing. Runs as its own task: a client that hangs up
    /// cancels nothing.
    ///
    /// # Errors
    /// See [`ExecuteError`]; every answer, refusals included, is given only once what it rests on is on disk.
    pub async fn act(&self, call: Call, key: TicketKey, actions: Vec<Action>) -> Result<Done, ExecuteError> {
        own_task(self, |this| async move {
            let expected = call.expected_version.clone();
            let asked = Asked { actions, expected };
            let targets = Targets::ticket(key.clone());
            let decide = |states: &States<'_>| this.decide(&call, states, &key, &asked);
            let outcome = this.kernel.carry_out(&call, &targets, &decide).await?;
            this.done(&call, &key, &outcome).await
        })
        .await
    }

    /// What came of a command on a ticket, for who may read it today: the ticket at the position of the commit (design §3,
    /// Idempotency).
    pub(crate) async fn done(
        &self,
        call: &Call,
        key: &TicketKey,
        outcome: &Outcome,
    ) -> Result<Done, ExecuteError> {
        let (written, repeated) = match outcome {
            Outcome::Now(written) => (Some(written), false),
            Outcome::Before(written) => (Some(written), true),
            Outcome::Nothing(_) => (None, false),
        };
        let events = written.map(|written| written.of_ticket(key)).unwrap_or_default();
        let (loaded, events) = match outcome {
            Outcome::Nothing(tickets) => {
                let loaded = tickets.iter().find(|ticket| ticket.key == *key).cloned();
                (shown_to_author(loaded.ok_or(ExecuteError::NotFound)?), Vec::new())
            }
            Outcome::Now(_) if !events.is_empty() => {
                let loaded = self.kernel.folds.publish(key, &events)?;
                let events = events.into_iter();
                let events = events.map(|(stamp, event)| (stamp, shown_to_author(event)));
                (shown_to_author(loaded), events.collect())
            }
            Outcome::Now(written) | Outcome::Before(written) => {
                let today = self.kernel.load_ticket(key).await?;
                let sight = Sight::of(&call.viewer, &today.state.scope()).ok_or(ExecuteError::NotFound)?;
                let loaded = if today.document.position <= written.last.0 {
                    today
                } else {
                    let (folds, key, last) = (Arc::clone(&self.kernel.folds), key.clone(), written.last);
                    let room = &self.kernel.room;
                    room.read(folds, move |folds| folds.load_as_of(&key, last))
                        .await?
                };
                let events = events.into_iter();
                let events = events.filter_map(|(stamp, event)| Some((stamp, sight.show(event)?)));
                (
                    sight.show(loaded).ok_or(ExecuteError::NotFound)?,
                    events.collect(),
                )
            }
        };
        if let Some(sign_in) = call.sign_in {
            self.kernel.note_write(sign_in, loaded.document.position);
        }
        Ok(Done {
            loaded,
            events,
            repeated,
        })
    }

    /// The whole judgement on what is asked of a ticket: may the viewer know of it, is it the version they saw, do the rules
    /// allow it.
    pub(crate) fn decide(
        &self,
        call: &Call,
        states: &States<'_>,
        key: &TicketKey,
        asked: &Asked<Action>,
    ) -> Result<Vec<Write>, ExecuteError> {
        let tip = states.get(key).ok_or(ExecuteError::NotFound)?;
        let (directory, scope) = (&self.kernel.directory, tip.state.scope());
        if !policy::may(&call.viewer, Operation::Read, &scope) {
            return Err(ExecuteError::NotFound);
        }
        let may_act_for = |other| {
            let other = directory.viewer(other);
            other.is_some_and(|other| policy::may_act_for(&call.viewer, &other, &scope))
        };
        if !call.on_behalf_of.is_none_or(may_act_for) {
            let why = Detail::MayNotActFor;
            return Err(Rejection::NotPermitted { why }.into());
        }
        expects(asked.expected.as_ref(), tip.version)?;
        let desk = directory.desk_version(&tip.state.desk, tip.state.desk_version);
        let desk = desk.ok_or(ExecuteError::NotFound)?;
        let context = Context {
            viewer: &call.viewer,
            desk: &desk,
            at: call.at,
        };
        let events = decide_each(&context, &tip.state, asked.actions.clone())?;
        contract::judge_changes(&context, &tip.state, &events, |id| directory.upwards(id))?;
        Ok(Write::to_ticket(key, tip.version, events))
    }
}
