//! Making accounts and changing them: who may is the policy's word ([`crate::policy::administration`]), what may be is
//! said here.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

pub use super::create::{NewAccount, create, judge_new};
use super::{Account, AccountEvent, AccountKind, ApiKeyIssued, ProfileField, profile::address_faults};
use crate::{
    fault::Fault,
    ids::{ApiKeyId, OrganizationId},
    label::Language,
    messages::{Detail, FaultText},
    personal::Personal,
    policy::{
        Grant, KeyScope, Viewer,
        administration::{AccountOperation, may_grant, may_on_account},
    },
    text_field::{name_faults, words_faults},
};

/// How many roles an account may hold.
pub const GRANTS_MAX: usize = 100;
/// How many organizations an account may be a member of.
pub const MEMBERSHIPS_MAX: usize = 200;
/// How many API keys of an account hold at once.
pub const API_KEYS_MAX: usize = 20;
/// How long an API key may hold, days.
pub const API_KEY_DAYS_MAX: i64 = 366;
/// Longest label of an API key, characters.
pub const LABEL_CHARS_MAX: usize = 100;
/// Longest reason, characters.
pub const REASON_CHARS_MAX: usize = 1_000;

/// Why an account is not made or not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such account for this viewer.
    #[error("there is no such account for this one")]
    NotFound,
    /// The viewer may know of it, but not do this.
    #[error("{}", why.text(Language::En))]
    NotPermitted {
        /// What it may not.
        why: Detail,
    },
    /// What is to be taken away is not there. Success would be told for nothing done: who revokes a key that is another's must learn
    /// that theirs lives on.
    #[error("{}", why.text(Language::En))]
    Absent {
        /// What is missing.
        why: Detail,
    },
    /// It is disabled already, for another reason.
    #[error("the account is disabled already")]
    Disabled,
    /// Fields at fault, all of them.
    #[error("{} field(s) are at fault", .0.len())]
    Invalid(Vec<Fault>),
}

/// What is wanted of an account by those who administer it.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Grant a role.
    Grant(Grant),
    /// Take a role back.
    Revoke(Grant),
    /// Make it a member.
    Join(OrganizationId),
    /// End a membership.
    Leave(OrganizationId),
    /// Let nobody sign in with it.
    Disable {
        /// Why.
        reason: String,
    },
    /// Let its holder sign in again.
    Enable,
    /// End a lock-out.
    Unlock,
    /// Lock these fields, and no others.
    LockFields(BTreeSet<ProfileField>),
    /// Correct the address of notifications (seed 002, F76).
    SetAddress(Option<String>),
    /// Take the second factor away from who lost it.
    RemoveSecondFactor,
    /// Issue a key to a program.
    IssueKey {
        /// Its id.
        key: ApiKeyId,
        /// What it is for.
        label: String,
        /// SHA-256 of it, hexadecimal.
        hash: String,
        /// What it opens.
        scopes: BTreeSet<KeyScope>,
        /// From when it no longer holds.
        expires_at: DateTime<Utc>,
    },
    /// Revoke a key.
    RevokeKey(ApiKeyId),
}

impl Change {
    fn operation(&self) -> AccountOperation {
        match self {
            Change::Grant(_) | Change::Revoke(_) => AccountOperation::GrantRoles,
            Change::IssueKey { .. } | Change::RevokeKey(_) => AccountOperation::IssueKeys,
            Change::Join(_) | Change::Leave(_) => AccountOperation::ManageMemberships,
            Change::Disable { .. }
            | Change::Enable
            | Change::Unlock
            | Change::LockFields(_)
            | Change::SetAddress(_)
            | Change::RemoveSecondFactor => AccountOperation::Manage,
        }
    }
}

/// Whether the viewer may order such a change at all, whatever comes of it.
///
/// # Errors
/// [`Refusal::NotFound`] or [`Refusal::NotPermitted`].
pub fn may_order(viewer: &Viewer, account: &Account, change: &Change) -> Result<(), Refusal> {
    if !may_on_account(viewer, AccountOperation::See, account) {
        return Err(Refusal::NotFound);
    }
    let operation = change.operation();
    if may_on_account(viewer, operation, account) {
        Ok(())
    } else {
        Err(Refusal::NotPermitted {
            why: operation.refusal(),
        })
    }
}

/// Decides a change by whoever administers the account; no events when what is to be given or set is so already. What is to be
/// taken away must be there.
///
/// # Errors
/// See [`Refusal`].
pub fn decide(
    viewer: &Viewer,
    account: &Account,
    change: Change,
    at: DateTime<Utc>,
) -> Result<Vec<AccountEvent>, Refusal> {
    may_order(viewer, account, &change)?;
    match change {
        Change::Grant(grant) => granted(viewer, account, grant),
        Change::Revoke(grant) => revoked(viewer, account, grant),
        Change::Join(organization) => joined(viewer, account, organization),
        Change::Leave(organization) => left(viewer, account, organization),
        Change::Disable { reason } => disabled(account, reason),
        Change::Enable => there(account.disabled, AccountEvent::Enabled {}, Detail::NotDisabled),
        Change::Unlock => there(
            account.locked_until.is_some_and(|until| until > at),
            AccountEvent::Unlocked {},
            Detail::NotLocked,
        ),
        Change::LockFields(fields) => Ok(one_if(
            account.locked_fields != fields,
            AccountEvent::FieldsLocked { fields },
        )),
        Change::SetAddress(address) => address_set(account, address, false),
        Change::RemoveSecondFactor => there(
            account.second_factor.is_some(),
            AccountEvent::SecondFactorRemoved {},
            Detail::NoSecondFactor,
        ),
        Change::IssueKey {
            key,
            label,
            hash,
            scopes,
            expires_at,
        } => {
            let faults = key_faults(account, &label, &scopes, expires_at, at);
            if !faults.is_empty() {
                return Err(Refusal::Invalid(faults));
            }
            let holder = account.id.person();
            Ok(vec![AccountEvent::ApiKeyIssued(ApiKeyIssued {
                key,
                label: Personal::new(holder, label),
                hash: Personal::new(holder, hash),
                scopes,
                expires_at,
            })])
        }
        Change::RevokeKey(key) => there(
            account.api_keys.contains_key(&key),
            AccountEvent::ApiKeyRevoked { key },
            Detail::NoSuchKey,
        ),
    }
}

/// The events that give an account an address; none when it has it already and nothing is shown by it.
///
/// # Errors
/// [`Refusal::Invalid`] when it is no address of such an account.
pub fn address_set(
    account: &Account,
    address: Option<String>,
    confirmed: bool,
) -> Result<Vec<AccountEvent>, Refusal> {
    let Some(address) = address else {
        return Ok(one_if(account.address.is_some(), AccountEvent::AddressRemoved {}));
    };
    let faults = address_faults("/address", &address, account.kind);
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    let same = account
        .address
        .as_ref()
        .is_some_and(|today| today.address == address && (today.confirmed || !confirmed) && !today.refused);
    let address = Personal::new(account.id.person(), address);
    Ok(one_if(!same, AccountEvent::AddressSet { address, confirmed }))
}

fn granted(viewer: &Viewer, account: &Account, grant: Grant) -> Result<Vec<AccountEvent>, Refusal> {
    if !may_grant(viewer, &grant) {
        return Err(Refusal::NotPermitted {
            why: Detail::MayNotGrantThere,
        });
    }
    if account.grants.contains(&grant) {
        return Ok(Vec::new());
    }
    if account.grants.len() >= GRANTS_MAX {
        return Err(invalid("/role", FaultText::RolesMax { max: GRANTS_MAX }));
    }
    Ok(vec![AccountEvent::RoleGranted { grant }])
}

fn revoked(viewer: &Viewer, account: &Account, grant: Grant) -> Result<Vec<AccountEvent>, Refusal> {
    if !may_grant(viewer, &grant) {
        return Err(Refusal::NotPermitted {
            why: Detail::MayNotRevokeThere,
        });
    }
    there(
        account.grants.contains(&grant),
        AccountEvent::RoleRevoked { grant },
        Detail::RoleNotHeld,
    )
}

fn joined(
    viewer: &Viewer,
    account: &Account,
    organization: OrganizationId,
) -> Result<Vec<AccountEvent>, Refusal> {
    if !viewer.administers(&organization) {
        return Err(Refusal::NotPermitted {
            why: Detail::MayNotMakeMembers,
        });
    }
    if account.organizations.contains(&organization) {
        return Ok(Vec::new());
    }
    if account.organizations.len() >= MEMBERSHIPS_MAX {
        return Err(invalid(
            "/organization",
            FaultText::MembershipsMax { max: MEMBERSHIPS_MAX },
        ));
    }
    // A second organization would be a second SIREN to report under (seed 001 §3.1.1).
    if account.kind == AccountKind::Operator && !account.organizations.is_empty() {
        return Err(invalid("/organization", FaultText::OperatorInOneOrganization));
    }
    Ok(vec![AccountEvent::Joined { organization }])
}

fn left(
    viewer: &Viewer,
    account: &Account,
    organization: OrganizationId,
) -> Result<Vec<AccountEvent>, Refusal> {
    if !viewer.administers(&organization) {
        return Err(Refusal::NotPermitted {
            why: Detail::MayNotEndMembership,
        });
    }
    there(
        account.organizations.contains(&organization),
        AccountEvent::Left { organization },
        Detail::NotAMember,
    )
}

fn disabled(account: &Account, reason: String) -> Result<Vec<AccountEvent>, Refusal> {
    let faults = words_faults("/reason", &reason, REASON_CHARS_MAX);
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    // About whom it is, not by whom: it goes when they are erased (ADR 3).
    let reason = Personal::new(account.id.person(), reason);
    // The reason would be lost, and who gives it would take it for written.
    if account.disabled {
        return Err(Refusal::Disabled);
    }
    Ok(vec![AccountEvent::Disabled { reason }])
}

/// What is wrong with the label of an API key.
#[must_use]
pub fn label_faults(label: &str) -> Vec<Fault> {
    name_faults("/label", label, LABEL_CHARS_MAX)
}

fn key_faults(
    account: &Account,
    label: &str,
    scopes: &BTreeSet<KeyScope>,
    expires_at: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if account.kind == AccountKind::Person {
        faults.push(Fault::new("/label", FaultText::KeysForProgramsOnly));
    }
    faults.extend(label_faults(label));
    if scopes.is_empty() {
        faults.push(Fault::required("/scopes"));
    }
    if expires_at <= at || expires_at > at + TimeDelta::days(API_KEY_DAYS_MAX) {
        faults.push(Fault::new(
            "/expires_at",
            FaultText::KeyExpiry {
                days: API_KEY_DAYS_MAX,
            },
        ));
    }
    let holding = account.api_keys.values().filter(|key| key.expires_at > at);
    if holding.count() >= API_KEYS_MAX {
        faults.push(Fault::new("/label", FaultText::KeysMax { max: API_KEYS_MAX }));
    }
    faults
}

/// The end of something, when it is there.
fn there(is: bool, end: AccountEvent, why: Detail) -> Result<Vec<AccountEvent>, Refusal> {
    if is {
        Ok(vec![end])
    } else {
        Err(Refusal::Absent { why })
    }
}

fn one_if(is: bool, event: AccountEvent) -> Vec<AccountEvent> {
    if is { vec![event] } else { Vec::new() }
}

fn invalid(pointer: &str, text: FaultText) -> Refusal {
    Refusal::Invalid(vec![Fault::new(pointer, text)])
}
