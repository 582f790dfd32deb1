//! Who the caller is, and what the caller may do where.

use crate::desk::DeskSummary;
use crate::ticket::AccountRef;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The caller's account, roles, organizations and desks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "account": {"id": "0198c0de-7000-7000-8000-000000000003", "username": "oc-alpha", "name": "OC Alpha"},
    "roles": [{"role": "operator", "desk": "SAV", "organization": "oc-alpha"}],
    "organizations": [{"id": "oc-alpha", "name": "OC Alpha", "siren": "123456782"}],
    "desks": [{"key": "SAV", "name": "SAV FTTH"}]
}))]
pub struct Me {
    /// The account signed in.
    pub account: AccountRef,
    /// Roles, each with the desk and the organization it is limited to.
    pub roles: Vec<RoleGrant>,
    /// Organizations the account is a member of.
    pub organizations: Vec<MyOrganization>,
    /// Desks the account can use.
    pub desks: Vec<DeskSummary>,
}

/// One role and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"role": "operator", "desk": "SAV", "organization": "oc-alpha"}))]
pub struct RoleGrant {
    /// `requester`, `agent`, `local_admin`, `operator`, `supplier`, `auditor` or `admin`.
    pub role: String,
    /// Key of the desk it is limited to; `null` for all.
    #[schema(required = true)]
    pub desk: Option<String>,
    /// Id of the organization it is limited to; `null` for all.
    #[schema(required = true)]
    pub organization: Option<String>,
}

/// An organization of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "oc-alpha", "name": "OC Alpha", "siren": "123456782"}))]
pub struct MyOrganization {
    /// Id of the organization.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its SIREN, the nine digits of a French company; `null` when it has none.
    /// The SOAP door checks `serviceProviderID` against it (seed 001, 3.1.1).
    #[schema(required = true)]
    pub siren: Option<String>,
}
