//! What those who administer an account change on it: roles, memberships, whether anybody signs in.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, delete, post, put, web::Path};
use api_types::{Account, CreateMembership, DisableAccount, GrantRole, LockFields, SetAddress};
use domain::{
    AccountId, Fault, FaultText,
    account::{ProfileField, change::Change},
    policy::{
        Profile,
        administration::{AccountOperation, may_on_account},
    },
};

use super::{account_answer, account_in, named_grant};
use crate::{
    body::Body,
    caller::Caller,
    refusal::{FORBIDDEN, NOT_FOUND, Refusal},
};

/// The account in a path, when the caller may do this with it: asked before anything is said of what a request names, so that who
/// may not do it learns nothing of that.
fn account_for(caller: &Caller, text: &str, operation: AccountOperation) -> Result<AccountId, Refusal> {
    let id = account_in(caller, text)?;
    let account = caller
        .application
        .directory()
        .account_for(caller.viewer(), id, AccountOperation::See)?;
    if may_on_account(caller.viewer(), operation, &account) {
        Ok(id)
    } else {
        Err(Refusal::new(&FORBIDDEN))
    }
}

/// Carries out a change and answers the account.
async fn changed(
    caller: &Caller,
    what: &str,
    asked: &[u8],
    id: &str,
    change: Change,
) -> Result<HttpResponse, Refusal> {
    let id = account_in(caller, id)?;
    let call = caller.call(&what.replace("{id}", &id.to_string()), asked)?;
    let account = caller
        .application
        .people
        .change_account(call, id, vec![change])
        .await;
    let account = account.map_err(|error| caller.refusal(error))?;
    Ok(account_answer(caller, &account))
}

/// Grant a role.
///
/// Within the caller's own limits of desk and organization; nobody grants to themselves.
#[utoipa::path(
    operation_id = "grant_role", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    request_body = GrantRole,
    responses((status = 200, description = "The account.", body = Account)),
)]
#[post("/accounts/{id}/roles")]
pub(crate) async fn grant_role(
    caller: Caller,
    path: Path<String>,
    body: Body<GrantRole>,
) -> Result<HttpResponse, Refusal> {
    // Who may not see the account must not learn from a fault that it is there.
    account_in(&caller, &path)?;
    let grant = caller
        .application
        .people
        .grant_named(caller.viewer(), &named_grant(body.value), "");
    let grant = match grant {
        Ok(grant) => grant,
        Err(faults) => {
            account_for(&caller, &path, AccountOperation::GrantRoles)?;
            return Err(Refusal::faults(faults));
        }
    };
    changed(
        &caller,
        "POST /v1/accounts/{id}/roles",
        &body.canonical,
        &path,
        Change::Grant(grant),
    )
    .await
}

/// Take a role back.
///
/// What was done with it stays. The last administrator stays one.
#[utoipa::path(
    operation_id = "revoke_role", tag = "accounts",
    params(
        ("id" = String, Path, description = "The account's id, or its user name."),
        ("profile" = String, Path, description = "The role as its `profile` names it.", example = "local_admin@lycee-a"),
    ),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[delete("/accounts/{id}/roles/{profile}")]
pub(crate) async fn revoke_role(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (id, profile) = path.into_inner();
    account_in(&caller, &id)?;
    let profile: Profile = profile
        .parse()
        .map_err(|error: domain::ids::NameError| Refusal::new(&NOT_FOUND).cause(error))?;
    let what = format!("DELETE /v1/accounts/{{id}}/roles/{profile}");
    changed(&caller, &what, b"", &id, Change::Revoke(profile.0)).await
}

/// Make an account a member of an organization.
///
/// Its holder sees what the organization shares from now on. A membership that is there already changes nothing.
#[utoipa::path(
    operation_id = "create_membership", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    request_body = CreateMembership,
    responses((status = 200, description = "The account.", body = Account)),
)]
#[post("/accounts/{id}/memberships")]
pub(crate) async fn create_membership(
    caller: Caller,
    path: Path<String>,
    body: Body<CreateMembership>,
) -> Result<HttpResponse, Refusal> {
    account_in(&caller, &path)?;
    let named = caller
        .application
        .directory()
        .organization_seen(caller.viewer(), &body.value.organization);
    let Some(organization) = named else {
        account_for(&caller, &path, AccountOperation::ManageMemberships)?;
        let fault = Fault::new("/organization", FaultText::NamesNoOrganization);
        return Err(Refusal::faults(vec![fault]));
    };
    let change = Change::Join(organization.id.clone());
    changed(
        &caller,
        "POST /v1/accounts/{id}/memberships",
        &body.canonical,
        &path,
        change,
    )
    .await
}

/// End a membership.
///
/// What was shared with the organization is no longer shared with the account from now on.
#[utoipa::path(
    operation_id = "delete_membership", tag = "accounts",
    params(
        ("id" = String, Path, description = "The account's id, or its user name."),
        ("organization" = String, Path, description = "The organization's id."),
    ),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[delete("/accounts/{id}/memberships/{organization}")]
pub(crate) async fn delete_membership(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (id, organization) = path.into_inner();
    account_in(&caller, &id)?;
    let organization = caller
        .application
        .directory()
        .organization_seen(caller.viewer(), &organization);
    let Some(organization) = organization else {
        account_for(&caller, &id, AccountOperation::ManageMemberships)?;
        return Err(Refusal::new(&NOT_FOUND));
    };
    let organization = &organization.id;
    let what = format!("DELETE /v1/accounts/{{id}}/memberships/{organization}");
    changed(&caller, &what, b"", &id, Change::Leave(organization.clone())).await
}

/// Let nobody sign in with an account any more.
///
/// Its sign-ins end. Its tickets and its name stay; only an erasure takes those away.
#[utoipa::path(
    operation_id = "disable_account", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    request_body = DisableAccount,
    responses((status = 200, description = "The account.", body = Account)),
)]
#[post("/accounts/{id}/disablement")]
pub(crate) async fn disable_account(
    caller: Caller,
    path: Path<String>,
    body: Body<DisableAccount>,
) -> Result<HttpResponse, Refusal> {
    let change = Change::Disable {
        reason: body.value.reason,
    };
    changed(
        &caller,
        "POST /v1/accounts/{id}/disablement",
        &body.canonical,
        &path,
        change,
    )
    .await
}

/// Let its holder sign in again.
///
/// Its holder can sign in again, with the password of before. 404 when it is not disabled.
#[utoipa::path(
    operation_id = "enable_account", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[delete("/accounts/{id}/disablement")]
pub(crate) async fn enable_account(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    changed(
        &caller,
        "DELETE /v1/accounts/{id}/disablement",
        b"",
        &path,
        Change::Enable,
    )
    .await
}

/// End a lock-out before its time.
///
/// Failed tries of its name are forgotten, and it is on record who let somebody in again. 404 when none is held
/// against it.
#[utoipa::path(
    operation_id = "unlock_account", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[delete("/accounts/{id}/lock")]
pub(crate) async fn unlock_account(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    changed(
        &caller,
        "DELETE /v1/accounts/{id}/lock",
        b"",
        &path,
        Change::Unlock,
    )
    .await
}

/// Say which fields of the profile only administrators change.
///
/// The list replaces the one of before. The fields of other lists can be changed by the holder again.
#[utoipa::path(
    operation_id = "lock_fields", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    request_body = LockFields,
    responses((status = 200, description = "The account.", body = Account)),
)]
#[put("/accounts/{id}/locked-fields")]
pub(crate) async fn lock_fields(
    caller: Caller,
    path: Path<String>,
    body: Body<LockFields>,
) -> Result<HttpResponse, Refusal> {
    let mut fields = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, name) in body.value.fields.iter().enumerate() {
        match ProfileField::named(name) {
            Ok(field) => drop(fields.insert(field)),
            Err(text) => faults.push(Fault::new(format!("/fields/{index}"), text)),
        }
    }
    account_in(&caller, &path)?;
    if !faults.is_empty() {
        return Err(Refusal::faults(faults));
    }
    changed(
        &caller,
        "PUT /v1/accounts/{id}/locked-fields",
        &body.canonical,
        &path,
        Change::LockFields(fields),
    )
    .await
}

/// Correct the address of notifications.
///
/// It counts as not confirmed until its holder confirms it.
#[utoipa::path(
    operation_id = "set_address", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    request_body = SetAddress,
    responses((status = 200, description = "The account.", body = Account)),
)]
#[put("/accounts/{id}/address")]
pub(crate) async fn set_address(
    caller: Caller,
    path: Path<String>,
    body: Body<SetAddress>,
) -> Result<HttpResponse, Refusal> {
    let change = Change::SetAddress(body.value.address);
    changed(
        &caller,
        "PUT /v1/accounts/{id}/address",
        &body.canonical,
        &path,
        change,
    )
    .await
}

/// Take the second factor away from who has lost it.
///
/// For a holder who has lost it: they sign in with the password alone and can set another one up.
#[utoipa::path(
    operation_id = "delete_second_factor", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[delete("/accounts/{id}/second-factor")]
pub(crate) async fn delete_second_factor(
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, Refusal> {
    changed(
        &caller,
        "DELETE /v1/accounts/{id}/second-factor",
        b"",
        &path,
        Change::RemoveSecondFactor,
    )
    .await
}

/// Sign an account out everywhere.
///
/// Every token of theirs is refused from now on.
#[utoipa::path(
    operation_id = "delete_sign_ins_of", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    responses((status = 204, description = "Every sign-in of the account has ended.")),
)]
#[delete("/accounts/{id}/sign-ins")]
pub(crate) async fn delete_sign_ins_of(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let id = account_for(&caller, &path, AccountOperation::Manage)?;
    let call = caller.call(&format!("DELETE /v1/accounts/{id}/sign-ins"), b"")?;
    let ended = caller.application.identity.sign_out_everywhere(call, id).await;
    ended.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}
