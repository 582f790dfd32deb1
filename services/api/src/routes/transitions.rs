//! Following an action of the desk.

use actix_web::{HttpResponse, post, web::Path};
use api_types::{CreateTransition, Ticket};
use domain::{
    CommentId, PersonId,
    ticket::{Action, Text},
};
use uuid::Uuid;

use super::{key, ticket_answer};
use crate::{body::Body, caller::Caller, refusal::Refusal};

/// Follow an action.
///
/// Which actions a caller may follow stands in the ticket's `allowed_actions`; `accept`, `refuse` and `reopen` are
/// followed here too.
#[utoipa::path(
    operation_id = "create_transition", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body = CreateTransition,
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[post("/tickets/{key}/transitions")]
pub(crate) async fn create_transition(
    caller: Caller,
    path: Path<String>,
    body: Body<CreateTransition>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("POST /v1/tickets/{key}/transitions"), &body.canonical)?;
    let asked = body.value;
    let action = Action::Transition {
        action: asked.action,
        comment: asked.comment.map(text),
        fields: asked.fields.unwrap_or_default(),
        automatic: CommentId(Uuid::now_v7()),
        customer: PersonId(Uuid::now_v7()),
    };
    let done = caller
        .application
        .tickets
        .act(call, key.clone(), vec![action])
        .await;
    let done = caller.told(&key, done).await?;
    ticket_answer(&caller, &done.loaded)
}

/// Words with a fresh id.
pub(super) fn text(body: String) -> Text {
    Text {
        id: CommentId(Uuid::now_v7()),
        body,
    }
}
