//! Persons: erasing one.

use actix_web::{HttpResponse, get, http::header, post, web::Path};
use api_types::ErasePerson;
use application::{
    keeping::{erasure::Erasure, erasures::ErasureState},
    kernel::writes::Made,
};
use domain::PersonId;

use crate::{
    body::Body,
    caller::Caller,
    refusal::{NOT_FOUND, Refusal},
};

/// Erase a person: their values can never be read again, in the log, in every backup and in every export.
///
/// For administrators. The answer comes once the erasure is on record and the person's key is destroyed; screens and files
/// are cleaned by a job that can be asked for. Counts stay, and every proof still holds. It cannot be undone, and does not
/// recall bundles, mails and files that were handed out.
#[utoipa::path(
    operation_id = "erase_person", tag = "persons",
    params(("id" = uuid::Uuid, Path, description = "The person: the id of an account, or of an end customer.")),
    request_body = ErasePerson,
    responses(
        (status = 200, description = "The person was erased before, by another command: nothing is written, and this reason stands nowhere.", body = api_types::Erasure, headers(("Location", description = "The job."))),
        (status = 202, description = "The key is destroyed; the rest is under way.", body = api_types::Erasure, headers(("Location", description = "The job."))),
    ),
)]
#[post("/persons/{id}/erasure")]
pub(crate) async fn erase_person(
    caller: Caller,
    path: Path<String>,
    body: Body<ErasePerson>,
) -> Result<HttpResponse, Refusal> {
    let person = person(&path)?;
    let call = caller.call(&format!("POST /v1/persons/{person}/erasure"), &body.canonical)?;
    let erased = caller
        .application
        .keeping
        .erase_person(call, person, body.value.reason)
        .await;
    let (erased, made) = erased.map_err(|error| caller.refusal(error))?;
    let mut response = match made {
        Made::Now => HttpResponse::Accepted(),
        Made::Before => HttpResponse::Ok(),
    };
    Ok(response
        .insert_header((header::LOCATION, format!("/v1/persons/{person}/erasure")))
        .json(answer(erased)))
}

/// How far an erasure is.
///
/// For administrators.
#[utoipa::path(
    operation_id = "get_erasure", tag = "persons",
    params(("id" = uuid::Uuid, Path, description = "The person.")),
    responses((status = 200, description = "The job.", body = api_types::Erasure)),
)]
#[get("/persons/{id}/erasure")]
pub(crate) async fn get_erasure(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let person = person(&path)?;
    let erasure = caller.asks(move |caller, reader| Ok(reader.keeping().erasure(caller.viewer(), person)?));
    let erasure = erasure.await?;
    Ok(HttpResponse::Ok().json(answer(erasure)))
}

fn person(text: &str) -> Result<PersonId, Refusal> {
    text.parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))
}

fn answer(erasure: Erasure) -> api_types::Erasure {
    let (state, detail) = match erasure.state {
        ErasureState::Running => (api_types::ErasureState::Running, None),
        ErasureState::Done => (api_types::ErasureState::Done, None),
        ErasureState::Failed { reason } => (api_types::ErasureState::Failed, Some(reason)),
    };
    api_types::Erasure {
        person: erasure.person.0,
        state,
        at: erasure.at,
        position: erasure.position.0,
        detail,
    }
}
