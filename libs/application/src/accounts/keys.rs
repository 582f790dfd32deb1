//! API keys of programs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use credentials::{SecretText, opaque};
use domain::{
    AccountId, ApiKeyId, Event, Fault,
    account::{
        AccountEvent,
        change::{self, Change},
    },
    fault::FaultCode,
    policy::KeyScope,
};
use event_log::Version;
use uuid::Uuid;

use crate::{
    call::Call,
    codec,
    commit::{Committed, Write},
    error::ExecuteError,
    execute::own_task,
    start::Application,
};

impl Application {
    /// Issues an API key; answers its id and, the first time, the key itself.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn issue_key(
        &self,
        call: Call,
        id: AccountId,
        label: String,
        scopes: BTreeSet<KeyScope>,
        expires_at: DateTime<Utc>,
    ) -> Result<(ApiKeyId, Option<SecretText>), ExecuteError> {
        // A key must not open by another one what it does not open itself.
        if call.scopes.as_ref().is_some_and(|own| !scopes.is_subset(own)) {
            let detail = "opens more than the key that issues it";
            let fault = Fault::new("/scopes", FaultCode::Forbidden, detail);
            return Err(ExecuteError::invalid(vec![fault]));
        }
        let key = ApiKeyId(Uuid::now_v7());
        let (text, hash) = opaque::ApiKey::generate(key.0);
        let change = Change::IssueKey {
            key,
            label,
            hash: hex::encode(hash),
            scopes,
            expires_at,
        };
        let this = self.clone();
        let issued = own_task(async move {
            this.commit(&call, |application| {
                let account = application
                    .directory()
                    .account(id)
                    .ok_or(ExecuteError::NotFound)?;
                call.expects(Version(account.version))?;
                let events = change::decide(&call.viewer, &account, change.clone(), call.at)?;
                Ok(Write::to_account(&account, events))
            })
            .await
        });
        match issued.await? {
            Committed::Now(_) | Committed::Nothing => Ok((key, Some(text))),
            Committed::Before(appended) => Ok((self.key_in(&appended)?, None)),
        }
    }

    /// The key that a commit has issued.
    fn key_in(&self, appended: &event_log::Appended) -> Result<ApiKeyId, ExecuteError> {
        for recorded in &appended.events {
            if let Event::Account(AccountEvent::ApiKeyIssued(issued)) = codec::decode(self.vault(), recorded)?
            {
                return Ok(issued.key);
            }
        }
        Err(ExecuteError::NotFound)
    }
}
