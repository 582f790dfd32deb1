//! Mail about accounts, waiting to be fetched by the courier (design §6). What follows from events is posted by the follower of
//! `reactions`; what nobody's event asks for, such as a reset that a stranger wants, here. What waits holds no secret: a one-time
//! link is made when a mail is claimed, from the server's secret and what the mail is, so that a mail that goes twice is the same
//! mail.

use chrono::{DateTime, TimeDelta, Utc};
use credentials::{SecretText, opaque};
use domain::{
    AccountId, Language,
    account::{Account, AccountEvent},
    policy::shown_to_holder,
};
use event_log::Channel;
use sessions::{ClaimError, Delivery, NewDelivery, NewOnce, PostError, PostLimit, Settled};
use uuid::Uuid;

use crate::{
    identity::{
        Identity,
        letters::{
            self, ADDRESS_CHANGED, ADDRESS_CONFIRMATION, Holder, INVITATION, Letter, PASSWORD_RESET, SIGN_UP,
        },
        links::{Basis, NewAddress, SignUp},
    },
    kernel::error::{ExecuteError, ReadError},
};

/// How long a claimed mail is nobody else's, s.
pub const CLAIM_S: i64 = 120;
/// How many mails of one kind an account is sent within an hour.
pub const MAILS_PER_HOUR_MAX: u32 = 5;

/// A delivery with what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its number.
    pub id: u64,
    /// What its `Message-ID` is made of: the same whenever it is claimed.
    pub message_id: Uuid,
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
    /// Nobody yet for who has no account: what a stranger wrote is mailed to no address.
    holder: Option<Holder>,
    language: Language,
}

/// Whoever has the account has yet to choose a password, and no identity provider vouches for them.
pub(crate) fn is_invited(account: &Account) -> bool {
    account.password_hash.is_none() && account.identities.is_empty()
}

impl Identity {
    /// Puts a mail that no event asks for into the queue. Nobody is sent more than [`MAILS_PER_HOUR_MAX`] of one kind within an hour; what cannot be
    /// queued is logged and dropped, as whoever asked must not learn of it.
    pub(crate) async fn post(
        &self,
        account: AccountId,
        effect: &'static str,
        payload: Option<String>,
        at: DateTime<Utc>,
    ) {
        self.post_to(Some(account), None, effect, payload, at).await;
    }

    /// The same to an address that has no account yet.
    pub(crate) async fn post_to_stranger(
        &self,
        address: &str,
        effect: &'static str,
        payload: String,
        at: DateTime<Utc>,
    ) {
        let about = self.address_digest(address);
        self.post_to(None, Some(about), effect, Some(payload), at).await;
    }

    async fn post_to(
        &self,
        account: Option<AccountId>,
        about: Option<Uuid>,
        effect: &'static str,
        payload: Option<String>,
        at: DateTime<Utc>,
    ) {
        let new = NewDelivery {
            effect_id: Uuid::now_v7(),
            account: account.map(|account| account.0),
            about,
            effect: effect.to_owned(),
            payload,
            at,
            limit: Some(PostLimit {
                since: at - TimeDelta::hours(1),
                max: MAILS_PER_HOUR_MAX,
            }),
        };
        match self.ask_sessions(move |sessions| sessions.post(new)).await {
            Ok(Ok(_)) => self.posted.notify_waiters(),
            Ok(Err(PostError::Enough(_))) => {
                tracing::info!(account = ?account, effect, "no more mails of this kind within the hour");
            }
            Ok(Err(error)) => tracing::warn!(%error, effect, "a mail could not be queued"),
            Err(error) => tracing::warn!(%error, effect, "a mail could not be queued"),
        }
    }

    /// By what an address is counted, and found again, that no account has: itself it stands nowhere.
    pub(crate) fn address_digest(&self, address: &str) -> Uuid {
        let address = address.trim().to_lowercase();
        let digest = self.kernel.secret.digest(&[b"address", address.as_bytes()]);
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(half).into_uuid()
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
            let told = self.posted.notified();
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

    /// Claims a delivery and writes its letter, with a one-time link where it holds one: no link lies anywhere before.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when it does not wait any more, its link has served, or there is nobody to send it to.
    pub async fn claim_delivery(&self, id: u64, at: DateTime<Utc>) -> Result<Claimed, ReadError> {
        let until = at + TimeDelta::seconds(CLAIM_S);
        let this = self.clone();
        let claimed = self
            .ask_sessions(move |sessions| {
                let mut prepared = None;
                let claimed = sessions.claim(id, at, until, |delivery| {
                    // What goes nowhere any more takes no other link's place.
                    let addressed = this.addressed(delivery)?;
                    let (token, once) = this.link_of(delivery, at).unzip();
                    prepared = Some((addressed, token));
                    once
                });
                claimed.map(|delivery| (delivery, prepared))
            })
            .await;
        let (delivery, prepared) = match claimed.map_err(ReadError::internal)? {
            Ok(claimed) => claimed,
            Err(ClaimError::NotWaiting) => return Err(ReadError::NotFound),
            Err(error @ (ClaimError::Storage(_) | ClaimError::Once(_))) => {
                return Err(ReadError::internal(error));
            }
        };
        let Some((addressed, token)) = prepared else {
            self.with_sessions(move |sessions| sessions.settle_delivery(id, Settled::Refused, at))
                .await
                .map_err(ReadError::internal)?;
            return Err(ReadError::NotFound);
        };
        // After the fragment sign nothing goes to a server, to its log or to a next page's referrer.
        let page = letters::link_of(&delivery.effect).map(|(_, page, _)| page);
        let link = page
            .zip(token)
            .map(|(page, token)| format!("{}/{page}#token={}", self.public_url, token.expose()));
        let letter = letters::write(
            &delivery.effect,
            addressed.holder.as_ref(),
            link.as_deref(),
            addressed.language,
        );
        Ok(Claimed {
            id,
            message_id: delivery.effect_id,
            to: addressed.to,
            letter: letter.ok_or(ReadError::NotFound)?,
            language: addressed.language,
            until,
        })
    }

    /// The token of the link of a letter that holds one, and the one-time entry behind it. The token is made of the delivery and of
    /// what it opens: claimed again it is the same, unless the account has become another.
    fn link_of(&self, delivery: &Delivery, at: DateTime<Utc>) -> Option<(SecretText, NewOnce)> {
        let (purpose, _, hours) = letters::link_of(&delivery.effect)?;
        let payload = if purpose == PASSWORD_RESET {
            let account = self.kernel.directory.account(AccountId(delivery.account?))?;
            serde_json::to_string(&Basis::of(&account)).ok()?
        } else {
            delivery.payload.clone()?
        };
        let effect = delivery.effect_id.as_bytes();
        let parts: [&[u8]; 4] = [b"link", effect, purpose.as_bytes(), payload.as_bytes()];
        let (token, hash) = opaque::of_bits(&self.kernel.secret.digest(&parts));
        let once = NewOnce {
            purpose: purpose.to_owned(),
            hash,
            account: delivery.account,
            about: delivery.about,
            payload: Some(payload),
            // Of two that were asked for the link of the later one serves, whichever is claimed first.
            at: delivery.made_at,
            expires_at: at + TimeDelta::hours(hours),
        };
        Some((token, once))
    }

    /// To whom a delivery goes; `None` when it goes nowhere any more.
    fn addressed(&self, delivery: &Delivery) -> Option<Addressed> {
        let payload = delivery.payload.as_deref();
        if delivery.effect == SIGN_UP {
            let wanted: SignUp = serde_json::from_str(payload?).ok()?;
            return Some(Addressed {
                to: wanted.address,
                holder: None,
                language: wanted.language,
            });
        }
        let account = self
            .kernel
            .directory
            .account(AccountId(delivery.account?))
            .filter(|account| !account.disabled)?;
        let to = match delivery.effect.as_str() {
            ADDRESS_CONFIRMATION => serde_json::from_str::<NewAddress>(payload?).ok()?.address,
            ADDRESS_CHANGED => payload?.to_owned(),
            PASSWORD_RESET if account.signs_in_elsewhere() => return None,
            INVITATION if !is_invited(&account) => return None,
            _ => account.address.as_ref()?.address.clone(),
        };
        Some(Addressed {
            to,
            holder: Some(Holder::of(&shown_to_holder(&account))?),
            language: account.language,
        })
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
            .await?;
        let delivery = settled.ok_or(ExecuteError::NotFound)?;
        // A new address that refuses was never the account's, and one before is it no more.
        let is_own = ![ADDRESS_CONFIRMATION, ADDRESS_CHANGED].contains(&delivery.effect.as_str());
        if let (Settled::Refused, Some(account), true) = (outcome, delivery.account, is_own) {
            let call = self.kernel.system_call(at, Channel::Courier);
            let sent = delivery
                .claimed_until
                .map(|until| until - TimeDelta::seconds(CLAIM_S));
            self.kernel
                .append_own(&call, AccountId(account), |account: &Account| {
                    // One that was set since has refused nothing.
                    let was_tried = |since| sent.is_none_or(|sent| since <= sent);
                    let refuses = account
                        .address
                        .as_ref()
                        .is_some_and(|address| !address.refused && was_tried(address.since));
                    Ok(refuses
                        .then_some(AccountEvent::AddressRefused {})
                        .into_iter()
                        .collect())
                })
                .await?;
        }
        Ok(())
    }
}
