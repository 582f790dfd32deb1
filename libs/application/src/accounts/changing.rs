//! What those who administer an account change of it, and what follows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    AccountId, Event,
    account::{
        Account, AccountEvent,
        change::{self, Change},
    },
    ticket::Stamp,
};
use event_log::Version;

use crate::{
    addresses::address_of,
    call::{Call, expects},
    codec,
    command::{Outcome, Write},
    deliveries,
    error::{ExecuteError, ReadError},
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
                let key = self.tries_key(account.username.as_deref().unwrap_or_default());
                if self.tries_of(key, String::new(), call.at).await?.count > 0 {
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
    /// links end, counters start anew, mail goes out. Answers the account.
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
        let sets_address = has(|change| matches!(change, Change::SetAddress(_)));
        let account = self.directory().account(id).ok_or(ExecuteError::NotFound)?;
        let is_repeated = matches!(outcome, Outcome::Before(_));
        if is_repeated && (ends || unlocks || sets_address) {
            for change in changes {
                change::may_order(&call.viewer, &account, change)?;
            }
        }
        if ends {
            self.end_sign_ins(id).await?;
        }
        let written = outcome.written();
        let Some(events) = written.and_then(|written| written.streams.get(&format!("account-{id}"))) else {
            return Ok(account);
        };
        let key = account.username.as_deref().map(|name| self.tries_key(name));
        if let Some(key) = key.filter(|_| unlocks) {
            self.with_sessions(move |sessions| sessions.clear_failures(&key, None))
                .await?;
        }
        if changes.contains(&Change::RemoveSecondFactor) && !is_repeated {
            self.post(id, deliveries::SECOND_FACTOR_CHANGED, None, call.at)
                .await;
        }
        if sets_address {
            let (before, after) = self.around(id, events)?;
            // A repeat that comes after another correction has nothing to follow it any more.
            if address_of(&after) == address_of(&account) {
                self.address_corrected(id, address_of(&before), call.at).await?;
            }
        }
        Ok(account)
    }

    /// An account as it was before these events of it, and after.
    fn around(&self, id: AccountId, events: &[(Stamp, Event)]) -> Result<(Account, Account), ReadError> {
        let versions = || events.iter().map(|(stamp, _)| stamp.version);
        let (first, last) = (versions().min().unwrap_or(0), versions().max().unwrap_or(0));
        let limit = usize::try_from(last).unwrap_or(usize::MAX);
        let events = self.stream_events(&format!("account-{id}"), Version(0), limit)?;
        let (mut before, mut account) = (None, None);
        for recorded in &events {
            if recorded.envelope.version.0 == first {
                before.clone_from(&account);
            }
            if let Event::Account(event) = codec::decode(self.vault(), recorded)? {
                account = Account::evolve(account, id, recorded.envelope.at, event);
            }
        }
        before.zip(account).ok_or(ReadError::NotFound)
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
