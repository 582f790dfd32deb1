//! Who the caller is.

use actix_web::{HttpResponse, get};
use api_types::{DeskSummary, Me, MyOrganization, Problem, RoleGrant};

use crate::{answer, caller::Caller, refusal::Refusal};

/// The account that calls, its roles, organizations and desks.
///
/// What a frontend needs to draw its menus: nothing here is a permission by itself.
#[utoipa::path(
    operation_id = "get_me", tag = "me",
    responses(
        (status = 200, description = "The caller.", body = Me),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/me")]
pub(crate) async fn get_me(caller: Caller) -> Result<HttpResponse, Refusal> {
    let directory = caller.application.directory();
    let account = caller.account();
    let organizations = account.organizations.iter().map(|id| {
        let known = directory.organization(id);
        MyOrganization {
            id: id.to_string(),
            name: known
                .as_ref()
                .map_or_else(|| id.to_string(), |organization| organization.name.clone()),
            siren: known.and_then(|organization| organization.siren.clone()),
        }
    });
    let roles = account.grants.iter().map(|grant| RoleGrant {
        role: grant.role.as_str().to_owned(),
        desk: grant.desk.as_ref().map(ToString::to_string),
        organization: grant.organization.as_ref().map(ToString::to_string),
    });
    Ok(HttpResponse::Ok().json(Me {
        account: answer::account(directory, account.id),
        roles: roles.collect(),
        organizations: organizations.collect(),
        desks: desks(&caller),
    }))
}

/// The desks that a caller has anything to do with.
pub(super) fn desks(caller: &Caller) -> Vec<DeskSummary> {
    let desks = caller.application.directory().desks();
    let seen = desks
        .iter()
        .filter(|desk| caller.viewer().may_see_desk(&desk.definition().key));
    seen.map(|desk| DeskSummary {
        key: desk.definition().key.to_string(),
        name: desk.definition().label.text(caller.language).to_owned(),
    })
    .collect()
}
