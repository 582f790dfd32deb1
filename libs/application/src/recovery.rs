//! Getting back in, and getting in at all: what nobody needs to be signed in for (seed 002, F66-F75; seed 004, F181-F183).
//! Every answer is the same whether there is such an account or not, and comes before anything is looked up.

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Fault, Language, TicketKey,
    account::{
        AccountKind,
        change::{NewAccount, address_set},
        profile::{ADDRESS_CHARS_MAX, address_faults, name_faults, username_faults},
    },
    fault::FaultCode,
    policy::{Grant, Role, Viewer},
};
use event_log::Channel;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use uuid::Uuid;

use crate::{
    accounts::Made,
    call::Call,
    deliveries::{ADDRESS_CHANGED, ADDRESS_CONFIRMATION, PASSWORD_RESET, SIGN_UP, USERNAME_REMINDER},
    error::ExecuteError,
    open_ticket::NewTicket,
    passwords::Cause,
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
            let account = account.filter(|account| !account.disabled && account.kind == AccountKind::Person);
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
                .filter_map(|key| this.tickets().load(key).ok())
                .map(|loaded| loaded.state.requester)
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

    /// Chooses a new password through a one-time link. Every sign-in ends.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] with every fault; the link then still holds.
    pub async fn reset_password(
        &self,
        token: &str,
        new: String,
        confirmation: &str,
        at: DateTime<Utc>,
    ) -> Result<(), ExecuteError> {
        let (account, _) = self.peek_link(PASSWORD_RESET, token, at).await?;
        let account = account.and_then(|id| self.directory().account(AccountId(id)));
        let account = account
            .filter(|account| !account.disabled)
            .ok_or(ExecuteError::NotFound)?;
        let faults = self.new_password_faults(&account, &new, confirmation);
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        self.take_link(PASSWORD_RESET, token, at).await?;
        let call = self.call_of(account.id, at)?;
        self.store_password(&call, &account, new, Cause::Reset).await
    }

    /// Asks to confirm a new address of one's own: mail goes to it.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] with every fault.
    pub async fn request_address(&self, call: &Call, address: String) -> Result<(), ExecuteError> {
        let account = self
            .directory()
            .account(call.viewer.account)
            .ok_or(ExecuteError::NotFound)?;
        let mut faults = address_faults("/address", &address, account.kind);
        if account
            .locked_fields
            .contains(&domain::account::ProfileField::Address)
        {
            let detail = "is changed by administrators only";
            faults.push(Fault::new("/address", FaultCode::Forbidden, detail));
        }
        if !faults.is_empty() {
            return Err(ExecuteError::invalid(faults));
        }
        self.post(account.id, ADDRESS_CONFIRMATION, Some(address), call.at)
            .await;
        Ok(())
    }

    /// Shows that an address is one's own, by the link that was mailed to it.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn confirm_address(&self, token: &str, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        let (account, address) = self.take_link(ADDRESS_CONFIRMATION, token, at).await?;
        let id = AccountId(account.ok_or(ExecuteError::NotFound)?);
        let before = self
            .directory()
            .account(id)
            .and_then(|account| Some(account.address.as_ref()?.address.clone()));
        let call = self.call_of(id, at)?;
        self.append_own(&call, id, |account| {
            Ok(address_set(account, address.clone(), true)?)
        })
        .await?;
        if before.is_some() && before != address {
            self.post(id, ADDRESS_CHANGED, before, at).await;
        }
        Ok(())
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
        wanted.password = self.hash(wanted.password).await.map_err(ExecuteError::internal)?;
        // Whether the name is free is told to nobody but the holder of the address.
        let payload = serde_json::to_string(&wanted).map_err(ExecuteError::internal)?;
        self.post_to(None, SIGN_UP, Some(payload), at).await;
        Ok(())
    }

    /// Makes the account that was asked for, by the link that was mailed.
    ///
    /// # Errors
    /// See [`ExecuteError`]; a fault when the user name is taken by now.
    pub async fn confirm_sign_up(&self, token: &str, at: DateTime<Utc>) -> Result<AccountId, ExecuteError> {
        let (_, payload) = self.take_link(SIGN_UP, token, at).await?;
        let wanted: SignUp =
            serde_json::from_str(&payload.unwrap_or_default()).map_err(ExecuteError::internal)?;
        let id = AccountId(Uuid::now_v7());
        let new = NewAccount {
            id,
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
        let call = self.system_call(at, Channel::Rest);
        match self.make_account(&call, new, None).await? {
            Made::Now => Ok(id),
            Made::Before => {
                let taken = Fault::new("/username", FaultCode::Value, "is taken");
                Err(ExecuteError::invalid(vec![taken]))
            }
        }
    }

    /// Opens a ticket for whoever can neither sign in nor be mailed: the server asks in their place, and what they wrote is
    /// sealed for a person of its own, who can be erased.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn rescue(&self, rescue: Rescue, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        let mut faults = name_faults("/name", &rescue.name);
        if rescue.contact.trim().is_empty() || rescue.contact.chars().count() > ADDRESS_CHARS_MAX {
            let detail = format!("holds 1 to {ADDRESS_CHARS_MAX} characters");
            faults.push(Fault::new("/contact", FaultCode::Length, detail));
        }
        if rescue.message.trim().is_empty() || rescue.message.chars().count() > RESCUE_CHARS_MAX {
            let detail = format!("holds 1 to {RESCUE_CHARS_MAX} characters");
            faults.push(Fault::new("/message", FaultCode::Length, detail));
        }
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

    /// A call by the holder of an account who has shown that by a link.
    pub(crate) fn call_of(&self, id: AccountId, at: DateTime<Utc>) -> Result<Call, ExecuteError> {
        let viewer = self.directory().viewer(id).ok_or(ExecuteError::NotFound)?;
        Ok(self.call_as(Viewer::clone(&viewer), at, Channel::Rest))
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
