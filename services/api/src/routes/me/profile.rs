//! The caller's own profile (seed 002, F78-F83).

use actix_web::{HttpResponse, delete, patch, post, put, web::Payload};
use api_types::{EditProfile, FileBytes, Me, RequestAddress};
use application::people::pictures::UPLOAD_BYTES_MAX;

use super::{super::edit_of, me};
use crate::{
    body::{Body, collected},
    caller::Caller,
    refusal::Refusal,
};

/// Change one's own profile.
///
/// Fields that an administrator has locked are refused.
#[utoipa::path(
    operation_id = "edit_me", tag = "me",
    request_body = EditProfile,
    responses((status = 200, description = "The caller.", body = Me)),
)]
#[patch("/me")]
pub(crate) async fn edit_me(caller: Caller, body: Body<EditProfile>) -> Result<HttpResponse, Refusal> {
    let call = caller.call("PATCH /v1/me", &body.canonical)?;
    let edit = edit_of(body.value)?;
    let edited = caller
        .application
        .people
        .edit_profile(call, caller.account().id, edit)
        .await;
    edited.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Ok().json(me(&caller)))
}

/// Ask for another address of notifications.
///
/// A link to confirm it is mailed there; until then notifications go where they went, and then the address before is told. The
/// password is asked for; who has none here, since a provider signs them in, must have signed in within ten minutes.
#[utoipa::path(
    operation_id = "request_address", tag = "me",
    request_body = RequestAddress,
    responses((status = 202, description = "A link is mailed.")),
)]
#[post("/me/address")]
pub(crate) async fn request_address(
    caller: Caller,
    body: Body<RequestAddress>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/me/address", &body.canonical)?;
    let asked = caller
        .application
        .identity
        .request_address(call, body.value.address, body.value.password)
        .await;
    asked.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Accepted().finish())
}

/// Set one's own picture.
///
/// PNG, JPEG, GIF or WebP, at most 5 MiB and 16 million pixels. It is kept as a small square that the server has encoded anew, and never served as
/// it was uploaded.
#[utoipa::path(
    operation_id = "set_avatar", tag = "me",
    request_body(content((inline(FileBytes) = "application/octet-stream"), (inline(FileBytes) = "*/*")), description = "The picture's bytes."),
    responses((status = 204, description = "It is set.")),
)]
#[put("/me/avatar")]
pub(crate) async fn set_avatar(caller: Caller, payload: Payload) -> Result<HttpResponse, Refusal> {
    let bytes = collected(payload, UPLOAD_BYTES_MAX).await?;
    let call = caller.call("PUT /v1/me/avatar", &bytes)?;
    let set = caller.application.people.set_avatar(call, bytes).await;
    set.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take one's own picture away.
///
/// 404 when there is none.
#[utoipa::path(
    operation_id = "delete_avatar", tag = "me",
    responses((status = 204, description = "There is none.")),
)]
#[delete("/me/avatar")]
pub(crate) async fn delete_avatar(caller: Caller) -> Result<HttpResponse, Refusal> {
    let call = caller.call("DELETE /v1/me/avatar", b"")?;
    let removed = caller.application.people.remove_avatar(call).await;
    removed.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}
