//! Making oneself an account (seed 002, F68).

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Fault, FaultText,
    account::{
        AccountKind,
        change::NewAccount,
        profile::{address_faults, name_faults, username_faults},
    },
    policy::{Grant, Viewer},
};
use uuid::Uuid;

use crate::{
    identity::{letters::SIGN_UP, links::SignUp},
    kernel::{error::ExecuteError, task::own_task, writes::Made},
    people::People,
};

impl People {
    /// Takes what somebody wants who makes themselves an account, and mails the link that makes it. Where that is switched off
    /// there is no such thing.
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] when it is switched off; [`ExecuteError::Rejected`] with every fault.
    pub async fn sign_up(&self, mut wanted: SignUp, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        if !self.identity.sign_in_rules().self_sign_up {
            return Err(ExecuteError::NotFound);
        }
        let mut faults = username_faults("/username", &wanted.username);
        faults.extend(name_faults("/name", &wanted.name));
        faults.extend(address_faults("/address", &wanted.address, AccountKind::Person));
        faults.extend(self.identity.password_faults(
            "/password",
            &wanted.password,
            &[&wanted.username, &wanted.name],
        ));
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        own_task(self, |this| async move {
            wanted.password = this.identity.hash(wanted.password).await?;
            // Whether the name is free is told to nobody but the holder of the address.
            let payload = serde_json::to_string(&wanted).map_err(ExecuteError::internal)?;
            this.identity
                .post_to_stranger(&wanted.address, SIGN_UP, payload, at)
                .await;
            Ok(())
        })
        .await
    }

    /// Makes the account that was asked for, by the link that was mailed.
    ///
    /// # Errors
    /// See [`ExecuteError`]; a fault when the user name is taken by now. The link then still holds, and so it does when the log
    /// takes no commands.
    pub async fn confirm_sign_up(&self, token: String, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        if !self.identity.sign_in_rules().self_sign_up {
            return Err(ExecuteError::NotFound);
        }
        own_task(self, |this| async move {
            let link = this.identity.link(SIGN_UP, &token, at).await?;
            let wanted: SignUp = link.read()?;
            let new = NewAccount {
                id: AccountId(Uuid::now_v7()),
                kind: AccountKind::Person,
                username: wanted.username.trim().to_owned(),
                name: wanted.name.trim().to_owned(),
                language: wanted.language,
                address: Some(wanted.address),
                address_confirmed: true,
                password_hash: Some(wanted.password),
                grants: [Grant::requesting()].into(),
                organizations: [].into(),
            };
            let call = this.identity.call_by(&link, Viewer::system(), "", at);
            match this.make_account(&call, new, None).await? {
                Made::Now => this.identity.served(&link, at).await,
                Made::Before => {
                    let taken = Fault::new("/username", FaultText::Taken);
                    Err(ExecuteError::invalid(vec![taken]))
                }
            }
        })
        .await
    }
}
