//! Mail about accounts, waiting to be fetched by the courier (design §6). What waits holds no secret: one-time links are
//! made when a mail is claimed, and each claim's link replaces the one before.

mod letters;

use chrono::{DateTime, TimeDelta, Utc};
use credentials::opaque;
use domain::{
    AccountId, Fault, Language,
    account::{Account, AccountEvent},
    fault::FaultCode,
};
use event_log::Channel;
use sessions::{ClaimError, Delivery, NewDelivery, NewOnce, Once, OnceError, Sessions, Settled};
use uuid::Uuid;

pub use self::letters::Letter;
use crate::{
    error::{ExecuteError, ReadError},
    recovery::SignUp,
    start::Application,
};

/// A link to choose a new password (seed 002, F73).
pub const PASSWORD_RESET: &str = "password-reset";
/// A link to choose the first password of an account that was made for somebody (seed 002, F66).
pub const INVITATION: &str = "invitation";
/// The user name that was forgotten (seed 002, F74).
pub const USERNAME_REMINDER: &str = "username-reminder";
/// A link that shows that an address is one's own (seed 002, F81).
pub const ADDRESS_CONFIRMATION: &str = "address-confirmation";
/// A link that makes the account that somebody asked for (seed 002, F68).
pub const SIGN_UP: &str = "sign-up";
/// Word to the address before that another one is used from now on: who has stolen a sign-in must not take the account over
/// in silence.
pub const ADDRESS_CHANGED: &str = "address-changed";
/// Word that the password was changed.
pub const PASSWORD_CHANGED: &str = "password-changed";

/// How long a claimed mail is nobody else's, s.
pub const CLAIM_S: i64 = 120;
/// How many mails of one kind an account is sent within an hour.
pub const MAILS_PER_HOUR_MAX: u32 = 5;

/// A delivery with what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its number.
    pub id: u64,
    /// The address.
    pub to: String,
    /// The letter.
    pub letter: Letter,
    /// In this language.
    pub language: Language,
    /// Until when it is nobody else's.
    pub until: DateTime<Utc>,
}

/// To whom, with what, in which language.
struct Addressed {
    to: String,
    name: String,
    language: Language,
    username: String,
}

impl Application {
    /// Puts a mail into the queue. Nobody is sent more than [`MAILS_PER_HOUR_MAX`] of one kind within an hour; what cannot be
    /// queued is logged and dropped, as whoever asked must not learn of it.
    pub(crate) async fn post(
        &self,
        account: AccountId,
        effect: &'static str,
        payload: Option<String>,
        at: DateTime<Utc>,
    ) {
        let since = at - TimeDelta::hours(1);
        let posted = self
            .with_sessions(move |sessions| sessions.posted(account.0, effect, since))
            .await;
        match posted {
            Ok(count) if count < MAILS_PER_HOUR_MAX => {}
            Ok(_) => return tracing::info!(%account, effect, "no more mails of this kind within the hour"),
            Err(error) => return tracing::warn!(%error, "a mail could not be queued"),
        }
        self.post_to(Some(account), effect, payload, at).await;
    }

    /// The same for who has no account yet.
    pub(crate) async fn post_to(
        &self,
        account: Option<AccountId>,
        effect: &'static str,
        payload: Option<String>,
        at: DateTime<Utc>,
    ) {
        let new = NewDelivery {
            account: account.map(|account| account.0),
            effect: effect.to_owned(),
            payload,
            at,
        };
        match self.with_sessions(move |sessions| sessions.post(new)).await {
            Ok(_) => self.posted().notify_waiters(),
            Err(error) => tracing::warn!(%error, effect, "a mail could not be queued"),
        }
    }

    /// What waits to be delivered; when nothing does, waits up to `wait` for something.
    ///
    /// # Errors
    /// [`ReadError::Internal`].
    pub async fn deliveries(
        &self,
        after: u64,
        limit: u32,
        wait: std::time::Duration,
        now: impl Fn() -> DateTime<Utc>,
    ) -> Result<Vec<Delivery>, ReadError> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let told = self.posted().notified();
            let at = now();
            let found = self
                .with_sessions(move |sessions| sessions.deliveries(after, limit, at))
                .await;
            let found = found.map_err(ReadError::internal)?;
            if !found.is_empty() || tokio::time::timeout_at(deadline, told).await.is_err() {
                return Ok(found);
            }
        }
    }

    /// Claims a delivery and writes its letter, with a fresh one-time link where it holds one.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it does not wait any more, or there is nobody to send it to.
    pub async fn claim_delivery(&self, id: u64, at: DateTime<Utc>) -> Result<Claimed, ReadError> {
        let until = at + TimeDelta::seconds(CLAIM_S);
        let claimed = self
            .ask_sessions(move |sessions| sessions.claim(id, at, until))
            .await;
        let delivery = match claimed.map_err(ReadError::internal)? {
            Ok(delivery) => delivery,
            Err(ClaimError::NotWaiting) => return Err(ReadError::NotFound),
            Err(error @ ClaimError::Storage(_)) => return Err(ReadError::internal(error)),
        };
        let Some(addressed) = self.addressed(&delivery) else {
            self.with_sessions(move |sessions| sessions.settle_delivery(id, Settled::Refused, at))
                .await
                .map_err(ReadError::internal)?;
            return Err(ReadError::NotFound);
        };
        let link = self.link_for(&delivery, at).await?;
        let (name, username) = (&addressed.name, &addressed.username);
        let letter = letters::write(
            &delivery.effect,
            name,
            username,
            link.as_deref(),
            addressed.language,
        );
        let letter = letter.ok_or(ReadError::NotFound)?;
        Ok(Claimed {
            id,
            to: addressed.to,
            letter,
            language: addressed.language,
            until,
        })
    }

    /// To whom a delivery goes; `None` when it goes nowhere any more.
    fn addressed(&self, delivery: &Delivery) -> Option<Addressed> {
        if delivery.effect == SIGN_UP {
            let wanted: SignUp = serde_json::from_str(delivery.payload.as_deref()?).ok()?;
            return Some(Addressed {
                to: wanted.address,
                name: wanted.name,
                language: wanted.language,
                username: wanted.username,
            });
        }
        let account = self
            .directory()
            .account(AccountId(delivery.account?))
            .filter(|account| !account.disabled)?;
        let to = match delivery.effect.as_str() {
            ADDRESS_CONFIRMATION | ADDRESS_CHANGED => delivery.payload.clone()?,
            _ => account.address.as_ref()?.address.clone(),
        };
        Some(Addressed {
            to,
            name: account.name.clone()?,
            language: account.language,
            username: account.username.clone()?,
        })
    }

    /// A fresh one-time link for a letter that holds one.
    async fn link_for(&self, delivery: &Delivery, at: DateTime<Utc>) -> Result<Option<String>, ReadError> {
        let Some((purpose, page, hours)) = letters::link_of(&delivery.effect) else {
            return Ok(None);
        };
        let (token, hash) = opaque::one_time();
        let once = NewOnce {
            purpose: purpose.to_owned(),
            hash,
            account: delivery.account,
            payload: delivery.payload.clone(),
            at,
            expires_at: at + TimeDelta::hours(hours),
        };
        self.with_sessions(move |sessions| sessions.put_once(once))
            .await
            .map_err(ReadError::internal)?;
        // After the fragment sign nothing goes to a server, to its log or to a next page's referrer.
        Ok(Some(format!(
            "{}/{page}#token={}",
            self.public_url(),
            token.expose()
        )))
    }

    /// What became of a claimed delivery. An address that a mail server refuses for good is marked (seed 002, F76).
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] when there is no such delivery.
    pub async fn settle_delivery(
        &self,
        id: u64,
        outcome: Settled,
        at: DateTime<Utc>,
    ) -> Result<(), ExecuteError> {
        let settled = self
            .with_sessions(move |sessions| sessions.settle_delivery(id, outcome, at))
            .await
            .map_err(ExecuteError::internal)?;
        let delivery = settled.ok_or(ExecuteError::NotFound)?;
        // A new address that refuses was never the account's, and one before is it no more.
        let is_own = ![ADDRESS_CONFIRMATION, ADDRESS_CHANGED].contains(&delivery.effect.as_str());
        if let (Settled::Refused, Some(account), true) = (outcome, delivery.account, is_own) {
            let call = self.system_call(at, Channel::Courier);
            self.append_own(&call, AccountId(account), |account: &Account| {
                let refuses = account.address.as_ref().is_some_and(|address| !address.refused);
                Ok(refuses
                    .then_some(AccountEvent::AddressRefused {})
                    .into_iter()
                    .collect())
            })
            .await?;
        }
        Ok(())
    }

    /// The account that a one-time link of this purpose is for, and what came with it; it served.
    pub(crate) async fn take_link(
        &self,
        purpose: &'static str,
        token: &str,
        at: DateTime<Utc>,
    ) -> Result<Linked, ExecuteError> {
        let hash = opaque::digest(token);
        self.link(move |sessions| sessions.take_once(purpose, hash, at))
            .await
    }

    /// The same without its having served.
    pub(crate) async fn peek_link(
        &self,
        purpose: &'static str,
        token: &str,
        at: DateTime<Utc>,
    ) -> Result<Linked, ExecuteError> {
        let hash = opaque::digest(token);
        self.link(move |sessions| sessions.peek_once(purpose, hash, at))
            .await
    }

    async fn link(
        &self,
        ask: impl FnOnce(&Sessions) -> Result<Once, OnceError> + Send + 'static,
    ) -> Result<Linked, ExecuteError> {
        match self.ask_sessions(ask).await.map_err(ExecuteError::internal)? {
            Ok(once) => Ok((once.account, once.payload)),
            Err(OnceError::Unknown | OnceError::Expired) => {
                let detail = "is not of a link that holds: it has served, has expired, or never was one";
                let fault = Fault::new("/token", FaultCode::Value, detail);
                Err(ExecuteError::invalid(vec![fault]))
            }
            Err(error @ OnceError::Storage(_)) => Err(ExecuteError::internal(error)),
        }
    }
}

/// The account that a link is for, if it has one, and what came with it.
type Linked = (Option<Uuid>, Option<String>);
