//! API keys of programs.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, delete, get, http::header, post, web::Path};
use api_types::{ApiKey, ApiKeyList, CreateApiKey};
use application::identity::SecretText;
use domain::{
    ApiKeyId, Fault, FaultText,
    account::{
        self,
        change::{Change, label_faults},
    },
    policy::{KeyScope, administration::AccountOperation},
};

use super::account_in;
use crate::{
    body::{Body, Raw},
    caller::Caller,
    refusal::{NOT_FOUND, Refusal},
    times,
};

fn key_answer(id: ApiKeyId, key: &account::ApiKey, text: Option<String>) -> ApiKey {
    ApiKey {
        id: id.0,
        label: key.label.clone().unwrap_or_default(),
        scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        issued_at: key.issued_at,
        expires_at: key.expires_at,
        key: text,
    }
}

/// Issue a key to a program.
///
/// The key is in this answer and never again: only its hash is kept, sealed. Repeated under the same `Idempotency-Key`, the
/// answer names the key without showing it.
#[utoipa::path(
    operation_id = "create_api_key", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    request_body = CreateApiKey,
    responses((status = 201, description = "The key.", body = ApiKey)),
)]
#[post("/accounts/{id}/keys")]
pub(crate) async fn create_api_key(
    caller: Caller,
    path: Path<String>,
    raw: Raw<CreateApiKey>,
) -> Result<HttpResponse, Refusal> {
    let id = account_in(&caller, &path)?;
    let (body, scopes) = asked(raw).map_err(Refusal::faults)?;
    let unreadable = || Fault::new("/expires_at", FaultText::NotAnInstant);
    let expires_at =
        times::settled(body.value.expires_at).ok_or_else(|| Refusal::faults(vec![unreadable()]))?;
    let call = caller.call(&format!("POST /v1/accounts/{id}/keys"), &body.canonical)?;
    let label = body.value.label.trim().to_owned();
    let issued = caller
        .application
        .people
        .issue_key(call, id, label, scopes, expires_at)
        .await;
    let (key, text) = issued.map_err(|error| caller.refusal(error))?;
    let account = caller
        .application
        .directory()
        .account_for(caller.viewer(), id, AccountOperation::See)?;
    let known = account
        .api_keys
        .get(&key)
        .ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/accounts/{id}/keys/{key}")))
        .json(key_answer(key, known, text.map(SecretText::into_exposed))))
}

/// What is asked for, or what is wrong with it: beside the faults of its shape those of what can be read all the same.
fn asked(raw: Raw<CreateApiKey>) -> Result<(Body<CreateApiKey>, BTreeSet<KeyScope>), Vec<Fault>> {
    let named = raw.json["scopes"].as_array();
    let names = named.into_iter().flatten().enumerate();
    let scopes = scopes(names.filter_map(|(index, name)| Some((index, name.as_str()?))));
    match (raw.shaped, scopes) {
        (Ok(body), Ok(scopes)) => Ok((body, scopes)),
        (shaped, scopes) => {
            let mut faults = shaped.err().unwrap_or_default();
            faults.extend(scopes.err().unwrap_or_default());
            faults.extend(raw.json["label"].as_str().map(label_faults).unwrap_or_default());
            Err(faults)
        }
    }
}

fn scopes<'a>(names: impl Iterator<Item = (usize, &'a str)>) -> Result<BTreeSet<KeyScope>, Vec<Fault>> {
    let mut scopes = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, name) in names {
        match KeyScope::named(name) {
            Ok(scope) => drop(scopes.insert(scope)),
            Err(text) => faults.push(Fault::new(format!("/scopes/{index}"), text)),
        }
    }
    if faults.is_empty() {
        Ok(scopes)
    } else {
        Err(faults)
    }
}

/// The keys of a program that were issued and not revoked.
///
/// Without the keys themselves, which are shown once.
#[utoipa::path(
    operation_id = "list_api_keys", tag = "accounts",
    params(("id" = String, Path, description = "The account's id, or its user name.")),
    responses((status = 200, description = "The keys.", body = ApiKeyList)),
)]
#[get("/accounts/{id}/keys")]
pub(crate) async fn list_api_keys(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let id = account_in(&caller, &path)?;
    let account =
        caller
            .application
            .directory()
            .account_for(caller.viewer(), id, AccountOperation::IssueKeys)?;
    let items = account
        .api_keys
        .iter()
        .map(|(id, key)| key_answer(*id, key, None));
    Ok(HttpResponse::Ok().json(ApiKeyList {
        items: items.collect(),
    }))
}

/// Revoke a key.
///
/// Whoever shows it is refused from now on.
#[utoipa::path(
    operation_id = "delete_api_key", tag = "accounts",
    params(
        ("id" = String, Path, description = "The account's id, or its user name."),
        ("key" = Uuid, Path, description = "The key's id."),
    ),
    responses((status = 204, description = "It no longer holds.")),
)]
#[delete("/accounts/{id}/keys/{key}")]
pub(crate) async fn delete_api_key(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (id, key) = path.into_inner();
    let id = account_in(&caller, &id)?;
    let key: ApiKeyId = key
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    let call = caller.call(&format!("DELETE /v1/accounts/{id}/keys/{key}"), b"")?;
    let revoked = caller
        .application
        .people
        .change_account(call, id, vec![Change::RevokeKey(key)])
        .await;
    revoked.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::NoContent().finish())
}
