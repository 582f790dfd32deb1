//! The last account that administers everything stays one, whatever is done to it and by whom: otherwise nobody could ever
//! give a role again.
//!
//! It is asked where events are written (`command`) and not where they are decided: a command that comes
//! later, a claim of an identity provider or the administrator's own wish are all held to it. Two who take each other's role
//! at the same time are decided one after the other.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Event,
    account::{Account, AccountEvent},
    person::PersonEvent,
    policy::administration::is_administrator,
};

use crate::kernel::{directory::Directory, error::ExecuteError, writes::Write};

/// Refuses writes after which nobody administers, when somebody does before them.
///
/// # Errors
/// [`ExecuteError::LastAdministrator`].
pub(crate) fn keep_an_administrator(
    directory: &Directory,
    writes: &[Write],
    at: DateTime<Utc>,
) -> Result<(), ExecuteError> {
    let mut after = BTreeMap::new();
    for write in writes {
        let id = write
            .stream()
            .and_then(|name| name.split_once('-')?.1.parse().ok());
        let Some(account) = id.and_then(|id| directory.account(AccountId(id))) else {
            continue;
        };
        let mut account = Account::clone(&account);
        for event in &write.events {
            if let Event::Account(event) = event {
                account.apply(at, event.clone());
            }
            if let Event::Person(PersonEvent::Erased { .. }) = event {
                account = account.erased();
            }
        }
        after.insert(account.id, account);
    }
    stays_administered(directory, &after)
}

/// What is left of events that would leave nobody who administers: all but the loss of that role. For who has no say in
/// them, and is to sign in all the same.
pub(crate) fn without_losing_the_last(
    directory: &Directory,
    account: &Account,
    mut events: Vec<AccountEvent>,
    at: DateTime<Utc>,
) -> Vec<AccountEvent> {
    let mut after = account.clone();
    events.iter().for_each(|event| after.apply(at, event.clone()));
    if stays_administered(directory, &BTreeMap::from([(account.id, after)])).is_err() {
        tracing::warn!(account = %account.id, "an identity provider takes the role from the last administrator: it is kept");
        events
            .retain(|event| !matches!(event, AccountEvent::RoleRevoked { grant } if grant.administers_all()));
    }
    events
}

/// The accounts that change, as they are to be, against all that there are.
fn stays_administered(
    directory: &Directory,
    after: &BTreeMap<AccountId, Account>,
) -> Result<(), ExecuteError> {
    let before = |id: &AccountId| {
        let account = directory.account(*id);
        account.is_some_and(|account| is_administrator(&account))
    };
    let loses = after
        .iter()
        .any(|(id, after)| before(id) && !is_administrator(after));
    let remains = |account: &Account| is_administrator(after.get(&account.id).unwrap_or(account));
    if loses && !directory.any_account(remains) {
        return Err(ExecuteError::LastAdministrator);
    }
    Ok(())
}
