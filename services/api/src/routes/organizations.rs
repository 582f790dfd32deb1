//! Organizations, their tree and their contracts.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, delete, get, http::header, patch, post, put, web::Path};
use api_types::{
    ContractTerms, CreateOrganization, EditOrganization, Organization, OrganizationPage, OrganizationQuery,
};
use application::Call;
use domain::{
    AccountId, ContractId, Fault, FaultText, OrganizationId,
    organization::{Contract, ContractLevel, OrganizationCreated, change::Change},
    policy::administration::{OrganizationOperation, may_on_organization},
};
use uuid::Uuid;

use super::listed::{self, Sought};
use crate::{
    answer,
    body::{Body, Raw},
    caller::Caller,
    parameters::Parameters,
    refusal::{NOT_FOUND, Refusal},
};

/// The organization in a path, that the caller may see.
fn organization_in(caller: &Caller, text: &str) -> Result<Arc<domain::organization::Organization>, Refusal> {
    let id: OrganizationId = text
        .parse()
        .map_err(|error: domain::ids::NameError| Refusal::new(&NOT_FOUND).cause(error))?;
    let known =
        caller
            .application
            .directory()
            .organization_for(caller.viewer(), &id, OrganizationOperation::See);
    Ok(known?)
}

fn organization_answer(caller: &Caller, organization: &domain::organization::Organization) -> HttpResponse {
    let answer = answer::organization_in_full(&caller.application, caller.viewer(), organization);
    HttpResponse::Ok()
        .insert_header(super::etag(organization.version))
        .json(answer)
}

/// Carries out changes and answers the organization.
async fn changed(
    caller: &Caller,
    call: Call,
    id: OrganizationId,
    changes: Vec<Change>,
) -> Result<HttpResponse, Refusal> {
    let changed = caller
        .application
        .people
        .change_organization(call, id, changes)
        .await;
    let changed = changed.map_err(|error| caller.refusal(error))?;
    Ok(organization_answer(caller, &changed))
}

/// Make an organization.
///
/// For administrators: at the top of the tree, or below an organization that they administer.
#[utoipa::path(
    operation_id = "create_organization", tag = "organizations",
    request_body = CreateOrganization,
    responses((status = 201, description = "The organization.", body = Organization)),
)]
#[post("/organizations")]
pub(crate) async fn create_organization(
    caller: Caller,
    body: Body<CreateOrganization>,
) -> Result<HttpResponse, Refusal> {
    let call = caller.call("POST /v1/organizations", &body.canonical)?;
    let asked = body.value;
    let mut faults = Vec::new();
    let mut named = |pointer: &str, text: &str| match text.parse::<OrganizationId>() {
        Ok(id) => Some(id),
        Err(_not_one) => {
            faults.push(Fault::new(pointer, FaultText::NotAnOrganizationId));
            None
        }
    };
    let id = named("/id", &asked.id);
    let parent = asked.parent.as_ref().map(|parent| named("/parent", parent));
    let (Some(id), false) = (id, parent == Some(None)) else {
        return Err(Refusal::faults(faults));
    };
    let new = OrganizationCreated {
        id,
        name: asked.name.trim().to_owned(),
        siren: asked.siren,
        parent: parent.flatten(),
    };
    let made = caller.application.people.create_organization(call, new).await;
    let made = made.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/organizations/{}", made.id)))
        .insert_header(super::etag(made.version))
        .json(answer::organization_in_full(
            &caller.application,
            caller.viewer(),
            &made,
        )))
}

/// The organizations that the caller may see: one's own, and those that one treats, audits or administers.
///
/// `mine` leaves out the others; `q` finds parts of names and ids.
#[utoipa::path(
    operation_id = "list_organizations", tag = "organizations", params(OrganizationQuery),
    responses((status = 200, description = "A page.", body = OrganizationPage)),
)]
#[get("/organizations")]
pub(crate) async fn list_organizations(
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let q = Sought::take(&mut parameters);
    let mine: bool = parameters
        .parsed("mine", FaultText::NotTrueOrFalse)
        .unwrap_or(false);
    let within: Option<OrganizationId> = parameters.parsed("within", FaultText::NotAnOrganizationId);
    let page = listed::Page::<OrganizationId>::take(&mut parameters, FaultText::NotAnOrganizationId);
    parameters.end()?;
    let directory = caller.application.directory();
    let within = within.map(|id| directory.tree().within(&id));
    let viewer = caller.viewer();
    let mut found = directory.organizations();
    found.retain(|organization| {
        may_on_organization(viewer, OrganizationOperation::See, &organization.id)
            && (!mine || viewer.organizations.contains(&organization.id))
            && within
                .as_ref()
                .is_none_or(|within| within.contains(&organization.id))
            && q.as_ref()
                .is_none_or(|q| q.is_in([organization.name.as_str(), organization.id.as_str()]))
    });
    let (found, total, next_cursor) = page.cut(found, |organization| organization.id.clone());
    let items = found
        .iter()
        .map(|of| answer::organization_in_full(&caller.application, viewer, of));
    Ok(HttpResponse::Ok().json(OrganizationPage {
        items: items.collect(),
        next_cursor,
        total,
    }))
}

/// One organization, with its place in the tree and its contracts.
///
/// Contracts and the referent are shown to those who may read them.
#[utoipa::path(
    operation_id = "get_organization", tag = "organizations",
    params(("id" = String, Path, description = "Its id.", example = "lycee-a")),
    responses((status = 200, description = "The organization.", body = Organization)),
)]
#[get("/organizations/{id}")]
pub(crate) async fn get_organization(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let found = organization_in(&caller, &path)?;
    Ok(organization_answer(&caller, &found))
}

/// Change an organization: its name, SIREN, place in the tree and referent.
///
/// Moving it rewrites no ticket: who sees them follows from where it is now. Its referent may be named by its local
/// administrator too.
#[utoipa::path(
    operation_id = "edit_organization", tag = "organizations",
    params(("id" = String, Path, description = "Its id.", example = "lycee-a")),
    request_body = EditOrganization,
    responses((status = 200, description = "The organization.", body = Organization)),
)]
#[patch("/organizations/{id}")]
pub(crate) async fn edit_organization(
    caller: Caller,
    path: Path<String>,
    body: Body<EditOrganization>,
) -> Result<HttpResponse, Refusal> {
    let id = organization_in(&caller, &path)?.id.clone();
    let call = caller.call(&format!("PATCH /v1/organizations/{id}"), &body.canonical)?;
    let asked = body.value;
    let mut faults = Vec::new();
    let mut changes: Vec<Change> = asked
        .name
        .map(|name| Change::Rename(name.trim().to_owned()))
        .into_iter()
        .collect();
    changes.extend(asked.siren.map(Change::SetSiren));
    if let Some(parent) = asked.parent {
        match parent.map(|parent| parent.parse()).transpose() {
            Ok(parent) => changes.push(Change::Move(parent)),
            Err(_named) => faults.push(Fault::new("/parent", FaultText::NamesNoOrganization)),
        }
    }
    if let Some(referent) = asked.referent {
        match account_meant(&caller, referent, "/referent") {
            Ok(referent) => changes.push(Change::NameReferent(referent)),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::faults(faults));
    }
    changed(&caller, call, id, changes).await
}

/// The account that a member of a body names.
fn account_meant(caller: &Caller, named: Option<String>, pointer: &str) -> Result<Option<AccountId>, Fault> {
    let Some(named) = named else {
        return Ok(None);
    };
    let known = caller
        .application
        .directory()
        .account_seen(caller.viewer(), &named);
    let known = known.ok_or_else(|| Fault::new(pointer, FaultText::NamesNoAccount))?;
    Ok(Some(known.id))
}

/// Sign a contract for an organization.
///
/// From its first day on, tickets that it covers can be opened.
#[utoipa::path(
    operation_id = "create_contract", tag = "organizations",
    params(("id" = String, Path, description = "The organization's id.", example = "lycee-a")),
    request_body = ContractTerms,
    responses((status = 200, description = "The organization.", body = Organization)),
)]
#[post("/organizations/{id}/contracts")]
pub(crate) async fn create_contract(
    caller: Caller,
    path: Path<String>,
    raw: Raw<ContractTerms>,
) -> Result<HttpResponse, Refusal> {
    let id = organization_in(&caller, &path)?.id.clone();
    let what = format!("POST /v1/organizations/{id}/contracts");
    sign(&caller, id, ContractId(Uuid::now_v7()), &what, raw).await
}

/// Change what a contract says.
///
/// The terms replace those of before; the history keeps them.
#[utoipa::path(
    operation_id = "edit_contract", tag = "organizations",
    params(
        ("id" = String, Path, description = "The organization's id.", example = "lycee-a"),
        ("contract" = Uuid, Path, description = "The contract's id."),
    ),
    request_body = ContractTerms,
    responses((status = 200, description = "The organization.", body = Organization)),
)]
#[put("/organizations/{id}/contracts/{contract}")]
pub(crate) async fn edit_contract(
    caller: Caller,
    path: Path<(String, String)>,
    raw: Raw<ContractTerms>,
) -> Result<HttpResponse, Refusal> {
    let (id, contract) = contract_in(&caller, path.into_inner())?;
    let what = format!("PUT /v1/organizations/{id}/contracts/{contract}");
    sign(&caller, id, contract, &what, raw).await
}

/// Withdraw a contract that should not have been signed.
///
/// One that ended stays on record: let it end instead.
#[utoipa::path(
    operation_id = "delete_contract", tag = "organizations",
    params(
        ("id" = String, Path, description = "The organization's id.", example = "lycee-a"),
        ("contract" = Uuid, Path, description = "The contract's id."),
    ),
    responses((status = 200, description = "The organization.", body = Organization)),
)]
#[delete("/organizations/{id}/contracts/{contract}")]
pub(crate) async fn delete_contract(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (id, contract) = path.into_inner();
    let id = organization_in(&caller, &id)?.id.clone();
    let contract: ContractId = contract
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    let call = caller.call(
        &format!("DELETE /v1/organizations/{id}/contracts/{contract}"),
        b"",
    )?;
    let changes = vec![Change::WithdrawContract(contract)];
    changed(&caller, call, id, changes).await
}

/// A contract that the organization has.
fn contract_in(
    caller: &Caller,
    (id, contract): (String, String),
) -> Result<(OrganizationId, ContractId), Refusal> {
    let organization = organization_in(caller, &id)?;
    let contract: ContractId = contract
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    if !organization.contracts.contains_key(&contract) {
        return Err(Refusal::new(&NOT_FOUND));
    }
    Ok((organization.id.clone(), contract))
}

async fn sign(
    caller: &Caller,
    id: OrganizationId,
    contract: ContractId,
    what: &str,
    raw: Raw<ContractTerms>,
) -> Result<HttpResponse, Refusal> {
    let level = raw.json["level"].as_str().map(level);
    let body = raw.shaped.map_err(|mut faults| {
        faults.extend(level.and_then(Result::err));
        Refusal::faults(faults)
    })?;
    let call = caller.call(what, &body.canonical)?;
    let terms = terms(caller, body.value).map_err(Refusal::faults)?;
    changed(caller, call, id, vec![Change::SignContract(contract, terms)]).await
}

fn level(named: &str) -> Result<ContractLevel, Fault> {
    ContractLevel::named(named).map_err(|text| Fault::new("/level", text))
}

fn terms(caller: &Caller, asked: ContractTerms) -> Result<Contract, Vec<Fault>> {
    let mut faults = Vec::new();
    let level = level(&asked.level).map_err(|fault| faults.push(fault)).ok();
    let responsible = account_meant(caller, asked.responsible, "/responsible").unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    match level.filter(|_| faults.is_empty()) {
        Some(level) => Ok(Contract {
            reference: asked.reference,
            level,
            valid_from: asked.valid_from,
            valid_to: asked.valid_to,
            categories: asked.categories.into_iter().collect(),
            responsible,
        }),
        None => Err(faults),
    }
}
