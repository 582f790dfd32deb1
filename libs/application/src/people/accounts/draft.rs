//! From names as people write them to an account that rules can judge.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Fault, FaultText, OrganizationId,
    account::{
        AccountKind,
        change::{self, NewAccount, Refusal},
    },
    policy::{Grant, Role, Viewer},
};
use uuid::Uuid;

use crate::{
    kernel::error::ExecuteError,
    people::{
        People,
        accounts::{AccountDraft, NamedGrant},
    },
};

impl People {
    /// The names in a draft as ids, and the faults of those that name nothing.
    pub(super) fn resolve_account(&self, viewer: &Viewer, draft: &AccountDraft) -> (NewAccount, Vec<Fault>) {
        let mut faults = Vec::new();
        let kind = AccountKind::named(&draft.kind);
        let kind = kind.map_err(|text| faults.push(Fault::new("/kind", text)));
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
                    faults.push(Fault::new(pointer, FaultText::NamesNoOrganization));
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
        let role = Role::named(&named.role);
        let role = role
            .map_err(|text| faults.push(Fault::new(format!("{pointer}/role"), text)))
            .ok();
        let desk = named.desk.as_ref().map(|name| {
            let key = name.parse().ok();
            key.and_then(|key| self.kernel.directory.desk(&key))
                .filter(|desk| viewer.may_see_desk(&desk.definition().key))
                .map(|desk| desk.definition().key.clone())
        });
        if desk == Some(None) {
            let pointer = format!("{pointer}/desk");
            faults.push(Fault::new(pointer, FaultText::NamesNoDesk));
        }
        let organization = named.organization.as_ref().map(|name| {
            self.kernel
                .directory
                .organization_seen(viewer, name)
                .map(|found| found.id.clone())
        });
        if organization == Some(None) {
            let pointer = format!("{pointer}/organization");
            faults.push(Fault::new(pointer, FaultText::NamesNoOrganization));
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
            self.identity.password_faults("/password", password, &about)
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
            .filter_map(|id| self.kernel.directory.organization_seen(viewer, id.as_str()))
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
            faults.push(Fault::new("/username", FaultText::Taken));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ExecuteError::invalid(faults))
        }
    }
}
