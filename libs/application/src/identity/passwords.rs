//! Passwords: checking, choosing and changing them (seed 002, F73, F84).

use credentials::passwords::{Checked, PasswordFault, Passwords};
use domain::{
    Fault, FaultText,
    account::{Account, AccountEvent},
    personal::Personal,
};

use crate::{
    identity::{
        Identity,
        error::{SignInError, internal},
        links::{self, Basis},
        tries::Place,
    },
    kernel::{call::Call, error::ExecuteError, task::own_task, writes::Written},
};

/// A new password, given twice.
#[derive(Clone)]
pub struct NewPassword {
    /// The password.
    pub password: String,
    /// The same once more.
    pub confirmation: String,
}

/// What shows that somebody who is signed in is the holder of the account.
pub(crate) struct Proof {
    pub(crate) password: String,
    /// A code of the second factor, where it is asked for and there is one.
    pub(crate) code: Option<Option<String>>,
}

impl Proof {
    /// The password alone.
    pub(crate) fn password(password: String) -> Proof {
        Proof { password, code: None }
    }
}

/// How a password came to be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Its holder knew the one before.
    Changed,
    /// Through a one-time link.
    Reset,
}

impl Identity {
    /// Works with passwords where blocking is allowed, a few at a time.
    async fn with_passwords<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Passwords) -> T + Send + 'static,
    ) -> Result<T, SignInError> {
        let turn = self
            .guard
            .password_checks
            .clone()
            .acquire_owned()
            .await
            .map_err(internal)?;
        let passwords = self.guard.passwords.clone();
        let worked = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with the caller, who may have hung up.
            let _turn = turn;
            work(&passwords)
        });
        worked.await.map_err(internal)
    }

    /// Checks a password. Without a hash it takes as long and never fits.
    pub(crate) async fn check_password(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<Checked, SignInError> {
        self.with_passwords(move |passwords| passwords.check(&password, hash.as_deref()))
            .await
    }

    /// Hashes a password under today's cost.
    ///
    /// # Errors
    /// [`SignInError::Internal`].
    pub async fn hash(&self, password: String) -> Result<String, SignInError> {
        self.with_passwords(move |passwords| passwords.hash(&password))
            .await?
            .map_err(internal)
    }

    /// What is at fault with a new password of who is called so.
    #[must_use]
    pub fn password_faults(&self, pointer: &str, password: &str, about: &[&str]) -> Vec<Fault> {
        let faults = self.guard.rules.passwords.faults(password, about);
        let text = |fault| match fault {
            PasswordFault::TooShort { length_min } => FaultText::PasswordTooShort { min: length_min },
            PasswordFault::TooLong { length_max } => FaultText::PasswordTooLong { max: length_max },
            PasswordFault::Common => FaultText::PasswordCommon,
            PasswordFault::Weak => FaultText::PasswordWeak,
            PasswordFault::HoldsName => FaultText::PasswordHoldsName,
        };
        faults
            .into_iter()
            .map(|fault| Fault::new(pointer, text(fault)))
            .collect()
    }

    /// What is at fault with a new password, given twice.
    pub(crate) fn new_password_faults(&self, account: &Account, new: &NewPassword) -> Vec<Fault> {
        let about = [account.username.as_deref(), account.name.as_deref()];
        let about: Vec<&str> = about.into_iter().flatten().collect();
        let mut faults = self.password_faults("/new_password", &new.password, &about);
        if new.password != new.confirmation {
            faults.push(Fault::new("/confirmation", FaultText::OtherConfirmation));
        }
        faults
    }

    /// Changes one's own password: all other sign-ins end, and so does every link.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn change_password(
        &self,
        call: Call,
        current: String,
        new: NewPassword,
    ) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            let id = call.viewer.account;
            let account = this.kernel.directory.account(id).ok_or(ExecuteError::NotFound)?;
            // The same command again: what it says was done, and the password that it knows is no longer the one.
            if let Some(written) = this.kernel.repeated(&call)? {
                this.same_password(&written, new.password).await?;
                return this.end_others(&account, &call).await;
            }
            let mut faults = this.new_password_faults(&account, &new);
            if new.password == current {
                faults.push(Fault::new("/new_password", FaultText::SamePassword));
            }
            let proof = Proof::password(current);
            this.confirm_holder(&account, proof, "/current_password", &mut faults, &call)
                .await?;
            if !faults.is_empty() {
                return Err(ExecuteError::invalid(faults));
            }
            let basis = Basis::of(&account);
            this.store_password(&call, &account, new.password, Cause::Changed, basis)
                .await
        })
        .await
    }

    /// Refuses the key of a command that was given before with another password: passwords are no part of the digest by which
    /// commands are told apart, since it is quicker to guess by than their hash. What counts is the hash that the command wrote.
    pub(crate) async fn same_password(
        &self,
        written: &Written,
        password: String,
    ) -> Result<(), ExecuteError> {
        let mut known = None;
        for event in written.of_accounts() {
            if let AccountEvent::PasswordSet { hash } | AccountEvent::PasswordChanged { hash } = event {
                known.clone_from(&hash.value);
            }
        }
        if self.check_password(password, known).await?.fits {
            Ok(())
        } else {
            Err(ExecuteError::KeyReused)
        }
    }

    /// Adds a fault unless this shows that it is the account's holder. Failed tries count like those of signing in: whoever holds
    /// a stolen token may not try passwords without end.
    pub(crate) async fn confirm_holder(
        &self,
        account: &Account,
        proof: Proof,
        pointer: &str,
        faults: &mut Vec<Fault>,
        call: &Call,
    ) -> Result<(), ExecuteError> {
        // Only who is erased has no name, and nothing is counted under none.
        let username = account.username.as_deref().ok_or(ExecuteError::NotFound)?;
        let counted = self.counted(username, call.sign_in.map_or(Place::Unknown, Place::SignIn));
        let _turn = self.guard.turn_at(&counted.key).await;
        // Whoever is signed in is asked for no challenge, and held by the same delay.
        let tries = match self.admit(&counted, username, None, true, call.at).await {
            Ok(tries) => tries,
            Err(SignInError::Locked { .. }) => {
                faults.push(Fault::new(pointer, FaultText::TooManyTries));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let checked = self
            .check_password(proof.password, account.password_hash.clone())
            .await?;
        if checked.fits {
            if let Some(code) = proof.code
                && let Some(fault) = self.code_fault(account, code.as_deref(), call.at).await?
            {
                faults.push(fault);
                return Ok(());
            }
            return Ok(self.succeeded(account.id, counted, call.at).await?);
        }
        self.failed(tries, username, call.at);
        faults.push(Fault::new(pointer, FaultText::WrongPassword));
        Ok(())
    }

    /// Stores a new password, as long as what was shown for it still holds, and lets everybody else who is signed in sign in again.
    pub(crate) async fn store_password(
        &self,
        call: &Call,
        account: &Account,
        new: String,
        cause: Cause,
        basis: Basis,
    ) -> Result<(), ExecuteError> {
        let hash = self.hash(new).await?;
        let id = account.id;
        self.kernel
            .append_own(call, id, |today| {
                if !basis.holds(today) {
                    // What was shown speaks of the account before: another password, a disabling, an address came in between.
                    return Err(ExecuteError::Stale {
                        expected: event_log::Version(account.version),
                        actual: event_log::Version(today.version),
                    });
                }
                let hash = Personal::new(id.person(), hash.clone());
                Ok(vec![match cause {
                    Cause::Changed => AccountEvent::PasswordChanged { hash },
                    Cause::Reset => AccountEvent::PasswordReset { hash },
                }])
            })
            .await?;
        self.end_others(account, call).await
    }

    /// Ends every sign-in but that of the call, every link, and the count of failed tries.
    async fn end_others(&self, account: &Account, call: &Call) -> Result<(), ExecuteError> {
        let id = account.id.0;
        let key = account.username.as_deref().map(|name| self.tries_key(name));
        let keep = call.sign_in;
        let ended = self.with_sessions(move |sessions| {
            match keep {
                Some(keep) => sessions.revoke_others(id, keep)?,
                None => sessions.revoke_account(id)?,
            };
            sessions.withdraw(id, &links::ALL)?;
            key.map_or(Ok(()), |key| sessions.clear_failures(&key, None))
        });
        Ok(ended.await?)
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        AccountId, Language,
        account::{AccountKind, change::NewAccount},
    };
    use event_log::Channel;
    use uuid::Uuid;

    use super::*;
    use crate::{keeping::settings::Settings, start::Application};

    /// Who is erased has no name: their tries would count with those of everybody else who has none.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_without_a_name_is_counted_under_the_empty_one() {
        let dir = tempfile::TempDir::new().unwrap();
        let application = Application::open(&Settings::new(dir.path())).unwrap();
        let at = chrono::DateTime::UNIX_EPOCH;
        let new = NewAccount {
            id: AccountId(Uuid::now_v7()),
            kind: AccountKind::Person,
            username: "eve".to_owned(),
            name: "Eve".to_owned(),
            language: Language::Fr,
            address: None,
            address_confirmed: false,
            password_hash: None,
            grants: [].into(),
            organizations: [].into(),
        };
        let (id, call) = (new.id, application.kernel.system_call(at, Channel::Rest));
        application.people.make_account(&call, new, None).await.unwrap();
        let erased = application.kernel.directory.account(id).unwrap().erased();
        let (mut faults, proof) = (Vec::new(), Proof::password("guessed".to_owned()));
        let refused = application
            .identity
            .confirm_holder(&erased, proof, "/password", &mut faults, &call);
        let refused = refused.await;
        assert!(matches!(refused, Err(ExecuteError::NotFound)), "{refused:?}");
        let tries = application
            .identity
            .tries_of(application.identity.tries_key(""), String::new(), at);
        assert_eq!(tries.await.unwrap().count, 0);
    }
}
