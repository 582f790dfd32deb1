//! What those who administer an account change of it, and what follows.

use std::sync::Arc;

use chrono::TimeDelta;
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
    links,
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
                let mut events = decided(&call, &account, &changes)?;
                // A lock that the account does not show ends with an event too: who let somebody in again is on record.
                if held && events.is_empty() {
                    events.push(AccountEvent::Unlocked {});
                }
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
        let since = call.at - TimeDelta::hours(sessions::FAILURES_KEPT_HOURS);
        let tries = self.with_sessions(move |sessions| sessions.tries(&key, "", since));
        Ok(tries.await.map_err(ExecuteError::internal)?.count > 0)
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
            decided(call, &account, changes)?;
        }
        let is_written = !matches!(committed, Committed::Nothing);
        let key = account.username.as_deref().map(|name| self.tries_key(name));
        self.with_sessions(move |sessions| {
            if ends {
                sessions.revoke_account(id.0).map(drop)?;
                sessions.withdraw(id.0, &links::ALL).map(drop)?;
            }
            match key.filter(|_| unlocks && is_written) {
                Some(key) => sessions.clear_failures(&key, None),
                None => Ok(()),
            }
        })
        .await
        .map_err(ExecuteError::internal)?;
        if changes.contains(&Change::RemoveSecondFactor) && matches!(committed, Committed::Now(_)) {
            self.post(id, deliveries::SECOND_FACTOR_CHANGED, None, call.at)
                .await;
        }
        match committed {
            Committed::Now(appended) | Committed::Before(appended) if sets_address => {
                let before = self.account_before(id, appended)?;
                let after = self.account_after(id, appended)?;
                // A repeat that comes after another correction has nothing to follow it any more.
                if address_of(&after) == address_of(&account) {
                    self.address_corrected(id, address_of(&before), call.at).await?;
                }
                Ok(())
            }
            Committed::Now(_) | Committed::Before(_) | Committed::Nothing => Ok(()),
        }
    }

    /// An account as it was before what a command appended to it.
    fn account_before(&self, id: AccountId, appended: &Appended) -> Result<Account, ReadError> {
        let first = appended.events.iter().map(|event| event.envelope.version.0).min();
        self.account_at(id, first.unwrap_or(1).saturating_sub(1))
    }

    /// And as it was after.
    fn account_after(&self, id: AccountId, appended: &Appended) -> Result<Account, ReadError> {
        let last = appended.events.iter().map(|event| event.envelope.version.0).max();
        self.account_at(id, last.unwrap_or(0))
    }

    /// An account with its first events only.
    fn account_at(&self, id: AccountId, version: u64) -> Result<Account, ReadError> {
        let stream = StreamName::try_from(format!("account-{id}")).map_err(ReadError::internal)?;
        let events = self
            .log()
            .read_stream(
                &stream,
                Version(0),
                usize::try_from(version).unwrap_or(usize::MAX),
            )
            .map_err(ReadError::internal)?;
        let mut account = None;
        for recorded in &events {
            if let Event::Account(event) = codec::decode(self.vault(), recorded)? {
                account = Account::evolve(account, id, recorded.envelope.at, event);
            }
        }
        account.ok_or(ReadError::NotFound)
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
