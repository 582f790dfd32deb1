//! Making organizations and changing them.

use super::{
    Contract, Organization, OrganizationCreated, OrganizationEvent, Tree, contract::CONTRACTS_MAX,
    tree::DEPTH_MAX,
};
use crate::{
    account::change::Refusal,
    fault::Fault,
    ids::{AccountId, ContractId, OrganizationId},
    messages::{Detail, FaultText},
    policy::{
        Viewer,
        administration::{OrganizationOperation, administers_all, may_on_organization},
    },
    text_field,
};

/// Longest name, characters.
pub const NAME_CHARS_MAX: usize = 200;

/// What is wanted of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Give it another name.
    Rename(String),
    /// Set or take away its SIREN.
    SetSiren(Option<String>),
    /// Make it part of another, or of none.
    Move(Option<OrganizationId>),
    /// Name who is asked about it.
    NameReferent(Option<AccountId>),
    /// Sign a contract, or change what one says.
    SignContract(ContractId, Contract),
    /// Withdraw a contract.
    WithdrawContract(ContractId),
}

/// Judges an organization that somebody wants to make. `parent_exists` answers for the parent that it names.
///
/// # Errors
/// See [`Refusal`].
pub fn judge_new(
    viewer: &Viewer,
    new: &OrganizationCreated,
    parent_exists: bool,
    tree: &Tree,
) -> Result<(), Refusal> {
    if !may_place(viewer, new.parent.as_ref()) {
        return Err(Refusal::NotPermitted {
            why: Detail::MayNotMakeOrganizations,
        });
    }
    let mut faults = name_faults(&new.name);
    faults.extend(siren_faults(new.siren.as_deref()));
    if new.siren.is_some() && !administers_all(viewer) {
        faults.push(Fault::new("/siren", FaultText::ByGlobalAdministratorsOnly));
    }
    if let Some(parent) = &new.parent {
        if !parent_exists {
            faults.push(Fault::new("/parent", FaultText::NamesNoOrganization));
        } else if tree.upwards(parent).len() >= DEPTH_MAX {
            faults.push(too_deep());
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(faults))
    }
}

/// A name in a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// The organization to become part of.
    Organization(&'a OrganizationId),
    /// A category of a contract: a desk (`SUP`), or a request type of one (`SUP/incident`).
    Category(&'a str),
}

/// Decides a change; no events when it is so already. `knows` answers whether a name in the change names something that the
/// viewer may know of.
///
/// # Errors
/// See [`Refusal`].
pub fn decide(
    viewer: &Viewer,
    organization: &Organization,
    change: Change,
    tree: &Tree,
    knows: impl Fn(Named<'_>) -> bool,
) -> Result<Vec<OrganizationEvent>, Refusal> {
    if !may_on_organization(viewer, OrganizationOperation::See, &organization.id) {
        return Err(Refusal::NotFound);
    }
    let operation = match change {
        Change::NameReferent(_) => OrganizationOperation::NameReferent,
        Change::Rename(_)
        | Change::SetSiren(_)
        | Change::Move(_)
        | Change::SignContract(..)
        | Change::WithdrawContract(_) => OrganizationOperation::Manage,
    };
    if !may_on_organization(viewer, operation, &organization.id) {
        return Err(Refusal::NotPermitted {
            why: operation.refusal(),
        });
    }
    let (faults, event) = match change {
        Change::Rename(name) => {
            let changes = name != organization.name;
            (
                name_faults(&name),
                changes.then_some(OrganizationEvent::Renamed { name }),
            )
        }
        Change::SetSiren(siren) => {
            // It says in whose name an operator's programs report (seed 001 §3.1.1): no operator chooses its own.
            if !administers_all(viewer) {
                return Err(Refusal::NotPermitted {
                    why: Detail::MayNotSetSiren,
                });
            }
            let changes = siren != organization.siren;
            let faults = siren_faults(siren.as_deref());
            (faults, changes.then_some(OrganizationEvent::SirenSet { siren }))
        }
        Change::Move(parent) => {
            if !may_place(viewer, parent.as_ref()) {
                return Err(Refusal::NotPermitted {
                    why: Detail::MayNotMoveOrganization,
                });
            }
            let changes = parent != organization.parent;
            let faults = match &parent {
                Some(parent) if changes => move_faults(organization, parent, tree, &knows),
                Some(_) | None => Vec::new(),
            };
            (faults, changes.then_some(OrganizationEvent::Moved { parent }))
        }
        Change::NameReferent(account) => {
            let changes = account != organization.referent;
            (
                Vec::new(),
                changes.then_some(OrganizationEvent::ReferentNamed { account }),
            )
        }
        Change::SignContract(contract, terms) => signed(organization, contract, terms, knows),
        Change::WithdrawContract(contract) => (Vec::new(), Some(withdrawn(organization, contract)?)),
    };
    if faults.is_empty() {
        Ok(event.into_iter().collect())
    } else {
        Err(Refusal::Invalid(faults))
    }
}

/// May make an organization part of this one, or put it at the top.
fn may_place(viewer: &Viewer, parent: Option<&OrganizationId>) -> bool {
    parent.map_or_else(
        || administers_all(viewer),
        |parent| viewer.administers_tree(parent),
    )
}

fn signed(
    organization: &Organization,
    contract: ContractId,
    terms: Contract,
    knows: impl Fn(Named<'_>) -> bool,
) -> (Vec<Fault>, Option<OrganizationEvent>) {
    let mut faults = terms.faults(|category| knows(Named::Category(category)));
    let today = organization.contracts.get(&contract);
    if today.is_none() && organization.contracts.len() >= CONTRACTS_MAX {
        faults.push(Fault::new("", FaultText::ContractsMax { max: CONTRACTS_MAX }));
    }
    let changes = today != Some(&terms);
    (
        faults,
        changes.then_some(OrganizationEvent::ContractSigned { contract, terms }),
    )
}

/// What is to be withdrawn must be there.
fn withdrawn(organization: &Organization, contract: ContractId) -> Result<OrganizationEvent, Refusal> {
    if organization.contracts.contains_key(&contract) {
        return Ok(OrganizationEvent::ContractWithdrawn { contract });
    }
    let why = Detail::NoSuchContract;
    Err(Refusal::Absent { why })
}

fn move_faults(
    organization: &Organization,
    parent: &OrganizationId,
    tree: &Tree,
    knows: impl Fn(Named<'_>) -> bool,
) -> Vec<Fault> {
    if !knows(Named::Organization(parent)) {
        return vec![Fault::new("/parent", FaultText::NamesNoOrganization)];
    }
    if tree.within(&organization.id).contains(parent) {
        return vec![Fault::new("/parent", FaultText::PartOfItself)];
    }
    if tree.upwards(parent).len() + tree.height(&organization.id) > DEPTH_MAX {
        return vec![too_deep()];
    }
    Vec::new()
}

fn too_deep() -> Fault {
    Fault::new("/parent", FaultText::TreeDepthMax { max: DEPTH_MAX })
}

fn name_faults(name: &str) -> Vec<Fault> {
    text_field::name_faults("/name", name, NAME_CHARS_MAX)
}

/// A SIREN: nine digits, the last a check digit (Luhn; INSEE, "numéro SIREN").
fn siren_faults(siren: Option<&str>) -> Vec<Fault> {
    let Some(siren) = siren else {
        return Vec::new();
    };
    let digits: Option<Vec<u32>> = siren.chars().map(|c| c.to_digit(10)).collect();
    let holds = digits.filter(|digits| digits.len() == 9).is_some_and(|digits| {
        let doubled = |(place, digit): (usize, &u32)| match place % 2 {
            0 => *digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        };
        digits.iter().enumerate().map(doubled).sum::<u32>() % 10 == 0
    });
    if holds {
        Vec::new()
    } else {
        vec![Fault::new("/siren", FaultText::NotASiren)]
    }
}
