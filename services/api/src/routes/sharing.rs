//! Who a ticket is shared with.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web::Path};
use api_types::{EditTicket, ShareList, SharePart, ShareTicket, Sharer, SharerKind, Ticket};
use domain::{AccountId, OrganizationId, ticket::Action};

use super::{key, ticket_answer, tickets::edit_actions};
use crate::{
    answer,
    body::Body,
    caller::Caller,
    parameters::Parameters,
    refusal::{NOT_FOUND, Refusal},
};

/// Share a ticket with more organizations.
///
/// One shares with organizations of one's own; those who treat the desk's tickets, with any.
#[utoipa::path(
    operation_id = "share_ticket", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body = ShareTicket,
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[post("/tickets/{key}/share")]
pub(crate) async fn share_ticket(
    caller: Caller,
    path: Path<String>,
    body: Body<ShareTicket>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("POST /v1/tickets/{key}/share"), &body.canonical)?;
    let asked = EditTicket {
        share_with: Some(body.value.organizations),
        ..EditTicket::default()
    };
    let actions = edit_actions(&caller, &key, asked, "/organizations").await?;
    let done = caller.application.tickets.act(call, key.clone(), actions).await;
    let done = caller.told(&key, done).await?;
    ticket_answer(&caller, &done.loaded)
}

/// Share a ticket with an organization no longer.
///
/// Its members no longer find or read the ticket, from now on and in its past, unless it is theirs for another reason. For who may
/// share it: its requester, and those who treat it. 404 when it is not shared with this organization.
#[utoipa::path(
    operation_id = "unshare_ticket", tag = "tickets",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("organization" = String, Path, description = "The organization's id.", example = "commune-b"),
    ),
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[delete("/tickets/{key}/share/{organization}")]
pub(crate) async fn unshare_ticket(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (key, organization) = path.into_inner();
    let key = super::key(&key)?;
    // Whoever reads the ticket knows the organizations that it is shared with; what is no id is none of them.
    let organization: OrganizationId = organization
        .parse()
        .map_err(|error: domain::ids::NameError| Refusal::new(&NOT_FOUND).cause(error))?;
    let what = format!("DELETE /v1/tickets/{key}/share/{organization}");
    let call = caller.call(&what, b"")?;
    let actions = vec![Action::Unshare { organization }];
    let done = caller.application.tickets.act(call, key.clone(), actions).await;
    let done = caller.told(&key, done).await?;
    ticket_answer(&caller, &done.loaded)
}

/// Who a ticket is shared with, persons and organizations, each with its part.
///
/// With why each may read it: as requester, as colleague, or since it was shared.
#[utoipa::path(
    operation_id = "list_shares", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    responses((status = 200, description = "The list.", body = ShareList)),
)]
#[get("/tickets/{key}/share")]
pub(crate) async fn list_shares(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    Parameters::read(&request)?.end()?;
    let key = key(&path)?;
    let loaded = caller.asks(move |caller, reader| Ok(reader.tickets().ticket(caller.viewer(), &key)?));
    let loaded = loaded.await?;
    let (document, directory) = (&loaded.document, caller.application.directory());
    let mut persons: Vec<(AccountId, Vec<SharePart>)> = Vec::new();
    let parts = [
        (Some(document.requester), SharePart::Requester),
        (Some(document.created_by), SharePart::Creator),
        (document.assignee, SharePart::Assignee),
    ];
    for (account, part) in parts
        .into_iter()
        .filter_map(|(account, part)| Some((account?, part)))
    {
        match persons.iter_mut().find(|(known, _)| *known == account) {
            Some((_, parts)) => parts.push(part),
            None => persons.push((account, vec![part])),
        }
    }
    let mut items: Vec<Sharer> = Vec::new();
    for (id, parts) in persons {
        let account = answer::account(directory, id);
        items.push(Sharer {
            kind: SharerKind::Person,
            id: id.to_string(),
            name: account.name,
            parts,
        });
    }
    let own = document.organization.as_ref().filter(|_| !document.private);
    let mut organizations: Vec<_> = own.into_iter().chain(&document.shared_with).collect();
    organizations.sort();
    organizations.dedup();
    for id in organizations {
        let mut parts = Vec::new();
        if own == Some(id) {
            parts.push(SharePart::Organization);
        }
        if document.shared_with.contains(id) {
            parts.push(SharePart::Shared);
        }
        let name = Some(answer::organization(directory, id).name);
        items.push(Sharer {
            kind: SharerKind::Organization,
            id: id.to_string(),
            name,
            parts,
        });
    }
    Ok(HttpResponse::Ok().json(ShareList { items }))
}
