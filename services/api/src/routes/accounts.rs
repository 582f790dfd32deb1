//! Accounts, for those who administer them and those who meet them.

pub mod administering;
pub mod keys;

use actix_web::{HttpRequest, HttpResponse, get, http::header, patch, post, web::Path};
use api_types::{Account, AccountPage, AccountQuery, CreateAccount, EditProfile, FileBytes, GrantRole};
use application::people::accounts::{AccountDraft, NamedGrant};
use domain::{
    AccountId, FaultText, OrganizationId,
    policy::administration::{AccountOperation, may_on_account},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    digests::content_digest,
    edit_of, language,
    listed::{self, Sought},
};
use crate::{
    answer,
    body::Body,
    caller::Caller,
    parameters::Parameters,
    refusal::{NOT_FOUND, Refusal},
};

/// How long a picture may be kept, s: its address stays the same when its holder chooses another one.
pub const AVATAR_KEPT_S: u64 = 5 * 60;

/// The account in a path: an id, a user name, or `me`.
pub(super) fn account_in(caller: &Caller, text: &str) -> Result<AccountId, Refusal> {
    if text == "me" {
        return Ok(caller.account().id);
    }
    let known = caller.application.directory().account_seen(caller.viewer(), text);
    known
        .map(|account| account.id)
        .ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// A role that a body names.
fn named_grant(role: GrantRole) -> NamedGrant {
    NamedGrant {
        role: role.role,
        desk: role.desk,
        organization: role.organization,
    }
}

/// An account as an answer, with its version.
pub(super) fn account_answer(caller: &Caller, account: &domain::account::Account) -> HttpResponse {
    let answer = answer::account_in_full(&caller.application, caller.viewer(), account);
    let mut response = HttpResponse::Ok();
    // Who is shown the account without its version may not read that in a header either.
    if let Some(version) = answer.version {
        response.insert_header(super::etag(version));
    }
    response.json(answer)
}

/// Make an account.
///
/// For administrators and, within their establishment, local administrators. Nobody grants what they could not be granted
/// from: roles and organizations lie within the caller's own.
#[utoipa::path(
    operation_id = "create_account", tag = "accounts",
    request_body = CreateAccount,
    responses((status = 201, description = "The account.", body = Account)),
)]
#[post("/accounts")]
pub(crate) async fn create_account(
    caller: Caller,
    body: Body<CreateAccount>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/accounts", &body.canonical)?;
    let asked = body.value;
    let language = language(asked.language.as_deref(), "/language")?;
    let draft = AccountDraft {
        kind: asked.kind,
        username: asked.username,
        name: asked.name,
        language: language.unwrap_or_default(),
        address: asked.address,
        password: asked.password,
        roles: asked.roles.into_iter().map(named_grant).collect(),
        organizations: asked.organizations,
    };
    let account = caller.application.people.create_account(call, draft).await;
    let account = account.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/accounts/{}", account.id)))
        .insert_header(super::etag(account.version))
        .json(answer::account_in_full(
            &caller.application,
            caller.viewer(),
            &account,
        )))
}

/// The accounts that the caller may see.
///
/// One sees colleagues; who treats tickets sees those who may open them.
#[utoipa::path(
    operation_id = "list_accounts", tag = "accounts", params(AccountQuery),
    responses((status = 200, description = "A page.", body = AccountPage)),
)]
#[get("/accounts")]
pub(crate) async fn list_accounts(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let q = Sought::take(&mut parameters);
    let organization: Option<OrganizationId> =
        parameters.parsed("organization", FaultText::NotAnOrganizationId);
    let role = parameters.named("role", domain::policy::Role::named);
    let page = listed::Page::<Uuid>::take(&mut parameters, FaultText::NotAnAccountId);
    parameters.end()?;
    let viewer = caller.viewer();
    // A filter by what one may not read would tell it.
    let reads = |account: &domain::account::Account| may_on_account(viewer, AccountOperation::Read, account);
    let found = caller.application.directory().accounts(|account| {
        may_on_account(viewer, AccountOperation::See, account)
            && organization.as_ref().is_none_or(|of| {
                account.organizations.contains(of) && (viewer.organizations.contains(of) || reads(account))
            })
            && role.is_none_or(|role| reads(account) && account.grants.iter().any(|grant| grant.role == role))
            && q.as_ref().is_none_or(|q| {
                q.is_in(
                    [&account.name, &account.username]
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                )
            })
    });
    let (found, total, next_cursor) = page.cut(found, |account| account.id.0);
    let items = found
        .iter()
        .map(|account| answer::account_in_full(&caller.application, viewer, account));
    Ok(HttpResponse::Ok().json(AccountPage {
        items: items.collect(),
        next_cursor,
        total,
    }))
}

/// One account: the profile that a requester's name leads to.
///
/// Whoever may see the account reads its name and kind; what else is there depends on their rights, and `detailed`
/// says so.
#[utoipa::path(
    operation_id = "get_account", tag = "accounts",
    params(("id" = String, Path, description = "Its id, its user name, or `me`.")),
    responses((status = 200, description = "The account.", body = Account)),
)]
#[get("/accounts/{id}")]
pub(crate) async fn get_account(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let id = account_in(&caller, &path)?;
    let account = caller
        .application
        .directory()
        .account_for(caller.viewer(), id, AccountOperation::See)?;
    Ok(account_answer(&caller, &account))
}

/// Change the profile of an account that one administers.
///
/// For those who administer the account; its holder uses `PATCH /v1/me`.
#[utoipa::path(
    operation_id = "edit_account", tag = "accounts",
    params(("id" = String, Path, description = "Its id, or its user name.")),
    request_body = EditProfile,
    responses((status = 200, description = "The account.", body = Account)),
)]
#[patch("/accounts/{id}")]
pub(crate) async fn edit_account(
    caller: Caller,
    path: Path<String>,
    body: Body<EditProfile>,
) -> Result<HttpResponse, Refusal> {
    let id = account_in(&caller, &path)?;
    let call = caller.call(&format!("PATCH /v1/accounts/{id}"), &body.canonical)?;
    let edited = caller
        .application
        .people
        .edit_profile(call, id, edit_of(body.value)?)
        .await;
    let edited = edited.map_err(|error| caller.refusal(error))?;
    Ok(account_answer(&caller, &edited))
}

/// The picture of an account, as the server has encoded it.
///
/// As the server encoded it anew. The address in `avatar` names a version, so that it can be kept.
#[utoipa::path(
    operation_id = "get_avatar", tag = "accounts",
    params(("id" = String, Path, description = "Its id, its user name, or `me`.")),
    responses((status = 200, description = "The picture.", body = inline(FileBytes), content_type = "image/jpeg", headers(
        ("Content-Digest", description = "The SHA-256 of the bytes (RFC 9530)."),
        ("ETag", description = "Its version."),
    ))),
)]
#[get("/accounts/{id}/avatar")]
pub(crate) async fn get_avatar(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let (id, kept_s) = (account_in(&caller, &path)?, caller.kept_s(AVATAR_KEPT_S));
    let avatar = caller.asks(move |caller, reader| Ok(reader.people().avatar(caller.viewer(), id)?));
    let avatar = avatar.await?;
    Ok(HttpResponse::Ok()
        .content_type(avatar.media_type)
        .insert_header(super::etag(avatar.version))
        .insert_header(content_digest(&Sha256::digest(&avatar.bytes).into()))
        .insert_header((header::CACHE_CONTROL, format!("private, max-age={kept_s}")))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(avatar.bytes))
}
