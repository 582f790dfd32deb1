//! From names as people write them to an account that rules can judge.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Event, Fault, NameEvent, OrganizationId,
    account::{
        AccountEvent, AccountKind,
        change::{self, NewAccount, Refusal},
        profile::{is_plain_username, look_alike_keys, username_key},
    },
    fault::FaultCode,
    policy::{Grant, Role, Viewer},
};
use event_log::{StreamName, Version};
use uuid::Uuid;

use super::{AccountDraft, NamedGrant};
use crate::{command::Write, error::ExecuteError, start::Application};

/// Streams of the user names that look alike.
const LOOKS: &str = "username-looks";
/// Streams of the user names that nothing else may look like, since they are not of ASCII alone.
const LOOKS_ALONE: &str = "username-looks-alone";

/// An identity names nobody: it would be the one of everybody without a name.
#[derive(Debug, thiserror::Error)]
#[error("an identity has no subject")]
struct NoSubject;

fn reserved(stream: String, version: u64, holder: AccountId) -> Write {
    Write::after(version, stream, vec![Event::Name(NameEvent::Reserved { holder })])
}

impl Application {
    /// The names in a draft as ids, and the faults of those that name nothing.
    pub(super) fn resolve_account(&self, viewer: &Viewer, draft: &AccountDraft) -> (NewAccount, Vec<Fault>) {
        let mut faults = Vec::new();
        let kinds = [AccountKind::Person, AccountKind::Operator, AccountKind::Service];
        let kind = kinds.into_iter().find(|kind| kind.as_str() == draft.kind);
        if kind.is_none() {
            let detail = "is not one of: person, operator, service";
            faults.push(Fault::new("/kind", FaultCode::Value, detail));
        }
        let mut grants = BTreeSet::new();
        for (index, role) in draft.roles.iter().enumerate() {
            match self.grant_named(viewer, role, &format!("/roles/{index}")) {
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

    /// A role with its limits, whose names must name something that the viewer may know of.
    ///
    /// # Errors
    /// Every fault, below this pointer.
    pub fn grant_named(
        &self,
        viewer: &Viewer,
        named: &NamedGrant,
        pointer: &str,
    ) -> Result<Grant, Vec<Fault>> {
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
                .filter(|desk| viewer.may_see_desk(&desk.definition().key))
                .map(|desk| desk.definition().key.clone())
        });
        if desk == Some(None) {
            let pointer = format!("{pointer}/desk");
            faults.push(Fault::new(pointer, FaultCode::Value, "names no desk"));
        }
        let organization = named
            .organization
            .as_ref()
            .map(|name| self.organization_seen(viewer, name).map(|found| found.id.clone()));
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

    pub(super) fn password_faults_of(&self, draft: &AccountDraft) -> Vec<Fault> {
        let about = [draft.username.as_str(), draft.name.as_str()];
        let password = draft.password.as_deref();
        password.map_or_else(Vec::new, |password| {
            self.password_faults("/password", password, &about)
        })
    }

    pub(super) fn judge_account(
        &self,
        viewer: &Viewer,
        new: &NewAccount,
        faults: &[Fault],
    ) -> Result<(), ExecuteError> {
        let known: Vec<_> = new
            .organizations
            .iter()
            .filter_map(|id| self.organization_seen(viewer, id.as_str()))
            .collect();
        let organizations: BTreeMap<_, _> = known.iter().map(|of| (of.id.clone(), &**of)).collect();
        let mut faults = faults.to_vec();
        match change::judge_new(viewer, new, &organizations) {
            Ok(()) => {}
            Err(Refusal::Invalid(found)) => faults.extend(found),
            Err(
                other @ (Refusal::NotFound
                | Refusal::NotPermitted { .. }
                | Refusal::Absent { .. }
                | Refusal::Disabled),
            ) => return Err(other.into()),
        }
        if self.is_taken(&new.username)? {
            faults.push(Fault::new("/username", FaultCode::Value, "is taken"));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ExecuteError::invalid(faults))
        }
    }

    pub(super) fn writes_of_new(
        &self,
        new: &NewAccount,
        linked: Option<&domain::account::Identity>,
    ) -> Result<Vec<Write>, ExecuteError> {
        let holds = |name: String| reserved(name, 0, new.id);
        let mut writes = vec![holds(
            self.unique_stream(&["username", &username_key(&new.username)]),
        )];
        writes.extend(self.writes_of_looks(&new.username, new.id)?);
        let mut events: Vec<Event> = change::create(new.clone())
            .into_iter()
            .map(Event::Account)
            .collect();
        if let Some(identity) = linked {
            let subject = identity.subject.value.as_deref();
            let subject = subject.ok_or_else(|| ExecuteError::internal(NoSubject))?;
            writes.push(holds(self.unique_stream(&[
                "identity",
                &identity.issuer,
                subject,
            ])));
            events.push(Event::Account(AccountEvent::IdentityLinked(identity.clone())));
        }
        writes.push(Write::after(0, format!("account-{}", new.id), events));
        Ok(writes)
    }

    /// What a user name looks like, for ever: its holder may be erased, and of two at once only one is written. Any number
    /// of plain names may look alike, so each adds itself to those of its look; a name that is not plain is the only one of
    /// its look, and says so in a stream of its own.
    fn writes_of_looks(&self, username: &str, holder: AccountId) -> Result<Vec<Write>, ExecuteError> {
        let mut writes = Vec::new();
        for key in look_alike_keys(username) {
            let looks = self.unique_stream(&[LOOKS, &key]);
            let name = StreamName::try_from(looks.clone()).map_err(ExecuteError::internal)?;
            let version = self.log().stream_version(&name).map_err(ExecuteError::internal)?;
            writes.push(reserved(looks, version.0, holder));
            if !is_plain_username(username) {
                writes.push(reserved(self.unique_stream(&[LOOKS_ALONE, &key]), 0, holder));
            }
        }
        Ok(writes)
    }

    /// The stream that holds a name once only, without telling the name (design §3).
    pub(crate) fn unique_stream(&self, name: &[&str]) -> String {
        let mut parts: Vec<&[u8]> = vec![b"unique"];
        parts.extend(name.iter().map(|part| part.as_bytes()));
        format!("unique-{}", hex::encode(self.secret().digest(&parts)))
    }

    /// Somebody holds this user name or one that looks like it, or has held it; the directory knows those too that were
    /// reserved under another form, or before looks were.
    pub(crate) fn is_taken(&self, username: &str) -> Result<bool, ExecuteError> {
        let directory = self.directory();
        if directory.account_by_username(username).is_some()
            || directory.looks_like_another(username)
            || self.is_held(&["username", &username_key(username)])?
        {
            return Ok(true);
        }
        let looks = if is_plain_username(username) {
            LOOKS_ALONE
        } else {
            LOOKS
        };
        for key in look_alike_keys(username) {
            if self.is_held(&[looks, &key])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Somebody holds this name, or has held it.
    pub(crate) fn is_held(&self, name: &[&str]) -> Result<bool, ExecuteError> {
        let held = self.stream_events(&self.unique_stream(name), Version(0), 1)?;
        Ok(!held.is_empty())
    }
}
