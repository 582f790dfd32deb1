//! Who a token or a key belongs to, asked at every call.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use credentials::opaque;
use domain::{
    AccountId, ApiKeyId,
    account::Account,
    policy::{KeyScope, Viewer},
};
use uuid::Uuid;

use crate::identity::Identity;

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account.
    pub account: Arc<Account>,
    /// Its rights today.
    pub viewer: Arc<Viewer>,
    /// The sign-in, or the API key.
    pub sign_in: Uuid,
    /// Until when the token or the key holds.
    pub until: DateTime<Utc>,
    /// What an API key opens; `None` for a person's own sign-in, which opens all.
    pub scopes: Option<BTreeSet<KeyScope>>,
}

impl Identity {
    /// Who holds this access token or API key, with today's rights; `None` when it is refused for whatever reason.
    #[must_use]
    pub fn actor(&self, token: &str, at: DateTime<Utc>) -> Option<Actor> {
        if let Some((id, hash)) = opaque::ApiKey::read(token) {
            return self.actor_of_key(ApiKeyId(id), hash, at);
        }
        let claims = self.guard.tokens.verify(token, at).ok()?;
        let until = DateTime::from_timestamp(claims.exp, 0)?;
        self.actor_of_sign_in(AccountId(claims.sub), claims.sid, until)
    }

    /// Who holds what was signed for this sign-in, as long as that lasts.
    pub(crate) fn actor_of_sign_in(
        &self,
        account: AccountId,
        sign_in: Uuid,
        until: DateTime<Utc>,
    ) -> Option<Actor> {
        if self.sessions.is_revoked(sign_in) {
            return None;
        }
        let account = self
            .kernel
            .directory
            .account(account)
            .filter(|account| !account.disabled)?;
        Some(Actor {
            viewer: self.kernel.directory.viewer(account.id)?,
            account,
            sign_in,
            until,
            scopes: None,
        })
    }

    fn actor_of_key(&self, id: ApiKeyId, hash: [u8; 32], at: DateTime<Utc>) -> Option<Actor> {
        let account = self
            .kernel
            .directory
            .account_of_key(id)
            .filter(|account| !account.disabled)?;
        let key = account.api_keys.get(&id).filter(|key| key.expires_at > at)?;
        // Both are hashes of 256 random bits: how long the comparison takes tells nothing that leads to the key.
        if key.hash.as_deref() != Some(hex::encode(hash).as_str()) {
            return None;
        }
        Some(Actor {
            viewer: self.kernel.directory.viewer(account.id)?,
            sign_in: id.0,
            until: key.expires_at,
            scopes: Some(key.scopes.clone()),
            account,
        })
    }

    /// The rights of an account today, as long as this sign-in of it is not ended; for what goes on longer than a request, and
    /// no longer than [`Actor::until`].
    #[must_use]
    pub fn viewer_of(&self, account: AccountId, sign_in: Uuid) -> Option<Arc<Viewer>> {
        if self.sessions.is_revoked(sign_in) {
            return None;
        }
        let known = self
            .kernel
            .directory
            .account(account)
            .filter(|account| !account.disabled)?;
        // Ids of API keys are made with their time, those of sign-ins are random.
        let is_key = sign_in.get_version() == Some(uuid::Version::SortRand);
        if is_key && !known.api_keys.contains_key(&ApiKeyId(sign_in)) {
            return None;
        }
        self.kernel.directory.viewer(account)
    }
}
