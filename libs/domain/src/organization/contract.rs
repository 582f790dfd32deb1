//! Contracts: for whom, for how long and for what support is due (seed 004 §3-§6, F179, F205).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Organization;
use crate::{
    fault::{Fault, NAMED_CHARS_MAX},
    ids::{AccountId, DeskKey, OrganizationId},
    label::Language,
    messages::{Detail, FaultText},
    named::named,
    text_field::name_faults,
};

/// Longest reference of a contract, characters.
pub const REFERENCE_CHARS_MAX: usize = 64;
/// How many categories a contract may name.
pub const CATEGORIES_MAX: usize = 100;
/// How many contracts an organization may have.
pub const CONTRACTS_MAX: usize = 50;

/// What level of support was bought, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractLevel {
    /// Tickets.
    Standard,
    /// The same, sooner.
    Silver,
    /// From here on the named responsible is reached by telephone.
    Gold,
    /// And at any hour.
    Platinum,
}

named!(ContractLevel {
    Standard = "standard",
    Silver = "silver",
    Gold = "gold",
    Platinum = "platinum",
});

impl ContractLevel {
    /// The named responsible may be called (seed 004, F205).
    #[must_use]
    pub fn names_telephone(self) -> bool {
        self >= ContractLevel::Gold
    }
}

/// What a contract says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// What both sides call it.
    pub reference: String,
    /// Its level.
    pub level: ContractLevel,
    /// The first day on which it holds (UTC).
    pub valid_from: NaiveDate,
    /// The last day on which it holds (UTC).
    pub valid_to: NaiveDate,
    /// What tickets may be about: a desk (`SUP`) or a request type of one (`SUP/incident`); everything when empty.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub categories: BTreeSet<String>,
    /// Who answers for it on our side.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub responsible: Option<AccountId>,
}

/// Why a contract allows no new ticket. What is there already stays readable and is treated to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractRefusal {
    /// No contract holds on that day.
    #[error("{}", self.detail().text(Language::En))]
    NotValid {
        /// Whose contract.
        organization: OrganizationId,
        /// Which: the one that holds last.
        reference: String,
        /// From when.
        valid_from: NaiveDate,
        /// Until when.
        valid_to: NaiveDate,
        /// The day that was asked about.
        on: NaiveDate,
    },
    /// None that holds is about this.
    #[error("{}", self.detail().text(Language::En))]
    NotCovered {
        /// Whose contract.
        organization: OrganizationId,
        /// Which.
        reference: String,
        /// What was asked for, such as `SUP/incident`.
        category: String,
    },
}

impl ContractRefusal {
    /// The reason of a refusal.
    #[must_use]
    pub fn detail(&self) -> Detail {
        match self {
            ContractRefusal::NotValid {
                organization,
                reference,
                valid_from,
                valid_to,
                on,
            } => {
                let (reference, organization) = (reference.clone(), organization.to_string());
                if on < valid_from {
                    let on = valid_from.to_string();
                    Detail::ContractBegins {
                        reference,
                        organization,
                        on,
                    }
                } else {
                    let on = valid_to.to_string();
                    Detail::ContractEnded {
                        reference,
                        organization,
                        on,
                    }
                }
            }
            ContractRefusal::NotCovered {
                organization,
                reference,
                category,
            } => Detail::ContractCoversNot {
                reference: reference.clone(),
                organization: organization.to_string(),
                category: category.clone(),
            },
        }
    }
}

impl Contract {
    /// Holds on that day.
    #[must_use]
    pub fn holds(&self, on: NaiveDate) -> bool {
        self.valid_from <= on && on <= self.valid_to
    }

    /// Is about such tickets.
    #[must_use]
    pub fn covers(&self, desk: &DeskKey, request_type: &str) -> bool {
        self.categories.is_empty()
            || self.categories.contains(desk.as_str())
            || self.categories.contains(&format!("{desk}/{request_type}"))
    }

    /// What is at fault with its terms. `knows` answers whether a category names a desk or a request type of one.
    #[must_use]
    pub fn faults(&self, knows: impl Fn(&str) -> bool) -> Vec<Fault> {
        let mut faults = name_faults("/reference", &self.reference, REFERENCE_CHARS_MAX);
        if self.valid_to < self.valid_from {
            faults.push(Fault::new("/valid_to", FaultText::BeforeValidFrom));
        }
        if self.categories.len() > CATEGORIES_MAX {
            faults.push(Fault::new(
                "/categories",
                FaultText::CategoriesMax { max: CATEGORIES_MAX },
            ));
        }
        for category in self.categories.iter().filter(|category| !knows(category)) {
            faults.push(Fault::new(
                "/categories",
                FaultText::NamesNoCategory {
                    category: text::shown(category, NAMED_CHARS_MAX),
                },
            ));
        }
        faults
    }
}

/// Judges a new ticket of an organization by the contracts that govern it: its own, or those of the nearest that it is
/// part of. `upwards` begins with the organization and goes to the top. Where nobody has a contract, none is needed.
///
/// # Errors
/// [`ContractRefusal`], naming the contract that comes nearest.
pub fn judge(
    upwards: &[&Organization],
    desk: &DeskKey,
    request_type: &str,
    on: NaiveDate,
) -> Result<(), ContractRefusal> {
    let Some(governing) = upwards
        .iter()
        .find(|organization| !organization.contracts.is_empty())
    else {
        return Ok(());
    };
    let holding: Vec<&Contract> = governing
        .contracts
        .values()
        .filter(|contract| contract.holds(on))
        .collect();
    if holding.iter().any(|contract| contract.covers(desk, request_type)) {
        return Ok(());
    }
    let organization = governing.id.clone();
    let last = holding
        .last()
        .copied()
        .or_else(|| governing.contracts.values().max_by_key(|of| of.valid_to));
    match (last, holding.is_empty()) {
        (None, _) => Ok(()),
        (Some(last), true) => Err(ContractRefusal::NotValid {
            organization,
            reference: last.reference.clone(),
            valid_from: last.valid_from,
            valid_to: last.valid_to,
            on,
        }),
        (Some(last), false) => Err(ContractRefusal::NotCovered {
            organization,
            reference: last.reference.clone(),
            category: format!("{desk}/{request_type}"),
        }),
    }
}
