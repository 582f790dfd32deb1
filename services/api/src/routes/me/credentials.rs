//! What only the holder of an account does: password, second factor, sign-ins.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use api_types::{
    ChangePassword, ConfirmSecondFactor, PasswordConfirmation, PendingSecondFactor, RecoveryCodes, SignIn,
    SignInList,
};
use application::identity::passwords::NewPassword;
use chrono::Utc;
use uuid::Uuid;

use crate::{
    body::Body,
    caller::Caller,
    refusal::{NOT_FOUND, Refusal},
};

/// Change one's own password.
///
/// The password until now is asked for; all other sign-ins of the caller end.
#[utoipa::path(
    operation_id = "change_password", tag = "me",
    request_body = ChangePassword,
    responses((status = 204, description = "The new password holds.")),
)]
#[post("/me/password")]
pub(crate) async fn change_password(
    caller: Caller,
    body: Body<ChangePassword>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/me/password", &body.canonical)?;
    let asked = body.value;
    let new = NewPassword {
        password: asked.new_password,
        confirmation: asked.confirmation,
    };
    let changed = caller
        .application
        .identity
        .change_password(call, asked.current_password, new);
    changed.await.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begin a second factor.
///
/// Put the secret into an authenticator, then confirm it with a first code within ten minutes.
#[utoipa::path(
    operation_id = "begin_second_factor", tag = "me",
    request_body = PasswordConfirmation,
    responses((status = 200, description = "The secret, shown this once.", body = PendingSecondFactor)),
)]
#[post("/me/second-factor")]
pub(crate) async fn begin_second_factor(
    caller: Caller,
    body: Body<PasswordConfirmation>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/me/second-factor", &body.canonical)?;
    let begun = caller
        .application
        .identity
        .begin_second_factor(call, body.value.password, body.value.code)
        .await;
    let begun = begun.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Ok().json(PendingSecondFactor {
        secret: begun.secret,
        url: begun.url,
    }))
}

/// Confirm a second factor with its first code.
///
/// From now on a code is asked for at sign-in. The recovery codes are shown once: the same key and body again answers none; who
/// has lost them gives the factor up and begins anew.
#[utoipa::path(
    operation_id = "confirm_second_factor", tag = "me",
    request_body = ConfirmSecondFactor,
    responses((status = 200, description = "Codes for who loses the device, shown this once.", body = RecoveryCodes)),
)]
#[post("/me/second-factor/confirmation")]
pub(crate) async fn confirm_second_factor(
    caller: Caller,
    body: Body<ConfirmSecondFactor>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/me/second-factor/confirmation", &body.canonical)?;
    let codes = caller
        .application
        .identity
        .confirm_second_factor(call, body.value.code)
        .await;
    let codes = codes.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Ok().json(RecoveryCodes { codes }))
}

/// Give one's own second factor up.
///
/// With the password and a code, so that nobody does it who finds a screen open.
#[utoipa::path(
    operation_id = "remove_second_factor", tag = "me",
    request_body = PasswordConfirmation,
    responses((status = 204, description = "No code is asked for any more.")),
)]
#[post("/me/second-factor/removal")]
pub(crate) async fn remove_second_factor(
    caller: Caller,
    body: Body<PasswordConfirmation>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/me/second-factor/removal", &body.canonical)?;
    let removed = caller
        .application
        .identity
        .remove_second_factor(call, body.value.password, body.value.code)
        .await;
    removed.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// One's own sign-ins that hold.
///
/// Where one is signed in: since when, with which program, and which is this one.
#[utoipa::path(
    operation_id = "list_sign_ins", tag = "me",
    responses((status = 200, description = "The sign-ins, the newest first.", body = SignInList)),
)]
#[get("/me/sign-ins")]
pub(crate) async fn list_sign_ins(caller: Caller) -> Result<HttpResponse, Refusal> {
    let found = caller
        .application
        .identity
        .sign_ins(caller.account().id, Utc::now())
        .await?;
    let items = found.into_iter().map(|sign_in| SignIn {
        current: sign_in.id == caller.sign_in(),
        id: sign_in.id,
        at: sign_in.at,
        last_used_at: sign_in.last_used_at,
        expires_at: sign_in.expires_at,
        method: sign_in.method.as_str().to_owned(),
        stays: sign_in.stays,
        user_agent: sign_in.user_agent_hint,
        address: sign_in.address,
    });
    Ok(HttpResponse::Ok().json(SignInList {
        items: items.collect(),
    }))
}

/// End one of one's own sign-ins.
///
/// Its tokens are refused from now on.
#[utoipa::path(
    operation_id = "delete_sign_in", tag = "me",
    params(("id" = Uuid, Path, description = "The sign-in.")),
    responses((status = 204, description = "It has ended.")),
)]
#[delete("/me/sign-ins/{id}")]
pub(crate) async fn delete_sign_in(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let id: Uuid = path
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    if !caller
        .application
        .identity
        .end_sign_in(caller.account().id, id)
        .await?
    {
        return Err(Refusal::new(&NOT_FOUND));
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Sign out everywhere, here too.
///
/// Every token of the caller is refused from now on, the one of this call too.
#[utoipa::path(
    operation_id = "delete_sign_ins", tag = "me",
    responses((status = 204, description = "Every sign-in of the caller has ended.")),
)]
#[delete("/me/sign-ins")]
pub(crate) async fn delete_sign_ins(caller: Caller) -> Result<HttpResponse, Refusal> {
    let call = caller.call("DELETE /v1/me/sign-ins", b"")?;
    let ended = caller
        .application
        .identity
        .sign_out_everywhere(call, caller.account().id)
        .await;
    ended.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}
