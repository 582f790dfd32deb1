//! Accounts and organizations to start from.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Detail, Language, OrganizationId,
    account::{
        Account, AccountEvent, AccountKind,
        change::{NewAccount, Refusal, create},
    },
    fault::FaultCode,
    organization::{Organization, OrganizationCreated, OrganizationEvent, Tree},
    policy::{Grant, Reach, Role, Viewer},
};

use crate::given::{account, grant, organization, organizations, start};

/// A role limited to a desk, to an organization, to both or to none.
pub(crate) fn limited(role: Role, desk: Option<&str>, of: Option<&str>) -> Grant {
    Grant {
        role,
        desk: desk.map(|desk| desk.parse().unwrap()),
        organization: of.map(organization),
    }
}

/// A role for an organization.
pub(crate) fn at_place(role: Role, of: &str) -> Grant {
    limited(role, None, Some(of))
}

/// `region` holds `lycee-a` with its `annexe`, and `lycee-b`; `commune-a` stands beside.
pub(crate) fn a_tree() -> Tree {
    let mut tree = Tree::default();
    for (member, parent) in [
        ("annexe", "lycee-a"),
        ("lycee-a", "region"),
        ("lycee-b", "region"),
    ] {
        tree.place(&organization(member), Some(&organization(parent)));
    }
    tree.place(&organization("region"), None);
    tree.place(&organization("commune-a"), None);
    tree
}

/// A viewer with these roles, in this tree.
pub(crate) fn viewer_in(
    tree: &Tree,
    number: u128,
    grants: BTreeSet<Grant>,
    of: BTreeSet<OrganizationId>,
) -> Viewer {
    let limits = grants.iter().filter_map(|grant| grant.organization.clone());
    let parts: BTreeMap<_, _> = limits.map(|limit| (limit.clone(), tree.within(&limit))).collect();
    Viewer {
        account: account(number),
        grants,
        organizations: of,
        within: Reach::new(parts).into(),
    }
}

/// Account 90, with these roles, in [`a_tree`].
pub(crate) fn holding(grants: impl IntoIterator<Item = Grant>) -> Viewer {
    viewer_in(&a_tree(), 90, grants.into_iter().collect(), BTreeSet::new())
}

/// The local administrator of `lycee-a`.
pub(crate) fn referent() -> Viewer {
    holding([at_place(Role::LocalAdmin, "lycee-a")])
}

/// An administrator of everything, account 91.
pub(crate) fn root() -> Viewer {
    viewer_in(&a_tree(), 91, [grant(Role::Admin)].into(), BTreeSet::new())
}

/// A person to be made: account 50, `rita`, without anything that is optional.
pub(crate) fn rita() -> NewAccount {
    NewAccount {
        id: account(50),
        kind: AccountKind::Person,
        username: "rita".to_owned(),
        name: "Rita Requérante".to_owned(),
        language: Language::Fr,
        address: None,
        address_confirmed: false,
        password_hash: None,
        grants: BTreeSet::new(),
        organizations: BTreeSet::new(),
    }
}

/// The account that these events make.
pub(crate) fn folded(id: AccountId, events: impl IntoIterator<Item = AccountEvent>) -> Account {
    let fold = |account, event| Account::evolve(account, id, start(), event);
    events.into_iter().fold(None, fold).unwrap()
}

/// The account as it is once these events took place.
pub(crate) fn after(account: Account, events: impl IntoIterator<Item = AccountEvent>) -> Account {
    let id = account.id;
    let fold = |account, event| Account::evolve(account, id, start(), event);
    events.into_iter().fold(Some(account), fold).unwrap()
}

/// Account 50 with these roles and memberships.
pub(crate) fn somebody(grants: impl IntoIterator<Item = Grant>, of: &[&str]) -> Account {
    let new = NewAccount {
        grants: grants.into_iter().collect(),
        organizations: organizations(of),
        ..rita()
    };
    folded(new.id, create(new))
}

/// A program of that kind, member of these.
pub(crate) fn a_program(kind: AccountKind, of: &[&str]) -> Account {
    let new = NewAccount {
        kind,
        organizations: organizations(of),
        ..rita()
    };
    folded(new.id, create(new))
}

pub(crate) fn founded(name: &str, siren: Option<&str>) -> OrganizationCreated {
    OrganizationCreated {
        id: organization(name),
        name: name.to_owned(),
        siren: siren.map(str::to_owned),
        parent: None,
    }
}

/// An organization without anything that is optional.
pub(crate) fn a_place(name: &str) -> Organization {
    Organization::evolve(None, OrganizationEvent::Created(founded(name, None))).unwrap()
}

/// The places and kinds of the faults of what was refused; panics when it was refused for another reason, or not.
pub(crate) fn faults_of<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> Vec<(String, FaultCode)> {
    let Err(Refusal::Invalid(faults)) = answer else {
        panic!("not refused for its input: {answer:?}")
    };
    faults
        .into_iter()
        .map(|fault| (fault.pointer.clone(), fault.code()))
        .collect()
}

/// What is not permitted; panics when it was refused for another reason, or not.
pub(crate) fn not_permitted<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> Detail {
    let Err(Refusal::NotPermitted { why }) = answer else {
        panic!("not refused as not permitted: {answer:?}")
    };
    why
}
