//! Comments, public and internal.

use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web::Path};
use api_types::{Comment, CommentPage, CreateComment, PageQuery};
use application::tickets::Happened;
use domain::{
    CommentId,
    policy::Shown,
    ticket::{Action, Text, Visibility},
};
use uuid::Uuid;

use super::{
    answered, key,
    paged::{Asked, cursor},
};
use crate::{
    answer,
    body::Body,
    caller::Caller,
    refusal::{INTERNAL, NOT_FOUND, Refusal},
};

/// How many comments a page has unless asked otherwise.
pub const COMMENTS_LIMIT: usize = 50;
/// How many comments a page may have.
pub const COMMENTS_LIMIT_MAX: usize = 200;

/// Add a comment.
///
/// An internal one is seen by those who treat the ticket only.
#[utoipa::path(
    operation_id = "create_comment", tag = "comments",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body = CreateComment,
    responses((status = 201, description = "Added.", body = Comment)),
)]
#[post("/tickets/{key}/comments")]
pub(crate) async fn create_comment(
    caller: Caller,
    path: Path<String>,
    body: Body<CreateComment>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("POST /v1/tickets/{key}/comments"), &body.canonical)?;
    let visibility = match body.value.visibility {
        api_types::Visibility::Public => Visibility::Public,
        api_types::Visibility::Internal => Visibility::Internal,
    };
    let text = Text {
        id: CommentId(Uuid::now_v7()),
        body: body.value.body,
    };
    let done = caller
        .application
        .tickets
        .act(call, key.clone(), vec![Action::Comment { text, visibility }])
        .await;
    let done = caller.told(&key, done).await?;
    let desk = caller.application.tickets.desk_of(&done.loaded)?;
    let directory = caller.application.directory();
    let mut made = done.events.iter();
    let comment = made.find_map(|(stamp, event)| {
        answer::comment(
            directory,
            &desk,
            stamp,
            &event.part(|event| event),
            caller.language,
        )
    });
    let comment = comment.ok_or_else(|| match done.repeated {
        // Whose note it is may not read notes any more.
        true => Refusal::new(&NOT_FOUND),
        false => Refusal::new(&INTERNAL).cause("a comment made no comment"),
    })?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/tickets/{key}/comments")))
        .insert_header(super::etag(done.loaded.document.version))
        .json(comment))
}

/// The comments that the caller may read, each with the side it came from: oldest first, or newest first with `sort=-version`.
///
/// Internal notes are listed for those who treat the ticket only. Reasons of reopening are comments too.
#[utoipa::path(
    operation_id = "list_comments", tag = "comments",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12"), PageQuery),
    responses((status = 200, description = "A page.", body = CommentPage)),
)]
#[get("/tickets/{key}/comments")]
pub(crate) async fn list_comments(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (page, key) = (
        Asked::read(&caller, &request, (COMMENTS_LIMIT, COMMENTS_LIMIT_MAX), false)?,
        key(&path)?,
    );
    caller.application.tickets.reaches(page.at_least).await?;
    answered(&caller, move |caller, reader| {
        let loaded = reader.tickets().ticket_as_of(caller.viewer(), &key, page.as_of)?;
        let (desk, directory) = (reader.tickets().desk_of(&loaded)?, reader.directory());
        let comment = |happened: &Shown<Happened>| {
            let event = happened.part(|happened| &happened.event);
            answer::comment(directory, &desk, &happened.stamp, &event, caller.language)
        };
        let found = reader
            .tickets()
            .events(caller.viewer(), &loaded, (page.start, page.limit), comment)?;
        Ok(CommentPage {
            items: found.items,
            next_cursor: found.next.map(cursor),
        })
    })
    .await
}
