//! Accounts, as those who administer them and those who meet them see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{me::RoleGrant, nullable::present, ticket::OrganizationRef};

/// A role to grant, and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "local_admin", "organization": "lycee-a"}))]
pub struct GrantRole {
    /// The role.
    pub role: String,
    /// Key of the desk it is limited to; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<String>,
    /// Id of the organization it is limited to, with all that is part of it; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// An account to make.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "person",
    "username": "requester-4",
    "name": "Requérante 4",
    "language": "fr",
    "address": "requester-4@example.org",
    "roles": [{"role": "requester"}],
    "organizations": ["commune-a"]
}))]
pub struct CreateAccount {
    /// What kind of account. An `operator` speaks SOAP, and is a member of one organization with a SIREN.
    pub kind: String,
    /// The name used to sign in, at most 100 characters; one whatever its case.
    pub username: String,
    /// The name that others see, at most 100 characters.
    pub name: String,
    /// The language of mail; French unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where notifications go. A person's own: addresses of an office are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The first password. Without one, a link to choose it is mailed to the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Password)]
    pub password: Option<String>,
    /// Its roles, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<GrantRole>,
    /// Ids of its organizations, at most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<String>,
}

/// An account. What this reader may not know of it is `null`, or an empty list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-000000000001",
    "kind": "person",
    "username": "requester-1",
    "name": "Requérante 1",
    "avatar": null,
    "detailed": true,
    "language": "fr",
    "time_zone": "Europe/Paris",
    "phone": null,
    "default_view": "create_ticket",
    "address": {"address": "requester-1@example.org", "confirmed": true, "refused": false},
    "roles": [{"role": "requester", "desk": null, "organization": null, "profile": "requester"}],
    "organizations": [{"id": "commune-a", "name": "Commune A"}],
    "locked_fields": ["time_zone"],
    "disabled": false,
    "locked_until": null,
    "second_factor": false,
    "created_at": "2026-03-02T09:29:00Z",
    "version": 5
}))]
pub struct Account {
    /// Its id, the same for ever.
    pub id: Uuid,
    /// What kind of account.
    pub kind: String,
    /// User name; `null` once the person is erased.
    #[schema(required = true)]
    pub username: Option<String>,
    /// Name to show; `null` once the person is erased.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Path of the picture; `null` when there is none.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// Whether this reader may know what follows.
    pub detailed: bool,
    /// The language of mail.
    #[schema(required = true)]
    pub language: Option<String>,
    /// Time zone, by its IANA name.
    #[schema(required = true)]
    pub time_zone: Option<String>,
    /// Telephone number.
    #[schema(required = true)]
    pub phone: Option<String>,
    /// The screen shown first.
    #[schema(required = true)]
    pub default_view: Option<String>,
    /// Where notifications go.
    #[schema(required = true)]
    pub address: Option<Address>,
    /// Its roles.
    pub roles: Vec<RoleGrant>,
    /// Its organizations.
    pub organizations: Vec<OrganizationRef>,
    /// Fields that only administrators change.
    pub locked_fields: Vec<String>,
    /// Nobody signs in with it.
    pub disabled: bool,
    /// No try to sign in is taken until then from where so many have failed.
    #[schema(required = true)]
    pub locked_until: Option<DateTime<Utc>>,
    /// A code is asked for at sign-in.
    pub second_factor: bool,
    /// When it was made.
    #[schema(required = true)]
    pub created_at: Option<DateTime<Utc>>,
    /// Number of its events so far, for `If-Match`.
    #[schema(required = true)]
    pub version: Option<u64>,
}

/// A mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"address": "requester-1@example.org", "confirmed": true, "refused": false}))]
pub struct Address {
    /// The address.
    pub address: String,
    /// Its holder has shown that mail arrives.
    pub confirmed: bool,
    /// A mail server has refused it for good since: it should be corrected.
    pub refused: bool,
}

/// A page of accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null, "total": 0}))]
pub struct AccountPage {
    /// The accounts that this reader may see, by id.
    pub items: Vec<Account>,
    /// Cursor of the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// How many match, on all pages.
    pub total: u64,
}

/// Query parameters of the list of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({"q": "requ", "organization": "commune-a", "limit": 50}))]
pub struct AccountQuery {
    /// A part of the name or user name, whatever its accents, case and forms of writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Id of an organization: its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Holders of a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// How many items at most, 1 to 200; 50 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    #[schema(minimum = 1)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What to change on a profile; members that are absent stay as they are, `null` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Requérante Une", "language": "en", "phone": null, "time_zone": "Europe/Paris"}))]
pub struct EditProfile {
    /// The name that others see, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The language of mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub language: Option<String>,
    /// Time zone, by its IANA name; `null` for the server's.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Option<String>>,
    /// Telephone number, at most 32 characters.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    /// The screen shown first; `null` for that of the role.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub default_view: Option<Option<String>>,
    /// What a frontend remembers for the person, whole: at most 50 members and 8 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preferences: Option<BTreeMap<String, Value>>,
}

/// Fields that only administrators change, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fields": ["time_zone"]}))]
pub struct LockFields {
    /// The fields; none when all may be changed by their holder again.
    pub fields: Vec<String>,
}

/// The address of notifications, as whoever administers the account corrects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "requester-1@example.org"}))]
pub struct SetAddress {
    /// The address; `null` takes it away.
    #[schema(required = true)]
    pub address: Option<String>,
}

/// A membership to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organization": "commune-a"}))]
pub struct CreateMembership {
    /// Id of the organization.
    pub organization: String,
}

/// Why an account is disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "A quitté la commune."}))]
pub struct DisableAccount {
    /// The reason, 1 to 1,000 characters.
    pub reason: String,
}

/// An API key to issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Export de nuit", "scopes": ["audit"], "expires_at": "2026-12-31T00:00:00Z"}))]
pub struct CreateApiKey {
    /// What it is for, 1 to 100 characters.
    pub label: String,
    /// What it opens, of what its account may: reading, commands on tickets (`write`), feed, export and proofs (`audit`), accounts
    /// and organizations (`administer`).
    pub scopes: Vec<String>,
    /// From when it no longer holds, within 366 days.
    pub expires_at: DateTime<Utc>,
}

/// An API key. Send it as `Authorization: Bearer …`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-00000000000a",
    "label": "Export de nuit",
    "scopes": ["audit"],
    "issued_at": "2026-03-02T09:29:00Z",
    "expires_at": "2026-12-31T00:00:00Z",
    "key": null
}))]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub label: String,
    /// What it opens.
    pub scopes: Vec<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// From when it no longer holds.
    pub expires_at: DateTime<Utc>,
    /// The key itself: in the answer that issues it, and never again.
    #[schema(required = true)]
    pub key: Option<String>,
}

/// The keys of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": []}))]
pub struct ApiKeyList {
    /// The keys, by id.
    pub items: Vec<ApiKey>,
}
