//! API keys of programs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use credentials::{SecretText, opaque};
use domain::{
    AccountId, ApiKeyId, Fault, FaultText,
    account::{AccountEvent, change::Change},
    policy::KeyScope,
};
use uuid::Uuid;

use crate::{
    kernel::{
        call::{Asked, Call},
        error::ExecuteError,
        lanes::Targets,
        task::own_task,
        writes::Outcome,
    },
    people::People,
};

impl People {
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
            let fault = Fault::new("/scopes", FaultText::ScopesBeyondYourKey);
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
        let asked = Asked {
            actions: vec![change],
            expected: call.expected_version.clone(),
        };
        let issued = own_task(self, |this| async move {
            this.kernel
                .carry_out(&call, &Targets::PEOPLE, &|_| {
                    this.decide_changes(&call, id, &asked, false)
                })
                .await
        });
        match issued.await? {
            Outcome::Now(_) | Outcome::Nothing(_) => Ok((key, Some(text))),
            Outcome::Before(written) => {
                let key = written.of_accounts().find_map(issued_key);
                Ok((key.ok_or(ExecuteError::NotFound)?, None))
            }
        }
    }
}

fn issued_key(event: &AccountEvent) -> Option<ApiKeyId> {
    let AccountEvent::ApiKeyIssued(issued) = event else {
        return None;
    };
    Some(issued.key)
}
