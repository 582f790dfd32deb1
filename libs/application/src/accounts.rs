//! Making accounts and changing them. One commit each; user names and identities are unique by streams of their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use credentials::{SecretText, opaque};
use domain::{
    AccountId, ApiKeyId, Event, Fault, Language, NameEvent, OrganizationId,
    account::{
        Account, AccountEvent, AccountKind,
        change::{self, Change, NewAccount, Refusal},
        profile::ProfileEdit,
    },
    fault::FaultCode,
    policy::{
        Grant, KeyScope, Role, Viewer,
        administration::{AccountOperation, may_on_account},
    },
    ticket::Rejection,
};
use event_log::{CommandId, StreamName, Version};
use uuid::Uuid;

use crate::{
    call::Call,
    codec,
    commit::{Committed, Write},
    directory::username_key,
    error::{ExecuteError, ReadError},
    execute::own_task,
    start::Application,
};

/// What came of something that may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    Now,
    /// It was there before; nothing was written.
    Before,
}

/// A role as a door gives it: names as people write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedGrant {
    /// The role.
    pub role: String,
    /// The one desk it is limited to.
    pub desk: Option<String>,
    /// The one organization it is limited to, with what is part of it.
    pub organization: Option<String>,
}

/// A new account as a door gives it.
#[derive(Clone, Default)]
pub struct AccountDraft {
    /// `person`, `operator` or `service`.
    pub kind: String,
    /// The name used to sign in.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The language of messages.
    pub language: Language,
    /// Where notifications go.
    pub address: Option<String>,
    /// Its password; without one, a link is mailed to the address.
    pub password: Option<String>,
    /// Its roles.
    pub roles: Vec<NamedGrant>,
    /// Ids of its organizations.
    pub organizations: Vec<String>,
}

impl From<Refusal> for ExecuteError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => ExecuteError::NotFound,
            Refusal::NotPermitted { what } => Rejection::NotPermitted { what }.into(),
            Refusal::Invalid(faults) => ExecuteError::invalid(faults),
        }
    }
}

impl Application {
    /// The server's own call, for what no person asks: first start, administration over the socket, lock-outs.
    #[must_use]
    pub fn system_call(&self, at: DateTime<Utc>, channel: event_log::Channel) -> Call {
        let nobody = Viewer {
            account: AccountId::SYSTEM,
            grants: BTreeSet::new(),
            organizations: BTreeSet::new(),
            within: Arc::default(),
        };
        self.call_as(nobody, at, channel)
    }

    /// A call that nobody's token stands behind: the server's, or that of who has shown a one-time link.
    pub(crate) fn call_as(&self, viewer: Viewer, at: DateTime<Utc>, channel: event_log::Channel) -> Call {
        let id = Uuid::now_v7();
        Call {
            viewer,
            on_behalf_of: None,
            at,
            occurred_at: None,
            sent_at: None,
            channel,
            command_id: CommandId(id),
            command_digest: self.secret().digest(&[b"system", id.as_bytes()]),
            correlation_id: id,
            expected_version: None,
            sign_in: None,
        }
    }

    /// Makes an account without asking whether anybody may, unless its user name is taken.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn make_account(
        &self,
        call: &Call,
        new: NewAccount,
        linked: Option<domain::account::Identity>,
    ) -> Result<Made, ExecuteError> {
        let made = self
            .commit(call, |application| {
                if application.is_held(&["username", &username_key(&new.username)])? {
                    return Ok(Vec::new());
                }
                application.writes_of_new(&new, linked.as_ref())
            })
            .await?;
        Ok(match made {
            Committed::Now(_) | Committed::Before(_) => Made::Now,
            Committed::Nothing => Made::Before,
        })
    }

    /// Makes an account for an administrator, and mails its holder a link when it has no password.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn create_account(
        &self,
        call: Call,
        draft: AccountDraft,
    ) -> Result<Arc<Account>, ExecuteError> {
        let this = self.clone();
        own_task(async move {
            let (mut new, mut faults) = this.resolve_account(&draft);
            faults.extend(this.password_faults_of(&draft));
            let hash = match draft.password.clone().filter(|_| faults.is_empty()) {
                Some(password) => Some(this.hash(password).await.map_err(ExecuteError::internal)?),
                None => None,
            };
            new.password_hash = hash;
            let committed = this
                .commit(&call, |application| {
                    application.judge_account(&call.viewer, &new, &faults)?;
                    application.writes_of_new(&new, None)
                })
                .await?;
            let id = committed.id_in("account-").unwrap_or(new.id.0);
            let account = this
                .directory()
                .account(AccountId(id))
                .ok_or(ExecuteError::NotFound)?;
            if let Committed::Now(_) = committed
                && account.password_hash.is_none()
                && account.address.is_some()
            {
                this.post(account.id, crate::deliveries::INVITATION, None, call.at)
                    .await;
            }
            Ok(account)
        })
        .await
    }

    /// Changes an account for whoever administers it.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn change_account(
        &self,
        call: Call,
        id: AccountId,
        changes: Vec<Change>,
    ) -> Result<Arc<Account>, ExecuteError> {
        let this = self.clone();
        own_task(async move {
            this.commit(&call, |application| {
                let account = application
                    .directory()
                    .account(id)
                    .ok_or(ExecuteError::NotFound)?;
                call.expects(Version(account.version))?;
                let mut events = Vec::new();
                for change in &changes {
                    events.extend(change::decide(&call.viewer, &account, change.clone(), call.at)?);
                }
                Ok(Write::to_account(&account, events))
            })
            .await?;
            this.after_change(id, &changes).await?;
            this.directory().account(id).ok_or(ExecuteError::NotFound)
        })
        .await
    }

    /// What is not history follows the event: sign-ins end, counters start anew.
    async fn after_change(&self, id: AccountId, changes: &[Change]) -> Result<(), ExecuteError> {
        let ends = changes
            .iter()
            .any(|change| matches!(change, Change::Disable { .. }));
        let unlocks = changes
            .iter()
            .any(|change| matches!(change, Change::Unlock | Change::Enable));
        let sessions = self.sessions().clone();
        let key = self
            .directory()
            .account(id)
            .and_then(|account| Some(self.tries_key(account.username.as_deref()?)));
        tokio::task::spawn_blocking(move || {
            if ends {
                sessions.revoke_account(id.0).map(drop)?;
            }
            match key.filter(|_| unlocks) {
                Some(key) => sessions.clear_failures(&key),
                None => Ok(()),
            }
        })
        .await
        .map_err(ExecuteError::internal)?
        .map_err(ExecuteError::internal)
    }

    /// Changes a profile: one's own, or that of an account one administers.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn edit_profile(
        &self,
        call: Call,
        id: AccountId,
        edit: ProfileEdit,
    ) -> Result<Arc<Account>, ExecuteError> {
        let this = self.clone();
        own_task(async move {
            this.commit(&call, |application| {
                let account = application.account_for(&call.viewer, id, AccountOperation::See)?;
                if !may_on_account(&call.viewer, AccountOperation::EditProfile, &account) {
                    let what = AccountOperation::EditProfile.as_str();
                    return Err(Rejection::NotPermitted { what }.into());
                }
                call.expects(Version(account.version))?;
                let administers = may_on_account(&call.viewer, AccountOperation::Manage, &account);
                let events = edit
                    .clone()
                    .decide(&account, administers)
                    .map_err(ExecuteError::invalid)?;
                Ok(Write::to_account(&account, events))
            })
            .await?;
            this.directory().account(id).ok_or(ExecuteError::NotFound)
        })
        .await
    }

    /// An account on which this viewer may do that; what they may not see does not exist.
    ///
    /// # Errors
    /// [`ReadError::NotFound`].
    pub fn account_for(
        &self,
        viewer: &Viewer,
        id: AccountId,
        operation: AccountOperation,
    ) -> Result<Arc<Account>, ReadError> {
        let account = self.directory().account(id).ok_or(ReadError::NotFound)?;
        if may_on_account(viewer, operation, &account) {
            Ok(account)
        } else {
            Err(ReadError::NotFound)
        }
    }

    /// The account that a viewer means, by id or user name, if they may know of it.
    #[must_use]
    pub fn account_seen(&self, viewer: &Viewer, named: &str) -> Option<Arc<Account>> {
        let account = self.directory().account_meant(named)?;
        may_on_account(viewer, AccountOperation::See, &account).then_some(account)
    }

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

    /// Appends events to an account in its holder's own name, decided on its state each time it is tried.
    pub(crate) async fn append_own(
        &self,
        call: &Call,
        id: AccountId,
        decide: impl Fn(&Account) -> Result<Vec<AccountEvent>, ExecuteError>,
    ) -> Result<Committed, ExecuteError> {
        self.commit(call, |application| {
            let account = application
                .directory()
                .account(id)
                .ok_or(ExecuteError::NotFound)?;
            Ok(Write::to_account(&account, decide(&account)?))
        })
        .await
    }

    /// The names in a draft as ids, and the faults of those that name nothing.
    fn resolve_account(&self, draft: &AccountDraft) -> (NewAccount, Vec<Fault>) {
        let mut faults = Vec::new();
        let kinds = [AccountKind::Person, AccountKind::Operator, AccountKind::Service];
        let kind = kinds.into_iter().find(|kind| kind.as_str() == draft.kind);
        if kind.is_none() {
            let detail = "is not one of: person, operator, service";
            faults.push(Fault::new("/kind", FaultCode::Value, detail));
        }
        let mut grants = BTreeSet::new();
        for (index, role) in draft.roles.iter().enumerate() {
            match self.grant_named(role, &format!("/roles/{index}")) {
                Ok(grant) => drop(grants.insert(grant)),
                Err(found) => faults.extend(found),
            }
        }
        let mut organizations = BTreeSet::new();
        for (index, name) in draft.organizations.iter().enumerate() {
            match name.parse::<OrganizationId>() {
                Ok(id) => drop(organizations.insert(id)),
                Err(_named) => {
                    let pointer = format!("/organizations/{index}");
                    faults.push(Fault::new(pointer, FaultCode::Value, "names no organization"));
                }
            }
        }
        let new = NewAccount {
            id: AccountId(Uuid::now_v7()),
            kind: kind.unwrap_or(AccountKind::Person),
            username: draft.username.trim().to_owned(),
            name: draft.name.trim().to_owned(),
            language: draft.language,
            address: draft.address.clone(),
            address_confirmed: false,
            password_hash: None,
            grants,
            organizations,
        };
        (new, faults)
    }

    /// A role with its limits, whose names must name something.
    ///
    /// # Errors
    /// Every fault, below this pointer.
    pub fn grant_named(&self, named: &NamedGrant, pointer: &str) -> Result<Grant, Vec<Fault>> {
        let mut faults = Vec::new();
        let role = Role::ALL.into_iter().find(|role| role.as_str() == named.role);
        if role.is_none() {
            let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            let detail = format!("is not one of: {}", known.join(", "));
            faults.push(Fault::new(format!("{pointer}/role"), FaultCode::Value, detail));
        }
        let desk = named.desk.as_ref().map(|name| {
            let key = name.parse().ok();
            key.and_then(|key| self.directory().desk(&key))
                .map(|desk| desk.definition().key.clone())
        });
        if desk == Some(None) {
            let pointer = format!("{pointer}/desk");
            faults.push(Fault::new(pointer, FaultCode::Value, "names no desk"));
        }
        let organization = named.organization.as_ref().map(|name| {
            self.directory()
                .organization_named(name)
                .map(|found| found.id.clone())
        });
        if organization == Some(None) {
            let pointer = format!("{pointer}/organization");
            faults.push(Fault::new(pointer, FaultCode::Value, "names no organization"));
        }
        match role.filter(|_| faults.is_empty()) {
            Some(role) => Ok(Grant {
                role,
                desk: desk.flatten(),
                organization: organization.flatten(),
            }),
            None => Err(faults),
        }
    }

    fn password_faults_of(&self, draft: &AccountDraft) -> Vec<Fault> {
        let about = [draft.username.as_str(), draft.name.as_str()];
        let password = draft.password.as_deref();
        password.map_or_else(Vec::new, |password| {
            self.password_faults("/password", password, &about)
        })
    }

    fn judge_account(&self, viewer: &Viewer, new: &NewAccount, faults: &[Fault]) -> Result<(), ExecuteError> {
        let known: Vec<_> = new
            .organizations
            .iter()
            .filter_map(|id| self.directory().organization(id))
            .collect();
        let organizations: BTreeMap<_, _> = known.iter().map(|of| (of.id.clone(), &**of)).collect();
        let mut faults = faults.to_vec();
        match change::judge_new(viewer, new, &organizations) {
            Ok(()) => {}
            Err(Refusal::Invalid(found)) => faults.extend(found),
            Err(other @ (Refusal::NotFound | Refusal::NotPermitted { .. })) => return Err(other.into()),
        }
        if self.is_held(&["username", &username_key(&new.username)])? {
            faults.push(Fault::new("/username", FaultCode::Value, "is taken"));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ExecuteError::invalid(faults))
        }
    }

    fn writes_of_new(
        &self,
        new: &NewAccount,
        linked: Option<&domain::account::Identity>,
    ) -> Result<Vec<Write>, ExecuteError> {
        let holds = |name: String| Write {
            stream: name,
            version: 0,
            events: vec![Event::Name(NameEvent::Reserved { holder: new.id })],
        };
        let mut writes = vec![holds(
            self.unique_stream(&["username", &username_key(&new.username)]),
        )];
        let mut events: Vec<Event> = change::create(new.clone())
            .into_iter()
            .map(Event::Account)
            .collect();
        if let Some(identity) = linked {
            let subject = identity.subject.value.as_deref().unwrap_or_default();
            writes.push(holds(self.unique_stream(&[
                "identity",
                &identity.issuer,
                subject,
            ])));
            events.push(Event::Account(AccountEvent::IdentityLinked(identity.clone())));
        }
        writes.push(Write {
            stream: format!("account-{}", new.id),
            version: 0,
            events,
        });
        Ok(writes)
    }

    /// The stream that holds a name once only, without telling the name (design §3).
    pub(crate) fn unique_stream(&self, name: &[&str]) -> String {
        let mut parts: Vec<&[u8]> = vec![b"unique"];
        parts.extend(name.iter().map(|part| part.as_bytes()));
        format!("unique-{}", hex::encode(self.secret().digest(&parts)))
    }

    /// Somebody holds this name, or has held it.
    pub(crate) fn is_held(&self, name: &[&str]) -> Result<bool, ExecuteError> {
        let stream = StreamName::try_from(self.unique_stream(name)).map_err(ExecuteError::internal)?;
        let held = self
            .log()
            .read_stream(&stream, Version(0), 1)
            .map_err(ExecuteError::internal)?;
        Ok(!held.is_empty())
    }
}
