//! What those who administer an account change of it, and what follows.

use std::sync::Arc;

use domain::{
    AccountId,
    account::{
        Account, AccountEvent,
        change::{self, Change},
    },
};
use event_log::Version;

use crate::{
    kernel::{
        call::{Asked, Call, expects},
        error::ExecuteError,
        lanes::{States, Targets},
        task::own_task,
        writes::{Outcome, Write},
    },
    people::People,
};

impl People {
    /// Changes an account for whoever administers it.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn change_account(
        &self,
        call: Call,
        id: AccountId,
        changes: Vec<Change>,
    ) -> Result<Arc<Account>, ExecuteError> {
        own_task(self, |this| async move {
            let expected = call.expected_version.clone();
            let asked = Asked {
                actions: changes,
                expected,
            };
            let held = this.is_held(id, &asked, &call).await?;
            let decide = |_: &States<'_>| this.decide_changes(&call, id, &asked, held);
            let outcome = this.kernel.carry_out(&call, &Targets::PEOPLE, &decide).await?;
            this.follow(id, &call, &asked.actions, &outcome).await
        })
        .await
    }

    /// Whether an account is to be unlocked whose name tries have failed, from wherever.
    pub(crate) async fn is_held(
        &self,
        id: AccountId,
        asked: &Asked<Change>,
        call: &Call,
    ) -> Result<bool, ExecuteError> {
        if !asked.actions.contains(&Change::Unlock) {
            return Ok(false);
        }
        let account = self.kernel.directory.account(id).ok_or(ExecuteError::NotFound)?;
        let Some(name) = &account.username else {
            return Ok(false);
        };
        let key = self.identity.tries_key(name);
        let tries = self.identity.tries_of(key, String::new(), call.at).await?;
        Ok(tries.count > 0)
    }

    /// What is to be written of changes of an account, which is `held` when tries of its name have failed.
    pub(crate) fn decide_changes(
        &self,
        call: &Call,
        id: AccountId,
        asked: &Asked<Change>,
        held: bool,
    ) -> Result<Vec<Write>, ExecuteError> {
        let account = self.kernel.directory.account(id).ok_or(ExecuteError::NotFound)?;
        expects(asked.expected.as_ref(), Version(account.version))?;
        let events = match decided(call, &account, &asked.actions) {
            // A lock that the account does not show ends with an event too: who let somebody in again is on record.
            Err(ExecuteError::Absent { .. }) if held => vec![AccountEvent::Unlocked {}],
            decided => decided?,
        };
        Ok(Write::to_account(&account, events))
    }

    /// What is not history follows the event, and again when the command is repeated, for who may still give it: sign-ins and
    /// links end, counters start anew. Answers the account.
    pub(crate) async fn follow(
        &self,
        id: AccountId,
        call: &Call,
        changes: &[Change],
        outcome: &Outcome,
    ) -> Result<Arc<Account>, ExecuteError> {
        let has = |wanted: fn(&Change) -> bool| changes.iter().any(wanted);
        let ends = has(|change| matches!(change, Change::Disable { .. }));
        let unlocks = has(|change| matches!(change, Change::Unlock | Change::Enable));
        let account = self.kernel.directory.account(id).ok_or(ExecuteError::NotFound)?;
        if matches!(outcome, Outcome::Before(_)) && (ends || unlocks) {
            for change in changes {
                change::may_order(&call.viewer, &account, change)?;
            }
        }
        if ends {
            self.identity.end_sign_ins(id).await?;
        }
        let stream = format!("account-{id}");
        let is_written = outcome
            .written()
            .is_some_and(|written| written.streams.contains_key(&stream));
        let key = account
            .username
            .as_deref()
            .map(|name| self.identity.tries_key(name));
        if let Some(key) = key.filter(|_| unlocks && is_written) {
            self.identity
                .with_sessions(move |sessions| sessions.clear_failures(&key, None))
                .await?;
        }
        Ok(account)
    }
}

/// The events of changes of one account, one after the other.
fn decided(call: &Call, account: &Account, changes: &[Change]) -> Result<Vec<AccountEvent>, ExecuteError> {
    let (mut account, mut events) = (account.clone(), Vec::new());
    for change in changes {
        let decided = change::decide(&call.viewer, &account, change.clone(), call.at)?;
        decided
            .iter()
            .for_each(|event| account.apply(call.at, event.clone()));
        events.extend(decided);
    }
    Ok(events)
}
