//! Acting on tickets, and on accounts with them, as one command (design §3): authorize, decide, write, answer.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    AccountId, TicketKey,
    account::{Account, change::Change},
    policy::{self, Operation},
    ticket::{Action, Context, Rejection, Stamp, TicketEvent, contract, decide_each},
};

use crate::{
    call::{Call, ExpectedVersion, expects},
    command::{Outcome, Targets, Tip, Write},
    error::ExecuteError,
    start::Application,
    tickets::Loaded,
};

/// What is asked of one ticket or account: each action on what the ones before it make.
#[derive(Debug, Clone)]
pub struct Asked<A> {
    /// The actions.
    pub actions: Vec<A>,
    /// The versions of which the caller saw one; any when absent.
    pub expected: Option<ExpectedVersion>,
}

/// What one command asks of several, all or nothing.
#[derive(Debug, Clone, Default)]
pub struct AskedOfSeveral {
    /// Of tickets.
    pub tickets: BTreeMap<TicketKey, Asked<Action>>,
    /// Of accounts, by who administers them.
    pub accounts: BTreeMap<AccountId, Asked<Change>>,
}

/// What a command did on a ticket.
#[derive(Debug, Clone)]
pub struct Done {
    /// The ticket as this command left it.
    pub loaded: Arc<Loaded>,
    /// The events that it made, with where they stand; empty when there was nothing to change.
    pub events: Vec<(Stamp, TicketEvent)>,
    /// Answered from what the same command wrote before.
    pub repeated: bool,
}

/// What a command did on each that it was asked of.
#[derive(Debug, Clone, Default)]
pub struct DoneOnSeveral {
    /// On tickets.
    pub tickets: BTreeMap<TicketKey, Done>,
    /// The accounts as they are.
    pub accounts: BTreeMap<AccountId, Arc<Account>>,
}

impl Application {
    /// Carries out actions on a ticket as one command, all or nothing. Runs as its own task: a client that hangs up
    /// cancels nothing.
    ///
    /// # Errors
    /// See [`ExecuteError`]; every answer, refusals included, is given only once what it rests on is on disk.
    pub async fn act(&self, call: Call, key: TicketKey, actions: Vec<Action>) -> Result<Done, ExecuteError> {
        let expected = call.expected_version.clone();
        let asked = AskedOfSeveral {
            tickets: BTreeMap::from([(key, Asked { actions, expected })]),
            ..AskedOfSeveral::default()
        };
        let done = self.act_on_several(call, asked).await?;
        done.tickets.into_values().next().ok_or(ExecuteError::NotFound)
    }

    /// Carries out actions on several tickets and accounts as one command, all or nothing, each as it would be alone. The versions
    /// that the caller saw are those of each. Runs as its own task.
    ///
    /// # Errors
    /// As [`Application::act`] and [`Application::change_account`].
    pub async fn act_on_several(
        &self,
        call: Call,
        asked: AskedOfSeveral,
    ) -> Result<DoneOnSeveral, ExecuteError> {
        self.own_task(|this| async move {
            let held = this.held(&asked.accounts, &call).await?;
            let targets = Targets {
                people: !asked.accounts.is_empty(),
                tickets: asked.tickets.keys().cloned().collect(),
            };
            let outcome = this
                .carry_out(&call, &targets, &|states| {
                    let mut writes = Vec::new();
                    for (key, asked) in &asked.tickets {
                        let tip = states.get(key).ok_or(ExecuteError::NotFound)?;
                        let events = this.decide(&call, tip, asked)?;
                        writes.extend(Write::to_ticket(key, tip.version, events));
                    }
                    for (id, asked) in &asked.accounts {
                        writes.extend(this.decide_changes(&call, *id, asked, held.contains(id))?);
                    }
                    Ok(writes)
                })
                .await?;
            let mut done = DoneOnSeveral::default();
            for key in asked.tickets.into_keys() {
                let on_ticket = this.done(&call, &key, &outcome).await?;
                done.tickets.insert(key, on_ticket);
            }
            for (id, asked) in asked.accounts {
                let account = this.follow(id, &call, &asked.actions, &outcome).await?;
                done.accounts.insert(id, account);
            }
            Ok(done)
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
        let loaded = match outcome {
            Outcome::Nothing(tickets) => tickets.iter().find(|ticket| ticket.key == *key).cloned(),
            Outcome::Now(_) if !events.is_empty() => Some(self.tickets().publish(key, &events)?),
            Outcome::Now(written) | Outcome::Before(written) => {
                let today = self.load_ticket(key).await?;
                if !policy::may(&call.viewer, Operation::Read, &today.state.scope()) {
                    return Err(ExecuteError::NotFound);
                }
                Some(match today.document.position <= written.last.0 {
                    true => today,
                    false => {
                        let (key, last) = (key.clone(), written.last);
                        self.read(move |reader| reader.tickets().load_as_of(&key, last))
                            .await?
                    }
                })
            }
        };
        let loaded = loaded.ok_or(ExecuteError::NotFound)?;
        if let Some(sign_in) = call.sign_in {
            self.note_write(sign_in, loaded.document.position);
        }
        Ok(Done {
            loaded,
            events,
            repeated,
        })
    }

    /// The whole judgement on what is asked of a ticket: may the viewer know of it, is it the version they saw, do the rules
    /// allow it.
    fn decide(
        &self,
        call: &Call,
        tip: &Tip,
        asked: &Asked<Action>,
    ) -> Result<Vec<TicketEvent>, ExecuteError> {
        let (directory, scope) = (self.directory(), tip.state.scope());
        if !policy::may(&call.viewer, Operation::Read, &scope) {
            return Err(ExecuteError::NotFound);
        }
        let may_act_for = |other| {
            let other = directory.viewer(other);
            other.is_some_and(|other| policy::may_act_for(&call.viewer, &other, &scope))
        };
        if !call.on_behalf_of.is_none_or(may_act_for) {
            let what = "acting for this person on this ticket";
            return Err(Rejection::NotPermitted { what }.into());
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
        Ok(events)
    }

    /// Runs to its end even when the one who waits for it goes away: every command that does more than one thing runs so.
    pub(crate) async fn own_task<T, E, F>(&self, work: impl FnOnce(Application) -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<tokio::task::JoinError> + Send + 'static,
    {
        tokio::spawn(work(self.clone())).await?
    }
}
