//! Signing in through an identity provider (`OpenID` Connect): what the door has verified there becomes an account here,
//! with the roles and organizations that the configuration makes of its claims.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    AccountId, Language, OrganizationId,
    account::{
        Account, AccountEvent, AccountKind, Identity,
        change::NewAccount,
        profile::{address_faults, name_faults, username_faults},
    },
    personal::Personal,
    policy::Grant,
};
use event_log::Channel;
use sessions::SignInMethod;
use uuid::Uuid;

use crate::{
    identity::{
        error::{SignInError, internal},
        provider::AtProvider,
        sign_in::SignedIn,
        tries::Client,
    },
    kernel::{administrators::without_losing_the_last, task::own_task, writes::Made},
    people::People,
};

/// Who somebody is at a provider, as its verified token says, and what the configuration makes of it.
#[derive(Debug, Clone)]
pub struct Federated {
    /// The issuer.
    pub issuer: String,
    /// Who this is there.
    pub subject: String,
    /// The user name that a new account gets.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The address, when the provider says that it is theirs.
    pub address: Option<String>,
    /// The language.
    pub language: Language,
    /// Roles that the claims give.
    pub grants: BTreeSet<Grant>,
    /// Every role that this provider's rules can give: what is among these and not given is taken back.
    pub managed_grants: BTreeSet<Grant>,
    /// Organizations that the claims give.
    pub organizations: BTreeSet<OrganizationId>,
    /// Every organization that this provider's rules can give.
    pub managed_organizations: BTreeSet<OrganizationId>,
    /// An account is made for who has none.
    pub creates: bool,
}

impl People {
    /// Signs in who was verified by a provider.
    ///
    /// Desks and organizations that do not exist here give nothing; the log says so.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when they have no account and none is made for them, or it is disabled.
    pub async fn sign_in_federated(
        &self,
        who: Federated,
        there: AtProvider,
        client: Client,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        own_task(self, |this| async move {
            let signed_in = this.verified(who, &client, at).await?;
            // Signing in is what was asked for: without it they can only sign out here.
            if let Err(error) = this
                .identity
                .keep_provider_session(signed_in.sign_in, there)
                .await
            {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a sign-in keeps nothing to sign out at its provider with"
                );
            }
            Ok(signed_in)
        })
        .await
    }

    async fn verified(
        &self,
        mut who: Federated,
        client: &Client,
        at: DateTime<Utc>,
    ) -> Result<SignedIn, SignInError> {
        self.leave_out_unknown(&mut who);
        let id = match self.account_of_identity(&who.issuer, &who.subject) {
            Some(id) => id,
            None => self.make_federated(&who, at).await?,
        };
        // Nothing is given to an account that is disabled.
        let account = self
            .kernel
            .directory
            .account(id)
            .filter(|account| !account.disabled);
        let account = account.ok_or(SignInError::Refused)?;
        let call = self.kernel.system_call(at, Channel::Rest);
        self.kernel
            .append_own(&call, id, |account| {
                Ok(without_losing_the_last(
                    &self.kernel.directory,
                    account,
                    synced(account, &who),
                    at,
                ))
            })
            .await?;
        self.identity
            .begin(&account, SignInMethod::Federated, false, client, at)
            .await
    }

    /// Rules may name what is not there yet, or no longer: that gives nothing.
    fn leave_out_unknown(&self, who: &mut Federated) {
        let directory = &self.kernel.directory;
        let organization_known = |id: &OrganizationId| {
            let known = directory.organization(id).is_some();
            if !known {
                tracing::warn!(organization = %id, "an identity provider's rule names no organization");
            }
            known
        };
        let desk_known = |grant: &Grant| {
            let unknown = grant.desk.as_ref().filter(|desk| directory.desk(desk).is_none());
            if let Some(desk) = unknown {
                tracing::warn!(%desk, "an identity provider's rule names no desk");
            }
            unknown.is_none()
        };
        who.grants
            .retain(|grant| desk_known(grant) && grant.organization.as_ref().is_none_or(organization_known));
        who.organizations.retain(organization_known);
    }

    fn account_of_identity(&self, issuer: &str, subject: &str) -> Option<AccountId> {
        let is_it = |account: &Account| {
            account
                .identities
                .get(issuer)
                .is_some_and(|known| known == subject)
        };
        self.kernel
            .directory
            .accounts(is_it)
            .first()
            .map(|account| account.id)
    }

    /// Makes the account of who signs in for the first time. A local account of the same name is never taken over: its holder
    /// has shown nothing here.
    async fn make_federated(&self, who: &Federated, at: DateTime<Utc>) -> Result<AccountId, SignInError> {
        let mut faults = username_faults("/username", &who.username);
        faults.extend(name_faults("/name", &who.name));
        if !who.creates || !faults.is_empty() {
            tracing::warn!(
                issuer = who.issuer,
                creates = who.creates,
                ?faults,
                "a provider's user gets no account"
            );
            return Err(SignInError::Refused);
        }
        let held = self
            .is_name_held(&["identity", &who.issuer, &who.subject])
            .map_err(internal)?;
        if held {
            // Made meanwhile by another first sign-in, which may not have told the directory yet; or erased, and that is final.
            let refreshed = self.kernel.refresh();
            refreshed.map_err(internal)?;
            return self
                .account_of_identity(&who.issuer, &who.subject)
                .ok_or(SignInError::Refused);
        }
        let id = AccountId(Uuid::now_v7());
        let address = who.address.clone();
        let address =
            address.filter(|address| address_faults("/address", address, AccountKind::Person).is_empty());
        let new = NewAccount {
            id,
            kind: AccountKind::Person,
            username: who.username.clone(),
            name: who.name.clone(),
            language: who.language,
            address_confirmed: address.is_some(),
            address,
            password_hash: None,
            grants: BTreeSet::new(),
            organizations: BTreeSet::new(),
        };
        let identity = Identity {
            issuer: who.issuer.clone(),
            subject: Personal::new(id.person(), who.subject.clone()),
        };
        let call = self.kernel.system_call(at, Channel::Rest);
        match self.make_account(&call, new, Some(identity)).await {
            Ok(Made::Now) => Ok(id),
            Ok(Made::Before) => {
                // Two first sign-ins at once: the other one has made it.
                let made = self.account_of_identity(&who.issuer, &who.subject);
                if made.is_none() {
                    tracing::warn!(
                        issuer = who.issuer,
                        "a provider's user has the name of another account"
                    );
                }
                made.ok_or(SignInError::Refused)
            }
            Err(error) => Err(internal(error)),
        }
    }
}

/// What brings an account's roles and organizations to what the provider says today.
fn synced(account: &Account, who: &Federated) -> Vec<AccountEvent> {
    let mut events = Vec::new();
    let granted = who.grants.difference(&account.grants).cloned();
    events.extend(granted.map(|grant| AccountEvent::RoleGranted { grant }));
    let lost = who
        .managed_grants
        .difference(&who.grants)
        .filter(|grant| account.grants.contains(grant));
    events.extend(lost.cloned().map(|grant| AccountEvent::RoleRevoked { grant }));
    let joined = who.organizations.difference(&account.organizations).cloned();
    events.extend(joined.map(|organization| AccountEvent::Joined { organization }));
    let left = who.managed_organizations.difference(&who.organizations);
    let left = left.filter(|organization| account.organizations.contains(organization));
    events.extend(
        left.cloned()
            .map(|organization| AccountEvent::Left { organization }),
    );
    events
}
