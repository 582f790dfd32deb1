//! What those who administer an account change of it, and what follows.

use std::sync::Arc;

use domain::{
    AccountId, Event,
    account::{
        Account, AccountEvent,
        change::{self, Change},
    },
};
use event_log::{Appended, StreamName, Version};

use crate::{
    addresses::address_of,
    call::Call,
    codec,
    commit::{Committed, Write},
    deliveries,
    error::{ExecuteError, ReadError},
    execute::own_task,
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
        let this = self.clone();
        own_task(async move {
            let held = changes.contains(&Change::Unlock) && this.has_failures(id, &call).await?;
            let committed = this.commit(&call, |application| {
                let account = application
                    .directory()
                    .account(id)
                    .ok_or(ExecuteError::NotFound)?;
                call.expects(Version(account.version))?;
                let events = match decided(&call, &account, &changes) {
                    // A lock that the account does not show ends with an event too: who let somebody in again is on record.
                    Err(ExecuteError::Absent { .. }) if held => vec![AccountEvent::Unlocked {}],
                    decided => decided?,
                };
                Ok(Write::to_account(&account, events))
            });
            let committed = committed.await?;
            this.follow(id, &call, &changes, &committed).await?;
            this.directory().account(id).ok_or(ExecuteError::NotFound)
        })
        .await
    }

    /// Tries of this account's name have failed, from wherever.
    async fn has_failures(&self, id: AccountId, call: &Call) -> Result<bool, ExecuteError> {
        let account = self.directory().account(id).ok_or(ExecuteError::NotFound)?;
        let key = self.tries_key(account.username.as_deref().unwrap_or_default());
        let tries = self.tries_of(key, String::new(), call.at).await;
        Ok(tries.map_err(ExecuteError::internal)?.count > 0)
    }

    /// What is not history follows the event, and again when the command is repeated, for who may still give it: sign-ins and
    /// links end, counters start anew, mail goes out.
    async fn follow(
        &self,
        id: AccountId,
        call: &Call,
        changes: &[Change],
        committed: &Committed,
    ) -> Result<(), ExecuteError> {
        let has = |wanted: fn(&Change) -> bool| changes.iter().any(wanted);
        let ends = has(|change| matches!(change, Change::Disable { .. }));
        let unlocks = has(|change| matches!(change, Change::Unlock | Change::Enable));
        let sets_address = has(|change| matches!(change, Change::SetAddress(_)));
        let account = self.directory().account(id).ok_or(ExecuteError::NotFound)?;
        if matches!(committed, Committed::Before(_)) && (ends || unlocks || sets_address) {
            for change in changes {
                change::may_order(&call.viewer, &account, change)?;
            }
        }
        let is_written = !matches!(committed, Committed::Nothing);
        let key = account.username.as_deref().map(|name| self.tries_key(name));
        if ends {
            self.end_sign_ins(id).await?;
        }
        if let Some(key) = key.filter(|_| unlocks && is_written) {
            self.with_sessions(move |sessions| sessions.clear_failures(&key, None))
                .await
                .map_err(ExecuteError::internal)?;
        }
        if changes.contains(&Change::RemoveSecondFactor) && matches!(committed, Committed::Now(_)) {
            self.post(id, deliveries::SECOND_FACTOR_CHANGED, None, call.at)
                .await;
        }
        match committed {
            Committed::Now(appended) | Committed::Before(appended) if sets_address => {
                let (before, after) = self.around(id, appended)?;
                // A repeat that comes after another correction has nothing to follow it any more.
                if address_of(&after) == address_of(&account) {
                    self.address_corrected(id, address_of(&before), call.at).await?;
                }
                Ok(())
            }
            Committed::Now(_) | Committed::Before(_) | Committed::Nothing => Ok(()),
        }
    }

    /// An account as it was before what a command appended to it, and after.
    fn around(&self, id: AccountId, appended: &Appended) -> Result<(Account, Account), ReadError> {
        let versions = || appended.events.iter().map(|event| event.envelope.version.0);
        let (first, last) = (versions().min().unwrap_or(0), versions().max().unwrap_or(0));
        let stream = StreamName::try_from(format!("account-{id}")).map_err(ReadError::internal)?;
        let events = self
            .log()
            .read_stream(&stream, Version(0), usize::try_from(last).unwrap_or(usize::MAX))
            .map_err(ReadError::internal)?;
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
    let mut events = Vec::new();
    for change in changes {
        events.extend(change::decide(&call.viewer, account, change.clone(), call.at)?);
    }
    Ok(events)
}
