//! What those who administer an account change of it, and what follows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    AccountId,
    account::{
        Account, AccountEvent,
        change::{self, Change},
    },
};
use event_log::Version;

use crate::{
    call::{Call, expects},
    command::{Outcome, Write},
    error::ExecuteError,
    execute::{Asked, AskedOfSeveral},
    start::Application,
};

impl Application {
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
        let expected = call.expected_version.clone();
        let actions = changes;
        let asked = AskedOfSeveral {
            accounts: BTreeMap::from([(id, Asked { actions, expected })]),
            ..AskedOfSeveral::default()
        };
        let done = self.act_on_several(call, asked).await?;
        done.accounts.into_values().next().ok_or(ExecuteError::NotFound)
    }

    /// Those of the accounts to be unlocked whose name tries have failed, from wherever.
    pub(crate) async fn held(
        &self,
        asked: &BTreeMap<AccountId, Asked<Change>>,
        call: &Call,
    ) -> Result<BTreeSet<AccountId>, ExecuteError> {
        let mut held = BTreeSet::new();
        for (id, asked) in asked {
            if asked.actions.contains(&Change::Unlock) {
                let account = self.directory().account(*id).ok_or(ExecuteError::NotFound)?;
                if let Some(name) = &account.username
                    && self
                        .tries_of(self.tries_key(name), String::new(), call.at)
                        .await?
                        .count
                        > 0
                {
                    held.insert(*id);
                }
            }
        }
        Ok(held)
    }

    /// What is to be written of changes of an account, which is `held` when tries of its name have failed.
    pub(crate) fn decide_changes(
        &self,
        call: &Call,
        id: AccountId,
        asked: &Asked<Change>,
        held: bool,
    ) -> Result<Vec<Write>, ExecuteError> {
        let account = self.directory().account(id).ok_or(ExecuteError::NotFound)?;
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
        let account = self.directory().account(id).ok_or(ExecuteError::NotFound)?;
        if matches!(outcome, Outcome::Before(_)) && (ends || unlocks) {
            for change in changes {
                change::may_order(&call.viewer, &account, change)?;
            }
        }
        if ends {
            self.end_sign_ins(id).await?;
        }
        let stream = format!("account-{id}");
        let is_written = outcome
            .written()
            .is_some_and(|written| written.streams.contains_key(&stream));
        let key = account.username.as_deref().map(|name| self.tries_key(name));
        if let Some(key) = key.filter(|_| unlocks && is_written) {
            self.with_sessions(move |sessions| sessions.clear_failures(&key, None))
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
