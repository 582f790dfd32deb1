//! Making accounts and changing them. One commit each; user names and identities are unique by streams of their own.

mod changing;
mod draft;
mod keys;

use std::sync::Arc;

use domain::{
    AccountId, Language,
    account::{
        Account,
        change::{NewAccount, Refusal},
        profile::ProfileEdit,
    },
    policy::administration::{AccountOperation, may_on_account},
    ticket::Rejection,
};
use event_log::Version;

use crate::{
    kernel::{
        call::Call,
        error::ExecuteError,
        lanes::Targets,
        task::own_task,
        writes::{Made, Outcome, Write},
    },
    people::People,
};

/// A role as a door gives it: names as people write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedGrant {
    /// The role.
    pub role: String,
    /// The one desk it is limited to.
    pub desk: Option<String>,
    /// The one organization it is limited to, with what is part of it.
    pub organization: Option<String>,
}

/// A new account as a door gives it.
#[derive(Clone, Default)]
pub struct AccountDraft {
    /// `person`, `operator` or `service`.
    pub kind: String,
    /// The name used to sign in.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The language of messages.
    pub language: Language,
    /// Where notifications go.
    pub address: Option<String>,
    /// Its password; without one, a link is mailed to the address.
    pub password: Option<String>,
    /// Its roles.
    pub roles: Vec<NamedGrant>,
    /// Ids of its organizations.
    pub organizations: Vec<String>,
}

impl From<Refusal> for ExecuteError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => ExecuteError::NotFound,
            Refusal::NotPermitted { why } => Rejection::NotPermitted { why }.into(),
            Refusal::Absent { why } => ExecuteError::Absent { why },
            Refusal::Disabled => ExecuteError::AlreadyDisabled,
            Refusal::Invalid(faults) => ExecuteError::invalid(faults),
        }
    }
}

impl People {
    /// Makes an account without asking whether anybody may, unless its user name is taken.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn make_account(
        &self,
        call: &Call,
        new: NewAccount,
        linked: Option<domain::account::Identity>,
    ) -> Result<Made, ExecuteError> {
        let outcome = self
            .kernel
            .carry_out(call, &Targets::PEOPLE, &|_| {
                if self.is_taken(&new.username)? {
                    return Ok(Vec::new());
                }
                self.writes_of_new(&new, linked.as_ref())
            })
            .await?;
        Ok(outcome.made())
    }

    /// Makes an account for an administrator.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn create_account(
        &self,
        call: Call,
        draft: AccountDraft,
    ) -> Result<Arc<Account>, ExecuteError> {
        own_task(self, |this| async move {
            let (mut new, mut faults) = this.resolve_account(&call.viewer, &draft);
            faults.extend(this.password_faults_of(&draft));
            if this.kernel.repeated(&call)?.is_none() {
                // Judged before as well: a hash takes its time from those who sign in.
                this.judge_account(&call.viewer, &new, &faults)?;
                if let Some(password) = draft.password.clone() {
                    new.password_hash = Some(this.identity.hash(password).await?);
                }
            }
            let outcome = this
                .kernel
                .carry_out(&call, &Targets::PEOPLE, &|_| {
                    this.judge_account(&call.viewer, &new, &faults)?;
                    this.writes_of_new(&new, None)
                })
                .await?;
            let id = outcome.id_in("account-").unwrap_or(new.id.0);
            let account = this
                .kernel
                .directory
                .account(AccountId(id))
                .ok_or(ExecuteError::NotFound)?;
            if let Outcome::Before(written) = &outcome {
                // It is told as it is today, to who may see it today.
                let directory = &this.kernel.directory;
                directory.account_for(&call.viewer, account.id, AccountOperation::See)?;
                // The password is no part of the command's digest: whether it is the same shows here.
                if let Some(password) = draft.password {
                    this.identity.same_password(written, password).await?;
                }
            }
            Ok(account)
        })
        .await
    }

    /// Changes a profile: one's own, or that of an account one administers.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn edit_profile(
        &self,
        call: Call,
        id: AccountId,
        edit: ProfileEdit,
    ) -> Result<Arc<Account>, ExecuteError> {
        own_task(self, |this| async move {
            this.kernel
                .carry_out(&call, &Targets::PEOPLE, &|_| {
                    let account =
                        this.kernel
                            .directory
                            .account_for(&call.viewer, id, AccountOperation::See)?;
                    if !may_on_account(&call.viewer, AccountOperation::EditProfile, &account) {
                        let why = AccountOperation::EditProfile.refusal();
                        return Err(Rejection::NotPermitted { why }.into());
                    }
                    call.expects(Version(account.version))?;
                    let administers = may_on_account(&call.viewer, AccountOperation::Manage, &account);
                    let events = edit
                        .clone()
                        .decide(&account, administers)
                        .map_err(ExecuteError::invalid)?;
                    Ok(Write::to_account(&account, events))
                })
                .await?;
            this.kernel.directory.account(id).ok_or(ExecuteError::NotFound)
        })
        .await
    }
}
