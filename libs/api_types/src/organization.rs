//! Organizations and their contracts.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    nullable::present,
    ticket::{AccountRef, OrganizationRef},
};

/// An organization to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "lycee-b", "name": "Lycée B", "parent": "lycee-a"}))]
pub struct CreateOrganization {
    /// Its public short name: 1 to 63 lower-case letters, digits, `-` and `_`, a letter first. It never changes.
    pub id: String,
    /// Its name, at most 200 characters.
    pub name: String,
    /// Its SIREN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siren: Option<String>,
    /// Id of the organization it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// What to change on an organization; members that are absent stay as they are, `null` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Lycée B", "parent": null, "referent": "referent"}))]
pub struct EditOrganization {
    /// Its name, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Its SIREN.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub siren: Option<Option<String>>,
    /// Id of the organization it is part of.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub parent: Option<Option<String>>,
    /// Id or user name of who is asked about it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub referent: Option<Option<String>>,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "lycee-b",
    "name": "Lycée B",
    "siren": null,
    "parent": {"id": "region-a", "name": "Région A"},
    "path": [{"id": "region-a", "name": "Région A"}, {"id": "lycee-b", "name": "Lycée B"}],
    "referent": null,
    "contracts": [],
    "version": 1
}))]
pub struct Organization {
    /// Its public short name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its SIREN.
    #[schema(required = true)]
    pub siren: Option<String>,
    /// The organization it is part of.
    #[schema(required = true)]
    pub parent: Option<OrganizationRef>,
    /// From the top of the tree down to itself.
    pub path: Vec<OrganizationRef>,
    /// Who is asked about it.
    #[schema(required = true)]
    pub referent: Option<Referent>,
    /// Its contracts, by id.
    pub contracts: Vec<Contract>,
    /// Number of its events so far, for `If-Match`.
    pub version: u64,
}

/// Who is asked about a customer: the support identifier and mail of seed 004 §4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "account": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "referent", "name": "Référent du lycée A"},
    "address": "referent@example.org"
}))]
pub struct Referent {
    /// The account.
    pub account: AccountRef,
    /// Where mail reaches them.
    #[schema(required = true)]
    pub address: Option<String>,
}

/// A contract to sign, or what one says from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "reference": "SUP-2026-17", "level": "gold", "valid_from": "2026-01-01", "valid_to": "2026-12-31",
    "categories": ["SUP/incident"], "responsible": "agent"
}))]
pub struct ContractTerms {
    /// What both sides call it, 1 to 64 characters.
    pub reference: String,
    /// What is promised.
    pub level: String,
    /// The first day on which it holds, UTC.
    pub valid_from: NaiveDate,
    /// The last day on which it holds, UTC.
    pub valid_to: NaiveDate,
    /// Desks (`SUP`) or request types of one (`SUP/incident`) that it is about, at most 100; everything when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Id or user name of who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
}

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-00000000000c",
    "reference": "SUP-2026-17", "level": "gold", "valid_from": "2026-01-01", "valid_to": "2026-12-31",
    "holds": true, "categories": ["SUP/incident"],
    "responsible": {"id": "0198c0de-7000-7000-8000-000000000003", "username": "agent", "name": "Agent"},
    "responsible_phone": "+33 1 23 45 67 89"
}))]
pub struct Contract {
    /// Its id.
    pub id: Uuid,
    /// What both sides call it.
    pub reference: String,
    /// What is promised.
    pub level: String,
    /// The first day on which it holds, UTC.
    pub valid_from: NaiveDate,
    /// The last day on which it holds, UTC.
    pub valid_to: NaiveDate,
    /// It holds today.
    pub holds: bool,
    /// What it is about; everything when empty.
    pub categories: Vec<String>,
    /// Who answers for it.
    #[schema(required = true)]
    pub responsible: Option<AccountRef>,
    /// Their telephone, from level `gold` on and while the contract holds.
    #[schema(required = true)]
    pub responsible_phone: Option<String>,
}

/// A page of organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null, "total": 0}))]
pub struct OrganizationPage {
    /// The organizations that this reader may see, by id.
    pub items: Vec<Organization>,
    /// Cursor of the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// How many match, on all pages.
    pub total: u64,
}

/// Query parameters of the list of organizations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({"q": "lyc", "mine": true, "limit": 20}))]
pub struct OrganizationQuery {
    /// A part of the name or id, whatever its accents, case and forms of writing: for completion while typing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those that the caller is a member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<bool>,
    /// Id of an organization: itself and all that is part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// How many items at most, 1 to 200; 50 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    #[schema(minimum = 1)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
