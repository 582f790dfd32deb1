//! Who the caller is, and what is theirs alone: profile, password, second factor, sign-ins, links.

pub mod credentials;
pub mod links;
pub mod profile;

use actix_web::{HttpResponse, get};
use api_types::{DeskSummary, Me, MyOrganization};

use crate::{answer, caller::Caller, refusal::Refusal};

/// The account that calls, its roles, organizations, desks and profile.
///
/// What a frontend needs to draw its menus: nothing here is a permission by itself. Each of `roles` names a `profile`; send it
/// as `Guichet-Profile` to act in that role only, and the id of an organization as `Guichet-Organization` to act there only.
#[utoipa::path(
    operation_id = "get_me", tag = "me",
    responses((status = 200, description = "The caller.", body = Me)),
)]
#[get("/me")]
pub(crate) async fn get_me(caller: Caller) -> Result<HttpResponse, Refusal> {
    Ok(HttpResponse::Ok().json(me(&caller)))
}

fn me(caller: &Caller) -> Me {
    let directory = caller.application.directory();
    // Read anew: a command of this request may have changed it.
    let known = directory.account(caller.account().id);
    let account = known.as_ref().unwrap_or_else(|| caller.account());
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
    let (acting_as, acting_in) = caller.acting();
    Me {
        account: answer::account(directory, account.id),
        roles: account.grants.iter().map(answer::role).collect(),
        organizations: organizations.collect(),
        desks: desks(caller),
        profile: answer::my_profile(account, caller.viewer()),
        acting_as: acting_as.map(str::to_owned),
        acting_in: acting_in.map(str::to_owned),
        second_factor: account.second_factor.is_some(),
        version: account.version,
    }
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
