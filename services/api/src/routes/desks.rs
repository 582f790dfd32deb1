//! Desks as data that a frontend renders.

use std::sync::Arc;

use actix_web::{HttpResponse, get, web::Path};
use api_types::{DeskList, FormSchema};
use domain::desk::Desk;

use super::me;
use crate::{
    answer,
    caller::Caller,
    refusal::{NOT_FOUND, Refusal},
};

fn desk(caller: &Caller, key: &str) -> Result<Arc<Desk>, Refusal> {
    let desk = key.to_ascii_uppercase().parse().ok();
    let desk = desk.and_then(|key| caller.application.directory().desk(&key));
    desk.filter(|desk| caller.viewer().may_see_desk(&desk.definition().key))
        .ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// The desks that the caller has anything to do with.
///
/// A desk is listed when any role of the caller holds on it.
#[utoipa::path(
    operation_id = "list_desks", tag = "desks",
    responses((status = 200, description = "The desks.", body = DeskList)),
)]
#[get("/desks")]
pub(crate) async fn list_desks(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(DeskList {
        items: me::desks(&caller),
    })
}

/// One desk: statuses, actions, request types, value lists, in the caller's language.
///
/// Labels are in the language of `Accept-Language`; ids are what requests name.
#[utoipa::path(
    operation_id = "get_desk", tag = "desks",
    params(("key" = String, Path, description = "The desk's key.", example = "SUP")),
    responses((status = 200, description = "The desk.", body = api_types::Desk)),
)]
#[get("/desks/{key}")]
pub(crate) async fn get_desk(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let desk = desk(&caller, &path)?;
    Ok(HttpResponse::Ok().json(answer::desk(&desk, caller.language)))
}

/// The form of a request type, as JSON Schema 2020-12 of the member `fields`.
///
/// Frontends render it; the server checks `fields` against the same schema.
#[utoipa::path(
    operation_id = "get_form", tag = "desks",
    params(
        ("key" = String, Path, description = "The desk's key.", example = "SUP"),
        ("type" = String, Path, description = "The request type.", example = "question"),
    ),
    responses((status = 200, description = "The schema.", body = FormSchema, content_type = "application/schema+json")),
)]
#[get("/desks/{key}/types/{type}/schema")]
pub(crate) async fn get_form(caller: Caller, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (key, request_type) = path.into_inner();
    let desk = desk(&caller, &key)?;
    let form = desk.form(&request_type).ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let schema = FormSchema(form.schema().clone());
    Ok(HttpResponse::Ok()
        .content_type("application/schema+json")
        .json(schema))
}
