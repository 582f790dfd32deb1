//! Organizations: municipalities, schools, operators (design §6). A tree; moving in it comes with its commands.

use serde::{Deserialize, Serialize};

use crate::ids::OrganizationId;

/// What happened to an organization. One stream per organization, named `organization-<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum OrganizationEvent {
    /// `organization-created.v1`
    Created(Organization),
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
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
