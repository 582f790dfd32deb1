//! Making accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AccountCreated, AccountEvent, AccountKind,
    change::{GRANTS_MAX, MEMBERSHIPS_MAX, Refusal},
    profile::{address_faults, name_faults, username_faults},
};
use crate::{
    fault::Fault,
    ids::{AccountId, OrganizationId},
    label::Language,
    messages::{Detail, FaultText},
    organization::Organization,
    personal::Personal,
    policy::{
        Grant, Role, Viewer,
        administration::{administers_all, may_grant},
    },
};

/// An account to be made, with all that it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its id, chosen by the caller.
    pub id: AccountId,
    /// Person, operator or service.
    pub kind: AccountKind,
    /// The name used to sign in.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The language of messages.
    pub language: Language,
    /// Where notifications go.
    pub address: Option<String>,
    /// Its holder has shown that mail to that address arrives.
    pub address_confirmed: bool,
    /// The Argon2id hash in PHC form; without one, a link or an identity provider lets its holder in.
    pub password_hash: Option<String>,
    /// Its roles.
    pub grants: BTreeSet<Grant>,
    /// Its organizations.
    pub organizations: BTreeSet<OrganizationId>,
}

/// The events that make an account. Uniqueness of the user name is a stream of its own, held by the caller.
#[must_use]
pub fn create(new: NewAccount) -> Vec<AccountEvent> {
    let person = new.id.person();
    let mut events = vec![AccountEvent::Created(AccountCreated {
        kind: new.kind,
        username: Personal::new(person, new.username),
        name: Personal::new(person, new.name),
        language: new.language,
    })];
    events.extend(new.password_hash.map(|hash| AccountEvent::PasswordSet {
        hash: Personal::new(person, hash),
    }));
    events.extend(new.address.map(|address| AccountEvent::AddressSet {
        address: Personal::new(person, address),
        confirmed: new.address_confirmed,
    }));
    events.extend(
        new.grants
            .into_iter()
            .map(|grant| AccountEvent::RoleGranted { grant }),
    );
    events.extend(
        new.organizations
            .into_iter()
            .map(|organization| AccountEvent::Joined { organization }),
    );
    events
}

/// Judges an account that somebody wants to make; `organizations` are those it names, as far as they exist.
///
/// # Errors
/// See [`Refusal`].
pub fn judge_new(
    viewer: &Viewer,
    new: &NewAccount,
    organizations: &BTreeMap<OrganizationId, &Organization>,
) -> Result<(), Refusal> {
    if !viewer.has(Role::Admin) && !viewer.has(Role::LocalAdmin) {
        return Err(Refusal::NotPermitted {
            why: Detail::MayNotMakeAccounts,
        });
    }
    let mut faults = username_faults("/username", &new.username);
    faults.extend(name_faults("/name", &new.name));
    if let Some(address) = &new.address {
        faults.extend(address_faults("/address", address, new.kind));
    }
    if new.grants.len() > GRANTS_MAX {
        faults.push(Fault::new("/roles", FaultText::RolesMax { max: GRANTS_MAX }));
    }
    if new.organizations.len() > MEMBERSHIPS_MAX {
        faults.push(Fault::new(
            "/organizations",
            FaultText::MembershipsMax { max: MEMBERSHIPS_MAX },
        ));
    }
    for (index, grant) in new.grants.iter().enumerate() {
        if !may_grant(viewer, grant) {
            faults.push(Fault::new(
                format!("/roles/{index}"),
                FaultText::RoleNotYours {
                    role: grant.role.as_str().to_owned(),
                },
            ));
        }
    }
    faults.extend(place_faults(viewer, new, organizations));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(faults))
    }
}

/// What is at fault with the kind and the organizations of a new account.
fn place_faults(
    viewer: &Viewer,
    new: &NewAccount,
    organizations: &BTreeMap<OrganizationId, &Organization>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let everywhere = administers_all(viewer);
    if !everywhere && new.organizations.is_empty() {
        faults.push(Fault::required("/organizations"));
    }
    if !everywhere && new.kind != AccountKind::Person {
        faults.push(Fault::new("/kind", FaultText::ProgramsByGlobalAdministratorsOnly));
    }
    for organization in &new.organizations {
        if !organizations.contains_key(organization) {
            faults.push(Fault::new(
                "/organizations",
                FaultText::UnknownOrganization {
                    organization: organization.to_string(),
                },
            ));
        } else if !viewer.administers(organization) {
            faults.push(Fault::new(
                "/organizations",
                FaultText::NotYoursToAdminister {
                    organization: organization.to_string(),
                },
            ));
        }
    }
    let named = new.organizations.iter().filter_map(|id| organizations.get(id));
    let sirens = named.filter(|organization| organization.siren.is_some());
    if new.kind == AccountKind::Operator && (new.organizations.len(), sirens.count()) != (1, 1) {
        faults.push(Fault::new("/organizations", FaultText::OperatorWithoutSiren));
    }
    faults
}
