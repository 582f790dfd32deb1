//! One command on several tickets and accounts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    AccountId, TicketKey,
    account::{Account, change::Change},
    ticket::Action,
};

use crate::{
    kernel::{
        call::{Asked, Call},
        error::ExecuteError,
        lanes::Targets,
        task::own_task,
    },
    start::Application,
    tickets::act::Done,
};

/// What one command asks of several, all or nothing.
#[derive(Debug, Clone, Default)]
pub struct AskedOfSeveral {
    /// Of tickets.
    pub tickets: BTreeMap<TicketKey, Asked<Action>>,
    /// Of accounts, by who administers them.
    pub accounts: BTreeMap<AccountId, Asked<Change>>,
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
    /// Carries out actions on several tickets and accounts as one command, all or nothing, each as it would be alone. The
    /// versions that the caller saw are given for each. No door uses it yet. Runs as its own task.
    ///
    /// # Errors
    /// As [`Tickets::act`](crate::tickets::Tickets::act) and [`People::change_account`](crate::people::People::change_account).
    pub async fn act_on_several(
        &self,
        call: Call,
        asked: AskedOfSeveral,
    ) -> Result<DoneOnSeveral, ExecuteError> {
        own_task(self, |this| async move {
            let (tickets, people) = (&this.tickets, &this.people);
            let mut held = BTreeSet::new();
            for (id, asked) in &asked.accounts {
                if people.is_held(*id, asked, &call).await? {
                    held.insert(*id);
                }
            }
            let targets = Targets {
                people: !asked.accounts.is_empty(),
                tickets: asked.tickets.keys().cloned().collect(),
            };
            let outcome = this
                .kernel
                .carry_out(&call, &targets, &|states| {
                    let mut writes = Vec::new();
                    for (key, asked) in &asked.tickets {
                        writes.extend(tickets.decide(&call, states, key, asked)?);
                    }
                    for (id, asked) in &asked.accounts {
                        writes.extend(people.decide_changes(&call, *id, asked, held.contains(id))?);
                    }
                    Ok(writes)
                })
                .await?;
            let mut done = DoneOnSeveral::default();
            for key in asked.tickets.into_keys() {
                let on_ticket = tickets.done(&call, &key, &outcome).await?;
                done.tickets.insert(key, on_ticket);
            }
            for (id, asked) in asked.accounts {
                let account = people.follow(id, &call, &asked.actions, &outcome).await?;
                done.accounts.insert(id, account);
            }
            Ok(done)
        })
        .await
    }
}
