//! Approvals: a proposal, and the decision on it.

use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web::Path};
use api_types::{Approval, ApprovalList, CreateApproval, DecideApproval, Ticket};
use domain::{ApprovalId, ticket::Action};
use uuid::Uuid;

use super::{answered, key, only_as_of, ticket_answer, transitions::text};
use crate::{
    answer,
    body::Body,
    caller::Caller,
    refusal::{INTERNAL, NOT_FOUND, Refusal},
};

/// Propose something for approval.
///
/// A proposal that still waits is withdrawn by a new one, so that a decision is always on what was read.
#[utoipa::path(
    operation_id = "create_approval", tag = "approvals",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body = CreateApproval,
    responses((status = 201, description = "Proposed.", body = Approval)),
)]
#[post("/tickets/{key}/approvals")]
pub(crate) async fn create_approval(
    caller: Caller,
    path: Path<String>,
    body: Body<CreateApproval>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("POST /v1/tickets/{key}/approvals"), &body.canonical)?;
    let id = ApprovalId(Uuid::now_v7());
    let asked = body.value;
    let action = Action::RequestApproval {
        id,
        proposal: asked.proposal,
        comment: asked.comment.map(text),
    };
    let done = caller
        .application
        .tickets
        .act(call, key.clone(), vec![action])
        .await;
    let done = caller.told(&key, done).await?;
    // Repeated, it is the proposal made the first time.
    let made = done.loaded.each(|loaded| &loaded.document.approvals).last();
    let made = made.ok_or_else(|| Refusal::new(&INTERNAL).cause("a proposal made no approval"))?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/tickets/{key}/approvals")))
        .insert_header(super::etag(done.loaded.document.version))
        .json(answer::approval(caller.application.directory(), &made)))
}

/// All approvals of a ticket, oldest first.
///
/// At most one of them is pending.
#[utoipa::path(
    operation_id = "list_approvals", tag = "approvals",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("as_of" = Option<String>, Query, description = "The ticket as it stood after this position, or at this RFC 3339 time."),
    ),
    responses((status = 200, description = "The approvals.", body = ApprovalList)),
)]
#[get("/tickets/{key}/approvals")]
pub(crate) async fn list_approvals(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (as_of, key) = (only_as_of(&caller, &request)?, key(&path)?);
    answered(&caller, move |caller, reader| {
        let loaded = reader.tickets().ticket_as_of(caller.viewer(), &key, as_of)?;
        let approvals = loaded.each(|loaded| &loaded.document.approvals);
        let items = approvals.map(|approval| answer::approval(reader.directory(), &approval));
        Ok(ApprovalList {
            items: items.collect(),
        })
    })
    .await
}

/// Accept or refuse a proposal. Final.
///
/// The status moves as the desk says. Whoever decides names the proposal by its id, so a newer one is never
/// decided by mistake.
#[utoipa::path(
    operation_id = "decide_approval", tag = "approvals",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("id" = Uuid, Path, description = "The approval."),
    ),
    request_body = DecideApproval,
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[post("/tickets/{key}/approvals/{id}/decision")]
pub(crate) async fn decide_approval(
    caller: Caller,
    path: Path<(String, String)>,
    body: Body<DecideApproval>,
) -> Result<HttpResponse, Refusal> {
    let (ticket, id) = path.into_inner();
    let key = key(&ticket)?;
    let id: ApprovalId = id
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    let call = caller.call(
        &format!("POST /v1/tickets/{key}/approvals/{id}/decision"),
        &body.canonical,
    )?;
    let decision = answer::verdict(body.value.decision);
    let action = Action::DecideApproval {
        id,
        decision,
        comment: body.value.comment.map(text),
    };
    let done = caller
        .application
        .tickets
        .act(call, key.clone(), vec![action])
        .await;
    let done = caller.told(&key, done).await?;
    ticket_answer(&caller, &done.loaded)
}
