//! Accounts and organizations on the wire, as far as the reader may know them.

use api_types as wire;
use application::Application;
use chrono::Utc;
use domain::{
    Language,
    account::{self, Account, TIME_ZONE, profile},
    organization::{Contract, Organization},
    policy::{
        Grant, Profile, Viewer,
        administration::{AccountOperation, OrganizationOperation, may_on_account, may_on_organization},
    },
};

/// A language on the wire.
#[must_use]
pub fn language(language: Language) -> String {
    language.as_str().to_owned()
}

/// A role on the wire.
#[must_use]
pub fn role(grant: &Grant) -> wire::RoleGrant {
    wire::RoleGrant {
        role: grant.role.as_str().to_owned(),
        desk: grant.desk.as_ref().map(ToString::to_string),
        organization: grant.organization.as_ref().map(ToString::to_string),
        profile: Profile(grant.clone()).to_string(),
    }
}

/// A challenge on the wire.
#[must_use]
pub fn challenge(challenge: application::identity::Challenge) -> wire::Challenge {
    wire::Challenge {
        token: challenge.token,
        algorithm: "sha-256".to_owned(),
        bits: challenge.bits,
        expires_at: challenge.expires_at,
    }
}

fn address(address: &account::Address) -> wire::Address {
    wire::Address {
        address: address.address.clone(),
        confirmed: address.confirmed,
        refused: address.refused,
    }
}

fn avatar(account: &Account) -> Option<String> {
    account
        .avatar
        .map(|version| format!("/v1/accounts/{}/avatar?version={version}", account.id))
}

fn locked_fields(account: &Account) -> Vec<String> {
    account
        .locked_fields
        .iter()
        .map(|field| field.as_str().to_owned())
        .collect()
}

/// The caller's own profile.
#[must_use]
pub fn my_profile(account: &Account, viewer: &Viewer) -> wire::MyProfile {
    let default_view = account.default_view.clone();
    wire::MyProfile {
        language: language(account.language),
        time_zone: account.time_zone.clone().unwrap_or_else(|| TIME_ZONE.to_owned()),
        phone: account.phone.clone(),
        default_view: default_view.unwrap_or_else(|| profile::default_view(viewer).to_owned()),
        address: account.address.as_ref().map(address),
        avatar: avatar(account),
        preferences: account.preferences.clone(),
        locked_fields: locked_fields(account),
    }
}

/// An account: its card for who may see it, the rest for who may read it.
#[must_use]
pub fn account_in_full(application: &Application, viewer: &Viewer, account: &Account) -> wire::Account {
    let detailed = may_on_account(viewer, AccountOperation::Read, account);
    let some = |is: bool| is.then_some(());
    let directory = application.directory();
    let organizations = account
        .organizations
        .iter()
        .map(|id| super::organization(directory, id));
    wire::Account {
        id: account.id.0,
        kind: account.kind.as_str().to_owned(),
        username: account.username.clone(),
        name: account.name.clone(),
        avatar: avatar(account),
        detailed,
        language: some(detailed).map(|()| language(account.language)),
        time_zone: account.time_zone.clone().filter(|_| detailed),
        phone: account.phone.clone().filter(|_| detailed),
        default_view: account.default_view.clone().filter(|_| detailed),
        address: account.address.as_ref().filter(|_| detailed).map(address),
        roles: account.grants.iter().filter(|_| detailed).map(role).collect(),
        organizations: organizations.filter(|_| detailed).collect(),
        locked_fields: if detailed {
            locked_fields(account)
        } else {
            Vec::new()
        },
        disabled: detailed && account.disabled,
        locked_until: account
            .locked_until
            .filter(|until| detailed && *until > Utc::now()),
        second_factor: detailed && account.second_factor.is_some(),
        created_at: some(detailed).map(|()| account.created_at),
        version: some(detailed).map(|()| account.version),
    }
}

/// An organization, with its contracts for who may read them.
#[must_use]
pub fn organization_in_full(
    application: &Application,
    viewer: &Viewer,
    organization: &Organization,
) -> wire::Organization {
    let directory = application.directory();
    let mut path: Vec<_> = directory.tree().upwards(&organization.id);
    path.reverse();
    let reads = may_on_organization(viewer, OrganizationOperation::ReadContracts, &organization.id);
    let contracts = organization.contracts.iter().filter(|_| reads);
    let referent = organization.referent.map(|id| wire::Referent {
        account: super::account(directory, id),
        address: directory
            .account(id)
            .and_then(|account| Some(account.address.as_ref()?.address.clone())),
    });
    wire::Organization {
        id: organization.id.to_string(),
        name: organization.name.clone(),
        siren: organization.siren.clone(),
        parent: organization
            .parent
            .as_ref()
            .map(|id| super::organization(directory, id)),
        path: path.iter().map(|id| super::organization(directory, id)).collect(),
        referent,
        contracts: contracts
            .map(|(id, terms)| contract(application, id.0, terms))
            .collect(),
        version: organization.version,
    }
}

fn contract(application: &Application, id: uuid::Uuid, terms: &Contract) -> wire::Contract {
    let directory = application.directory();
    let holds = terms.holds(Utc::now().date_naive());
    let phone = terms
        .responsible
        .and_then(|id| directory.account(id)?.phone.clone());
    wire::Contract {
        id,
        reference: terms.reference.clone(),
        level: terms.level.as_str().to_owned(),
        valid_from: terms.valid_from,
        valid_to: terms.valid_to,
        holds,
        categories: terms.categories.iter().cloned().collect(),
        responsible: terms.responsible.map(|id| super::account(directory, id)),
        responsible_phone: phone.filter(|_| holds && terms.level.names_telephone()),
    }
}
