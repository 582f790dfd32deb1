//! Organizations: municipalities, schools, operators, as a tree (design §6; seed 004, F202), with their contracts
//! (seed 004, F179, F205).

pub mod change;
pub mod contract;
pub mod tree;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use contract::{Contract, ContractLevel, ContractRefusal};
pub use tree::Tree;

use crate::ids::{AccountId, ContractId, OrganizationId};

/// What happened to an organization. One stream per organization, named `organization-<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum OrganizationEvent {
    /// `organization-created.v1`
    Created(OrganizationCreated),
    /// `organization-renamed.v1`
    Renamed {
        /// The name as people read it.
        name: String,
    },
    /// `organization-siren-set.v1`
    SirenSet {
        /// Its French company number; absent when it has none any more.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        siren: Option<String>,
    },
    /// `organization-moved.v1`: became part of another, or of none.
    Moved {
        /// The organization it is part of from here on.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        parent: Option<OrganizationId>,
    },
    /// `organization-referent-named.v1`: who is asked about this customer (seed 004, F180).
    ReferentNamed {
        /// The account; absent when there is none any more.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        account: Option<AccountId>,
    },
    /// `organization-contract-signed.v1`: a contract, or what it says from here on.
    ContractSigned {
        /// Its id.
        contract: ContractId,
        /// What it says.
        terms: Contract,
    },
    /// `organization-contract-withdrawn.v1`: it no longer counts.
    ContractWithdrawn {
        /// Its id.
        contract: ContractId,
    },
}

/// The data of `organization-created.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationCreated {
    /// Its public short name.
    pub id: OrganizationId,
    /// Its name as people read it.
    pub name: String,
    /// Its French company number, nine digits (seed 001 §3.1.1, serviceProviderID and supplierID).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub siren: Option<String>,
    /// The organization it is part of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<OrganizationId>,
}

/// An organization as rules and directories read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its public short name.
    pub id: OrganizationId,
    /// How many events it has.
    pub version: u64,
    /// Its name as people read it.
    pub name: String,
    /// Its French company number.
    pub siren: Option<String>,
    /// The organization it is part of.
    pub parent: Option<OrganizationId>,
    /// Who is asked about it.
    pub referent: Option<AccountId>,
    /// Its contracts.
    pub contracts: BTreeMap<ContractId, Contract>,
}

impl Organization {
    /// Folds one event. What came before `organization-created.v1` is passed over, and so is a second one.
    #[must_use]
    pub fn evolve(organization: Option<Organization>, event: OrganizationEvent) -> Option<Organization> {
        let Some(mut organization) = organization else {
            let OrganizationEvent::Created(created) = event else {
                return None;
            };
            return Some(Organization {
                id: created.id,
                version: 1,
                name: created.name,
                siren: created.siren,
                parent: created.parent,
                referent: None,
                contracts: BTreeMap::new(),
            });
        };
        organization.apply(event);
        Some(organization)
    }

    /// Folds one event of an organization that is made.
    pub fn apply(&mut self, event: OrganizationEvent) {
        self.version += 1;
        match event {
            OrganizationEvent::Created(_) => {}
            OrganizationEvent::Renamed { name } => self.name = name,
            OrganizationEvent::SirenSet { siren } => self.siren = siren,
            OrganizationEvent::Moved { parent } => self.parent = parent,
            OrganizationEvent::ReferentNamed { account } => self.referent = account,
            OrganizationEvent::ContractSigned { contract, terms } => {
                self.contracts.insert(contract, terms);
            }
            OrganizationEvent::ContractWithdrawn { contract } => {
                self.contracts.remove(&contract);
            }
        }
    }
}
