//! Who the caller is, and what the caller may do where.

use std::collections::BTreeMap;

use crate::account::Address;
use crate::desk::DeskSummary;
use crate::ticket::AccountRef;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The caller's account, roles, organizations and desks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "account": {"id": "0198c0de-7000-7000-8000-000000000003", "username": "oc-alpha", "name": "OC Alpha"},
    "roles": [{"role": "operator", "desk": "SAV", "organization": "oc-alpha", "profile": "operator:SAV@oc-alpha"}],
    "organizations": [{"id": "oc-alpha", "name": "OC Alpha", "siren": "123456782"}],
    "desks": [{"key": "SAV", "name": "SAV FTTH"}],
    "profile": {"language": "fr", "time_zone": "Europe/Paris", "phone": null, "default_view": "my_tickets",
        "address": null, "avatar": null, "preferences": {}, "locked_fields": []},
    "acting_as": null,
    "acting_in": null,
    "second_factor": false,
    "version": 4
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
    /// What the person has chosen, and what follows from the roles where nothing was chosen.
    pub profile: MyProfile,
    /// The profile of `Guichet-Profile`, when the call was made in one.
    #[schema(required = true)]
    pub acting_as: Option<String>,
    /// The organization of `Guichet-Organization`, when the call was made in one.
    #[schema(required = true)]
    pub acting_in: Option<String>,
    /// A code is asked for at sign-in.
    pub second_factor: bool,
    /// Number of the account's events so far, for `If-Match`.
    pub version: u64,
}

/// The caller's profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "language": "fr", "time_zone": "Europe/Paris", "phone": null, "default_view": "my_tickets", "address": null,
    "avatar": null, "preferences": {}, "locked_fields": []
}))]
pub struct MyProfile {
    /// The language of mail.
    pub language: String,
    /// Time zone, by its IANA name.
    pub time_zone: String,
    /// Telephone number.
    #[schema(required = true)]
    pub phone: Option<String>,
    /// The screen shown first.
    pub default_view: String,
    /// Where notifications go.
    #[schema(required = true)]
    pub address: Option<Address>,
    /// Path of the picture.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// What frontends remember.
    pub preferences: BTreeMap<String, Value>,
    /// Fields that only administrators change.
    pub locked_fields: Vec<String>,
}

/// A new address of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "requester-1@example.org", "password": "Guichet-demo-1"}))]
pub struct RequestAddress {
    /// The address; a link to confirm it is mailed there.
    pub address: String,
    /// The caller's password. Without one here, a sign-in of the last ten minutes stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Password)]
    pub password: Option<String>,
}

/// One role and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "role": "operator", "desk": "SAV", "organization": "oc-alpha", "profile": "operator:SAV@oc-alpha"
}))]
pub struct RoleGrant {
    /// The role.
    pub role: String,
    /// Key of the desk it is limited to; `null` for all.
    #[schema(required = true)]
    pub desk: Option<String>,
    /// Id of the organization it is limited to, with all that is part of it; `null` for all.
    #[schema(required = true)]
    pub organization: Option<String>,
    /// The same in one word: what `Guichet-Profile` takes, and the path of taking the role back.
    pub profile: String,
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
    /// The SOAP door checks `serviceProviderID` against it.
    #[schema(required = true)]
    pub siren: Option<String>,
}
