//! One-time links: shown, and used up only once what they stand for is on disk. The command that a link gives has an id made
//! of the link, so that whoever follows it twice does what it says once.

use chrono::{DateTime, Utc};
use credentials::opaque;
use domain::{AccountId, Fault, FaultText, Language, account::Account, policy::Viewer};
use event_log::{Channel, CommandId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sessions::OnceError;
use uuid::Uuid;

use crate::{
    identity::{
        Identity,
        error::SignInError,
        letters::{ADDRESS_CONFIRMATION, INVITATION, PASSWORD_RESET},
    },
    kernel::{
        call::{Call, LINKS},
        error::ExecuteError,
    },
};

/// What lets somebody into an account, or their mail: withdrawn when its address becomes another.
pub(crate) const WAYS_IN: [&str; 3] = [PASSWORD_RESET, INVITATION, ADDRESS_CONFIRMATION];
/// All that was to serve an account once: withdrawn when whoever asked for it may not have been its holder.
pub(crate) const ALL: [&str; 4] = [PASSWORD_RESET, INVITATION, ADDRESS_CONFIRMATION, SECOND_FACTOR];

/// The purpose of the entry of a second factor that waits for its first code. No mail holds a link of it.
pub(crate) const SECOND_FACTOR: &str = "second-factor";

/// What of an account a link rests on. Once it is otherwise the link does not hold, whether or not it was withdrawn by then: its
/// holder ended everything, an administrator disabled the account, or mail goes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Basis {
    sign_ins_ended: u64,
    address: Option<String>,
}

impl Basis {
    /// The account as it is when the link is made.
    pub(crate) fn of(account: &Account) -> Basis {
        Basis {
            sign_ins_ended: account.sign_ins_ended,
            address: address_of(account),
        }
    }

    /// The account is today as it was then.
    pub(crate) fn holds(&self, today: &Account) -> bool {
        !today.disabled && *self == Basis::of(today)
    }
}

/// The address of an account.
pub(crate) fn address_of(account: &Account) -> Option<String> {
    account.address.as_ref().map(|address| address.address.clone())
}

/// What a link that confirms an address stands for.
#[derive(Serialize, Deserialize)]
pub(crate) struct NewAddress {
    /// The address to come.
    pub(crate) address: String,
    /// The account when it was asked for.
    pub(crate) basis: Basis,
}

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

/// A link that was shown and holds.
pub(crate) struct Link {
    purpose: &'static str,
    hash: [u8; 32],
    /// The account that it is for, if it has one.
    pub(crate) account: Option<AccountId>,
    payload: String,
}

/// The refusal of a link that does not serve.
pub(crate) fn does_not_hold() -> ExecuteError {
    ExecuteError::invalid(vec![Fault::new("/token", FaultText::LinkOver)])
}

impl Link {
    /// What came with it, as it was written; a former form does not hold.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ExecuteError> {
        serde_json::from_str(&self.payload).map_err(|_former| does_not_hold())
    }
}

impl Identity {
    /// The link of this purpose that this token is of. It still serves.
    ///
    /// # Errors
    /// A fault of the token.
    pub(crate) async fn link(
        &self,
        purpose: &'static str,
        token: &str,
        at: DateTime<Utc>,
    ) -> Result<Link, ExecuteError> {
        let hash = opaque::digest(token);
        let found = self
            .ask_sessions(move |sessions| sessions.peek_once(purpose, hash, at))
            .await?;
        match found {
            Ok(once) => Ok(Link {
                purpose,
                hash,
                account: once.account.map(AccountId),
                payload: once.payload.unwrap_or_default(),
            }),
            Err(OnceError::Unknown | OnceError::Expired) => Err(does_not_hold()),
            Err(error @ OnceError::Storage(_)) => Err(ExecuteError::internal(error)),
        }
    }

    /// The command that a link gives with what is asked beside it.
    pub(crate) fn call_by(&self, link: &Link, viewer: Viewer, asked: &str, at: DateTime<Utc>) -> Call {
        let id = Uuid::new_v5(&LINKS, &link.hash);
        Call {
            command_id: CommandId(id),
            command_digest: self
                .kernel
                .secret
                .digest(&[b"link", &link.hash, asked.as_bytes()]),
            ..self.kernel.call_as(viewer, at, Channel::Rest)
        }
    }

    /// What a link stands for is on disk: it has served.
    pub(crate) async fn served(&self, link: &Link, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        let (purpose, hash) = (link.purpose, link.hash);
        let taken = self
            .ask_sessions(move |sessions| sessions.take_once(purpose, hash, at))
            .await?;
        match taken {
            // Of two who showed it at once the other one has taken it.
            Ok(_) | Err(OnceError::Unknown | OnceError::Expired) => Ok(()),
            Err(error @ OnceError::Storage(_)) => Err(ExecuteError::internal(error)),
        }
    }

    /// Withdraws links, those included that would be made when a mail that waits is fetched.
    pub(crate) async fn withdraw(
        &self,
        account: AccountId,
        words: &'static [&'static str],
    ) -> Result<(), SignInError> {
        self.with_sessions(move |sessions| sessions.withdraw(account.0, words))
            .await
            .map(drop)
    }
}

/// A link that was used for something else meanwhile does not hold.
pub(crate) fn of_link(error: ExecuteError) -> ExecuteError {
    if matches!(error, ExecuteError::KeyReused | ExecuteError::Stale { .. }) {
        does_not_hold()
    } else {
        error
    }
}
