//! Getting back in, and getting in at all: what nobody needs to be signed in for (seed 002, F66-F75; seed 004, F181-F183).
//! Every answer is the same whether there is such an account or not, and comes before anything is looked up.

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Fault, Language, TicketKey,
    account::{
        AccountKind,
        change::NewAccount,
        profile::{ADDRESS_CHARS_MAX, address_faults, name_faults, username_faults},
    },
    fault::FaultCode,
    policy::{Grant, Role, Viewer},
    text_field,
};
use event_log::Channel;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use uuid::Uuid;

use crate::{
    accounts::Made,
    call::Call,
    deliveries::{PASSWORD_RESET, SIGN_UP, USERNAME_REMINDER},
    error::{ExecuteError, ReadError, chain},
    links::{does_not_hold, of_link},
    open_ticket::NewTicket,
    passwords::{Cause, NewPassword},
    start::Application,
};

/// How many tickets somebody may name who has forgotten their user name.
pub const REFERENCES_MAX: usize = 10;
/// Longest key of a ticket, characters.
const KEY_CHARS_MAX: usize = 32;
/// Longest message of the rescue form, characters.
pub const RESCUE_CHARS_MAX: usize = 4_000;

/// What somebody wants who makes themselves an account. Kept until its address is confirmed.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignUp {
    /// The name used to sign in.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The address, to be confirmed.
    pub address: String,
    /// The language of messages.
    pub language: Language,
    /// The hash of the password, in place of the password once it is kept.
    pub password: String,
}

/// The rescue form of who can neither sign in nor be mailed (seed 004, F183).
#[derive(Clone)]
pub struct Rescue {
    /// Who writes.
    pub name: String,
    /// Where they can be reached.
    pub contact: String,
    /// What happened.
    pub message: String,
    /// Tickets that they know of.
    pub references: Vec<String>,
}

impl Application {
    /// Mails a link to choose a new password, if there is such an account with an address.
    pub fn request_password_reset(&self, username: String, at: DateTime<Utc>) {
        let this = self.clone();
        tokio::spawn(async move {
            let account = this.directory().account_by_username(&username);
            let account = account.filter(|account| {
                let has_password_here = !account.signs_in_elsewhere();
                !account.disabled && account.kind == AccountKind::Person && has_password_here
            });
            if let Some(account) = account.filter(|account| account.address.is_some()) {
                this.post(account.id, PASSWORD_RESET, None, at).await;
            }
        });
    }

    /// Mails the user name to whoever has this address, or is the requester of these tickets (seed 004, F182). It goes to the
    /// account's own address, whoever asks.
    pub fn request_username_reminder(
        &self,
        address: Option<String>,
        references: Vec<TicketKey>,
        at: DateTime<Utc>,
    ) {
        let this = self.clone();
        tokio::spawn(async move {
            let wanted = address.map(|address| address.trim().to_lowercase());
            let requesters: Vec<AccountId> = references
                .iter()
                .take(REFERENCES_MAX)
                .filter_map(|key| this.requester_of(key))
                .collect();
            let found = this.directory().accounts(|account| {
                let own = account.address.as_ref().map(|own| own.address.to_lowercase());
                let is_meant = own.is_some() && (own == wanted || requesters.contains(&account.id));
                is_meant && !account.disabled && account.kind == AccountKind::Person
            });
            for account in found {
                this.post(account.id, USERNAME_REMINDER, None, at).await;
            }
        });
    }

    /// The requester of a ticket that there may not be.
    fn requester_of(&self, key: &TicketKey) -> Option<AccountId> {
        match self.tickets().load(key) {
            Ok(loaded) => Some(loaded.state.requester),
            Err(ReadError::NotFound) => None,
            Err(error @ (ReadError::Invalid(_) | ReadError::Behind | ReadError::Internal(_))) => {
                // Nobody waits for an answer.
                tracing::error!(error = %chain(&error), "a ticket cannot be read, and nobody is reminded because of it");
                None
            }
        }
    }

    /// Chooses a new password through a one-time link. Every sign-in ends.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] with every fault; the link then still holds, and so it does when the log takes no commands.
    pub async fn reset_password(
        &self,
        token: String,
        new: NewPassword,
        at: DateTime<Utc>,
    ) -> Result<(), ExecuteError> {
        self.own_task(|this| async move {
            let link = this.link(PASSWORD_RESET, &token, at).await?;
            let account = link.account.and_then(|id| this.directory().account(id));
            let account = account
                .filter(|account| !account.disabled && !account.signs_in_elsewhere())
                .ok_or_else(does_not_hold)?;
            let faults = this.new_password_faults(&account, &new);
            if !faults.is_empty() {
                return Err(ExecuteError::invalid(faults));
            }
            let call = this.call_by(&link, this.viewer_of_holder(account.id)?, &new.password, at);
            // With every other link of the account this one is withdrawn.
            let basis = link.read()?;
            this.store_password(&call, &account, new.password, Cause::Reset, basis)
                .await
                .map_err(of_link)
        })
        .await
    }

    /// Takes what somebody wants who makes themselves an account, and mails the link that makes it. Where that is switched off
    /// there is no such thing.
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] when it is switched off; [`ExecuteError::Rejected`] with every fault.
    pub async fn sign_up(&self, mut wanted: SignUp, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        if !self.sign_in_rules().self_sign_up {
            return Err(ExecuteError::NotFound);
        }
        let mut faults = username_faults("/username", &wanted.username);
        faults.extend(name_faults("/name", &wanted.name));
        faults.extend(address_faults("/address", &wanted.address, AccountKind::Person));
        faults.extend(self.password_faults("/password", &wanted.password, &[&wanted.username, &wanted.name]));
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        self.own_task(|this| async move {
            wanted.password = this.hash(wanted.password).await?;
            // Whether the name is free is told to nobody but the holder of the address.
            let payload = serde_json::to_string(&wanted).map_err(ExecuteError::internal)?;
            this.post_to_stranger(&wanted.address, SIGN_UP, payload, at).await;
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
        if !self.sign_in_rules().self_sign_up {
            return Err(ExecuteError::NotFound);
        }
        self.own_task(|this| async move {
            let link = this.link(SIGN_UP, &token, at).await?;
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
                grants: [requesting()].into(),
                organizations: [].into(),
            };
            let call = this.call_by(&link, Viewer::system(), "", at);
            match this.make_account(&call, new, None).await? {
                Made::Now => this.served(&link, at).await,
                Made::Before => {
                    let taken = Fault::new("/username", FaultCode::Value, "is taken");
                    Err(ExecuteError::invalid(vec![taken]))
                }
            }
        })
        .await
    }

    /// Opens a ticket for whoever can neither sign in nor be mailed: the server asks in their place, and what they wrote is
    /// sealed for a person of its own, who can be erased.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn rescue(&self, rescue: Rescue, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        let mut faults = name_faults("/name", &rescue.name);
        faults.extend(text_field::name_faults(
            "/contact",
            &rescue.contact,
            ADDRESS_CHARS_MAX,
        ));
        faults.extend(text_field::words_faults(
            "/message",
            &rescue.message,
            RESCUE_CHARS_MAX,
        ));
        let mut keys = rescue.references.iter();
        if rescue.references.len() > REFERENCES_MAX || keys.any(|key| key.chars().count() > KEY_CHARS_MAX) {
            let detail = format!("names at most {REFERENCES_MAX} tickets");
            faults.push(Fault::new("/references", FaultCode::Length, detail));
        }
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        let mut fields = Map::from_iter([
            ("contact_name".to_owned(), json!(rescue.name)),
            ("contact_address".to_owned(), json!(rescue.contact)),
        ]);
        if !rescue.references.is_empty() {
            fields.insert("references".to_owned(), json!(rescue.references.join(", ")));
        }
        let new = NewTicket {
            desk: self.rescue_desk().to_owned(),
            request_type: "account_rescue".to_owned(),
            summary: "Compte perdu".to_owned(),
            description: rescue.message,
            fields,
            ..NewTicket::default()
        };
        let call = self.system_call(at, Channel::Rest);
        let viewer = Viewer {
            grants: [requesting()].into(),
            ..call.viewer.clone()
        };
        self.open_ticket(Call { viewer, ..call }, new).await?;
        Ok(())
    }

    /// The rights of who has shown by a link that an account is theirs.
    pub(crate) fn viewer_of_holder(&self, id: AccountId) -> Result<Viewer, ExecuteError> {
        let viewer = self.directory().viewer(id).ok_or(ExecuteError::NotFound)?;
        Ok(Viewer::clone(&viewer))
    }
}

/// What everybody may who has an account.
fn requesting() -> Grant {
    Grant {
        role: Role::Requester,
        desk: None,
        organization: None,
    }
}
